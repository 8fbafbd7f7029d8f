"""Workload, what is left alone: what the safety switch, `resume` and the autoscaler set, no deployment may set again."""

from __future__ import annotations

from collections.abc import Iterator

from checks import off
from rule import Finding, Resource, Severity, Stack, about
from system import evolution_rule, mode_parameter, mode_parameters_of
from tokens import FUNCTION, SCALABLE_TARGET, SERVICE

ALL = "*"
"""Ignores every property, tags included."""

MODE_PROPERTIES = frozenset(
    {
        *("allowedPattern", "dataType", "description", "insecureValue", "keyId", "name"),
        *("overwrite", "tier", "type", "value", "valueWo", "valueWoVersion"),
    }
)
"""Every property of a parameter but its tags: an update of any of them sends the value along."""

BOUNDS = frozenset({"minCapacity", "maxCapacity", "suspendedState"})
"""An update of one of them sends all: a new maximum would bring the old minimum back, and with it the engine.
Source of both: terraform-provider-aws, internal/service/ssm/parameter.go and internal/service/appautoscaling/target.go."""

COUNT = frozenset({"desiredCount"})


def _ignores(resource: Resource, wanted: frozenset[str]) -> Iterator[Finding]:
    missing = sorted(wanted - set(resource.ignore_changes))
    if missing and ALL not in resource.ignore_changes:
        yield Finding(f"ignore_changes lacks {', '.join(missing)}; it must hold {', '.join(sorted(wanted))}.")


@evolution_rule(
    id="workload/untouched-mode",
    severity=Severity.CRITICAL,
    protects="A halt from a deployment that happens during it.",
    why="The provider sends a parameter's value with every change of it: an edited description would say `running` again.",
    fix="Declare the mode parameter with ignore_changes of every property but its tags (components/evolution.py, MODE_PROPERTIES).",
)
def untouched_mode(stack: Stack) -> Iterator[Finding]:
    """It is there once the stack has functions: `environment/functions-told` holds them to its name. A second declaration of it, or one
    that overwrites, would say what the first one leaves alone."""
    parameters = mode_parameters_of(stack)
    if not parameters and stack.of_type(FUNCTION):
        yield Finding(f"it has functions, but no parameter {mode_parameter(stack)} that they could look at; it must have one.")
    for parameter in parameters:
        yield from about(parameter, _ignores(parameter, MODE_PROPERTIES))
        yield from about(parameter, off("overwrite", parameter.at("overwrite")))
        if parameter is not parameters[0]:
            yield Finding(f"it is a second parameter {mode_parameter(stack)}, or may be one; there must be one.", parameter)


@evolution_rule(
    id="workload/untouched-bounds",
    severity=Severity.CRITICAL,
    protects="A halt from a deployment that happens during it.",
    why="Registering a scalable target moves the count into its bounds: a deployment that sends a minimum starts the engine again.",
    fix="Declare it with ignore_changes=['minCapacity', 'maxCapacity', 'suspendedState']; a scheduled action applies the table's.",
)
def untouched_bounds(stack: Stack) -> Iterator[Finding]:
    for target in stack.of_type(SCALABLE_TARGET):
        yield from about(target, _ignores(target, BOUNDS))


@evolution_rule(
    id="workload/untouched-count",
    severity=Severity.HIGH,
    protects="The number of tasks, which the autoscaler decides, and the safety switch.",
    why="A deployment that sets the count again fights the autoscaler, and starts an engine that was stopped.",
    fix="Declare the service with ignore_changes=['desiredCount'].",
)
def untouched_count(stack: Stack) -> Iterator[Finding]:
    """Of the services that an autoscaler moves."""
    scaled = {str(target.at("resourceId")).rpartition("/")[2] for target in stack.of_type(SCALABLE_TARGET)}
    for service in stack.of_type(SERVICE):
        if str(service.at("name")) in scaled:
            yield from about(service, _ignores(service, COUNT))
