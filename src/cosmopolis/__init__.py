"""Cosmopolis measures the world's cities by the networks between them.

The way of the data, left to right; a module imports only from what stands to its left::

    sources -> records -> places -> networks -> measures -> index -> findings -> publish

Nothing is imported here, so that `import cosmopolis` costs nothing; import the module you need
(`from cosmopolis import places`).
"""

__version__ = "0.1.0"
