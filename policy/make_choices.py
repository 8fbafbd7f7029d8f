"""Tells from plans which choices are approved (make approve); choices.py reads them.

A text is a choice unless it is a number or unknown in one of the plans, holds a stack's own names, or is of the few properties below.
"""

from __future__ import annotations

import json
import re
from collections import defaultdict
from collections.abc import Mapping, Sequence
from itertools import pairwise
from typing import Any

import tokens as t
from account_project import rows_of
from approval import ENVIRONMENT, Names, has_image
from choices import ALL, BEGINS, ENDS, HOLDS, LEAST, MOST, NAMES_OF, OPEN, OR, READ, REFERENCE, UNSET, called, general, with_references
from outputs import BUILT, EACH, FROM, built_of, outputs_like, referred, taken_from
from plain import Plain, Unknown, number
from properties import ANY, EVERYWHERE, MAPS, MAY, SOME, is_set
from rule import Resource, Stack

STACK = "{stack}"

NAMES = frozenset({"agentRuntimeName", "alarmName", "dashboardName", "family", "name", "policyName", "statementId"})
"""Properties that say what a resource is called on AWS: a new one's is free, but for the stack's own name where all have it."""

FREE = READ | frozenset(
    {
        *NAMES,
        *("alarmRule", "assumeRolePolicy", "defaultTags", "policy", "policyDocument", "secretStringWo", "statement"),
        *("availabilityZone", "cidrBlock", "cidrIpv4", "containerUri", "endpoint", "limitAmount", "scheduleExpression"),
        *("containerDefinitions.environment.name", "containerDefinitions.environment.value", "containerDefinitions.image"),
    }
)
"""Properties whose texts are no choices: what people read, what a resource is called, documents that rules of their own read, and what
the environment table says. A name without a dot is any last part of a path; `name` only a whole one."""

OWN = frozenset(
    {
        *("advancedEventSelectors", "allowedPattern", "code", "expression", "id", "metricName", "namespace", "value"),
        *("attributes.name", "hashKey", "rangeKey", "rules.filter.prefix", "targetPrefix", "dimensions"),
        # What an alarm watches may be a resource of the stack.
        *(f"{REFERENCE}dimensions", f"{REFERENCE}metricQueries"),
    }
)
"""Properties that each resource has its own texts of: those that are approved may not change, and a new one is free."""

NOT_KEPT = frozenset({(t.PROVIDER, "version"), (t.FUNCTION, "code")})
"""By type, the properties that a stack's state lacks, or has without what is in it. AWS makes no function without code."""
STEM = re.compile(r".*?evolution|[^-_/]*[-_/]", re.IGNORECASE)

WITHIN = ("/", "_")
"""What stands between a stack's name and what something is called within the stack: in a path, or in the stack's policy engine. The name of
another stack may go on after a hyphen."""

EXACTLY = "exactly"
"""Says that a number goes neither lower nor higher: in a shorter period a sum stays below its threshold, and in fewer periods as many
breaches must follow one another; and what is tried for longer happens when nobody expects it."""

BOUNDS: Mapping[str, Mapping[str, str]] = {
    t.AGENT_RUNTIME: {"lifecycleConfigurations.idleRuntimeSessionTimeout": MOST, "lifecycleConfigurations.maxLifetime": MOST},
    t.BUDGET: {"notifications.threshold": MOST},
    t.EVENT_SOURCE_MAPPING: {
        "maximumBatchingWindowInSeconds": MOST,
        "maximumRecordAgeInSeconds": EXACTLY,
        "maximumRetryAttempts": EXACTLY,
    },
    t.FUNCTION: {"memorySize": MOST, "reservedConcurrentExecutions": EXACTLY, "timeout": LEAST},
    t.KEY: {"rotationPeriodInDays": MOST},
    t.METRIC_ALARM: {
        "datapointsToAlarm": MOST,
        "evaluationPeriods": EXACTLY,
        "metricQueries.metric.period": EXACTLY,
        "period": EXACTLY,
        "warmUpConfiguration.warmUpPeriodDurationInMinutes": MOST,
    },
    t.QUEUE: {"maxMessageSize": LEAST, "messageRetentionSeconds": LEAST},
    t.REPOSITORY_LIFECYCLE: {"policy.rules.selection.countNumber": LEAST},
    t.SCALING_POLICY: {
        "targetTrackingScalingPolicyConfiguration.scaleInCooldown": MOST,
        "targetTrackingScalingPolicyConfiguration.scaleOutCooldown": MOST,
        "targetTrackingScalingPolicyConfiguration.targetValue": LEAST,
    },
    t.SCHEDULE: {"target.retryPolicy.maximumEventAgeInSeconds": EXACTLY, "target.retryPolicy.maximumRetryAttempts": EXACTLY},
    t.SECRET_VERSION: {"secretStringWoVersion": LEAST},
    t.SERVICE: {"deploymentMinimumHealthyPercent": LEAST},
    t.TASK_DEFINITION: {
        "containerDefinitions.healthCheck.interval": MOST,
        "containerDefinitions.healthCheck.retries": MOST,
        "containerDefinitions.healthCheck.startPeriod": MOST,
        "containerDefinitions.healthCheck.timeout": MOST,
        "containerDefinitions.stopTimeout": LEAST,
    },
    t.WEB_ACL: {"rules.statement.rateBasedStatement.limit": MOST, "rules.statement.sizeConstraintStatement.size": MOST},
}
"""By type, the numbers whose safe direction is known and that no other rule judges: how soon something is noticed, halted, rotated or
refused, and how long or how much of it is kept. The table changes none of them."""

OWN_BOUNDS = frozenset({t.FUNCTION, t.METRIC_ALARM, t.QUEUE, t.SCALING_POLICY})
"""Types of which one that is new here is as slow or as small as it likes."""

ANY_OF_TYPE = frozenset({(t.FUNCTION, "memorySize")})
"""Numbers that any resource of the type may take as far as the largest goes: what is paid for, and lets nothing through."""


class Seen:
    """What resources of a type have been seen to hold, in all plans."""

    def __init__(self) -> None:
        self.objects: defaultdict[str, int] = defaultdict(int)
        self.set: defaultdict[str, int] = defaultdict(int)
        self.resources: list[dict[str, list[Plain]]] = []
        self.stacks: set[str] = set()
        self._outputs: defaultdict[str, list[frozenset[str]]] = defaultdict(list)
        self._no_outputs: set[str] = set()
        self._built: defaultdict[str, set[str]] = defaultdict(set)
        self._lists: set[str] = set()
        self._hidden: set[str] = set()

    def add(self, resource: Resource, names: Names, resources: Mapping[str, Resource]) -> None:
        """Count a resource's objects, and what is set in each, and keep its values.

        Args:
            names: the resource's own.
            resources: of its stack, by their URNs.
        """
        self.stacks.add(names.stack)
        values: defaultdict[str, list[Plain]] = defaultdict(list)
        self._count(with_references(resource, names), "", values, names)
        self.resources.append(values)
        self._compare(resource, values, names, resources, made=False)

    def add_made(self, resource: Resource, names: Names, resources: Mapping[str, Resource]) -> None:
        """Keep which outputs of others its values are, of one that AWS has made."""
        values: defaultdict[str, list[Plain]] = defaultdict(list)
        Seen()._count(with_references(resource, names), "", values, names)
        self._compare(resource, values, names, resources, made=True)
        for path in [path for path in values if path in resource.props]:
            self._built[path].add(built_of(resource.props[path], referred(resource, path, resources), names))

    def _compare(
        self, resource: Resource, values: Mapping[str, list[Plain]], names: Names, resources: Mapping[str, Resource], *, made: bool
    ) -> None:
        for path, found in values.items():
            sources = referred(resource, path, resources)
            for value in found:
                if isinstance(value, Unknown) and sources and not made:
                    continue
                outputs = outputs_like(value, sources, names) if made or (isinstance(value, str) and "{" in value) else None
                if outputs:
                    self._outputs[path].append(outputs)
                else:
                    self._no_outputs.add(path)

    def _from(self, path: str, of_type: Mapping[str, Plain]) -> Plain:
        """The outputs of others that a value is, whenever it is known; None where it is something else at least once. One that is never
        known is what it is in others of its type."""
        if path in self._no_outputs:
            return None
        if path not in self._outputs:
            return of_type.get(path)
        found = taken_from(self._outputs[path])
        return {EACH: found[FROM]} if path in self._lists - self._hidden else found

    def _made_of(self, path: str) -> Plain:
        """What a text is made of that is never known before; None where that is nothing, or can't be told."""
        known = any(not isinstance(one, Unknown) for values in self.resources for one in values.get(path, ()))
        return None if known or not all(self._built.get(path, {""})) else {BUILT: [*sorted(self._built[path])]}

    def _count(self, value: Plain, path: str, values: defaultdict[str, list[Plain]], names: Names, *, listed: bool = False) -> None:
        if isinstance(value, list):
            self._lists.add(path)
            for one in value:
                self._count(one, path, values, names, listed=True)
        elif isinstance(value, dict) and path.rpartition(".")[2] not in MAPS and (value or not path):
            self.objects[path] += 1
            for name, one in value.items():
                at = f"{path}.{name}" if path else name
                if is_set(one, at) and not name.startswith("__"):
                    self.set[at] += 1
                    self._count(one, at, values, names)
        else:
            if isinstance(value, Unknown) and not listed:
                self._hidden.add(path)
            values[path].append(general(value, names))

    def names(self) -> set[str]:
        """The properties that any of the resources has set."""
        return {path for path in self.set if "." not in path and path not in EVERYWHERE | READ and not path.startswith(REFERENCE)}

    def entries(self, kind: str, *, own: bool, of_type: Mapping[str, Plain] | None = None) -> dict[str, Plain]:
        """By path and what follows it, what may be there.

        Args:
            own: whether these are the resources that one name stands for; all of a type otherwise.
            of_type: where they are, what there is for the type.
        """
        found: dict[str, Plain] = {}
        outputs = {path.rstrip(SOME + MAY): value for path, value in (of_type or {}).items() if _is_taken(value)}
        for path in sorted({path for values in self.resources for path in values} - EVERYWHERE):
            steps = path.split(".")
            ancestors = [".".join(steps[:count]) for count in range(len(steps) + 1)]
            each = all(self.set[at] == self.objects[above] for above, at in pairwise(ancestors))
            last = path.rpartition(".")[2]
            if last in READ or (kind, path) in NOT_KEPT or (not own and (path in OWN or last in OWN)):
                mark = MAY
            else:
                mark = "" if each else SOME if all(path in values for values in self.resources) else MAY
            found[path + mark] = self._from(path, outputs) or (own and self._made_of(path)) or self._values(kind, path, own=own)
        for entry in [one for one in found if one.startswith(REFERENCE)]:  # what it comes from says more than its text
            value = found.get(entry.removeprefix(REFERENCE))
            if value == ANY or (isinstance(value, str) and "{" in value):
                del found[entry.removeprefix(REFERENCE)]
        if not own and (still := sorted(entry.rstrip(SOME + MAY) for entry, value in found.items() if self._is_open(entry, value))):
            found[OPEN] = [*still]
        return found

    def _is_open(self, entry: str, value: Plain) -> bool:
        """Whether a property that may be anything isn't known in each plan."""
        path = entry.rstrip(SOME + MAY)
        bounded = isinstance(value, dict) and not _is_taken(value)
        return (value == ANY or bounded) and any(isinstance(one, Unknown) for values in self.resources for one in values.get(path, ()))

    def _values(self, kind: str, path: str, *, own: bool) -> Plain:
        each = [{_key(one): one for one in values[path]} for values in self.resources if path in values]
        known = {key: value for values in each for key, value in values.items()}
        own_words = {key for key in known for stack in self.stacks if STACK in key and key.replace(STACK, stack) in known}
        values = [known[key] for key in sorted(known.keys() - own_words)]
        stacks_own = any(isinstance(one, str) and "{" in one for one in values)
        last = path.rpartition(".")[2]
        is_name = path in NAMES or (kind, path) == (t.BUCKET, "bucket")
        if is_name and not own:
            texts = [one for one in values if isinstance(one, str)]
            if not texts or any(STACK not in one for one in texts):
                return ANY
            begins, ends = ({*map(of, texts)} for of in (_stem, _end))
            return {BEGINS: [*sorted(begins)], HOLDS: STACK, ENDS: [*sorted(ends)]}
        free = kind == t.GUARDRAIL or ((path in FREE or last in FREE - {"name"}) and not is_name)
        numbers = [found for one in values if (found := number(one)) is not None]
        of_type = (kind, path) in ANY_OF_TYPE
        way = BOUNDS.get(kind, {}).get(path) or (EXACTLY if own and not free and len(numbers) == 1 else "")
        if way and len(numbers) == len(values) and (own or kind not in OWN_BOUNDS or of_type) and not (own and of_type):
            lowest, highest = min(numbers), max(numbers)
            if way == EXACTLY:
                return lowest if lowest == highest else {LEAST: lowest, MOST: highest}
            return {way: lowest if way == LEAST else highest}
        if free or numbers or any(not isinstance(one, str | bool | dict) for one in values):
            return ANY
        if not own and (path in OWN or last in OWN or stacks_own):
            return ANY
        if any(isinstance(one, dict) and one and last not in OWN for one in values):
            return ANY
        if len(values) == 1:
            return values[0]
        common = [one for one in values if all(_key(one) in held for held in each)]
        rest = [one for one in values if one not in common]
        return {ALL: common} if not rest else {ALL: common, OR: rest} if own and common else values


def _is_taken(value: Plain) -> bool:
    return isinstance(value, dict) and not value.keys().isdisjoint({FROM, EACH, BUILT})


def _stem(name: str) -> str:
    """How a name begins that is this program's: as far as `evolution`, or else its first word."""
    found = STEM.match(name)
    return found[0] if found else name


def _end(name: str) -> str:
    """What follows the stack's name, as a pattern: anything after a mark by which it goes on within the stack."""
    end = name.rpartition(STACK)[2]
    return f"{end[0]}{ANY}" if end.startswith(WITHIN) else end


def _key(value: Plain) -> str:
    """What tells values apart, also one that is no JSON."""
    return json.dumps(value, sort_keys=True, default=repr)


def narrower(own: Mapping[str, Plain], of_type: Mapping[str, Plain]) -> dict[str, Plain]:
    """What is approved for one name beyond what is for its type: what it must have, and what it may be."""
    rest: dict[str, Plain] = {}
    for entry, value in own.items():
        if of_type.get(entry) != value and (value != ANY or not (entry.endswith(MAY) or entry in of_type)):
            rest[entry] = value
    return rest


def grouped(entries: Mapping[str, Plain]) -> dict[str, Plain]:
    """Entries with those that may be anything in one list."""
    free: list[Plain] = [entry for entry, value in sorted(entries.items()) if value == ANY]
    said = {entry: value for entry, value in sorted(entries.items()) if value != ANY}
    return {**said, ANY: free} if free else said


def choices_of(
    stacks: Sequence[tuple[Stack, Names]], made: Sequence[tuple[Stack, Names]] = ()
) -> tuple[dict[str, dict[str, Plain]], dict[str, Any]]:
    """By type, and by type and name, what may be set and to what, and what the resources of a type are called.

    Args:
        stacks: before their first deployment.
        made: some of them after it.
    """
    by_type: defaultdict[str, Seen] = defaultdict(Seen)
    by_name: defaultdict[tuple[str, str], Seen] = defaultdict(Seen)
    for stack, names in stacks:
        resources = {one.urn: one for one in stack.resources}
        for resource in stack.resources:
            by_type[resource.type].add(resource, names.of(resource.name), resources)
            by_name[resource.type, called(resource, names)].add(resource, names.of(resource.name), resources)
    for stack, names in made:
        resources = {one.urn: one for one in stack.resources}
        for resource in stack.resources:
            by_type[resource.type].add_made(resource, names.of(resource.name), resources)
            by_name[resource.type, called(resource, names)].add_made(resource, names.of(resource.name), resources)
    in_stacks: defaultdict[str, defaultdict[str, list[bool]]] = defaultdict(lambda: defaultdict(list))
    images = [has_image(stack) for stack, _ in stacks]
    for stack, names in stacks:
        whole = _whole(stack, names)
        for kind, name in {(one.type, called(one, names)) for one in stack.resources}:
            in_stacks[kind][name] += [has_image(stack)] if (kind, name) in whole else []
    types: dict[str, dict[str, Plain]] = {}
    for kind in sorted(by_type):
        found: list[Plain] = [
            name if len(there) == len(images) else f"{name}{SOME if sum(there) == sum(images) > 0 else MAY}"
            for name, there in sorted(in_stacks[kind].items())
        ]
        types[kind] = {NAMES_OF: found[0] if len(found) == 1 else found, **by_type[kind].entries(kind, own=False)}
    own: dict[str, dict[str, Plain]] = {}
    for kind, name in sorted(by_name):
        rest = narrower(by_name[kind, name].entries(kind, own=True, of_type=types[kind]), types[kind])
        if unset := by_type[kind].names() - by_name[kind, name].names():
            rest[UNSET] = [*sorted(unset)]
        if rest:
            own.setdefault(kind, {})[name] = rest
    return types, own


def _whole(stack: Stack, names: Names) -> set[tuple[str, str]]:
    """The types and names of what is there; of what environments have, of what each has."""
    of_each: defaultdict[tuple[str, str], set[str]] = defaultdict(set)
    for one in stack.resources:
        of_each[one.type, called(one, names)].add(names.of(one.name).environment)
    return {found for found, there in of_each.items() if ENVIRONMENT not in found[1] or there >= {*names.environments}}


def rows_with(stacks: Sequence[tuple[Stack, Names]]) -> dict[str, Plain]:
    """By what tables say, the names of what is there whenever they do, and not always."""
    there = [(rows_of(stack), {name for _, name in _whole(stack, names)}) for stack, names in stacks]
    always = set[str].intersection(*(found for _, found in there))
    found: dict[str, Plain] = {}
    for row in sorted(set[str]().union(*(rows for rows, _ in there))):
        more = set[str].intersection(*(found for rows, found in there if row in rows)) - always
        found |= {row: [*sorted(more)]} if more else {}
    return found


def bound_with_image(
    stacks: Sequence[tuple[Stack, Names]], types: Mapping[str, Mapping[str, Plain]], own: Mapping[str, Mapping[str, Mapping[str, Plain]]]
) -> dict[str, dict[str, dict[str, Plain]]]:
    """By type and name, what a resource of a stack that has an image is held to beyond what `choices_of` found for it in all."""
    by_name: defaultdict[tuple[str, str], Seen] = defaultdict(Seen)
    for stack, names in stacks:
        resources = {one.urn: one for one in stack.resources}
        for resource in stack.resources if has_image(stack) else ():
            by_name[resource.type, called(resource, names)].add(resource, names.of(resource.name), resources)
    beyond: dict[str, dict[str, dict[str, Plain]]] = {}
    for kind, name in sorted(by_name):
        held = {**types[kind], **own.get(kind, {}).get(name, {})}
        if rest := narrower(by_name[kind, name].entries(kind, own=True, of_type=held), held):
            beyond.setdefault(kind, {})[name] = rest
    return beyond
