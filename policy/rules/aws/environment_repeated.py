"""Environment, secrets: what a secret holds stands nowhere else."""

from __future__ import annotations

import base64
import contextlib
import json
import re
from collections.abc import Iterator, Mapping

from occurrences import Search
from plain import NotJsonError, Plain, leaves, parse
from rule import Finding, Resource, Severity, Stack, rule
from rules.aws.environment_secrets import SECRET_VALUES
from texts import VALUES, is_secrets_name, kept, told
from tokens import PARAMETER

BETWEEN = re.compile(r"[-_.:/@, ]+")

WORD = re.compile(r"[A-Za-z]*\d*|[A-Za-z\d]{1,15}|[\da-f]{17}")
"""A part of a name: a word, or a text no longer than what AWS makes unique names by."""

PUBLIC_KEY = re.compile("-----BEGIN (CERTIFICATE|PUBLIC KEY)")


@rule(
    id="environment/secret-repeated",
    severity=Severity.CRITICAL,
    protects="A secret from everybody who may read descriptions, tags, dashboards, variables or parameters.",
    why="Secrets and SecureString parameters are read under a key, by a grant of their own; any other text is shown to whoever may list "
    "resources, stands in Pulumi's state and is sent along in messages.",
    fix="Name the secret there, and let who needs its value read it from Secrets Manager.",
)
def secret_repeated(stack: Stack) -> Iterator[Finding]:
    secrets = (text for kind in VALUES for resource in stack.of_type(kind) for text in _secrets(resource))
    search = Search(form for text in dict.fromkeys(secrets) for form in _forms(text))
    if not search:
        return
    for resource in stack.resources:
        if search.finds(resource.name):
            yield Finding("a resource is called by the value of a secret (it is not shown); it must have a name that anybody may read.")
    for resource, texts in stack.once(told):
        if not search.finds(resource.name):
            yield from _repeated(resource, texts, search)


def _repeated(resource: Resource, texts: Mapping[str, str], search: Search) -> Iterator[Finding]:
    if not search.finds("\n".join(texts.values())):
        return
    held = ["a property's name" if search.finds(name) else name for name, text in texts.items() if search.finds(text)]
    if held:
        yield Finding(f"the value of a secret stands in {', '.join(held)} (it is not shown); it must stand in the secret alone.", resource)


def _secrets(resource: Resource) -> Iterator[str]:
    called = str(resource.given.get("name")).rpartition("/")[2] if resource.type == PARAMETER else "secret"
    for name in kept(resource):
        value = resource.given.get(name)
        with contextlib.suppress(NotJsonError):
            parsed = parse(value)
            value = parsed if isinstance(parsed, dict | list) else value
        yield from _members(called, value)


def _members(called: str, value: Plain) -> Iterator[str]:
    """The texts in a secret that are secret themselves."""
    for name, one in leaves(value, called):
        if isinstance(one, str) and (is_secrets_name(name) or SECRET_VALUES.search(one) or not _is_public(one)):
            yield one


def _is_public(value: str) -> bool:
    """Whether a text that stands beside a secret is none itself, by its form: a host, a user, an ARN, a certificate."""
    return PUBLIC_KEY.match(value) is not None or all(WORD.fullmatch(part) for part in BETWEEN.split(value))


def _forms(text: str) -> Iterator[str]:
    """A text as it is, and as other texts hold it: in JSON, hexadecimal, and base64, also in the midst of more."""
    data = text.encode(errors="surrogatepass")
    yield from (text, json.dumps(text)[1:-1], data.hex(), data.hex().upper())
    for before in range(3):
        # What depends on the bytes beside it is left out: at the start as many characters as hold bits of those, and at the end.
        encoded = base64.b64encode(bytes(before) + data)[-(-before * 8 // 6) : (before + len(data)) * 8 // 6].decode()
        yield from (encoded, encoded.translate(str.maketrans("+/", "-_")))
