"""An edition's file: what is right is read, what is wrong is one clear line with the nearest valid name."""

import math
import re
from pathlib import Path

import pytest
import world
from world.run import run, spawn

from cosmopolis.edition import built_in, load, parse_edition
from cosmopolis.errors import SpecError, UnknownNameError
from cosmopolis.settings import CitySettings

TINY = world.edition_text()


def _with(old: str, new: str) -> str:
    """Return the tiny edition with its first `old` replaced."""
    assert old in TINY
    return TINY.replace(old, new, 1)


def test_the_default_edition_is_built_in() -> None:
    assert "open" in built_in()
    edition = load()
    assert edition.id == "open"
    assert edition.sources == world.SOURCES
    assert edition.cities == CitySettings()
    assert edition.index.id == "vitality"
    weights = {node.id: node.weight for node in edition.index.nodes}
    assert len(weights) == 3
    assert len(set(weights.values())) == 1  # one third each


def test_settings_are_read(tmp_path: Path) -> None:
    edition = parse_edition(TINY, where="tiny", folder=tmp_path)
    assert edition.title == {"en": "Synthetic world", "zh": "合成世界"}
    assert edition.sample.largest == 8
    assert edition.sample.capitals is True
    assert edition.networks.reach_km == 500.0
    assert edition.path("a/b.geojson") == (tmp_path / "a" / "b.geojson").resolve()
    assert edition.raw["report"]["links"] == 12


def test_a_whole_number_stands_for_a_number(tmp_path: Path) -> None:
    text = _with("snap_km = 15.0", "snap_km = 15")
    assert parse_edition(text, where="tiny", folder=tmp_path).networks.snap_km == 15


def test_what_is_left_out_has_its_default(tmp_path: Path) -> None:
    text = _with("port_countries = 2", "").replace("air_links = 3", "").replace("headquarters = 2", "")
    edition = parse_edition(text, where="tiny", folder=tmp_path)
    assert edition.sample.port_countries is None
    assert edition.cities == CitySettings()
    assert edition.report.borders == ""


def test_a_byte_order_mark_is_no_error(tmp_path: Path) -> None:
    (tmp_path / "edition.toml").write_text(TINY, encoding="utf-8-sig")
    assert load(str(tmp_path / "edition.toml")).id == "tiny"


WRONG = {
    "no TOML": ("id = = 3", r"is not valid TOML: .*line 1"),
    "empty": ("", r"the setting 'id' is missing"),
    "unknown setting": (
        _with("year = 2026", "yaer = 2026"),
        r"'yaer' is not a setting; did you mean 'year'\?",
    ),
    "unknown section": (TINY + "[citys]\n", r"'citys' is not a setting; did you mean 'cities'\?"),
    "unknown in section": (
        _with("reach_km = 20.0", "reach_kms = 20.0"),
        r"\[cities\]: 'reach_kms' is not a setting; did you mean 'reach_km'",
    ),
    "missing": (_with("year = 2026", ""), r"the setting 'year' is missing"),
    "years backwards": (
        TINY + "[innovation]\nfirst_year = 2010\nlast_year = 2009\n",
        r"\[innovation\]: last_year is 2009, before first_year, which is 2010",
    ),
    "no window": (
        TINY + "[innovation]\nfirst_year = 2010\nlast_year = 2012\nwindow_years = 5\n",
        r"window_years is 5, but from first_year to last_year there are only 3",
    ),
    "radii shrink": (TINY + "[innovation]\nnear_km = [1000, 500]\n", r"expected growing radii"),
    "radius in words": (
        TINY + '[innovation]\nnear_km = ["far"]\n',
        r"near_km has 'far' in the list, expected numbers only",
    ),
    "radius below zero": (TINY + "[innovation]\nnear_km = [-5]\n", r"expected a number of at least 0"),
    "panel": (
        TINY + '[innovation]\npanels = { robotics = "icra" }\n',
        r"panels.robotics is 'icra', expected a list of venues",
    ),
    "share": (TINY + "[innovation]\nsignificance = 1.0\n", r"significance is 1.0, expected a share"),
    "partner": (TINY + '[innovation]\npartners = ["China"]\n', r"expected two capital letters such as CN"),
    "group without a name": (
        TINY + '[production.city_groups]\nbay = { en = "Bay", cities = ["Alder"] }\n',
        r"city_groups.bay is \{'en': 'Bay'",
    ),
    "group without cities": (
        TINY + '[production.city_groups]\nbay = { en = "Bay", zh = "湾区", cities = [] }\n',
        r"city_groups.bay.cities is \[\], expected a list of cities",
    ),
    "group of one language": (
        TINY + '[production.city_groups]\nbay = { en = "Bay", zh = "", cities = ["Alder"] }\n',
        r"city_groups.bay.zh is '', expected a name",
    ),
    "pole": (
        _with("sizes = []", "pole_gap = 0.5\nsizes = []"),
        r"pole_gap is 0.5, expected a number of at least 1",
    ),
    "centre of a customer": (
        TINY + "[production.centres]\nOak = 7\n",
        r"centres.Oak is 7, expected a place such as 'Alder, Arborea'",
    ),
    "share of suppliers known": (
        _with("sizes = []", "supplier_known = 0.0\nsizes = []"),
        r"supplier_known is 0.0, expected",
    ),
    "share of centres": (
        _with("sizes = []", "centres_share = 0.0\nsizes = []"),
        r"centres_share is 0.0, expected",
    ),
    "no list": (
        _with('sources = ["geonames"', 'sources = "ports"\nx = ["geonames"'),
        r"'x' is not a setting",
    ),
    "text for number": (_with("largest = 8", 'largest = "8"'), r"largest is '8', expected a whole number"),
    "truth for number": (_with("largest = 8", "largest = true"), r"largest is True, expected a whole number"),
    "number for truth": (_with("capitals = true", "capitals = 1"), r"capitals is 1, expected true or false"),
    "fraction": (_with("largest = 8", "largest = 8.5"), r"largest is 8.5, expected a whole number"),
    "truth for year": (_with("year = 2026", "year = true"), r"year is True, expected a whole number"),
    "negative": (
        _with("reach_km = 20.0", "reach_km = -1.5"),
        r"reach_km is -1.5, expected a number of at least",
    ),
    "nan": (_with("reach_km = 20.0", "reach_km = nan"), r"reach_km is nan, expected a finite number"),
    "infinite": (_with("snap_km = 15.0", "snap_km = inf"), r"snap_km is inf, expected a finite number"),
    "no rows": (_with("rows = 15", "rows = 0"), r"rows is 0, expected a number of at least 1"),
    "section no table": (_with("[cities]", "[cities.x]"), r"\[cities\]: 'x' is not a setting"),
    "id with a path": (_with('id = "tiny"', 'id = "../tiny"'), r"id is '../tiny', expected small letters"),
    "id empty": (_with('id = "tiny"', 'id = ""'), r"id is '', expected small letters"),
    "title one language": (_with(', zh = "合成世界"', ""), r"title is {'en': 'Synthetic world'}, expected"),
    "title no text": (_with('"合成世界"', "7"), r"title is {.*7}, expected { en"),
    "source no text": (_with('["geonames"', "[7"), r"sources: got 7 in the list, expected texts only"),
    "source twice": (_with('["geonames"', '["ports", "geonames"'), r"'ports' is named twice"),
    "measure no text": (_with('"degree", "degree_in"', '"degree", 3'), r"measures: got 3 in the list"),
    "catalog no text": (_with('catalog = "catalog.toml"', "catalog = 4"), r"catalog is 4, expected a text"),
    "unknown parent": (
        _with('parent = "innovation"', 'parent = "inovation"'),
        r"'science' has the parent 'inovation', which is no node; did you mean 'innovation'\?",
    ),
    "unknown key": (
        _with("downscaled = true", "downscale = true"),
        r"'downscale'; did you mean 'downscaled'\?",
    ),
    "direction": (_with("direction = 1", "direction = 0"), r"got direction = 0, but expected 1"),
    "floor": (
        re.sub(r"(?m)^floor = .*$", "floor = 4", TINY, count=1),
        r"got floor = 4, but expected a share",
    ),
}
"""Texts of editions that are wrong in themselves, and what must be said."""


@pytest.mark.parametrize("what", WRONG)
def test_a_wrong_setting_is_one_clear_error(tmp_path: Path, what: str) -> None:
    text, said = WRONG[what]
    with pytest.raises(SpecError, match=said) as caught:
        parse_edition(text, where="tiny.toml", folder=tmp_path)
    assert "\n" not in str(caught.value) or what == "no TOML"


@pytest.mark.parametrize("value", [math.pi, "11.0", [1]])
def test_the_middle_of_the_map_may_lie_west(tmp_path: Path, value: object) -> None:
    edition = parse_edition(_with("centre = 11.0", "centre = -70"), where="tiny", folder=tmp_path)
    assert edition.report.centre == -70
    if not isinstance(value, float):
        with pytest.raises(SpecError, match="centre is"):
            parse_edition(_with("centre = 11.0", f"centre = {value!r}"), where="tiny", folder=tmp_path)


DANGLING = {
    "source": (('"ports", "railways"', '"prots", "railways"'), "there is no source 'prots'", "'ports'"),
    "source of indicator": (
        ('sources = ["ports"]', 'sources = ["port"]'),
        "'port' is not among the edition's sources",
        "'ports'",
    ),
    "network": (('network = "sea"', 'network = "see"'), "there is no network 'see'", "'sea'"),
    "field": (
        ('field = "port_pairs"', 'field = "port_pair"'),
        "network 'sea' has no field 'port_pair'",
        "'port_pairs'",
    ),
    "measure": (
        ('measure = "betweenness"', 'measure = "betweeness"'),
        "the network 'air' has no measure 'betweeness' in this edition",
        "'betweenness'",
    ),
    "measure not taken": (
        ('"degree", "degree_in", "degree_out",', '"degree_in", "degree_out",'),
        "the network 'air' has no measure 'degree' in this edition",
        "'strength'",
    ),
    "year": (
        ('measure = "strength"\nyear = 2014', 'measure = "strength"\nyear = 2013'),
        "year is 2013",
        "2014",
    ),
    "table": (
        ('table = "headquarters"', 'table = "headquarter"'),
        "there is no table 'headquarter'",
        "'headquarters'",
    ),
    "sector": (
        ('sector = "technology"', 'sector = "tecnology"'),
        "no sector group 'tecnology'",
        "'technology'",
    ),
    "frontier field": (
        ('table = "trade_share"', 'table = "field_totals"\nfield = "robotix"\nmeasure = "count"'),
        "no frontier field 'robotix'",
        "'robotics'",
    ),
    "frontier field not taken": (
        (
            'table = "trade_share"',
            'table = "field_totals"\nfield = "oak"\nmeasure = "count"\n[innovation]\nfrontiers=["robotics"]',
        ),
        "no frontier field 'oak'",
        "'robotics'",
    ),
    "neither": (('table = "trade_share"', ""), "got neither, but expected a network", "or a table"),
    "countries": (
        ('network = "sea"\nfield = "port_pairs"', 'network = "trade"\nfield = "intermediate"'),
        "the network 'trade' joins countries",
        "cities",
    ),
    "measure of all": (
        ('"degree", "degree_in"', '"degree", "degre_in"'),
        "measure 'degre_in'",
        "'degree_in'",
    ),
    "counting": (
        ('counting = "fractional"', 'counting = "fractal"'),
        "no counting 'fractal'",
        "'fractional'",
    ),
    "catalogue": (('catalog = "catalog.toml"', 'catalog = "no.toml"'), "cannot be read", "no.toml"),
    "borders": (
        ('# borders = "borders.geojson"', 'borders = "no.geojson"'),
        "'no.geojson'",
        "cannot be read",
    ),
    "exceptions": (("twin_km = 8.0", 'twin_km = 8.0\nexceptions = "no.csv"'), "'no.csv'", "cannot be read"),
}
"""Names in an edition that lead nowhere: what is replaced, what must be said, the nearest that there is."""


@pytest.mark.parametrize("what", DANGLING)
def test_a_name_that_leads_nowhere_stops_the_build_before_it_begins(tmp_path: Path, what: str) -> None:
    (old, new), said, near = DANGLING[what]
    small = world.save(tmp_path, edition=_with(old, new))
    answer = run("build", small.edition, "--mirror", small.mirror, "--offline", "--out", tmp_path / "out")
    assert said in answer.error
    assert near in answer.error
    assert not (tmp_path / "out").exists()


def test_the_command_says_it_without_a_traceback(tmp_path: Path) -> None:
    small = world.save(tmp_path, edition=_with('network = "sea"', 'network = "see"'))
    answer = spawn("build", small.edition, "--offline", "--cache", tmp_path / "cache", cwd=tmp_path)
    assert answer.error == "indicator 'sea_links': there is no network 'see'; did you mean 'sea'?"
    assert {path.name for path in tmp_path.iterdir()} == {"mirror", "catalog.toml", "edition.toml"}


@pytest.mark.parametrize(
    ("name", "near"), [("opne", "'open'"), ("nowhere.toml", "known are 'innovation-ai', 'mirror', 'open'")]
)
def test_an_edition_that_is_not_there(name: str, near: str) -> None:
    with pytest.raises(UnknownNameError, match=f"there is no edition '{name}'.*{near}"):
        load(name)


def test_a_file_that_is_no_text(tmp_path: Path) -> None:
    (tmp_path / "edition.toml").write_bytes(bytes(range(256)))
    assert "cannot be read" in run("build", tmp_path / "edition.toml").error
    assert "there is no edition" in run("build", tmp_path).error
