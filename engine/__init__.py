"""The reference engine: evolves populations of small agents, distributed over any number of workers that share nothing but the tables."""


class EngineError(Exception):
    """The engine can't do what was asked; the message says what, why and what to do."""
