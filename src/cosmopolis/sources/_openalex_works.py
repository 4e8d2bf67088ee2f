"""OpenAlex's work object: the fields that are read of it, and how they become columns.

A work of 16 kB is decoded into the twentieth of it that is wanted, without making objects of the rest.
Both shapes are read: the present one (`authorships[].affiliations`, `raw_affiliation_strings`, `topics`) and
that of older snapshots (`raw_affiliation_string`, `host_venue`, keywords without ids).
"""

from collections.abc import Iterator, Sequence
from itertools import accumulate

import msgspec
import polars as pl
import pyarrow as pa

from cosmopolis.sources.json_lines import Decoder

_ID = "https://openalex.org/"
_ROR = "https://ror.org/"


class _Named(msgspec.Struct, gc=False):
    """Anything with an id and a name."""

    id: str | int | None = None
    display_name: str | None = None


class _Topic(msgspec.Struct, gc=False):
    id: str | None = None
    subfield: _Named | None = None
    field: _Named | None = None


class _Keyword(msgspec.Struct, gc=False):
    id: str | None = None
    keyword: str | None = None


class _Institution(msgspec.Struct, gc=False):
    id: str | None = None
    display_name: str | None = None
    ror: str | None = None
    country_code: str | None = None


class _Affiliation(msgspec.Struct, gc=False):
    raw_affiliation_string: str | None = None
    institution_ids: list[str | None] | None = None


class _Authorship(msgspec.Struct, gc=False):
    institutions: list[_Institution] | None = None
    countries: list[str | None] | None = None
    affiliations: list[_Affiliation] | None = None
    raw_affiliation_strings: list[str | None] | None = None
    raw_affiliation_string: str | None = None


class _Year(msgspec.Struct, gc=False):
    year: int
    cited_by_count: int = 0


class _Location(msgspec.Struct, gc=False):
    source: _Named | None = None


class Work(msgspec.Struct, gc=False):
    """What is read of a work."""

    id: str
    publication_year: int | None = None
    title: str | None = None
    display_name: str | None = None
    primary_location: _Location | None = None
    host_venue: _Named | None = None
    topics: list[_Topic] | None = None
    primary_topic: _Topic | None = None
    keywords: list[_Keyword] | None = None
    cited_by_count: int | None = None
    counts_by_year: list[_Year] | None = None
    referenced_works: list[str] | None = None
    authorships: list[_Authorship] | None = None


WORKS = Decoder(Work, name="a work")
"""Decodes lines of works."""


def _short(values: Sequence[str | None], *prefixes: str) -> pl.Series:
    """Make a column of ids without the address before them."""
    column = pl.Series(values, dtype=pl.String)
    for prefix in prefixes:
        column = column.str.strip_prefix(prefix)
    return column


def _lists(flat: pl.Series, lengths: Sequence[int]) -> pl.Series:
    """Make a column of lists of its flat values and the length of each list."""
    ends = pa.array(accumulate(lengths, initial=0), pa.int64())
    column = pl.from_arrow(pa.LargeListArray.from_arrays(ends, flat.to_arrow()))
    return pl.Series(column, dtype=pl.List(flat.dtype))


def _topics(work: Work) -> Iterator[str]:
    """Give the ids of a work's topics, and of the subfields and fields that they belong to."""
    topics = work.topics or ([work.primary_topic] if work.primary_topic else [])
    for topic in topics:
        if topic.id:
            yield topic.id
    for kind in ("subfield", "field"):
        for topic in topics:
            about: _Named | None = getattr(topic, kind)
            if about is not None and about.id is not None:
                yield f"{kind}s/{about.id}" if isinstance(about.id, int) else about.id


def work_columns(works: Sequence[Work]) -> pl.DataFrame:
    """Make the columns of the table `work`."""
    venues: list[str | None] = []
    topics, keywords, references = list[str](), list[str | None](), list[str]()
    years, counts = list[int](), list[int]()
    lengths: dict[str, list[int]] = {"topics": [], "keywords": [], "years": [], "references": []}
    for work in works:
        source = work.primary_location.source if work.primary_location else work.host_venue
        venues.append(source.display_name if source else None)
        before = len(topics)
        topics.extend(_topics(work))
        lengths["topics"].append(len(topics) - before)
        words = work.keywords or ()
        keywords.extend([word.id or word.keyword for word in words])
        lengths["keywords"].append(len(words))
        by_year = work.counts_by_year or ()
        years.extend([entry.year for entry in by_year])
        counts.extend([entry.cited_by_count for entry in by_year])
        lengths["years"].append(len(by_year))
        cited = work.referenced_works or ()
        references.extend(cited)
        lengths["references"].append(len(cited))
    return pl.DataFrame(
        {
            "work": _short([work.id for work in works], _ID),
            "year": pl.Series([work.publication_year for work in works], dtype=pl.Int64),
            "title": pl.Series([work.title or work.display_name for work in works], dtype=pl.String),
            "venue": pl.Series(venues, dtype=pl.String),
            "topics": _lists(_short(topics, _ID), lengths["topics"]).list.unique(maintain_order=True),
            "keywords": _lists(_short(keywords, _ID, "keywords/"), lengths["keywords"]),
            "citations": pl.Series([work.cited_by_count for work in works], dtype=pl.Int64),
            "citation_years": _lists(pl.Series(years, dtype=pl.Int64), lengths["years"]),
            "citation_counts": _lists(pl.Series(counts, dtype=pl.Int64), lengths["years"]),
            "references": _lists(_short(references, _ID), lengths["references"]),
        }
    )


_Slot = tuple[str | None, str | None, str | None, str | None]  # text, country, organisation, institution


def _slots(author: _Authorship) -> list[_Slot]:
    """Take an author's affiliations apart: one for each institution, one for each text that has none."""
    institutions = [at for at in author.institutions or () if at.id or at.display_name]  # some are all null
    affiliations = author.affiliations
    countries = author.countries or ()
    country = countries[0] if len(countries) == 1 else None
    if affiliations is None:
        texts = author.raw_affiliation_strings or [author.raw_affiliation_string]
        if not institutions:
            return [(text, country, None, None) for text in texts if text]
        only = texts[0] if len(institutions) == 1 else None  # of several nobody says whose text it is
        return [
            (only or at.display_name, at.country_code or country, at.display_name, at.ror or at.id)
            for at in institutions
        ]
    slots: list[_Slot] = []
    for at in institutions:
        text = at.display_name
        for said in affiliations:
            if said.raw_affiliation_string and said.institution_ids and at.id in said.institution_ids:
                text = said.raw_affiliation_string
                break
        slots.append((text, at.country_code or country, at.display_name, at.ror or at.id))
    slots += [
        (said.raw_affiliation_string, country, None, None)
        for said in affiliations
        if said.raw_affiliation_string and not any(said.institution_ids or ())
    ]
    return slots


def affiliation_columns(works: Sequence[Work]) -> pl.DataFrame:
    """Make the columns of the table `affiliation`; an author without any affiliation has one row of nulls."""
    slots: list[_Slot] = []
    places, authors = list[int](), list[int]()
    nothing: _Slot = (None, None, None, None)
    for place, work in enumerate(works):
        for number, author in enumerate(work.authorships or (), start=1):
            found = _slots(author) or [nothing]
            slots.extend(found)
            authors.extend([number] * len(found))
            places.extend([place] * len(found))
    texts, countries, names, ids = zip(*slots, strict=True) if slots else ((), (), (), ())
    at = pl.Series(places, dtype=pl.UInt32)
    return pl.DataFrame(
        {
            "work": _short([work.id for work in works], _ID).gather(at),
            "year": pl.Series([work.publication_year for work in works], dtype=pl.Int64).gather(at),
            "author": pl.Series(authors, dtype=pl.Int64),
            "text": pl.Series(texts, dtype=pl.String),
            "country": pl.Series(countries, dtype=pl.String),
            "organisation": pl.Series(names, dtype=pl.String),
            "institution": _short(ids, _ROR, _ID),
        }
    )
