"""A file of every source with rows that are broken one by one; all of it invented, in the true format."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field

from cosmopolis.sources import country_names

TAXONOMY = (
    "ISO 3166-1 Alpha 2-Codes,ISO 3166-1 Alpha 3-Codes,x Alpha2 codes,x Alpha3 codes,Preferred Term,"
    "ISO Alt Term,DGACM Alt Term,HPC Tools Alt Term,RW Short Name,RW API Alt Term,English Short,"
    "French Short,Spanish Short,Russian Short,Chinese Short,Arabic Short,English Formal,M49 English,"
    "M49 French,M49 Spanish,M49 Russian,M49 Chinese,M49 Arabic,Region Name,Sub-region Name,"
    "Intermediate Region Name,World Bank Income Level"
)
POINT = '{"type": "Point", "coordinates": [2, 1]}'
EMPTY = '{"type": "FeatureCollection", "features": []}'
WORKS = (
    "id,publication_year,authorships.author_position,authorships.institutions,authorships.countries,"
    "authorships.affiliations"
)


@dataclass(frozen=True, kw_only=True)
class Case:
    """A part of a source: its file as a text around the rows, and what may go wrong with a row of it.

    `broken` maps what is wrong to the row's text and the column that must be named. The first good row
    comes before the broken one, the second after it; `elsewhere` counts rows of the part in `others`.
    """

    source: str
    part: str
    file: str
    before: str = ""
    between: str
    after: str = ""
    good: tuple[str, str]
    broken: Mapping[str, tuple[str, str]]
    others: Mapping[str, str] = field(default_factory=dict)
    elsewhere: int = 0


def _changed(row: str, **values: object) -> str:
    """Return a row of JSON with other values; without those that are given as `...`."""
    changed = json.loads(row) | values
    return json.dumps({name: value for name, value in changed.items() if value is not ...})


def _keyed(row: str, key: str) -> str:
    return f'"{json.loads(row)[key]}": {row}'


PLACE = '{"geonameid": 11, "name": "Alder", "latitude": 1.5, "longitude": 2, "countrycode": "XA", "population": 9, "admin1code": "", "alternatenames": ["A"]}'  # fmt: skip # noqa: E501
PLACE_2 = _changed(PLACE, geonameid=12)
COUNTRY = '{"iso": "XA", "iso3": "XAA", "name": "Arborea", "capital": ""}'
COUNTRY_2 = _changed(COUNTRY, iso="XB")
STATE, STATE_2 = '{"code": "QA", "name": "Quasar"}', '{"code": "QB", "name": "Quartz"}'
GEONAMES = {"cities500.json": "{}", "countries.json": "{}", "us_states.json": "{}"}
MEMBER, MEMBER_2 = '{"name": "Arborea", "iso2": "XA"}', '{"name": "Bosk", "iso2": "XB"}'
ROUTE = '{"from": "QAA", "to": "QBB", "airlines": ["Q1"]}'
ROUTE_2 = _changed(ROUTE, to="QCC")
FIELD = '{"iata": "QAA", "name": "Old Field", "city": "Alder", "country": "XA", "lat": 1.5, "lon": 2}'
FIELD_2 = _changed(FIELD, iata="QBB")


def _port(code: object = "XAALD", geometry: str = POINT, **more: object) -> str:
    properties = json.dumps({"name": "Alder", "port": code} | more)
    return f'{{"type": "Feature", "properties": {properties}, "geometry": {geometry}}}'


def _lane(geometry: str = '{"type": "LineString", "coordinates": [[1, 2], [3, 4]]}') -> str:
    return f'{{"type": "Feature", "properties": {{}}, "geometry": {geometry}}}'


def _air(cell: str = "1.5", code: str = "QAA") -> str:
    return f'"XXAA","{code}","Old Field","Alder","","XA",{cell},2.5'


def _country(code: str = "XA", code3: str = "XAA", name: str = "Arborea") -> str:
    return f"{code},{code3},,,{name}" + "," * 22


def _node(number: int, code: str = "QAA", latitude: str = "1.5") -> str:
    properties = f"id:'{number}',code:'{code}',desc:'Old Field',country:'XA',lat:{latitude},lon:2"
    return f"CREATE (a{number}:airport {{{properties}}})"


def _vertex(number: str, code: str = "QAA", latitude: str = "1.5d") -> str:
    return (
        f'.addV("airport").property(id,"{number}").property("code","{code}").property("desc","Old Field")'
        f'.property("country","XA").property("lat",{latitude}).property("lon",2d)'
    )


def _edge(origin: str, destination: str) -> str:
    return f'.addE("route").property(id,"9").from(V("{origin}")).to(V("{destination}")).property("dist",1)'


VERTICES = "g" + _vertex("1", "QAA") + _vertex("2", "QBB") + _vertex("3", "QCC")
GREMLIN = {"0_nodes.txt": VERTICES, "1_edges_part_1.txt": "g" + _edge("1", "2"), "2_edges_part_2.txt": "g" + _edge("2", "1")}  # fmt: skip # noqa: E501
COMPANY = "{'name': 'Alder Mills', 'industries': ['Wood'], 'metadata': {'headquarters': 'Alder'}}"


def _affiliated(text: str = "Alder U") -> str:
    return f"{{'raw_affiliation_string': '{text}', 'institution_ids': []}}"


def _work(number: int, year: str = "2021", affiliations: str = _affiliated()) -> str:
    return f'https://openalex.org/W{number},{year},first,,XA,"{affiliations}"'


PAPERS = (
    "venue,year,id,title,status,authors,aff,aff_unique_norm,aff_campus_unique,aff_country_unique,"
    "aff_campus_idx,aff_country_idx,aff_unique_idx,git_version"
)
AUTHORS = "Conference,Year,Title,Author,Affiliation"
ORGANISATIONS = "ror,name,status,types,established,city,iso2,lat,lon,geonames_id"
ARCS = '% mat2Pajek\n*vertices 2 \n1 "XA"\n2 "XB"\n*arcs\n'


def _paper(number: int, year: str = "2011", status: str = "Poster", address: str = "Alder U") -> str:
    return f"oak,{year},{number},On Alders {number},{status},Ann,{address},Alder U,,Arborea,,0,0,HEAD"


def _organisation(number: int, **cells: str) -> str:
    row = {"status": "active", "country": "XA", "latitude": "1.5", "place": "11"} | cells
    return (
        f"https://ror.org/0abc0000{number},Alder U,{row['status']},education,1811,Alder,{row['country']},"
        f"{row['latitude']},2,{row['place']}"
    )


MATRIX = "%%MatrixMarket matrix coordinate real general"
METRO = {
    "straccamore_MAs_list_gdp_1990_2014.csv": "MA,cntr\nAlder [Ash]_XA,XA\nBirch_XB,XB\nCedar_XC,XC\n",
    "straccamore_cpc4_list.csv": "4D_tec\nA01B\nA01C\n",
    "MA_tec_anno_2010.mtx.gz": f"{MATRIX}\n%\n3 2 0\n",
}
SAMPLE = {
    "patentsview_api_sample_inventors.tsv.gz": (
        "patent_id\tinventor_sequence\tinventor_id\tname_first\tname_last\tlocation_id\tcity\tstate\tcountry\n"
    ),
    "patentsview_api_sample_assignees.tsv.gz": (
        "patent_id\tassignee_sequence\tassignee_id\tassignee_type\torganization\tlocation_id\tcity\tstate\tcountry\n"
    ),
    "patentsview_api_sample_cpc.tsv.gz": "patent_id\tcpc_sequence\tcpc_class\tcpc_subclass\tcpc_group\n",
}


BULK = {
    "g_patent.tsv": '"patent_id"\t"patent_date"\n"7"\t"1999-01-05"\n"8"\t"2001-01-02"\n',
    "g_location_disambiguated.tsv": (
        "location_id\tdisambig_city\tdisambig_state\tdisambig_country\tlatitude\tlongitude\n"
        "l1\tAlder\tAL\tXA\t1.5\t2\nl2\tBosk\t\tXB\t91\t2\n"
    ),
    "g_inventor_disambiguated.tsv": (
        "patent_id\tinventor_sequence\tinventor_id\tdisambig_inventor_name_first\t"
        "disambig_inventor_name_last\tlocation_id\n"
    ),
}


REGPAT = {
    "EPO_Inv_reg.txt": "appln_id|inv_name|address|reg_code|ctry_code\n201|Ash, A|Alder|XA001|XA\n",
    "EPO_IPC.txt": "appln_id|prio_year|ipc\n201|2008|H01M010/05\n202|2009|G06N3/02\n",
}


def _bulk_inventor(patent: str, *, sequence: str = "0", place: str = "l1") -> str:
    return f'{patent}\t{sequence}\tinv\t"Ada"\tAsh\t{place}'


def _inventor(patent: str, *, sequence: str = "0", city: str = "Alder", country: str = "XA") -> str:
    return f"{patent}\t{sequence}\tinv\tAda\tAsh\tloc\t{city}\t\t{country}"


LEI = "ALDER0000000000000"
"""The first 18 characters of invented identifiers of legal entities."""

DIRECT = "IS_DIRECTLY_CONSOLIDATED_BY"
GLEIF_ENTITIES = (
    "LEI,Entity.LegalName,Entity.HeadquartersAddress.City,Entity.HeadquartersAddress.Country,"
    "Entity.LegalAddress.Country,Entity.EntityStatus,Registration.RegistrationStatus\n"
)
GLEIF_TIES = (
    "Relationship.StartNode.NodeID,Relationship.EndNode.NodeID,Relationship.RelationshipType,"
    "Relationship.RelationshipStatus\n"
)
GLEIF = {"2026-lei2-golden-copy.csv": GLEIF_ENTITIES, "2026-rr-golden-copy.csv": GLEIF_TIES}
GLEIF_SAMPLE = {
    "gleif_L1_nodes_in_network_sample.csv": "lei,legal_name,country\n",
    "gleif_L2_edges_sample.csv": "firm_i,firm_j,relation_type,relation_direction,year\n",
}


TRADE = {
    "penppml_trade.csv.gz": '"exp","imp","time","export"\n',
    "bilateral_trade_value_2015_BTV.csv": "Country Code_source,Country Code_target,BTV\n",
}


CASES: tuple[Case, ...] = (
    Case(
        source="geonames",
        part="places",
        file="cities500.json",
        before="{",
        between=", ",
        after="}",
        good=(_keyed(PLACE, "geonameid"), _keyed(PLACE_2, "geonameid")),
        broken={
            "truncated": ('"13": {"geonameid": 13, "name": "Al"}', "country"),
            "not an object": ('"13": null', "geonameid"),
            "wrong type": (f'"13": {_changed(PLACE, geonameid=13, population="many")}', "population"),
            "wrong type in a list": (
                f'"13": {_changed(PLACE, geonameid=13, alternatenames=[1])}',
                "alternates",
            ),
            "text for a list": (f'"13": {_changed(PLACE, geonameid=13, alternatenames="A")}', "alternates"),
            "missing field": (f'"13": {_changed(PLACE, geonameid=...)}', "place_id"),
            "out of range": (f'"13": {_changed(PLACE, geonameid=13, latitude=90.5)}', "latitude"),
            "beyond 64 bits": (f'"13": {_changed(PLACE, geonameid=13, population=2**80)}', "population"),
            "duplicate key": (_keyed(PLACE, "geonameid"), "place_id"),
        },
        others=GEONAMES,
    ),
    Case(
        source="geonames",
        part="countries",
        file="countries.json",
        before="{",
        between=", ",
        after="}",
        good=(_keyed(COUNTRY, "iso"), _keyed(COUNTRY_2, "iso")),
        broken={
            "truncated": ('"XC": {"iso": "XC"}', "name"),
            "wrong type": (f'"XC": {_changed(COUNTRY, iso="XC", iso3=7)}', "iso3"),
            "missing field": (f'"XC": {_changed(COUNTRY, iso=...)}', "country"),
            "out of range": (f'"XC": {_changed(COUNTRY, iso="XCX")}', "country"),
            "duplicate key": (_keyed(COUNTRY, "iso"), "country"),
        },
        others=GEONAMES,
    ),
    Case(
        source="geonames",
        part="divisions",
        file="us_states.json",
        before="{",
        between=", ",
        after="}",
        good=(_keyed(STATE, "code"), _keyed(STATE_2, "code")),
        broken={
            "not an object": ('"QC": []', "code"),
            "missing field": ('"QC": {"code": "QC"}', "name"),
            "duplicate key": (_keyed(STATE, "code"), "country+admin1"),
        },
        others=GEONAMES,
    ),
    Case(
        source="country-names",
        part="countries",
        file=country_names.FILE,
        before=TAXONOMY + "\n",
        between="\n",
        good=(_country(), _country("XB", "XBB")),
        broken={
            "truncated": ("XC,XCC,,,Copse", "ISO Alt Term"),
            "quotation mark never closed": (_country("XC", "XCC", '"Copse'), "row"),
            "too many fields": (_country("XC", "XCC") + ",9", "World Bank Income Level"),
            "wrong type": (_country("XC", "12"), "iso3"),
            "missing field": (_country("", ""), "country"),
            "out of range": (_country("XCX", "XCC"), "country"),
            "duplicate key": (_country(), "country"),
        },
    ),
    Case(
        source="country-groups",
        part="memberships",
        file="oak.json",
        before='{"gid": "oak", "name": "Oak League", "countries": [',
        between=", ",
        after="]}",
        good=(MEMBER, MEMBER_2),
        broken={
            "truncated": ("{}", "country"),
            "not an object": ('"XC"', "country"),
            "wrong type": ('{"name": "Copse", "iso2": 7}', "country"),
            "missing field": ('{"name": "Copse"}', "country"),
            "out of range": ('{"name": "Copse", "iso2": "xc"}', "country"),
            "duplicate key": (MEMBER, "group+country"),
        },
    ),
    Case(
        source="airports",
        part="airports",
        file="airports.csv",
        before="icao,iata,name,city,subd,country,lat,lon\n",
        between="\n",
        good=(_air(), _air(code="QBB")),
        broken={
            "truncated": ('"XXAA","QCC","Old', "row"),
            "fields are missing": ('"XXAA","QCC","Old"', "city"),
            "wrong type": (_air("north", "QCC"), "latitude"),
            "no number": (_air("nan", "QCC"), "latitude"),
            "missing field": (_air("", "QCC"), "latitude"),
            "out of range": (_air("-90.1", "QCC"), "latitude"),
            "duplicate key": (_air(), "iata"),
            "bytes that are no text": ("\0", "iata"),
        },
        others={"iata_macs.csv": "Country,City Code,City Name,Airport Code\n"},
    ),
    Case(
        source="airports",
        part="metropolitan",
        file="iata_macs.csv",
        before="Country,City Code,City Name,Airport Code,Airport Name\n",
        between="\n",
        good=("XA,QAL,Alder,QAA,Old", "XA,QAL,Alder,QBB,New"),
        broken={
            "truncated": ("XA,QA", "City Name"),
            "wrong type": ("XA,QA1,Alder,QCC,Old", "metropolitan_code"),
            "missing field": ("XA,QAL,,QCC,Old", "city"),
            "out of range": ("XA,QAL,Alder,QCCC,Old", "iata"),
            "duplicate key": ("XA,QAL,Alder,QAA,Old", "iata"),
        },
        others={"airports.csv": "icao,iata,name,city,subd,country,lat,lon\n"},
    ),
    Case(
        source="air-routes-2022",
        part="airports",
        file="airports_full.txt",
        between="\n",
        good=(_node(1), _node(2, "QBB")),
        broken={
            "truncated": ("CREATE (a3:airport {id:'3',code:'QC", "statement"),
            "wrong type": (_node(3, "QCC", "'north'"), "latitude"),
            "missing field": ("CREATE (a3:airport {id:'3',code:'QCC',desc:'C',lat:1,lon:2})", "country"),
            "out of range": (_node(3, "QCC", "-91.0"), "latitude"),
            "not an airport": ("CREATE (a3:country {id:'3',code:'XA'})", "label"),
            "duplicate key": (_node(3), "iata"),
            "duplicate identity": (_node(1, "QCC"), "identity"),
        },
    ),
    Case(
        source="air-routes-2022",
        part="routes",
        file="airports_full.txt",
        before="\n".join(
            (_node(1), _node(2, "QBB"), _node(3, "Q-C"), "CREATE (a4:country {id:'4'})", "CREATE", "")
        ),
        between="\n",
        good=("(a1)-[:route {id: '5', dist: 1}]->(a2),", "(a2)-[:route {id: '6', dist: 1}]->(a1)"),
        broken={
            "truncated": ("(a1)-[:route {id: '7', di", "statement"),
            "wrong type": ("(a1)-[:route {id: '7', dist: 1}]->(a3),", "destination"),
            "missing field": ("()-[:route {id: '7', dist: 1}]->(a2),", "statement"),
            "unknown node": ("(a9)-[:route {id: '7', dist: 1}]->(a2),", "origin"),
            "not an airport": ("(a1)-[:route {id: '7', dist: 1}]->(a4),", "destination"),
            "not a route": ("(a4)-[:contains {id: '7'}]->(a2),", "label"),
            "duplicate key": ("(a1)-[:route {id: '7', dist: 1}]->(a2),", "year+origin+destination"),
        },
    ),
    Case(
        source="air-routes-2021",
        part="airports",
        file="0_nodes.txt",
        before="g",
        between="",
        good=(_vertex("1"), _vertex("2", "QBB")),
        broken={
            "truncated": ('.addV("airport").property(id,"3").property("code","QC', "statement"),
            "wrong type": (_vertex("3", "QCC", '"north"'), "latitude"),
            "missing field": ('.addV("airport").property("code","QCC")', "statement"),
            "out of range": (_vertex("3", "QCC", "91d"), "latitude"),
            "not an airport": ('.addV("continent").property(id,"3")', "label"),
            "duplicate key": (_vertex("3"), "iata"),
        },
        others=GREMLIN,
    ),
    Case(
        source="air-routes-2021",
        part="routes",
        file="1_edges_part_1.txt",
        before="g",
        between="",
        good=(_edge("1", "2"), _edge("2", "1")),
        broken={
            "truncated": ('.addE("route").property(id,"9").from(V("1")).to(', "statement"),
            "missing field": ('.addE("route").property(id,"9").from(V("1"))', "statement"),
            "unknown node": (_edge("1", "8"), "destination"),
            "duplicate key": (_edge("1", "2"), "year+origin+destination"),
        },
        others=GREMLIN | {"2_edges_part_2.txt": "g" + _edge("3", "1")},
        elsewhere=1,
    ),
    Case(
        source="openflights-2014",
        part="routes",
        file="routes.json",
        before="[",
        between=", ",
        after="]",
        good=(ROUTE, ROUTE_2),
        broken={
            "truncated": ('{"from": "QAA"}', "destination"),
            "not an object": ("[]", "origin"),
            "wrong type": (_changed(ROUTE, to=7), "destination"),
            "wrong type in a list": (_changed(ROUTE, to="QDD", airlines=[None]), "carriers"),
            "missing field": (_changed(ROUTE, **{"from": ...}), "origin"),
            "out of range": (_changed(ROUTE, to="QAAA"), "destination"),
            "duplicate key": (ROUTE, "year+origin+destination"),
        },
    ),
    Case(
        source="openflights-2014",
        part="airports",
        file="airports.json",
        before="[",
        between=", ",
        after="]",
        good=(FIELD, FIELD_2),
        broken={
            "not an object": ("1", "iata"),
            "missing field": (_changed(FIELD, iata="QCC", lon=...), "longitude"),
            "wrong type": (_changed(FIELD, iata="QCC", lat=[1]), "latitude"),
            "duplicate key": (FIELD, "iata"),
        },
        others={"routes.json": "[]"},
    ),
    Case(
        source="ports",
        part="ports",
        file="ports.geojson",
        before='{"type": "FeatureCollection", "features": [',
        between=", ",
        after="]}",
        good=(_port(), _port("XABIR", to_cty=["XB"])),
        broken={
            "truncated": ('{"type": "Feature"}', "port"),
            "not an object": ('"port"', "port"),
            "wrong type": (_port("XACOP", '{"type": "Point", "coordinates": ["east", 1]}'), "longitude"),
            "text for a list": (_port("XACOP", to_cty="XB"), "serves"),
            "missing field": (_port("XACOP", "null"), "latitude"),
            "one coordinate": (_port("XACOP", '{"type": "Point", "coordinates": [2]}'), "latitude"),
            "out of range": (_port("XACOP", '{"type": "Point", "coordinates": [2, 91]}'), "latitude"),
            "code of a country only": (_port("XA"), "port"),
            "duplicate key": (_port(), "port"),
        },
        others={"marnet_searoute.geojson": EMPTY},
    ),
    Case(
        source="ports",
        part="lanes",
        file="marnet_searoute.geojson",
        before='{"type": "FeatureCollection", "features": [',
        between=", ",
        after="]}",
        good=(_lane(), _lane()),
        broken={
            "truncated": ('{"type": "Feature"}', "longitudes"),
            "not an object": ("null", "longitudes"),
            "wrong type": (_lane('{"type": "LineString", "coordinates": [[1, 2], ["x", 4]]}'), "longitudes"),
            "missing field": (_lane('{"type": "LineString"}'), "longitudes"),
            "one coordinate": (_lane('{"type": "LineString", "coordinates": [[1, 2], [3]]}'), "longitudes"),
            "no line": (_lane('{"type": "Point", "coordinates": [1, 2]}'), "longitudes"),
        },
        others={"ports.geojson": EMPTY},
    ),
    Case(
        source="railways",
        part="nodes",
        file="world_railways.py",
        before="graph=[",
        between=", ",
        after="]\nnodes=[[1, 2], [3, 4], [5, 6]]\n",
        good=("{2: 1.5}", "{0: 1.5}"),
        broken={
            "truncated": ("{0: 1.5, 2", "neighbours"),
            "wrong type": ("{0: 'far'}", "neighbours"),
            "number for a node": ("{0.5: 1.5}", "neighbours"),
            "missing field": ("{0: 1.5, 2: }", "neighbours"),
            "out of range": ("{3: 1.5}", "neighbours"),
            "below the range": ("{-1: 1.5}", "neighbours"),
        },
    ),
    Case(
        source="railways",
        part="nodes",
        file="world_railways.py",
        before="graph=[{2: 1.5}, {}, {0: 1.5}]\nnodes=[",
        between=", ",
        after="]\n",
        good=("[1, 2]", "[5, 6]"),
        broken={
            "truncated": ("[3", "latitude"),
            "wrong type": ("['x', 4]", "latitude"),
            "missing field": ("[]", "latitude"),
            "out of range": ("[3, 180.5]", "longitude"),
        },
    ),
    Case(
        source="listed-firms",
        part="companies",
        file="indices_data.py",
        before="INDICES = {'TREE 4': {'name': 'TREE 4', 'companies': [",
        between=", ",
        after="]}}\n",
        good=(COMPANY, COMPANY.replace("Alder", "Birch")),
        broken={
            "truncated": ("{'name': 'Copse Mills', 'coun", "firm"),
            "a call for a value": ("{'name': exit()}", "firm"),
            "wrong type": (COMPANY.replace("['Wood']", "'Wood'"), "industries"),
            "text for the quotes": ("{'name': 'Copse', 'symbols': 'FRA:A', 'metadata': []}", "headquarters"),
            "missing field": ("{'name': 'Copse Mills'}", "headquarters"),
            "lone surrogate": (r"{'name': '', 'symbol': '\ud800.F', 'country': '\ud800'}", "firm"),
        },
    ),
    Case(
        source="science-sample",
        part="affiliations",
        file="open alex dataset.csv",
        before=WORKS + "\n",
        between="\n",
        after="\n",
        good=(_work(1), _work(2)),
        broken={
            "truncated": ("https://openalex.org/W3,2021,first", "authorships.institutions"),
            "quotation mark never closed": ('https://openalex.org/W3,2021,"first', "id"),
            "wrong type": (_work(3, year="recently"), "year"),
            "broken affiliation": (_work(3, affiliations="{'raw_affiliation_string': 'Ald"), "text"),
            "affiliation is a list": (_work(3, affiliations="['Alder U']"), "text"),
            "missing field": (_work(3, affiliations=""), "text"),
            "affiliation without text": (_work(3, affiliations="{'institution_ids': []}"), "text"),
            "out of range": (_work(3, year="21021"), "year"),
        },
    ),
    *(
        Case(
            source="paperlists",
            part=part,
            file="paperlists_ai_other_venues.csv.gz",
            before=PAPERS + "\n",
            between="\n",
            good=(_paper(1), _paper(3)),
            broken={
                "truncated": ("oak,2011,2,On", "status"),
                "quotation mark never closed": (_paper(2, address='"Alder U'), "row"),
                "rejected": (_paper(2, status="Reject"), "status"),
                "year": (_paper(2, year="soon"), "year"),
                **more,
            },
            others={"paperlists_robotics_icra_iros_2000_2023.csv.gz": PAPERS + "\n"},
        )
        for part, more in (
            ("works", {"duplicate key": (_paper(1), "work")}),
            ("affiliations", {"missing field": (_paper(2, address=""), "text")}),
        )
    ),
    *(
        Case(
            source="icml-nips-iclr",
            part=part,
            file="icml_nips_iclr_2006_2019_author_affiliations.csv.gz",
            before=AUTHORS + "\n",
            between="\n",
            good=("ICML,2011,On Alders,Ann,Alder U", "ICML,2011,On Cedars,Bo,Birch U"),
            broken={
                "truncated": ("ICML,2011,On Birches", "Author"),
                "quotation mark never closed": ('ICML,2011,"On Birches,Bo,Birch U', "row"),
                "year": ("ICML,soon,On Birches,Bo,Birch U", "year"),
                **more,
            },
        )
        for part, more in (
            ("works", {}),
            (
                "affiliations",
                {
                    "missing field": ("ICML,2011,On Birches,Bo,", "text"),
                    "none": ("ICML,2011,On Birches,Bo,None", "text"),
                },
            ),
        )
    ),
    Case(
        source="openalex-country-coauthorship",
        part="country_works",
        file="openalex_country_coauthorship_1990_2023_pajek.zip",
        before=ARCS,
        between="\n",
        good=("1 1 3 ", "1 2 1 "),
        broken={
            "truncated": ("2 ", "row"),
            "unknown vertex": ("2 9 1 ", "row"),
            "wrong type": ("2 1 many", "works"),
            "out of range": ("2 1 -1", "works"),
            "duplicate key": ("1 1 3", "year+origin+destination"),
        },
    ),
    *(
        Case(
            source="paper-table",
            part=part,
            file="papers.csv",
            before="work,year,affiliation,institution,country\n",
            between="\n",
            good=("a,2011,Alder U,,XA", "c,2011,,https://ror.org/0abc00001,"),
            broken={
                "missing field": (",2011,Birch U,,", "work"),
                "year": ("b,soon,Birch U,,", "year"),
                **more,
            },
        )
        for part, more in (
            ("works", {}),
            (
                "affiliations",
                {
                    "truncated": ("b,2011", "affiliation"),
                    "quotation mark never closed": ('b,2011,"Birch U,,', "row"),
                    "nothing said": ("b,2011,,,", "text"),
                },
            ),
        )
    ),
    Case(
        source="ror",
        part="organisations",
        file="ror_records_union.csv.gz",
        before=ORGANISATIONS + "\n",
        between="\n",
        good=(_organisation(1), _organisation(3)),
        broken={
            "truncated": ("https://ror.org/0abc00002,Alder", "status"),
            "quotation mark never closed": (_organisation(2, country='"XA'), "row"),
            "withdrawn": (_organisation(2, status="withdrawn"), "status"),
            "wrong type": (_organisation(2, latitude="north"), "latitude"),
            "out of range": (_organisation(2, place="0"), "place_id"),
            "country": (_organisation(2, country="Arborea"), "country"),
            "duplicate key": (_organisation(1), "organisation"),
        },
    ),
    Case(
        source="patents-metro-cpc",
        part="counts",
        file="MA_tec_anno_2010.mtx.gz",
        before=f"{MATRIX}\n%\n3 2 2\n",
        between="\n",
        good=("1 1 4.000000000000000e+00", "2 2 1.500000000000000e+00"),
        broken={
            "truncated": ("1 2", "row"),
            "a word for a number": ("one 2 3", "area"),
            "unknown area": ("4 1 3", "area"),
            "unknown class": ("1 3 3", "class"),
            "wrong type": ("1 2 many", "count"),
            "out of range": ("1 2 -1", "count"),
            "no number": ("1 2 nan", "count"),
            "duplicate key": ("1 1 4", "area+country+year+class"),
        },
        others=METRO,
    ),
    Case(
        source="patentsview-sample",
        part="parties",
        file="patentsview_api_sample_inventors.tsv.gz",
        before=SAMPLE["patentsview_api_sample_inventors.tsv.gz"],
        between="\n",
        good=(_inventor("6009555"), _inventor("6009556")),
        broken={
            "truncated": ("6009557\t0\tinv", "name_first"),
            "quotation mark never closed": (_inventor('"6009557'), "row"),
            "too many fields": (_inventor("6009557") + "\t9", "country"),
            "wrong type": (_inventor("6009557", sequence="first"), "order"),
            "missing field": (_inventor("6009557", city=""), "text"),
            "out of range": (_inventor("6009557", country="USA"), "country"),
        },
        others=SAMPLE,
    ),
    Case(
        source="patentsview-sample",
        part="patents",
        file="patentsview_api_sample_cpc.tsv.gz",
        before=SAMPLE["patentsview_api_sample_cpc.tsv.gz"],
        between="\n",
        good=("6009555\t0\tA42\tA42B\tA42B1/247", "6009556\t0\tA42\tA42B\tA42B1/24"),
        broken={
            "a design": ("D345678\t0\tA42\tA42B\tA42B1/24", "year"),
            "after the table of years": ("12000000\t0\tA42\tA42B\tA42B1/24", "year"),
            "missing field": ("\t0\tA42\tA42B\tA42B1/24", "patent"),
        },
        others=SAMPLE,
    ),
    Case(
        source="patentsview",
        part="parties",
        file="g_inventor_disambiguated.tsv",
        before=BULK["g_inventor_disambiguated.tsv"],
        between="\n",
        good=(_bulk_inventor("7"), _bulk_inventor('"8"')),
        broken={
            "truncated": ('"9"\t0\tinv', "disambig_inventor_name_first"),
            "quotation mark never closed": (_bulk_inventor('"9'), "row"),
            "too many fields": (_bulk_inventor("9") + "\t9", "location_id"),
            "wrong type": (_bulk_inventor("9", sequence="first"), "order"),
            "missing field": (_bulk_inventor(""), "patent"),
            "a place that is not known": (_bulk_inventor("9", place="l9"), "text"),
            "a place out of range": (_bulk_inventor("9", place="l2"), "latitude"),
        },
        others=BULK,
    ),
    Case(
        source="patentsview",
        part="citations",
        file="g_us_patent_citation.tsv.gz",
        before="patent_id\tcitation_sequence\tcitation_patent_id\n",
        between="\n",
        good=("7\t0\t5", "8\t0\t7"),
        broken={
            "truncated": ("7\t1", "citation_patent_id"),
            "missing field": ("7\t1\t", "cited"),
            "nobody cites": ("\t1\t5", "citing"),
        },
        others=BULK,
    ),
    Case(
        source="patent-table",
        part="patents",
        file="patents.csv",
        before="patent,year,class,citations\n",
        between="\n",
        good=("EP1,2011,H01M,", "EP2,2011,H01M,2"),
        broken={
            "wrong type": ("EP3,soon,H01M,", "year"),
            "out of range": ("EP3,2011,H01M,-1", "citations"),
            "missing field": (",2011,H01M,", "patent"),
        },
    ),
    Case(
        source="oecd-regpat",
        part="parties",
        file="EPO_Inv_reg.txt",
        before="app_nbr|appln_id|inv_name|address|city|reg_code|ctry_code\n",
        between="\n",
        good=("E1|201|Ash, A|1 Elm St|Alder|XA001|XA", "E2|202|Birch, B||Bosk|XB001|XB"),
        broken={
            "truncated": ("E3|203|Cedar", "address"),
            "quotation mark never closed": ('E3|203|"Cedar, C||Copse|XC001|XC', "row"),
            "missing field": ("E3||Cedar, C||Copse|XC001|XC", "patent"),
            "a region and no address": ("E3|203|Cedar, C|||XC001|XC", "text"),
            "out of range": ("E3|203|Cedar, C||Copse|XC001|XCC", "country"),
        },
        others=REGPAT,
    ),
    Case(
        source="oecd-regpat",
        part="citations",
        file="EPO_CITATIONS.txt.gz",
        before="citing_appln_id|citing_pub_date|cited_appln_id\n",
        between="\n",
        good=("201|20110102|101", "202|20120102|201"),
        broken={
            "truncated": ("203|2013", "cited_appln_id"),
            "an id that is not known": ("203|20130102|0", "cited"),
            "missing field": ("|20130102|101", "citing"),
        },
        others=REGPAT,
    ),
    Case(
        source="office-table",
        part="offices",
        file="offices.csv",
        before="firm,role,year,place,country,value\n",
        between="\n",
        good=("Acme,headquarters,2020,Alder,XA,", "Acme,branch,2020,Bosk,XB,12.5"),
        broken={
            "truncated": ("Acme,branch", "year"),
            "quotation mark never closed": ('Acme,branch,2020,"Bosk,XB,1', "row"),
            "missing field": (",branch,2020,Bosk,XB,1", "firm"),
            "no place": ("Acme,branch,2020,,XB,1", "text"),
            "a role that is none": ("Acme,owner,2020,Bosk,XB,1", "role"),
            "out of range": ("Acme,branch,2020,Bosk,XB,-1", "value"),
        },
    ),
    Case(
        source="lighthouse-table",
        part="factories",
        file="lighthouses.csv",
        before="firm,year,factory,city,country,latitude,longitude\n",
        between="\n",
        good=("Acme,2020,Plant 1,Alder,XA,,", "Acme,2021,,,,1.5,2"),
        broken={
            "truncated": ("Acme,2020", "factory"),
            "quotation mark never closed": ('Acme,2020,"Plant 1,Alder,XA,,', "row"),
            "missing field": (",2020,Plant 1,Alder,XA,,", "firm"),
            "wrong type": ("Acme,soon,Plant 1,Alder,XA,,", "year"),
            "no place": ("Acme,2020,Plant 1,,XA,,", "text"),
            "out of range": ("Acme,2020,Plant 1,Alder,XA,98,2", "latitude"),
        },
    ),
    Case(
        source="tcs-offices",
        part="offices",
        file="tcs_offices.csv",
        before="firm,area,geo,location,office_type,address,lat,lng\n",
        between="\n",
        good=("Acme,Europe,Arborea,Alder,Office,1 Elm St,1.5,2", "Acme,India,Pune,Bosk,Office,,18.5,73.9"),
        broken={
            "truncated": ("Acme,Europe,Arborea", "location"),
            "quotation mark never closed": ('Acme,Europe,Arborea,"Alder,Office,,1.5,2', "row"),
            "missing field": (",Europe,Arborea,Alder,Office,,1.5,2", "firm"),
            "wrong type": ("Acme,Europe,Arborea,Alder,Office,,north,2", "latitude"),
            "out of range": ("Acme,Europe,Arborea,Alder,Office,,1.5,200", "longitude"),
        },
    ),
    Case(
        source="gleif",
        part="entities",
        file="2026-lei2-golden-copy.csv",
        before=GLEIF_ENTITIES,
        between="\n",
        good=(f"{LEI}11,Alder,Bosk,XA,XB,ACTIVE,ISSUED", f"{LEI}13,Ash,Bosk,XA,XB,ACTIVE,ISSUED"),
        broken={
            "truncated": (f"{LEI}12,Alder", "Entity.HeadquartersAddress.City"),
            "quotation mark never closed": (f'{LEI}12,"Alder,Bosk,XA,XB,ACTIVE,ISSUED', "row"),
            "no identifier": ("12,Alder,Bosk,XA,XB,ACTIVE,ISSUED", "lei"),
            "country": (f"{LEI}12,Alder,Bosk,Arborea,XB,ACTIVE,ISSUED", "country"),
            "withdrawn": (f"{LEI}12,Alder,Bosk,XA,XB,ACTIVE,DUPLICATE", "status"),
            "duplicate key": (f"{LEI}11,Alder,Bosk,XA,XB,ACTIVE,ISSUED", "lei"),
        },
        others=GLEIF,
    ),
    Case(
        source="gleif",
        part="ties",
        file="2026-rr-golden-copy.csv",
        before=GLEIF_TIES,
        between="\n",
        good=(f"{LEI}11,{LEI}13,{DIRECT},ACTIVE", f"{LEI}14,{LEI}13,{DIRECT},ACTIVE"),
        broken={
            "truncated": (f"{LEI}12,{LEI}13", "Relationship.RelationshipType"),
            "missing field": (f"{LEI}12,,{DIRECT},ACTIVE", "parent"),
            "a fund's manager": (f"{LEI}12,{LEI}13,IS_FUND-MANAGED_BY,ACTIVE", "kind"),
            "no kind of tie": (f"{LEI}12,{LEI}13,OWNS,ACTIVE", "kind"),
        },
        others=GLEIF,
    ),
    Case(
        source="gleif-sample",
        part="entities",
        file="gleif_L1_nodes_in_network_sample.csv",
        before="lei,legal_name,country\n",
        between="\n",
        good=(f"{LEI}11,Alder,XA", f"{LEI}13,Ash,XB"),
        broken={
            "truncated": (f"{LEI}12,Alder", "country"),
            "missing field": (f"{LEI}12,,XA", "name"),
            "country": (f"{LEI}12,Alder,Arborea", "country"),
            "duplicate key": (f"{LEI}11,Alder,XA", "lei"),
        },
        others=GLEIF_SAMPLE,
    ),
    Case(
        source="gleif-sample",
        part="ties",
        file="gleif_L2_edges_sample.csv",
        before=GLEIF_SAMPLE["gleif_L2_edges_sample.csv"],
        between="\n",
        good=(
            f"{LEI}11,{LEI}13,{DIRECT},child_to_parent,2017.0",
            f"{LEI}14,{LEI}13,{DIRECT},child_to_parent,",
        ),
        broken={
            "truncated": (f"{LEI}12,{LEI}13", "relation_type"),
            "another direction": (f"{LEI}12,{LEI}13,{DIRECT},parent_to_child,2017.0", "relation_direction"),
            "year": (f"{LEI}12,{LEI}13,{DIRECT},child_to_parent,soon", "year"),
        },
        others=GLEIF_SAMPLE,
    ),
    Case(
        source="service-table",
        part="values",
        file="services.csv",
        before="city,country,firm,value,sector,year\n",
        between="\n",
        good=("Alder,XA,Acme,5,law,2020", "Bosk,XB,Acme,2,law,2020"),
        broken={
            "truncated": ("Ash,XA,Acme", "value"),
            "missing city": (",XA,Acme,2,law,2020", "city"),
            "missing firm": ("Ash,XA,,2,law,2020", "firm"),
            "missing value": ("Ash,XA,Acme,,law,2020", "value"),
            "value": ("Ash,XA,Acme,6,law,2020", "value"),
            "word for a value": ("Ash,XA,Acme,large,law,2020", "value"),
            "year": ("Ash,XA,Acme,2,law,soon", "year"),
            "duplicate key": ("Alder,XA,Acme,2,law,2020", "year+city+firm"),
        },
    ),
    Case(
        source="service-table",
        part="values",
        file="matrix-2020.csv",
        before="city,Acme\n",
        between="\n",
        good=("Alder,5", "Bosk,2"),
        broken={
            "truncated": ("Ash", "acme"),
            "missing city": (",2", "city"),
            "value": ("Ash,6", "value"),
        },
    ),
    Case(
        source="bilateral-trade",
        part="trade",
        file="penppml_trade.csv.gz",
        before='"exp","imp","time","export","id","agreement"\n',
        between="\n",
        good=('"XAA","XBB","2012",7e6,0,""', '"XBB","XAA","2012",0,0,""'),
        broken={
            "truncated": ('"XAA","XCC"', "time"),
            "quotation mark never closed": ('"XAA,"XCC","2012",7e6,0,""', "row"),
            "country": ('"XAA","ZW1","2012",7e6,0,""', "destination"),
            "year": ('"XAA","XCC","soon",7e6,0,""', "year"),
            "wrong type": ('"XAA","XCC","2012",much,0,""', "value_musd"),
            "out of range": ('"XAA","XCC","2012",-7e6,0,""', "value_musd"),
            "missing value": ('"XAA","XCC","2012",,0,""', "value_musd"),
            "duplicate key": ('"XAA","XBB","2012",8e6,0,"other"', "year+origin+destination"),
        },
        others=TRADE,
    ),
    Case(
        source="bilateral-trade",
        part="both_ways",
        file="bilateral_trade_value_2015_BTV.csv",
        before="Country Code_source,Country Code_target,BTV\n",
        between="\n",
        good=("XAA,XBB,1.5E+6", "XBB,XCC,2"),
        broken={
            "truncated": ("XAA,XCC", "btv"),
            "country": ("XAA,,3", "destination"),
            "wrong type": ("XAA,XCC,much", "value_musd"),
            "duplicate key": ("XAA,XBB,3", "year+origin+destination"),
        },
        others=TRADE,
    ),
    Case(
        source="trade-table",
        part="trade",
        file="trade.csv",
        before="year,origin,destination,value_musd\n",
        between="\n",
        good=("2020,XAA,XBB,7", "2020,XBB,XAA,3"),
        broken={
            "truncated": ("2020,XAA", "destination"),
            "year": ("soon,XAA,XCC,7", "year"),
            "country": ("2020,XAA,Bosk,7", "destination"),
            "missing country": ("2020,,XCC,7", "origin"),
            "wrong type": ("2020,XAA,XCC,much", "value_musd"),
            "out of range": ("2020,XAA,XCC,-7", "value_musd"),
            "duplicate key": ("2020,XAA,XBB,9", "year+origin+destination"),
        },
    ),
    Case(
        source="un-votes",
        part="votes",
        file="un_votes.csv.gz",
        before='"rcid","country","country_code","vote"\n',
        between="\n",
        good=('3,"Arborea","XA","yes"', '3,"Bosk, Upper","XB","abstain"'),
        broken={
            "truncated": ('3,"Copse"', "country_code"),
            "quotation mark never closed": ('3,"Copse,"XC","no"', "row"),
            "no such roll call": ('9,"Copse","XC","no"', "year"),
            "no country": ('3,"Copse",,"no"', "country"),
            "vote": ('3,"Copse","XC","absent"', "vote"),
            "duplicate key": ('3,"Arborea","XA","no"', "roll_call+country"),
        },
        others={"un_roll_calls.csv.gz": '"rcid","session","descr"\n3,1,"A \\LONE" MARK"\n'},
    ),
    Case(
        source="financedatabase",
        part="companies",
        file="companies.csv.gz",
        before=(
            "company_id,name,sector,industry,country,state,city,website,market_cap,isin,any_active,"
            "all_exchanges,all_symbols,source\n"
        ),
        between="\n",
        good=(
            "1,Acorn,Energy,Gas,Arborea,,Alder,,Mega Cap,,True,LSE,A.L,csv_2026-08-16",
            "2,Beech,Energy,Gas,Arborea,,Alder,,,,False,,,json_2023-02-13",
        ),
        broken={
            "truncated": ("3,Cedar,Ene", "industry"),
            "missing city": ("3,Cedar,Energy,Gas,Arborea,,,,,,True,,,csv_2026-08-16", "headquarters"),
            "missing name": ("3,,Energy,Gas,Arborea,,Alder,,,,True,,,csv_2026-08-16", "name"),
            "size": ("3,Cedar,Energy,Gas,Arborea,,Alder,,Giant Cap,,True,,,csv_2026-08-16", "size"),
            "status": ("3,Cedar,Energy,Gas,Arborea,,Alder,,,,maybe,,,csv_2026-08-16", "status"),
            "year": ("3,Cedar,Energy,Gas,Arborea,,Alder,,,,True,,,csv", "year"),
            "duplicate key": ("1,Acorn,Energy,Gas,Arborea,,Alder,,,,True,,,csv_2026-08-16", "company+year"),
        },
    ),
    Case(
        source="fortune-global-500",
        part="companies",
        file="fortune_global500_2019_hq.tsv",
        before=(
            "Rank\tCompany\tRevenues\tEmployees\tCountry\tSector\tIndustry\tHQ Location\tCompany Website\n"
        ),
        between="\n",
        good=(
            '1\tAcorn\t"$1,234.50 "\t"2,000"\tArborea\tEnergy\tGas\tAlder\thttps://acorn.example',
            '2\tBeech\t"$1,134.50 "\t-\tArborea\tEnergy\tGas\tAlder, Arborea\t',
        ),
        broken={
            "truncated": ("3\tCedar", "Revenues"),
            "end of an old program": ("\x1a\t\t\t\t\t\t\t\t", "row"),
            "missing headquarters": ('3\tCedar\t"$9 "\t1\tArborea\tEnergy\tGas\t\t', "headquarters"),
            "revenue": ("3\tCedar\tmuch\t1\tArborea\tEnergy\tGas\tAlder\t", "revenue_musd"),
            "duplicate key": ('1\tCedar\t"$9 "\t1\tArborea\tEnergy\tGas\tAlder\t', "company+year"),
        },
    ),
    Case(
        source="fortune-500-us",
        part="companies",
        file="fortune500_us_2015_2018_hq.csv",
        before="year,rank,company,sector,industry,hq_city,hq_state,employees,revenues_musd,website\n",
        between="\n",
        good=(
            "2015,1,Acorn,Energy,Gas,Alder,QA,10,100.5,",
            "2016,1,Acorn,Energy,Gas,Birch,QA,10,100.5,",
        ),
        broken={
            "truncated": ("2015,2,Be", "sector"),
            "missing city": ("2017,2,Beech,,,,,10,100.5,", "headquarters"),
            "rank": ("2015,0,Beech,Energy,Gas,Alder,QA,10,100.5,", "rank"),
            "year": ("soon,2,Beech,Energy,Gas,Alder,QA,10,100.5,", "year"),
            "employees": ("2015,2,Beech,Energy,Gas,Alder,QA,-1,100.5,", "employees"),
            "duplicate key": ("2015,9,Acorn,Energy,Gas,Alder,QA,10,100.5,", "company+year"),
        },
    ),
    Case(
        source="sp500",
        part="companies",
        file="constituents.csv",
        before="Symbol,Security,GICS Sector,GICS Sub-Industry,Headquarters Location,Founded\n",
        between="\n",
        good=('ACN,Acorn,Energy,Gas,"Alder, Quasar",1900', 'BEE,Beech,Energy,Gas,"Birch, Quasar[2]; Oak",'),
        broken={
            "truncated": ("CED,Ced", "GICS Sector"),
            "no headquarters": ("CED,Cedar,Energy,Gas,none,", "headquarters"),
            "missing symbol": (',Cedar,Energy,Gas,"Alder, Quasar",', "company"),
            "quotation mark never closed": ('CED,Cedar,Energy,Gas,"Alder, Quasar,', "row"),
        },
    ),
    Case(
        source="unicorns",
        part="companies",
        file="unicorn_companies_2022.csv",
        before=(
            "Company,Valuation,Date Joined,Industry,City,Country,"
            "Investor 1,Investor 2,Investor 3,Investor 4\n"
        ),
        between="\n",
        good=(
            "Acorn,$2B,01-02-2020,Health,Alder,Arborea,Oak Capital, Elm Fund,,",
            "Acorn,$1B,01-02-2021,Health,,Singapore,,,,",
        ),
        broken={
            "truncated": ("Beech,$1B", "Date Joined"),
            "missing city": ("Beech,$1B,01-02-2021,Health,,Arborea,,,,", "headquarters"),
            "valuation": ("Beech,billions,01-02-2021,Health,Alder,Arborea,,,,", "market_value_musd"),
            "duplicate key": ("Acorn,$1B,01-02-2020,Health,Alder,Arborea,,,,", "company+year"),
        },
    ),
    Case(
        source="company-table",
        part="companies",
        file="companies.csv",
        before="Name,Year,City,Country,Size,Exchanges,Status\n",
        between="\n",
        good=("Acorn,2020,Alder,XA,Large,LSE;NYSE,", "Acorn,2021,Alder,Arborea,,,delisted"),
        broken={
            "truncated": ("Beech,20", "city"),
            "missing name": (",2020,Alder,XA,,,", "company"),
            "missing city": ("Beech,2020,,XA,,,", "headquarters"),
            "size": ("Beech,2020,Alder,XA,huge,,", "size"),
            "status": ("Beech,2020,Alder,XA,,,gone", "status"),
            "year": ("Beech,soon,Alder,XA,,,", "year"),
            "duplicate key": ("Acorn,2020,Birch,XA,,,", "company+year"),
        },
    ),
    Case(
        source="apple-suppliers",
        part="sites",
        file="apple-supplier-list.csv",
        before="year,supplier_name,country_area,country,supplier_address\n",
        between="\n",
        good=("2018,Acorn,歐洲,France,1 Rue Verte Nantes France", '2020,"Beech\nWorks",歐洲,Austria,Styria'),
        broken={
            "truncated": ("2018,Acorn,歐洲", "country"),
            "country of no list": ("2018,Acorn,歐洲,Arborea,Alder", "country"),
            "missing supplier": ("2018,,歐洲,France,Nantes", "supplier"),
            "year": ("soon,Acorn,歐洲,France,Nantes", "year"),
            "quotation mark never closed": ('2018,"Acorn,歐洲,France,Nantes', "row"),
        },
    ),
    Case(
        source="supplier-table",
        part="sites",
        file="sites.csv",
        before="customer,Supplier,year,address,city,division,country,precision,latitude,longitude\n",
        between="\n",
        good=("Oak,Acorn,2020,,Alder,,XA,,,", "Oak,Acorn,2020,,,North,XA,,,"),
        broken={
            "truncated": ("Oak,Acorn,20", "address"),
            "missing customer": (",Acorn,2020,,Alder,,XA,,,", "customer"),
            "missing supplier": ("Oak,,2020,,Alder,,XA,,,", "supplier"),
            "nothing of where": ("Oak,Acorn,2020,,,,,,,", "text"),
            "precision": ("Oak,Acorn,2020,,Alder,,XA,street,,", "precision"),
            "latitude": ("Oak,Acorn,2020,,Alder,,XA,,95,10", "latitude"),
            "year": ("Oak,Acorn,soon,,Alder,,XA,,,", "year"),
        },
    ),
)
