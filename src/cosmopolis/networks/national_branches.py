"""Firms whose branches a register names by country: "Acme (Portugal)", "Acme (Japan)" are branches of Acme.

The Research Organization Registry names companies so. Where a firm has its headquarters the names do not say;
the registry's parents do, where a source has them: the one branch that others name as theirs.
"""

from collections.abc import Callable, Iterable, Sequence
from typing import Final

import polars as pl

from cosmopolis.networks.links import require
from cosmopolis.networks.ownership import BRANCH, HEADQUARTERS

COMPANY: Final = "company"
"""The kind of organisation that is a firm."""

COUNTRIES_MIN: Final = 2
"""A firm is known to be more than a name with a country behind it when it stands in so many countries."""

SHARED_NAMES: Final = frozenset({"Merck"})
"""Names that two firms bear, in different countries, which have nothing to do with each other."""

NATIONAL = pl.Schema({"row": pl.Int64, "firm": pl.String, "country": pl.String, "role": pl.String})
"""Columns of national branches."""

_NAME: Final = r"^(.*\S)\s*\(([^()]+)\)$"


def national_branches(
    organisations: pl.DataFrame, find_countries: Callable[[Iterable[str | None]], Sequence[str | None]]
) -> pl.DataFrame:
    """Return the companies that are one of several national branches of a firm.

    A company's name ends in a country in brackets, which is the country where the register has it; at least
    `COUNTRIES_MIN` companies in different countries have the same name before the brackets, but for capitals.

    Parameters
    ----------
    organisations
        `row`, `organisation` (id), `name`, `kinds` (list), `country` (ISO 3166-1 alpha-2), `parents` (list of
        ids, null where the source has none).
    find_countries
        Returns the country that each text means, or None.

    Returns
    -------
    frame
        By `NATIONAL`, in the order of rows; `firm` as it is most often written, of equals the first by
        alphabet. `role` is `headquarters` for the branch that others of the firm name as their parent, if
        there is one such branch that names no other as its own, else `branch`.

    Examples
    --------
    >>> frame = pl.DataFrame({
    ...     "row": [1, 2, 3], "name": ["Acme (Japan)", "Acme (Portugal)", "Beta (Japan)"],
    ...     "kinds": [["company"], ["company", "funder"], ["company"]], "country": ["JP", "PT", "JP"],
    ...     "organisation": ["a", "b", "c"], "parents": [None, ["a"], None],
    ... })
    >>> codes = {"Japan": "JP", "Portugal": "PT"}
    >>> national_branches(frame, lambda texts: [codes.get(text or "") for text in texts]).rows()
    [(1, 'Acme', 'JP', 'headquarters'), (2, 'Acme', 'PT', 'branch')]
    """
    needed = ["row", "organisation", "name", "kinds", "country", "parents"]
    require(organisations, needed, what="organisations")
    named = (
        organisations.filter(pl.col("kinds").list.contains(COMPANY))
        .select(
            "row",
            "country",
            "organisation",
            "parents",
            firm=pl.col("name").str.extract(_NAME, 1),
            label=pl.col("name").str.extract(_NAME, 2),
        )
        .drop_nulls(["firm", "label"])
        .filter(~pl.col("firm").is_in(SHARED_NAMES))
    )
    meant = pl.Series("meant", find_countries(named["label"].to_list()), dtype=pl.String)
    here = named.hstack([meant]).filter(pl.col("meant") == pl.col("country"))
    here = here.with_columns(key=pl.col("firm").str.to_lowercase())
    several = here.filter(pl.col("country").n_unique().over("key") >= COUNTRIES_MIN)
    written = (
        several.group_by("key", "firm")
        .len()
        .sort("key", "len", "firm", descending=[False, True, False])
        .unique("key", keep="first", maintain_order=True)
        .select("key", written="firm")
    )
    return (
        several.join(written, on="key", how="left", maintain_order="left")
        .join(_seats(several), on="row", how="left", maintain_order="left")
        .sort("row")
        .select("row", pl.col("written").alias("firm"), "country", pl.col("role").fill_null(BRANCH))
        .match_to_schema(NATIONAL)
    )


def _seats(several: pl.DataFrame) -> pl.DataFrame:
    """Return `row, role` of the branches at the top of their firm, one a firm at most."""
    ties = (
        several.select("key", child="organisation", parent="parents")
        .explode("parent", empty_as_null=True)
        .drop_nulls("parent")
        .join(
            several.select("key", parent="organisation", row="row"),
            on=["key", "parent"],
            maintain_order="left",
        )
        .filter(pl.col("child") != pl.col("parent"))
    )
    tops = ties.join(ties, left_on=["key", "parent"], right_on=["key", "child"], how="anti").unique("row")
    single = tops.filter(pl.len().over("key") == 1)
    return single.select("row", role=pl.lit(HEADQUARTERS))
