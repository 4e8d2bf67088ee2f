"""Authors and affiliations of papers of ICML, NeurIPS and ICLR, 2006 to 2019.

A gzipped CSV file, a line for each author of each paper, in the order of the paper's authors: conference,
year, title, author, affiliation. A paper has no id: lines of one conference, year and title are one paper,
named after the row of its first author. An author without affiliation, or with `None`, has a row
without text, which `admit` quarantines.
"""

from collections.abc import Mapping
from pathlib import Path
from typing import Final

from cosmopolis.sources.raw import Raw
from cosmopolis.sources.text import Reject, csv_rows, path_of, raw_of, read_gzip_text

SOURCE = "icml-nips-iclr"
FILE = "icml_nips_iclr_2006_2019_author_affiliations.csv.gz"

NO_AFFILIATION: Final = "None"
"""What the file writes, beside nothing, where an author gave no affiliation."""

_NEEDED = ("Conference", "Year", "Title", "Author", "Affiliation")


def read(files: Mapping[str, Path]) -> tuple[Raw, ...]:
    """Read the parts `works` for the table `work` and `affiliations` for the table `affiliation`.

    A row of `affiliations` is a line of the file, a row of `works` the first line of a paper. A line that
    cannot be taken apart is a reject of both.

    Parameters
    ----------
    files
        `icml_nips_iclr_2006_2019_author_affiliations.csv.gz`.
    """
    path = path_of(files, FILE, source=SOURCE)
    text = read_gzip_text(path, source=SOURCE, expected="a gzipped CSV file of authors")
    rejects: list[Reject] = []
    works: dict[tuple[str, str, str], tuple[int, str]] = {}
    authors: dict[str, int] = {}
    rows = []
    for row, cells in csv_rows(text, _NEEDED, source=SOURCE, path=path, rejects=rejects):
        venue, year, title = cells["Conference"].lower(), cells["Year"], cells["Title"]
        _, work = works.setdefault((venue, year, title), (row, f"{venue}-{year}-row{row}"))
        authors[work] = authors.get(work, 0) + 1
        affiliation = "" if cells["Affiliation"] == NO_AFFILIATION else cells["Affiliation"]
        rows.append((row, work, year, authors[work], affiliation, None, None, None))
    papers = [
        (row, work, year, title, venue, None, None, None, None, None, None)
        for (venue, year, title), (row, work) in works.items()
    ]
    return (
        raw_of(SOURCE, "works", "work", papers, rejects),
        raw_of(SOURCE, "affiliations", "affiliation", rows, rejects),
    )
