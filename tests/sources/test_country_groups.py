"""Groups of countries: one file a group, rows numbered over all files."""

import json
from pathlib import Path
from typing import Any

import pytest

from cosmopolis.errors import FormatError, UnknownNameError
from cosmopolis.records import admit
from cosmopolis.sources import country_groups


def _files(folder: Path, **groups: Any) -> dict[str, Path]:  # noqa: ANN401 - any JSON
    files = {}
    for name, group in groups.items():
        files[f"{name}.json"] = folder / f"{name}.json"
        files[f"{name}.json"].write_text(json.dumps(group), encoding="utf-8")
    return files


def test_rows_run_over_the_files_in_order_of_their_names(tmp_path: Path) -> None:
    oak = {"gid": "oak", "name": "Oak League", "countries": [{"name": "Bosk", "iso2": "XB"}]}
    ash = {
        "gid": "ash",
        "name": "Ash Pact",
        "countries": [{"name": "Arborea", "iso2": "XA"}, {"name": "Copse", "iso2": "", "iso3": ""}],
    }
    (raw,) = country_groups.read(_files(tmp_path, oak=oak, ash=ash))
    assert (raw.part, raw.table, raw.rows_in) == ("memberships", "membership", 3)
    assert admit(raw).frame.rows() == [(1, "ash", "Ash Pact", "XA"), (3, "oak", "Oak League", "XB")]
    assert raw.rejects.select("row", "column", "value", "reason").rows() == [
        (2, "country", "Copse", "country has a name but no code in ash.json")
    ]


def test_a_group_without_a_list_is_not_in_the_format(tmp_path: Path) -> None:
    with pytest.raises(FormatError, match=r"oak\.json holds 'countries' of type NoneType, but expected"):
        country_groups.read(_files(tmp_path, oak={"gid": "oak"}))


def test_no_file_at_all() -> None:
    with pytest.raises(UnknownNameError, match=r"needs files \*\.json"):
        country_groups.read({})
