"""Authors of three conferences: lines of one title are one paper."""

import gzip
from pathlib import Path

from cosmopolis.records import admit
from cosmopolis.sources import icml_nips_iclr

LINES = """Conference,Year,Title,Author,Affiliation
ICML,2011,On Alders,Ann,Alder U
ICML,2011,On Alders,Bo,None
NIPS,2011,On Alders,Ann,Alder U
ICML,2011,On Alders,Cy,"Cedar U, Cedarville"
"""


def test_papers_and_their_authors(tmp_path: Path) -> None:
    path = tmp_path / icml_nips_iclr.FILE
    path.write_bytes(gzip.compress(LINES.encode(), mtime=0))
    works, affiliations = (admit(raw) for raw in icml_nips_iclr.read({icml_nips_iclr.FILE: path}))
    assert works.frame.select("row", "work", "year", "title", "venue").rows() == [
        (1, "icml-2011-row1", 2011, "On Alders", "icml"),
        (3, "nips-2011-row3", 2011, "On Alders", "nips"),
    ]
    assert affiliations.frame.select("row", "work", "author", "text").rows() == [
        (1, "icml-2011-row1", 1, "Alder U"),
        (3, "nips-2011-row3", 1, "Alder U"),
        (4, "icml-2011-row1", 3, "Cedar U, Cedarville"),
    ]
    assert affiliations.quarantine.select("row", "reason").rows() == [
        (2, "text is missing: affiliation, organisation, institution and city are all empty")
    ]
