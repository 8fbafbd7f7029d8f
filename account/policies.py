"""What the roles of each stack may do: account/policies/<stack>.json, as `make permissions STACK=<stack>` writes it from the plan.

The files are committed, so that a change of what is planned shows what it needs, and this project deploys without previewing another.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pulumi import RunError

FOLDER = Path(__file__).with_name("policies")

PLACEHOLDER = "0" * 12
"""Stands for the account's number in the files. It is as long as one."""

MOST_CHARACTERS = 6144
"""Of a managed policy, white space not counted. Source: IAM user guide, "IAM and AWS STS quotas"."""

COMMA = 1
"""Between two statements."""

Document = Mapping[str, Any]
Statements = Sequence[Document]


@dataclass(frozen=True, kw_only=True)
class StackPolicies:
    """The statements of a stack's roles, in one account.

    Attributes:
        region: the stack's.
    """

    stack: str
    region: str
    deploy: Statements
    drift: Statements
    image: Statements


def read(stack: str, number: str, folder: Path = FOLDER) -> StackPolicies:
    """A stack's policies, for one account.

    Raises:
        RunError: there are none.
    """
    file = folder / f"{stack}.json"
    if not file.exists():
        raise RunError(
            f"stacks names {stack}, and there is no account/policies/{stack}.json: "
            f"write Pulumi.{stack}.yaml, and then run `make permissions STACK={stack}`."
        )
    return StackPolicies(stack=stack, **json.loads(file.read_text(encoding="utf-8").replace(PLACEHOLDER, number)))


def split(statements: Iterable[Document]) -> list[Document]:
    """The statements as managed policies, each within AWS's limit."""
    parts = [(size(part), part) for one in statements for part in _in_parts(one)]
    found: list[list[Document]] = []
    lengths: list[int] = []
    for length, one in sorted(parts, key=lambda part: part[0], reverse=True):
        place = next((place for place, taken in enumerate(lengths) if taken + COMMA + length <= MOST_CHARACTERS), len(found))
        if place == len(found):
            found.append([one])
            lengths.append(size(document([])) + length)
        else:
            found[place].append(one)
            lengths[place] += COMMA + length
    return [document(held) for held in found]


def size(document: Any) -> int:
    """Characters, as IAM counts them."""
    return len(json.dumps(document, separators=(",", ":")))


def text(document: Document) -> str:
    """A managed policy as IAM takes it."""
    return json.dumps(document)


def document(held: Sequence[Document]) -> Document:
    """The policy that holds these statements."""
    return {"Version": "2012-10-17", "Statement": list(held)}


def _in_parts(statement: Document) -> list[Document]:
    """A statement as several, where it is longer than half a policy: by halves of its resources."""
    resources = statement["Resource"]
    if size(statement) <= MOST_CHARACTERS // 2 or len(resources) == 1:
        return [statement]
    middle = len(resources) // 2
    return [part for half in (resources[:middle], resources[middle:]) for part in _in_parts({**statement, "Resource": half})]
