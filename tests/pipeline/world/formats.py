"""The synthetic world written down in the true format of every source of the edition `open`."""

import csv
import io
import json
from collections.abc import Iterable, Sequence

import numpy as np
import shapefile
from broken_rows import TAXONOMY
from fontTools.fontBuilder import FontBuilder
from fontTools.pens.ttGlyphPen import TTGlyphPen

from cosmopolis.sources import country_names
from world import facts

_ID = "https://openalex.org/"
_WORK_COLUMNS = (
    "id",
    "title",
    "publication_year",
    "authorships.author_position",
    "authorships.institutions",
    "authorships.countries",
    "authorships.affiliations",
)
_FONT_SAYS = "".join(chr(code) for code in range(0x20, 0x7F)) + "城市网络排名数据地图港口航空铁路"


def _json(value: object) -> bytes:
    return json.dumps(value, ensure_ascii=False).encode()


def _csv(header: Sequence[str], rows: Iterable[Sequence[object]]) -> bytes:
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(header)
    writer.writerows(rows)
    return text.getvalue().encode()


def geonames() -> dict[str, bytes]:
    """Write places, countries and states."""
    places = {
        str(place.id): {
            "geonameid": place.id,
            "name": place.name,
            "latitude": place.latitude,
            "longitude": place.longitude,
            "countrycode": place.country,
            "population": place.population,
            "timezone": "Synthetic/Tree",
            "admin1code": place.admin1,
            "alternatenames": list(place.alternates),
        }
        for place in facts.PLACES
    }
    countries = {
        country.code: {
            "name": country.name,
            "iso": country.code,
            "iso3": country.code3,
            "capital": country.capital,
            "population": 40_000_000,
        }
        for country in facts.COUNTRIES
    }
    states = {"QA": {"code": "QA", "name": "Quasar"}}
    return {
        "cities500.json": _json(places),
        "countries.json": _json(countries),
        "us_states.json": _json(states),
    }


def names() -> dict[str, bytes]:
    """Write the taxonomy of countries, with a part of a country that has no code."""
    rows = [
        {
            "ISO 3166-1 Alpha 2-Codes": country.code,
            "ISO 3166-1 Alpha 3-Codes": country.code3,
            "Preferred Term": country.name,
            "English Short": country.name,
            "Chinese Short": country.name_zh,
            "English Formal": f"Republic of {country.name}",
            "Region Name": "Synthetic",
            "Sub-region Name": country.subregion,
            "World Bank Income Level": "High",
        }
        for country in facts.COUNTRIES
    ]
    rows.append({"Preferred Term": "Grove Island", "English Short": "Grove Island"})
    header = TAXONOMY.split(",")
    return {country_names.FILE: _csv(header, [[row.get(name, "") for name in header] for row in rows])}


def groups(files: Iterable[str]) -> dict[str, bytes]:
    """Write a group of countries for every file of the catalogue; one member has a name only."""
    members = [{"name": country.name, "iso2": country.code} for country in facts.COUNTRIES]
    made = {
        name: _json(
            {"gid": name.removesuffix(".json"), "name": f"Synthetic {name[:-5]}", "countries": members[:1]}
        )
        for name in sorted(files)
    }
    first = min(made)
    made[first] = _json(
        {"gid": first[:-5], "name": "Synthetic League", "countries": [*members, {"name": "Grove Island"}]}
    )
    return made


def airports() -> dict[str, bytes]:
    """Write airports, one landing field without a code, and the airports of the city code QAL."""
    header = ("icao", "iata", "name", "city", "subd", "country", "elevation", "lat", "lon", "tz", "lid")
    rows = [
        (
            f"X{a.iata}",
            a.iata,
            a.name,
            a.city,
            "",
            a.country,
            10,
            a.latitude,
            a.longitude,
            "Synthetic/Tree",
            "",
        )
        for a in facts.AIRPORTS
    ]
    rows.append(("XX00", "", "Meadow", "Aspen", "", "GB", 9, 53.0, -2.2, "Synthetic/Tree", ""))
    metropolitan = [("GB", "QAL", "Alder", "AAL", "Old Field"), ("GB", "QAL", "Alder", "AAN", "New Field")]
    columns = ("Country", "City Code", "City Name", "Airport Code", "Airport Name")
    return {"airports.csv": _csv(header, rows), "iata_macs.csv": _csv(columns, metropolitan)}


def routes_2022() -> dict[str, bytes]:
    """Write airports and routes as openCypher statements, with a country among the nodes."""
    number = {airport.iata: n for n, airport in enumerate(facts.AIRPORTS, start=1)}
    lines = ["//Airports"]
    lines += [
        f"CREATE (a{n}:airport {{id:'{n}',code:'{a.iata}',icao:'X{a.iata}',city:'{a.city}',desc:'{a.name}',"
        f"region:'{a.country}-1',runways:2,country:'{a.country}',lat:{a.latitude},lon:{a.longitude}}})"
        for n, a in enumerate(facts.AIRPORTS, start=1)
    ]
    lines += ["CREATE (a99:country {id:'99',code:'GB',desc:'Arborea'})", "//Routes", "CREATE"]
    lines += [
        f"(a{number[origin]})-[:route {{id: '{1000 + n}', dist: 100}}]->(a{number[destination]}),"
        for n, (origin, destination) in enumerate(facts.ROUTES_2022)
    ]
    lines.append("(a99)-[:contains {id: '2000'}]->(a1)")
    return {"airports_full.txt": "\n".join(lines).encode()}


def routes_2021() -> dict[str, bytes]:
    """Write airports and routes as Gremlin steps, the routes in two files."""
    number = {airport.iata: n for n, airport in enumerate(facts.AIRPORTS, start=1)}
    nodes = 'g.addV("version").property(id,"0").property("code","0.0")' + "".join(
        f'.addV("airport").property(id,"{n}").property("type","airport").property("code","{a.iata}")'
        f'.property("desc","{a.name}").property("region","{a.country}-1").property("country","{a.country}")'
        f'.property("city","{a.city}").property("lat",{a.latitude}d).property("lon",{a.longitude}d)'
        for n, a in enumerate(facts.AIRPORTS, start=1)
    )
    edges = [
        f'.addE("route").property(id,"{1000 + n}").from(V("{number[origin]}")).to(V("{number[destination]}"))'
        '.property("dist",100)'
        for n, (origin, destination) in enumerate(facts.ROUTES_2021)
    ]
    return {
        "0_nodes.txt": nodes.encode(),
        "1_edges_part_1.txt": ("g" + "".join(edges[:3])).encode(),
        "2_edges_part_2.txt": ("g" + "".join(edges[3:])).encode(),
    }


def routes_2014() -> dict[str, bytes]:
    """Write routes with their carriers, and airports."""
    routes = [{"from": o, "to": d, "airlines": list(carriers)} for o, d, carriers in facts.ROUTES_2014]
    fields = [
        {
            "iata": a.iata,
            "icao": f"X{a.iata}",
            "name": a.name,
            "city": a.city,
            "country": a.country,
            "lat": a.latitude,
            "lon": a.longitude,
            "size": "large",
        }
        for a in facts.AIRPORTS
    ]
    return {"routes.json": _json(routes), "airports.json": _json(fields)}


def ports() -> dict[str, bytes]:
    """Write ports and sea lanes as GeoJSON."""
    harbours = [
        {
            "type": "Feature",
            "properties": {
                "name": port.name,
                "port": port.code,
                **({"to_cty": list(port.serves)} if port.serves else {}),
            },
            "geometry": {"type": "Point", "coordinates": [port.longitude, port.latitude]},
        }
        for port in facts.PORTS
    ]
    lanes = [
        {
            "type": "Feature",
            "properties": {"passage": passage} if passage else {},
            "geometry": {"type": "LineString", "coordinates": [list(point) for point in line]},
        }
        for passage, line in facts.LANES
    ]
    return {
        "ports.geojson": _json({"type": "FeatureCollection", "features": harbours}),
        "marnet_searoute.geojson": _json({"type": "FeatureCollection", "features": lanes}),
    }


def railways() -> dict[str, bytes]:
    """Write the railway graph as the text of a module."""
    graph = [neighbours for _, _, neighbours in facts.RAILWAY_NODES]
    nodes = [[latitude, longitude] for latitude, longitude, _ in facts.RAILWAY_NODES]
    text = (
        f"\nfrom scgraph.core import GeoGraph\ngraph={graph}\nnodes={nodes}\nworld = GeoGraph(graph, nodes)\n"
    )
    return {"world_railways.py": text.encode()}


def firms() -> dict[str, bytes]:
    """Write two indices of firms as the text of a module; the first firm is in both."""
    companies = [
        {
            "name": name,
            "symbol": symbols[0] if symbols else "",
            "country": country,
            "industries": list(industries),
            "symbols": [{"yahoo": "", "google": symbol, "currency": "XXX"} for symbol in symbols],
            "metadata": {"founded": "", "headquarters": headquarters},
        }
        for name, country, headquarters, industries, symbols in facts.FIRMS
    ]
    indices = {
        "TREE 7": {"name": "TREE 7", "companies": companies},
        "TREE 1": {"name": "TREE 1", "companies": companies[:1]},
    }
    return {"indices_data.py": f'"""Synthetic."""\n\nINDICES = {indices!r}\n'.encode()}


def trade() -> dict[str, bytes]:
    """Write the input–output table as a NumPy archive, sector-major, and its two lists of codes."""
    width, nodes = len(facts.TRADE_CODES), len(facts.TRADE_OUTPUT_MUSD)
    shares = np.eye(nodes) * (1 - facts.TRADE_GOODS_ABROAD)
    for buyer in range(nodes):
        sector, country = divmod(buyer, width)
        seller = sector * width + (0 if country else 1)  # Arborea sells to all, Bosk to Arborea
        shares[seller, buyer] += facts.TRADE_GOODS_ABROAD
    file = io.BytesIO()
    np.savez(
        file,
        A=shares,
        omb=np.full(nodes, 0.5),
        go=np.array(facts.TRADE_OUTPUT_MUSD),
        countries=np.array(facts.TRADE_CODES),
        sectors=np.array(facts.TRADE_SECTORS),
    )
    return {
        "bench_cache.npz": file.getvalue(),
        "OECD_ICIO_2025_country_code_mapping.csv": b"code,name\nGBR,Arborea\n",
        "OECD_ICIO_2025_sector_code_mapping.csv": b"code,name\nA01,Trees\n",
    }


def science() -> dict[str, bytes]:
    """Write works with the affiliations of their authors."""
    rows = []
    for number, year, authors in facts.WORKS:
        slots = [{"raw_affiliation_string": text, "institution_ids": []} for text, _ in authors]
        rows.append(
            (
                f"{_ID}W{number}",
                f"Synthetic work {number}",
                year,
                "|".join(["first", *["middle"] * (len(authors) - 2), "last"]),
                "",
                "|".join(country for _, country in authors),
                "|".join(map(repr, slots)),
            )
        )
    return {"open alex dataset.csv": _csv(_WORK_COLUMNS, rows)}


def borders() -> dict[str, bytes]:
    """Write a square for each country as a shapefile."""
    parts = {kind: io.BytesIO() for kind in ("shp", "shx", "dbf")}
    with shapefile.Writer(**parts, shapeType=shapefile.POLYGON, encoding="utf-8") as writer:
        writer.field("name", "C", 80)
        writer.field("iso_a3", "C", 80)
        for country in facts.COUNTRIES:
            south, west = country.corner
            north, east = south + 12.0, west + 12.0
            writer.poly([[[west, south], [west, north], [east, north], [east, south], [west, south]]])
            writer.record(country.name, country.code3)
    files = {f"naturalearth_lowres.{kind}": part.getvalue() for kind, part in parts.items()}
    return {**files, "naturalearth_lowres.cpg": b"UTF-8", "naturalearth_lowres.prj": b'GEOGCS["Synthetic"]'}


def font() -> dict[str, bytes]:
    """Write a font whose glyphs are all the same box."""
    glyphs = [".notdef", *(f"u{ord(character):04X}" for character in _FONT_SAYS)]
    pen = TTGlyphPen(None)
    for command, point in (
        ("moveTo", (50, 0)),
        ("lineTo", (50, 700)),
        ("lineTo", (450, 700)),
        ("lineTo", (450, 0)),
    ):
        getattr(pen, command)(point)
    pen.closePath()
    box = pen.glyph()
    builder = FontBuilder(1000, isTTF=True)
    builder.setupGlyphOrder(glyphs)
    builder.setupCharacterMap({ord(character): f"u{ord(character):04X}" for character in _FONT_SAYS})
    builder.setupGlyf(dict.fromkeys(glyphs, box))
    builder.setupHorizontalMetrics(dict.fromkeys(glyphs, (500, 50)))
    builder.setupHorizontalHeader(ascent=800, descent=-200)
    builder.setupNameTable({"familyName": "Synthetic Boxes", "styleName": "Regular"})
    builder.setupOS2(sTypoAscender=800, sTypoDescender=-200)
    builder.setupPost()
    builder.updateHead(created=3_000_000_000, modified=3_000_000_000)
    builder.font.recalcTimestamp = False
    file = io.BytesIO()
    builder.save(file)
    return {"NotoSansCJKsc-Regular.otf": file.getvalue()}
