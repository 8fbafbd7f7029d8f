"""Workload, the Lambda functions: on a supported runtime, traced, and invoked by those who are named."""

from __future__ import annotations

import re
from collections.abc import Iterator

from checks import literal
from plain import Unknown, shown
from rule import Finding, Resource, Severity, rule
from tokens import FUNCTION, FUNCTION_PERMISSION

SUPPORTED = (
    *("python3.14", "python3.13", "python3.12", "python3.11"),
    *("nodejs24.x", "nodejs22.x"),
    *("java25", "java21"),
    *("dotnet10",),
    *("ruby3.4", "ruby3.3"),
    *("provided.al2023",),
)
"""Runtimes that are patched for months to come. Source: Lambda developer guide, "Lambda runtimes"; the list grows by a review."""

NAMED_ARN = re.compile(r"arn:[^*:]+:[^*:]+:[^*:]*:[^*:]*:[^*].*", re.DOTALL)


@rule(
    id="workload/function-runtime",
    types={FUNCTION},
    severity=Severity.HIGH,
    protects="The functions from a runtime that nobody patches.",
    why="AWS stops patching a deprecated runtime, and later refuses to update functions that use it.",
    fix="Write runtime='python3.14', or another supported one.",
    controls=("Security Hub Lambda.2",),
)
def function_runtime(function: Resource) -> Iterator[Finding]:
    if function.at("packageType") in (None, "Zip"):
        yield from literal("runtime", function.at("runtime"), *SUPPORTED)


@rule(
    id="workload/function-traced",
    types={FUNCTION},
    severity=Severity.MEDIUM,
    protects="The way back from a failure to its cause.",
    why="Without traces nobody can tell which call of which service was slow or failed.",
    fix="Write tracing_config={'mode': 'Active'}.",
    controls=("Security Hub Lambda.7",),
)
def function_traced(function: Resource) -> Iterator[Finding]:
    yield from literal("tracingConfig.mode", function.at("tracingConfig", "mode"), "Active")


@rule(
    id="workload/function-permission",
    types={FUNCTION_PERMISSION},
    severity=Severity.CRITICAL,
    protects="The functions from being invoked by other accounts.",
    why="A service acts for every account; without the source, anybody's topic or rule may invoke the function.",
    fix="Write the service as principal, action='lambda:InvokeFunction' and source_arn, the resource that invokes it.",
    controls=("Security Hub Lambda.1", "checkov CKV_AWS_364"),
)
def function_permission(permission: Resource) -> Iterator[Finding]:
    """Who may invoke a function: one service or one account, and a service only on behalf of this account's resources."""
    principal = permission.at("principal")
    if isinstance(principal, Unknown):
        yield Finding("principal is not known at preview; it must be a literal service or account.")
    elif not isinstance(principal, str) or "*" in principal:
        yield Finding(f"principal is {shown(principal)}; it must name one service or account.")
    elif principal.endswith(".amazonaws.com") and permission.at("sourceArn") is None and permission.at("sourceAccount") is None:
        yield Finding("sourceArn and sourceAccount are missing, so anybody's resources of the service may invoke it; one must be given.")
    arn = permission.at("sourceArn")
    if isinstance(arn, str) and arn.startswith("arn:aws") and not arn.split(":")[4:5][0] and permission.at("sourceAccount") is None:
        yield Finding(
            f"sourceArn is {shown(arn)}, which names no account, and its name may be somebody else's tomorrow; sourceAccount must too."
        )
    if isinstance(arn, str) and not NAMED_ARN.fullmatch(arn):
        yield Finding(f"sourceArn is {shown(arn)}; it must name the resource.")
    action = permission.at("action")
    url = permission.at("functionUrlAuthType")
    wanted = ("lambda:InvokeFunction", *(("lambda:InvokeFunctionUrl",) if url == "AWS_IAM" else ()))
    if not isinstance(action, str) or action.lower() not in map(str.lower, wanted):  # AWS takes it in any case
        yield from literal("action", action, *wanted)
    if url is not None:
        yield from literal("functionUrlAuthType", url, "AWS_IAM")
