"""Trade between countries: units, codes of old and of no country, a table of one's own, the real files."""

import gzip
from pathlib import Path

import polars as pl
import pytest

from cosmopolis.records import admit
from cosmopolis.sources import bilateral_trade, former_countries, trade_table
from cosmopolis.sources.catalog import load

EXPORTS = """"exp","imp","time","export","id","agreement"
"XAA","ROM","2012",2500000,0,"x"
"YUG","SVU","1988",1e6,0,""
"YUG","XAA","2004",3e6,0,""
"BLX","UNS","2012",0,0,""
"""
PAIRS = "Country Code_source,Country Code_target,BTV\nXAA,TMP,1.25E+9\n"
DATA = Path(__file__).parents[3] / "shared" / "data" / "bilateral-trade"


def _read(folder: Path) -> dict[str, pl.DataFrame]:
    (folder / bilateral_trade.EXPORTS).write_bytes(gzip.compress(EXPORTS.encode()))
    (folder / bilateral_trade.BOTH_WAYS).write_text(PAIRS, encoding="utf-8")
    files = {name: folder / name for name in (bilateral_trade.EXPORTS, bilateral_trade.BOTH_WAYS)}
    return {raw.part: admit(raw).frame for raw in bilateral_trade.read(files)}


def test_millions_and_the_codes_of_today(tmp_path: Path) -> None:
    parts = _read(tmp_path)
    assert parts["trade"].rows() == [
        (1, 2012, "XAA", "ROU", 2.5),
        (2, 1988, "YUG", "RUS", 1.0),
        (3, 2004, "SRB", "XAA", 3.0),
        (4, 2012, "BEL", "UNS", 0.0),
    ]
    assert parts["both_ways"].rows() == [(1, 2015, "XAA", "TLS", 1250.0)]


def test_a_state_has_its_letters_until_its_last_year() -> None:
    for state in former_countries.FORMER:
        assert former_countries.iso3_of(state.iso3, state.last_year) == state.iso3
        after = former_countries.iso3_of(state.iso3, state.last_year + 1)
        assert after == (state.then or state.iso3)
    codes = [state.code for state in former_countries.FORMER]
    assert codes == sorted(set(codes))
    assert all(
        code.startswith(state.iso2) for code, state in zip(codes, former_countries.FORMER, strict=True)
    )
    # no letters lead to others that are themselves written otherwise
    assert not set(former_countries.RENAMED.values()) & set(former_countries.RENAMED)
    assert not set(former_countries.NO_COUNTRY) & set(former_countries.RENAMED)


def test_rows_of_ones_own_are_numbered_through_all_files(tmp_path: Path) -> None:
    head = "Year,Origin,Destination,Value_MUSD,remark\n"
    (tmp_path / "a.csv").write_text(head + "1990,XAA,ZAR,5,x\nsoon,XAA,XBB,5,x\n", encoding="utf-8")
    pl.DataFrame(
        {"year": [2000], "origin": ["YUG"], "destination": ["XAA"], "value_musd": [2.5]}
    ).write_parquet(tmp_path / "b.parquet")
    files = {name: tmp_path / name for name in ("b.parquet", "a.csv")}
    admitted = [admit(raw) for raw in trade_table.read(files)]
    assert pl.concat([one.frame for one in admitted]).rows() == [
        (1, 1990, "XAA", "COD", 5.0),
        (3, 2000, "SRB", "XAA", 2.5),
    ]
    assert pl.concat([one.quarantine for one in admitted]).select("row", "column").rows() == [(2, "year")]


@pytest.mark.real
def test_the_real_files() -> None:
    """World exports of 2012 were 18.3 trillion dollars (World Trade Organization, press release 688)."""
    files = {file.name: DATA / file.name for file in load()["bilateral-trade"].files}
    if not all(path.is_file() for path in files.values()):
        pytest.skip("the files of bilateral-trade are not in the folder of real data")
    frames: dict[str, list[pl.DataFrame]] = {}
    away = 0
    for raw in bilateral_trade.read(files):
        admitted = admit(raw)
        frames.setdefault(raw.part, []).append(admitted.frame)
        away += admitted.quarantine.height
    trade, pairs = pl.concat(frames["trade"]), pl.concat(frames["both_ways"])
    assert (trade.height + pairs.height, away) == (316_317 + 12_933 - 50, 50)  # ZW1, Rhodesia and Nyasaland
    assert sorted(set(trade["year"])) == list(range(1964, 2017, 4))
    world_trillion = float(trade.filter(year=2012)["value_musd"].to_numpy().sum()) / 1e6
    assert 0.8 * 18.3 < world_trillion < 18.3
    (to_america,) = trade.filter(year=2012, origin="CHN", destination="USA")["value_musd"]
    (both_ways,) = pairs.filter(origin="CHN", destination="USA")["value_musd"]
    assert to_america == pytest.approx(352_000, rel=0.01)  # China's customs: 352 billion dollars
    assert 1.2 * to_america < both_ways < 2 * to_america  # of 2015, both directions, the same unit
