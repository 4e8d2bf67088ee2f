"""Formulas on networks and tables that give a number for a city.

`centrality` says how central a city is in one network, `concentration` how evenly its ties are spread
over partners, `distance` how far apart two points lie. A measure is not yet an indicator: direction and
weight are an edition's, see `cosmopolis.index`.
"""
