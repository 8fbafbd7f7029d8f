"""How every Lambda function is deployed: its role, its log group, its code, and its failure destination."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import pulumi
import pulumi_aws as aws

from components import iam_functions
from components.component import Grants, ServiceRole, log_group, service_role
from components.environment import Retention
from components.naming import Names

SOURCES = Path(__file__).resolve().parent.parent / "functions"
"""One folder for each function, and `common`, which is packed with all of them."""

SHARED = "common"

RUNTIME = "python3.14"
HANDLER = "handler.handler"


@dataclass(frozen=True, kw_only=True)
class Attempts:
    """How often Lambda retries an asynchronous event, and for how many seconds it keeps it."""

    retries: int
    seconds: int


@dataclass(frozen=True, kw_only=True)
class FunctionArgs:
    """The arguments of a function.

    Attributes:
        source: its folder in `functions/`.
        physical_name: one of `Names.functions`.
        grants: its role's, those for log, traces and dead letters included.
        variables: its environment.
        tags: besides the provider's default tags.
        seconds: the longest that an invocation may take.
        megabytes: its memory, and with it its share of a CPU.
        reserved: by folder of functions/, the reserved executions; none for a function that isn't in it.
        attempts: None if nothing invokes it asynchronously; a stream has its own.
        dead_letters_arn: the queue for events that failed.
        after: what must exist before it runs.
    """

    names: Names
    source: str
    physical_name: str
    description: str
    grants: Callable[[Names], Grants]
    variables: Mapping[str, pulumi.Input[str]]
    tags: Mapping[str, str]
    seconds: int
    megabytes: int
    reserved: Mapping[str, int]
    attempts: Attempts | None
    dead_letters_arn: pulumi.Input[str]
    key_arn: pulumi.Input[str]
    boundary_arn: pulumi.Input[str]
    retention: Retention
    after: Sequence[pulumi.Resource] = ()


@dataclass(frozen=True, kw_only=True)
class DeployedFunction:
    """A function and its role. What invokes the function must depend on the role's grants, too."""

    function: aws.lambda_.Function
    role: ServiceRole


def deploy(name: str, args: FunctionArgs, opts: pulumi.ResourceOptions) -> DeployedFunction:
    """A function with its role, its log group and, if it is invoked asynchronously, its failure destination."""
    names = args.names
    role = service_role(
        f"{name}-role",
        names.function_role(args.physical_name),
        names=names,
        key_arn=args.key_arn,
        description=args.description,
        trust=iam_functions.lambda_trust(names),
        grants=args.grants,
        boundary_arn=args.boundary_arn,
        opts=opts,
    )
    logs = log_group(
        f"{name}-logs",
        names.function_log_group(args.physical_name),
        key_arn=args.key_arn,
        retention=args.retention,
        opts=opts,
    )
    function = aws.lambda_.Function(
        name,
        name=args.physical_name,
        description=args.description,
        role=role.role.arn,
        runtime=RUNTIME,
        handler=HANDLER,
        architectures=["arm64"],
        code=pulumi.AssetArchive(sources(args.source)),
        timeout=args.seconds,
        memory_size=args.megabytes,
        reserved_concurrent_executions=args.reserved.get(args.source),
        environment={"variables": args.variables},
        tags=args.tags or None,
        kms_key_arn=args.key_arn,
        tracing_config={"mode": "Active"},
        logging_config={"log_format": "JSON", "log_group": logs.name, "application_log_level": "INFO", "system_log_level": "WARN"},
        opts=pulumi.ResourceOptions.merge(opts, pulumi.ResourceOptions(depends_on=[role.grants, *args.after])),
    )
    if args.attempts is not None:
        aws.lambda_.FunctionEventInvokeConfig(
            f"{name}-invocations",
            function_name=function.name,
            maximum_retry_attempts=args.attempts.retries,
            maximum_event_age_in_seconds=args.attempts.seconds,
            destination_config={"on_failure": {"destination": args.dead_letters_arn}},
            # AWS checks that the role may send there.
            opts=pulumi.ResourceOptions.merge(opts, pulumi.ResourceOptions(depends_on=[role.grants])),
        )
    return DeployedFunction(function=function, role=role)


def sources(source: str, folder: Path = SOURCES) -> dict[str, pulumi.Asset | pulumi.Archive]:
    """The files of a function's archive: its own at the root, and the shared package. Only Python files, so that other files of a test run
    don't change the code's hash.

    Raises:
        FileNotFoundError: the function has no `handler.py`.
    """
    own = folder / source
    if not (own / "handler.py").is_file():
        raise FileNotFoundError(f"functions/{source}/handler.py isn't there; {HANDLER} must be in it")
    files = [(path.relative_to(own), path) for path in own.rglob("*.py")]
    files += [(path.relative_to(folder), path) for path in (folder / SHARED).rglob("*.py")]
    return {place.as_posix(): pulumi.FileAsset(str(path)) for place, path in sorted(files)}
