"""Where a record lies: gazetteer, cities, countries, and the resolver that turns text into cities.

`gazetteer` holds the populated places, `cities` merges them into functional urban areas, `countries`
knows names, codes, regions and groups, `resolve` finds the place that a text means, `airports` finds
the city that an airport serves. Only the last two guess, and both say how sure they are.
"""
