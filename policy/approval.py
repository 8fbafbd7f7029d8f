"""What reviewers have approved in stacks of this system, and of the account that it is deployed to: the files in approved/.

They are written by `make approve` from the plans, and by nobody else. Account, region, stack and model are placeholders in them, so a new
environment or region needs no approval. Another program's stacks are not held to them. Here is what grants.json says.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache
from pathlib import Path
from typing import Any

import tokens as t
from accounts import own_account
from documents import DocumentKind, Statement, document_of
from plain import Plain, items
from rule import Stack

FOLDER = Path(__file__).with_name("approved")

GROUPS: Mapping[str, str] = {
    t.TOPIC: "topic",
    t.TOPIC_POLICY: "topic",
    t.QUEUE: "queue",
    t.QUEUE_POLICY: "queue",
    t.BUCKET: "bucket",
    t.BUCKET_POLICY: "bucket",
    t.KEY: "key",
    t.KEY_POLICY: "key",
    t.AGENT_RESOURCE_POLICY: "agentcore",
    t.LOG_RESOURCE_POLICY: "logs",
    t.TRACE_POLICY: "logs",
}
"""The documents of resources that are approved together. A document of another type is approved by nobody."""

STORES = frozenset({"topic", "queue", "bucket"})
"""Groups whose documents name what they are about. Another topic, queue or bucket than those that are approved is the rules' to judge."""

GUARDS = frozenset({"topic", "queue", "key", "bucket", "logs"})
"""Groups whose documents may lose nothing, either: what they let through is what halts evolution, or the record of it."""

ADDING_UP = frozenset({"logs"})
"""Groups whose documents are the account's: AWS takes all of them together, where a topic, a queue, a bucket or a key has one."""

GUARDING_ROLES = ("evolution-scheduler-", "evolution-safety-switch-", "evolution-flow-logs-", "evolution-archiver-")
"""The first parts of the names of the roles whose grants may lose nothing: they start the switch, halt, write down who talked to whom,
and keep what was bred."""

RECORDING = frozenset({"cloudwatch:PutMetricData", "logs:CreateLogStream", "logs:PutLogEvents", "sqs:SendMessage", "xray:PutTraceSegments"})
"""Actions that no role may lose, and no endpoint: by them a role writes down what it did, keeps what it couldn't deal with, and says what
alarms compare. Silence is no breach to most of them."""

UNDER_KEY = frozenset({"logs:PutLogEvents", "sqs:SendMessage"})
"""Those of them that need the key of what is written to, where it has one, as each of this system's has."""

KEY_USES = frozenset({"kms:Decrypt", "kms:DescribeKey", "kms:GenerateDataKey"})
"""What they need of it."""

OF = "of"
"""What names, in an entry that several roles share, the roles."""

IMAGE = "engine_image_digest"
"""The row of the table without which a stack is planned in part: there is no image yet to run."""

NAME = re.compile(r"[A-Za-z0-9.:_-]+")
"""What regions and inference profiles are made of. Anything else would be no text of JSON any more, or would mean more than itself."""

ENVIRONMENT, PART = "{environment}", "{part}"
"""Stand in what is approved for an account for the environment whose resource it is, and for which part of its role's grants."""

OF_ENVIRONMENT = re.compile(r"access-(?P<environment>[a-z][a-z0-9]*)-(?P<what>(?!drill)[a-z]+)(?:-(?P<part>\d+))?(?P<end>-attached)?")
"""What account/ calls what each environment has, one like another. What drills stands for itself: it may invoke `resume`, and is for the
environment alone that has it now."""

ERASED = re.compile(r"[0-9a-f]*[0-9][0-9a-f]*")
"""Numbers and hashes in the names that the program gives to resources of which there are as many as the table says."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Names:
    """What differs from stack to stack: the texts in the place of the placeholders.

    Attributes:
        profile: the inference profile, such as us.anthropic.claude-sonnet-4-6; the model is what follows the first dot.
        environments: those that the account's table names; empty where it is no account.
        environment, part: of which of them one resource is, and which part of what its role may do; empty where of none.
    """

    account: str
    region: str
    stack: str
    profile: str
    environments: tuple[str, ...] = ()
    environment: str = ""
    part: str = ""

    def of(self, resource: str) -> Names:
        """The names for one resource, by what the program calls it."""
        found = OF_ENVIRONMENT.fullmatch(resource) if self.environments else None
        if found is None or found["environment"] not in self.environments:
            return self
        return replace(self, environment=found["environment"], part=found["part"] or "")

    def called(self, resource: str) -> str:
        """What the program calls a resource, whichever of many it is: its environment and part are named where they are these."""
        found = OF_ENVIRONMENT.fullmatch(resource) if self.environment else None
        if found is None or found["environment"] != self.environment:
            return _erased(resource)
        part = f"-{PART if found['part'] == self.part else '#'}" if found["part"] else ""
        return f"access-{ENVIRONMENT}-{found['what']}{part}{found['end'] or ''}"

    def fill(self, text: str) -> str:
        """A text with its placeholders replaced."""
        for placeholder, name in self._pairs():
            text = text.replace(placeholder, name)
        return text

    def generalise(self, text: str) -> str:
        """A text with the placeholders in it."""
        for placeholder, name in self._pairs():
            if name in text:  # most texts name none of them
                text = re.sub(rf"(?<![A-Za-z0-9]){re.escape(name)}(?![A-Za-z0-9])", placeholder, text)
        return text

    def _pairs(self) -> tuple[tuple[str, str], ...]:
        model = self.profile.partition(".")[2]
        return (
            ("{account}", self.account),
            ("{region}", self.region),
            ("{stack}", self.stack),
            ("{profile}", self.profile),
            ("{model}", model),
            *((placeholder, name) for placeholder, name in ((ENVIRONMENT, self.environment), (PART, self.part)) if name),
        )


@lru_cache(maxsize=4096)  # a dozen rules ask of each resource
def _erased(name: str) -> str:
    return ERASED.sub("#", name)


def names_of(stack: Stack) -> Names:
    """A stack's own. What isn't known is a text that no ARN holds."""
    table = stack.table or {}
    region, profile = (
        value if isinstance(value := table.get(key), str) and NAME.fullmatch(value) else "not-known.at-all"
        for key in ("region", "model_id")
    )
    environments = tuple(one for one in items(table.get("stacks")) if isinstance(one, str))
    return Names(account=own_account(stack) or "no-account", region=region, stack=stack.name, profile=profile, environments=environments)


def has_image(stack: Stack) -> bool:
    """Whether a stack has an engine image: its table says so, or it runs one for the agents."""
    return bool((stack.table or {}).get(IMAGE) or stack.of_type(t.AGENT_RUNTIME))


class Grants:
    """The statements that are approved for a stack that is called so, each read when it is first asked for."""

    def __init__(self, names: Names, *, image: bool) -> None:
        self._names = names
        self._part = "roles" if image else "roles without an image"
        self._roles = {names.fill(name): name for name in _texts()["roles"]}
        self._read: dict[tuple[str, ...], tuple[Statement, ...]] = {}

    def trust(self, role: str) -> Sequence[Statement]:
        """Who may take a role of that name on."""
        return self._at(DocumentKind.TRUST, "trust", self._roles.get(role, ""))

    def role(self, role: str) -> Sequence[Statement]:
        """What a role of that name is granted."""
        return self._at(DocumentKind.IDENTITY, self._part, self._roles.get(role, ""))

    def document(self, group: str) -> Sequence[Statement]:
        """What the own policies of a group's resources say."""
        return self._at(DocumentKind.KEY if group == "key" else DocumentKind.RESOURCE, "documents", group)

    def endpoint(self, service: str) -> Sequence[Statement]:
        """What no endpoint of a service may lose."""
        return self._at(DocumentKind.IDENTITY, "kept by endpoints", self._names.generalise(service))

    def granted(self) -> Sequence[Statement]:
        """All that roles are granted, and what endpoints let through beside it."""
        return [*(one for role in self._roles for one in self.role(role)), *self._at(DocumentKind.IDENTITY, "endpoints", "")]

    def _at(self, kind: DocumentKind, part: str, name: str) -> tuple[Statement, ...]:
        if (part, name) not in self._read:
            text = _texts()[part].get(name, "")
            self._read[part, name] = read(json.loads(self._names.fill(text)), kind) if text else ()
        return self._read[part, name]


@lru_cache(maxsize=1)
def _texts() -> Mapping[str, Mapping[str, str]]:
    """The file by its parts, each as text: most of it is read for the stack's own names only when it is asked for."""
    file: Any = json.loads((FOLDER / "grants.json").read_text(encoding="utf-8"))
    roles: dict[str, dict[str, list[Plain]]] = {
        name: {part: list(own.get(part, ())) for part in ("trust", "grants", "without_image")} for name, own in file["roles"].items()
    }
    for shared in file["shared"]:
        for name in shared[OF]:
            for part in shared.keys() - {OF}:
                roles[name][part] += shared[part]
    return {
        "trust": {name: json.dumps(role["trust"]) for name, role in roles.items()},
        "roles": {name: json.dumps(role["grants"]) for name, role in roles.items()},
        "roles without an image": {name: json.dumps([*role["grants"], *role["without_image"]]) for name, role in roles.items()},
        "documents": {group: json.dumps(statements) for group, statements in file["documents"].items()},
        "endpoints": {"": json.dumps(file["endpoints"]["beside"])},
        "kept by endpoints": {service: json.dumps(statements) for service, statements in file["endpoints"]["kept"].items()},
    }


@lru_cache(maxsize=4)
def _grants(names: Names, image: bool) -> Grants:
    return Grants(names, image=image)


def grants(stack: Stack) -> Grants:
    """What is approved for a stack of its names, with or without an engine image."""
    return _grants(names_of(stack), has_image(stack))


def read(statements: Plain, kind: DocumentKind) -> tuple[Statement, ...]:
    """Approved statements, as rules read them.

    Raises:
        ValueError: one can't be read.
    """
    found = document_of("approved", kind, {"Statement": statements}) if statements else ()
    readable = tuple(one for one in found if isinstance(one, Statement))
    if len(readable) < len(found):
        raise ValueError(f"policy/approved can't be read: {[str(one) for one in found if not isinstance(one, Statement)]}")
    return readable


def recording(statements: Sequence[Statement], actions: frozenset[str] = RECORDING) -> list[Statement]:
    """What may not be lost of statements: of what they allow the actions that record, and all that they deny."""
    kept = [(one, tuple(action for action in one.actions if not one.allows or action in actions)) for one in statements]
    return [replace(one, actions=actions) for one, actions in kept if actions]


def written(statement: Statement) -> dict[str, Plain]:
    """A statement in IAM's own spelling, without its Sid; one of many stands alone."""
    said: dict[str, Plain] = {"Effect": "Allow" if statement.allows else "Deny"}
    if statement.principals:
        by_kind: dict[str, list[Plain]] = {}
        for principal in statement.principals:
            by_kind.setdefault(principal.kind, []).append(principal.name)
        who: Plain = "*" if by_kind == {"AWS": ["*"]} else {kind: _one_or_many(names) for kind, names in by_kind.items()}
        said["NotPrincipal" if statement.excepted_principals else "Principal"] = who
    for key, values in (
        ("Action", statement.actions),
        ("NotAction", statement.excepted_actions),
        ("Resource", statement.resources),
        ("NotResource", statement.excepted_resources),
    ):
        if values:
            said[key] = _one_or_many(list(values))
    if statement.conditions:
        said["Condition"] = statement.conditions
    return said


def _one_or_many(values: list[Plain]) -> Plain:
    return values[0] if len(values) == 1 else values
