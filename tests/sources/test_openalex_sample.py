"""A file of works in OpenAlex's form, under the sample's own name."""

import gzip
import json
from pathlib import Path

import pytest
from openalex_works import author, institution, work

from cosmopolis.errors import FormatError, UnknownNameError
from cosmopolis.ledger import Ledger
from cosmopolis.records import admit
from cosmopolis.sources import openalex_sample


def written(folder: Path, content: bytes) -> dict[str, Path]:
    (folder / openalex_sample.FILE).write_bytes(content)
    return {openalex_sample.FILE: folder / openalex_sample.FILE}


def test_works_and_affiliations_bear_the_name_of_the_sample(tmp_path: Path) -> None:
    alder = institution(1, ror="0abc00001")
    lines = [json.dumps(work(1, author(("Alder U, Arborea", [1]), at=(alder,)), author())), '{"id": 7}']
    files = written(tmp_path, gzip.compress("\n".join(lines).encode(), mtime=0))
    ledger = Ledger()
    for raw in openalex_sample.read(files):
        admitted = admit(raw)
        assert set(admitted.quarantine["source"]) <= {"openalex-sample"}
        ledger.use("openalex-sample", raw.part, ledger.open(admitted)["row"])
    assert ledger.entries() == {"openalex-sample": {"rows_in": 4, "rows_used": 2, "rows_quarantined": 2}}


@pytest.mark.parametrize(
    "content", [b"", b"<!doctype html>", b'{"id": "https://openalex.org/W1"}', b"\x00\x01"]
)
def test_a_file_that_is_something_else(tmp_path: Path, content: bytes) -> None:
    with pytest.raises(FormatError, match="but expected a gzipped file of works"):
        openalex_sample.read(written(tmp_path, content))


def test_no_file() -> None:
    with pytest.raises(UnknownNameError, match=r"needs 'works\.jsonl\.gz'"):
        openalex_sample.read({})


def test_half_a_file_costs_its_end(tmp_path: Path) -> None:
    whole = gzip.compress("\n".join(json.dumps(work(n)) for n in range(400)).encode(), mtime=0)
    reasons = [
        reason
        for raw in openalex_sample.read(written(tmp_path, whole[: len(whole) // 2]))
        for reason in admit(raw).quarantine["reason"]
    ]
    assert any("the file breaks off" in reason for reason in reasons)
