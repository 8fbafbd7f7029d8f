"""Every rule with its verdict and the resources that it read.

The verdicts are those of the pack in the preview. It doesn't report which resources a rule read, so the rules run again here, over the
plan, and the reads are recorded (`Resource.reads`).
"""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from enum import Enum
from typing import Any, cast

from limits import TierLimits, configured
from local.findings import Finding
from local.previews import UNKNOWN, Plan
from local.provider.assets import ARCHIVE, ASSET, SIGNATURE
from plain import UNKNOWN as NOT_KNOWN
from plain import Plain
from rule import Reference, Resource, Rule, Stack, StackRule, judge_stack
from rules import FAMILIES
from system import TABLE_KEY, table_of


class Verdict(Enum):
    """The result of a rule."""

    HOLDS = "holds"
    BROKEN = "broken"
    NOTHING_TO_JUDGE = "nothing to judge"
    OTHER_TIERS = "other tiers"
    NOT_DECIDED = "not decided"


@dataclass(frozen=True, kw_only=True)
class Judged:
    """One rule with its verdict, the names of the resources that it read, and its findings."""

    rule: Rule
    verdict: Verdict
    on: tuple[str, ...]
    findings: tuple[Finding, ...]


def with_the_graph_of(plan: Plan, whole: Plan) -> Plan:
    """A refused plan with the resources of a preview without the pack: only a successful preview has dependencies."""
    return replace(plan, resources=whole.resources) if whole.succeeded else plan


def judged(plan: Plan) -> Mapping[str, Sequence[Judged]]:
    """The pack's rules by family, in the pack's order.

    If the preview failed without a finding, the rules aren't decided.
    """
    found = plan.findings
    decided = bool(plan.policy_packs) and (plan.succeeded or bool(found))
    stack = stack_of(plan)
    result: dict[str, list[Judged]] = {}
    for family in FAMILIES:
        for rule in family.rules:
            on, has_any = read_by(rule, stack)
            own = tuple(finding for finding in found if finding.rule == rule.id)
            if own:
                verdict = Verdict.BROKEN
            elif not decided:
                verdict = Verdict.NOT_DECIDED
            elif not _is_in_tier(rule, stack.limits):
                verdict = Verdict.OTHER_TIERS
            elif not has_any:
                verdict = Verdict.NOTHING_TO_JUDGE
            else:
                verdict = Verdict.HOLDS
            result.setdefault(family.name, []).append(Judged(rule=rule, verdict=verdict, on=on, findings=own))
    return result


def read_by(rule: Rule, stack: Stack) -> tuple[tuple[str, ...], bool]:
    """The names of the resources that a rule reads, sorted, and whether it has anything to judge.

    A rule of the whole stack has nothing to judge if it looks for resources of some types and there are none.
    """
    if rule.types:
        names = sorted(resource.name for resource in stack.resources if resource.type in rule.types)
        return tuple(names), bool(names)
    if not isinstance(rule, StackRule) or not _is_in_tier(rule, stack.limits):
        return (), False
    read: set[str] = set()
    resources = tuple(replace(resource, reads=read) for resource in stack.resources)
    recorder = _RecordingStack(name=stack.name, project=stack.project, resources=resources, limits=stack.limits, table=stack.table)
    judge_stack(rule, recorder)
    return tuple(sorted(read)), bool(read or not recorder.asked or any(stack.of_type(kind) for kind in recorder.asked))


def stack_of(plan: Plan) -> Stack:
    """The plan in the form that rules judge."""
    types = {resource.urn: resource.type for resource in plan.resources}
    head, _, rest = (plan.resources[0].urn if plan.resources else "").removeprefix("urn:pulumi:").partition("::")
    limits = configured({}).of(head)
    resources = [
        Resource(
            urn=resource.urn,
            type=resource.type,
            name=resource.name,
            props={key: to_plain(value) for key, value in {**resource.computed, **resource.inputs}.items()},
            limits=limits,
            protect=resource.protect,
            parent=resource.parent or None,
            ignore_changes=resource.ignore_changes,
            dependencies=resource.dependencies,
            references={
                key: tuple(Reference(urn=urn, type=types[urn]) for urn in urns if urn in types)
                for key, urns in resource.property_dependencies.items()
            },
        )
        for resource in sorted(plan.resources, key=lambda resource: resource.urn)  # Pulumi plans in any order
    ]
    table = json.dumps({TABLE_KEY: json.dumps(plan.outputs.get("environment"))})
    return Stack(
        name=head,
        project=rest.partition("::")[0],
        resources=tuple(resources),
        limits=limits,
        table=table_of(table, resources),
    )


def to_plain(value: Any) -> Plain:
    """A plan's value in the form that rules judge."""
    if value == UNKNOWN:
        return NOT_KNOWN
    if isinstance(value, Mapping):
        members = cast("Mapping[str, Any]", value)
        if members.get(SIGNATURE) in (ASSET, ARCHIVE):  # of code, the pack sees nothing either
            return NOT_KNOWN
        if SIGNATURE in members:  # a secret, which the plan holds encrypted, and the pack is given as a text
            return "secret"
        return {key: to_plain(one) for key, one in members.items()}
    if isinstance(value, list):
        return [to_plain(one) for one in cast("list[Any]", value)]
    return int(value) if isinstance(value, float) and value.is_integer() else value


def _is_in_tier(rule: Rule, limits: TierLimits) -> bool:
    return not rule.tiers or not limits.known_tier or limits.tier in rule.tiers


@dataclass(frozen=True, kw_only=True)
class _RecordingStack(Stack):
    """A stack that records the types that a rule looks for."""

    asked: set[str] = field(default_factory=set[str])

    def of_type(self, kind: str) -> Sequence[Resource]:
        self.asked.add(kind)
        return super().of_type(kind)
