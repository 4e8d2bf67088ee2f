"""The same paper in two lists, or twice in one: found by its title, so that none counts twice.

Two works are one where they are of one venue, one year and one title. Titles are compared by their letters
and digits alone (`title_key`), venues by their family (`venue_key`): a list that writes `NIPS` and one that
writes `NeurIPS` mean the same conference. A work without venue or title is never found to be another.

Not found: a preprint and the paper it became, a paper whose title was changed, and one that is dated
to another year elsewhere. Two papers of one title at one conference in one year would be taken for one.
"""

from collections.abc import Sequence
from typing import Final

import polars as pl

from cosmopolis.errors import UnknownNameError, hint_near

FAMILIES: Final = {
    "nips": "neurips",
    "neural information processing systems": "neurips",
    "advances in neural information processing systems": "neurips",
    "international conference on machine learning": "icml",
    "international conference on learning representations": "iclr",
    "ieee international conference on robotics and automation": "icra",
    "ieee rsj international conference on intelligent robots and systems": "iros",
    "siggraph asia": "siggraphasia",
}
"""Other names of a venue, in small letters and without signs, to the one that stands for all."""

REPEATS_SCHEMA: Final = pl.Schema({"source": pl.String, "work": pl.String, "same_as": pl.String})
"""Columns of the answer: a work that is left out, and the one that stays."""

_MARKUP: Final = r"</?(?:i|b|em|strong|sub|sup|tt)>"
_SIGN: Final = r"&(?:#\d+|#x[0-9a-fA-F]+|[a-zA-Z]+);"


def venue_key(venue: pl.Expr) -> pl.Expr:
    """Give the name under which venues are compared.

    Examples
    --------
    >>> venues = ["NIPS", " NeurIPS", "International Conference on Machine Learning"]
    >>> pl.DataFrame({"venue": venues}).select(venue_key(pl.col("venue")))["venue"].to_list()
    ['neurips', 'neurips', 'icml']
    """
    plain = venue.str.to_lowercase().str.replace_all(r"[^\p{L}\p{N}]+", " ").str.strip_chars()
    return plain.replace(FAMILIES)


def title_key(title: pl.Expr) -> pl.Expr:
    """Give the letters and digits of a title: no spaces, marks, case or markup; null where none is left.

    Spaces go too, since lists made from PDF files lose and gain them.

    Examples
    --------
    >>> titles = ["A <i>k</i>-Means Primer: Part&nbsp;2", "a K-means primer part 2", "…"]
    >>> pl.DataFrame({"title": titles}).select(title_key(pl.col("title")))["title"].to_list()
    ['akmeansprimerpart2', 'akmeansprimerpart2', None]
    """
    key = (
        title.str.replace_all(_MARKUP, "")
        .str.replace_all(_SIGN, " ")
        .str.normalize("NFKD")
        .str.to_lowercase()
        .str.replace_all(r"[^\p{L}\p{N}]+", "")
    )
    return pl.when(key != "").then(key)


def find(works: pl.DataFrame, *, sources: Sequence[str]) -> pl.DataFrame:
    """Find works that are another work of these sources.

    Of several listings the one of the first source in `sources` stays, and in one source the first in code
    order of `work`.

    Parameters
    ----------
    works
        `source, work, year, venue, title`; `work` names a work in all sources.
    sources
        The sources, the one to be preferred first.

    Returns
    -------
    repeats
        `REPEATS_SCHEMA`, a row for each work that is left out, in the order of `work`.

    Raises
    ------
    UnknownNameError
        If a work is of a source that is not among `sources`.

    Examples
    --------
    >>> works = pl.DataFrame(
    ...     {
    ...         "source": ["b", "a"],
    ...         "work": ["b:7", "a:1"],
    ...         "year": [2011, 2011],
    ...         "venue": ["NIPS", "neurips"],
    ...         "title": ["On Alders", "On alders."],
    ...     }
    ... )
    >>> find(works, sources=["a", "b"]).rows()
    [('b', 'b:7', 'a:1')]
    """
    for name in works["source"].unique().sort():
        if name not in sources:
            raise UnknownNameError(
                f"there are works of {name!r}, which is not among the sources" + hint_near(name, sources)
            )
    order = {name: place for place, name in enumerate(sources)}
    keys = ["venue", "year", "title"]
    return (
        works.select(
            "source",
            "work",
            "year",
            preferred=pl.col("source").replace_strict(order, return_dtype=pl.Int64) if order else pl.lit(0),
            venue=venue_key(pl.col("venue")),
            title=title_key(pl.col("title")),
        )
        .drop_nulls(keys)
        .filter(pl.col("venue") != "")
        .sort("preferred", "work")
        .with_columns(same_as=pl.col("work").first().over(keys))
        .filter(pl.col("work") != pl.col("same_as"))
        .select(list(REPEATS_SCHEMA))
        .unique(maintain_order=True)
        .sort("work")
    )
