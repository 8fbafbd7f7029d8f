"""Removes secrets from a plan before anything is written.

Pulumi has already replaced marked secrets with `[secret]`. This is for secrets in plain text, which are recognised by name or by form, as
the pack recognises them.
"""

import json
import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from typing import Any, cast

from local.previews import UNKNOWN, Plan
from local.provider.assets import SIGNATURE
from rules.aws.environment_secrets import PLAIN_WORDS, SECRET_VALUES, looks_secret

WITHHELD = "[secret]"

MORE_NAMES = re.compile(r"secret_?(string|binary)|(secret_?)?string_?wo|master_?password|password", re.IGNORECASE)
"""Inputs of AWS resources whose value is always a secret."""

SHORTEST = 6
"""Characters. A shorter text would be found all over the page by chance."""


Hide = Callable[[Any], Any]
"""Replaces secrets anywhere in a value."""


def hidden(tables: Mapping[str, Any], *plans: Plan) -> Hide:
    """A function that hides the secrets of these tables and plans, and all copies of them."""
    found: set[str] = set()
    for plan in plans:
        stack = plan.resources[0].urn.partition("::")[0].rpartition(":")[2] if plan.resources else ""
        found.update(secret for resource in plan.resources for secret in _secrets_in("", {**resource.inputs, **resource.computed}, stack))
        found.update(_secrets_in("", plan.outputs, stack))
    found.update(secret for stack, table in tables.items() for secret in _secrets_in("", table, stack))
    return hiding(found)


def without_secrets(plan: Plan, hide: Hide) -> Plan:
    """The plan with its secrets replaced by `[secret]`."""
    return replace(
        plan,
        resources=tuple(replace(resource, inputs=hide(resource.inputs), computed=hide(resource.computed)) for resource in plan.resources),
        outputs=hide(plan.outputs),
        diagnostics=tuple(replace(said, message=hide(said.message)) for said in plan.diagnostics),
        findings=tuple(replace(one, message=hide(one.message), text=hide(one.text)) for one in plan.findings),
        text=hide(plan.text),
    )


def hiding(secrets: set[str]) -> Hide:
    """A function that replaces these texts, and all that has the form of a secret, anywhere in a value."""
    written = {form for secret in secrets for form in (secret, json.dumps(secret)[1:-1])}
    known = re.compile("|".join(re.escape(form) for form in sorted(written, key=len, reverse=True)) or r"(?!)")

    def hide(value: Any) -> Any:
        if isinstance(value, str):
            return SECRET_VALUES.sub(WITHHELD, known.sub(WITHHELD, value))
        if isinstance(value, Mapping):
            entries = cast("Mapping[str, Any]", value)
            return WITHHELD if SIGNATURE in entries else {key: hide(one) for key, one in entries.items()}
        if isinstance(value, list | tuple):
            return [hide(one) for one in cast("list[Any]", value)]
        return value

    return hide


def _secrets_in(name: str, value: Any, stack: str) -> Iterator[str]:
    """The texts in a value that are secrets by name, also inside JSON texts."""
    if isinstance(value, Mapping):
        entries = cast("Mapping[str, Any]", value)
        if isinstance(entries.get("name"), str) and "value" in entries:  # a container's variable, or a parameter
            yield from _secrets_in(entries["name"].replace("-", "_").rpartition("/")[2], entries["value"], stack)
        for key, one in entries.items():
            yield from _secrets_in(key, one, stack)
    elif isinstance(value, list | tuple):
        for one in cast("list[Any]", value):
            yield from _secrets_in(name, one, stack)
    elif isinstance(value, str) and value != UNKNOWN:
        secret = looks_secret(name, value, stack) or (MORE_NAMES.fullmatch(name) and value.lower() not in PLAIN_WORDS)
        if secret and len(value) >= SHORTEST and not SECRET_VALUES.search(value):
            yield value
        if value.lstrip()[:1] in ("{", "["):
            try:
                inner = json.loads(value)
            except (ValueError, RecursionError):
                return
            yield from _secrets_in(name if secret else "", inner, stack)
