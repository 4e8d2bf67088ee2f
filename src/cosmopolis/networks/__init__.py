"""Weighted links between cities, or countries, for one kind of tie, year and field.

`links` has the schema of all of them, the registry that says what a weight means, and helpers; `flows`
makes air, sea and trade links, `rail` railway reach, `ownership` headquarters and exchanges, and
`cooccurrence` cities that stand in one work. Each is a pure function from records, whose places are
already cities, to links and an account of the rows behind them. `backbone` says which links are beyond
chance.
"""
