"""Data sets from outside: what they are (`catalog`), how they are got (`fetch`), how each is read.

A source is described once, in `catalog.toml`. Each reader is a module named after its source and has
one function, `read(files) -> tuple[Raw, ...]`, which knows the file format and nothing else.
"""
