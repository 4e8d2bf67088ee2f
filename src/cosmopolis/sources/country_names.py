"""UN OCHA Countries and Territories Taxonomy: names in six languages, M49 regions, income groups.

One line a country, territory or part of one. Three things to know, all kept as they stand:

- Names and their form ("Taiwan (Province of China)", "China, Hong Kong Special Administrative Region")
  are the United Nations' own. A Chinese name is missing for Taiwan, Kosovo and a few others.
- Kosovo has no ISO code; the file gives the user-assigned codes XK and XKX in columns of their own, which
  are taken where the ISO columns are empty (the same holds for the former Netherlands Antilles, AN).
- Parts of countries (Azores, Canary Islands, Galapagos ...) and Antarctica stand in the file too. Those
  without any two-letter code are no countries and end in quarantine; Antarctica belongs to no region.
"""

from collections.abc import Mapping
from pathlib import Path

from cosmopolis.sources.raw import Raw
from cosmopolis.sources.text import Reject, csv_rows, path_of, raw_of, read_text

SOURCE = "country-names"
FILE = "Countries & Territories Taxonomy MVP - C&T Taxonomy.csv"

_ISO2 = ("ISO 3166-1 Alpha 2-Codes", "x Alpha2 codes")
_ISO3 = ("ISO 3166-1 Alpha 3-Codes", "x Alpha3 codes")
_NAME = ("English Short", "Preferred Term")
_NAME_ZH = ("Chinese Short", "M49 Chinese")
_SUBREGION = ("Intermediate Region Name", "Sub-region Name")
_OTHER_NAMES = (
    "Preferred Term",
    "ISO Alt Term",
    "DGACM Alt Term",
    "HPC Tools Alt Term",
    "RW Short Name",
    "RW API Alt Term",
    "English Short",
    "French Short",
    "Spanish Short",
    "Russian Short",
    "Chinese Short",
    "Arabic Short",
    "English Formal",
    "M49 English",
    "M49 French",
    "M49 Spanish",
    "M49 Russian",
    "M49 Chinese",
    "M49 Arabic",
)
_REGION, _INCOME = "Region Name", "World Bank Income Level"


def _first(cells: Mapping[str, str], columns: tuple[str, ...]) -> str | None:
    """Return the first of the columns that is filled."""
    return next((text for column in columns if (text := cells[column].strip())), None)


def read(files: Mapping[str, Path]) -> tuple[Raw, ...]:
    """Read the part `countries` for the table `country_name`.

    `name` is the English short name, else the preferred term; `name_zh` the Chinese short name, else that
    of M49; `other_names` all other terms of the line, each once, in the order of the columns; `subregion`
    the intermediate region (Eastern Africa), else the sub-region (Western Europe).
    """
    path = path_of(files, FILE, source=SOURCE)
    needed = (*_ISO2, *_ISO3, *_OTHER_NAMES, _REGION, *_SUBREGION, _INCOME)
    text = read_text(path, source=SOURCE, expected="the taxonomy as a CSV file")
    rejects: list[Reject] = []
    rows = []
    for row, cells in csv_rows(text, needed, source=SOURCE, path=path, rejects=rejects):
        name, name_zh = _first(cells, _NAME), _first(cells, _NAME_ZH)
        others = dict.fromkeys(term for column in _OTHER_NAMES if (term := cells[column].strip()))
        rows.append(
            (
                row,
                _first(cells, _ISO2),
                _first(cells, _ISO3),
                name,
                name_zh,
                [term for term in others if term not in (name, name_zh)],
                cells[_REGION],
                _first(cells, _SUBREGION),
                cells[_INCOME],
            )
        )
    return (raw_of(SOURCE, "countries", "country_name", rows, rejects),)
