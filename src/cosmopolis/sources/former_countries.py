"""States that are no more, as sources of long series name them, and codes that ISO 3166-1 has replaced.

A state whose seat, debts and treaties another one took over as its own is that one under its older name: the
Soviet Union is Russia, the Federal Republic of Germany is Germany, the Yemen Arab Republic is Yemen. A state
that ended and whose parts all began anew stays by itself, with its four letters of ISO 3166-3, so that no
series passes from one country into another unseen; nobody can take them for a code of today, while two
letters were given again (CS was Czechoslovakia, then Serbia and Montenegro).
"""

from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True, kw_only=True)
class Former:
    """A state that is no more.

    Attributes
    ----------
    code
        Four letters, ISO 3166-3.
    iso2, iso3
        The letters of ISO 3166-1 that it had.
    name, name_zh
        What readers are shown.
    seat
        Country of today in which its capital lies, ISO 3166-1 alpha-2: for distances, not as an heir.
    last_year
        Its last year; the same letters in a later row mean `then`.
    then
        Who has the letters after that, ISO 3166-1 alpha-3; none: nobody.
    """

    code: str
    iso2: str
    iso3: str
    name: str
    name_zh: str
    seat: str
    last_year: int
    then: str | None = None


FORMER: tuple[Former, ...] = (
    Former(
        code="ANHH", iso2="AN", iso3="ANT", name="Netherlands Antilles", name_zh="荷属安的列斯",
        seat="CW", last_year=2010,
    ),
    Former(
        code="CSHH", iso2="CS", iso3="CSK", name="Czechoslovakia", name_zh="捷克斯洛伐克",
        seat="CZ", last_year=1992,
    ),
    Former(
        code="DDDE", iso2="DD", iso3="DDR", name="German Democratic Republic", name_zh="德意志民主共和国",
        seat="DE", last_year=1990,
    ),
    Former(
        code="YDYE", iso2="YD", iso3="YMD", name="Yemen, Democratic", name_zh="民主也门",
        seat="YE", last_year=1990,
    ),
    Former(
        code="YUCS", iso2="YU", iso3="YUG", name="Yugoslavia", name_zh="南斯拉夫",
        seat="RS", last_year=1992, then="SRB",
    ),
)  # fmt: skip
"""By code. Yugoslavia is the federation of six republics; later rows of its letters are Serbia's."""

RENAMED: Mapping[str, str] = {
    "BLX": "BEL",  # Belgium and Luxembourg, one customs area, of which Belgium has the most
    "KN1": "KNA",
    "MNT": "MNE",
    "ROM": "ROU",
    "SUN": "RUS",
    "SVR": "VNM",  # Republic of Viet Nam, to 1975: the letters were its own
    "SVU": "RUS",
    "TMP": "TLS",
    "YAR": "YEM",
    "YDR": "YMD",
    "ZAR": "COD",
}
"""Three letters of the World Bank's trade files and of old ISO lists to those of ISO 3166-1 or 3166-3."""

NO_COUNTRY: Mapping[str, str] = {
    "BUN": "bunkers: fuel and stores for ships and aircraft",
    "FRE": "free zones",
    "NZE": "the neutral zone",
    "SPE": "special categories",
    "UNS": "partners that are not told",
}
"""Partners of the World Bank's trade files that are no country."""


def iso3_of(code: str, year: int) -> str:
    """Return the three letters that a code means in a year.

    Examples
    --------
    >>> iso3_of("ROM", 1990), iso3_of("YUG", 1990), iso3_of("YUG", 2004), iso3_of("FRA", 1970)
    ('ROU', 'YUG', 'SRB', 'FRA')
    """
    today = RENAMED.get(code, code)
    for state in FORMER:
        if state.iso3 == today and year > state.last_year and state.then is not None:
            return state.then
    return today
