"""Records of ROR as a table."""

import gzip
from pathlib import Path

from cosmopolis.records import admit
from cosmopolis.sources import ror

LINES = """ror,name,status,types,established,city,subdivision,country,iso2,lat,lon,geonames_id
https://ror.org/0abc00001,Alder U,active,Education; Funder,1811,Alder,,Arborea,XA,1.5,2,11
https://ror.org/0abc00002,Old U,inactive,education,,Birch,,Arborea,XA,,,
https://ror.org/0abc00003,Twice U,withdrawn,education,,Birch,,Arborea,XA,1,2,12
"""


def test_organisations(tmp_path: Path) -> None:
    path = tmp_path / ror.FILE
    path.write_bytes(gzip.compress(LINES.encode(), mtime=0))
    (raw,) = ror.read({ror.FILE: path})
    admitted = admit(raw)
    columns = ("organisation", "ror", "name", "kinds", "country", "place_id", "city", "latitude", "longitude")
    assert admitted.frame.select(columns).rows() == [
        ("0abc00001", "0abc00001", "Alder U", ["education", "funder"], "XA", 11, "Alder", 1.5, 2.0),
        ("0abc00002", "0abc00002", "Old U", ["education"], "XA", None, "Birch", None, None),
    ]
    assert admitted.quarantine.select("row", "column").rows() == [(3, "status")]
