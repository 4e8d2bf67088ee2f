"""Trees are read as written, and each mistake has one clear answer."""

import copy
import tomllib
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from cosmopolis.errors import SpecError
from cosmopolis.index.tree import parse

SETTINGS: dict[str, Any] = tomllib.loads(
    (Path(__file__).parents[1] / "golden" / "index.toml").read_text(encoding="utf-8")
)["tree"]


def test_a_tree_is_read_as_it_is_written() -> None:
    tree = parse(SETTINGS)
    assert tree.id == "demo"
    assert tree.range == (0.0, 100.0)
    assert [child.id for child in tree.children("links")] == ["air", "delay"]
    assert tree.upward() == ("links", "knowledge", "demo")
    air, delay, _ = tree.indicators
    assert (air.year, air.direction, air.sources) == (2022, 1, ("invented",))
    assert (delay.year, delay.direction, delay.transform, delay.downscaled) == (None, -1, "none", False)


def test_effective_weights_multiply_down_the_tree() -> None:
    weights = parse(SETTINGS).effective_weights()
    assert weights == pytest.approx({"air": 0.5, "delay": 1 / 6, "papers": 1 / 3})
    assert sum(weights.values()) == pytest.approx(1.0)


def test_the_order_of_nodes_in_the_file_is_free() -> None:
    settings = copy.deepcopy(SETTINGS)
    settings["node"].insert(
        0, {"id": "sub", "parent": "links", "weight": 1, "name": settings["node"][0]["name"]}
    )
    settings["indicator"][0]["parent"] = "sub"
    assert parse(settings).upward() == ("sub", "links", "knowledge", "demo")


def _set(*path: str | int, value: Any) -> Callable[[dict[str, Any]], None]:  # noqa: ANN401
    def change(settings: dict[str, Any]) -> None:
        at: Any = settings
        for key in path[:-1]:
            at = at[key]
        at[path[-1]] = value

    return change


def _drop(*path: str | int) -> Callable[[dict[str, Any]], None]:
    def change(settings: dict[str, Any]) -> None:
        at: Any = settings
        for key in path[:-1]:
            at = at[key]
        del at[path[-1]]

    return change


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (_set("indicator", 0, "parent", value="link"), r"'air' has the parent 'link'.*did you mean 'links'"),
        (_set("node", 0, "parent", value="demoo"), r"'links' has the parent 'demoo'.*did you mean 'demo'"),
        (_set("node", 0, "parent", value="links"), r"circle, links -> links"),
        (_set("indicator", 0, "weight", value=0), r"'air': got weight = 0, but expected a number above 0"),
        (_set("indicator", 0, "weight", value=float("inf")), r"got weight = inf"),
        (_set("indicator", 0, "weight", value="3"), r"got weight = '3', but expected a number"),
        (_set("indicator", 1, "id", value="air"), r"the id 'air' is given twice"),
        (_set("indicator", 1, "id", value="demo"), r"the id 'demo' is given twice"),
        (_set("indicator", 0, "wieght", value=1), r"'air': unknown key 'wieght'; did you mean 'weight'"),
        (_set("flor", value=1), r"unknown key 'flor'; did you mean 'floor'"),
        (_set("indicator", 0, "direction", value=0), r"got direction = 0, but expected 1"),
        (_set("indicator", 0, "direction", value=True), r"got direction = True, but expected a whole number"),
        (_set("indicator", 0, "transform", value="log"), r"no transform 'log'; did you mean 'log1p'"),
        (_set("indicator", 0, "sources", value=[1]), r"expected a list of source ids"),
        (_set("indicator", 0, "year", value="2022"), r"got year = '2022', but expected a whole number"),
        (_set("floor", value=1.5), r"got floor = 1.5, but expected a share"),
        (_set("floor", value=float("nan")), r"got floor = nan, but expected a number"),
        (_set("range", value=[100, 0]), r"expected \[low, high\] with low < high"),
        (_set("name", value={"en": "Demo"}), r"name: the key 'zh' is missing"),
        (_set("name", value="Demo"), r"got name = 'Demo'"),
        (_set("name", "fr", value="Démo"), r"unknown key 'fr'"),
        (_set("node", value={"id": "x"}), r"'node' must be a list of tables"),
        (_drop("indicator", 2), r"node 'knowledge' has nothing below it"),
        (_drop("indicator", 0, "direction"), r"'air': the key 'direction' is missing"),
        (_drop("node", 0, "id"), r"a node without id: the key 'id' is missing"),
        (_drop("id"), r"an index: the key 'id' is missing"),
    ],
)
def test_each_mistake_has_one_clear_answer(change: Callable[[dict[str, Any]], None], words: str) -> None:
    settings = copy.deepcopy(SETTINGS)
    change(settings)
    with pytest.raises(SpecError, match=words):
        parse(settings)


def test_a_circle_of_nodes_is_named_all_round() -> None:
    settings = copy.deepcopy(SETTINGS)
    settings["node"][0]["parent"] = "knowledge"
    settings["node"][1]["parent"] = "links"
    with pytest.raises(SpecError, match=r"circle, links -> knowledge -> links; one must hang from 'demo'"):
        parse(settings)
