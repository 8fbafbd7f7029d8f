"""Workload, this system's functions: bounded, never losing an event, and never waiting for one another."""

from __future__ import annotations

from collections.abc import Iterator

from checks import absent, between, literal, on, present
from graph import Linked, names_of
from plain import Plain, Unknown, items, shown
from rule import Finding, Resource, Severity, Stack, about
from system import evolution_rule
from tokens import EVENT_SOURCE_MAPPING, FUNCTION, FUNCTION_INVOKE_CONFIG, LOG_GROUP, QUEUE, SCHEDULE, SERVICE, TOPIC

CURRENT = ("python3.14", "python3.13")
"""What this system's own functions are written for."""

LONGEST_SECONDS = 300
"""The longest of this system's functions takes five minutes."""

MOST_RETRIES = 100
"""A batch that fails for ever blocks its shard: attempts are bounded."""

A_DAY = 86400

UNRESERVED = -1
"""The provider's default: no reservation."""

UNDELAYED = ("evolution-safety-switch", "evolution-resume", "evolution-agentcore-handler")
"""The first part of the name of who must not wait for other functions, and of the one that could make them wait."""


@evolution_rule(
    id="workload/function-form",
    types={FUNCTION},
    severity=Severity.MEDIUM,
    protects="The functions from running away.",
    why="Without a timeout a call hangs and is billed; with a reservation of 0 a function is switched off.",
    fix="Write runtime='python3.14', architectures=['arm64'], a timeout of at most 300, and no reservation below 1.",
)
def function_form(function: Resource) -> Iterator[Finding]:
    if function.at("packageType") in (None, "Zip"):
        yield from literal("runtime", function.at("runtime"), *CURRENT)
    yield from literal("architectures", function.at("architectures"), ["arm64"])
    yield from between("timeout", function.at("timeout"), 1, LONGEST_SECONDS)
    yield from absent("layers", function.at("layers"), "a layer's code runs before the function's, and is reviewed nowhere")
    if function.at("reservedConcurrentExecutions") not in (None, UNRESERVED):
        yield from between("reservedConcurrentExecutions", function.at("reservedConcurrentExecutions"), 1, 1000)


@evolution_rule(
    id="workload/reserved-executions",
    severity=Severity.HIGH,
    protects="The halt from waiting while other functions use up the account's executions.",
    why="A burst of requests to the agents takes all of them, and the switch is throttled. A reservation that nobody planned for "
    "makes the first deployment to a fresh account fail.",
    fix="Let components/capacity.py reserve, where reserve_concurrency of the stack's table is true, and nothing else.",
    controls=("checkov CKV_AWS_115",),
)
def reserved_executions(stack: Stack) -> Iterator[Finding]:
    """As the table says, and not before there is anything to halt: a fresh account has no executions to spare."""
    if stack.table is None:
        return
    wanted = stack.table.get("reserve_concurrency")
    if not isinstance(wanted, bool):
        yield Finding("reserve_concurrency of the environment table is neither true nor false; it must be one of them.")
        return
    for function in stack.of_type(FUNCTION):
        reserves = function.at("reservedConcurrentExecutions") not in (None, UNRESERVED)
        if reserves and not wanted:
            yield Finding(
                "reservedConcurrentExecutions is set; it must be absent, for reserve_concurrency of the table is false.", function
            )
        elif wanted and not reserves and stack.of_type(SERVICE) and function.at("name") in {f"{stem}-{stack.name}" for stem in UNDELAYED}:
            yield Finding(
                "reservedConcurrentExecutions is missing; it must be set, for reserve_concurrency of the table is true.", function
            )


@evolution_rule(
    id="workload/function-failures",
    severity=Severity.HIGH,
    protects="The events that a function could not handle.",
    why="Lambda drops an event after its last attempt; a lost alarm is a halt that never happened.",
    fix="Write dead_letter_config, or declare a FunctionEventInvokeConfig or EventSourceMapping with a failure destination.",
    controls=("checkov CKV_AWS_116",),
)
def function_failures(stack: Stack) -> Iterator[Finding]:
    """Each function's failed events go somewhere: its own dead-letter queue, its invocations' failure destination, or its stream's."""
    functions = Linked(stack, FUNCTION, ("arn", "id", "name"))
    covered = functions.by_all([one for one in stack.of_type(FUNCTION_INVOKE_CONFIG) if _on_failure(one, "destination")], "functionName")
    covered |= functions.by_all([one for one in stack.of_type(EVENT_SOURCE_MAPPING) if _on_failure(one, "destinationArn")], "functionName")
    queues = Linked(stack, (QUEUE, TOPIC))
    for urn, function in functions.all.items():
        if function.at("deadLetterConfig") is not None:
            if not queues.by(function, "deadLetterConfig", "targetArn"):
                yield Finding("deadLetterConfig.targetArn leads to no queue or topic of this stack; it must.", function)
        elif urn not in covered:
            yield Finding("its failed events go nowhere; it must have a dead-letter queue or a failure destination.", function)


def _on_failure(resource: Resource, key: str) -> bool:
    value: Plain = resource.at("destinationConfig", "onFailure", key)
    return isinstance(value, Unknown) or bool(value)


@evolution_rule(
    id="workload/stream-mapping",
    types={EVENT_SOURCE_MAPPING},
    severity=Severity.HIGH,
    protects="The archive of finished evolutions from one record that can't be read.",
    why="A stream's shard waits for its oldest batch: without bounds one bad record blocks all that come after it.",
    fix="Set bisect_batch_on_function_error, maximum_retry_attempts, maximum_record_age_in_seconds, ReportBatchItemFailures and a "
    "failure destination.",
)
def stream_mapping(mapping: Resource) -> Iterator[Finding]:
    source = mapping.at("eventSourceArn")
    yield from literal("enabled", mapping.at("enabled"), True, or_missing=True)
    if isinstance(source, str) and ":sqs:" in source:
        return
    yield from on("bisectBatchOnFunctionError", mapping.at("bisectBatchOnFunctionError"))
    yield from between("maximumRetryAttempts", mapping.at("maximumRetryAttempts"), 0, MOST_RETRIES)
    yield from between("maximumRecordAgeInSeconds", mapping.at("maximumRecordAgeInSeconds"), 60, A_DAY)
    yield from present(
        "destinationConfig.onFailure.destinationArn", mapping.at("destinationConfig", "onFailure", "destinationArn"), "a queue"
    )
    types = items(mapping.at("functionResponseTypes"))
    if any(isinstance(one, Unknown) for one in types):
        yield Finding("functionResponseTypes is not known at preview; it must hold the literal ReportBatchItemFailures.")
    elif "ReportBatchItemFailures" not in types:
        yield Finding(f"functionResponseTypes is {shown(mapping.at('functionResponseTypes'))}; it must hold ReportBatchItemFailures.")


@evolution_rule(
    id="workload/schedule",
    types={SCHEDULE},
    severity=Severity.HIGH,
    protects="What has to happen by itself, the halt above all.",
    why="A schedule that is off, ends, or loses what it couldn't deliver is noticed when it was needed.",
    fix="Write state='ENABLED', no end_date, and a dead_letter_config in the target.",
)
def schedule(schedule: Resource) -> Iterator[Finding]:
    yield from literal("state", schedule.at("state"), "ENABLED", or_missing=True)
    yield from present("target.deadLetterConfig.arn", schedule.at("target", "deadLetterConfig", "arn"), "a queue")
    expires = schedule.at("endDate")
    if expires is not None:
        yield Finding(f"endDate is {shown(expires)}; it must be absent, for the system runs on.")


@evolution_rule(
    id="workload/function-logs",
    severity=Severity.MEDIUM,
    protects="The functions' logs.",
    why="A group that Lambda makes by itself has no key and keeps its events for ever; and what is refused is said below ERROR.",
    fix="Write logging_config={'log_format': 'JSON', 'log_group': group.name}.",
)
def function_logs(stack: Stack) -> Iterator[Finding]:
    """A function writes to the group that it names, or else to `/aws/lambda/<its name>`."""
    groups = Linked(stack, LOG_GROUP, ("name", "id"))
    names = names_of(groups.all.values())
    for function in stack.of_type(FUNCTION):
        yield from about(function, _said(function.at("loggingConfig", "applicationLogLevel")))
        named = function.at("loggingConfig", "logGroup")
        if isinstance(function.at("loggingConfig"), Unknown):
            yield Finding("loggingConfig is not known at preview; its logGroup must be a log group of this stack.", function)
            continue
        group = f"/aws/lambda/{function.at('name')}" if named is None else named
        if group not in names if isinstance(group, str) else not groups.by(function, "loggingConfig", "logGroup"):
            yield Finding(
                f"it logs to {shown(named)}, which is no log group of this stack; it must log to one, which has a key and an end.", function
            )


def _said(level: Plain) -> Iterator[Finding]:
    yield from literal("loggingConfig.applicationLogLevel", level, "TRACE", "DEBUG", "INFO", "WARN", or_missing=True)
