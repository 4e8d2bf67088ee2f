"""Formulas on networks and tables that give a number for a city.

`centrality` says how central a city is in one network, `concentration` how evenly its ties are spread
over partners, `distance` how far apart two points lie. `communities` finds which cities belong together,
`roles` what part each plays there, `tie_organisations` who stands behind a tie, `city_organisations` who
works together inside a city, `leaders` who leads a region.
`specialisation`, `growth` and `citations` say what a city has of a field, `similarity` and `gravity` how
strong a link is and what size, distance and border explain of it, `nearness` how far ties reach, `trends` and
`country_trends` whether that changes; `windows` adds years, `chance` says how sure a count is.
Of firms: `headquarters`, `financial_centres`, `industry` and `poles` where they sit, `interlocking` and
`power` what ties their offices make, `structure` and `complexity` what shape that has, `suppliers` where they
buy. Of trade: `trade_partners`, `political_distance`, `input_output`; `downscale` brings countries down to
cities.
A measure is not yet an indicator: direction and weight are an edition's, see `cosmopolis.index`.
"""
