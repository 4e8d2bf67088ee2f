"""Where the raw, big stages run: the same few verbs on every engine.

An engine takes frames in (`register`), runs one query of plain ANSI SQL and gives a Polars frame in a
stated total order (`query`). What a query means stands with the network that needs it, never here.
`duckdb` is the engine of a single machine.
"""
