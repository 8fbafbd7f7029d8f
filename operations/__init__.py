"""What an operator runs against what is deployed: in the emulator, or in an account that is named. Nothing in it lowers a guard."""

import argparse
from typing import NoReturn

from local import LocalError


class OperationError(LocalError):
    """The operation can't be done. The message is one line: what is wrong, and what to do."""


class Parser(argparse.ArgumentParser):
    """A command's arguments; what is wrong with them is an error like any other.

    Raises:
        OperationError: an argument isn't what it must be.
    """

    def error(self, message: str) -> NoReturn:
        raise OperationError(f"{message}. Run `{self.prog} --help`.")
