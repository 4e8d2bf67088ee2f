"""The register of legal entities: true columns, any packing, what is set aside and why."""

import gzip
import zipfile
from collections.abc import Sequence
from pathlib import Path

import polars as pl
import pytest
from real_mirror import DATA

from cosmopolis.errors import FormatError, UnknownNameError
from cosmopolis.records import admit
from cosmopolis.sources import gleif, gleif_sample

LEVEL_1 = "20260101-0000-gleif-goldencopy-lei2-golden-copy.csv"
LEVEL_2 = "20260101-0000-gleif-goldencopy-rr-golden-copy.csv"

ENTITY = (
    "LEI",
    "Entity.LegalName",
    "Entity.LegalName.xmllang",
    "Entity.LegalAddress.City",
    "Entity.LegalAddress.Country",
    "Entity.HeadquartersAddress.FirstAddressLine",
    "Entity.HeadquartersAddress.City",
    "Entity.HeadquartersAddress.Region",
    "Entity.HeadquartersAddress.Country",
    "Entity.EntityCategory",
    "Entity.EntityStatus",
    "Registration.RegistrationStatus",
)
TIE = (
    "Relationship.StartNode.NodeID",
    "Relationship.StartNode.NodeIDType",
    "Relationship.EndNode.NodeID",
    "Relationship.EndNode.NodeIDType",
    "Relationship.RelationshipType",
    "Relationship.RelationshipStatus",
    "Relationship.Period.1.startDate",
    "Relationship.Period.1.endDate",
    "Relationship.Period.1.periodType",
    "Relationship.Period.2.startDate",
    "Relationship.Period.2.endDate",
    "Relationship.Period.2.periodType",
    "Registration.RegistrationStatus",
)


def _lei(n: int) -> str:
    return f"TREE{n:014}{n % 90 + 10:02}"


def _table(header: Sequence[str], *rows: Sequence[str]) -> str:
    return "\n".join(",".join(f'"{cell}"' for cell in row) for row in (header, *rows)) + "\n"


def _entity(n: int, **cells: str) -> list[str]:
    known = {
        "LEI": _lei(n),
        "Entity.LegalName": f"Alder Mills {n}",
        "Entity.LegalAddress.Country": "XB",
        "Entity.HeadquartersAddress.City": "Bosk",
        "Entity.HeadquartersAddress.Region": "XA-01",
        "Entity.HeadquartersAddress.Country": "XA",
        "Entity.EntityCategory": "GENERAL",
        "Entity.EntityStatus": "ACTIVE",
        "Registration.RegistrationStatus": "ISSUED",
    }
    given = {name.replace("_", "."): value for name, value in cells.items()}
    return [(known | given).get(name, "") for name in ENTITY]


def _tie(child: int, parent: int, kind: str = "IS_DIRECTLY_CONSOLIDATED_BY", **cells: str) -> list[str]:
    known = {
        "Relationship.StartNode.NodeID": _lei(child),
        "Relationship.EndNode.NodeID": _lei(parent),
        "Relationship.RelationshipType": kind,
        "Relationship.RelationshipStatus": "ACTIVE",
        "Relationship.Period.1.startDate": "2019-01-01T00:00:00.000Z",
        "Relationship.Period.1.periodType": "ACCOUNTING_PERIOD",
        "Relationship.Period.2.startDate": "2012-11-29T00:00:00.000Z",
        "Relationship.Period.2.periodType": "RELATIONSHIP_PERIOD",
        "Registration.RegistrationStatus": "PUBLISHED",
    }
    given = {name.replace("_", "."): value for name, value in cells.items()}
    return [(known | given).get(name, "") for name in TIE]


def _write(folder: Path, name: str, text: str, packing: str) -> Path:
    path = folder / f"{name}{packing}"
    if packing == ".gz":
        path.write_bytes(gzip.compress(text.encode(), mtime=0))
    elif packing == ".zip":
        with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
            archive.writestr(zipfile.ZipInfo(name), text)
    else:
        path.write_text(text, encoding="utf-8")
    return path


def _parts(
    folder: Path, entities: str, ties: str, packing: str = ""
) -> dict[str, tuple[pl.DataFrame, pl.DataFrame]]:
    paths = [_write(folder, name, text, packing) for name, text in ((LEVEL_1, entities), (LEVEL_2, ties))]
    found = {}
    for raw in gleif.read({path.name: path for path in paths}):
        admitted = admit(raw)
        assert admitted.rows_in == admitted.frame.height + admitted.quarantine["row"].n_unique()
        assert raw.part not in found, "tiny files come in one block"
        found[raw.part] = (admitted.frame, admitted.quarantine)
    return found


@pytest.mark.parametrize("packing", ["", ".gz", ".zip"])
def test_the_golden_copy_in_every_packing(tmp_path: Path, packing: str) -> None:
    entities = _table(
        ENTITY,
        _entity(1),
        _entity(2, Entity_HeadquartersAddress_City="Alder", Entity_HeadquartersAddress_Region="US-QA"),
        _entity(
            3,
            Entity_HeadquartersAddress_City="",
            Entity_EntityStatus="INACTIVE",
            Entity_EntityCategory="FUND",
        ),
        _entity(4, Entity_HeadquartersAddress_Region="Upper Wood"),
    )
    ties = _table(
        TIE,
        _tie(1, 2),
        _tie(3, 2, "IS_ULTIMATELY_CONSOLIDATED_BY", Relationship_RelationshipStatus="INACTIVE"),
        _tie(4, 1, "IS_INTERNATIONAL_BRANCH_OF", Relationship_Period_2_periodType="DOCUMENT_FILING_PERIOD"),
    )
    parts = _parts(tmp_path, entities, ties, packing)
    assert parts["entities"][0].rows() == [
        (1, _lei(1), "Alder Mills 1", "Bosk", "XA", "XB", "active", "general"),
        (2, _lei(2), "Alder Mills 2", "Alder, QA", "XA", "XB", "active", "general"),
        (3, _lei(3), "Alder Mills 3", None, "XA", "XB", "inactive", "fund"),
        (4, _lei(4), "Alder Mills 4", "Bosk, Upper Wood", "XA", "XB", "active", "general"),
    ]
    assert parts["ties"][0].rows() == [
        (1, _lei(1), _lei(2), "direct", 2012, "active"),
        (2, _lei(3), _lei(2), "ultimate", 2012, "inactive"),
        (3, _lei(4), _lei(1), "direct", None, "active"),
    ]


def test_what_is_set_aside_says_why(tmp_path: Path) -> None:
    entities = _table(
        ENTITY,
        _entity(1),
        _entity(2, LEI="TOO-SHORT"),
        _entity(3, Registration_RegistrationStatus="DUPLICATE"),
        _entity(4, Entity_HeadquartersAddress_Country="Arborea"),
        _entity(5, Entity_LegalName=" "),
        _entity(1),
    )
    ties = _table(
        TIE,
        _tie(1, 2, "IS_FUND-MANAGED_BY"),
        _tie(1, 2, "IS_SUBFUND_OF"),
        _tie(1, 2, Registration_RegistrationStatus="ANNULLED"),
        _tie(1, 2, "WHATEVER"),
        _tie(1, 2, Relationship_EndNode_NodeID=""),
    )
    parts = _parts(tmp_path, entities, ties)
    assert parts["entities"][0]["row"].to_list() == [1]
    assert parts["entities"][1].sort("row").select("row", "column").rows() == [
        (2, "lei"), (3, "status"), (4, "country"), (5, "name"), (6, "lei"),
    ]  # fmt: skip
    assert parts["ties"][0].is_empty()
    assert parts["ties"][1].sort("row").select("row", "column").rows() == [
        (1, "kind"), (2, "kind"), (3, "status"), (4, "kind"), (5, "parent"),
    ]  # fmt: skip
    reasons = parts["ties"][1].sort("row")["reason"]
    assert reasons[0] == "kind is IS_FUND-MANAGED_BY, which says nothing of who consolidates whom"
    assert reasons[2] == "status says that the registration is annulled"


def test_a_line_break_in_an_address_costs_its_lines_alone(tmp_path: Path) -> None:
    entities = _table(
        ENTITY, _entity(1), _entity(2, Entity_HeadquartersAddress_FirstAddressLine="1 Elm\nSt"), _entity(3)
    )
    frame, away = _parts(tmp_path, entities, _table(TIE))["entities"]
    assert frame["lei"].to_list() == [_lei(1), _lei(3)]
    assert away["row"].to_list() == [2, 3]


def test_files_that_are_missing_twice_or_something_else(tmp_path: Path) -> None:
    entities = _write(tmp_path, LEVEL_1, _table(ENTITY, _entity(1)), "")
    with pytest.raises(UnknownNameError, match="needs a file with '-rr-' in its name too"):
        gleif.read({entities.name: entities})
    ties = _write(tmp_path, LEVEL_2, _table(TIE[:4]), "")
    older = _write(tmp_path, LEVEL_1.replace("2026", "2025"), "", "")
    with pytest.raises(FormatError, match="keep the newer one alone"):
        gleif.read({path.name: path for path in (entities, ties, older)})
    with pytest.raises(FormatError, match=r"has no column 'Relationship\.RelationshipType'"):
        list(gleif.read({path.name: path for path in (entities, ties)}))


def test_the_sample(tmp_path: Path) -> None:
    texts = {
        gleif_sample.ENTITIES: f"lei,legal_name,country\n{_lei(1)},Alder Mills,XA\n{_lei(2)},Bosk,Bosk\n",
        gleif_sample.TIES: "firm_i,firm_j,relation_type,relation_direction,year,weight\n"
        f"{_lei(1)},{_lei(2)},IS_DIRECTLY_CONSOLIDATED_BY,child_to_parent,2017.0,1\n"
        f"{_lei(1)},{_lei(2)},IS_ULTIMATELY_CONSOLIDATED_BY,parent_to_child,2017.0,1\n"
        f"{_lei(1)},{_lei(2)},IS_FUND-MANAGED_BY,child_to_parent,,1\n",
    }
    for name, text in texts.items():
        (tmp_path / name).write_text(text, encoding="utf-8")
    entities, ties = map(admit, gleif_sample.read({name: tmp_path / name for name in texts}))
    assert entities.frame.select("lei", "name", "text", "country").rows() == [
        (_lei(1), "Alder Mills", None, "XA")
    ]
    assert entities.quarantine.select("row", "column").rows() == [(2, "country")]
    assert ties.frame.drop("status").rows() == [(1, _lei(1), _lei(2), "direct", 2017)]
    assert ties.quarantine.sort("row").select("row", "column").rows() == [
        (2, "relation_direction"),
        (3, "kind"),
    ]


@pytest.mark.real
def test_the_real_sample(real_files: tuple[Path, ...]) -> None:
    folder = next((at for place in (*real_files, DATA) if (at := place / gleif_sample.SOURCE).is_dir()), None)
    if folder is None:
        pytest.skip("the sample of the register of legal entities is not on this machine")
    entities, ties = map(admit, gleif_sample.read({path.name: path for path in folder.iterdir()}))
    assert (entities.frame.height, entities.quarantine.height) == (200, 0)
    assert (ties.frame.height, ties.quarantine.height) == (50, 0)
    assert set(ties.frame["kind"]) == {"direct", "ultimate"}
