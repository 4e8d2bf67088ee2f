"""Specifications are read as written, and each mistake has one clear answer."""

import copy
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from cosmopolis.errors import CosmopolisError, SpecError, UnknownNameError
from cosmopolis.index import catalogue, files, metadata, spec
from cosmopolis.index.tree import Method

SETTINGS: dict[str, Any] = {
    "id": "v",
    "floor": 0.5,
    "allow": ["constant"],
    "data": {"file": "v.csv", "unit": "city"},
    "node": [
        {"id": "links", "parent": "v", "weight": 2, "aggregation": "geometric"},
        {"id": "money", "parent": "v", "name": {"en": "Money", "zh": "资金"}, "floor": 0.8},
    ],
    "indicator": [
        {"id": "air", "parent": "links", "denominator": "people", "transform": "log1p"},
        {"id": "delay", "parent": "links", "direction": -1, "weight": 0, "goalposts": [0, 60]},
        {"id": "banks", "parent": "money", "target": 9, "normalisation": {"method": "z-score", "mean": 50}},
    ],
    "step": [
        {"name": "denominate"},
        {"name": "transform"},
        {"name": "impute", "method": "group-mean", "group": "region"},
        {"name": "normalise"},
        {"name": "aggregate", "method": "power", "p": 0.5},
    ],
}


def test_a_specification_is_read_as_it_is_written() -> None:
    found = spec.from_mapping(SETTINGS)
    assert found.codes == ("air", "delay", "banks")
    assert found.tree.downward() == ("v", "links", "money")
    assert (found.denominators, found.groups) == (("people",), ("region",))
    assert found.tree.aggregation_of("links") == Method(name="geometric")
    assert found.tree.aggregation_of("v") is None
    assert (found.tree.floor_of("links"), found.tree.floor_of("money")) == (0.5, 0.8)
    assert found.tree.nodes[0].name == {"en": "links", "zh": "links"}
    assert found.tree.nodes[1].name["zh"] == "资金"
    assert found.tree.indicators[2].normalisation == Method(name="z-score", settings={"mean": 50})
    assert found.steps[2].settings == {"group": "region"}
    assert found.steps[3].method == "min-max"
    assert found.place.unit == "city"


def test_the_shortest_way_does_nothing_unasked() -> None:
    short = {key: SETTINGS[key] for key in ("id", "node", "indicator")}
    steps = spec.from_mapping(short).steps
    assert [(s.name, s.method) for s in steps] == [
        ("denominate", "ratio"),
        ("transform", "given"),
        ("normalise", "min-max"),
        ("aggregate", "arithmetic"),
    ]


def test_an_indicator_or_a_node_is_left_out_with_what_is_left_empty() -> None:
    found = spec.from_mapping(SETTINGS)
    assert found.without("money").codes == ("air", "delay")
    assert [node.id for node in found.without("banks").tree.nodes] == ["links"]
    with pytest.raises(SpecError, match="nothing is left"):
        found.without("links", "money")
    with pytest.raises(SpecError, match="no 'bank'; did you mean 'banks'"):
        found.without("bank")
    with pytest.raises(SpecError, match="all that hangs below 'links' has weight 0"):
        found.without("air")


def test_a_weight_is_replaced_by_code() -> None:
    found = spec.from_mapping(SETTINGS).reweighted({"links": 1, "delay": 3})
    assert found.tree.effective_weights() == pytest.approx({"air": 0.125, "delay": 0.375, "banks": 0.5})
    with pytest.raises(SpecError, match="no 'delays' to weigh; did you mean 'delay'"):
        found.reweighted({"delays": 1})


def _set(*path: str | int, value: Any) -> Callable[[dict[str, Any]], None]:  # noqa: ANN401
    def change(settings: dict[str, Any]) -> None:
        at: Any = settings
        for key in path[:-1]:
            at = at[key]
        at[path[-1]] = value

    return change


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (_set("indicator", 0, "parent", value="link"), r"'air' has the parent 'link'.*did you mean 'links'"),
        (_set("node", 0, "parent", value="links"), r"circle, links -> links"),
        (
            _set("indicator", 0, "weight", value=-1),
            r"'air': got weight = -1, but expected a number of at least",
        ),
        (_set("indicator", 0, "weight", value="3"), r"'air': got weight = '3', but expected a number"),
        (_set("indicator", 0, "weight", value=0), r"all that hangs below 'links' has weight 0"),
        (_set("indicator", 1, "id", value="air"), r"the id 'air' is given twice"),
        (_set("indicator", 0, "wieght", value=1), r"unknown key 'wieght'; did you mean 'weight'"),
        (_set("indicator", 0, "direction", value=2), r"got direction = 2, but expected 1"),
        (_set("indicator", 1, "goalposts", value=[60, 0]), r"got goalposts = \[60, 0\], but expected \[low"),
        (_set("indicator", 0, "transform", value="sqr"), r"no transform 'sqr'; did you mean 'sqrt'"),
        (_set("indicator", 0, "sources", value="a"), r"got sources = 'a', but expected a list"),
        (_set("node", 1, "name", value={"fr": "Argent"}), r"unknown key 'fr'"),
        (
            _set("node", 0, "aggregation", value="geometrical"),
            r"no method 'geometrical'; did you mean 'geometr",
        ),
        (_set("node", 0, "aggregation", value={"p": 1}), r"the key 'method' is missing"),
        (_set("allow", value=["constants"]), r"nothing to allow called 'constants'; did you mean 'constant'"),
        (_set("allow", value="constant"), r"expected a list"),
        (_set("floor", value=2), r"got floor = 2, but expected a share"),
        (_set("data", "fil", value="x"), r"data: unknown key 'fil'; did you mean 'file'"),
        (_set("data", "scale", value="pool"), r"no scale 'pool'; did you mean 'pooled'"),
        (_set("data", "metadata", value="m.csv"), r"either data.metadata or the tables"),
        (_set("data", value="v.csv"), r"expected a table \[data\]"),
        (_set("step", 0, "name", value="denominat"), r"no step 'denominat'; did you mean 'denominate'"),
        (
            _set("step", 2, "method", value="groupmean"),
            r"has no method 'groupmean'; did you mean 'group-mean'",
        ),
        (_set("step", 2, "grup", value="x"), r"no setting 'grup'; did you mean 'group'"),
        (_set("step", 0, "scal", value=1), r"no setting 'scal'; did you mean 'scale'"),
        (_set("step", 4, "p", value="2"), r"'aggregate' got p = '2', but expected a number"),
        (_set("step", 2, "group", value=3), r"'impute' got group = 3, but expected text"),
        (_set("step", 3, "range", value=[1, 0]), r"got range = \[1, 0\], but expected \[low, high\]"),
        (_set("step", 0, "scale", value={"people": "k"}), r"expected a number, or a table of numbers"),
        (_set("step", 4, value={"name": "weigh"}), r"expected one 'aggregate', the last"),
        (_set("step", 3, value={"name": "screen", "units": 0.5}), r"of 'delay' less is better"),
        (
            _set("step", 0, value={"name": "weigh"}),
            r"'air' has a denominator, but there is no step 'denominate'",
        ),
        (_set("step", 0, value={"name": "normalise"}), r"'normalise' stands 2 times"),
    ],
)
def test_each_mistake_is_one_clear_error(change: Callable[[dict[str, Any]], None], words: str) -> None:
    settings = copy.deepcopy(SETTINGS)
    change(settings)
    with pytest.raises(CosmopolisError, match=words) as raised:
        spec.from_mapping(settings)
    assert "\n" not in str(raised.value)


def test_an_own_function_takes_values_and_weights_by_keyword() -> None:
    catalogue.step("aggregate", lambda *, values, weights: float(values @ weights))
    for wrong in (sum, lambda values: 0.0, lambda a, b: 0.0):  # noqa: ARG005
        with pytest.raises(SpecError, match=r"cannot be called as f\(values=\.\.\., weights=\.\.\.\)"):
            catalogue.step("aggregate", wrong)
    with pytest.raises(SpecError, match="takes no own function"):
        catalogue.step("normalise", lambda *, values, weights: 0.0)  # noqa: ARG005


ROWS: list[dict[str, Any]] = [
    {"Level": 1, "iCode": "air", "Parent": "links", "Type": "Indicator", "Weight": "2", "Direction": "-1.0"},
    {
        "Level": 2,
        "iCode": "links",
        "Parent": "v",
        "Type": "Aggregate",
        "Aggregation": "{method='power', p=2}",
    },
    {"Level": 3, "iCode": "v", "Parent": None, "Type": "Aggregate", "iName": "Vitality"},
    {"Level": None, "iCode": "people", "Parent": "", "Type": "Denominator"},
    {"Level": None, "iCode": None, "Parent": None, "Type": None},
]


def test_a_tree_is_read_from_metadata() -> None:
    found = metadata.tree_of(ROWS)
    assert (found.id, found.name["zh"]) == ("v", "Vitality")
    assert (found.indicators[0].direction, found.indicators[0].weight) == (-1, 2.0)
    assert found.aggregation_of("links") == Method(name="power", settings={"p": 2})
    more = [{**ROWS[0], "Goalpost_low": 1, "Goalpost_high": 5, "Source": "a; b"}, *ROWS[1:]]
    assert metadata.tree_of(more).indicators[0].goalposts == (1.0, 5.0)
    assert metadata.tree_of(more).indicators[0].sources == ("a", "b")


@pytest.mark.parametrize(
    ("row", "change", "words"),
    [
        (0, {"Weight": "two"}, r"line 2: got Weight = 'two', but expected a number"),
        (0, {"Typ": "x"}, r"line 2: unknown column 'Typ'; did you mean 'Type'"),
        (0, {"Type": "Indikator"}, r"got the Type 'Indikator', but expected one; did you mean 'Indicator'"),
        (0, {"Direction": 0.5}, r"got direction = 0.5, but expected a whole number"),
        (0, {"Goalpost_low": 1}, r"got goalposts = \[1\]"),
        (1, {"Parent": None}, r"expected one row of Type 'Aggregate' without a Parent.* got 'links', 'v'"),
        (2, {"Parent": "links"}, r"without a Parent, the root; got none"),
    ],
)
def test_mistakes_in_metadata_are_said(row: int, change: dict[str, Any], words: str) -> None:
    rows = [{**one, **change} if at == row else one for at, one in enumerate(ROWS)]
    with pytest.raises(SpecError, match=words):
        metadata.tree_of(rows)


def test_files_that_cannot_be_read_are_said(tmp_path: Path) -> None:
    with pytest.raises(SpecError, match="cannot read the specification"):
        spec.load(tmp_path / "no.toml")
    (tmp_path / "bad.toml").write_text("id = ", encoding="utf-8")
    with pytest.raises(SpecError, match=r"bad\.toml is not TOML"):
        spec.load(tmp_path / "bad.toml")
    (tmp_path / "binary.toml").write_bytes(b"\xff\xfe")
    with pytest.raises(SpecError, match="not text in UTF-8"):
        spec.load(tmp_path / "binary.toml")
    with pytest.raises(SpecError, match="no data file"):
        files.frame(tmp_path / "no.csv")
    with pytest.raises(SpecError, match=r"expected \.csv, \.parquet or \.xlsx"):
        files.frame(tmp_path / "bad.toml")


def test_every_setting_of_the_catalogue_has_a_kind() -> None:
    for name in catalogue.STEPS:
        for method, allowed in catalogue.methods(name).items():
            for setting in allowed:
                with pytest.raises(SpecError, match=f"got {setting} = <object.*but expected"):
                    catalogue.step(name, method, {setting: object()})


def test_an_unknown_step_is_an_error() -> None:
    with pytest.raises(UnknownNameError, match="no step 'normalize'; did you mean 'normalise'"):
        catalogue.methods("normalize")
