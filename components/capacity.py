"""What a stack needs of its account at once, and the service quotas that must allow it. Pure functions of the environment table."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass

from components.environment import Environment, FargateSize

MAXIMUM_PERCENT = 200
"""Percent of a service's desired count: a rolling update starts new tasks before it stops the running ones."""

MONITOR_TASKS = 1
"""One: two monitors would publish two scores of the same population."""

RESERVED_EXECUTIONS: Mapping[str, int] = {"safety_switch": 2, "resume": 1, "agentcore_handler": 10}
"""By folder of functions/, the invocations at a time that no other function can take, and that it can't exceed; where the table says
`reserve_concurrency`. The switch: one for the topic and one for the schedule, so that neither waits for the other, nor a halt for anybody.
`resume`: a person waits. The handler: callers decide how often it is asked, and each request is a call of a model and costs as one. The
trigger needs none, for its conditional write lets only one start win; nor does the archiver, which its stream's shards bound."""

UNRESERVED_EXECUTIONS = 100
"""Executions that AWS keeps for functions without a reservation. Source: Lambda developer guide, "Configuring reserved concurrency"."""


@dataclass(frozen=True, kw_only=True)
class Quota:
    """A service quota of a region.

    Attributes:
        service, code: its names in Service Quotas.
        fresh: its value in a fresh account.
    """

    service: str
    code: str
    name: str
    fresh: int


LAMBDA_EXECUTIONS = Quota(service="lambda", code="L-B99A9384", name="Lambda: concurrent executions", fresh=10)
"""The default is 1,000; new accounts get 10. Source: Lambda developer guide, "Lambda quotas"."""

FARGATE_VCPUS = Quota(service="fargate", code="L-3032A538", name="Fargate: On-Demand vCPU resource count", fresh=6)
"""Source: AWS General Reference, "Amazon ECS endpoints and quotas", AWS Fargate service quotas."""

ELASTIC_IPS = Quota(service="ec2", code="L-0263D0A3", name="EC2: EC2-VPC elastic IPs", fresh=5)
"""Source: Amazon VPC user guide, "Amazon VPC quotas"."""

VPCS = Quota(service="vpc", code="L-F678F1CE", name="VPC: VPCs", fresh=5)
"""A fresh account has its default one already. Source: Amazon VPC user guide, "Amazon VPC quotas"."""


@dataclass(frozen=True, kw_only=True)
class Need:
    """What a stack needs of a quota.

    Attributes:
        start: what the first start needs, with no tasks to replace.
        least: what a deployment needs.
        most: what the engine needs to grow to its maximum and be updated there.
    """

    quota: Quota
    start: int
    least: int
    most: int

    @property
    def lacks(self) -> bool:
        """Whether a fresh account has less than the most."""
        return self.most > self.quota.fresh

    @property
    def request(self) -> str:
        """The command that requests the most from AWS."""
        return self.requested(None)

    def requested(self, value: int | None) -> str:
        """The command that requests so much, where other stacks use some; None for the most of this one."""
        return (
            f"aws service-quotas request-service-quota-increase --service-code {self.quota.service} "
            f"--quota-code {self.quota.code} --desired-value {self.most if value is None else value}"
        )


def needs(env: Environment) -> tuple[Need, ...]:
    """The quotas that the table affects, with what it needs of each."""
    found = [
        Need(
            quota=FARGATE_VCPUS,
            start=math.ceil(_all_vcpus(env, env.engine.desired)),
            least=math.ceil(updated_vcpus(env, env.engine.desired)),
            most=math.ceil(updated_vcpus(env, env.engine.maximum)),
        ),
        _at_once(ELASTIC_IPS, env.network.nat_gateways),
        _at_once(VPCS, 1),
    ]
    if env.reserve_concurrency:
        executions = sum(RESERVED_EXECUTIONS.values()) + UNRESERVED_EXECUTIONS
        found.insert(0, _at_once(LAMBDA_EXECUTIONS, executions))
    return tuple(found)


def _at_once(quota: Quota, count: int) -> Need:
    return Need(quota=quota, start=count, least=count, most=count)


def reserved_executions(env: Environment) -> Mapping[str, int]:
    """The reservations in force. None before there is an image, so that a first `up` fits a fresh account."""
    return RESERVED_EXECUTIONS if env.reserve_concurrency and env.engine_image_digest is not None else {}


def updated_vcpus(env: Environment, engines: int) -> float:
    """The vCPUs during an update of both services: of so many engines, and of the monitor."""
    return _all_vcpus(env, engines) * MAXIMUM_PERCENT / 100


def _all_vcpus(env: Environment, engines: int) -> float:
    return engines * _vcpus(env.engine.task) + MONITOR_TASKS * _vcpus(env.monitor_task)


def _vcpus(size: FargateSize) -> float:
    return size.cpu / 1024


def in_words(env: Environment) -> str:
    """The quotas that are too low in a fresh account, each with the least and the most; empty if there are none."""
    return ", ".join(
        f"{need.quota.name} ({need.quota.code}) {need.least}" + (f" to {need.most}" if need.most > need.least else "")
        for need in needs(env)
        if need.lacks
    )
