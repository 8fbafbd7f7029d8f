"""Every text that resources are given, but for what they keep as a secret: where rules look for secrets that stand in the open."""

from __future__ import annotations

import base64
import binascii
import contextlib
import re
from collections.abc import Iterator, Mapping, Sequence
from functools import lru_cache

from plain import NotJsonError, Plain, parse
from properties import MAPS
from rule import Resource, Stack
from tokens import PARAMETER, PROVIDER, SECRET_VERSION

SECRET_NAMES = re.compile(
    r"(.*_)?([a-z]{0,5}(password|passwd|pwd)|passphrase|secret|token|credentials?|api_?key|private_?key|secret_?key|access_?key|auth_?key"
    r"|validation_?key|signing_?key|encryption_?key)(_value)?",
    re.IGNORECASE,
)
"""Names whose value is the secret itself, also PGPASSWORD. `…_NAME`, `…_ARN` and `…_ID` only say where it is."""

HUMP = re.compile(r"(?<=[a-z0-9])(?=[A-Z])")
"""Where a word begins in a name such as dbPassword."""

DIVIDERS = str.maketrans("-.", "__")

VALUES: Mapping[str, tuple[str, ...]] = {
    SECRET_VERSION: ("secretBinary", "secretString", "secretStringWo"),
    PARAMETER: ("value", "valueWo"),
}
"""By type, the properties that keep a secret. A parameter keeps one where it is a SecureString."""

GUARDED = frozenset(
    {
        *("connectionProperties", "hostKey", "hostKeyBody", "keyMaterialBase64", "passwords", "plaintext", "preSharedKey", "serviceJson"),
        *("tokenKey", "tunnel1PresharedKey", "tunnel2PresharedKey"),
    }
)
"""Properties that take a secret, besides those that are called so. Source: `additional_secret_outputs` in pulumi_aws."""

ENCODED = frozenset({"contentBase64", "userData", "userDataBase64"})
"""Properties that take a text in base64, some or all of the time."""

PROPERTY = re.compile(r"[a-z]\w*")

CALLED, HOLDS = ("name", "Name", "key", "Key"), ("value", "Value")
"""How entries of lists say a name and its value, as a container's variables do."""

ELSEWHERE = frozenset({"PARAMETER_STORE", "SECRETS_MANAGER"})
"""Types of such an entry whose value only says where the secret is. Source: CodeBuild API reference, EnvironmentVariable."""


def is_secrets_name(name: str) -> bool:
    """Whether what is called so is a secret itself."""
    return SECRET_NAMES.fullmatch(HUMP.sub("_", name.translate(DIVIDERS))) is not None


def kept(resource: Resource) -> tuple[str, ...]:
    """The resource's properties that keep a secret."""
    return () if resource.type == PARAMETER and resource.given.get("type") != "SecureString" else VALUES.get(resource.type, ())


def told(stack: Stack) -> Sequence[tuple[Resource, Mapping[str, str]]]:
    """For each resource on AWS, and its providers, the texts of each property that keeps no secret, a line each: `name=value` where the
    program itself has named a value. What AWS or a provider makes is left out: it is where secrets come from."""
    return [(one, _texts(one)) for one in stack.resources if one.type.startswith("aws:") or one.type == PROVIDER]


def _texts(resource: Resource) -> Mapping[str, str]:
    hidden = kept(resource)
    return {name: _said(name, value) for name, value in resource.given.items() if name not in hidden}


def _said(name: str, value: Plain) -> str:
    lines: list[str] = []
    _read_member(name, value, lines)
    return "\n".join(lines)


def _read(value: Plain, lines: list[str], called: str = "", *, free: bool = False) -> None:
    """Add every text in a value, names of entries too, but what is in properties that take secrets.

    Args:
        called: what the program calls it; empty where only the provider has a name for it.
        free: whether the names are the program's own and say nothing of how the provider keeps a value.
    """
    if isinstance(value, str):
        lines.append(f"{called}={value}" if called else value)
        if value.lstrip().startswith(("{", "[")) and ("\\" in value or any(f'"{name}"' in value for name in HOLDS)):
            with contextlib.suppress(NotJsonError):
                _read(parse(value), lines, free=True)  # as whoever reads it takes escapes, and names beside values
    elif isinstance(value, dict):
        if any(one in value for one in HOLDS):
            lines.extend(_named(value))
        for name, one in value.items():
            _read_member(name, one, lines, free=free)
    elif isinstance(value, list):
        for one in value:
            _read(one, lines, called, free=free)


def _read_member(name: str, value: Plain, lines: list[str], *, free: bool = False) -> None:
    """Add what an object has under a name, and the name."""
    lines.append(name)
    if free or name in MAPS:
        _read(value, lines, name if free else "", free=True)
    elif not _takes_secret(name):
        _read(value, lines)
        if name in ENCODED and isinstance(value, str):
            lines.extend(_decoded(value))


@lru_cache(maxsize=4096)  # the same few over and over
def _takes_secret(name: str) -> bool:
    """Whether a property is meant for a secret."""
    return PROPERTY.fullmatch(name) is not None and (name in GUARDED or is_secrets_name(name.removesuffix("Wo")))


def _named(entry: Mapping[str, Plain]) -> Iterator[str]:
    """The name and the value that an entry says by two parts of it."""
    said = {key: one for key, one in entry.items() if isinstance(one, str)}
    if said.get("type") not in ELSEWHERE:
        names, values = ([said[key] for key in keys if key in said] for keys in (CALLED, HOLDS))
        yield from (f"{name}={value}" for name in names for value in values)


def _decoded(value: str) -> Iterator[str]:
    with contextlib.suppress(binascii.Error, ValueError):
        yield base64.b64decode(value, validate=True).decode()
