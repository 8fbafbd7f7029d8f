"""Workload, this system's services: how they are rolled out, how many tasks they run, and who watches whom."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator

from checks import between, literal, on
from graph import Linked
from plain import Plain, Unknown, dig, items, number, shown
from rule import Finding, Resource, Severity, Stack, about
from system import evolution_rule
from tokens import ROLE, SCALABLE_TARGET, SCALING_POLICY, SERVICE, TASK_DEFINITION

BUSIEST_PERCENT = 90
"""Autoscaling that waits for more has no head room for a task's two minutes of starting."""

TRACKED_METRIC = ("targetTrackingScalingPolicyConfiguration", "predefinedMetricSpecification", "predefinedMetricType")

SAFETY_MONITOR = "evolution-safety-monitor"
"""The first part of the name of the service that scores the population: the engine does not grade itself."""


@evolution_rule(
    id="workload/rollout",
    types={SERVICE},
    severity=Severity.MEDIUM,
    protects="Evolution from a release that doesn't start.",
    why="Without the circuit breaker a broken release is started again and again, and replaces the one that worked; a deployment that "
    "does not wait says that it succeeded.",
    fix="Write deployment_circuit_breaker={'enable': True, 'rollback': True} and wait_for_steady_state=True, and keep at least half "
    "of the tasks healthy.",
)
def rollout(service: Resource) -> Iterator[Finding]:
    yield from on("waitForSteadyState", service.at("waitForSteadyState"))
    yield from on("deploymentCircuitBreaker.enable", service.at("deploymentCircuitBreaker", "enable"))
    yield from on("deploymentCircuitBreaker.rollback", service.at("deploymentCircuitBreaker", "rollback"))
    yield from between("deploymentMinimumHealthyPercent", service.at("deploymentMinimumHealthyPercent"), 50, 100, or_missing=True)
    yield from between("deploymentMaximumPercent", service.at("deploymentMaximumPercent"), 150, 200, or_missing=True)
    # Another controller ignores the circuit breaker.
    yield from literal("deploymentController.type", service.at("deploymentController", "type"), "ECS", or_missing=True)


@evolution_rule(
    id="workload/revision-kept",
    types={TASK_DEFINITION},
    severity=Severity.MEDIUM,
    protects="The way back to the release before.",
    why="The provider deregisters the revision that it replaces, and a rollback can't start tasks of an inactive one.",
    fix="Write skip_destroy=True.",
)
def revision_kept(task: Resource) -> Iterator[Finding]:
    yield from on("skipDestroy", task.at("skipDestroy"))


@evolution_rule(
    id="workload/fargate-service",
    types={SERVICE},
    severity=Severity.MEDIUM,
    protects="The tasks from hosts that are taken away, and from all standing in one zone.",
    why="Spot capacity goes with two minutes' notice, and an engine in one zone goes with the zone.",
    fix="Write launch_type='FARGATE' and availability_zone_rebalancing='ENABLED'.",
)
def fargate_service(service: Resource) -> Iterator[Finding]:
    strategies = items(service.at("capacityProviderStrategies"))
    if not strategies:
        yield from literal("launchType", service.at("launchType"), "FARGATE")
    for strategy in strategies:
        yield from literal("capacityProviderStrategies.capacityProvider", dig(strategy, "capacityProvider"), "FARGATE")
    yield from literal("availabilityZoneRebalancing", service.at("availabilityZoneRebalancing"), "ENABLED", or_missing=True)


@evolution_rule(
    id="workload/own-task",
    severity=Severity.CRITICAL,
    protects="The services from running what nobody judged.",
    why="A task definition from elsewhere has an image, a user and an environment that this pack never saw.",
    fix="Pass the arn of a TaskDefinition of this stack.",
)
def own_task(stack: Stack) -> Iterator[Finding]:
    tasks = Linked(stack, TASK_DEFINITION)
    for service in stack.of_type(SERVICE):
        if not tasks.by(service, "taskDefinition"):
            yield Finding(
                f"taskDefinition is {shown(service.at('taskDefinition'))}, which is not this stack's; it must be.",
                service,
            )


@evolution_rule(
    id="workload/autoscaling",
    severity=Severity.MEDIUM,
    protects="Evolution from too few tasks when there is much to do.",
    why="Autoscaling that has no policy, or waits until the tasks are full, never helps.",
    fix=f"Declare a TargetTrackingScaling policy per metric, with a target of at most {BUSIEST_PERCENT} percent.",
)
def autoscaling(stack: Stack) -> Iterator[Finding]:
    targets = Linked(stack, SCALABLE_TARGET, ("resourceId",))
    followed: defaultdict[str, list[Plain]] = defaultdict(list)
    for policy in stack.of_type(SCALING_POLICY):
        if policy.at("policyType") == "TargetTrackingScaling":
            for urn in targets.by(policy, "resourceId"):
                followed[urn].append(policy.at(*TRACKED_METRIC))
    for urn, target in targets.all.items():
        tracked = followed[urn]
        for metric in ("ECSServiceAverageCPUUtilization", "ECSServiceAverageMemoryUtilization"):
            if metric not in tracked:
                yield Finding(f"no TargetTrackingScaling policy follows {metric}; one must.", target)
    for policy in stack.of_type(SCALING_POLICY):
        value = policy.at("targetTrackingScalingPolicyConfiguration", "targetValue")
        if isinstance(value, Unknown):
            yield Finding(f"targetValue is not known at preview; it must be at most {BUSIEST_PERCENT}.", policy)
        elif policy.at("policyType") == "TargetTrackingScaling" and not 0 < (number(value) or 0) <= BUSIEST_PERCENT:
            yield Finding(f"targetValue is {shown(value)}; it must be at most {BUSIEST_PERCENT} percent.", policy)


@evolution_rule(
    id="workload/safety-monitor",
    severity=Severity.CRITICAL,
    protects="The safety score from being made by what it judges, or by nobody.",
    why="An engine that grades itself can learn to grade itself well.",
    fix=f"Declare the service {SAFETY_MONITOR}-<stack> with one task and a role of its own.",
)
def safety_monitor(stack: Stack) -> Iterator[Finding]:
    """Judged once the stack has services at all. The monitor runs during a halt too, so its count never is 0."""
    services = stack.of_type(SERVICE)
    monitor = next((one for one in services if one.at("name") == f"{SAFETY_MONITOR}-{stack.name}"), None)
    if services and monitor is None:
        yield Finding(f"it has services, but none named {SAFETY_MONITOR}-{stack.name}; it must have one, which scores the population.")
    if monitor is None:
        return
    yield from about(monitor, between("desiredCount", monitor.at("desiredCount"), 1, 1))
    tasks, roles = Linked(stack, TASK_DEFINITION), Linked(stack, ROLE)
    roles_of = {one.urn: roles.by_all([tasks.all[urn] for urn in tasks.by(one, "taskDefinition")], "taskRoleArn") for one in services}
    if not roles_of[monitor.urn]:
        yield Finding("its task definition has no task role of this stack; it must have one of its own.", monitor)
    if any(roles_of[monitor.urn] & found for urn, found in roles_of.items() if urn != monitor.urn):
        yield Finding(
            "it shares its task role with another service; it must have one of its own, that can't write what it judges.", monitor
        )
