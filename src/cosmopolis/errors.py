"""The errors that a user can meet, and the help that goes with them.

Each is a subclass of a builtin, so that callers who do not know Cosmopolis can catch them too. A
message says what was got, what was expected, the nearest valid names and what to do next; `hint_near`
writes the part about names.
"""

import difflib
from collections.abc import Iterable


class CosmopolisError(Exception):
    """Base of every error that is the user's to mend; the command line prints it in one line."""


class SpecError(CosmopolisError, ValueError):
    """A settings file (edition, catalogue, index) is wrong."""


class UnknownNameError(CosmopolisError, LookupError):
    """A name (source, column, indicator, country) is not known."""


class SourceUnavailableError(CosmopolisError, OSError):
    """A source's file cannot be had from any of its places."""


class EngineError(CosmopolisError, RuntimeError):
    """An engine cannot run here, for want of a library, a program or memory, or fails at its work."""


class FormatError(CosmopolisError, ValueError):
    """A file as a whole is not in the format that its reader expects."""


class LedgerError(CosmopolisError, AssertionError):
    """Rows in are not rows used plus rows quarantined: a defect of a reader, never of the data."""


class ResultError(CosmopolisError, OSError):
    """A result folder cannot be written, read or trusted."""


def hint_near(got: str, valid: Iterable[str], *, most: int = 3) -> str:
    """Name the valid names nearest to what was got, as the tail of an error message.

    Parameters
    ----------
    got
        The name that is not known.
    valid
        The names that are.
    most
        How many to name at most.

    Returns
    -------
    hint
        `"; did you mean 'a' or 'b'?"`, else `"; known are: ..."` for a short list, else an empty string.

    Examples
    --------
    >>> hint_near("geoname", ["geonames", "ports"])
    "; did you mean 'geonames'?"
    >>> hint_near("x", ["geonames", "ports"])
    "; known are 'geonames', 'ports'"
    """
    names = sorted(set(valid))
    by_folded = {name.casefold(): name for name in reversed(names)}
    near = [by_folded[n] for n in difflib.get_close_matches(got.casefold(), by_folded, n=most, cutoff=0.6)]
    if near:
        return "; did you mean " + " or ".join(repr(name) for name in near) + "?"
    if len(names) <= 12:  # noqa: PLR2004 - a list longer than a line helps nobody
        return "; known are " + ", ".join(repr(name) for name in names)
    return ""
