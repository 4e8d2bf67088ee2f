"""Airports: two CSV files; a field of landing without an IATA code cannot have a route."""

from pathlib import Path

from cosmopolis.records import admit
from cosmopolis.sources import airports

AIRPORTS = """"icao","iata","name","city","subd","country","elevation","lat","lon","tz","lid"
"XXAA","QAA","Alder ""Old"" Field","Alder","Northwood","XA",12,10.5,-20.25,"Etc/UTC",""
"XX01","","Meadow, Strip","Birch","","XA",3,10,-20,"Etc/UTC","01"
"""
METROPOLITAN = """"Country","City Code","City Name","Airport Code","Airport Name"
"XA","QAL","Alder","QAA","Old Field"
"""


def test_airports_and_metropolitan_codes(tmp_path: Path) -> None:
    files = {"airports.csv": tmp_path / "airports.csv", "iata_macs.csv": tmp_path / "iata_macs.csv"}
    files["airports.csv"].write_text(AIRPORTS, encoding="utf-8")
    files["iata_macs.csv"].write_text(METROPOLITAN, encoding="utf-8")
    fields, metropolitan = airports.read(files)
    assert (fields.part, fields.table, fields.rows_in) == ("airports", "airport", 2)
    admitted = admit(fields)
    assert admitted.frame.rows() == [
        (1, "QAA", 'Alder "Old" Field', "Alder", "Northwood", "XA", 10.5, -20.25)
    ]
    assert admitted.quarantine.select("row", "reason").rows() == [(2, "iata is missing")]
    assert (metropolitan.part, metropolitan.table) == ("metropolitan", "metropolitan_airport")
    assert admit(metropolitan).frame.rows() == [(1, "QAA", "QAL", "Alder", "XA")]
