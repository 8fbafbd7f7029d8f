"""Alarms, who may say that all is well: the safety score is published by the safety monitor, and by nothing that it judges."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from conditions import Test, narrows
from documents import DocumentKind, Statement, allows_of
from globs import POLICY_VARIABLE, glob
from graph import Linked
from plain import shown
from rule import Finding, Resource, Severity, Stack
from rules.aws.identity_holders import ATTACHMENTS, HOLDERS
from rules.evolution.workload_services import SAFETY_MONITOR
from system import METRIC_NAMESPACE, evolution_rule
from tokens import IAM_POLICY, LOG_METRIC_FILTER, ROLE, ROLE_POLICY, SERVICE, TASK_DEFINITION

ENGINE = "evolution-engine"
"""The first part of the name of the service that is judged."""

PUBLISHES = "cloudwatch:putmetricdata"


def _elsewhere(namespace: str) -> bool:
    """Whether a condition's value can't be the score's namespace. Some operators read wildcards or ignore case; all are taken to."""
    return not POLICY_VARIABLE.search(namespace) and not glob(namespace.lower(), METRIC_NAMESPACE.lower())


ELSEWHERE: Mapping[str, Test] = {"cloudwatch:namespace": _elsewhere}
"""PutMetricData takes no resource, and no other condition tells one metric from another.
Source: Service Authorization Reference, "Actions, resources, and condition keys for Amazon CloudWatch"."""


def _may_publish(statement: Statement) -> bool:
    if statement.actions:
        return any(glob(action.lower(), PUBLISHES) for action in statement.actions)
    return not any(glob(action.lower(), PUBLISHES) for action in statement.excepted_actions)


def _monitors(stack: Stack) -> set[str]:
    """The URNs of the roles that have the safety monitor's name, without those that the engine's task takes on, however they are called."""
    tasks, roles = Linked(stack, TASK_DEFINITION), Linked(stack, ROLE, ("arn", "id", "name"))
    engines = [one for one in stack.of_type(SERVICE) if one.at("name") == f"{ENGINE}-{stack.name}"]
    taken = roles.by_all([tasks.all[urn] for urn in tasks.by_all(engines, "taskDefinition")], "taskRoleArn")
    return {urn for urn, role in roles.all.items() if str(role.at("name")).startswith(f"{SAFETY_MONITOR}-{stack.name}-")} - taken


def _grants(stack: Stack) -> Iterator[tuple[Resource, set[str]]]:
    """What grants something, and the roles of this stack that it is granted to. A policy that is only a boundary grants nothing."""
    roles, policies = Linked(stack, ROLE, ("arn", "id", "name")), Linked(stack, IAM_POLICY)
    attached = {urn for one in stack.resources if one.type in ATTACHMENTS for urn in policies.by(one, ATTACHMENTS[one.type])}
    bounding = policies.by_all(stack.of_type(ROLE), "permissionsBoundary")
    for kind in HOLDERS:
        for holder in stack.of_type(kind):
            if kind == ROLE:
                yield holder, {holder.urn}
            elif kind == ROLE_POLICY:
                yield holder, roles.by(holder, "role")
            elif kind != IAM_POLICY or holder.urn in attached or holder.urn not in bounding:
                yield holder, set()


def _from_logs(stack: Stack) -> Iterator[Finding]:
    """A container decides what it logs, and so what a metric filter on its log group counts."""
    for one in stack.of_type(LOG_METRIC_FILTER):
        namespace = one.at("metricTransformation", "namespace")
        if not isinstance(namespace, str) or namespace == METRIC_NAMESPACE:
            yield Finding(
                f"metricTransformation.namespace is {shown(namespace)}; it must be known, and another than {METRIC_NAMESPACE}.", one
            )


@evolution_rule(
    id="alarms/score-writers",
    severity=Severity.CRITICAL,
    protects="The safety score from being made by what it judges.",
    why="Whoever may write to a namespace may write every metric in it: an engine that may write there answers a bad score with a "
    "good one.",
    fix="Write the condition StringEquals cloudwatch:namespace EvolutionSystem/Engine; keep EvolutionSystem to the role "
    f"{SAFETY_MONITOR}-<stack>-<region>.",
)
def score_writers(stack: Stack) -> Iterator[Finding]:
    yield from _from_logs(stack)
    monitors = _monitors(stack)
    for grants, holders in _grants(stack):
        if holders and holders <= monitors:
            continue
        for statement in allows_of(grants):
            if statement.kind is DocumentKind.IDENTITY and _may_publish(statement) and not narrows(statement.conditions, ELSEWHERE):
                yield Finding(
                    f"{statement.where} allows cloudwatch:PutMetricData in the namespace {METRIC_NAMESPACE}; a condition on "
                    "cloudwatch:namespace must name another one, for only the safety monitor's role may write there.",
                    grants,
                )
