"""What is set in resources, by the names of their properties at every depth, and the names that are approved: for which project, and where.

What is empty, false or the default counts as not set: the real provider fills defaults in.
"""

from __future__ import annotations

import contextlib
import json
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, Unpack

from account_project import is_account
from approval import FOLDER
from defaults import DEFAULTS
from plain import NotJsonError, Plain, Unknown, parse
from rule import Findings, Metadata, Resource, Stack, StackRule
from system import is_evolution_system
from tokens import LOG_DATA_PROTECTION, REPOSITORY_LIFECYCLE, TASK_DEFINITION

MAPS = frozenset({"advancedEventSelectors", "dimensions", "environmentVariables", "tags", "tagsAll", "variables"})
"""Properties whose keys are no names of properties, but the program's own; and one whose parts say something only together."""

EVERYWHERE = frozenset({"region", "tags", "tagsAll"})
"""Properties that any resource may have; rules of their own hold their values to the table."""

TEXTS: Mapping[str, str] = {LOG_DATA_PROTECTION: "policyDocument", REPOSITORY_LIFECYCLE: "policy", TASK_DEFINITION: "containerDefinitions"}
"""By type, the property that is a JSON text, in which names are properties, too."""

ANY = "*"
"""In the place of a setting that differs from plan to plan, or is known only by the deployment."""

SOME, MAY = "+", "?"
"""What follows a property's path where not every part of a resource has it, and where a resource may be without it."""


@dataclass(frozen=True, slots=True)
class Shape:
    """What is approved for the stacks of one project.

    Attributes:
        file: the file that says it.
        closed: whether each resource must be there by its name.
    """

    file: str
    closed: bool = False


SYSTEM, ACCOUNT = Shape("shape.json"), Shape("account.json", closed=True)


def shape_for(stack: Stack) -> Shape | None:
    """What a stack is held to; None where it is another program's."""
    return SYSTEM if is_evolution_system(stack) else ACCOUNT if is_account(stack) else None


def shaped_rule(**metadata: Unpack[Metadata]) -> Callable[[Callable[[Stack, Shape], Findings]], StackRule]:
    """`rule` for the stacks of each project that has a shape, which the check gets, too."""

    def of_any(check: Callable[[Stack, Shape], Findings]) -> StackRule:
        def here(stack: Stack) -> Findings:
            shape = stack.once(shape_for)
            return check(stack, shape) if shape else ()

        return StackRule(check=here, ours_only=True, **metadata)

    return of_any


@lru_cache(maxsize=2)
def approved(shape: Shape) -> Mapping[str, Any]:
    """What its file says."""
    return json.loads((FOLDER / shape.file).read_text(encoding="utf-8"))


@lru_cache(maxsize=512)
def names_for(shape: Shape, kind: str) -> frozenset[str]:
    """The approved names of a type's properties."""
    held = approved(shape)["types"].get(kind, {})
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
    found = {key: value for key, value in resource.given.items() if key not in defaults or value != defaults[key]}
    text = TEXTS.get(resource.type, "")
    if isinstance(found.get(text), str):
        with contextlib.suppress(NotJsonError):  # rules of the type say it
            found[text] = parse(found[text])
    return found


def set_in(resource: Resource) -> Iterator[tuple[str, Plain]]:
    """What is set in a resource to another value than the default, by its name."""
    return names_in(given_in(resource))
