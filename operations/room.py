"""Whether the account's quotas have room for what is planned."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

from components.capacity import ELASTIC_IPS, FARGATE_VCPUS, LAMBDA_EXECUTIONS, RESERVED_EXECUTIONS, UNRESERVED_EXECUTIONS, VPCS, Need, needs
from operations.account import Account, AwsError
from operations.halt import MISSING
from operations.outcome import Kind, Outcome
from operations.planned import Planned

CALLS = frozenset(
    {
        "service-quotas:GetServiceQuota",
        "service-quotas:GetAWSDefaultServiceQuota",
        "lambda:GetAccountSettings",
        "lambda:GetFunctionConcurrency",
        "ec2:DescribeAddresses",
        "ec2:DescribeVpcs",
        "cloudwatch:GetMetricStatistics",
        "logs:DescribeResourcePolicies",
    }
)

LOG_POLICIES = 10
"""Resource policies of an account's region. Source: CloudWatch Logs user guide, "CloudWatch Logs quotas"."""

USAGE_HOURS = 1
"""How far back usage is looked for: CloudWatch has it every five minutes."""


def executions(account: Account, planned: Planned) -> Iterator[Outcome]:
    """Lambda's executions: AWS refuses reservations that leave too few to everybody else."""
    check = "Lambda executions"
    limits = account.call("lambda:GetAccountSettings")["AccountLimit"]
    limit, free = int(limits["ConcurrentExecutions"]), int(limits["UnreservedConcurrentExecutions"])
    need = next((one for one in needs(planned.env) if one.quota == LAMBDA_EXECUTIONS), None)
    if need is None:
        yield Outcome(check=check, kind="pass", text=f"{limit} in all, and the table reserves none")
        return
    names = account.names(planned.stack)
    functions = {"safety_switch": names.switch_function, "resume": names.resume_function, "agentcore_handler": names.handler_function}
    own = sum(_reserved(account, functions[name]) for name in RESERVED_EXECUTIONS)
    wanted = sum(RESERVED_EXECUTIONS.values())
    text = f"{limit} in all, {free + own} of them free; {wanted} are reserved, and {UNRESERVED_EXECUTIONS} must stay free"
    if free + own - wanted < UNRESERVED_EXECUTIONS:
        text += ". Ask for more, or write `reserve_concurrency: false`"
        yield Outcome(check=check, kind="fail", text=text, command=_command(account, need))
    else:
        yield Outcome(check=check, kind="pass", text=text)


def _reserved(account: Account, function: str) -> int:
    try:
        return int(account.call("lambda:GetFunctionConcurrency", FunctionName=function).get("ReservedConcurrentExecutions", 0))
    except AwsError as error:
        if error.code in MISSING:
            return 0
        raise


def vcpus(account: Account, planned: Planned) -> Iterator[Outcome]:
    """Fargate's vCPUs: at the first start, while a new revision rolls out, and where the autoscaler is at its maximum."""
    need = _need(planned, FARGATE_VCPUS.code)
    quota = _quota(account, need)
    own = any(one.made for one in planned.of("ecs/service"))
    used = 0.0 if own else _used(account, quota)
    has = quota["Value"] - used
    text = f"{quota['Value']:g} in all, " + ("this stack's own among them" if own else f"{used:g} used")
    text += f"; the first start needs {need.start}, a rolling update {need.least}, one at the maximum {need.most}"
    kind: Kind = "pass"
    if has < need.start:
        kind, text = "fail", f"{text}. No image can be deployed before AWS gives more"
    elif has < need.least:
        kind, text = "person", f"{text}. Ask for more: an update waits for tasks that can't be placed"
    elif has < need.most:
        kind, text = "person", f"{text}. Ask for more before the engine grows: it stops where there is no room"
    yield Outcome(check="Fargate vCPUs", kind=kind, text=text, command="" if kind == "pass" else _command(account, need))


def addresses(account: Account, planned: Planned) -> Iterator[Outcome]:
    """Elastic IPs, of the NAT gateways."""
    used = len(account.call("ec2:DescribeAddresses")["Addresses"])
    yield _counted(account, "elastic IPs", _need(planned, ELASTIC_IPS.code), used, len(planned.new("ec2/eip")))


def vpcs(account: Account, planned: Planned) -> Iterator[Outcome]:
    """VPCs."""
    used = len(account.call("ec2:DescribeVpcs")["Vpcs"])
    yield _counted(account, "VPCs", _need(planned, VPCS.code), used, len(planned.new("ec2/vpc")))


def log_policies(account: Account, planned: Planned) -> Iterator[Outcome]:
    """CloudWatch Logs' resource policies, of which a region has few, and other services make them by themselves."""
    pages = account.pages("logs:DescribeResourcePolicies")
    listed = [one["policyName"] for page in pages for one in page.get("resourcePolicies", [])]
    new = {one.inputs["policyName"] for one in planned.of("cloudwatch/logResourcePolicy")} - set(listed)
    text = f"{len(listed)} of {LOG_POLICIES} are there, {len(new)} are new"
    if len(listed) + len(new) > LOG_POLICIES:
        yield Outcome(
            check="log policies",
            kind="fail",
            text=f"{text}. This can't be raised: delete what isn't needed of {', '.join(listed)}",
            command=f"aws logs delete-resource-policy --policy-name <one of them> --region {account.region}",
        )
    else:
        yield Outcome(check="log policies", kind="pass", text=text)


def _counted(account: Account, check: str, need: Need, used: int, new: int) -> Outcome:
    value = _quota(account, need)["Value"]
    text = f"{value:g} in all, {used} used, {new} are new"
    if used + new > value:
        return Outcome(check=check, kind="fail", text=f"{text}. Release some, or ask for more", command=_command(account, need, used + new))
    return Outcome(check=check, kind="pass", text=text)


def _need(planned: Planned, code: str) -> Need:
    return next(one for one in needs(planned.env) if one.quota.code == code)


def _command(account: Account, need: Need, value: int | None = None) -> str:
    return f"{need.requested(value)} --region {account.region}"


def _quota(account: Account, need: Need) -> dict[str, Any]:
    """The quota as it is in force, or AWS's default where the account has none of its own."""
    asked = {"ServiceCode": need.quota.service, "QuotaCode": need.quota.code}
    try:
        return account.call("service-quotas:GetServiceQuota", **asked)["Quota"]
    except AwsError as error:
        if error.code != "NoSuchResourceException":
            raise
        return account.call("service-quotas:GetAWSDefaultServiceQuota", **asked)["Quota"]


def _used(account: Account, quota: dict[str, Any]) -> float:
    """How much of a quota is used, by the metric that Service Quotas names for it."""
    metric: dict[str, Any] = quota.get("UsageMetric") or {}
    if not metric:
        raise AwsError("service-quotas:GetServiceQuota", "NoUsageMetric", "AWS doesn't say how much of it is used")
    now = datetime.now(UTC)
    points = account.call(
        "cloudwatch:GetMetricStatistics",
        Namespace=metric["MetricNamespace"],
        MetricName=metric["MetricName"],
        Dimensions=[{"Name": name, "Value": value} for name, value in metric.get("MetricDimensions", {}).items()],
        StartTime=now - timedelta(hours=USAGE_HOURS),
        EndTime=now,
        Period=300,
        Statistics=["Maximum"],
    )["Datapoints"]
    return max((point["Maximum"] for point in points), default=0.0)
