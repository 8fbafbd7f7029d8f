"""Tasks to begin with, each a way to write one: a function in numpy, a text, and an environment of gymnasium's."""
