"""The report's chapter on production and services: headquarters, suppliers, trade, offices, exchanges.

Shows what the tables of `cosmopolis.publish.production.schemas` hold and computes nothing new but sums,
shares and sentences. A result with none of them has no such chapter, and a section without data is a line.
"""
