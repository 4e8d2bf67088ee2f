"""Results that differ in one known thing return just that thing; what is wrong with a folder is said."""

import copy
import io
import json
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import polars as pl
import pytest

from cosmopolis.errors import ResultError, UnknownNameError
from cosmopolis.index import compare as comparison_of
from cosmopolis.index.change import PARTS
from cosmopolis.index.compare import Comparison, Published, compare, counts, top
from cosmopolis.index.rollup import roll_up
from cosmopolis.index.tree import parse
from cosmopolis.pipeline import comparing
from cosmopolis.pipeline import folder as result_folder

WORDS = {"en": "x", "zh": "x"}


def _indicator(name: str, **more: Any) -> dict[str, Any]:  # noqa: ANN401 - settings
    return {
        "id": name, "parent": "v", "weight": 1, "direction": 1, "name": WORDS, "unit": WORDS,
        "sources": ["s"], "network": "air", "measure": "degree", "field": "routes",
    } | more  # fmt: skip


INDEX: dict[str, Any] = {
    "id": "v",
    "name": WORDS,
    "floor": 0.5,
    "indicator": [_indicator("p"), _indicator("q"), _indicator("r", transform="log1p")],
}
VALUES: dict[str, list[float | None]] = {
    "p": [1.0, 4.0, 9.0, 12.0, 5.0, 3.0],
    "q": [7.0, 5.0, 3.0, 6.0, None, 8.0],
    "r": [10.0, 2.0, 400.0, 30.0, 6.0, None],
}


@dataclass
class World:
    """An edition in small, to be changed in one thing."""

    index: dict[str, Any] = field(default_factory=lambda: copy.deepcopy(INDEX))
    values: dict[str, dict[int, float | None]] = field(
        default_factory=lambda: {name: dict(enumerate(column, 1)) for name, column in VALUES.items()}
    )
    sample: list[int] = field(default_factory=lambda: [1, 2, 3, 4, 5, 6])
    year: int = 2025
    settings: dict[str, Any] = field(default_factory=dict)

    def tables(self) -> dict[str, pl.DataFrame]:
        """Roll up."""
        frame = pl.DataFrame(
            [(name, city, x) for name, of in self.values.items() for city, x in of.items()],
            schema={"indicator": pl.String, "city_id": pl.Int64, "value": pl.Float64},
            orient="row",
        )
        rolled = roll_up(parse(self.index), frame, units=self.sample, year=self.year)
        cities = pl.DataFrame(
            {
                "city_id": range(1, 10),
                "name": [f"City {i}" for i in range(1, 10)],
                "region": ["North" if i % 2 else "South" for i in range(1, 10)],
            }
        )
        return {"indicators": rolled.indicators, "scores": rolled.scores, "cities": cities}

    def published(self, name: str = "a") -> Published:
        """Give what `compare` takes."""
        return Published(name=name, year=self.year, tree=parse(self.index), **self.tables())

    def write(self, place: Path) -> Path:
        """Write a result's folder, with no more in it than is read."""
        (place / "tables").mkdir(parents=True)
        for name, table in self.tables().items():
            table.write_parquet(place / "tables" / f"{name}.parquet")
        files = {
            path.relative_to(place).as_posix(): result_folder.file_hash(path)
            for path in sorted(place.rglob("*.parquet"))
        }
        manifest = {
            "year": self.year,
            "settings": {"id": "small", "year": self.year, "index": self.index, **self.settings},
            "inputs": {},
            "files": files,
        }
        result_folder.write_json(place / result_folder.MANIFEST, manifest)
        return place


def _with(change: Callable[[World], object]) -> World:
    world = World(year=2026)
    change(world)
    return world


def _revise(world: World) -> None:
    world.values["p"][2] = 11.0


def _add_city(world: World) -> None:
    for name, value in (("p", 40.0), ("q", 1.0), ("r", 7.0)):
        world.values[name][7] = value
    world.sample.append(7)


def _drop_city(world: World) -> None:
    world.sample.remove(3)


def _reweigh(world: World) -> None:
    world.index["indicator"][0]["weight"] = 3


def _transform(world: World) -> None:
    world.index["indicator"][2]["transform"] = "none"


def _turn(world: World) -> None:
    world.index["indicator"][1]["direction"] = -1


def _floor(world: World) -> None:
    world.index["floor"] = 0.9


def _add_indicator(world: World) -> None:
    world.index["indicator"].append(_indicator("s", measure="strength"))
    world.values["s"] = {city: float(city * city % 7) for city in range(1, 7)}


def _drop_indicator(world: World) -> None:
    world.index["indicator"].pop()
    world.values.pop("r")


def _redefine(world: World) -> None:
    world.index["indicator"][0]["measure"] = "betweenness"
    world.values["p"] = {city: float(city % 4) for city in range(1, 7)}


def _source(world: World) -> None:
    world.index["indicator"][0]["year"] = 2024
    world.index["indicator"][0]["sources"] = ["t"]
    _revise(world)


ONE_THING = {
    _revise: "data",
    _source: "data",
    _add_city: "sample",
    _drop_city: "sample",
    _reweigh: "method",
    _transform: "method",
    _turn: "method",
    _add_indicator: "method",
    _drop_indicator: "method",
    _redefine: "method",
}


@pytest.mark.parametrize(("change", "part"), ONE_THING.items(), ids=lambda x: getattr(x, "__name__", x))
def test_one_known_thing_returns_just_that_thing(change: Callable[[World], object], part: str) -> None:
    made = compare(World().published(), _with(change).published("b"))
    tables = made.tables()
    for table, column in (("changes", "rank_change"), ("score_changes", "score_change")):
        frame = tables[table]
        assert (frame[f"by_{part}"] == frame[column]).all()
        for other in set(PARTS) - {part}:
            assert (frame[f"by_{other}"] == 0.0).all()
    assert (tables["score_changes"]["score_change"] != 0).any()
    assert made.rebuilt == (0, 0)


def test_tables_are_those_of_the_contract() -> None:
    tables = compare(World().published(), _with(_add_city).published("b")).tables()
    assert tables["changes"].columns == [
        "index", "city_id", "from_year", "to_year", "rank_change", "by_data", "by_sample", "by_method",
    ]  # fmt: skip
    assert tables["changes"].schema == comparison_of.CHANGES
    assert tables["changes"]["city_id"].to_list() == [1, 2, 3, 4, 5, 6]
    assert tables["changes"].row(0)[:4] == ("v", 1, 2025, 2026)
    assert tables["score_changes"].columns[4] == "score_change"
    apart = tables["entrants_leavers"]
    assert apart.select("city_id", "kind", "rank_from", "by_data").rows() == [(7, "entered", None, None)]


def test_all_three_at_once_add_up_and_flip() -> None:
    def everything(world: World) -> None:
        for change in (_revise, _add_city, _drop_city, _reweigh, _add_indicator):
            change(world)

    a, b = World().published(), _with(everything).published("b")
    there, back = compare(a, b).tables()["changes"], compare(b, a).tables()["changes"]
    total = there["by_data"] + there["by_sample"] + there["by_method"]
    assert (total == there["rank_change"]).all()
    for column in ("rank_change", "by_data", "by_sample", "by_method"):
        assert (there[column] == -back[column]).all()
    ranks = {name: dict(side.root.select("unit", "rank").rows()) for name, side in (("a", a), ("b", b))}
    for city, moved in there.select("city_id", "rank_change").rows():
        assert moved == ranks["b"][city] - ranks["a"][city]


def test_a_rank_lost_to_a_floor_is_method() -> None:
    apart = compare(World().published(), _with(_floor).published("b")).tables()["entrants_leavers"]
    assert apart.select("city_id", "kind", "by_data", "by_sample", "by_method").rows() == [
        (5, "lost_rank", 0.0, 0.0, -1.0),
        (6, "lost_rank", 0.0, 0.0, -1.0),
    ]


def test_a_first_source_is_data() -> None:
    before = World()
    before.index["indicator"][0] |= {"sources": []}
    for key in ("network", "measure", "field"):
        before.index["indicator"][0].pop(key)
    before.values["p"] = {}
    changes = compare(before.published(), _with(lambda _: None).published("b")).tables()["score_changes"]
    assert (changes["by_data"] == changes["score_change"]).all()
    assert (changes["by_data"] != 0).any()


def test_other_formulas_count_as_method() -> None:
    a, b = World(), World(year=2026)
    tables = b.tables()
    at_two = (pl.col("city_id") == 2) & (pl.col("node") == "v")
    other = tables["scores"].with_columns(score=pl.when(at_two).then(99.0).otherwise("score"))
    changed = Published(name="b", year=2026, tree=parse(b.index), **(tables | {"scores": other}))
    made = compare(a.published(), changed)
    assert made.rebuilt[0] == 0
    assert made.rebuilt[1] > 0
    row = made.tables()["changes"].filter(pl.col("city_id") == 2)
    assert row["rank_change"].item() < 0
    assert row["by_method"].item() == row["rank_change"].item()


def test_values_are_counted() -> None:
    def change(world: World) -> None:
        _revise(world)
        _add_city(world)
        world.values["q"][5] = 2.0
        world.values["p"][1] = None

    made = compare(World().published(), _with(change).published("b"))
    assert made.values == {"same": 15, "revised": 1, "new": 1, "gone": 1}


def test_indexes_and_tables_must_fit() -> None:
    def rename(world: World) -> None:
        world.index["id"] = "w"
        for entry in world.index["indicator"]:
            entry["parent"] = "w"

    with pytest.raises(ResultError, match="the index 'v' and b the index 'w'"):
        compare(World().published(), _with(rename).published("b"))
    a = World().published()
    tables = World().tables()
    odd = Published(
        name="b",
        year=2026,
        tree=a.tree,
        **(tables | {"scores": tables["scores"].rename({"score": "scores"})}),
    )
    with pytest.raises(UnknownNameError, match="b: the table 'scores': no column 'score'; did you mean"):
        compare(a, odd)
    more = tables["indicators"].with_columns(indicator=pl.col("indicator").replace("p", "pp"))
    with pytest.raises(ResultError, match="'pp', which is no indicator of 'v'"):
        compare(a, Published(name="b", year=2026, tree=a.tree, **(tables | {"indicators": more})))


def test_the_top_with_ties_and_without_ranks() -> None:
    a = pl.DataFrame({"unit": ["x", "y", "z"], "rank": [1, 2, 2]})
    b = pl.DataFrame({"unit": ["y", "z", "w"], "rank": [1, None, 2]})
    assert top(a, b, most=2).rows() == [
        ("w", "entered", None, 2),
        ("x", "left", 1, None),
        ("z", "left", 2, None),
    ]
    groups = pl.DataFrame({"unit": ["x", "y", "z"], "group": ["S", "N", "S"]})
    assert counts(a, b, groups, most=2).rows() == [("N", 1, 1, 0), (None, 0, 1, 1), ("S", 2, 0, -2)]


# --- folders


def _run(a: Path, b: Path, out: Path) -> str:
    stream = io.StringIO()
    assert comparing.run(a, b, out=out, stream=stream, top_size=3) == 0
    return stream.getvalue()


def test_folders_are_compared_and_tables_written(tmp_path: Path) -> None:
    def change(world: World) -> None:
        _reweigh(world)
        _add_city(world)
        world.settings["networks"] = {"counting": "full"}

    a = World(settings={"networks": {"counting": "fractional"}}).write(tmp_path / "a")
    b = _with(change).write(tmp_path / "b")
    out = tmp_path / "out"
    said = _run(a, b, out)
    for words in (
        "v: a (2025) -> b (2026)",
        "cities: 6 -> 7, of which 6 are ranked in both; 1 came into the sample",
        "18 the same, 0 revised",
        "settings.index.indicator.p.weight: 1 -> 3",
        "settings.networks.counting: fractional -> full",
        "settings.networks act before the values",
        "data 0 %",
        "top 3 by region",
        "City 7 (no rank -> 1)",
    ):
        assert words in said
    names = {"changes", "score_changes", "entrants_leavers", "top_moves", "top_regions"}
    assert {p.name for p in out.iterdir()} == {f"{n}.{end}" for n in names for end in ("csv", "parquet")}
    first = {p.name: p.read_bytes() for p in out.iterdir()}
    assert _run(a, b, out) == said
    assert {p.name: p.read_bytes() for p in out.iterdir()} == first
    assert result_folder.differences(a, result_folder.read_manifest(a)) == []


def test_the_same_folder_twice(tmp_path: Path) -> None:
    a = World().write(tmp_path / "a")
    said = _run(a, a, tmp_path / "out")
    assert "settings, inputs and program: the same" in said
    assert "ranks: 0 of 6 moved" in said


def test_a_tie_for_the_lead_names_both(tmp_path: Path) -> None:
    def tie(world: World) -> None:
        for name in world.values:
            world.values[name] |= {3: 500.0, 4: 500.0}

    said = _run(World().write(tmp_path / "a"), _with(tie).write(tmp_path / "b"), tmp_path / "out")
    assert "leader: City 4 -> City 3, City 4" in said


def _text(path: Path, change: Callable[[dict[str, Any]], object]) -> None:
    manifest = json.loads(path.read_text(encoding="utf-8"))
    change(manifest)
    result_folder.write_json(path, manifest)


def test_folders_that_are_wrong(tmp_path: Path) -> None:
    a = World().write(tmp_path / "a")
    out = tmp_path / "out"
    with pytest.raises(ResultError, match="is no result of Cosmopolis"):
        _run(a, tmp_path, out)
    tampered = World().write(tmp_path / "tampered")
    table = tampered / "tables" / "scores.parquet"
    pl.read_parquet(table).with_columns(pl.col("score") + 1).write_parquet(table)
    with pytest.raises(ResultError, match=r"tables/scores.parquet: is not what the manifest says"):
        _run(a, tampered, out)
    table.unlink()
    with pytest.raises(ResultError, match=r"tables/scores.parquet: is missing"):
        _run(a, tampered, out)
    unlisted = World().write(tmp_path / "unlisted")
    (unlisted / "tables" / "cities.parquet").unlink()
    _text(unlisted / "manifest.json", lambda m: m["files"].pop("tables/cities.parquet"))
    with pytest.raises(ResultError, match=r"tables/cities.parquet is not in the manifest.json"):
        _run(a, unlisted, out)
    old = World().write(tmp_path / "old")
    _text(old / "manifest.json", lambda m: m["settings"]["index"].update(flor=1))
    with pytest.raises(ResultError, match=r"not of this version: .*unknown key 'flor'; did you mean 'floor'"):
        _run(a, old, out)
    _text(old / "manifest.json", lambda m: m.pop("settings"))
    with pytest.raises(ResultError, match="no settings of an index"):
        _run(a, old, out)
    with pytest.raises(ResultError, match="lies in the result"):
        _run(a, a, a / "tables")
    (tmp_path / "file").write_text("", encoding="utf-8")
    with pytest.raises(ResultError, match="cannot write to"):
        _run(a, a, tmp_path / "file")
    assert not out.exists()


def test_settings_are_compared_key_by_key() -> None:
    before = {"a": [1, 2], "b": {"c": 1}, "list": [{"id": "x", "w": 1}, {"id": "y", "w": 1}], "gone": 1}
    after = {"a": [2, 1], "b": {"c": 1.5}, "list": [{"id": "y", "w": 2}, {"id": "x", "w": 1}], "new": 0}
    found = [(d.key, d.before, d.after) for d in comparing.differences(before, after)]
    assert found == [
        ("a", [1, 2], [2, 1]),
        ("b.c", 1, 1.5),
        ("gone", 1, None),
        ("list.y.w", 1, 2),
        ("new", None, 0),
    ]


def test_a_comparison_can_be_had_without_folders() -> None:
    made = compare(World().published(), _with(_revise).published("b"))
    assert isinstance(made, Comparison)
    assert next(comparing.summary(made, [])).startswith("v: a (2025) -> b (2026)")


@pytest.mark.parametrize(
    ("settings", "part"),
    [
        ({"sample": {"largest": 7}}, "sample"),
        ({"networks": {"reach_km": 300.0}}, "method"),
        ({"networks": {"reach_km": 300.0}, "sample": {"largest": 7}}, "data"),
    ],
)
def test_values_revised_from_the_same_inputs_have_another_cause(
    tmp_path: Path, settings: dict[str, Any], part: str
) -> None:
    def change(world: World) -> None:
        _revise(world)
        world.settings = settings

    before = {"sample": {"largest": 6}, "networks": {"reach_km": 500.0}}
    a = World(settings={key: before[key] for key in settings}).write(tmp_path / "a")
    b = _with(change).write(tmp_path / "b")
    _run(a, b, tmp_path / "out")
    changes = pl.read_parquet(tmp_path / "out" / "changes.parquet")
    assert (changes["rank_change"] != 0).any()
    for name in PARTS:
        assert (changes[f"by_{name}"].to_list() == changes["rank_change"].to_list()) == (name == part)
        assert (changes[f"by_{name}"] == 0).all() == (name != part)
