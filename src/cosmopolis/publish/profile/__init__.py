"""City profiles: one page a language on any city of a result, made from the result folder alone.

Pages are put together in `page`; each section has a module that reads the tables and says what they hold.
Nothing is measured here but what only a profile asks for: ranks within a table, and likeness of cities.
"""
