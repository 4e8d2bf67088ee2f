"""The country taxonomy: which of its many columns a name, a code and a region come from."""

from pathlib import Path

import pytest

from cosmopolis.errors import FormatError
from cosmopolis.records import admit
from cosmopolis.sources import country_names

HEADER = (
    "ID,m49 numerical code,ISO 3166-1 Alpha 2-Codes,ISO 3166-1 Alpha 3-Codes,x Alpha2 codes,x Alpha3 codes,"
    "Preferred Term,ISO Alt Term,DGACM Alt Term,HPC Tools Alt Term,RW Short Name,RW API Alt Term,"
    "English Short,French Short,Spanish Short,Russian Short,Chinese Short,Arabic Short,English Formal,"
    "M49 English,M49 French,M49 Spanish,M49 Russian,M49 Chinese,M49 Arabic,Region Name,Sub-region Name,"
    "Intermediate Region Name,World Bank Income Level"
)


def _line(**cells: str) -> str:
    return ",".join(cells.get(name.replace(" ", "_").replace("-", "_"), "") for name in HEADER.split(","))


def _files(folder: Path, *lines: str) -> dict[str, Path]:
    path = folder / country_names.FILE
    path.write_bytes("\r\n".join((HEADER, *lines, "")).encode())
    return {country_names.FILE: path}


def test_names_codes_and_regions(tmp_path: Path) -> None:
    full = _line(
        ISO_3166_1_Alpha_2_Codes="XA",
        ISO_3166_1_Alpha_3_Codes="XAA",
        Preferred_Term='"Arborea, Republic of"',
        English_Short="Arborea",
        French_Short="Arborée",
        Chinese_Short="木国",
        M49_Chinese="木本国",
        M49_French="Arborée",
        English_Formal="the Republic of Arborea",
        Region_Name="Africa",
        Sub_region_Name="Sub-Saharan Africa",
        Intermediate_Region_Name="Eastern Africa",
        World_Bank_Income_Level="High",
    )
    user_assigned = _line(
        x_Alpha2_codes="XB", x_Alpha3_codes="XBB", Preferred_Term="Bosk", Sub_region_Name="Northern Europe"
    )
    part_of_a_country = _line(x_Alpha3_codes="XCC", Preferred_Term="Copse Islands")
    (raw,) = country_names.read(_files(tmp_path, full, user_assigned, part_of_a_country))
    admitted = admit(raw)
    assert (raw.part, raw.table, raw.rows_in) == ("countries", "country_name", 3)
    assert admitted.frame.rows() == [
        (
            1,
            "XA",
            "XAA",
            "Arborea",
            "木国",
            ["Arborea, Republic of", "Arborée", "the Republic of Arborea", "木本国"],
            "Africa",
            "Eastern Africa",
            "High",
        ),
        (2, "XB", "XBB", "Bosk", None, [], None, "Northern Europe", None),
    ]
    assert admitted.quarantine.select("row", "reason").rows() == [(3, "country is missing")]


def test_a_missing_column_is_named_with_the_nearest(tmp_path: Path) -> None:
    path = tmp_path / country_names.FILE
    path.write_text(HEADER.replace("Chinese Short", "Chinese short"), encoding="utf-8")
    with pytest.raises(FormatError, match=r"no column 'Chinese Short'.*did you mean 'Chinese short'"):
        country_names.read({country_names.FILE: path})
