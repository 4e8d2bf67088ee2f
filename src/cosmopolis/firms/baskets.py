"""Baskets of firms: which firms stand for an industry, by sector, industry and size or by name.

What a basket holds is a choice: `baskets.toml` says so, and an edition may name a file of its own. Where the
firms sit, and what their places are worth, is not known here.
"""

import tomllib
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from importlib import resources
from pathlib import Path
from typing import Any

import polars as pl

from cosmopolis.errors import SpecError, hint_near
from cosmopolis.firms.sectors import sectors
from cosmopolis.settings import SIZES

_KEYS = ("name", "note", "sectors", "industries", "sizes", "firms")
_FIRM_KEYS = ("name", "country", "sector", "city")


@dataclass(frozen=True, kw_only=True)
class NamedFirm:
    """A firm that a basket names.

    Attributes
    ----------
    name, country
        As it calls itself, and the country of its headquarters (ISO 3166-1 alpha-2).
    sector
        What it does, in the words of the basket.
    city
        Its headquarters where the sources do not hold the firm; empty: not known.
    """

    name: str
    country: str
    sector: str
    city: str = ""


@dataclass(frozen=True, kw_only=True)
class Basket:
    """A basket of firms.

    Attributes
    ----------
    id
        Name of the basket in tables.
    name, note
        What it is called and what it holds, `en` and `zh`.
    sectors, industries, sizes
        Firms of one of these sectors (ids) or industries (in small letters) that are of one of these sizes;
        no sizes: those of the edition.
    firms
        Firms by name.
    """

    id: str
    name: Mapping[str, str]
    note: Mapping[str, str]
    sectors: tuple[str, ...] = ()
    industries: tuple[str, ...] = ()
    sizes: tuple[str, ...] = ()
    firms: tuple[NamedFirm, ...] = field(default_factory=tuple)

    def holds(self, sizes: Sequence[str]) -> pl.Expr:
        """Say of firms (`sector`, `industry`, `size`) whether the basket holds them by what they are.

        Parameters
        ----------
        sizes
            Sizes that count where the basket names none; none: a firm of any size, or of none that is known.
        """
        industry = pl.col("industry").str.to_lowercase()
        kind = pl.col("sector").is_in(list(self.sectors)) | industry.is_in(list(self.industries))
        wanted = list(self.sizes or sizes)
        return (kind & pl.col("size").is_in(wanted) if wanted else kind).fill_null(value=False)


def load(path: Path | None = None) -> tuple[Basket, ...]:
    """Read the baskets of a file, the built-in ones where none is named.

    Raises
    ------
    SpecError
        If the file is no TOML, or a basket has an unknown key, sector or size, or a text is missing.

    Examples
    --------
    >>> [basket.id for basket in load()]
    ['technology', 'services', 'industry_4_0']
    """
    if path is None:
        text, where = (
            resources.files("cosmopolis.firms").joinpath("baskets.toml").read_text("utf-8"),
            "baskets",
        )
    else:
        where = str(path)
        try:
            text = path.read_text(encoding="utf-8-sig")
        except (OSError, UnicodeDecodeError) as error:
            raise SpecError(f"baskets {path} cannot be read: {error}; expected TOML in UTF-8") from error
    return parse(text, where=where)


def parse(text: str, *, where: str) -> tuple[Basket, ...]:
    """Parse the text of a file of baskets; `where` names it in messages."""
    try:
        raw = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise SpecError(f"{where} is not valid TOML: {error}") from error
    return tuple(_basket(name, entry, f"{where}, [{name}]") for name, entry in raw.items())


def _basket(name: str, entry: object, where: str) -> Basket:
    """Check one basket."""
    if not isinstance(entry, dict):
        raise SpecError(f"{where}: got {entry!r}, expected a table")
    _check_keys(entry, _KEYS, where)
    told = {key: _both(entry.get(key), f"{where}: {key}") for key in ("name", "note")}
    lists = {key: _texts(entry.get(key, []), f"{where}: {key}") for key in ("sectors", "industries", "sizes")}
    for key, valid in (("sectors", sectors()), ("sizes", SIZES)):
        for got in lists[key]:
            if got not in valid:
                raise SpecError(f"{where}: {key} has no {got!r}" + hint_near(got, valid))
    named = entry.get("firms", [])
    if not isinstance(named, list):
        raise SpecError(f"{where}: firms is {named!r}, expected a list of {{ name, country, sector, city }}")
    return Basket(
        id=name,
        **told,
        sectors=lists["sectors"],
        industries=tuple(text.lower() for text in lists["industries"]),
        sizes=lists["sizes"],
        firms=tuple(_firm(firm, f"{where}: firms") for firm in named),
    )


def _firm(entry: object, where: str) -> NamedFirm:
    """Check one named firm."""
    if not isinstance(entry, dict):
        raise SpecError(f"{where}: got {entry!r}, expected {{ name, country, sector, city }}")
    _check_keys(entry, _FIRM_KEYS, where)
    for key in _FIRM_KEYS:
        value = entry.get(key)
        if not (isinstance(value, str) and value) and not (key == "city" and value is None):
            raise SpecError(f"{where}: {key} of {entry.get('name')!r} is {value!r}, expected a text")
    return NamedFirm(**entry)


def _check_keys(entry: Mapping[str, Any], valid: Collection[str], where: str) -> None:
    for key in entry:
        if key not in valid:
            raise SpecError(f"{where}: {key!r} is not a setting" + hint_near(key, valid))


def _both(value: object, where: str) -> dict[str, str]:
    if not isinstance(value, dict) or set(value) != {"en", "zh"} or not all(value.values()):
        raise SpecError(f'{where} is {value!r}, expected {{ en = "…", zh = "…" }}')
    return {key: str(text) for key, text in value.items()}


def _texts(value: object, where: str) -> tuple[str, ...]:
    if not isinstance(value, list) or not all(isinstance(text, str) for text in value):
        raise SpecError(f"{where} is {value!r}, expected a list of texts")
    return tuple(value)
