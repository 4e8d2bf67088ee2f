"""Production and services in an edition: firms, their offices, suppliers and trade, from records to tables.

`weave` does all of it, in an order; each step has a module of its own.
"""
