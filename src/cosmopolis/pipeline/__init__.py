"""From an edition to its result: which step follows which, what is kept between runs, how it is put down.

The only part that knows all the others. `run` is the whole build; `records`, `cities`, `networks`,
`indicators` and `notes` are its steps, `cache` keeps what a step made, `folder` puts a result down at once
or not at all.
"""
