"""Writes synthetic works and institutions as OpenAlex's snapshot: gzipped JSON Lines, partitioned."""

import json
from collections.abc import Iterator
from pathlib import Path

from isal import igzip

from cosmopolis.simulate.draw import Block, blocks
from cosmopolis.simulate.names import VENUE, Institutions, topics_of
from cosmopolis.simulate.plan import Plan

WORKS, INSTITUTIONS = "openalex", "openalex-institutions"

_ADDRESS = "https://openalex.org/"
_FIRST_WORK = 99_000_000_000  # beyond all true ids
_BLOCKS_A_FILE = 8  # 400,000 works, as many as a part of the snapshot has
_PARTITION = "updated_date=2026-01-{:02}"
_LEVEL = 1
_REFERENCES = 5  # works before it that a work names, where there are so many
_BROKEN = (
    '{"id": "https://openalex.org/W99999999999", "title": "SYNTHETIC, cut off by purpo',
    '["SYNTHETIC, a list and no work"]',
    '{"title": "SYNTHETIC, a work without an id"}',
)


def write(home: Path, plan: Plan, institutions: Institutions) -> int:
    """Write works and institutions below a mirror's folder, and return how many people the works name.

    Parameters
    ----------
    home
        The mirror.
    """
    _write_institutions(home / INSTITUTIONS / "institutions", plan, institutions)
    pieces = _Pieces(plan, institutions)
    people, stream, number = 0, None, 0
    for place, block in enumerate(blocks(plan, plan.works, name="works")):
        if place % _BLOCKS_A_FILE == 0:
            if stream is not None:
                stream.close()
            number = place // _BLOCKS_A_FILE
            stream = _open(home / WORKS / "works" / _PARTITION.format(1 + number % 28), number)
        assert stream is not None  # noqa: S101 - opened with the first block
        stream.write("".join(pieces.lines(block)).encode())
        if place == 0:
            broken = [_BROKEN[at % len(_BROKEN)] for at in range(plan.broken)]
            stream.write("".join(f"{line}\n" for line in broken).encode())
        people += len(block.record)
    if stream is not None:
        stream.close()
    return people


class _Packed:
    """A gzip file whose bytes are the same for the same content: neither name nor time stands in it."""

    def __init__(self, path: Path) -> None:
        self._stream = path.open("wb")

    def write(self, data: bytes) -> None:
        """Write a member; one after the other they are one file."""
        self._stream.write(igzip.compress(data, _LEVEL, mtime=0))

    def close(self) -> None:
        self._stream.close()


def _open(folder: Path, number: int) -> _Packed:
    folder.mkdir(parents=True, exist_ok=True)
    return _Packed(folder / f"part_{number:04}.gz")


class _Pieces:
    """The pieces of JSON that works are put together from."""

    def __init__(self, plan: Plan, institutions: Institutions) -> None:
        self._fields = [
            f'"topics":[{{"id":"{_ADDRESS}{topic}","display_name":"Synthetic topic","score":1.0,'
            f'"subfield":{{"id":"{_ADDRESS}subfields/{subfield}"}},'
            f'"field":{{"id":"{_ADDRESS}fields/{subfield[:2]}"}}}}]'
            for topic, subfield in topics_of(plan.fields)
        ]
        self._people = [
            _affiliated(name, f"{_ADDRESS}{own}", f"https://ror.org/{ror}", city, country)
            for name, own, ror, city, country in zip(
                institutions.names,
                institutions.ids,
                institutions.rors,
                institutions.cities,
                institutions.countries,
                strict=True,
            )
        ]
        self._people.append(
            '"institutions":[],"countries":[],"raw_affiliation_strings":[],"affiliations":[]}'
        )

    def lines(self, block: Block) -> Iterator[str]:
        """Write the works of a block, a line each."""
        people: list[list[str]] = [[] for _ in range(len(block.year))]
        pieces = self._people
        for record, person, institution in zip(
            block.record.tolist(), block.person.tolist(), block.institution.tolist(), strict=True
        ):
            people[record].append(
                f'{{"author_position":"{"first" if person == 1 else "middle"}","author":{{"id":null,'
                f'"display_name":"Synthetic Author {person}"}},{pieces[institution]}'
            )
        columns = (block.year.tolist(), block.field.tolist(), block.citations.tolist(), people)
        number = block.first
        for year, field, citations, authors in zip(*columns, strict=True):
            number += 1
            cited = ",".join(
                f'"{_ADDRESS}W{_FIRST_WORK + before}"'
                for before in range(max(1, number - _REFERENCES), number)
            )
            yield (
                f'{{"id":"{_ADDRESS}W{_FIRST_WORK + number}","title":"Synthetic work {number}",'
                f'"display_name":"Synthetic work {number}","publication_year":{year},"type":"article",'
                f'"primary_location":{{"source":{{"id":"{_ADDRESS}S9900000001","display_name":"{VENUE}"}}}},'
                f'"authorships":[{",".join(authors)}],"cited_by_count":{citations},{self._fields[field]},'
                f'"keywords":[],"referenced_works":[{cited}],"counts_by_year":[]}}\n'
            )


def _affiliated(name: str, own: str, ror: str, city: str, country: str) -> str:
    """Write what an author of an institution has, from the author's name on."""
    institution = {
        "id": own,
        "display_name": name,
        "ror": ror,
        "country_code": country,
        "type": "education",
        "lineage": [own],
    }
    text = f"{name}, {city}, {country}"
    about = {
        "institutions": [institution],
        "countries": [country],
        "raw_affiliation_strings": [text],
        "affiliations": [{"raw_affiliation_string": text, "institution_ids": [own]}],
    }
    return json.dumps(about, ensure_ascii=False, separators=(",", ":"))[1:]


def _write_institutions(folder: Path, plan: Plan, institutions: Institutions) -> None:
    """Write the institutions, each at the place of its city."""
    stream = _open(folder / _PARTITION.format(1), 0)
    seats = plan.cities.to_dicts()
    lines = []
    for name, own, ror, country, place in zip(
        institutions.names,
        institutions.ids,
        institutions.rors,
        institutions.countries,
        institutions.city_places,
        strict=True,
    ):
        seat = seats[place]
        about = {
            "id": _ADDRESS + own,
            "ror": f"https://ror.org/{ror}",
            "display_name": name,
            "display_name_alternatives": [],
            "country_code": country,
            "type": "education",
            "geo": {
                "city": seat["name"],
                "geonames_city_id": str(seat["city_id"]),
                "country_code": country,
                "latitude": seat["latitude"],
                "longitude": seat["longitude"],
            },
            "lineage": [_ADDRESS + own],
            "associated_institutions": [],
        }
        lines.append(json.dumps(about, ensure_ascii=False) + "\n")
    stream.write("".join(lines).encode())
    stream.close()
