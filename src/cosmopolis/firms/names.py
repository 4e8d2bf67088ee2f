"""Names of firms in the form in which they are compared: without legal forms, marks and brackets.

Two names with the same form are very likely one firm where the country is one too; which two names that
differ are one firm is told by `cosmopolis.firms.matching`.
"""

import re
import tomllib
from functools import cache
from importlib import resources
from itertools import takewhile

import polars as pl

from cosmopolis.places.names import normal_form

_BRACKETS = re.compile(r"\([^)]*\)|\[[^\]]*\]|（[^）]*）|<[^>]*>")
_ARTICLE = re.compile(r"^\s*[Ll]['’](?=\w)")
_AMPERSAND = re.compile(r"\s*[&+＆]\s*")
_LINKS = frozenset({"and", "und", "et", "og", "och"})
_UNSPACED = re.compile(
    r"^(?:株式会社|有限会社|주식회사)|(?:株式会社|股份有限公司|有限责任公司|有限公司|주식회사)$"
)
_APART = re.compile(r"\b(?<!\d)([^\W\d]) (?=[^\W\d]\b)")
_NUMBERS = r"^(?:\d+|i{2,3}|iv|vi{0,3}|ix|xi{0,3})$"


@cache
def _settings() -> dict[str, dict[str, list[str]]]:
    """Read the reviewed table of legal forms."""
    text = resources.files("cosmopolis.firms").joinpath("legal_forms.toml").read_text(encoding="utf-8")
    return tomllib.loads(text)


def _any(words: set[str]) -> str:
    """Write an alternative of words, the longest first."""
    return "|".join(re.escape(word) for word in sorted(words, key=lambda word: (-len(word), word)))


@cache
def _patterns() -> tuple[str, str, str, dict[str, str], frozenset[str]]:
    """Write what ends a name, opens it, or ends one of three words and more with the name of a country.

    The last ends "Ping An Insurance (Group) Company of China". After it abbreviations and empty words.
    """
    tables = _settings()
    end = {word for words in tables["end"].values() for word in words} | set(tables["weak"]["words"])
    places = {"china", *tables["apart"]["places"]}
    abbreviations: dict[str, str] = dict(tables["abbreviations"])  # type: ignore[arg-type]
    return (
        rf" (?:{_any(end)})$",
        rf"^(?:{_any(set(tables['front']['words']))}) ",
        rf"^(\S+(?: \S+){{2,}}) of (?:{_any(places)})$",
        abbreviations,
        frozenset(tables["empty"]["words"]),
    )


def _bare(keys: pl.Series) -> pl.Series:
    """Take legal forms off both ends of normal forms, as often as there are some; never all of one."""
    end, front, of_country, abbreviations, _ = _patterns()
    lettered = keys.str.contains(r"\b\p{L} \p{L}\b")
    joined = pl.Series([_APART.sub(r"\1", key) for key in keys.filter(lettered).to_list()], dtype=pl.String)
    keys = keys.scatter(lettered.arg_true(), joined)
    said = (
        pl.col("key")
        .str.split(" ")
        .list.eval(pl.element().filter(~pl.element().is_in(sorted(_LINKS))).replace(abbreviations))
        .list.join(" ")
    )
    told = keys.rename("key").to_frame().select(said.alias("said"), "key")
    forms = told.select(pl.when(pl.col("said") != "").then("said").otherwise("key")).to_series()
    rest = pl.int_range(len(forms), eager=True)
    while len(rest):
        before = forms.gather(rest)
        after = before.str.replace(end, "").str.replace(front, "").str.replace(of_country, "$1")
        changed = after != before
        forms = forms.scatter(rest, after)
        rest = rest.filter(changed)
    return forms


@cache
def words_apart() -> frozenset[str]:
    """Return the words that tell another firm of the same house, where one of two names alone has them.

    Examples
    --------
    >>> "partners" in words_apart(), "systems" in words_apart()
    (True, False)
    """
    return frozenset(word for words in _settings()["apart"].values() for word in words)


def _unbracketed(name: str, *, keep_places: bool) -> str:
    """Leave brackets out, unless nothing would stay; those that name a country stay where asked for."""

    def said(match: re.Match[str]) -> str:
        inside = match[0].strip("()[]<>（）").lower()
        return f" {inside} " if keep_places and inside in words_apart() else " "

    outside = _ARTICLE.sub("", _UNSPACED.sub("", _BRACKETS.sub(said, name).strip()))
    return outside if outside.strip() else name


def firm_forms(names: pl.Series, *, keep_places: bool = False) -> pl.Series:
    """Return the form of each name under which firms are compared.

    What stands in brackets is left out, `&` and `+` are no letters, single letters in a row are one word,
    abbreviations are spelt out, and legal forms (`legal_forms.toml`) are taken off both ends. Nothing is
    taken from a name that would leave none.

    Parameters
    ----------
    names
        Texts; null stays null.
    keep_places
        Whether brackets that name a country of `words_apart` stay: "Delta Electronics (Thailand)" is listed
        apart from its parent. A list that is looked for in another writes its national branches so.

    Examples
    --------
    >>> firm_forms(pl.Series(["The J.P. Morgan & Co.", "Nestlé S.A.", "Oracle (Portugal)"])).to_list()
    ['jp morgan', 'nestle', 'oracle']
    >>> firm_forms(pl.Series(["PT Bank Central Asia Tbk", "Ping An Insurance (Group) Company"])).to_list()
    ['bank central asia', 'ping an insurance']
    >>> firm_forms(pl.Series(["Bank of China", "Ping An Insurance (Group) Company of China, Ltd."])).to_list()
    ['bank of china', 'ping an insurance']
    """
    given = names.cast(pl.String)
    distinct = given.drop_nulls().unique(maintain_order=True).to_list()
    open_names = [_AMPERSAND.sub(" ", _unbracketed(name, keep_places=keep_places)) for name in distinct]
    keys = pl.DataFrame({"name": open_names}, schema={"name": pl.String}).select(normal_form(pl.col("name")))
    forms = _bare(keys["name"])
    return given.replace_strict(distinct, forms, default=None, return_dtype=pl.String)


def words_of(forms: pl.Series) -> pl.Series:
    """Return the words of each form that hold meaning, each once, sorted; all words where none does.

    Examples
    --------
    >>> words_of(pl.Series(["bank of china", "and"])).to_list()
    [['bank', 'china'], ['and']]
    """
    *_, empty = _patterns()
    every = pl.col("form").str.split(" ").list.eval(pl.element().filter(pl.element() != ""))
    some = every.list.eval(pl.element().filter(~pl.element().is_in(sorted(empty))))
    words = pl.when(some.list.len() > 0).then(some).otherwise(every).list.unique().list.sort()
    return forms.rename("form").to_frame().select(words.alias("words"))["words"]


def numbers_of(words: pl.Series) -> pl.Series:
    """Return the numbers among the words as one text: firms whose numbers differ are different firms.

    Examples
    --------
    >>> numbers_of(pl.Series([["acquisition", "iii"], ["3i"]], dtype=pl.List(pl.String))).to_list()
    ['iii', '']
    """
    is_number = pl.element().str.contains(_NUMBERS)
    told = pl.col("words").list.eval(pl.element().filter(is_number)).list.join(" ")
    return words.rename("words").to_frame().select(told.alias("numbers"))["numbers"]


def web_domain(addresses: pl.Series) -> pl.Series:
    """Return the domain of each web address, without `www`; null where there is none.

    Examples
    --------
    >>> web_domain(pl.Series(["https://www.Walmart.com/x", "http://ir.shell.co.uk", ""])).to_list()
    ['walmart.com', 'shell.co.uk', None]
    """
    told = []
    for address in addresses.cast(pl.String).to_list():
        host = re.sub(r"^[a-z]+://", "", (address or "").strip().lower())
        host = re.split(r"[/?#:\s]", host, maxsplit=1)[0].strip(".")
        parts = host.split(".")
        tail = list(takewhile(lambda part: len(part) <= 3, reversed(parts)))  # noqa: PLR2004 - com, co.uk
        least = min(max(len(tail), 1) + 1, len(parts))
        told.append(".".join(parts[-least:]) if len(parts) > 1 and parts[0] else None)
    return pl.Series("domain", told, dtype=pl.String)
