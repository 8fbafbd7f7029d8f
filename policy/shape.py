"""What resources look like: the settings of what halts, and what runs and is told what, as approved/shape.json has them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from approval import Names
from graph import Linked
from plain import Plain, Unknown, dig, items, number, parse
from properties import ANY, given_in, set_in
from rule import Resource, Stack
from rules.evolution.containment import CALLED, RESUME, SWITCH
from tokens import (
    BUCKET,
    BUCKET_LIFECYCLE,
    FUNCTION,
    FUNCTION_INVOKE_CONFIG,
    FUNCTION_PERMISSION,
    PROVIDER,
    SCHEDULE,
    TOPIC_SUBSCRIPTION,
)
from variables import RUNNERS, environments_of

LEADS: Mapping[str, str] = {
    FUNCTION_INVOKE_CONFIG: "functionName",
    FUNCTION_PERMISSION: "function",
    SCHEDULE: "target",
    TOPIC_SUBSCRIPTION: "endpoint",
}
"""By type, the property by which a resource is of the way to the halt: it leads to the switch or to `resume`."""

IDENTITIES = ("name", "statementId", "protocol", "functionName", "agentRuntimeName", "family")
"""What tells resources of a type apart."""

SAID_ELSEWHERE = frozenset({"code", "description", "region", "tags", "tagsAll"})
"""Properties that change nothing of the way or of the guardrail, or that the provider fills in; and `code`, which is a choice: a state may
have it from another machine."""

KEEPS = ("expiration", "days"), ("noncurrentVersionExpiration", "noncurrentDays")
"""What says in a rule of a bucket's lifecycle how long it keeps something."""


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


def called_in(stack: Stack, names: Names) -> dict[str, str]:
    """By URN, what resources are called on AWS, with their types."""
    return {
        one.urn: " ".join((one.type, names.generalise(name) if isinstance(name := one.at("name"), str) else "")).strip()
        for one in stack.resources
    }


def told_in(stack: Stack, names: Names) -> Iterator[tuple[Resource, str, dict[str, Plain]]]:
    """What each container, function and runtime beside the way to the halt is called, and what it is told; ANY for a number."""
    way = {one.urn for one in way_of(stack)}
    for one in (one for kind in RUNNERS for one in stack.of_type(kind) if one.urn not in way):
        called = identity_of({key: names.generalise(str(value)) for key in IDENTITIES if (value := one.at(key)) is not None})
        for environment in environments_of(one):
            told = {name: names.generalise(value) if isinstance(value, str) else value for name, value in environment.variables.items()}
            yield one, called, {name: ANY if number(value) is not None else value for name, value in told.items()}


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


def tag_keys(resource: Resource) -> set[str]:
    """The keys of the tags that the program gives a resource; of a provider, those that all of its resources get. What AWS tags with, and
    what can't be known, isn't the program's."""
    given = given_in(resource)
    named: list[Plain] = [given.get("tags"), given.get("tagsAll")]
    if resource.type == PROVIDER and (defaults := given.get("defaultTags")) is not None:
        named = [dig(parse(defaults) if isinstance(defaults, str) else defaults, "tags")]
    return {key for tags in named if isinstance(tags, dict) for key in tags}


def identity_of(settings: Mapping[str, Plain]) -> str:
    """What tells it apart from others of its type."""
    return next((value for key in IDENTITIES if isinstance(value := settings.get(key), str)), "")
