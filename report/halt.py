"""What a plan says of the halt: who publishes, what fires, who is told, and who may set what."""

import re
from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property

from documents import Statement, allows_of
from graph import Linked
from plain import dig, items
from rule import Resource, Stack
from rules.evolution.containment import CALLED, takers
from tokens import (
    AGENT_RUNTIME,
    EVENT_SOURCE_MAPPING,
    FUNCTION,
    FUNCTION_PERMISSION,
    METRIC_ALARM,
    ROLE,
    ROLE_POLICY,
    SCHEDULE,
    SERVICE,
    TASK_DEFINITION,
    TOPIC_SUBSCRIPTION,
)

WORKERS = {SERVICE: "ECS service", FUNCTION: "Lambda function", AGENT_RUNTIME: "AgentCore runtime"}
"""What runs code, and how it is called."""

INVOKERS = {FUNCTION_PERMISSION: "function", EVENT_SOURCE_MAPPING: "functionName", TOPIC_SUBSCRIPTION: "endpoint", SCHEDULE: "target"}
"""What invokes a function, and the property that names it."""

Fits = Callable[[Statement], bool]


@dataclass(frozen=True)
class Halt:
    """The stack, as it is asked about its halt."""

    stack: Stack

    def publishers(self, alarm: Resource) -> list[Resource]:
        """Who may publish an alarm's metric."""
        return self._granted(
            "cloudwatch:PutMetricData",
            lambda one: alarm.at("namespace") in items(dig(one.conditions, "StringEquals", "cloudwatch:namespace")),
        )

    def alarms(self, composite: Resource) -> list[Resource]:
        """The alarms of a composite, in the order of its rule."""
        by_name = {one.at("name"): one for one in self.stack.of_type(METRIC_ALARM)}
        return [by_name[name] for name in re.findall(r'ALARM\("([^"]*)"\)', str(composite.at("alarmRule"))) if name in by_name]

    def told(self, alarm: Resource) -> list[Resource]:
        """The topics that an alarm tells."""
        return [] if alarm.at("actionsEnabled") is False else self._behind(alarm, "alarmActions")

    def heard_by(self, topic: Resource) -> list[Resource]:
        """The functions that a topic invokes: both the subscription and the permission are there."""
        subscriptions = [one for one in self.stack.of_type(TOPIC_SUBSCRIPTION) if topic in self._behind(one, "topic")]
        permissions = [one for one in self.stack.of_type(FUNCTION_PERMISSION) if topic in self._behind(one, "sourceArn")]
        return [
            function
            for function in self.stack.of_type(FUNCTION)
            if any(function in self._behind(one, "endpoint") for one in subscriptions)
            and any(function in self._behind(one, "function") for one in permissions)
        ]

    def addresses(self, topic: Resource) -> int:
        """How many e-mail addresses a topic writes to."""
        return sum(one.at("protocol") == "email" and topic in self._behind(one, "topic") for one in self.stack.of_type(TOPIC_SUBSCRIPTION))

    def schedules(self, function: Resource) -> list[Resource]:
        """The schedules that invoke a function."""
        return [one for one in self.stack.of_type(SCHEDULE) if one.at("state") != "DISABLED" and function in self._behind(one, "target")]

    def invoked(self, function: Resource) -> bool:
        """Whether anything in the plan invokes a function. If not, only a person can."""
        return any(function in self._behind(one, name) for kind, name in INVOKERS.items() for one in self.stack.of_type(kind))

    def setters(self, parameter: Resource) -> list[Resource]:
        """Who may write a parameter."""
        return self._granted("ssm:PutParameter", _about(parameter))

    def readers(self, parameter: Resource) -> list[Resource]:
        """Who may read a parameter and not write it."""
        setters = self.setters(parameter)
        return [one for one in self._granted("ssm:GetParameter", _about(parameter)) if one not in setters]

    def halted(self, function: Resource) -> list[Resource]:
        """The services whose desired count a function may set."""
        return [service for service in self.stack.of_type(SERVICE) if function in self._granted("ecs:UpdateService", _about(service))]

    def bounds(self, function: Resource, target: Resource) -> bool:
        """Whether a function may set a scalable target's bounds."""
        return function in self._granted(
            "application-autoscaling:RegisterScalableTarget", lambda _: isinstance(target.at("resourceId"), str)
        )

    def shared(self, writer: Resource, reader: Resource) -> set[str]:
        """The tables that one writes and the other reads, by ARN."""
        written, read = (
            {arn for arn in self._named(worker, action) if ":table/" in arn}
            for worker, action in ((writer, "dynamodb:PutItem"), (reader, "dynamodb:Query"))
        )
        return written & read

    def _named(self, worker: Resource, action: str) -> set[str]:
        return {arn for one, statement in self._grants if one == worker and action in statement.actions for arn in statement.resources}

    def _granted(self, action: str, fits: Fits) -> list[Resource]:
        """Who is granted an action by a statement that fits, by name."""
        found = {worker.urn: worker for worker, statement in self._grants if action in statement.actions and fits(statement)}
        return sorted(found.values(), key=lambda one: one.name)

    @cached_property
    def _grants(self) -> list[tuple[Resource, Statement]]:
        """What may do what: each statement of a role's, with what runs under that role."""
        services = {task.urn: service for service in self.stack.of_type(SERVICE) for task in self._behind(service, "taskDefinition")}
        workers: dict[str, list[Resource]] = {}
        for role, taker, name in takers(self.stack):
            worker = services.get(taker.urn) if taker.type == TASK_DEFINITION and name == "taskRoleArn" else taker
            if worker and worker.type in WORKERS:
                workers.setdefault(role, []).append(worker)
        roles = Linked(self.stack, ROLE, CALLED)
        return [
            (worker, statement)
            for policy in self.stack.of_type(ROLE_POLICY)
            for role in sorted(roles.by(policy, "role"))
            for worker in workers.get(role, ())
            for statement in allows_of(policy)
        ]

    def _behind(self, resource: Resource, name: str) -> list[Resource]:
        """What a property's value comes from."""
        urns = {reference.urn for reference in resource.comes_from(name)}
        return [one for one in self.stack.resources if one.urn in urns]


def _about(resource: Resource) -> Fits:
    """Whether a statement names a resource, which is the last part of an ARN."""
    name = resource.at("name")
    return lambda statement: isinstance(name, str) and any(arn.endswith(name) for arn in statement.resources)


def short(stack: Stack, resource: Resource, key: str = "name") -> str:
    """A resource's name on AWS, without the stack's."""
    name = resource.at(key) or resource.at("agentRuntimeName")
    return str(name).removesuffix(f"-{stack.name}").removesuffix(f"_{stack.name}") if isinstance(name, str) else resource.name
