"""Workload, the services: how they are rolled out, and who may get a shell."""

from __future__ import annotations

from collections.abc import Iterator

from checks import between, literal, off, on
from graph import Linked
from plain import Unknown, dig, items, number, shown
from rule import Fault, Resource, ResourceRule, Severity, Stack, StackRule, broken, cannot_tell
from system import each_of_this_system, of_this_system
from tokens import SCALABLE_TARGET, SCALING_POLICY, SERVICE, TASK_DEFINITION

BUSIEST_PERCENT = 90
"""Autoscaling that waits for more has no head room for a task's two minutes of starting."""


def _platform(service: Resource) -> Iterator[Fault]:
    yield from literal("platformVersion", service.at("platformVersion"), "LATEST", "1.4.0", or_missing=True)


def _no_shell(service: Resource) -> Iterator[Fault]:
    yield from off("enableExecuteCommand", service.at("enableExecuteCommand"))


def _rollout(service: Resource) -> Iterator[Fault]:
    yield from on("deploymentCircuitBreaker.enable", service.at("deploymentCircuitBreaker", "enable"))
    yield from on("deploymentCircuitBreaker.rollback", service.at("deploymentCircuitBreaker", "rollback"))
    yield from between("deploymentMinimumHealthyPercent", service.at("deploymentMinimumHealthyPercent"), 50, 100, or_missing=True)
    yield from between("deploymentMaximumPercent", service.at("deploymentMaximumPercent"), 150, 200, or_missing=True)
    # Another controller ignores the circuit breaker.
    yield from literal("deploymentController.type", service.at("deploymentController", "type"), "ECS", or_missing=True)


def _fargate(service: Resource) -> Iterator[Fault]:
    strategies = items(service.at("capacityProviderStrategies"))
    if not strategies:
        yield from literal("launchType", service.at("launchType"), "FARGATE")
    for strategy in strategies:
        yield from literal("capacityProviderStrategies.capacityProvider", dig(strategy, "capacityProvider"), "FARGATE")
    yield from literal("availabilityZoneRebalancing", service.at("availabilityZoneRebalancing"), "ENABLED", or_missing=True)


def _own_task(stack: Stack) -> Iterator[Fault]:
    tasks = Linked(stack, TASK_DEFINITION)
    for service in stack.of_type(SERVICE):
        if not tasks.by(service, "taskDefinition"):
            yield broken(
                f"taskDefinition is {shown(service.at('taskDefinition'))}, which is not this stack's; it must be.",
                service,
            )


def _autoscaling(stack: Stack) -> Iterator[Fault]:
    targets = stack.of_type(SCALABLE_TARGET)
    for target in targets:
        policies = [one for one in stack.of_type(SCALING_POLICY) if one.at("resourceId") == target.at("resourceId")]
        if not any(one.at("policyType") == "TargetTrackingScaling" for one in policies):
            yield broken("no TargetTrackingScaling policy moves it; one must.", target)
    for policy in stack.of_type(SCALING_POLICY):
        value = policy.at("targetTrackingScalingPolicyConfiguration", "targetValue")
        if isinstance(value, Unknown):
            yield cannot_tell(f"targetValue is not known at preview; it must be at most {BUSIEST_PERCENT}.", policy)
        elif (percent := number(value)) is not None and not 0 < percent <= BUSIEST_PERCENT:
            yield broken(f"targetValue is {percent}; it must be at most {BUSIEST_PERCENT} percent.", policy)


SERVICES = frozenset({SERVICE})

RESOURCE_RULES = (
    ResourceRule(
        id="workload/platform-version",
        severity=Severity.MEDIUM,
        protects="The tasks from a Fargate platform that is no longer patched.",
        why="A pinned old platform gets no security updates.",
        mend="Remove platform_version, or write 'LATEST'.",
        check=_platform,
        types=SERVICES,
        controls=("Security Hub ECS.10",),
    ),
    ResourceRule(
        id="workload/no-shell",
        severity=Severity.HIGH,
        protects="The running containers from being changed by hand.",
        why="A shell in a container is a way around the review, the image and everything that this pack holds.",
        mend="Write enable_execute_command=False.",
        check=_no_shell,
        types=SERVICES,
    ),
)

STACK_RULES = (
    StackRule(
        id="workload/rollout",
        severity=Severity.MEDIUM,
        protects="Evolution from a release that doesn't start.",
        why="Without the circuit breaker a broken release is started again and again, and replaces the one that worked.",
        mend="Write deployment_circuit_breaker={'enable': True, 'rollback': True}, and keep at least half of the tasks healthy.",
        check=each_of_this_system(_rollout, SERVICE),
    ),
    StackRule(
        id="workload/fargate-service",
        severity=Severity.MEDIUM,
        protects="The tasks from hosts that are taken away, and from all standing in one zone.",
        why="Spot capacity goes with two minutes' notice, and an engine in one zone goes with the zone.",
        mend="Write launch_type='FARGATE' and availability_zone_rebalancing='ENABLED'.",
        check=each_of_this_system(_fargate, SERVICE),
    ),
    StackRule(
        id="workload/own-task",
        severity=Severity.CRITICAL,
        protects="The services from running what nobody judged.",
        why="A task definition from elsewhere has an image, a user and an environment that this pack never saw.",
        mend="Pass the arn of a TaskDefinition of this stack.",
        check=of_this_system(_own_task),
    ),
    StackRule(
        id="workload/autoscaling",
        severity=Severity.MEDIUM,
        protects="Evolution from too few tasks when there is much to do.",
        why="Autoscaling that has no policy, or waits until the tasks are full, never helps.",
        mend=f"Declare a TargetTrackingScaling policy per metric, with a target of at most {BUSIEST_PERCENT} percent.",
        check=of_this_system(_autoscaling),
    ),
)
