"""Pages on cities: those that a build writes, and the command that makes one from a result folder alone."""

import json
import re
import shutil
from html import unescape
from html.parser import HTMLParser
from pathlib import Path

import polars as pl
import pytest
import world
from world import facts
from world.killed import draw_nothing
from world.run import run

from cosmopolis.pipeline import profiling
from cosmopolis.pipeline.profiling import city_of, read_result
from cosmopolis.publish import report
from cosmopolis.publish.profile import page

_TAG = re.compile(r"<[^>]+>")


def _text(path: Path) -> str:
    """Return what a reader reads of a page, without style, script and tags."""
    text = path.read_text(encoding="utf-8")
    text = re.sub(r"<(style|script|title|desc)\b.*?</\1>", " ", text, flags=re.DOTALL)
    return " ".join(unescape(_TAG.sub(" ", text)).split())


@pytest.fixture
def drawn_profiles(monkeypatch: pytest.MonkeyPatch) -> None:
    """Leave the drawings out of the report alone."""
    monkeypatch.setattr(report, "write", draw_nothing)


class _Addresses(HTMLParser):
    """Collects what a page refers to."""

    def __init__(self) -> None:
        super().__init__()
        self.links: list[str] = []
        self.loads: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Collect addresses: of links, and of what a browser would load."""
        for name, value in attrs:
            if name == "href" and tag == "a":
                self.links.append(value or "")
            elif name in {"src", "srcset", "data", "poster", "action"} or (name == "href" and tag != "use"):
                self.loads.append(f"{tag} {value}")


def _addresses(path: Path) -> _Addresses:
    parser = _Addresses()
    parser.feed(path.read_text(encoding="utf-8"))
    return parser


def _scores(built: Path) -> pl.DataFrame:
    scores = pl.read_parquet(built / "tables" / "scores.parquet")
    return scores.filter(pl.col("node") == "vitality").sort("rank", "city_id", nulls_last=True)


def _made(built: Path, out: Path, city: object, *more: object) -> tuple[Path, Path]:
    answer = run("profile", built, city, "--out", out, *more)
    assert answer.status == 0, answer.err
    english, chinese = map(Path, answer.out.splitlines())
    return english, chinese


def _refused(*arguments: object) -> str:
    return run("profile", *arguments).error


def test_the_build_writes_pages_on_the_first_cities_and_the_report_links_them(built: Path) -> None:
    leader = _scores(built)["city_id"][0]
    pages = {path.name for path in (built / "profiles").iterdir()}
    assert pages == {f"{leader}.en.html", f"{leader}.zh.html"}
    for language in ("en", "zh"):
        report_text = (built / "report" / f"report.{language}.html").read_text(encoding="utf-8")
        ranking = report_text.split('<section id="ranking">')[1].split("</section>")[0]
        wanted = f"../profiles/{leader}.{language}.html"
        assert ranking.count(f'href="{wanted}"') == 2  # beside its rank, and in the line below the table
        assert (built / "report" / wanted).resolve().is_file()
        back = _addresses(built / "profiles" / f"{leader}.{language}.html").links
        assert f"../report/report.{language}.html" in back
    assert run("check", built).status == 0


def test_tables_and_assets_are_all_that_a_page_is_made_of(
    built: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    moved = tmp_path / "elsewhere"
    for part in ("tables", "assets"):
        shutil.copytree(built / part, moved / part)
    monkeypatch.setenv("COSMOPOLIS_CACHE", str(tmp_path / "nothing"))
    leader = int(_scores(built)["city_id"][0])
    made = page.write(read_result(moved), [leader], tmp_path / "out", report_folder="../report")
    assert len(made) == 2
    for path in made:
        assert path.read_bytes() == (built / "profiles" / path.name).read_bytes()


def test_nothing_is_written_into_the_result(built: Path, tmp_path: Path) -> None:
    copy = tmp_path / "copy"
    shutil.copytree(built, copy)
    answer = run("profile", copy, "Birch")
    assert answer.status == 0, answer.err
    birch = facts.BIRCH
    expected = [tmp_path / "copy-profiles" / f"{birch}.{language}.html" for language in ("en", "zh")]
    assert [Path(line) for line in answer.out.splitlines()] == expected
    assert all(path.is_file() for path in expected)
    assert run("check", copy).status == 0
    assert "lies in the result" in _refused(copy, "Birch", "--out", copy / "profiles")
    assert "is the result of a build" in _refused(copy, "Birch", "--out", copy)


@pytest.mark.parametrize(
    "asked",
    ["Birch", "birch", " BIRCH ", "白桦", str(facts.BIRCH), "Birch, Bosk", "白桦，博斯克", "Birch, xb"],
)
def test_a_city_is_found_by_name_id_or_country(built: Path, asked: str) -> None:
    assert city_of(asked, read_result(built)) == facts.BIRCH


def test_both_languages_name_the_city(built: Path, tmp_path: Path) -> None:
    english, chinese = _made(built, tmp_path, "白桦")
    assert (english.name, chinese.name) == (f"{facts.BIRCH}.en.html", f"{facts.BIRCH}.zh.html")
    assert "Birch 白桦 Birch is number" in _text(english)
    assert "白桦 Birch 在“全球活力城市”" in _text(chinese)


@pytest.mark.parametrize(
    ("asked", "said"),
    [
        ("Brich", "there is no city 'Brich' in this result; did you mean Birch, Bosk (90000011)"),
        ("Dog", "did you mean Dogwood, Dell (90000031)?"),
        ("Birch, Copse", "there is no Birch in Copse; of this name there are Birch, Bosk (90000011)"),
        ("Willow", "'Willow' may be Willow, Copse (id 90000023, "),
        (
            "90000101",
            "no city with the GeoNames id 90000101 in this result: it may be a part of a larger one",
        ),
        ("???", "there is no city '???' in this result"),
    ],
)
def test_what_is_not_one_city_is_said_with_the_nearest(
    built: Path, tmp_path: Path, asked: str, said: str
) -> None:
    assert said in _refused(built, asked, "--out", tmp_path / "out")
    assert not (tmp_path / "out").exists()


def test_which_namesake_was_taken_is_said_beside_the_paths(
    built: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(profiling, "_ranked", lambda *_: frozenset({facts.WILLOW_WEST}))
    answer = run("profile", built, "Willow", "--out", tmp_path)
    assert answer.status == 0
    assert answer.err.startswith(f"Willow: taken is Willow, Copse (id {facts.WILLOW_WEST}, ")
    assert answer.err.count("\n") == 1
    assert [Path(line).name for line in answer.out.splitlines()] == [
        f"{facts.WILLOW_WEST}.{language}.html" for language in ("en", "zh")
    ]


@pytest.mark.parametrize("language", ["en", "zh"])
def test_a_page_loads_nothing(built: Path, tmp_path: Path, language: str) -> None:
    _made(built, tmp_path, facts.CEDAR)
    path = tmp_path / f"{facts.CEDAR}.{language}.html"
    addresses, text = _addresses(path), path.read_text(encoding="utf-8")
    assert addresses.loads == []
    other = "zh" if language == "en" else "en"
    outside = {link for link in addresses.links if not link.startswith("#")}
    assert outside == {f"{facts.CEDAR}.{other}.html"}
    assert "default-src 'none'" in unescape(text)
    assert "url(http" not in text
    anchors = {link[1:] for link in addresses.links if link.startswith("#")}
    assert anchors <= set(re.findall(r'id="([^"]+)"', text))
    ids = re.findall(r'\bid="([^"]+)"', text)
    assert len(ids) == len(set(ids))


def test_rank_and_partners_are_those_of_the_tables(built: Path, tmp_path: Path) -> None:
    city = facts.BIRCH
    text = _text(_made(built, tmp_path, city)[0])
    scores = _scores(built)
    own = scores.filter(pl.col("city_id") == city).row(0, named=True)
    assert f"Birch is number {own['rank']} of {scores['rank'].count()} cities in “Global vitality”" in text
    links = pl.read_parquet(built / "tables" / "links.parquet").filter(
        (pl.col("network") == "air") & (pl.col("field") == "routes")
    )
    shown = links.filter(pl.col("year") == 2022)
    mine = [row for row in shown.iter_rows(named=True) if city in (row["origin"], row["destination"])]
    strengths: dict[int, float] = {}
    for row in shown.iter_rows(named=True):
        for end in (row["origin"], row["destination"]):
            strengths[end] = strengths.get(end, 0.0) + row["weight"]
    rank = 1 + sum(value > strengths[city] for value in strengths.values())
    place = f"{rank} of {len(strengths)} {len(mine)}"
    expected = f"Air routes airport routes, each direction counted 2022 {strengths[city]:.0f} {place}"
    assert expected in text
    names = dict(pl.read_parquet(built / "tables" / "cities.parquet").select("city_id", "name").iter_rows())
    best = max(mine, key=lambda row: row["weight"])
    partner = names[best["destination"] if best["origin"] == city else best["origin"]]
    after = text.split(expected)[1]
    assert after.split()[:2] == [partner, f"{best['weight']:.0f}"]


def test_gaps_are_said(built: Path, tmp_path: Path) -> None:
    text = _text(_made(built, tmp_path, facts.BIRCH)[0])
    assert "No data: Science: papers in frontier fields and Technology: patents in frontier fields." in text
    assert "No data on ties inside the city" in text


def test_a_city_outside_the_sample_has_a_page_that_says_so(built: Path, tmp_path: Path) -> None:
    sample = set(_scores(built)["city_id"].to_list())
    cities = pl.read_parquet(built / "tables" / "cities.parquet")
    outside = sorted(set(cities["city_id"].to_list()) - sample)
    assert outside, "the synthetic world ranks all of its cities"
    text = _text(_made(built, tmp_path, outside[0])[0])
    assert "is not in the sample that this edition ranks" in text
    assert "Too few indicators have data for this city" in text


@pytest.mark.usefixtures("drawn_profiles")
def test_change_since_another_result_is_that_of_compare(built: Path, tmp_path: Path) -> None:
    older = world.save(tmp_path / "older", edition=world.edition_text(largest="4"))
    before = tmp_path / "before"
    answer = run("build", older.edition, "--mirror", older.mirror, "--offline", "--out", before, "--quiet")
    assert answer.status == 0, answer.err
    assert run("compare", before, built, "--out", tmp_path / "compared").status == 0
    moved = pl.read_parquet(tmp_path / "compared" / "changes.parquet").filter(pl.col("rank_change") != 0)
    assert moved.height, "no rank differs between the two results"
    row = moved.row(0, named=True)
    text = _text(_made(built, tmp_path / "out", row["city_id"], "--before", before)[0])
    verb = "climbed" if row["rank_change"] < 0 else "fell"
    places = abs(row["rank_change"])
    assert f"It {verb} {'one place' if places == 1 else f'{places} places'}, from" in text
    part = f"{row['by_sample']:+.1f}".replace("-", "−")
    assert f"Sample {part} " in text
    assert "Against the edition “Synthetic world”, 2026 (hash " in text
    assert str(tmp_path) not in text


def test_a_result_that_is_not_as_its_manifest_says_is_refused(built: Path, tmp_path: Path) -> None:
    copy = tmp_path / "copy"
    shutil.copytree(built, copy)
    (copy / "assets" / "notes.json").write_text("{}", encoding="utf-8")
    assert "assets/notes.json: is not what the manifest says" in _refused(copy, "Birch")
    shutil.rmtree(copy / "assets")
    manifest = json.loads((copy / "manifest.json").read_text(encoding="utf-8"))
    manifest["files"] = {k: v for k, v in manifest["files"].items() if not k.startswith("assets/")}
    (copy / "manifest.json").write_text(json.dumps(manifest), encoding="utf-8")
    assert "has no assets/notes.json" in _refused(copy, "Birch")
    assert "is no result of Cosmopolis" in _refused(tmp_path, "Birch")


@pytest.mark.usefixtures("no_drawing")
def test_an_edition_names_further_cities(tmp_path: Path) -> None:
    named = 'profiles = ["白桦", "90000031", "Willow, Copse"]'
    text = world.edition_text().replace("profiles = []", named)
    assert named in text
    wrong = world.save(tmp_path / "wrong", edition=text)
    answer = run("build", wrong.edition, "--mirror", wrong.mirror, "--offline", "--out", tmp_path / "out")
    assert "[report], profiles: 'Willow, Copse' may be Willow, Copse (id 90000023, 150,000" in answer.error
    assert not (tmp_path / "out").exists()
    right = world.save(tmp_path / "right", edition=text.replace("Willow, Copse", "90000024"))
    answer = run("build", right.edition, "--mirror", right.mirror, "--offline", "--out", tmp_path / "out")
    assert answer.status == 0, answer.err
    pages = {int(path.name.split(".")[0]) for path in (tmp_path / "out" / "profiles").iterdir()}
    leader = _scores(tmp_path / "out")["city_id"][0]
    assert pages == {leader, facts.BIRCH, facts.DOGWOOD, facts.WILLOW_WEST}
