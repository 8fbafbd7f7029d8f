"""The function's environment variables, which the Pulumi program sets."""

from __future__ import annotations

import os

from common.results import FunctionError


def setting(name: str) -> str:
    """The value of a variable that must be there.

    Raises:
        FunctionError: it isn't.
    """
    value = os.environ.get(name, "")
    if not value:
        raise FunctionError("misconfigured", f"The environment variable {name} is missing.", "Deploy the function again with `pulumi up`.")
    return value


def number(name: str) -> int:
    """The value of a variable that must be a whole number, not below 0.

    Raises:
        FunctionError: it isn't.
    """
    value = setting(name)
    if not (value.isascii() and value.isdigit()):
        raise FunctionError(
            "misconfigured",
            f"The environment variable {name} is {value!r}, no whole number.",
            "Deploy the function again with `pulumi up`.",
        )
    return int(value)
