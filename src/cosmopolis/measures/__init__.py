"""Formulas on networks and tables that give a number for a city.

`centrality` says how central a city is in one network, `concentration` how evenly its ties are spread
over partners, `distance` how far apart two points lie. `communities` finds which cities belong together,
`roles` what part each plays there, `tie_organisations` who stands behind a tie, `leaders` who leads a region.
A measure is not yet an indicator: direction and weight are an edition's, see `cosmopolis.index`.
"""
