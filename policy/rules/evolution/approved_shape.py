"""The approved shape: no type, property or option that nobody has approved, and the way to the halt set up as it was.

The account's own project is held to the types, properties, tags and options of its own.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from approval import Names, has_image, names_of
from choices import REFERENCE, approved_for, is_known
from choices import called as called_here
from drawn import not_drawn
from options import unapproved
from outputs import is_output, referred
from plain import NotJsonError, Plain, Unknown, dig, number, parse, shown
from properties import ANY, MAY, SYSTEM, Shape, approved, given_in, names_for, set_in, shaped_rule
from rule import Finding, Resource, Severity, Stack, about
from rules.aws.data_protection import PROTECTED_TIERS
from rules.evolution.approved import APPROVE
from rules.evolution.containment import takers
from rules.evolution.data_protection import ARTIFACTS
from rules.evolution.environment_figures import KEPT
from shape import (
    called_in,
    identity_of,
    kept_in,
    settings_of,
    tag_keys,
    told_in,
    way_of,
)
from system import evolution_rule
from tokens import ENDPOINT, GUARDRAIL, INTERNET_GATEWAY, LOG_RESOURCE_POLICY, ROLE, SCHEDULE, SECRET_VERSION, STACK, TRACE_POLICY, VPC
from variables import given_by

COMPONENTS = ("account:", "evolution:")
"""How the types of the programs' own components begin; they are nothing on AWS."""

CLOSED = frozenset({ENDPOINT, INTERNET_GATEWAY, LOG_RESOURCE_POLICY, TRACE_POLICY, VPC})
"""Types of which there is none but what the program has in some plan. An account has room in a region for ten policies of CloudWatch Logs,
five of X-Ray, five VPCs and as many internet gateways (their quotas); an endpoint takes a service's name over for its whole network."""

NONCURRENT = "noncurrentVersionExpiration.noncurrentDays"
"""Of it the table's row is about every bucket; what is current is kept as long as the table says in the artifacts' own."""

SECRET_STRINGS = ("secretStringWo", "secretString")

THRESHOLD, SIGNS = "safety_threshold", "safety_validation_key"

VERSIONS = 10_000
"""A version of the write-only settings to one of the threshold: another threshold is another version (components/security.py)."""


def _judged(stack: Stack) -> Iterator[Resource]:
    for resource in stack.resources:
        if resource.type != STACK and not resource.type.startswith(COMPONENTS):
            yield resource


@shaped_rule(
    id="approved/types",
    severity=Severity.HIGH,
    protects="The system from kinds of resources that nobody has approved in it.",
    why="Each kind brings ways of its own to open, run or send something.",
    fix=APPROVE,
)
def types(stack: Stack, shape: Shape) -> Iterator[Finding]:
    """What prepares an account makes nothing else at all."""
    names = names_of(stack)
    for resource in _judged(stack):
        if resource.type not in approved(shape)["types"]:
            yield Finding("nobody has approved a resource of its type in this system.", resource)
        elif shape.closed and not is_known(resource, shape, names):
            yield Finding("nobody has approved a resource of its name and type in an account's own project.", resource)
        elif resource.type in CLOSED and not is_known(resource, shape, names):
            yield Finding("nobody has approved one more of its type; an account, or a network, has room for few.", resource)


@shaped_rule(
    id="approved/properties",
    severity=Severity.HIGH,
    protects="The system from settings that nobody has looked at.",
    why="What no resource of the type had set may turn off what all rules rely on.",
    fix=APPROVE,
)
def properties(stack: Stack, shape: Shape) -> Iterator[Finding]:
    """Judged on what the program gives; a mere state holds what AWS has computed, too."""
    for resource in stack.resources:
        known = names_for(shape, resource.type)
        if known and resource.inputs is not None:
            yield from about(resource, _beyond(resource, known))


def _beyond(resource: Resource, known: frozenset[str]) -> Iterator[Finding]:
    found = [*set_in(resource)]
    more = [name for name, value in found if name not in known and value != 0]
    more += _off(resource, known | {name.partition(".")[0] for name in (*known, *(name for name, _ in found))})
    hidden = [name for name in more if any(one.startswith(f"{name}.") for one in known)]
    if hidden:
        yield Finding(
            f"{', '.join(hidden)} is not known at preview, so nobody can tell what is set in it; its parts must be given by themselves."
        )
    elif more:
        yield Finding(f"nobody has approved that {', '.join(sorted(set(more)))} is set in a resource of its type.")


def _off(resource: Resource, known: frozenset[str]) -> list[str]:
    """The properties that are given only to turn off what is in them, which may be on by AWS's default."""
    given = ((name, value) for name, value in given_in(resource).items() if not name.startswith("__"))
    return [name for name, value in given if isinstance(value, dict | list) and value and name not in known]


@shaped_rule(
    id="approved/tags",
    severity=Severity.HIGH,
    protects="The system from those whose rights hold for whatever has their tag.",
    why="A tag opens doors: a role's is its sessions' attribute, a secret's lets in the team that it names, and tools that stop, copy or "
    "remove things choose them by a tag.",
    fix=APPROVE,
)
def tags(stack: Stack, shape: Shape) -> Iterator[Finding]:
    """Their values are governance/tags' to say."""
    for resource in stack.resources:
        if resource.inputs is not None:
            yield from about(resource, _strange_tags(resource, shape))


def _strange_tags(resource: Resource, shape: Shape) -> Iterator[Finding]:
    if more := sorted(tag_keys(resource) - {*approved(shape)["tags"]}):
        yield Finding(f"nobody has approved tags that are called {', '.join(more)}.")


@shaped_rule(
    id="approved/options",
    severity=Severity.HIGH,
    protects="What was reviewed, from staying on paper, and what is kept from being gone.",
    why="What a deployment ignores is whatever somebody has made it to be; what isn't protected goes with the line that names it.",
    fix=APPROVE,
)
def options(stack: Stack, shape: Shape) -> Iterator[Finding]:
    """An account protects what it keeps, whatever it is called."""
    names, keeps = names_of(stack), shape.closed or not stack.limits.known_tier or stack.limits.tier in PROTECTED_TIERS
    for resource in _judged(stack):
        yield from about(resource, (Finding(one) for one in unapproved(resource, shape, names, keeps=keeps)))


@evolution_rule(
    id="approved/switch-settings",
    severity=Severity.CRITICAL,
    protects="The halt: the switch, `resume` and what leads to them run as they were reviewed.",
    why="Another schedule, source, variable or permission is another halt than the one that was tried.",
    fix=APPROVE,
)
def switch_settings(stack: Stack) -> Iterator[Finding]:
    yield from _unlike_approved(stack, list(way_of(stack)))


@evolution_rule(
    id="approved/guardrail",
    severity=Severity.CRITICAL,
    protects="What the guardrail refuses: its topics, filters and thresholds, as they were reviewed.",
    why="A topic whose definition says something else is still there by name, and denies nothing.",
    fix=APPROVE,
)
def guardrail(stack: Stack) -> Iterator[Finding]:
    """All but what it says to whoever it refuses."""
    yield from _unlike_approved(stack, stack.of_type(GUARDRAIL))


def _unlike_approved(stack: Stack, resources: Sequence[Resource]) -> Iterator[Finding]:
    names = names_of(stack)
    called = called_in(stack, names)
    for resource in resources:
        yield from about(resource, _differs(resource, names, called))


def _differs(resource: Resource, names: Names, called: Mapping[str, str]) -> Iterator[Finding]:
    settings = settings_of(resource, names, called)
    wanted: Mapping[str, Plain] | None = approved(SYSTEM)["settings"].get(resource.type, {}).get(identity_of(settings))
    if wanted is None:
        yield Finding("it halts evolution, leads to what does, or guards the agents, and nobody has approved it.")
        return
    for key in sorted({*settings, *wanted}):
        is_, must = settings.get(key), wanted.get(key)
        unset = must is None and (is_ == 0 or key.startswith("@"))
        if is_ != must and must != ANY and not unset:
            yield Finding(f"{key} is {_shown(names, is_)}; it must be {_shown(names, must)}, as approved.")
            return


def _shown(names: Names, value: Plain) -> str:
    if value == ANY or isinstance(value, Unknown):
        return "not known yet"
    return shown(names.fill(value) if isinstance(value, str) else value)


@evolution_rule(
    id="approved/taken-roles",
    severity=Severity.CRITICAL,
    protects="What a role is approved for, from whoever else would take it on.",
    why="Grants are approved for the one that holds them: in other hands they are new access.",
    fix=APPROVE,
)
def taken_roles(stack: Stack) -> Iterator[Finding]:
    """A schedule that is new here may take the schedules' own. A role that nobody has approved is approved/new-access's to say."""
    roles = {role.urn: role for role in stack.of_type(ROLE)}
    names = names_of(stack)
    for urn, resource, key in stack.once(takers):
        source = approved_for(SYSTEM, resource.type, called_here(resource, names)).parts.get(f"{REFERENCE}{key}")
        takes = source is not None and called_here(roles[urn], names) in (source.allowed or ())
        if is_known(roles[urn], SYSTEM, names) and not (takes and (is_known(resource, SYSTEM, names) or resource.type == SCHEDULE)):
            yield Finding(f"it takes on the role {shown(roles[urn].at('name'))}, which is approved for another.", resource)


@evolution_rule(
    id="approved/what-runs",
    severity=Severity.CRITICAL,
    protects="What runs, and what it is told, from being something else than was reviewed.",
    why="Another entry point, another question or a variable that only the code knows makes reviewed code do what nobody has reviewed.",
    fix=APPROVE,
)
def what_runs(stack: Stack) -> Iterator[Finding]:
    """One that is new here may be told what it likes; its role is approved/new-access's to say. A value may be a secret: none is shown."""
    names, everywhere = names_of(stack), approved(SYSTEM)["variables"]
    resources = {one.urn: one for one in stack.resources}
    with_image: Mapping[str, Mapping[str, Mapping[str, Plain]]] = approved(SYSTEM)["with_image"]["variables"] if has_image(stack) else {}
    for resource, called, variables in told_in(stack, names):
        entries: Mapping[str, Plain] = with_image.get(resource.type, {}).get(
            called, everywhere.get(resource.type, {}).get(called, variables)
        )
        known = {name.rstrip(MAY): must for name, must in entries.items()}
        if more := sorted(variables.keys() - known.keys()):
            yield Finding(f"nobody has approved that it is told {', '.join(more)}.", resource)
        if less := sorted(entries.keys() - variables.keys() - {name for name in entries if name.endswith(MAY)}):
            yield Finding(f"it isn't told {', '.join(less)}; it must be, as approved.", resource)
        for name, must in known.items():
            value = variables.get(name, must)
            if isinstance(must, dict) and (
                value == must or is_output(value, must, referred(resource, given_by(resource), resources), names)
            ):
                continue
            if must != ANY and value != must:
                yield Finding(f"{name}, which it is told, isn't what is approved: {_shown(names, must)}.", resource)


@evolution_rule(
    id="approved/floors",
    severity=Severity.HIGH,
    protects="What evolution leaves behind from being deleted too soon, and what is in the secret: the threshold of safety, and the key.",
    why="What is expired within a day is gone before anybody looks at it; a threshold that nobody reads in the table is any threshold; "
    "and whoever can guess the key signs champions.",
    fix=APPROVE,
)
def floors(stack: Stack) -> Iterator[Finding]:
    for lifecycle, bucket, prefix, key, value in kept_in(stack, names_of(stack)):
        floor, by = _floor(stack, bucket, prefix, key)
        if (number(value) or 0) < floor:
            yield Finding(f"{key} of {shown(prefix)} is {shown(value)}; it must be at least {shown(floor)}, {by}.", lifecycle)
    minimum = number((stack.table or {}).get("safety_score_minimum"))
    for version in stack.of_type(SECRET_VERSION):
        yield from about(version, _filled_with(version.given, minimum))


def _filled_with(given: Mapping[str, Plain], minimum: float | None) -> Iterator[Finding]:
    """What is wrong with the settings that a secret is filled with."""
    for key in SECRET_STRINGS:
        if isinstance(given.get(key), Unknown):
            yield Finding(f"{key} is not known at preview, so nobody can tell its threshold; it must be.")
        settings = _settings_in(given.get(key))
        if not settings:
            continue
        threshold = settings.get(THRESHOLD)
        if isinstance(threshold, str | int | float) and minimum is not None and not (number(threshold) or 0) >= minimum:
            yield Finding(f"{THRESHOLD} in {key} is lower than safety_score_minimum of the table; it must be as high.")
        if fault := not_drawn(settings.get(SIGNS)):
            yield Finding(f"{SIGNS} in {key} {fault}; it must be what AWS has drawn at random.")
        if isinstance(threshold, str | int | float) and minimum is not None:
            yield from _written_anew(given, minimum)


def _floor(stack: Stack, bucket: str, prefix: str, key: str) -> tuple[int | float, str]:
    """How long something is kept at least, and who says so: what is approved for its prefix, or else the table, too."""
    approved_here: Mapping[str, Mapping[str, int]] = approved(SYSTEM)["floors"].get(bucket, {})
    if prefix and prefix in approved_here:
        return approved_here[prefix].get(key, 0), "as approved"
    floor = approved_here.get("", {}).get(key, 0)
    row = KEPT[key] if key == NONCURRENT or bucket.startswith(ARTIFACTS) else ""
    days = number(dig(dict(stack.table or {}), *row.split("."))) or 0
    return (days, f"{row} of the table") if days > floor else (floor, "as approved")


def _written_anew(given: Mapping[str, Plain], minimum: float) -> Iterator[Finding]:
    """The provider writes the settings only when this number changes."""
    version = given.get("secretStringWoVersion")
    if version is not None and number(version) != round(minimum * VERSIONS):
        yield Finding(
            f"secretStringWoVersion is {shown(version)}; it must be {round(minimum * VERSIONS)}, or a raised threshold stays unwritten."
        )


def _settings_in(secret: Plain) -> dict[str, Plain]:
    """The safety settings in a secret; nothing where it is another one."""
    try:
        held = parse(secret)
    except NotJsonError:
        return {}
    return held if isinstance(held, dict) and not held.keys().isdisjoint({THRESHOLD, SIGNS}) else {}
