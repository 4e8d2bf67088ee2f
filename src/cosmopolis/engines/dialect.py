"""The few things that engines say in different words; all else in a query is ANSI SQL, written once.

A query names them through `engine.dialect`. What a query means is not known here.
"""

from dataclasses import dataclass


@dataclass(frozen=True, kw_only=True)
class Dialect:
    """How an engine says what the standard's common part leaves open.

    Attributes
    ----------
    name
        The engine's name.
    unnest
        Function that, among the columns of a `SELECT`, makes a row of each element of a list. A row whose
        list is empty or missing is left out.
    """

    name: str
    unnest: str

    def whole_sum(self, column: str) -> str:
        """Sum whole numbers as a 64-bit number; an error where it does not fit, never another number.

        DuckDB sums into 128 bits and Spark into 64, so the cast makes one type of both.

        Examples
        --------
        >>> DUCKDB.whole_sum("n")
        'CAST(SUM(n) AS BIGINT)'
        """
        return f"CAST(SUM({column}) AS BIGINT)"


DUCKDB = Dialect(name="duckdb", unnest="UNNEST")
SPARK = Dialect(name="spark", unnest="EXPLODE")
