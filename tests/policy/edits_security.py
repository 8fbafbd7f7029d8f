"""Edits of the keys, the secret, the web ACL and the provider, and resources that appear, each with the exact rules that must fire."""

from __future__ import annotations

from tests.policy.builders import TAGS, UNKNOWN, Node, document
from tests.policy.planned import DELETED, FOREIGN_KEY, GONE, Edit, Refer, on

KEY_POLICY = document(
    {
        "Effect": "Allow",
        "Principal": {"Service": "logs.us-east-1.amazonaws.com"},
        "Action": "kms:Decrypt",
        "Resource": "*",
    }
)

COMMON = "rules.0.statement.managedRuleGroupStatement.ruleActionOverrides"
BOUND = "rules.4.statement.sizeConstraintStatement"
BODY = "agentcore/web-acl-body"

EDITS: tuple[Edit, ...] = (
    *on(
        "security-key",
        ("enableKeyRotation", False, "encryption/key-rotation"),
        ("rotationPeriodInDays", 2560, "encryption/key-rotation"),
        ("deletionWindowInDays", 7, "data-protection/key-window"),
        ("isEnabled", False, "encryption/key-usable"),
        ("bypassPolicyLockoutSafetyCheck", True, "encryption/key-usable"),
        ("customerMasterKeySpec", "RSA_2048", "encryption/key-symmetric"),
        ("protect", False, "data-protection/protect"),
    ),
    *on(
        "security-key-alias",
        ("name", "alias/evolution", "encryption/key-alias"),
        ("targetKeyId", Refer("monitoring-alerts"), "encryption/key-alias", "encryption/key-reference"),
        ("", DELETED, "encryption/key-alias"),
    ),
    *on(
        "security-safety-settings",
        ("name", "Config", "data-protection/safety-settings"),
        ("kmsKeyId", "alias/aws/secretsmanager", "encryption/secret-cmk"),
        ("kmsKeyId", FOREIGN_KEY, "encryption/own-key"),
        ("replicas", [{"region": "us-west-2"}], "encryption/secret-cmk"),
        ("replicas", UNKNOWN, "encryption/secret-cmk"),
        ("replicas", [{"region": "us-west-2", "kmsKeyId": FOREIGN_KEY}], "encryption/own-key"),
        ("recoveryWindowInDays", 0, "data-protection/secret-window"),
        ("protect", False, "data-protection/protect"),
    ),
    *on(
        "security-safety-settings-value",
        ("secretString", "hunter2", "data-protection/secret-not-in-state"),
        ("", DELETED, "data-protection/safety-settings"),
    ),
    *on(
        "security-web-acl-logs",
        ("retentionInDays", 0, "data-protection/log-retention"),
        ("name", "waf-logs", "encryption/logs-may-encrypt", "agentcore/web-acl-log-form"),
    ),
    *on(
        "security-web-acl",
        ("rules.0.overrideAction", {"count": {}}, "agentcore/web-acl-groups"),
        (
            "rules.0.statement.managedRuleGroupStatement.ruleActionOverrides",
            [{"name": "CrossSiteScripting_URIPATH", "actionToUse": {"count": {}}}],
            "agentcore/web-acl-groups",
        ),
        # Allowing ends the evaluation: the bound on sizes and the rate limit would never be asked.
        (f"{COMMON}.0.actionToUse", {"allow": {}}, "agentcore/web-acl-groups"),
        (f"{COMMON}.0.actionToUse", {"block": {}}),
        (f"{COMMON}.0.actionToUse", UNKNOWN, "agentcore/web-acl-groups"),
        (f"{COMMON}.0.name", "Log4JRCE_BODY", "agentcore/web-acl-groups"),
        (COMMON, []),
        ("rules.4.action", {"count": {}}, BODY),
        ("rules.4.action", {"allow": {}}, BODY, "agentcore/web-acl-no-bypass"),
        (f"{BOUND}.size", 1024 * 1024, BODY),
        (f"{BOUND}.size", 8192),
        (f"{BOUND}.comparisonOperator", "LT", BODY),
        (f"{BOUND}.comparisonOperator", "GE"),
        (f"{BOUND}.fieldToMatch.body", {}, BODY),
        (f"{BOUND}.fieldToMatch.body.oversizeHandling", "NO_MATCH", BODY),
        (f"{BOUND}.fieldToMatch", {"uriPath": {}}, BODY),
        (f"{BOUND}.textTransformations.0.type", "COMPRESS_WHITE_SPACE", BODY),
        ("rules.4.statement", {"notStatement": {"statement": {"geoMatchStatement": {"countryCodes": ["DE"]}}}}, BODY),
        (
            "rules.4.statement",
            {"ruleGroupReferenceStatement": {"arn": "arn:aws:wafv2:us-east-1:000000000000:regional/rulegroup/x/1"}},
            BODY,
            "agentcore/web-acl-no-bypass",
        ),
        ("rules.1.statement.managedRuleGroupStatement.scopeDownStatement", {"x": 1}, "agentcore/web-acl-groups"),
        ("rules.2.statement.managedRuleGroupStatement.name", "Other", "agentcore/web-acl-groups"),
        ("rules.3.statement.rateBasedStatement.limit", 100000, "agentcore/web-acl-rate"),
        ("rules.3.statement.rateBasedStatement.evaluationWindowSec", 60, "agentcore/web-acl-rate"),
        ("rules.3.action", {"count": {}}, "agentcore/web-acl-rate"),
        ("rules.3.statement.rateBasedStatement.aggregateKeyType", "CONSTANT", "agentcore/web-acl-rate"),
        ("rules.3.statement.rateBasedStatement.aggregateKeyType", "FORWARDED_IP", "agentcore/web-acl-rate"),
        ("rules.0.statement.managedRuleGroupStatement.vendorName", "Another", "agentcore/web-acl-groups"),
        ("rules.3.action.allow", {}, "agentcore/web-acl-no-bypass"),
        ("rules", [], "agentcore/web-acl-groups", "agentcore/web-acl-not-empty", "agentcore/web-acl-rate", BODY),
        ("visibilityConfig.cloudwatchMetricsEnabled", False, "agentcore/web-acl-metrics"),
        ("visibilityConfig.sampledRequestsEnabled", False, "agentcore/web-acl-metrics"),
        ("rules.0.visibilityConfig.sampledRequestsEnabled", False, "agentcore/web-acl-metrics"),
        ("scope", "CLOUDFRONT", "agentcore/web-acl-no-bypass"),
        ("ruleJson", "[]", "agentcore/web-acl-no-bypass"),
        ("", DELETED, "agentcore/web-acl", "agentcore/web-acl-association"),
    ),
    *on(
        "security-web-acl-logging",
        ("redactedFields", [], "agentcore/web-acl-log-form"),
        ("logDestinationConfigs", Refer("compute-engine-logs"), "agentcore/web-acl-log-form"),
        ("loggingFilter", {"defaultBehavior": "DROP"}, "agentcore/web-acl-log-form"),
        ("resourceArn", "arn:x", "agentcore/web-acl-logged"),
        ("", DELETED, "agentcore/web-acl-logged"),
    ),
    *on(
        "aws",
        ("region", "eu-north-1", "governance/region"),
        ("region", "us-west-2", "governance/region"),
        ("accessKey", "AKIAIOSFODNN7EXAMPLE", "governance/no-credentials"),
        ("insecure", "true", "governance/no-credentials"),
    ),
    *on(
        "security-boundary",
        ("tagsAll", GONE, "governance/tags"),
    ),
    *on(
        "spare-key",
        (
            "",
            Node("aws:kms/key:Key", {"policy": KEY_POLICY, "enableKeyRotation": True, "tagsAll": TAGS}, protect=True),
            "encryption/key-alias",
            "encryption/key-used",
            "identity/confused-deputy",
        ),
    ),
    *on(
        "open-subscription",
        (
            "",
            Node(
                "aws:sns/topicSubscription:TopicSubscription",
                {"topic": UNKNOWN, "protocol": "http", "endpoint": "http://example.com", "filterPolicy": "{}"},
                {"topic": ["monitoring-alerts"]},
            ),
            "alarms/subscriber",
            "alarms/subscription",
            "containment/subscriptions",
        ),
    ),
    *on(
        "web",
        ("", Node("aws:lb/loadBalancer:LoadBalancer", {"internal": False, "tagsAll": TAGS}), "network/no-public-load-balancer"),
    ),
    *on(
        "url",
        ("", Node("aws:lambda/functionUrl:FunctionUrl", {"authorizationType": "NONE"}), "network/no-public-function"),
    ),
    *on(
        "acl-rule",
        (
            "",
            Node(
                "aws:ec2/networkAclRule:NetworkAclRule",
                {"ruleAction": "allow", "protocol": "tcp", "fromPort": 0.0, "toPort": 65535.0, "cidrBlock": "0.0.0.0/0"},
            ),
            "network/no-open-acl",
        ),
    ),
    *on(
        "default_7_51_1",
        ("", Node("pulumi:providers:aws", {"region": "us-east-1"}), "governance/explicit-provider"),
    ),
)
