"""What is set in resources, by the names of their properties at every depth, and the names that are approved.

What is empty, false or the default counts as not set: the real provider fills defaults in.
"""

from __future__ import annotations

import contextlib
import json
from collections.abc import Iterator, Mapping
from functools import lru_cache
from typing import Any

from approval import FOLDER
from defaults import DEFAULTS
from plain import NotJsonError, Plain, Unknown, parse
from rule import Resource
from tokens import LOG_DATA_PROTECTION, REPOSITORY_LIFECYCLE, TASK_DEFINITION

MAPS = frozenset({"dimensions", "environmentVariables", "tags", "tagsAll", "variables"})
"""Properties whose keys are no names of properties, but the program's own."""

EVERYWHERE = frozenset({"region", "tags", "tagsAll"})
"""Properties that any resource may have; rules of their own hold their values to the table."""

TEXTS: Mapping[str, str] = {LOG_DATA_PROTECTION: "policyDocument", REPOSITORY_LIFECYCLE: "policy", TASK_DEFINITION: "containerDefinitions"}
"""By type, the property that is a JSON text, in which names are properties, too."""

ANY = "*"
"""In the place of a setting that differs from plan to plan, or is known only by the deployment."""

SOME, MAY = "+", "?"
"""What follows a property's path where not every part of a resource has it, and where a resource may be without it."""


@lru_cache(maxsize=1)
def approved() -> Mapping[str, Any]:
    """The file."""
    return json.loads((FOLDER / "shape.json").read_text(encoding="utf-8"))


@lru_cache(maxsize=256)
def names_for(kind: str) -> frozenset[str]:
    """The approved names of a type's properties."""
    held = approved()["types"].get(kind, {})
    entries = {entry.rstrip(SOME + MAY) for entry in (*held, *held.get(ANY, ()))}
    whole = {entry.removeprefix("@") for entry in entries if not any(one.startswith(f"{entry.removeprefix('@')}.") for one in entries)}
    return EVERYWHERE | whole | entries if entries else frozenset()


def is_set(value: Plain, name: str) -> bool:
    """Whether a property is set. A zero may be a value; so is an empty part of a part: that it is there says something."""
    if isinstance(value, dict):
        return bool(value) or ("." in name and name.rpartition(".")[2] not in MAPS)
    return (isinstance(value, Unknown | int | float) and value is not False) or bool(value)


def names_in(value: Plain, name: str = "") -> Iterator[tuple[str, Plain]]:
    """The name of every property that is set, at every depth, such as `rules.expiration.days`, and its value."""
    if isinstance(value, list):
        for one in value:
            yield from names_in(one, name)
    elif isinstance(value, dict) and value and name.rpartition(".")[2] not in MAPS:
        for key, one in value.items():
            if not key.startswith("__"):  # in `__defaults` Terraform's bridge says which of the inputs it has added
                yield from names_in(one, f"{name}.{key}" if name else key)
    elif is_set(value, name):
        yield name, value


def given_in(resource: Resource) -> dict[str, Plain]:
    """What a resource has other than by default: of its inputs, where they are known."""
    defaults = DEFAULTS.get(resource.type, {})
    given = resource.props if resource.inputs is None else resource.inputs
    found = {key: value for key, value in given.items() if key not in defaults or value != defaults[key]}
    text = TEXTS.get(resource.type, "")
    if isinstance(found.get(text), str):
        with contextlib.suppress(NotJsonError):  # rules of the type say it
            found[text] = parse(found[text])
    return found


def set_in(resource: Resource) -> Iterator[tuple[str, Plain]]:
    """What is set in a resource to another value than the default, by its name."""
    return names_in(given_in(resource))
