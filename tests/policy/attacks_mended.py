"""Unsafe edits that once got past the pack, for good: each is of a kind that it has learned to refuse."""

from __future__ import annotations

import json
from typing import Any

from tests.policy.attacks import ARN, allowing, at, attack
from tests.policy.attacks_watch import CONTAINERS
from tests.policy.planned import GONE, Refer

ACCESS, RUNS, CHOICES, PRESENCE, PROPERTIES = (
    f"approved/{name}" for name in ("new-access", "what-runs", "choices", "presence", "properties")
)

OF_HANDLER = "agentcore-handler-role-grants"
PROFILE = ARN.format("bedrock", "inference-profile/us.anthropic.claude-sonnet-4-6")
GUARDED = {"StringLike": {"bedrock:GuardrailIdentifier": ARN.format("bedrock", "guardrail/*:*")}}
MODELS = [f"arn:aws:bedrock:{region}::foundation-model/anthropic.claude-sonnet-4-6" for region in ("us-east-1", "us-east-2", "us-west-2")]
OWN = {"StringEquals": {"aws:ResourceTag/Project": "evolution-system", "aws:ResourceTag/Environment": "prod"}}

EMAIL = "arn:aws:dataprotection::aws:data-identifier/EmailAddress"
CHASSIS = "arn:aws:dataprotection::aws:data-identifier/VehicleIdentificationNumber"


def masking(identifier: str, **more: Any) -> str:
    """A data-protection policy that masks one kind of data."""
    operations: dict[str, Any] = {"Audit": {"Audit": {"FindingsDestination": {}}}, "Mask": {"Deidentify": {"MaskConfig": {}}}}
    statements = [{"Sid": sid, "DataIdentifier": [identifier], "Operation": operation} for sid, operation in operations.items()]
    return json.dumps({"Name": "prompts", "Version": "2021-06-01", "Statement": statements, **more})


MENDED = (
    attack(
        "another entry point for the trigger",
        "Code that stands in the archive for another purpose starts evolutions, and looks at no mode.",
        at("evolution-trigger", "handler", "common.settings.value"),
        CHOICES,
    ),
    attack(
        "another entry point for the handler",
        "Requests are answered by a function that holds them to no limit.",
        at("agentcore-handler", "handler", "agents.ask"),
        CHOICES,
    ),
    attack(
        "another entry point for the archiver",
        "Finished evolutions are read, and archived nowhere.",
        at("evolution-archiver", "handler", "json.dumps"),
        CHOICES,
    ),
    attack(
        "the runtime's default endpoint",
        "The gateway asks the endpoint that follows every version, past the policy of the one that was pinned.",
        at("agentcore-gateway-target", "targetConfiguration.http.agentcoreRuntime.qualifier", "DEFAULT"),
        CHOICES,
    ),
    attack(
        "no endpoint at all",
        "The same: what isn't named is the default.",
        at("agentcore-gateway-target", "targetConfiguration.http.agentcoreRuntime.qualifier", GONE),
        PRESENCE,
    ),
    attack(
        "another protocol for the agents",
        "Callers list and call tools, which no rule about requests reads.",
        at("agentcore-runtime", "protocolConfiguration.serverProtocol", "MCP"),
        CHOICES,
    ),
    attack(
        "one agent is looked at",
        "The monitor scores a single agent a minute, and says that all are safe.",
        at("compute-monitor-task", f"{CONTAINERS}.0.environment.SAMPLE_SIZE", "1"),
        RUNS,
    ),
    attack(
        "another task for the monitor",
        "What is evolved isn't what is scored.",
        at("compute-monitor-task", f"{CONTAINERS}.0.environment.EVOLUTION_TASK", "always-safe"),
        "environment/table-equality",
    ),
    attack(
        "the trigger is told another time",
        "Every start names the same evolution, so a finished one is opened again.",
        at("evolution-trigger-schedule", "target.input", '{"scheduled_time": "2026-01-01T00:00:00Z"}'),
        CHOICES,
    ),
    attack(
        "the stream from now on",
        "Whenever the mapping is made anew, what was finished before is never archived.",
        at("evolution-archiver-reads-stream", "startingPosition", "LATEST"),
        CHOICES,
    ),
    attack(
        "the endpoints for every private network",
        "Whoever is peered with the VPC some day talks to AWS as if from inside.",
        at("network-endpoints-from-vpc", "cidrIpv4", "10.0.0.0/8"),
        "network/own-callers",
    ),
    attack(
        "the handler within the workloads' boundary",
        "Whatever is attached to it later holds as far as the engine's rights reach.",
        at("agentcore-handler-role", "permissionsBoundary", Refer("security-boundary")),
        CHOICES,
    ),
    attack(
        "the handler has no gateway's address",
        "The handler answers from the model itself, as before the first image: past the web ACL, the fence and the agents' own checks.",
        at("agentcore-handler", "environment.variables.AGENTCORE_GATEWAY_URL", GONE),
        RUNS,
    ),
    attack(
        "the handler asks the model itself",
        "With the grants that it has until there is an image, callers pass the gateway by.",
        (
            allowing(OF_HANDLER, "bedrock:InvokeModel", PROFILE, Condition=GUARDED),
            allowing(
                OF_HANDLER, "bedrock:InvokeModel", MODELS, Condition={**GUARDED, "StringEquals": {"bedrock:InferenceProfileArn": PROFILE}}
            ),
            allowing(OF_HANDLER, "bedrock:ApplyGuardrail", ARN.format("bedrock", "guardrail/*"), Condition=OWN),
        ),
        ACCESS,
    ),
    attack(
        "prompts whose chassis numbers are masked",
        "E-mail addresses, keys and card numbers in prompts and answers stand in the log for everybody who reads it.",
        at("agentcore-prompts-logs-masks", "policyDocument", masking(CHASSIS)),
        CHOICES,
    ),
    attack(
        "all words of a prompt are masked",
        "Whoever investigates what agents were asked reads asterisks.",
        at(
            "agentcore-prompts-logs-masks",
            "policyDocument",
            masking("Words", Configuration={"CustomDataIdentifier": [{"Name": "Words", "Regex": "[A-Za-z]+"}]}),
        ),
        PROPERTIES,
    ),
    attack(
        "keys in prompts aren't masked",
        "The log has them in clear; the other data is masked as before.",
        tuple(at("agentcore-prompts-logs-masks", f"policyDocument.Statement.{index}.DataIdentifier.1", EMAIL) for index in range(2)),
        PRESENCE,
    ),
)
"""What runs, what it is told, and who reaches it."""
