"""The settings of the resolver, the ways in which it finds, and how far each is trusted."""

from dataclasses import dataclass
from typing import Final

WAYS: Final = ("exact", "alternate", "normal", "spelling", "part", "fuzzy", "coordinates", "unresolved")
"""Ways in which a place is found, from the surest to the least sure; the last is none."""

TRUST: Final = {
    "exact": 1.0,
    "alternate": 0.97,
    "normal": 0.95,
    "spelling": 0.85,
    "part": 0.8,
    "fuzzy": 0.6,
    "coordinates": 0.6,
}
"""How far each way is trusted when nothing else fits; confidence is this times the share of evidence."""


@dataclass(frozen=True, kw_only=True)
class ResolveRule:
    """Settings of the resolver; `docs/methods/places.md` gives the reason of each.

    Attributes
    ----------
    accept
        Least share of the evidence that the best place must hold where the country is known and the
        text is its main name.
    accept_other
        The same where the text is another of its names, a part or another spelling.
    accept_alone
        The same where the country is not known.
    same_km
        Candidates this near to the best, or in its city, speak for it.
    near_km
        Scale of the weight of coordinates; the nearest place counts within this distance.
    base_people
        People added to each place's, so that places without a number have a chance.
    people_power
        Power of a place's people in its weight: above one, a larger homonym counts for more.
    fame_power
        Power of the number of a place's names in its weight.
    member_weight
        Weight of a place that is a part of another place's city, against one that is a city's core or
        stands alone: a bare name means a suburb less often.
    other_weight
        Weight of a place by a name that is not its main one.
    letters_weight
        Weight of a name that agrees only after `names.normal_form`, against one that agrees by letter.
    division_weight, support_weight
        Weight of a place in the division that the text names, or near another place that it names.
    support_km
        How near that is.
    hint_weight
        Weight of a part as a place where it is a country's or division's name as well.
    whole_weight
        Weight of a text of several parts that is a name as a whole ("Washington, D.C.").
    territory_weight
        Weight of a place in a territory that sources file under the country given (`territories.csv`).
    part_people, part_alone_people
        Least people of a place whose name is looked for inside a longer text; whose other names are, where
        no country is known. Where one is and the text is an institution or an address, long names of
        any place are looked for.
    run_letters, word_letters
        Least letters of a word inside a text that is looked for alone; of a word of a longer name by which
        that name is found.
    fuzzy_similarity
        Least similarity of a misspelt name, 0..100 (normalised indel).
    fuzzy_people
        Least people of a place that a misspelt name may mean: of a small one, it is more often the
        name of another place that the gazetteer lacks.
    """

    accept: float = 0.525
    accept_other: float = 0.65
    accept_alone: float = 0.9
    same_km: float = 25.0
    near_km: float = 30.0
    base_people: float = 300.0
    people_power: float = 1.3
    fame_power: float = 0.5
    member_weight: float = 0.5
    other_weight: float = 0.1
    letters_weight: float = 0.3
    division_weight: float = 30.0
    support_weight: float = 30.0
    support_km: float = 40.0
    hint_weight: float = 0.02
    whole_weight: float = 4.0
    territory_weight: float = 0.1
    part_people: int = 15_000
    part_alone_people: int = 100_000
    run_letters: int = 4
    word_letters: int = 5
    fuzzy_similarity: float = 90.0
    fuzzy_people: int = 100_000
