"""A third set of unsafe edits, by somebody who has read the pack that refuses the first two: access, and what functions are told."""

from __future__ import annotations

from tests.policy.attacks import ACCOUNT, ARN, ARTIFACTS, TOPIC, allowing, at, attack, new
from tests.policy.attacks_watch import CONTAINERS
from tests.policy.builders import UNKNOWN

STATE = ARN.format("dynamodb", "table/evolution-state-prod")
VARIABLES = "environment.variables"

ACCESS = (
    attack(
        "the artifacts are the engine's alone",
        "A denial locks the archiver and whoever audits out; nobody reads what was bred.",
        at(
            "data-artifacts-policy",
            "policy.Statement.+",
            {
                "Effect": "Deny",
                "Principal": "*",
                "Action": "s3:GetObject",
                "Resource": f"arn:aws:s3:::{ARTIFACTS}/*",
                "Condition": {"ArnNotEquals": {"aws:PrincipalArn": f"arn:aws:iam::{ACCOUNT}:role/evolution-engine-prod-us-east-1"}},
            },
        ),
        "approved/guards",
    ),
    attack(
        "flow logs that nobody may write",
        "The network is watched on paper: each record is refused, and no alarm says so.",
        at("network-flow-logs-role-grants", "policy.Statement.0.Resource", ARN.format("logs", "log-group:/evolution/prod/none:*")),
        "approved/new-access",
    ),
    attack(
        "a denial in the flow logs' role",
        "The same, by a statement that looks like caution.",
        at("network-flow-logs-role-grants", "policy.Statement.+", {"Effect": "Deny", "Action": "logs:PutLogEvents", "Resource": "*"}),
        "approved/guards",
    ),
    attack(
        "web ACL logs that nobody delivers",
        "The log service refuses the delivery: what was blocked is written nowhere.",
        at(
            "security-web-acl-log-delivery",
            "policyDocument.Statement.+",
            {"Effect": "Deny", "Principal": {"Service": "delivery.logs.amazonaws.com"}, "Action": "logs:PutLogEvents", "Resource": "*"},
        ),
        "approved/guards",
    ),
    attack(
        "tasks of any region take the engine's role",
        "What is run in a region that nobody watches has the engine's rights.",
        at("compute-engine-role", "assumeRolePolicy.Statement.0.Condition.ArnLike", {"aws:SourceArn": f"arn:aws:ecs:*:{ACCOUNT}:*"}),
        "approved/new-access",
    ),
    attack(
        "the model without the guardrail",
        "Agents ask the model with nothing in between.",
        allowing("agentcore-runtime-role-grants", "bedrock:InvokeModel", "arn:aws:bedrock:*::foundation-model/anthropic.claude-sonnet-4-6"),
        "agentcore/model",
        "identity/models",
        "network/model-endpoint",
    ),
    attack(
        "the trigger turns recovery off",
        "What was written over can't be restored any more.",
        allowing("evolution-trigger-role-grants", "dynamodb:UpdateContinuousBackups", STATE),
        "containment/grants",
    ),
    attack(
        "a shell in the agents' machine",
        "The gateway runs commands where the agents run.",
        allowing(
            "agentcore-gateway-role-grants",
            "bedrock-agentcore:InvokeAgentRuntimeCommandShell",
            ARN.format("bedrock-agentcore", "runtime/evolution_prod-??????????"),
        ),
        "containment/grants",
    ),
    attack(
        "the shell isn't denied any more",
        "Whoever in the account is granted it later opens a shell in the agents' machine.",
        at(
            "agentcore-runtime-policy",
            "policy.Statement.1.Action",
            ["bedrock-agentcore:InvokeAgentRuntime", "bedrock-agentcore:InvokeAgentRuntimeForUser"],
        ),
        "agentcore/only-gateway",
    ),
    attack(
        "the key for whoever is called so",
        "A role that somebody names evolution-x decrypts everything.",
        at(
            "security-key",
            "policy.Statement.2.Condition",
            {
                "StringEquals": {"kms:ViaService": ["dynamodb.us-east-1.amazonaws.com", "s3.us-east-1.amazonaws.com"]},
                "ArnLike": {"aws:PrincipalArn": f"arn:aws:iam::{ACCOUNT}:role/evolution-*"},
            },
        ),
        "approved/new-access",
    ),
    attack(
        "one alarm may speak",
        "All others reach nobody, the halting one too.",
        at(
            "monitoring-alerts-policy",
            "policy.Statement.0.Condition.ArnLike",
            {"aws:SourceArn": ARN.format("cloudwatch", "alarm:evolution-autonomy-prod")},
        ),
        "alarms/heard-by-topic",
        "approved/guards",
    ),
    attack(
        "a boundary for later",
        "The next grant of new code for a function is a one-line change that looks harmless.",
        allowing("security-boundary", "lambda:UpdateFunctionCode", ARN.format("lambda", "function:evolution-*")),
        "containment/grants",
        "identity/no-escalation",
    ),
    attack(
        "any bucket through the free endpoint",
        "Data leaves the network without the internet, into a bucket of anybody's.",
        at(
            "network-s3-endpoint",
            "policy.Statement.+",
            {"Effect": "Allow", "Principal": "*", "Action": "s3:PutObject", "Resource": "arn:aws:s3:::*/*"},
        ),
        "identity/no-public-access",
        "identity/no-wildcard-resource",
    ),
    attack(
        "machines with a certificate take the archiver's role",
        "Whoever holds a certificate of that authority reads artifacts from anywhere.",
        new(
            "anchor",
            "rolesanywhere/trustAnchor:TrustAnchor",
            name="x",
            enabled=True,
            source={"sourceType": "CERTIFICATE_BUNDLE", "sourceData": {"x509CertificateData": "x"}},
        ),
        "containment/known-types",
    ),
)
"""Access that is taken from the watchers, or given for later."""

RUNS = (
    attack(
        "the mode can only be running",
        "Parameter Store refuses the switch's `halted`: it doesn't match.",
        at("evolution-mode", "allowedPattern", "^running$"),
        "approved/choices",
    ),
    attack(
        "the threshold is no number",
        "Nothing is lower than `nan`: the monitor finds every score good enough.",
        at("security-safety-settings-value", "secretStringWo.safety_threshold", "nan"),
        "approved/floors",
    ),
    attack(
        "a key that everybody knows",
        "Whoever reads the program signs champions as the engine does.",
        at("security-safety-settings-value", "secretStringWo.safety_validation_key", "evolution"),
        "approved/floors",
    ),
    attack(
        "the first version of the guardrail",
        "Requests are judged by what the guardrail said before it was made stricter.",
        at("agentcore-handler", f"{VARIABLES}.BEDROCK_GUARDRAIL_VERSION", "1"),
        "agentcore/guardrail-used",
    ),
    attack(
        "a gateway of somebody else's",
        "What callers say is sent to another account's agents.",
        at("agentcore-handler", f"{VARIABLES}.AGENTCORE_GATEWAY_URL", "https://x1.gateway.bedrock-agentcore.us-east-1.amazonaws.com/mcp"),
        "agentcore/gateway-callers",
    ),
    attack(
        "the handler keeps silent",
        "Who asked the agents for what, and what was refused, is logged nowhere.",
        at("agentcore-handler", "loggingConfig.applicationLogLevel", "FATAL"),
        "workload/function-logs",
    ),
    attack(
        "an API calls the handler",
        "Whoever finds the address asks the agents.",
        new(
            "api-permission",
            "lambda/permission:Permission",
            action="lambda:InvokeFunction",
            function="evolution-agentcore-handler-prod",
            principal="apigateway.amazonaws.com",
            sourceArn=ARN.format("execute-api", "x1/*/POST/ask"),
            sourceAccount=ACCOUNT,
            statementId="ApiAsks",
        ),
        "containment/resource-policies",
    ),
    attack(
        "failed requests are mailed",
        "What callers asked goes to whoever subscribes the alarms, and wakes the switch.",
        at("agentcore-handler", "deadLetterConfig", {"targetArn": TOPIC}),
        "workload/function-failures",
    ),
    attack(
        "dead letters of a kilobyte",
        "An evolution that couldn't be archived is too large for the queue, and lost.",
        at("evolution-dead-letters", "maxMessageSize", 1024),
        "approved/choices",
    ),
    attack(
        "an older image for the monitor",
        "What scores is an image that was withdrawn; the table names another.",
        at(
            "compute-monitor-task",
            f"{CONTAINERS}.0.image",
            f"{ACCOUNT}.dkr.ecr.us-east-1.amazonaws.com/evolution-engine-prod@sha256:{'1' * 64}",
        ),
        "environment/table-equality",
    ),
    attack(
        "kernel settings",
        "The engine's container forwards others' packets.",
        at("compute-engine-task", f"{CONTAINERS}.0.systemControls", [{"namespace": "net.ipv4.ip_forward", "value": "1"}]),
        "approved/properties",
    ),
    attack(
        "a second runtime without a policy",
        "The agents' code with their role, and nobody is denied.",
        new(
            "second-runtime",
            "bedrock/agentcoreAgentRuntime:AgentcoreAgentRuntime",
            agentRuntimeName="evolution_prod2",
            roleArn=f"arn:aws:iam::{ACCOUNT}:role/evolution-agent-runtime-prod-us-east-1",
            agentRuntimeArtifact={
                "containerConfiguration": {
                    "containerUri": f"{ACCOUNT}.dkr.ecr.us-east-1.amazonaws.com/evolution-engine-prod@sha256:{'0123456789abcdef' * 4}"
                }
            },
            networkConfiguration={"networkMode": "VPC", "networkModeConfig": {"securityGroups": [UNKNOWN], "subnets": [UNKNOWN]}},
        ),
        "agentcore/only-gateway",
        "agentcore/own-role",
        "agentcore/runtime-logs",
        "agentcore/runtime-lifecycle",
        "environment/functions-told",
        "environment/handler-bounded",
        "governance/tags",
        "network/own-parts",
    ),
    attack(
        "agents that remember together",
        "One agent tells the others what no gateway sees.",
        new("memory", "bedrock/agentcoreMemory:AgentcoreMemory", name="shared", eventExpiryDuration=365, encryptionKeyArn=UNKNOWN),
        "approved/types",
    ),
)
"""What runs, and what it is told."""
