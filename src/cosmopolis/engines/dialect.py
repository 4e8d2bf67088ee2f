"""The few things that engines say in different words; all else in a query is ANSI SQL, written once.

A query names them through `engine.dialect`. What a query means is not known here.
"""

from collections.abc import Callable
from dataclasses import dataclass


@dataclass(frozen=True, kw_only=True)
class Dialect:
    """How an engine says what the standard's common part leaves open.

    Attributes
    ----------
    name
        The engine's name.
    elements
        `elements(column, name)` stands in a `FROM` after its table and a comma: one row for each element of a
        column of lists, as `name`. A row whose list is empty or missing is left out, as in a join.

    Examples
    --------
    >>> f"SELECT work, topic FROM works, {DUCKDB.elements('works.topics', 'topic')}"
    'SELECT work, topic FROM works, UNNEST(works.topics) AS topic_rows(topic)'
    """

    name: str
    elements: Callable[[str, str], str]

    def whole_sum(self, column: str) -> str:
        """Sum whole numbers as a 64-bit number; an error where it does not fit, never another number.

        DuckDB sums into 128 bits and Spark into 64, so the cast makes one type of both.

        Examples
        --------
        >>> DUCKDB.whole_sum("n")
        'CAST(SUM(n) AS BIGINT)'
        """
        return f"CAST(SUM({column}) AS BIGINT)"


DUCKDB = Dialect(
    name="duckdb",
    elements=lambda column, name: f"UNNEST({column}) AS {name}_rows({name})",
)

SPARK = Dialect(
    name="spark",
    elements=lambda column, name: f"LATERAL EXPLODE({column}) AS {name}_rows({name})",
)
