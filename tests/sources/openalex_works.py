"""Works and institutions in the form of the OpenAlex snapshot, all of them invented."""

import gzip
import json
from pathlib import Path
from typing import Any

ADDRESS = "https://openalex.org/"


def institution(number: int, country: str | None = "XA", *, ror: str | None = None) -> dict[str, Any]:
    return {
        "id": f"{ADDRESS}I{number}",
        "display_name": f"Institute {number}",
        "ror": f"https://ror.org/{ror}" if ror else None,
        "country_code": country,
        "type": "education",
        "lineage": [f"{ADDRESS}I{number}"],
    }


def author(
    *said: tuple[str, list[int]], at: tuple[dict[str, Any], ...] = (), **other: object
) -> dict[str, Any]:
    """Make an authorship: texts with the numbers of the institutions that they name, and the institutions."""
    return {
        "author_position": "middle",
        "author": {"id": f"{ADDRESS}A1", "display_name": "Q. Alder"},
        "institutions": list(at),
        "countries": sorted({one["country_code"] for one in at if one["country_code"]}),
        "raw_affiliation_strings": [text for text, _ in said],
        "affiliations": [
            {"raw_affiliation_string": text, "institution_ids": [f"{ADDRESS}I{number}" for number in numbers]}
            for text, numbers in said
        ],
        **other,
    }


def topic(number: int, subfield: int, field: int) -> dict[str, Any]:
    return {
        "id": f"{ADDRESS}T{number}",
        "display_name": "Invented",
        "subfield": {"id": f"{ADDRESS}subfields/{subfield}", "display_name": "Invented"},
        "field": {"id": f"{ADDRESS}fields/{field}", "display_name": "Invented"},
        "domain": {"id": f"{ADDRESS}domains/3", "display_name": "Invented"},
    }


def work(number: int, *authors: dict[str, Any], year: object = 2020, **other: object) -> dict[str, Any]:
    return {
        "id": f"{ADDRESS}W{number}",
        "display_name": f"On {number}",
        "title": f"On {number}",
        "publication_year": year,
        "primary_location": {"source": {"id": f"{ADDRESS}S1", "display_name": "Annals"}},
        "authorships": list(authors),
        "abstract_inverted_index": {"Invented": [0]},
        **other,
    }


def write(path: Path, works: list[Any], *, packed: bool = True) -> Path:
    """Write works, or texts as they are, a line each."""
    lines = [line if isinstance(line, str) else json.dumps(line, ensure_ascii=False) for line in works]
    data = ("\n".join(lines) + "\n").encode()
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(gzip.compress(data, 1, mtime=0) if packed else data)
    return path
