"""Scores and ranks from a tree of indicators.

`tree` reads and checks the tree, `normalise` brings indicators to one scale, `aggregate` rolls them up,
`ranks` puts cities in order, and `rollup` does all in one go and gives the tables of an edition. Which
numbers are indicators, with what direction and weight, is the edition's choice and stands in its tree.
"""
