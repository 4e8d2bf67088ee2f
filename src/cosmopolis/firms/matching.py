"""Which two names are one firm: words that they share, weighed by how rare they are, and near spellings.

A name is compared with those alone that share a rare word, the beginning or the whole of its form with it
(blocking), so that a hundred thousand names take a second. Countries are compared where both are known.
Nothing is known here of sources (see `cosmopolis.pipeline.production.firms`).
"""

from dataclasses import dataclass

import numpy as np
import polars as pl
from rapidfuzz import fuzz, process

from cosmopolis.firms.names import firm_forms, numbers_of, words_apart, words_of
from cosmopolis.networks.links import require

NAMES = pl.Schema({"firm": pl.String, "name": pl.String, "country": pl.String})
"""Columns of the names that are looked among; a firm may have several, `country` may be null."""

MATCHES = pl.Schema({"query": pl.Int64, "firm": pl.String, "score": pl.Float64})
"""Columns of matches: the place of the name that was looked for, from 0, the firm and the likeness (0..1)."""

_WEIGHT_UNIT = 1000  # weights are whole numbers, so that their sums are the same in any order


@dataclass(frozen=True, kw_only=True)
class Rule:
    """When two names are one firm.

    Attributes
    ----------
    threshold
        Least likeness. Below 0.9 most pairs of the labelled sample (`tests/firms/pairs.toml`) that differ in
        more than legal forms are two firms of one house: see docs/methods/firms.md.
    abroad
        Least likeness where the countries are known and differ: the forms must be the same, and of two words
        at least, for firms of one word have namesakes everywhere.
    told_apart
        What the likeness is multiplied by where one name alone has a word such as "Partners" or "Japan"
        (`legal_forms.toml`, `apart`).
    commonest
        A word in more names than this makes no block: "bank" alone says nothing.
    beginning
        So many first letters, spaces left out, make a block of their own.
    spelling
        Least likeness of the words that are not shared, run together, to be taken for a spelling.
    shortest
        Below so many letters such a rest must be equal.
    """

    threshold: float = 0.9
    abroad: float = 0.999
    told_apart: float = 0.5
    commonest: int = 60
    beginning: int = 6
    spelling: float = 0.9
    shortest: int = 6


@dataclass(frozen=True, kw_only=True)
class Index:
    """Names that are looked among, taken apart once.

    Attributes
    ----------
    names
        `place, firm, country, form, joined, numbers`, one line a name.
    words
        `place, word`.
    weights
        `word, names, weight`: in how many names a word stands, and ln(1 + n / names) in thousandths.
    """

    names: pl.DataFrame
    words: pl.DataFrame
    weights: pl.DataFrame


def _apart(
    names: pl.Series, countries: pl.Series, place: str, *, keep_places: bool
) -> tuple[pl.DataFrame, pl.DataFrame]:
    """Take names apart: forms with their countries, and words."""
    forms = firm_forms(names, keep_places=keep_places)
    words = words_of(forms)
    frame = pl.DataFrame(
        {
            place: pl.int_range(len(names), eager=True),
            "country": countries.cast(pl.String),
            "form": forms,
            "numbers": numbers_of(words),
            "words": words,
        }
    ).with_columns(joined=pl.col("form").str.replace_all(" ", ""))
    return frame.drop("words"), frame.select(place, word="words").explode("word").drop_nulls("word")


def index(names: pl.DataFrame) -> Index:
    """Take the names that are looked among apart.

    Parameters
    ----------
    names
        By `NAMES`.
    """
    require(names, list(NAMES), what="names of firms")
    forms, words = _apart(names["name"], names["country"], "place", keep_places=True)
    counted = words.group_by("word").agg(names=pl.len().cast(pl.Int64)).sort("word")
    weights = counted.with_columns(weight=_weight(pl.col("names"), names.height))
    return Index(names=forms.with_columns(names["firm"]), words=words, weights=weights)


def _weight(names: pl.Expr, total: int) -> pl.Expr:
    """Weigh a word by its rarity, in thousandths (Spärck Jones 1972)."""
    return ((1 + total / names).log() * _WEIGHT_UNIT).round().cast(pl.Int64)


def candidates(among: Index, forms: pl.DataFrame, words: pl.DataFrame, rule: Rule) -> pl.DataFrame:
    """Return `query, place`: the pairs that share a rare word, the beginning or the whole form."""
    rare = among.weights.filter(pl.col("names") <= rule.commonest)["word"]
    by_word = words.filter(pl.col("word").is_in(rare.implode())).join(among.words, on="word")
    start = pl.col("joined").str.slice(0, rule.beginning)
    long_enough = pl.col("joined").str.len_chars() >= rule.beginning
    begun = among.names.filter(long_enough).select("place", start=start)
    common = begun.group_by("start").len().filter(pl.col("len") > rule.commonest)["start"]
    by_start = (
        forms.filter(long_enough)
        .select("query", start=start)
        .filter(~pl.col("start").is_in(common.implode()))
        .join(begun, on="start")
    )
    by_form = forms.select("query", "form").join(among.names.select("place", "form"), on="form")
    pairs = [frame.select("query", "place") for frame in (by_word, by_start, by_form)]
    return pl.concat(pairs).unique().sort("query", "place")


def compare(
    among: Index, names: pl.Series, countries: pl.Series | None = None, *, rule: Rule | None = None
) -> pl.DataFrame:
    """Compare names with those of an index, pair by pair within the blocks.

    The likeness of two names with words A and B, of weight w, is

        s = (2 Σ_{A∩B} w + ρ (Σ_{A∖B} w + Σ_{B∖A} w)) / (Σ_A w + Σ_B w)

    where ρ is the likeness of the words that are not shared, run together in their order (normalised indel:
    `rapidfuzz.fuzz.ratio`), taken for 0 below `rule.spelling`; s is multiplied by `rule.told_apart` where one
    name alone has a word of `words_apart`. Names whose numbers differ have s = 0, and so have names of two
    countries, where both are known, unless the forms are the same and of two words at least.

    Parameters
    ----------
    among
        By `index`.
    names, countries
        What is looked for; countries (ISO 3166-1 alpha-2) may be null or left out.

    Returns
    -------
    pairs
        `query, place, firm, score`, `apart` (the countries differ) and `part` (all words of one name are the
        other's), with score > 0, sorted by `query`, `score` falling, `place`.

    Notes
    -----
    Weights: Spärck Jones (1972), A statistical interpretation of term specificity, *Journal of
    Documentation* 28(1), 11–21. The likeness without ρ is Dice's with weights; with it, in the manner of the
    soft measure of Cohen, Ravikumar & Fienberg (2003), A comparison of string distance metrics for
    name-matching tasks, *IJCAI workshop on information integration*, 73–78.

    Examples
    --------
    >>> known = pl.DataFrame({"firm": ["d", "e"], "name": ["Delta Air Lines, Inc.", "Delta Electronics"],
    ...                       "country": ["US", "TW"]})
    >>> compare(index(known), pl.Series(["DELTA AIRLINES"])).select("firm", "score").row(0)
    ('d', 1.0)
    """
    rule = rule or Rule()
    none = pl.Series("country", [None] * len(names), dtype=pl.String)
    forms, words = _apart(names, none if countries is None else countries, "query", keep_places=False)
    pairs = candidates(among, forms, words, rule)
    scored = _scores(among, pairs, forms, words, rule)
    apart = (pl.col("country") != pl.col("country_of")).fill_null(value=False)
    same = pl.col("form") == pl.col("form_of")
    of_two_words = pl.col("form").str.contains(" ", literal=True)
    meant = (pl.col("numbers") == pl.col("numbers_of")) & (~apart | (same & of_two_words))
    return (
        scored.filter(meant & (pl.col("score") > 0))
        .with_columns(score=pl.when(same).then(1.0).otherwise("score"))
        .join(among.names.select("place", "firm"), on="place", how="left", maintain_order="left")
        .with_columns(apart=apart)
        .select("query", "place", "firm", "score", "apart", "part")
        .sort("query", "score", "apart", "place", descending=[False, True, False, False])
    )


def _scores(
    among: Index, pairs: pl.DataFrame, forms: pl.DataFrame, words: pl.DataFrame, rule: Rule
) -> pl.DataFrame:
    """Score pairs by the words that they share and the spelling of the rest."""
    total = among.names.height
    weight = among.weights.select("word", "weight")
    rarest = round(float(np.log(1 + max(total, 1))) * _WEIGHT_UNIT)
    asked = words.join(weight, on="word", how="left").with_columns(pl.col("weight").fill_null(rarest))
    held = among.words.join(weight, on="word", how="left")
    numbered = pairs.with_row_index("pair").with_columns(pl.col("pair").cast(pl.Int64))
    shared = (
        numbered.join(asked, on="query")
        .join(among.words, on=["place", "word"], how="inner")
        .group_by("pair")
        .agg(shared=pl.col("weight").sum(), common=pl.col("word"))
    )
    joined = (
        numbered.join(shared, on="pair", how="left", maintain_order="left")
        .join(
            asked.group_by("query").agg(all_a=pl.col("weight").sum()),
            on="query",
            how="left",
            maintain_order="left",
        )
        .join(
            held.group_by("place").agg(all_b=pl.col("weight").sum()),
            on="place",
            how="left",
            maintain_order="left",
        )
        .join(forms, on="query", how="left", maintain_order="left")
        .join(
            among.names.select("place", country_of="country", form_of="form", numbers_of="numbers"),
            on="place",
            how="left",
            maintain_order="left",
        )
        .with_columns(pl.col("shared").fill_null(0))
    )
    left, right, told = _rests(joined)
    near = process.cpdist(left, right, scorer=fuzz.ratio, dtype=np.float64, workers=1) / 100.0
    shortest = np.minimum(
        *(np.fromiter(map(len, rest), dtype=np.int64, count=len(rest)) for rest in (left, right))
    )
    counts = (near >= rule.spelling) & ((near == 1.0) | (shortest >= rule.shortest)) & (shortest > 0)
    both = pl.col("all_a") + pl.col("all_b")
    spelt = pl.col("rho") * (both - 2 * pl.col("shared"))
    factor = pl.when("told").then(rule.told_apart).otherwise(1.0)
    return joined.with_columns(
        rho=pl.Series(np.where(counts, near, 0.0), dtype=pl.Float64),
        told=pl.Series(told, dtype=pl.Boolean) & pl.Series(~counts),
        part=pl.Series(shortest == 0, dtype=pl.Boolean),
    ).with_columns(score=factor * (2 * pl.col("shared") + spelt) / both)


def _rests(pairs: pl.DataFrame) -> tuple[list[str], list[str], list[bool]]:
    """Return the words that each name has alone, run together, and whether one of them tells them apart."""
    left, right, told = [], [], []
    telling = words_apart()
    for form, form_of, common in pairs.select("form", "form_of", "common").iter_rows():
        held = set(common or ())
        one = [word for word in form.split() if word not in held]
        two = [word for word in form_of.split() if word not in held]
        left.append("".join(one))
        right.append("".join(two))
        told.append(not telling.isdisjoint(one) or not telling.isdisjoint(two))
    return left, right, told


def match(
    among: Index, names: pl.Series, countries: pl.Series | None = None, *, rule: Rule | None = None
) -> pl.DataFrame:
    """Return for each name the firm that it most likely means, or none.

    A name whose best firms are several with equal likeness, none of them in the name's country, means none
    of them for certain: it stays without a firm.

    Returns
    -------
    found
        `firm`, `score`, row for row of `names`; null where no likeness reaches the rule's threshold.

    Examples
    --------
    >>> known = pl.DataFrame({"firm": ["p", "b"], "name": ["Ping An Insurance (Group)", "Ping An Bank"],
    ...                       "country": ["CN", "CN"]})
    >>> match(index(known), pl.Series(["Ping An Bank Co., Ltd.", "Ping Pong"])).rows()
    [('b', 1.0), (None, None)]
    """
    rule = rule or Rule()
    pairs = compare(among, names, countries, rule=rule)
    least = pl.when("apart").then(rule.abroad).otherwise(rule.threshold)
    good = pairs.filter(pl.col("score") >= least)
    firms = good.unique(["query", "firm"], keep="first", maintain_order=True)
    top = firms.filter(
        (pl.col("score") == pl.col("score").first().over("query"))
        & (pl.col("apart") == pl.col("apart").first().over("query"))
    )
    alone = top.filter(pl.len().over("query") == 1).select("query", "firm", "score")
    every = pl.DataFrame({"query": pl.int_range(len(names), eager=True)})
    return every.join(alone, on="query", how="left", maintain_order="left").select("firm", "score")
