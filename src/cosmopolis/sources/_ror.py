"""What the readers of the Research Organization Registry share: ids, and what a withdrawn record means."""

ROR = "https://ror.org/"
"""What stands before the short id of an organisation."""

WITHDRAWN = "status says that the record was withdrawn"
"""Reason of a record that was a duplicate or a mistake; one of an organisation that has ended is kept."""


def short_id(address: str) -> str:
    """Return an organisation's id without the address before it.

    Examples
    --------
    >>> short_id("https://ror.org/041kmwe10")
    '041kmwe10'
    """
    return address.removeprefix(ROR)


def other_names(name: str | None, names: list[str | None]) -> list[str]:
    """Return the names that are not the first one, each once, in their order."""
    return [other for other in dict.fromkeys(names) if other and other != name]
