"""What the engine recorded of a stack, and AWS's answers in the words of a program, so that the two can be compared."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import Any, cast

Resources = list[dict[str, Any]]


def of(made: Resources, kind: str) -> list[dict[str, Any]]:
    """The inputs of every resource of a type, with all tags that AWS was sent, and without the region, which only says where to."""
    found = [resource for resource in made if resource["type"] == kind]
    assert found, f"dev has no {kind}"
    return [
        {name: value for name, value in resource["inputs"].items() if name not in ("region", "tagsAll") and not name.startswith("__")}
        | ({"tags": resource["outputs"]["tagsAll"]} if "tagsAll" in resource["outputs"] else {})
        for resource in found
    ]


def ids(made: Resources, kind: str) -> list[str]:
    """The ids of every resource of a type, in the order of `of`."""
    return [resource["id"] for resource in made if resource["type"] == kind]


def held(planned: Mapping[str, Any], answer: Any, **differently: Any) -> dict[str, Any]:
    """What AWS holds of all that was planned, in the words of the program.

    Args:
        planned: a resource's inputs.
        answer: AWS's.
        differently: what AWS answers in another form than a program writes it, as the program writes it.
    """
    written = {**as_written(answer), **differently}
    return {name: written.get(name) for name in planned}


def without(planned: Mapping[str, Any], *names: str) -> dict[str, Any]:
    """The inputs but for some."""
    return {name: value for name, value in planned.items() if name not in names}


def as_written(answer: Any) -> Any:
    """AWS's `KMSKeyArn` as a program's `kmsKeyArn`, all the way down."""
    if isinstance(answer, dict):
        given = cast("dict[str, Any]", answer)
        return {re.sub("^[A-Z]+(?![a-z])|^[A-Z]", lambda first: first[0].lower(), name): as_written(one) for name, one in given.items()}
    return [as_written(one) for one in cast("list[Any]", answer)] if isinstance(answer, list) else answer


def pairs(items: Iterable[dict[str, str]], key: str = "Key", value: str = "Value") -> dict[str, str]:
    """AWS's list of tags, or of anything like it, as a mapping."""
    return {item[key]: item[value] for item in items}
