"""AgentCore, the record: prompts and answers, and what the agents write, in groups that are there before them, and masked."""

from __future__ import annotations

from collections.abc import Iterator

from checks import literal
from graph import Linked
from plain import Plain
from rule import Finding, Resource, Severity, Stack
from rules.aws.agentcore_record import masked_groups
from system import evolution_rule
from tokens import AGENT_RUNTIME, FUNCTION, LOG_GROUP, MODEL_LOG
from variables import environments_of

OWNER = "model_invocation_logging"
"""The table's row: who has the one setting of an account and region."""

AGENT_LOGS = "/aws/bedrock-agentcore/runtimes/"
"""Where AgentCore writes what agents say; it fixes the name."""


@evolution_rule(
    id="agentcore/prompts-recorded",
    severity=Severity.HIGH,
    protects="The record of every prompt and answer.",
    why="Without it nobody can say later what the agents asked a model, and what it told them; with two owners, the last one's holds.",
    fix=f"Declare an aws.bedrockmodel.InvocationLoggingConfiguration, or write {OWNER}: account, where the account's project does.",
)
def prompts_recorded(stack: Stack) -> Iterator[Finding]:
    """What is declared, `agentcore/model-log` judges."""
    asks = any("BEDROCK_MODEL_ID" in one.variables for function in stack.of_type(FUNCTION) for one in environments_of(function))
    owner: Plain = (stack.table or {}).get(OWNER)
    declared = stack.of_type(MODEL_LOG)
    if asks or declared:
        yield from literal(f"{OWNER} of the environment table", owner, "stack", "account")
    if asks and owner == "stack" and not declared:
        yield Finding("models are asked, and nothing records it; an InvocationLoggingConfiguration must, as the environment table says.")
    for logging in declared:
        if owner == "account":
            yield Finding(f"the environment table leaves it to the account ({OWNER}); it must be declared once.", logging)


@evolution_rule(
    id="agentcore/runtime-logs",
    severity=Severity.HIGH,
    protects="What agents write down, prompts and answers among it.",
    why="Where the group isn't there, AgentCore makes it: under AWS's key, for ever, and in clear.",
    fix="Declare the runtime's log group by its name, and an aws.cloudwatch.LogDataProtectionPolicy for it.",
)
def runtime_logs(stack: Stack) -> Iterator[Finding]:
    runtimes = Linked(stack, AGENT_RUNTIME, ("agentRuntimeId", "id"))
    masked = masked_groups(stack)
    for urn, runtime in runtimes.all.items():
        groups = [group for group in stack.of_type(LOG_GROUP) if urn in runtimes.by(group, "name") or _is_of(group, runtime)]
        if not groups:
            yield Finding("it has no log group of this stack; it must have one, by the name that AgentCore gives it.", runtime)
        for group in groups:
            if group.urn not in masked:
                yield Finding("agents write to it, and no data-protection policy masks what they write; one must.", group)


def _is_of(group: Resource, runtime: Resource) -> bool:
    name = group.at("name")
    return isinstance(name, str) and name.startswith(f"{AGENT_LOGS}{runtime.at('agentRuntimeName')}-")
