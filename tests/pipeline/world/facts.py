"""What there is in the synthetic world: four countries of trees and what runs between their cities.

All of it invented. Only the code GB and the alternate name "London" of its first city are of the real world:
the package's own table of stock exchanges must find one of them here.
"""

from typing import NamedTuple


class Country(NamedTuple):
    """A country of the synthetic world, with the south-west corner of the square that it is drawn as."""

    code: str
    code3: str
    name: str
    name_zh: str
    capital: str
    subregion: str
    corner: tuple[float, float]


class Place(NamedTuple):
    """A populated place of the synthetic world."""

    id: int
    name: str
    country: str
    admin1: str
    latitude: float
    longitude: float
    population: int
    alternates: tuple[str, ...] = ()


class Airport(NamedTuple):
    """An airport and the city that its row names."""

    iata: str
    name: str
    city: str
    country: str
    latitude: float
    longitude: float


class Port(NamedTuple):
    """A port and the countries that it serves, None where nobody recorded them."""

    code: str
    name: str
    latitude: float
    longitude: float
    serves: tuple[str, ...] | None


COUNTRIES = (
    Country("GB", "GBR", "Arborea", "阿博里亚", "Alder", "Northern Europe", (48.0, -8.0)),
    Country("XB", "XBB", "Bosk", "博斯克", "Birch", "Eastern Asia", (30.0, 126.0)),
    Country("XC", "XCC", "Copse", "科普斯", "Cedar", "Middle Africa", (-6.0, 10.0)),
    Country("XD", "XDD", "Dell", "", "Dogwood", "South America", (-36.0, -68.0)),
)

ALDER, ASPEN, ELMSTEAD = 90_000_001, 90_000_002, 90_000_003
BIRCH, BEECH, BAMBOO = 90_000_011, 90_000_012, 90_000_013
CEDAR, CYPRESS, WILLOW_EAST, WILLOW_WEST = 90_000_021, 90_000_022, 90_000_023, 90_000_024
DOGWOOD, DAMSON, DURIAN = 90_000_031, 90_000_032, 90_000_033

PLACES = (
    Place(ALDER, "Alder", "GB", "AA", 51.0, 0.0, 8_000_000, ("Alder", "London", "赤杨", "赤楊", "Ольха")),
    Place(ASPEN, "Aspen", "GB", "AB", 53.0, -2.0, 900_000, ("Aspen", "白杨市")),
    Place(ELMSTEAD, "Elmstead", "GB", "AC", 52.0, -4.0, 300_000, ("Elmstead",)),
    Place(BIRCH, "Birch", "XB", "01", 35.0, 130.0, 5_000_000, ("Birch", "白桦", "Betula")),
    Place(BEECH, "Beech", "XB", "02", 34.0, 132.0, 1_200_000, ("Beech", "山毛榉")),
    Place(BAMBOO, "Bamboo", "XB", "03", 36.0, 131.0, 200_000, ("Bamboo", "竹城")),
    Place(CEDAR, "Cedar", "XC", "01", 0.0, 14.0, 3_000_000, ("Cedar", "雪松")),
    Place(CYPRESS, "Cypress", "XC", "02", 1.0, 16.0, 700_000, ("Cypress",)),
    Place(WILLOW_EAST, "Willow", "XC", "01", 2.0, 18.0, 150_000, ("Willow",)),
    Place(WILLOW_WEST, "Willow", "XC", "02", -3.0, 12.0, 149_000, ("Willow",)),
    Place(DOGWOOD, "Dogwood", "XD", "01", -30.0, -60.0, 2_000_000, ("Dogwood", "山茱萸")),
    Place(DAMSON, "Damson", "XD", "02", -32.0, -64.0, 400_000, ("Damson",)),
    Place(DURIAN, "Durian", "XD", "02", -34.0, -62.0, 120_000, ("Durian", "榴莲")),
    Place(90_000_101, "Alderham", "GB", "AA", 51.0, 0.15, 60_000, ("Alderham",)),
    Place(90_000_102, "Alder Vale", "GB", "AD", 51.2, 0.1, 9_000, ("Alder Vale",)),
    Place(90_000_103, "Birchwick", "XB", "01", 35.1, 130.1, 40_000, ("Birchwick",)),
    Place(90_000_104, "Lonely Oak", "XD", "03", -35.5, -67.5, 700, ("Lonely Oak",)),
)
"""Thirteen cities, three places that belong to one of them, and one that belongs to none."""

AIRPORTS = (
    Airport("AAL", "Alder Old Field", "Alder", "GB", 51.1, 0.1),
    Airport("AAN", "Alder New Field", "Alderham", "GB", 51.0, 0.3),
    Airport("AAS", "Aspen Field", "Aspen", "GB", 53.1, -2.1),
    Airport("BBI", "Birch Field", "Birch", "XB", 35.1, 130.2),
    Airport("BBE", "Beech Field", "Beech", "XB", 34.1, 132.1),
    Airport("CCE", "Cedar Field", "Cedar", "XC", 0.1, 14.1),
    Airport("CWI", "Willow Field", "Willow", "XC", 2.1, 18.1),
    Airport("DDO", "Dogwood Field", "Dogwood", "XD", -30.1, -60.1),
    Airport("DDA", "Damson Field", "Damson", "XD", -32.1, -64.1),
    Airport("LOA", "Lonely Oak Strip", "Lonely Oak", "XD", -35.5, -67.4),
)
"""The last one serves a place that belongs to no city."""

ROUTES_2022 = (
    ("AAL", "BBI"),
    ("BBI", "AAL"),
    ("AAL", "CCE"),
    ("CCE", "AAL"),
    ("AAL", "DDO"),
    ("DDO", "AAL"),
    ("AAN", "AAS"),
    ("AAN", "AAL"),
    ("AAS", "BBI"),
    ("BBI", "BBE"),
    ("BBE", "BBI"),
    ("BBI", "CCE"),
    ("CCE", "CWI"),
    ("DDO", "DDA"),
    ("DDO", "LOA"),
)
"""Between two cities all but AAN–AAL (within one city) and DDO–LOA (to no city)."""

ROUTES_2021 = (("AAL", "BBI"), ("AAL", "CCE"), ("BBI", "BBE"), ("CCE", "CWI"), ("DDO", "DDA"))

ROUTES_2014 = (
    ("AAL", "BBI", ("Q1", "Q2", "Q3")),
    ("BBI", "AAL", ("Q1", "Q2")),
    ("AAL", "DDO", ("Q1",)),
    ("CCE", "AAL", ("Q4",)),
    ("BBI", "BBE", ("Q2", "Q5")),
    ("AAL", "ZZZ", ("Q9",)),
)
"""The last one leads to an airport that no source knows."""

PORTS = (
    Port("GBAAL", "Alder", 51.0, 0.1, ("XB", "XC")),
    Port("GBAEL", "Elmstead", 52.0, -4.1, ("GB", "XB")),
    Port("GBAAS", "Aspen", 53.0, -2.1, None),
    Port("XBBBI", "Birch", 35.0, 130.1, ("GB", "XC")),
    Port("XBBBA", "Bamboo", 36.0, 131.1, ("GB",)),
    Port("XCCCE", "Cedar", 0.0, 14.1, ("GB", "XB")),
    Port("XDDDA", "Damson", -32.0, -64.1, None),
)

LANES = (("", ((0.1, 51.0), (14.1, 0.0))), ("narrows", ((14.1, 0.0), (130.1, 35.0))))

RAILWAY_NODES = (
    (51.01, 0.01, {1: 210.0, 0: 0.0}),
    (52.0, -1.0, {0: 210.0, 2: 150.0}),
    (53.01, -2.01, {1: 150.0}),
    (35.01, 130.01, {4: 240.0}),
    (34.01, 132.01, {3: 240.0}),
    (-20.0, -40.0, {6: 12.5}),
    (-20.1, -40.1, {5: 12.5}),
)
"""Alder to Aspen, Birch to Beech, and a line far from every city."""

FIRMS = (
    ("Alder Timber", "Arborea", "Alder , Arborea", ("Machinery", "Banks"), ("LON:ALT", "FRA:ALT")),
    ("Aspen Software", "Arborea", "Aspen, Arborea", ("Software",), ("LON:ASP",)),
    ("Aspen Bank", "Arborea", "Aspen , Arborea", ("Banks", "Insurance"), ("LON:ASB",)),
    ("Birch Chips", "Bosk", "Birch , Bosk", ("Semiconductors", "Electronic parts"), ("LON:BCH",)),
    ("Beech Shipping", "Bosk", "Beech , Bosk", ("Shipping",), ()),
    ("Willow Mills", "Copse", "Willow , Copse", ("Paper",), ("LON:WIL",)),
    ("Alder Garden", "Arborea", "Alder , Arborea", ("Flowers",), ()),
)
"""Which of the two Willows nobody knows; the last one has neither sector group nor listing."""

WORKS = (
    (
        1,
        2021,
        (("Dept of Wood, Alder University, Alder, Arborea", "GB"), ("Birch Institute, Birch, Bosk", "XB")),
    ),
    (2, 2021, (("Alder University, Alder, Arborea", "GB"), ("Cedar College, Cedar, Copse", "XC"))),
    (3, 2022, (("Birch Institute, Birch, Bosk", "XB"), ("Birch Institute, Birch, Bosk", "XB"))),
    (4, 2022, (("Willow College, Willow, Copse", "XC"), ("Alder University, Alder, Arborea", "GB"))),
)

TRADE_CODES = ("GBR", "XBB", "XCC")
TRADE_SECTORS = ("A01", "C10T12")
TRADE_OUTPUT_MUSD = (100.0, 80.0, 20.0, 300.0, 240.0, 60.0)
"""By sector, then country."""

TRADE_GOODS_ABROAD = 0.2
"""Share of each node's inputs that comes from the country after its own; Copse sells nothing."""

COVERED = {"listed-firms": ("GB", "XB"), "ports": ("GB", "XB", "XC"), "icio-2022": ("GB", "XB", "XC")}
"""Countries that a source can speak of, where it is not the whole world."""
