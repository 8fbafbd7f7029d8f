"""The reference engine: evolves populations of small individuals on any number of workers, which share nothing but the tables."""


class EngineError(Exception):
    """The engine can't do what it was asked to do. The message says what, why, and what to do."""
