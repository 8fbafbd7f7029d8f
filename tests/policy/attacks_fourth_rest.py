"""The fourth set, its other half: agents, what runs, keys, logs, options, and kinds of resources that are new here."""

from __future__ import annotations

import pulumi

from tests.policy.attacks import ACCOUNT, ARN, at, attack, new
from tests.policy.attacks_fourth import twin
from tests.policy.attacks_watch import CONTAINERS
from tests.policy.builders import TAGS, UNKNOWN, Node
from tests.policy.planned import DELETED, Edit

AGENTS = (
    attack(
        "a version of the guardrail that follows no change",
        "What the guardrail is made to refuse later reaches no agent: a version is only made anew when this text changes.",
        at("agentcore-guardrail-version", "description", "the guardrail"),
        "agentcore/guardrail",
    ),
    attack(
        "a rate that nobody reaches",
        "Whoever asks two hundred thousand times a minute isn't blocked.",
        at("security-web-acl", "rules.3.statement.rateBasedStatement.limit", 1_000_000),
        "agentcore/web-acl-rate",
    ),
    attack(
        "bodies of 64 kilobytes",
        "What is hidden behind the part of a body that is looked at passes.",
        at("security-web-acl", "rules.4.statement.sizeConstraintStatement.size", 65536),
        "approved/choices",
    ),
    attack(
        "a target at another runtime",
        "The gateway asks agents that another program runs, without this system's guardrail and limits.",
        Edit(
            "second-target",
            "",
            Node(
                "aws:bedrock/agentcoreGatewayTarget:AgentcoreGatewayTarget",
                {
                    "name": "others",
                    "gatewayIdentifier": UNKNOWN,
                    "credentialProviderConfiguration": {"gatewayIamRole": {}},
                    "targetConfiguration": {
                        "http": {
                            "agentcoreRuntime": {
                                "arn": ARN.format("bedrock-agentcore", "runtime/billing-abcdefghij"),
                                "qualifier": "evolution",
                            }
                        }
                    },
                },
                {"gatewayIdentifier": ["agentcore-gateway"]},
            ),
            frozenset(),
        ),
        "agentcore/gateway-leads-to-runtime",
    ),
    attack(
        "nine hundred agents at once for the handler",
        "A flood of requests becomes a flood of models' answers, and takes what the switch would run on.",
        at("agentcore-handler", "reservedConcurrentExecutions", 900),
        "approved/choices",
    ),
)
"""Agents, and what stands in front of them."""

RUNS = (
    attack(
        "two seconds for the engine to stop",
        "Whatever it has bred since the last checkpoint is lost with each halt and deployment.",
        at("compute-engine-task", f"{CONTAINERS}.0.stopTimeout", 2),
        "approved/choices",
    ),
    attack(
        "an engine that hangs for an hour",
        "A task that answers no health check goes on for fifty minutes, and is paid for.",
        (
            at("compute-engine-task", f"{CONTAINERS}.0.healthCheck.interval", 300),
            at("compute-engine-task", f"{CONTAINERS}.0.healthCheck.retries", 10),
        ),
        "approved/choices",
    ),
    attack(
        "sixteen processors a task",
        "Each of a hundred tasks costs four times what was agreed.",
        (at("compute-engine-task", "cpu", "16384"), at("compute-engine-task", "memory", "122880")),
        "environment/table-figures",
    ),
    attack(
        "a variable that is set twice",
        "The first says that safety is on, and the second, which holds, that it is off.",
        at("compute-engine-task", f"{CONTAINERS}.0.environment.+", {"name": "EVOLUTION_SAFETY_ENABLED", "value": "false"}),
        "environment/container-limits",
    ),
    attack(
        "scaled out whatever it does",
        "A target of one percent keeps the service at its hundred tasks.",
        at("compute-engine-scaling-cpu", "targetTrackingScalingPolicyConfiguration.targetValue", 1),
        "approved/choices",
    ),
)
"""What runs in containers."""

FUNCTIONS = (
    attack(
        "the switch as a text in the program",
        "It answers that all is well and halts nothing, and no test of the functions has seen it.",
        at(
            "evolution-safety-switch",
            "code",
            pulumi.AssetArchive({"handler.py": pulumi.StringAsset("def handler(event, context):\n    return {'halted': True}\n")}),
        ),
        "approved/properties",
    ),
    attack(
        "the handler from an archive beside the repository",
        "What is in it is in no commit, so nobody has reviewed it.",
        at("agentcore-handler", "code", pulumi.FileArchive("/tmp/handler.zip")),
        "approved/properties",
    ),
    attack(
        "evolutions that start evolutions",
        "Each change of the state starts the trigger, not the schedule alone: what runs isn't what was agreed to be paid for.",
        Edit(
            "starts-again",
            "",
            Node(
                "aws:lambda/eventSourceMapping:EventSourceMapping",
                {
                    "functionName": "evolution-trigger-prod",
                    "eventSourceArn": UNKNOWN,
                    "startingPosition": "TRIM_HORIZON",
                    "batchSize": 10,
                    "bisectBatchOnFunctionError": True,
                    "functionResponseTypes": ["ReportBatchItemFailures"],
                    "maximumBatchingWindowInSeconds": 5,
                    "maximumRecordAgeInSeconds": 21600,
                    "maximumRetryAttempts": 5,
                    "destinationConfig": {"onFailure": {"destinationArn": UNKNOWN}},
                },
                {
                    "functionName": ["evolution-trigger"],
                    "eventSourceArn": ["data-state"],
                    "destinationConfig": ["evolution-dead-letters"],
                },
                outputs={"tagsAll": TAGS},
            ),
            frozenset(),
        ),
        "approved/choices",
    ),
    attack(
        "an evolution each minute",
        "Fifteen times as many evolutions as the table says are started and paid for.",
        at("evolution-trigger-schedule", "scheduleExpression", "rate(1 minute)"),
        "environment/table-figures",
    ),
)
"""Functions, and where their code comes from."""

KEYS = (
    attack(
        "a key that turns every seven years",
        "What was encrypted under material that leaked stays readable for seven years of new data.",
        at("security-key", "rotationPeriodInDays", 2560),
        "encryption/key-rotation",
    ),
    attack(
        "a key of one letter",
        "Whoever tries the obvious signs champions as the engine does.",
        at("security-safety-settings-value", "secretStringWo.safety_validation_key", "a" * 32),
        "approved/floors",
    ),
    attack(
        "a threshold that stands twice",
        "The one that is looked at is the first; the one that the monitor reads is the second.",
        at(
            "security-safety-settings-value",
            "secretStringWo",
            '{"safety_threshold": "0.8", "safety_threshold": "0.1", "safety_validation_key": "kvGx[?vKu68UT0*Qs0%i3q[,P!n<QeE}"}',
        ),
        "governance/json-keys",
    ),
    attack(
        "a version of the settings that never changes",
        "A threshold that is raised in the table later is never written into the secret: the monitor keeps the lower one.",
        at("security-safety-settings-value", "secretStringWoVersion", 1),
        "approved/floors",
    ),
    attack(
        "dev's name for prod's key",
        "Roles hold the key by its alias: those of dev in this account may use prod's, too.",
        twin("second-alias", "kms/alias:Alias", {"targetKeyId": ["security-key"]}, name="alias/evolution-dev", targetKeyId=UNKNOWN),
        "approved/choices",
    ),
)
"""Keys and secrets."""

LOGS = (
    attack(
        "a stream of the handler's log that it never opens",
        "Lambda may not write the handler's log: who asked what is written nowhere, and the function runs all the same.",
        at(
            "agentcore-handler-role-grants",
            "policy.Statement.2.Resource",
            ARN.format("logs", "log-group:/aws/lambda/evolution-agentcore-handler-prod:log-stream:none"),
        ),
        "approved/guards",
    ),
    attack(
        "access logs of a bucket that isn't there",
        "S3 may not deliver who read the artifacts: it drops each record, and no alarm says so.",
        at(
            "data-access-logs-policy",
            "policy.Statement.0.Condition.ArnLike",
            {"aws:SourceArn": f"arn:aws:s3:::evolution-none-prod-{ACCOUNT}"},
        ),
        "approved/new-access",
    ),
    attack(
        "the gateway's log from a source that isn't there",
        "What callers asked of the gateway is delivered nowhere.",
        at(
            "agentcore-gateway-logs-policy",
            "policyDocument.Statement.0.Condition.ArnLike",
            {"aws:SourceArn": ARN.format("logs", "delivery-source:none")},
        ),
        "approved/guards",
    ),
    attack(
        "a log group that no agent writes to",
        "AgentCore writes to the group of the runtime's name, which is missing: what agents said is lost.",
        at("agentcore-runtime-logs", "name", "/evolution/prod/agents"),
        "agentcore/runtime-logs",
        "approved/choices",
    ),
    attack(
        "Container Insights makes its own log group",
        "The group that it then makes is under no key of ours and never expires.",
        Edit("compute-insights-logs", "", DELETED, frozenset()),
        "approved/presence",
    ),
)
"""Logs, and what else is evidence."""

OPTIONS = (
    attack(
        "the artifacts' access log isn't protected",
        "A change that takes it out of the program passes, and from then on nobody sees who reads the artifacts.",
        at("data-artifacts-logging", "protect", False),
        "approved/options",
    ),
    attack(
        "the key's alias isn't protected",
        "Whoever takes it out locks every role out of all data: their grants name the key by it.",
        at("security-key-alias", "protect", False),
        "approved/options",
    ),
    attack(
        "the deployment through somebody's proxy",
        "Secrets and documents pass a machine of somebody's on their way to AWS.",
        at("aws", "httpsProxy", "http://proxy.example.org:3128"),
        "approved/properties",
    ),
    attack(
        "credentials from a file in the repository",
        "Such a file may name a program to run: it runs with whatever the deployment holds.",
        at("aws", "sharedConfigFiles", '["./aws-config"]'),
        "approved/properties",
    ),
)
"""What Pulumi and its provider are told."""

NEW = (
    attack(
        "a log in which all is masked",
        "Whoever investigates reads asterisks: a policy of data protection masks what the handler logs.",
        new("masked", "cloudwatch/logDataProtectionPolicy:LogDataProtectionPolicy", logGroupName="/aws/lambda/x", policyDocument="{}"),
        "approved/presence",
    ),
    attack(
        "no request is traced",
        "A rule of the account's samples none: which agent a request reached can't be told.",
        new("untraced", "xray/samplingRule:SamplingRule", ruleName="none", fixedRate=0, priority=1, reservoirSize=0, version=1),
        "containment/known-types",
    ),
    attack(
        "an evolution that nobody has run",
        "An item in the state table counts as a finished evolution, and its champion as approved.",
        new("planted", "dynamodb/tableItem:TableItem", tableName="evolution-state-prod", hashKey="evolution_id", item="{}"),
        "containment/known-types",
    ),
    attack(
        "the grants of the flow logs' role are taken away",
        "A list of inline policies that is exclusive and empty removes all others with each deployment.",
        new(
            "exclusive",
            "iam/rolePoliciesExclusive:RolePoliciesExclusive",
            roleName="evolution-flow-logs-prod-us-east-1",
            policyNames=[],
        ),
        "containment/known-types",
    ),
    attack(
        "buckets of the whole account may be public",
        "What keeps every other bucket of the account closed is off.",
        new("account-open", "s3/accountPublicAccessBlock:AccountPublicAccessBlock", blockPublicAcls=False, blockPublicPolicy=False),
        "containment/known-types",
    ),
)
"""Kinds of resources that are new here."""

STAGING = (
    attack(
        "staging's bucket goes with all that is in it",
        "Taking the bucket out of the program deletes every artifact and each of its versions.",
        at("data-artifacts", "forceDestroy", True),
        "data-protection/objects-kept",
    ),
)
"""Of staging, by what dev may."""
