"""Workbooks: read as written, equal builds give equal files, and mistakes are said."""

import importlib.util
import sys
from pathlib import Path

import orjson
import polars as pl
import pytest

from cosmopolis.errors import CosmopolisError, FormatError, ResultError, SpecError
from cosmopolis.index import command, engine, excel

HAS = pytest.mark.skipif(
    not all(importlib.util.find_spec(name) for name in ("fastexcel", "xlsxwriter")),
    reason="fastexcel and xlsxwriter are not installed",
)
DATA = pl.DataFrame(
    {
        "unit": ["NA", "BE", "CN"],
        "name": ["Namibia", "Belgium", "China"],
        "air": [1.0, 4.0, None],
        "delay": [5.5, 2.0, 1.0],
        "region": ["x", "y", "x"],
    }
)
METADATA = pl.DataFrame(
    {
        "iCode": ["v", "links", "air", "delay", "region"],
        "Parent": [None, "v", "links", "links", None],
        "Type": ["Aggregate", "Aggregate", "Indicator", "Indicator", "Group"],
        "Direction": [None, None, 1, -1, None],
        "Weight": [None, 1.0, 2.0, 1.0, None],
    }
)
STEPS = pl.DataFrame(
    {
        "step": ["impute", "normalise", "aggregate"],
        "method": ["group-mean", None, "power"],
        "settings": ['group = "region"', "range = [0, 10]", "p = 2"],
    }
)
SETTINGS = pl.DataFrame({"key": ["floor", "allow", "name"], "value": ["0.25", '["constant"]', "name"]})
SHEETS = {"data": DATA, "metadata": METADATA, "steps": STEPS, "settings": SETTINGS}


@HAS
def test_a_workbook_is_read_as_it_is_written(tmp_path: Path) -> None:
    excel.write_frames(SHEETS, tmp_path / "v.xlsx")
    spec, frame = excel.read(tmp_path / "v.xlsx")
    assert (spec.tree.floor, spec.allow, spec.place.name) == (0.25, ("constant",), "name")
    assert [(s.name, s.method, dict(s.settings)) for s in spec.steps] == [
        ("impute", "group-mean", {"group": "region"}),
        ("normalise", "min-max", {"range": [0, 10]}),
        ("aggregate", "power", {"p": 2}),
    ]
    built = engine.build(spec, frame)
    assert built.units == ("BE", "CN", "NA")
    assert built.data.names["NA"] == "Namibia"
    assert built.stage("impute").changed == 1


@HAS
def test_the_shortest_workbook(tmp_path: Path) -> None:
    excel.write_frames({"data": DATA, "metadata": METADATA}, tmp_path / "v.xlsx")
    spec, frame = excel.read(tmp_path / "v.xlsx")
    assert [s.name for s in spec.steps] == ["normalise", "aggregate"]
    assert engine.build(spec, frame).results["unit"].to_list() == ["CN", "BE", "NA"]


@HAS
def test_equal_builds_give_equal_files(tmp_path: Path) -> None:
    excel.write_frames(SHEETS, tmp_path / "v.xlsx")
    assert command.run(tmp_path / "v.xlsx", tmp_path / "a") == 0
    assert command.run(tmp_path / "v.xlsx", tmp_path / "b") == 0
    files = sorted(path.name for path in (tmp_path / "a").iterdir())
    assert files == sorted(
        [f"{t}.{e}" for t in ("indicators", "results", "scores", "weights") for e in ("csv", "parquet")]
        + ["index.xlsx", "log.json"]
    )
    for name in files:
        assert (tmp_path / "a" / name).read_bytes() == (tmp_path / "b" / name).read_bytes(), name
    built = engine.build(*excel.read(tmp_path / "v.xlsx"))
    assert excel.sheet(tmp_path / "a" / "index.xlsx", "results").equals(built.results)
    assert excel.sheet(tmp_path / "a" / "index.xlsx", "impute report").row(0) == ("air", 1, 0)


@HAS
@pytest.mark.parametrize(
    ("change", "words"),
    [
        (
            {"data": DATA.with_columns(air=pl.Series(["1", "many", None]))},
            "'air' has the text 'many' for unit 'BE'",
        ),
        (
            {"metadata": METADATA.with_columns(Parent=pl.Series([None, "v", "link", "links", None]))},
            "'link', which",
        ),
        ({"metadata": METADATA.with_columns(Weight=pl.Series(["1", "1", "x", "1", None]))}, "Weight = 'x'"),
        ({"metadata": METADATA.with_columns(Weight=pl.Series([1.0, 1, -1, 1, None]))}, "weight = -1"),
        ({"steps": STEPS.with_columns(settings=pl.lit("group: x"))}, "expected such as group = 'region'"),
        ({"steps": STEPS.with_columns(step=pl.lit("imput"))}, "no step 'imput'; did you mean 'impute'"),
        (
            {"steps": STEPS.rename({"settings": "setting"})},
            "unknown column 'setting'; did you mean 'settings'",
        ),
        ({"steps": STEPS.with_columns(settings=pl.lit("method = 'x'"))}, "'method' has its own column"),
        ({"settings": SETTINGS.with_columns(key=pl.lit("flor"))}, "no setting 'flor'; did you mean 'floor'"),
        ({"settings": pl.DataFrame({"key": ["scale"], "value": ["pool"]})}, "no scale 'pool'"),
    ],
)
def test_mistakes_are_said(change: dict[str, pl.DataFrame], words: str, tmp_path: Path) -> None:
    excel.write_frames({**SHEETS, **change}, tmp_path / "v.xlsx")
    with pytest.raises(CosmopolisError, match=words):
        engine.build(*excel.read(tmp_path / "v.xlsx"))


@HAS
def test_a_missing_sheet_and_a_broken_file_are_said(tmp_path: Path) -> None:
    excel.write_frames({"Data": DATA, "metadata": METADATA}, tmp_path / "v.xlsx")
    with pytest.raises(SpecError, match="no sheet 'data'; did you mean 'Data'"):
        excel.read(tmp_path / "v.xlsx")
    (tmp_path / "broken.xlsx").write_text("no workbook", encoding="utf-8")
    with pytest.raises(FormatError, match="cannot read broken"):
        excel.read(tmp_path / "broken.xlsx")
    with pytest.raises(SpecError, match="there is no workbook"):
        excel.sheet(tmp_path / "no.xlsx", "data")
    with pytest.raises(ResultError, match="cannot write"):
        excel.write_frames(SHEETS, tmp_path / "no" / "v.xlsx")


def test_without_the_extra_the_way_on_is_said(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "fastexcel", None)
    monkeypatch.setitem(sys.modules, "xlsxwriter", None)
    with pytest.raises(SpecError, match=r"needs fastexcel; install cosmopolis\[excel\]"):
        excel.read(tmp_path / "v.xlsx")
    with pytest.raises(ResultError, match="needs xlsxwriter"):
        excel.write_frames(SHEETS, tmp_path / "v.xlsx")


def test_the_command_builds_from_toml_and_csv(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    DATA.write_csv(tmp_path / "v.csv")
    (tmp_path / "v.toml").write_text(
        'id = "v"\n[data]\nfile = "v.csv"\n[[indicator]]\nid = "air"\nparent = "v"\n', encoding="utf-8"
    )
    assert command.run(tmp_path / "v.toml", tmp_path / "out") == 0
    printed = capsys.readouterr()
    assert printed.out == f"{tmp_path / 'out'}\n"
    assert "normalise: 1 indicator normalised by min-max to [0, 100]" in printed.err
    scores = pl.read_parquet(tmp_path / "out" / "scores.parquet")
    assert scores.select("unit", "score").rows() == [("BE", 100.0), ("CN", None), ("NA", 0.0)]
    log = orjson.loads((tmp_path / "out" / "log.json").read_bytes())
    assert [entry["step"] for entry in log] == ["normalise", "aggregate"]
    with pytest.raises(SpecError, match="there is no specification"):
        command.run(tmp_path / "w.toml", tmp_path / "out")


def test_years_are_scaled_by_their_own_or_by_all(tmp_path: Path) -> None:
    pl.DataFrame(
        {"unit": ["A", "B", "A", "B"], "year": [2020, 2020, 2021, 2021], "x": [0, 5, 5, 10]}
    ).write_csv(tmp_path / "v.csv")
    for scale, expected in (("own", [0.0, 100.0, 0.0, 100.0]), ("pooled", [0.0, 50.0, 50.0, 100.0])):
        (tmp_path / "v.toml").write_text(
            f'id = "v"\n[data]\nfile = "v.csv"\nyear = "year"\nscale = "{scale}"\n'
            '[[indicator]]\nid = "x"\nparent = "v"\n',
            encoding="utf-8",
        )
        assert command.run(tmp_path / "v.toml", tmp_path / scale) == 0
        scores = pl.read_parquet(tmp_path / scale / "scores.parquet")
        assert scores["year"].to_list() == [2020, 2020, 2021, 2021]
        assert scores["score"].to_list() == expected
