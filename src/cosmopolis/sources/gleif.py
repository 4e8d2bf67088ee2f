"""The register of legal entities (GLEIF golden copy): who they are, where they sit, who consolidates them.

Two tables as the Global Legal Entity Identifier Foundation gives them out: level 1, an entity a line
(`…-lei2-golden-copy.csv.zip`, above three million lines), and level 2, a relationship a line
(`…-rr-golden-copy.csv.zip`); each plain, gzipped or alone in a zip archive. Read block by block. Columns are
found by name; the hundreds of others are passed over. A line break inside an address costs the lines that it
goes over, which become rejects.

What it is and is not: entities that need an identifier, above all those that trade in financial markets;
firms without one are not there. A relationship says that the parent consolidates the child in its accounts,
and is asked of the child only: parents outside the register, natural persons and exceptions from reporting
leave a child without parent. Funds' managers and umbrellas are no owners and become rejects; an international
branch belongs to its head office.
"""

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Final

import polars as pl

from cosmopolis.errors import FormatError, UnknownNameError
from cosmopolis.sources.delimited import Delimited, raw_block
from cosmopolis.sources.raw import Raw
from cosmopolis.sources.text import Reject

SOURCE = "gleif"

LEVEL_1: Final = "lei2"
LEVEL_2: Final = "rr"
"""Words of the names of the two files, between hyphens."""

KINDS: Final[Mapping[str, str]] = {
    "IS_DIRECTLY_CONSOLIDATED_BY": "direct",
    "IS_INTERNATIONAL_BRANCH_OF": "direct",
    "IS_ULTIMATELY_CONSOLIDATED_BY": "ultimate",
}
"""Types of relationships that make trees, and the kind of tie that each is."""

_WITHDRAWN: Final = ("ANNULLED", "DUPLICATE")  # registrations that were a mistake

_ADDRESS: Final = "Entity.HeadquartersAddress."
_ENTITY: Final = (
    "LEI",
    "Entity.LegalName",
    f"{_ADDRESS}City",
    f"{_ADDRESS}Country",
    "Entity.LegalAddress.Country",
    "Entity.EntityStatus",
    "Registration.RegistrationStatus",
)
_ENTITY_MAY: Final = (f"{_ADDRESS}Region", "Entity.EntityCategory")

_TIE: Final = (
    "Relationship.StartNode.NodeID",
    "Relationship.EndNode.NodeID",
    "Relationship.RelationshipType",
    "Relationship.RelationshipStatus",
)
_PERIODS: Final = range(1, 6)
_TIE_MAY: Final = (
    "Registration.RegistrationStatus",
    *(f"Relationship.Period.{n}.{what}" for n in _PERIODS for what in ("startDate", "periodType")),
)


def _paths(files: Mapping[str, Path]) -> dict[str, Path]:
    """Return where the two tables lie.

    Raises
    ------
    UnknownNameError
        If one is not there.
    FormatError
        If one is there twice.
    """
    paths: dict[str, Path] = {}
    for name, path in files.items():
        words = name.rpartition("/")[2].lower().partition(".")[0].replace("_", "-").split("-")
        for level in (LEVEL_1, LEVEL_2):
            if level not in words:
                continue
            if level in paths:
                raise FormatError(
                    f"{SOURCE}: got the table {level!r} twice, as {paths[level].name!r} and {path.name!r}, "
                    "but expected it once; keep the newer one alone"
                )
            paths[level] = path
    if missing := [level for level in (LEVEL_1, LEVEL_2) if level not in paths]:
        raise UnknownNameError(
            f"{SOURCE}: got {', '.join(sorted(files)) or 'no file'}, but the reader needs a file with "
            f"{' and one with '.join(repr(f'-{level}-') for level in missing)} in its name too, such as "
            f"20260101-0000-gleif-goldencopy-{missing[0]}-golden-copy.csv.zip"
        )
    return paths


def read(files: Mapping[str, Path]) -> Iterator[Raw]:
    """Read the parts `entities` (table `legal_entity`) and `ties` (`ownership_tie`), each in blocks.

    The text of an entity is the city of its headquarters, with the region where that is a name. `status` is
    `active` or what else the register says, in small letters. A tie is dated by the start of the relationship
    (not of the accounting period), null where that is not known.

    Parameters
    ----------
    files
        One file of each level, by name.
    """
    paths = _paths(files)
    return _parts(paths)


def _parts(paths: Mapping[str, Path]) -> Iterator[Raw]:
    """Give the entities, then the ties."""
    expected = "the table of entities of GLEIF's golden copy (level 1)"
    for block, rejects in _table(paths[LEVEL_1], _ENTITY, _ENTITY_MAY, expected).blocks():
        kept, away = _without_withdrawn(block, "LEI")
        yield raw_block(SOURCE, "entities", "legal_entity", _entities(kept), [*rejects, *away])
    expected = "the table of relationships of GLEIF's golden copy (level 2)"
    for block, rejects in _table(paths[LEVEL_2], _TIE, _TIE_MAY, expected).blocks():
        kept, away = _without_withdrawn(block, _TIE[0])
        kept, others = _of_owners(kept)
        yield raw_block(SOURCE, "ties", "ownership_tie", _ties(kept), [*rejects, *away, *others])


def _table(path: Path, needed: tuple[str, ...], optional: tuple[str, ...], expected: str) -> Delimited:
    return Delimited(
        path=path, source=SOURCE, needed=needed, optional=optional, expected=expected, separator=","
    )


def _filled(name: str) -> pl.Expr:
    """Take the spaces around a cell away; null where nothing, or the register's word for it, is left."""
    text = pl.col(name).str.strip_chars()
    return pl.when(~text.is_in(["", "NULL"])).then(text)


def _without_withdrawn(block: pl.DataFrame, column: str) -> tuple[pl.DataFrame, list[Reject]]:
    """Set records aside whose registration was a mistake."""
    status = pl.col("Registration.RegistrationStatus")
    bad = block.filter(status.is_in(_WITHDRAWN))
    lines = bad.select("row", column, "Registration.RegistrationStatus").iter_rows()
    away = [
        (row, "status", value, f"status says that the registration is {said.lower()}")
        for row, value, said in lines
    ]
    return block.filter(~status.is_in(_WITHDRAWN).fill_null(value=False)), away


def _of_owners(block: pl.DataFrame) -> tuple[pl.DataFrame, list[Reject]]:
    """Set relationships aside that are none of ownership."""
    kind = pl.col("Relationship.RelationshipType").str.strip_chars()
    is_other = kind.str.contains(r"^IS_[A-Z_-]+$") & ~kind.is_in(list(KINDS))
    other = block.filter(is_other).select("row", kind.alias("kind")).iter_rows()
    away = [
        (row, "kind", value, f"kind is {value}, which says nothing of who consolidates whom")
        for row, value in other
    ]
    return block.filter(~is_other), away


def _entities(block: pl.DataFrame) -> pl.DataFrame:
    """Give entities the columns of the record table."""
    region = _filled(f"{_ADDRESS}Region")
    state = pl.when(region.str.starts_with("US-")).then(region.str.strip_prefix("US-"))
    name = pl.when(~region.str.contains(r"^[A-Z]{2}-[A-Z0-9]+$")).then(region)
    city = _filled(f"{_ADDRESS}City")
    place = pl.concat_str([city, pl.coalesce(state, name)], separator=", ", ignore_nulls=True)
    return block.select(
        "row",
        lei=_filled("LEI"),
        name=_filled("Entity.LegalName"),
        text=pl.when(city.is_not_null()).then(place),
        country=_filled(f"{_ADDRESS}Country"),
        legal_country=_filled("Entity.LegalAddress.Country"),
        status=_filled("Entity.EntityStatus").str.to_lowercase(),
        category=_filled("Entity.EntityCategory").str.to_lowercase(),
    )


def _ties(block: pl.DataFrame) -> pl.DataFrame:
    """Give relationships the columns of the record table."""
    starts = [
        pl.when(pl.col(f"Relationship.Period.{n}.periodType") == "RELATIONSHIP_PERIOD").then(
            _filled(f"Relationship.Period.{n}.startDate").str.slice(0, 4)
        )
        for n in _PERIODS
    ]
    return block.select(
        "row",
        child=_filled("Relationship.StartNode.NodeID"),
        parent=_filled("Relationship.EndNode.NodeID"),
        kind=pl.col("Relationship.RelationshipType").str.strip_chars().replace(KINDS),
        year=pl.coalesce(starts),
        status=_filled("Relationship.RelationshipStatus").str.to_lowercase(),
    )
