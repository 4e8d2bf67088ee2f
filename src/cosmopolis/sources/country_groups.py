"""Groups of countries (European Union, ASEAN, G20 ...) and their members, one JSON file a group.

The lists stand as their compilers left them and some are out of date; no file says as of when. So no year
is given to a membership, and a list is never a statement that a country outside it is no member. A few
members are written with a name but no code ("Congo, Dem. Rep."); they are quarantined with the name.
"""

from collections.abc import Mapping
from pathlib import Path

from cosmopolis.errors import UnknownNameError
from cosmopolis.sources.raw import Raw
from cosmopolis.sources.text import Reject, raw_of, read_json, wrong_format

SOURCE = "country-groups"


def read(files: Mapping[str, Path]) -> tuple[Raw, ...]:
    """Read the part `memberships` for the table `membership`.

    A row is one country of one group; rows are numbered over the files in the order of their names.

    Parameters
    ----------
    files
        Any number of files `<group>.json`.
    """
    names = sorted(name for name in files if name.endswith(".json"))
    if not names:
        raise UnknownNameError(f"{SOURCE}: got the files {sorted(files)}, but the reader needs files *.json")
    rows, rejects = [], list[Reject]()
    row = 0
    for name in names:
        expected = "a JSON object with 'gid', 'name' and a list of 'countries'"
        group = read_json(files[name], dict, source=SOURCE, expected=expected)
        members = group.get("countries")
        if not isinstance(members, list):
            got = f"holds 'countries' of type {type(members).__name__}"
            raise wrong_format(SOURCE, files[name], got, expected)
        for member in members:
            row += 1
            if not isinstance(member, dict):
                reason = f"country cannot be read: a member in {name} is not an object"
                rejects.append((row, "country", member, reason))
            elif not member.get("iso2"):
                reason = f"country has a name but no code in {name}"
                rejects.append((row, "country", member.get("name"), reason))
            else:
                rows.append((row, group.get("gid"), group.get("name"), member["iso2"]))
    return (raw_of(SOURCE, "memberships", "membership", rows, rejects),)
