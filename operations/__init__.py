"""What an operator runs against what is deployed: in the emulator, or in an account that is named. Nothing in it lowers a guard."""


class OperationError(Exception):
    """The operation can't be done. The message is one line: what is wrong, and what to do."""
