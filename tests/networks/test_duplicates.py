"""The same paper in two lists, or twice in one."""

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from cosmopolis.errors import UnknownNameError
from cosmopolis.networks.duplicates import FAMILIES, REPEATS_SCHEMA, find, title_key, venue_key


def works(*rows: tuple[str, str, int, str | None, str | None]) -> pl.DataFrame:
    """Make a table of works: source, work, year, venue, title."""
    return pl.DataFrame(
        rows,
        schema={
            "source": pl.String,
            "work": pl.String,
            "year": pl.Int64,
            "venue": pl.String,
            "title": pl.String,
        },
        orient="row",
    )


def test_one_venue_one_year_one_title() -> None:
    listed = works(
        ("b", "b:1", 2011, "NIPS", "On Alders: a Study"),
        ("a", "a:1", 2011, "neurips", "On alders — a study"),
        ("a", "a:2", 2012, "neurips", "On Alders: a Study"),  # another year
        ("a", "a:3", 2011, "icml", "On Alders: a Study"),  # another venue
        ("a", "a:4", 2011, "neurips", "On Alders: a Second Study"),
    )
    assert find(listed, sources=["a", "b"]).rows() == [("b", "b:1", "a:1")]
    assert find(listed, sources=["b", "a"]).rows() == [("a", "a:1", "b:1")]


def test_of_three_listings_one_stays() -> None:
    listed = works(*(("a", f"a:{n}", 2011, "icra", "Roots") for n in (3, 1, 2)))
    assert find(listed, sources=["a"]).rows() == [("a", "a:2", "a:1"), ("a", "a:3", "a:1")]


def test_without_title_or_venue_a_work_stands_alone() -> None:
    listed = works(
        ("a", "a:1", 2011, "icra", None),
        ("a", "a:2", 2011, "icra", None),
        ("a", "a:3", 2011, "icra", "…"),
        ("a", "a:4", 2011, "icra", "…"),
        ("a", "a:5", 2011, None, "Roots"),
        ("a", "a:6", 2011, "", "Roots"),
        ("a", "a:7", 2011, "", "Roots"),
    )
    assert find(listed, sources=["a"]).is_empty()
    assert find(listed.clear(), sources=[]).schema == REPEATS_SCHEMA


def test_a_source_that_is_not_named() -> None:
    with pytest.raises(
        UnknownNameError, match="'birch', which is not among the sources; did you mean 'birches'"
    ):
        find(works(("birch", "1", 2011, "icra", "Roots")), sources=["birches"])


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("Importance of Sampling inMeta-Learning", "Importance of Sampling in Meta-Learning"),
        ("Découverte", "DECOUVERTE"),
        ("<i>k</i>-Trees", "K Trees"),
        ("Roots &amp; Bark", "Roots Bark"),
        ("ﬁnding leaves", "Finding Leaves"),
    ],
)
def test_titles_that_are_one(one: str, other: str) -> None:
    keys = pl.DataFrame({"title": [one, other]}).select(title_key(pl.col("title")))["title"]
    assert keys[0] == keys[1] is not None


def test_every_family_stands_for_itself() -> None:
    names = sorted(set(FAMILIES.values()))
    assert pl.DataFrame({"v": names}).select(venue_key(pl.col("v")))["v"].to_list() == names
    assert all(key == key.lower() for key in FAMILIES)


@given(
    st.lists(
        st.tuples(
            st.sampled_from(["a", "b"]),
            st.integers(2000, 2002),
            st.sampled_from(["icra", "NIPS", "neurips"]),
            st.sampled_from(["Roots", "roots!", "Bark"]),
        ),
        max_size=30,
    )
)
def test_what_is_left_has_each_paper_once(rows: list[tuple[str, int, str, str]]) -> None:
    listed = works(
        *((s, f"{s}:{n:03}", year, venue, title) for n, (s, year, venue, title) in enumerate(rows))
    )
    repeats = find(listed, sources=["a", "b"])
    left = listed.join(repeats, on="work", how="anti")
    key = left.select("year", venue_key(pl.col("venue")), title_key(pl.col("title")))
    assert key.n_unique() == left.height
    papers = {(year, venue[:1].lower(), title.lower().strip("!")) for _, year, venue, title in rows}
    assert left.height == len(papers)
    assert set(repeats["same_as"]) <= set(left["work"])
    shuffled = find(listed.reverse(), sources=["a", "b"])
    assert shuffled.equals(repeats)
