"""A program of as many resources as one asks for, of kinds that the system has (tests/bench_growth.py).

`python -m tests.synthetic CHECKOUT PLACE SIZE` previews it, as `make preview` does, under the CHECKOUT's policy pack.
"""

from __future__ import annotations

import sys
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import pulumi
import pulumi_aws as aws

from components.environment import common_tags, load
from components.iam import allow, document, ecs_task_trust
from components.naming import METRIC_NAMESPACE, Names
from local import plugins, previews

STACK = "prod"


@dataclass(frozen=True, kw_only=True)
class Shared:
    """What all resources have in common; `kept` is for those that must not be deleted."""

    names: Names
    key_arn: pulumi.Output[str]
    opts: pulumi.ResourceOptions
    kept: pulumi.ResourceOptions


def program(size: int) -> None:
    """`size` resources of AWS's: a key, and over and over a role, its grants, a secret, a log group, a parameter and an alarm."""
    env = load(STACK, pulumi.Config().get("environment"))
    provider = aws.Provider("aws", region=env.region, default_tags={"tags": common_tags(STACK)})
    account = aws.get_caller_identity(opts=pulumi.InvokeOptions(provider=provider)).account_id
    opts, kept = (pulumi.ResourceOptions(provider=provider, protect=protect) for protect in (False, True))
    key = aws.kms.Key("key", description="Holds everything", enable_key_rotation=True, deletion_window_in_days=30, opts=kept)
    shared = Shared(names=Names(stack=STACK, region=env.region, account=account), key_arn=key.arn, opts=opts, kept=kept)
    for index in range(size - 1):
        group, kind = divmod(index, len(KINDS))
        KINDS[kind](f"synthetic-{group}", shared)


def _role(name: str, shared: Shared) -> None:
    names = shared.names
    aws.iam.Role(
        f"{name}-role",
        name=names.in_world(name),
        assume_role_policy=ecs_task_trust(names),
        permissions_boundary=f"arn:aws:iam::{names.account}:policy/{names.permissions_boundary}",
        opts=shared.opts,
    )


def _grants(name: str, shared: Shared) -> None:
    actions = ["dynamodb:GetItem", "dynamodb:PutItem", "dynamodb:Query"]
    policy = document(allow("UsesATable", actions, shared.names.table_arn(shared.names.regional(name))))
    aws.iam.RolePolicy(f"{name}-grants", name="grants", role=shared.names.in_world(name), policy=policy, opts=shared.opts)


def _secret(name: str, shared: Shared) -> None:
    aws.secretsmanager.Secret(f"{name}-secret", name=shared.names.regional(name), kms_key_id=shared.key_arn, opts=shared.kept)


def _logs(name: str, shared: Shared) -> None:
    group = f"/{shared.names.regional(name)}"
    aws.cloudwatch.LogGroup(f"{name}-logs", name=group, retention_in_days=365, kms_key_id=shared.key_arn, opts=shared.opts)


def _parameter(name: str, shared: Shared) -> None:
    aws.ssm.Parameter(f"{name}-parameter", name=f"/{shared.names.regional(name)}", type="String", value="anything", opts=shared.kept)


def _alarm(name: str, shared: Shared) -> None:
    aws.cloudwatch.MetricAlarm(
        f"{name}-alarm",
        name=shared.names.regional(name),
        namespace=METRIC_NAMESPACE,
        metric_name="Anything",
        dimensions={"Environment": STACK},
        statistic="Average",
        comparison_operator="GreaterThanThreshold",
        threshold=1,
        period=60,
        evaluation_periods=1,
        treat_missing_data="notBreaching",
        alarm_actions=[shared.names.alert_topic_arn],
        ok_actions=[shared.names.alert_topic_arn],
        opts=shared.opts,
    )


KINDS: tuple[Callable[[str, Shared], None], ...] = (_role, _grants, _secret, _logs, _parameter, _alarm)


def main(checkout: Path, place: Path, size: int) -> None:
    with plugins.ProviderProcess(checkout) as provider:
        plan = previews.preview(STACK, program=partial(program, size), repo=checkout, place=place, provider=provider)
    planned = sum(one.type.startswith("aws:") for one in plan.resources)
    assert planned == size, f"{planned} of {size} resources were planned:\n{plan.text}"
    found = [one for one in plan.findings if not one.rule.startswith("approved/")]  # nobody has approved its grants
    assert not any("synthetic-" in one.text for one in found), f"only the stack may lack something:\n{plan.text}"


if __name__ == "__main__":
    main(Path(sys.argv[1]), Path(sys.argv[2]), int(sys.argv[3]))
