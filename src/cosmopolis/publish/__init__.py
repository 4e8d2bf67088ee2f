"""What readers get: tables with their description, charts, maps and the report, in Chinese and English.

Everything here is made from one `cosmopolis.publish.result.Result`. Nothing here computes a score, a
network or a measure; it counts, sorts and shows what the result holds.
"""
