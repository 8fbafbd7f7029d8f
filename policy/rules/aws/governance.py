"""Governance: tags that every service takes, providers without credentials, and JSON that every reader takes alike."""

from __future__ import annotations

import re
from collections.abc import Iterator

from checks import absent, literal
from documents import PLACES
from other_types import TEMPLATES, WRAPPED
from plain import DuplicateKeyError, NotJsonError, parse, shown, texts
from rule import Finding, Resource, Severity, Stack, rule
from system import is_evolution_system
from taggable import TAGGABLE
from tokens import DASHBOARD, PROVIDER, TASK_DEFINITION

TAG_VALUE = re.compile(r"[\w\s.:/=+\-@]{0,256}")
TAG_KEY = re.compile(r"(?!aws:)[\w\s.:/=+\-@]{1,128}", re.IGNORECASE)
"""What every service takes; some take more. Source: AWS general reference, "Tagging your AWS resources"."""


@rule(
    id="governance/tag-characters",
    types=TAGGABLE,
    severity=Severity.MEDIUM,
    protects="The deployment from a tag that one of the services refuses.",
    why="Most services take no % and no other special character in a tag, and say so when half of the stack is made.",
    fix="Write 85 instead of 85%; keep to letters, digits, spaces and . : / = + - @ _.",
)
def tag_characters(resource: Resource) -> Iterator[Finding]:
    every = resource.at("tagsAll")
    tags = every if isinstance(every, dict) and every else resource.at("tags")
    for key, value in tags.items() if isinstance(tags, dict) else ():
        if not TAG_KEY.fullmatch(key):
            yield Finding(f"the tag key {shown(key)} must keep to letters, digits and . : / = + - @ _.")
        elif isinstance(value, str) and not TAG_VALUE.fullmatch(value):
            yield Finding(f"the tag {key} is {shown(value)}; it must keep to letters, digits, spaces and . : / = + - @ _.")


@rule(
    id="governance/no-credentials",
    types={PROVIDER},
    severity=Severity.CRITICAL,
    protects="The credentials of whoever deploys.",
    why="A key that is written into a provider is in the state, and in everybody's copy of it.",
    fix="Remove access_key, secret_key and token; AWS's own chain of credentials finds them.",
)
def no_credentials(provider: Resource) -> Iterator[Finding]:
    for name in ("accessKey", "secretKey", "token"):
        yield from absent(name, provider.at(name), "credentials belong to whoever deploys, not in a program or a state")
    yield from literal("insecure", provider.at("insecure"), False, "false", or_missing=True)


READ = frozenset({(TASK_DEFINITION, "containerDefinitions"), (DASHBOARD, "dashboardBody")})
"""Texts of JSON that rules read, beside documents."""


@rule(
    id="governance/json-keys",
    severity=Severity.HIGH,
    protects="The review of queues, rules, state machines and whatever else is told something as JSON.",
    why="Of a key that stands twice in an object one reader takes the first value, another the last, and a third merges both.",
    fix="Write the text with json.dumps, from one object.",
)
def json_keys(stack: Stack) -> Iterator[Finding]:
    """In every text that is a JSON document, whatever its type; where a rule reads it, that rule says so. What is only written, such as a
    secret's value, stands among the inputs alone."""
    for resource in stack.resources:
        for key, value in resource.given.items() if resource.type.startswith("aws:") else ():
            if not _is_read(resource.type, key) and any(map(_says_twice, texts(value))):
                yield Finding(f"{key} holds JSON in which an object has a key twice; it must have it once.", resource)


def _is_read(kind: str, key: str) -> bool:
    place = PLACES.get(kind)
    return (place is not None and key == place.property_name) or (kind, key) in READ


def _says_twice(text: str) -> bool:
    if not text.lstrip().startswith(("{", "[")):
        return False
    try:
        parse(text)
    except DuplicateKeyError:
        return True
    except NotJsonError:
        pass
    return False


@rule(
    id="governance/judged",
    severity=Severity.MEDIUM,
    protects="The review from what it never sees.",
    why="A template's resources are made by AWS, and those of another provider have types of their own: this pack judges neither.",
    fix="Declare the resources with the provider `aws`; or write an exemption that says who has judged them.",
)
def judged(stack: Stack) -> Iterator[Finding]:
    """In a stack of the Evolution System each type that no rule knows is refused by `containment/known-types`."""
    for resource in stack.resources if not is_evolution_system(stack) else ():
        if resource.type in TEMPLATES or resource.type.startswith(WRAPPED):
            yield Finding("it can't be told what it makes, so nobody has judged it; it must be a resource of the provider `aws`.", resource)
