"""What chapters made of sections and blocks share: their parts, the studio of their drawings, charts, maps.

A chapter is a package beside this one (`innovation`, `production`), which reads tables and writes sentences.
Nothing here knows what a chapter is about.
"""
