"""Firms: what their names have in common, which two names are one firm, and baskets of firms.

Where a firm sits is not known here (see `cosmopolis.places`), nor what comes of it (see
`cosmopolis.measures`).
"""
