"""An edition's file, parsed and checked: the settings of one report, and nothing else.

An edition is TOML; `editions/open.toml` is the default and explains every setting. A key that is not
known, a value of the wrong kind, or a source or parent that does not exist is an error that names the
nearest valid one.
"""

import math
import re
import tomllib
from collections.abc import Mapping
from dataclasses import MISSING, dataclass, field, fields
from importlib import resources
from pathlib import Path
from types import UnionType
from typing import Any, TypeVar, Union, cast, get_args, get_origin

from cosmopolis.errors import SpecError, UnknownNameError, hint_near
from cosmopolis.index.tree import Tree, parse
from cosmopolis.settings import (
    AGGREGATIONS,
    COUNTINGS,
    DOWNSCALES,
    NORMALISATIONS,
    SIZES,
    CitySettings,
    InnovationSettings,
    IntervalSettings,
    NetworkSettings,
    ProductionSettings,
    ReportSettings,
    SampleRule,
)

T = TypeVar("T")

_ID = re.compile(r"[a-z0-9]+([-_][a-z0-9]+)*")
_COUNTRY = re.compile(r"[A-Z]{2}")
_AT_LEAST_ONE = (
    "pole_gap",
    "top",
    "rows",
    "core_density",
    "window_years",
    "runs",
    "largest_record",
    "recent_years",
    "inside_pairs",
)
_MAY_BE_NEGATIVE = ("centre",)


@dataclass(frozen=True, kw_only=True)
class Edition:
    """The settings of one report.

    Attributes
    ----------
    folder
        Where relative paths in the file start from.
    raw
        The file as parsed, for the manifest.
    """

    id: str
    year: int
    baseline: int
    title: Mapping[str, str]
    sources: tuple[str, ...]
    cities: CitySettings = field(default_factory=CitySettings)
    sample: SampleRule = field(default_factory=SampleRule)
    networks: NetworkSettings = field(default_factory=NetworkSettings)
    innovation: InnovationSettings = field(default_factory=InnovationSettings)
    production: ProductionSettings = field(default_factory=ProductionSettings)
    intervals: IntervalSettings = field(default_factory=IntervalSettings)
    report: ReportSettings = field(default_factory=ReportSettings)
    index: Tree
    catalog: str = ""
    folder: Path
    raw: Mapping[str, Any]

    def path(self, text: str) -> Path:
        """Return a path of the file, relative ones from the file's own folder."""
        return (self.folder / text).resolve()


def built_in() -> list[str]:
    """List the names of the built-in editions."""
    folder = resources.files("cosmopolis.editions")
    return sorted(
        entry.name.removesuffix(".toml") for entry in folder.iterdir() if entry.name.endswith(".toml")
    )


def load(name: str = "open") -> Edition:
    """Read an edition by its built-in name or its file.

    Raises
    ------
    UnknownNameError
        If there is neither a built-in edition nor a file of that name.
    SpecError
        If the file is not TOML or a setting is wrong.
    """
    if name in built_in():
        text = resources.files("cosmopolis.editions").joinpath(f"{name}.toml").read_text(encoding="utf-8")
        return parse_edition(text, where=f"edition {name}", folder=Path.cwd())
    path = Path(name)
    if not path.is_file():
        raise UnknownNameError(
            f"there is no edition {name!r}: neither a built-in name nor a file" + hint_near(name, built_in())
        )
    try:
        text = path.read_text(encoding="utf-8-sig")
    except (OSError, UnicodeDecodeError) as error:
        raise SpecError(f"edition {path} cannot be read: {error}; expected TOML in UTF-8") from error
    return parse_edition(text, where=str(path), folder=path.parent)


def parse_edition(text: str, *, where: str, folder: Path) -> Edition:
    """Parse the text of an edition's file; `where` names it in messages."""
    try:
        raw = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise SpecError(f"{where} is not valid TOML: {error}") from error
    _check_plain(raw, where)
    settings: dict[str, Any] = {
        name: _section(kind, raw.get(name, {}), f"{where}, [{name}]") for name, kind in _SECTIONS.items()
    }
    counting = settings["networks"].counting
    if counting not in COUNTINGS:
        raise SpecError(
            f"{where}, [networks]: there is no counting {counting!r}" + hint_near(counting, COUNTINGS)
        )
    _check_innovation(settings["innovation"], f"{where}, [innovation]")
    _check_production(settings["production"], f"{where}, [production]")
    _check_intervals(settings["intervals"], f"{where}, [intervals]")
    return Edition(
        id=raw["id"],
        year=raw["year"],
        baseline=raw["baseline"],
        title=raw["title"],
        sources=tuple(raw["sources"]),
        index=parse(raw["index"]),
        catalog=raw.get("catalog", ""),
        folder=folder,
        raw=raw,
        **settings,
    )


def _check_plain(raw: Mapping[str, Any], where: str) -> None:
    """Raise if a setting outside the sections is unknown, missing or of the wrong kind."""
    for key in raw:
        if key not in _SECTIONS and key not in _PLAIN:
            raise SpecError(f"{where}: {key!r} is not a setting" + hint_near(key, [*_SECTIONS, *_PLAIN]))
    for key in _PLAIN:
        if key not in raw and key != "catalog":
            raise SpecError(f"{where}: the setting {key!r} is missing")
    for key, kind in _PLAIN.items():
        if key in raw and type(raw[key]) is not kind:
            raise SpecError(f"{where}: {key} is {raw[key]!r}, expected {_KINDS[kind]}")
    if not _ID.fullmatch(raw["id"]):
        raise SpecError(
            f"{where}: id is {raw['id']!r}, expected small letters and digits, with '-' or '_' between them: "
            "it names the folder of the result"
        )
    _check_texts(raw["sources"], f"{where}: sources")
    title = raw["title"]
    if set(title) != {"en", "zh"} or not all(isinstance(text, str) and text for text in title.values()):
        raise SpecError(f'{where}: title is {title!r}, expected {{ en = "…", zh = "…" }}')


def _check_innovation(settings: InnovationSettings, where: str) -> None:
    """Raise if years run backwards, no window fits, or a share, radius or country cannot be one."""
    if settings.last_year < settings.first_year:
        raise SpecError(
            f"{where}: last_year is {settings.last_year}, before first_year, which is {settings.first_year}"
        )
    if settings.window_years > settings.last_year - settings.first_year + 1:
        raise SpecError(
            f"{where}: window_years is {settings.window_years}, but from first_year to last_year there are "
            f"only {settings.last_year - settings.first_year + 1}"
        )
    for key, share in (("significance", settings.significance), ("steady", settings.steady)):
        if not 0 < share < 1:
            raise SpecError(f"{where}: {key} is {share}, expected a share between 0 and 1")
    if settings.near_km != sorted(set(settings.near_km)):
        raise SpecError(f"{where}: near_km is {settings.near_km}, expected growing radii, each once")
    for name, venues in settings.panels.items():
        if not isinstance(venues, list) or not venues:
            raise SpecError(f"{where}: panels.{name} is {venues!r}, expected a list of venues")
        _check_texts(venues, f"{where}: panels.{name}")
    for country in settings.partners:
        if not _COUNTRY.fullmatch(country):
            raise SpecError(f"{where}: partners has {country!r}, expected two capital letters such as CN")


def _check_production(settings: ProductionSettings, where: str) -> None:
    """Raise if years run backwards, radii do not grow, or a size or way is none that there is."""
    if settings.last_year < settings.first_year:
        raise SpecError(
            f"{where}: last_year is {settings.last_year}, before first_year, which is {settings.first_year}"
        )
    if settings.near_km != sorted(set(settings.near_km)):
        raise SpecError(f"{where}: near_km is {settings.near_km}, expected growing radii, each once")
    if settings.downscale not in DOWNSCALES:
        raise SpecError(
            f"{where}: there is no way {settings.downscale!r} to bring a country's number down to its cities"
            + hint_near(settings.downscale, DOWNSCALES)
        )
    for key, share in (
        ("name_likeness", settings.name_likeness),
        ("supplier_known", settings.supplier_known),
        ("ownership_known", settings.ownership_known),
        ("supplier_regional", settings.supplier_regional),
        ("centres_share", settings.centres_share),
    ):
        if not 0 < share <= 1:
            raise SpecError(f"{where}: {key} is {share}, expected a share above 0 and at most 1")
    _check_places(settings, where)
    for size in settings.sizes:
        if size not in SIZES:
            raise SpecError(f"{where}: sizes has no {size!r}" + hint_near(size, SIZES))


def _check_places(settings: ProductionSettings, where: str) -> None:
    """Raise if the centre of a list of suppliers, or a group of cities, cannot be one."""
    for customer, place in settings.centres.items():
        if not isinstance(place, str) or not place:
            raise SpecError(
                f"{where}: centres.{customer} is {place!r}, expected a place such as 'Alder, Arborea'"
            )
    for name, group in settings.city_groups.items():
        _check_group(group, f"{where}: city_groups.{name}")


def _check_group(group: object, where: str) -> None:
    """Raise if a group of cities has no name in both languages or names no cities."""
    if not isinstance(group, dict) or set(group) != {"en", "zh", "cities"}:
        raise SpecError(f'{where} is {group!r}, expected {{ en = "…", zh = "…", cities = ["…"] }}')
    for key in ("en", "zh"):
        if not isinstance(group[key], str) or not group[key]:
            raise SpecError(f"{where}.{key} is {group[key]!r}, expected a name")
    if not isinstance(group["cities"], list) or not group["cities"]:
        raise SpecError(f"{where}.cities is {group['cities']!r}, expected a list of cities")
    _check_texts(group["cities"], f"{where}.cities")


def _check_intervals(settings: IntervalSettings, where: str) -> None:
    """Raise if a share is out of bounds, or a list is empty or names what there is not."""
    if not 0 < settings.level <= 1:
        raise SpecError(f"{where}: level is {settings.level}, expected a share above 0 and at most 1")
    if settings.weight_noise >= 1:
        raise SpecError(
            f"{where}: weight_noise is {settings.weight_noise}, expected a share below 1: no weight is 0"
        )
    for key, given, known in (
        ("normalisations", settings.normalisations, NORMALISATIONS),
        ("aggregations", settings.aggregations, AGGREGATIONS),
    ):
        if not given:
            raise SpecError(f"{where}: {key} is empty, expected at least one of {', '.join(known)}")
        for name in given:
            if name not in known:
                raise SpecError(f"{where}: {key} has no {name!r}" + hint_near(name, known))


_SECTIONS: Mapping[str, type] = {
    "cities": CitySettings,
    "sample": SampleRule,
    "networks": NetworkSettings,
    "innovation": InnovationSettings,
    "production": ProductionSettings,
    "intervals": IntervalSettings,
    "report": ReportSettings,
}

_KINDS: Mapping[type, str] = {
    str: "a text",
    int: "a whole number",
    float: "a number",
    bool: "true or false",
    list: "a list",
    dict: "a table",
}

_PLAIN: Mapping[str, type] = {
    "id": str,
    "year": int,
    "baseline": int,
    "title": dict,
    "sources": list,
    "index": dict,
    "catalog": str,
}
"""Settings outside the sections; only `catalog` may be left out."""


def _check_texts(value: list[Any], where: str) -> None:
    """Raise if a list holds anything but texts, or one of them twice."""
    for place, text in enumerate(value):
        if not isinstance(text, str):
            raise SpecError(f"{where}: got {text!r} in the list, expected texts only")
        if text in value[:place]:
            raise SpecError(f"{where}: {text!r} is named twice; name each once")


def _section(kind: type[T], given: object, where: str) -> T:
    """Make a settings object from a table, with every key and type checked."""
    if not isinstance(given, dict):
        raise SpecError(f"{where}: got {given!r}, expected a table")
    known = {f.name: f for f in fields(kind)}  # type: ignore[arg-type]
    for key, value in given.items():
        if key not in known:
            raise SpecError(f"{where}: {key!r} is not a setting" + hint_near(key, known))
        wanted = _types_of(known[key].type)
        if not (type(value) is int and float in wanted) and type(value) not in wanted:
            names = " or ".join(_KINDS[t] for t in wanted if t in _KINDS)
            raise SpecError(f"{where}: {key} is {value!r}, expected {names}")
        if type(value) in {int, float}:
            _check_number(key, value, where)
        if type(value) is list and get_args(known[key].type) == (float,):
            _check_numbers(key, value, where)
        elif type(value) is list:
            _check_texts(value, f"{where}: {key}")
    missing = [
        n
        for n, f in known.items()
        if f.default is MISSING and f.default_factory is MISSING and n not in given
    ]
    if missing:
        raise SpecError(f"{where}: the setting {missing[0]!r} is missing")
    return kind(**given)


def _check_numbers(key: str, values: list[Any], where: str) -> None:
    """Raise if a list holds anything but sound numbers."""
    for value in values:
        if type(value) not in {int, float}:
            raise SpecError(f"{where}: {key} has {value!r} in the list, expected numbers only")
        _check_number(key, value, where)


def _check_number(key: str, value: float, where: str) -> None:
    """Raise if a number is not finite or lies below what the setting allows."""
    if not math.isfinite(value):
        raise SpecError(f"{where}: {key} is {value}, expected a finite number")
    least = 1 if key in _AT_LEAST_ONE else 0
    if value < least and key not in _MAY_BE_NEGATIVE:
        raise SpecError(f"{where}: {key} is {value}, expected a number of at least {least}")


def _types_of(annotation: object) -> tuple[type, ...]:
    """List the types that an annotation allows, None left out."""
    if get_origin(annotation) in {list, dict}:
        return (cast("type", get_origin(annotation)),)
    if get_origin(annotation) in {Union, UnionType}:
        return tuple(t for t in get_args(annotation) if t is not type(None))
    return (cast("type", annotation),)
