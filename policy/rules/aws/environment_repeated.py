"""Environment, secrets: what a secret holds stands nowhere else."""

from __future__ import annotations

import base64
import contextlib
import json
import re
from collections.abc import Iterator, Mapping

from occurrences import Search
from plain import NotJsonError, Plain, leaves, parse
from properties import MAPS
from rule import Finding, Resource, Severity, Stack, rule
from rules.aws.environment_secrets import HUMP, SECRET_NAMES, SECRET_VALUES
from tokens import PARAMETER, PROVIDER, SECRET_VERSION

VALUES: Mapping[str, tuple[str, ...]] = {
    SECRET_VERSION: ("secretBinary", "secretString", "secretStringWo"),
    PARAMETER: ("value", "valueWo"),
}
"""By type, the properties that keep a secret. A parameter keeps one where it is a SecureString."""

BETWEEN = re.compile(r"[-_.:/@, ]+")

WORD = re.compile(r"[A-Za-z]*\d*|[A-Za-z\d]{1,15}|[\da-f]{17}")
"""A part of a name: a word, or a text no longer than what AWS makes unique names by."""

PUBLIC_KEY = re.compile("-----BEGIN (CERTIFICATE|PUBLIC KEY)")

GUARDED = frozenset(
    {
        *("connectionProperties", "hostKey", "hostKeyBody", "keyMaterialBase64", "passwords", "plaintext", "preSharedKey", "serviceJson"),
        *("tokenKey", "tunnel1PresharedKey", "tunnel2PresharedKey"),
    }
)
"""Properties that take a secret, besides those that are called so. Source: `additional_secret_outputs` in pulumi_aws."""

PROPERTY = re.compile(r"[a-z]\w*")


@rule(
    id="environment/secret-repeated",
    severity=Severity.CRITICAL,
    protects="A secret from everybody who may read descriptions, tags, dashboards, variables or parameters.",
    why="Secrets and SecureString parameters are read under a key, by a grant of their own; any other text is shown to whoever may list "
    "resources, stands in Pulumi's state and is sent along in messages.",
    fix="Name the secret there, and let who needs its value read it from Secrets Manager.",
)
def secret_repeated(stack: Stack) -> Iterator[Finding]:
    kept = (text for kind in VALUES for resource in stack.of_type(kind) for text in _secrets(resource))
    search = Search(form for text in dict.fromkeys(kept) for form in _forms(text))
    if not search:
        return
    for resource in stack.resources:
        if search.finds(resource.name):
            yield Finding("a resource is called by the value of a secret (it is not shown); it must have a name that anybody may read.")
        elif resource.type.startswith("aws:") or resource.type == PROVIDER:
            yield from _repeated(resource, search)


def _repeated(resource: Resource, search: Search) -> Iterator[Finding]:
    kept = _kept(resource)
    held = [
        "a property's name" if search.finds(name) else name
        for name, value in _given(resource).items()
        if name not in kept and any(search.finds(text) for text in _texts({name: value}))
    ]
    if held:
        yield Finding(f"the value of a secret stands in {', '.join(held)} (it is not shown); it must stand in the secret alone.", resource)


def _given(resource: Resource) -> Mapping[str, Plain]:
    """What the program gives: what AWS or a provider makes of it is where secrets come from."""
    return resource.props if resource.inputs is None else resource.inputs


def _kept(resource: Resource) -> tuple[str, ...]:
    """The resource's properties that keep a secret."""
    return () if resource.type == PARAMETER and _given(resource).get("type") != "SecureString" else VALUES.get(resource.type, ())


def _secrets(resource: Resource) -> Iterator[str]:
    given = _given(resource)
    called = str(given.get("name")).rpartition("/")[2] if resource.type == PARAMETER else "secret"
    for name in _kept(resource):
        value = given.get(name)
        with contextlib.suppress(NotJsonError):
            parsed = parse(value)
            value = parsed if isinstance(parsed, dict | list) else value
        yield from _members(called, value)


def _members(called: str, value: Plain) -> Iterator[str]:
    """The texts in a secret that are secret themselves."""
    for name, one in leaves(value, called):
        if isinstance(one, str) and (_takes_secret(name) or SECRET_VALUES.search(one) or not _is_public(one)):
            yield one


def _is_public(value: str) -> bool:
    """Whether a text that stands beside a secret is none itself, by its form: a host, a user, an ARN, a certificate."""
    return PUBLIC_KEY.match(value) is not None or all(WORD.fullmatch(part) for part in BETWEEN.split(value))


def _takes_secret(name: str) -> bool:
    return SECRET_NAMES.fullmatch(HUMP.sub("_", name.replace("-", "_"))) is not None


def _forms(text: str) -> Iterator[str]:
    """A text as it is, and as other texts hold it: in JSON, hexadecimal, and base64, also in the midst of more."""
    data = text.encode(errors="surrogatepass")
    yield from (text, json.dumps(text)[1:-1], data.hex(), data.hex().upper())
    for before in range(3):
        # What depends on the bytes beside it is left out: at the start as many characters as hold bits of those, and at the end.
        encoded = base64.b64encode(bytes(before) + data)[-(-before * 8 // 6) : (before + len(data)) * 8 // 6].decode()
        yield from (encoded, encoded.translate(str.maketrans("+/", "-_")))


def _texts(value: Plain, *, free: bool = False) -> Iterator[str]:
    """Every text in a value, names of entries too, but what is in properties that take secrets.

    Args:
        free: whether the names are the program's own and say nothing of how the provider keeps a value.
    """
    if isinstance(value, dict):
        for name, one in value.items():
            yield name
            if free or name in MAPS:
                yield from _texts(one, free=True)
            elif not (PROPERTY.fullmatch(name) and (name in GUARDED or _takes_secret(name.removesuffix("Wo")))):
                yield from _texts(one)
    elif isinstance(value, list):
        for one in value:
            yield from _texts(one, free=free)
    elif isinstance(value, str):
        yield value
        if "\\" in value and value.lstrip().startswith(("{", "[")):
            try:
                yield from _texts(parse(value), free=True)  # as whoever reads it takes escapes
            except NotJsonError:
                return
