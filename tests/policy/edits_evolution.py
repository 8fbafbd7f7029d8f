"""Edits of the functions, what invokes them and what they leave behind, each with the exact rules that must fire."""

from __future__ import annotations

from tests.policy.builders import UNKNOWN, Node
from tests.policy.planned import DELETED, FOREIGN_KEY, GONE, Edit, Refer, on

VARIABLES = "environment.variables"
TOLD = "environment/functions-told"

EDITS: tuple[Edit, ...] = (
    *on(
        "evolution-safety-switch",
        ("runtime", "python3.9", "workload/function-runtime", "workload/function-form"),
        ("runtime", "python3.12", "workload/function-form"),
        ("runtime", UNKNOWN, "workload/function-runtime", "workload/function-form"),
        ("tracingConfig.mode", "PassThrough", "workload/function-traced"),
        ("architectures", ["x86_64"], "workload/function-form"),
        ("timeout", 900, "workload/function-form"),
        ("reservedConcurrentExecutions", GONE, "workload/reserved-executions"),
        ("reservedConcurrentExecutions", -1, "workload/reserved-executions"),
        ("reservedConcurrentExecutions", 0, "workload/function-form"),
        ("reservedConcurrentExecutions", UNKNOWN, "workload/function-form"),
        ("kmsKeyArn", GONE, "encryption/function-cmk"),
        ("kmsKeyArn", FOREIGN_KEY, "encryption/own-key"),
        ("kmsKeyArn", Refer("data-state"), "encryption/key-reference"),
        ("loggingConfig", UNKNOWN, "workload/function-logs"),
        ("loggingConfig.logGroup", "/elsewhere", "workload/function-logs"),
        ("role", Refer("evolution-scheduler-role"), "identity/trust-service", "containment/grants"),
        ("tagsAll", GONE, "governance/tags"),
        (f"{VARIABLES}.UNSAFE_ALARM_NAME", "evolution-safety-score-prod", TOLD),
        (f"{VARIABLES}.UNSAFE_ALARM_NAME", GONE, TOLD),
        (f"{VARIABLES}.ENGINE_SERVICE", "evolution-engine-dev", TOLD),
        (f"{VARIABLES}.ENGINE_CLUSTER", UNKNOWN, TOLD),
        (f"{VARIABLES}.EVOLUTION_MODE_PARAMETER", "/evolution/dev/mode", "environment/table-equality", TOLD),
        (VARIABLES, UNKNOWN, "environment/readable"),
        (VARIABLES, {"GITHUB": "ghp_" + "a1" * 18}, "environment/no-secret", TOLD),
    ),
    *on(
        "evolution-resume",
        (f"{VARIABLES}.ENGINE_MAXIMUM", "1000", TOLD),
        (f"{VARIABLES}.ENGINE_MINIMUM", GONE, TOLD),
        ("reservedConcurrentExecutions", GONE, "workload/reserved-executions"),
        ("role", Refer("evolution-safety-switch-role"), "containment/grants"),
    ),
    *on(
        "evolution-trigger",
        (f"{VARIABLES}.EVOLUTION_GENERATIONS", "500", "environment/function-limits", "environment/table-equality", TOLD),
        (f"{VARIABLES}.EVOLUTION_STATE_TABLE", "evolution-state-dev", "environment/table-equality", TOLD),
        ("reservedConcurrentExecutions", 0, "workload/function-form"),
        ("reservedConcurrentExecutions", -1),
        (f"{VARIABLES}.EVOLUTION_ISLANDS", "17", TOLD),
        (f"{VARIABLES}.EVOLUTION_ISLANDS", GONE, TOLD),
        (f"{VARIABLES}.MAX_CONCURRENT_AGENTS", "100000", "environment/function-limits", "environment/table-equality", TOLD),
        (f"{VARIABLES}.MAX_CONCURRENT_AGENTS", "9999", "environment/table-equality", TOLD),
        (f"{VARIABLES}.MAX_CONCURRENT_AGENTS", GONE, "environment/function-limits", TOLD),
        (f"{VARIABLES}.AGENT_MEMORY_LIMIT", "65536", "environment/function-limits", "environment/table-equality", TOLD),
        (f"{VARIABLES}.AGENT_MEMORY_LIMIT", GONE, "environment/function-limits", TOLD),
    ),
    *on(
        "evolution-archiver",
        (f"{VARIABLES}.EVOLUTION_ARTIFACTS_BUCKET", GONE, TOLD),
        ("packageType", "Image", "workload/image-by-digest", "workload/own-repository"),
    ),
    *on(
        "evolution-archiver-logs",
        ("", DELETED, "workload/function-logs"),
        ("kmsKeyId", GONE, "encryption/log-group-cmk"),
    ),
    *on(
        "evolution-safety-switch-invocations",
        ("destinationConfig", GONE, "workload/function-failures"),
        ("", DELETED, "workload/function-failures"),
    ),
    *on(
        "evolution-topic-invokes-switch",
        ("principal", "*", "workload/function-permission", "containment/resource-policies"),
        ("principal", UNKNOWN, "workload/function-permission", "containment/resource-policies"),
        ("sourceArn", GONE, "workload/function-permission"),
        ("sourceArn", "arn:aws:sns:*:*:*", "workload/function-permission"),
        ("action", "lambda:*", "workload/function-permission", "containment/resource-policies"),
    ),
    *on(
        "evolution-switch-hears-topic",
        ("filterPolicy", '{"a": ["b"]}', "alarms/subscriber"),
        ("protocol", "http", "alarms/subscription", "alarms/switch"),
        ("topic", Refer("data-state"), "alarms/switch"),
        ("endpoint", Refer("evolution-trigger"), "alarms/switch"),
        ("", DELETED, "alarms/switch"),
    ),
    *on(
        "evolution-safety-switch-schedule",
        ("scheduleExpression", "rate(1 day)", "alarms/switch"),
        ("state", "DISABLED", "alarms/switch", "workload/schedule"),
        ("endDate", "2027-01-01T00:00:00Z", "workload/schedule"),
        ("target.deadLetterConfig", GONE, "workload/schedule"),
        ("", DELETED, "alarms/switch"),
    ),
    *on(
        "evolution-trigger-schedule",
        ("state", "DISABLED", "workload/schedule"),
        ("target.deadLetterConfig", GONE, "workload/schedule"),
    ),
    *on("evolution-schedules", ("tagsAll", GONE, "governance/tags")),
    *on(
        "evolution-archiver-reads-stream",
        ("destinationConfig", GONE, "workload/stream-mapping", "workload/function-failures"),
        ("maximumRetryAttempts", -1, "workload/stream-mapping"),
        ("maximumRecordAgeInSeconds", GONE, "workload/stream-mapping"),
        ("bisectBatchOnFunctionError", False, "workload/stream-mapping"),
        ("functionResponseTypes", [], "workload/stream-mapping"),
        ("enabled", False, "workload/stream-mapping"),
        ("", DELETED, "workload/function-failures"),
    ),
    *on(
        "evolution-dead-letters",
        ("kmsMasterKeyId", GONE, "encryption/queue-cmk"),
        ("messageRetentionSeconds", 60, "data-protection/dead-letters-kept"),
        ("name", "dead-letters", "alarms/dead-letters", "identity/tls-only"),
    ),
    *on(
        "evolution-dead-letters-policy",
        ("policy.Statement.0.Condition", GONE, "identity/confused-deputy"),
        ("policy.Statement.1.Condition", {"Bool": {"aws:SecureTransport": "true"}}, "identity/tls-only"),
        ("", DELETED, "identity/tls-only"),
    ),
    *on(
        "evolution-mode",
        ("type", "SecureString", "encryption/parameter-cmk"),
        ("type", UNKNOWN, "encryption/parameter-cmk"),
        ("value", "AKIAIOSFODNN7EXAMPLE", "environment/no-secret"),
        ("protect", False, "data-protection/mode-kept"),
        ("ignoreChanges", (), "workload/untouched-mode"),
        ("ignoreChanges", ("value",), "workload/untouched-mode"),
    ),
    *on(
        "evolution-scheduler-role",
        ("assumeRolePolicy.Statement.0.Condition", GONE, "identity/trust-source"),
        ("assumeRolePolicy.Statement.0.Principal.Service", "events.amazonaws.com", "identity/trust-service"),
    ),
    *on(
        "evolution-safety-switch-role-grants",
        (
            "policy.Statement.1.Resource",
            "arn:aws:ssm:us-east-1:000000000000:parameter/*",
            "identity/no-wildcard-resource",
            "containment/grants",
        ),
        ("policy.Statement.3.Condition", GONE, "identity/no-wildcard-resource", "containment/grants"),
        ("policy.Statement.4.Action", ["ecs:*"], "identity/no-wildcard-action", "containment/grants"),
    ),
    *on(
        "monitoring-safety-switch-errors",
        ("threshold", 1000, "alarms/function-errors"),
        ("metricName", "Invocations", "alarms/function-errors"),
        ("", DELETED, "alarms/function-errors"),
    ),
    *on(
        "monitoring-dead-letters-depth",
        ("threshold", 1000, "alarms/dead-letters"),
        ("", DELETED, "alarms/dead-letters"),
    ),
    *on(
        "spare-permission",
        (
            "",
            Node(
                "aws:lambda/permission:Permission",
                {
                    "action": "lambda:InvokeFunction",
                    "function": "evolution-resume-prod",
                    "principal": "sns.amazonaws.com",
                    "sourceArn": "arn:aws:sns:us-east-1:000000000000:evolution-system-alerts-prod",
                },
            ),
            "containment/switch-and-resume",
        ),
    ),
    *on("evolution-trigger-schedule", ("target", Refer("evolution-resume"), "containment/switch-and-resume")),
    *on(
        "spare-url",
        ("", Node("aws:lambda/functionUrl:FunctionUrl", {"authorizationType": "NONE"}), "network/no-public-function"),
    ),
)
