"""Works and patents placed in fields: the same answer on every engine."""

from typing import TYPE_CHECKING

import polars as pl

from cosmopolis.networks.classify import classify_classes, classify_patents, classify_works
from cosmopolis.networks.fields import built_in

if TYPE_CHECKING:
    from cosmopolis.engines import Engine

LISTS = pl.List(pl.String)


def test_works_of_every_kind_of_mark(engine: "Engine") -> None:
    works = pl.DataFrame(
        {
            "work": ["a", "b", "c", "d", "e", "f"],
            "topics": [
                ["T10653"],
                ["subfields/1702", "T10020"],
                [" https://OpenAlex.org/T10018 "],
                [None],
                [],
                None,
            ],
            "keywords": [["x"], None, [], [None], ["机器人"], []],
            "venue": ["CVPR", "Rss ", None, "", "Annals of Ash", "corl"],
        },
        schema_overrides={"topics": LISTS, "keywords": LISTS},
    )
    placed = classify_works(works, everything=True, engine=engine)
    assert placed.filter(pl.col("field") != "all").rows() == [
        ("a", "artificial_intelligence"),
        ("a", "robotics"),
        ("b", "quantum_information"),
        ("b", "robotics"),
        ("c", "hydrogen_and_storage"),
        ("f", "artificial_intelligence"),
        ("f", "robotics"),
    ]
    assert placed.filter(pl.col("field") == "all")["work"].to_list() == list("abcdef")


def test_patents_and_classes(engine: "Engine") -> None:
    symbols = [code for one in built_in().fields for code in (*one.classes, *one.not_classes)]
    symbols += [f"{code}1/02" for code in symbols if len(code) == 4] + ["", "?", "b25j 9/16", "H01L31/085"]
    patents = pl.DataFrame(
        {
            "patent": [f"p{place}" for place in range(len(symbols) + 2)],
            "classes": [*([s] for s in symbols), [], None],
        },
        schema_overrides={"classes": LISTS},
    )
    assert classify_patents(patents, engine=engine).equals(classify_patents(patents))
    series = pl.Series("class", symbols)
    assert classify_classes(series, engine=engine).equals(classify_classes(series))
    assert classify_classes(series, engine=engine).filter(pl.col("class") == "b25j 9/16")[
        "field"
    ].to_list() == ["intelligent_manufacturing"]
