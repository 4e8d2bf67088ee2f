"""Innovation: papers and patents of an edition, from records to ties between cities, and their measures.

`items` places the records and sorts them into fields, `ties` counts them into networks, `tables` measures;
`weave` is the whole way. Formulas stand in `cosmopolis.networks` and `cosmopolis.measures`, never here.
"""
