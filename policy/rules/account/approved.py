"""The approved duties: no role that workflows take on may do more than those of its kind were approved with.

Actions are approved by their names and not with what they are on: a stack's alarm more wants another ARN, and no other action.
"""

from __future__ import annotations

import json
import re
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from functools import lru_cache
from typing import Any

from account_project import ROLE_NAME, account_rule
from actions import meaning
from approval import FOLDER
from documents import DocumentKind, Statement, allows_of
from plain import Plain
from rule import Finding, Resource, Severity, Stack
from rules.aws.holdings import holdings
from tokens import ROLE

OWN = re.compile(r"[:/]account-")
"""What tells the account's own things from a stack's, in an ARN: who may read the state needn't read what was bred."""

ON_OWN = "{} on account-*"
"""What stands for what a role is for, where it is on those."""

LISTED = 3
"""The most actions that a message names."""


@account_rule(
    id="approved/duties",
    severity=Severity.HIGH,
    protects="What a stack keeps and runs, from the workflows: whoever deploys or compares reads its settings, and not its data.",
    why="AWS calls it reading, too, to fetch a secret, an object or a message, and a boundary that names services lets it through. A "
    "workflow runs whatever is in the branch.",
    fix="Take it back; or, if the provider needs it, write account/policies again by `make permissions STACK=<stack>`, and let the "
    "reviewers of policy/ approve it: `make approve` writes policy/approved again.",
)
def duties(stack: Stack) -> Iterator[Finding]:
    found: dict[tuple[str, str, str], tuple[Resource, list[str]]] = {}
    for holder, statement, duty, action in held(stack):
        if action not in _approved().get(duty, ()):
            found.setdefault((holder.urn, statement.where, duty), (holder, []))[1].append(action)
    for (_, where, duty), (holder, actions) in found.items():
        yield Finding(f"{where} allows {', '.join(actions[:LISTED])}; nobody has approved that of a role for {duty}.", holder)


def held(stack: Stack) -> Iterator[tuple[Resource, Statement, str, str]]:
    """What the roles may do: what grants it, in which statement, what the role is for (and whether it is on the account's own things), and
    the action; a text that stands for no known action is one by itself."""
    does = {role.urn: named["does"] for role in stack.of_type(ROLE) if (named := ROLE_NAME.fullmatch(str(role.at("name"))))}
    for holder, roles in holdings(stack):
        for duty in sorted({does[urn] for urn in roles or () if urn in does}):
            for statement in allows_of(holder):
                if statement.kind is DocumentKind.IDENTITY:
                    for key in sorted({ON_OWN.format(duty) if OWN.search(one) else duty for one in statement.resources or ("*",)}):
                        yield from ((holder, statement, key, action) for action in _actions(statement))


def _actions(statement: Statement) -> Iterator[str]:
    if statement.excepted_actions:
        yield "everything but a NotAction"
    for text in statement.actions:
        yield from [one.name for one in meaning(text).actions] or [text]


def actions_of(stacks: Sequence[Stack], needed: Iterable[tuple[str, str]] = ()) -> dict[str, Plain]:
    """By what roles are for, and by service, what they may do in any of the stacks.

    Args:
        needed: what a role is for, and an action that it may need of another stack than theirs.
    """
    found: defaultdict[str, defaultdict[str, set[str]]] = defaultdict(lambda: defaultdict(set))
    for key, action in (*((key, action) for stack in stacks for _, _, key, action in held(stack)), *needed):
        service, _, name = action.partition(":")
        found[key][service].add(name)
    return {key: {service: [*sorted(names)] for service, names in sorted(found[key].items())} for key in sorted(found)}


@lru_cache(maxsize=1)
def _approved() -> Mapping[str, frozenset[str]]:
    file: Mapping[str, Mapping[str, Any]] = json.loads((FOLDER / "duties.json").read_text(encoding="utf-8"))
    return {key: frozenset(f"{service}:{name}" for service, names in held.items() for name in names) for key, held in file.items()}
