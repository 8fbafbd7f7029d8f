"""Governance: tags that every service takes, and providers without credentials."""

from __future__ import annotations

import re
from collections.abc import Iterator

from checks import absent, literal
from plain import shown
from rule import Finding, Resource, Severity, rule
from taggable import TAGGABLE
from tokens import PROVIDER

TAG_VALUE = re.compile(r"[\w\s.:/=+\-@]{0,256}")
TAG_KEY = re.compile(r"(?!aws:)[\w\s.:/=+\-@]{1,128}", re.IGNORECASE)
"""What every service takes; some take more. Source: AWS general reference, "Tagging your AWS resources"."""


@rule(
    id="governance/tag-characters",
    types=TAGGABLE,
    severity=Severity.MEDIUM,
    protects="The deployment from a tag that one of the services refuses.",
    why="Most services take no % and no other special character in a tag, and say so when half of the stack is made.",
    fix="Write Autonomy='85', without a percent sign.",
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
