"""What resources look like: the names of all that is set in them, and the settings of what halts, as approved/shape.json has them.

What is empty, false or the default counts as not set: the real provider fills defaults in.
"""

from __future__ import annotations

import contextlib
import json
from collections.abc import Iterable, Iterator, Mapping
from functools import lru_cache
from typing import Any

from approval import FOLDER, Names
from defaults import DEFAULTS
from graph import Linked
from plain import NotJsonError, Plain, Unknown, dig, items, parse
from rule import Resource, Stack
from rules.evolution.containment import CALLED, RESUME, SWITCH, takers
from tokens import (
    AGENT_GATEWAY_TARGET,
    AGENT_RUNTIME,
    BUCKET,
    BUCKET_LIFECYCLE,
    EVENT_SOURCE_MAPPING,
    FUNCTION,
    FUNCTION_INVOKE_CONFIG,
    FUNCTION_PERMISSION,
    IAM_POLICY,
    PARAMETER,
    QUEUE,
    ROLE,
    SCHEDULE,
    TOPIC_SUBSCRIPTION,
)
from variables import RUNNERS, environments_of

MAPS = frozenset({"dimensions", "environmentVariables", "tags", "tagsAll", "variables"})
"""Properties whose keys are no names of properties, but the program's own."""

TEXTS = frozenset({"containerDefinitions"})
"""Properties that are JSON texts, in which names are properties, too."""

LEADS: Mapping[str, str] = {
    FUNCTION_INVOKE_CONFIG: "functionName",
    FUNCTION_PERMISSION: "function",
    SCHEDULE: "target",
    TOPIC_SUBSCRIPTION: "endpoint",
}
"""By type, the property by which a resource is of the way to the halt: it leads to the switch or to `resume`."""

FIXED: Mapping[str, tuple[str, ...]] = {
    AGENT_GATEWAY_TARGET: ("targetConfiguration.http.agentcoreRuntime.qualifier",),
    AGENT_RUNTIME: ("protocolConfiguration.serverProtocol",),
    EVENT_SOURCE_MAPPING: ("startingPosition",),
    FUNCTION: ("handler",),
    PARAMETER: ("allowedPattern",),
    QUEUE: ("maxMessageSize",),
    SCHEDULE: ("target.input",),
}
"""By type, the settings that say what runs, what it is asked, and what the mode and the dead letters can hold, beside those of the way to
the halt."""

FREE = frozenset({PARAMETER, QUEUE})
"""Types of which one that is new here is set up as it likes."""

IDENTITIES = ("name", "statementId", "protocol", "functionName", "agentRuntimeName", "family")
"""What tells resources of a type apart."""

SAID_ELSEWHERE = frozenset({"blockedInputMessaging", "blockedOutputsMessaging", "description", "region", "tags", "tagsAll"})
"""Properties that change nothing of the way or of the guardrail, or that the provider fills in."""

KEEPS = ("expiration", "days"), ("noncurrentVersionExpiration", "noncurrentDays")
"""What says in a rule of a bucket's lifecycle how long it keeps something."""

ANY = "*"
"""In the place of a setting that differs from plan to plan, or is known only by the deployment."""


@lru_cache(maxsize=1)
def approved() -> Mapping[str, Any]:
    """The file."""
    return json.loads((FOLDER / "shape.json").read_text(encoding="utf-8"))


@lru_cache(maxsize=256)
def names_for(kind: str) -> frozenset[str]:
    """The approved names of a type's properties."""
    return frozenset(approved()["types"].get(kind, ()))


def names_in(value: Plain, name: str = "") -> Iterator[tuple[str, Plain]]:
    """The name of every property that is set, at every depth, such as `rules.expiration.days`, and its value. A zero may be one."""
    if name in TEXTS and isinstance(value, str):
        with contextlib.suppress(NotJsonError):  # rules of the type say it
            value = parse(value)
    if isinstance(value, list):
        for one in value:
            yield from names_in(one, name)
    elif isinstance(value, dict) and name.rpartition(".")[2] not in MAPS:
        for key, one in value.items():
            if not key.startswith("__"):  # in `__defaults` Terraform's bridge says which of the inputs it has added
                yield from names_in(one, f"{name}.{key}" if name else key)
    elif (isinstance(value, Unknown | int | float) and value is not False) or value:
        yield name, value


def way_of(stack: Stack) -> Iterator[Resource]:
    """What the halt runs through: the switch and `resume`, and what leads to them."""
    functions = Linked(stack, FUNCTION, CALLED)
    own = {urn for urn, one in functions.all.items() if one.at("name") in (f"{SWITCH}-{stack.name}", f"{RESUME}-{stack.name}")}
    for urn in sorted(own):
        yield functions.all[urn]
    for kind, key in LEADS.items():
        for one in stack.of_type(kind):
            if functions.by(one, key) & own:
                yield one


def settings_of(resource: Resource, names: Names, called: Mapping[str, str]) -> dict[str, Plain]:
    """What a resource of the way is set to, by the name of the property; by `@` and the first part of a name, what it comes from.

    Args:
        names: for which placeholders stand.
        called: by URN, what a resource is called (`called_in`).
    """
    found: dict[str, list[Plain]] = {}
    for name, value in set_in(resource):
        if name.partition(".")[0] not in SAID_ELSEWHERE:
            entries = [(f"{name}.{key}", one) for key, one in value.items()] if isinstance(value, dict) else [(name, value)]
            for key, one in entries:
                found.setdefault(key, []).append(
                    ANY if isinstance(one, Unknown) else names.generalise(one) if isinstance(one, str) else one
                )
    settings: dict[str, Plain] = {key: values[0] if len(values) == 1 else [*values] for key, values in found.items()}
    for key, references in resource.references.items():
        if references and key not in SAID_ELSEWHERE:
            settings[f"@{key}"] = [*sorted({called.get(one.urn, one.type) for one in references})]
    return settings


def set_in(resource: Resource) -> Iterator[tuple[str, Plain]]:
    """What is set in a resource to another value than the default, by its name: of its inputs, where they are known."""
    defaults = DEFAULTS.get(resource.type, {})
    given = resource.props if resource.inputs is None else resource.inputs
    return names_in({key: value for key, value in given.items() if key not in defaults or value != defaults[key]})


def called_in(stack: Stack, names: Names) -> dict[str, str]:
    """By URN, what resources are called on AWS, with their types."""
    return {
        one.urn: " ".join((one.type, names.generalise(name) if isinstance(name := one.at("name"), str) else "")).strip()
        for one in stack.resources
    }


def takings(stack: Stack, names: Names) -> Iterator[tuple[Resource, str, str]]:
    """What takes a role on, as the file calls it, and what the role is called.

    Schedules are many, and a team adds some: which one it is doesn't count.
    """
    roles = {role.urn: names.generalise(str(role.at("name"))) for role in stack.of_type(ROLE)}
    for urn, resource, property_name in takers(stack):
        called = next((name for key in ("name", "family", "agentRuntimeName") if isinstance(name := resource.at(key), str)), "")
        of = "" if resource.type == SCHEDULE else f" {names.generalise(called)}"
        yield resource, f"{resource.type}.{property_name}{of}".rstrip(), roles[urn]


def fixed_in(stack: Stack, names: Names) -> Iterator[tuple[Resource, str, dict[str, Plain]]]:
    """For what runs, or says what does, beside the way to the halt: what it is called, and its settings that are fixed."""
    for one in _beside_way(stack, FIXED):
        settings = settings_of(one, names, {})
        yield one, identity_of(settings), {key: settings.get(key) for key in FIXED[one.type]}


def told_in(stack: Stack, names: Names) -> Iterator[tuple[Resource, str, frozenset[str]]]:
    """What each container, function and runtime beside the way to the halt is called, and the names of the variables that it is told."""
    for one in _beside_way(stack, RUNNERS):
        called = identity_of({key: names.generalise(str(value)) for key in IDENTITIES if (value := one.at(key)) is not None})
        for environment in environments_of(one):
            yield one, called, frozenset(environment.variables)


def _beside_way(stack: Stack, kinds: Iterable[str]) -> Iterator[Resource]:
    """The resources of some types that aren't of the way to the halt."""
    way = {one.urn for one in way_of(stack)}
    for kind in kinds:
        yield from (one for one in stack.of_type(kind) if one.urn not in way)


def bounded_in(stack: Stack, names: Names) -> Iterator[tuple[Resource, str, str]]:
    """Each role that has a boundary of this stack, what it is called, and what the boundary is."""
    policies = Linked(stack, IAM_POLICY, CALLED)
    for role in stack.of_type(ROLE):
        for urn in sorted(policies.by(role, "permissionsBoundary")):
            yield role, names.generalise(str(role.at("name"))), names.generalise(str(policies.all[urn].at("name")))


def kept_in(stack: Stack, names: Names) -> Iterator[tuple[Resource, str, str, str, Plain]]:
    """For each rule of a bucket's lifecycle: the bucket's name, the prefix of what the rule is about, and how long it keeps it."""
    buckets = Linked(stack, BUCKET, ("bucket", "id", "arn"))
    for lifecycle in stack.of_type(BUCKET_LIFECYCLE):
        for urn in sorted(buckets.by(lifecycle, "bucket")):
            for one in items(lifecycle.at("rules")):
                prefix = dig(one, "filter", "prefix")
                for path in KEEPS:
                    if (value := dig(one, *path)) is not None:
                        bucket = names.generalise(str(buckets.all[urn].at("bucket")))
                        yield lifecycle, bucket, prefix if isinstance(prefix, str) else "", ".".join(path), value


def identity_of(settings: Mapping[str, Plain]) -> str:
    """What tells it apart from others of its type."""
    return next((value for key in IDENTITIES if isinstance(value := settings.get(key), str)), "")
