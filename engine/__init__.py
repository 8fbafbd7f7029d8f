"""The reference engine: evolves populations of small individuals on any number of workers, which share nothing but the tables."""

import os

# Before numpy is imported: with more threads, a sum's last bit would depend on how many cores there are.
os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")


class EngineError(Exception):
    """The engine can't do what it was asked to do. The message says what, why, and what to do."""
