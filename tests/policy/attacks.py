"""Unsafe edits by somebody who knows the finished pack and tries to get past it: what a pull request would change, and what that achieves.

Each is another idea, and none is an edit of the other tables. They are data, so that the real engine can be given them, too.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from tests.policy.builders import TAGS, Node
from tests.policy.planned import Edit

ACCOUNT, OTHER = "000000000000", "999999999999"
ARN = "arn:aws:{}:us-east-1:000000000000:{}"
FOREIGN = "arn:aws:{}:us-east-1:999999999999:{}"
FUNCTION = ARN.format("lambda", "function:{}")
RESUME, SWITCH = FUNCTION.format("evolution-resume-prod"), FUNCTION.format("evolution-safety-switch-prod")
TOPIC = ARN.format("sns", "evolution-system-alerts-prod")
DEAD_LETTERS = ARN.format("sqs", "evolution-dead-letters-prod")
ROLE = f"arn:aws:iam::{ACCOUNT}:role/{{}}-prod-us-east-1"
ARTIFACTS = f"evolution-artifacts-prod-{ACCOUNT}-us-east-1"
ENGINE = "service/evolution-system-prod/evolution-engine-prod"


@dataclass(frozen=True, kw_only=True)
class Attack:
    """One unsafe change.

    Attributes:
        name: what is changed.
        achieves: what whoever makes it gets by it.
        edits: of the plan; they fire what `fires` holds together.
        fires: the rules that must fire, all of them.
    """

    name: str
    achieves: str
    edits: tuple[Edit, ...]
    fires: frozenset[str]


def attack(name: str, achieves: str, edits: Edit | tuple[Edit, ...], *fires: str) -> Attack:
    return Attack(name=name, achieves=achieves, edits=edits if isinstance(edits, tuple) else (edits,), fires=frozenset(fires))


def at(resource: str, path: str, value: Any) -> Edit:
    """One property of a resource is another. `+` is a list's next entry."""
    return Edit(resource, path, value, frozenset())


def new(called: str, kind: str, /, **props: Any) -> Edit:
    """A resource appears, with the stack's tags."""
    kind = kind if kind.startswith("pulumi") else f"aws:{kind}"
    tags = {} if kind.startswith("pulumi") else {"tagsAll": TAGS}
    return Edit(called, "", Node(kind, {**props, **tags}), frozenset())


def allowing(resource: str, action: Any, on: Any = "*", *, path: str = "policy.Statement.+", **more: Any) -> Edit:
    """A statement more in a document."""
    named = {} if "NotResource" in more else {"Resource": on}
    return at(resource, path, {"Effect": "Allow", "Action": action, **named, **more})


KEY_OF = ARN.format("kms", "key/*")
ALIAS = "alias/evolution-prod"

GRANTS = (
    attack(
        "objects everywhere but in one bucket",
        "The engine writes into whatever bucket takes it: data leaves.",
        allowing(
            "compute-engine-role-grants", "s3:PutObject", NotResource=f"arn:aws:s3:::evolution-access-logs-prod-{ACCOUNT}-us-east-1/*"
        ),
        "containment/grants",
        "identity/no-wildcard-resource",
    ),
    attack(
        "a namespace, if there is one",
        "The trigger publishes the safety score that it likes: requests that name no namespace pass, too.",
        allowing(
            "evolution-trigger-role-grants",
            "cloudwatch:PutMetricData",
            Condition={"StringEqualsIfExists": {"cloudwatch:namespace": "EvolutionSystem/Engine"}},
        ),
        "alarms/score-writers",
    ),
    attack(
        "all aliases of a key that has none",
        "ForAllValues holds for an absent key: the archiver decrypts with every key without an alias.",
        allowing(
            "evolution-archiver-role-grants",
            "kms:Decrypt",
            KEY_OF,
            Condition={"ForAllValues:StringEquals": {"kms:ResourceAliases": ALIAS}},
        ),
        "identity/no-wildcard-resource",
    ),
    attack(
        "the mode, for who has no tag",
        "The handler sets the mode to running; nobody has the tag that Null asks for.",
        allowing(
            "agentcore-handler-role-grants",
            "ssm:PutParameter",
            ARN.format("ssm", "parameter/evolution/prod/mode"),
            Condition={"Null": {"aws:PrincipalTag/halted": "true"}},
        ),
        "containment/grants",
    ),
    attack(
        "targets of any environment",
        "resume opens the autoscaling of every other stack of the account.",
        at(
            "evolution-resume-role-grants",
            "policy.Statement.3.Condition",
            {"StringLike": {"aws:ResourceTag/Project": "evolution-system", "aws:ResourceTag/Environment": "*?"}},
        ),
        "containment/grants",
    ),
    attack(
        "any secret, by a pattern",
        "What pulls the image reads every secret of the account.",
        allowing("compute-execution-role-grants", "secretsmanager:GetSecretValue", ARN.format("secretsmanager", "secret:*?")),
        "identity/no-wildcard-resource",
    ),
    attack(
        "a log group that the caller's tag names",
        "Who tags the session writes into any log group, and hides there what it does.",
        allowing(
            "network-flow-logs-role-grants", "logs:PutLogEvents", ARN.format("logs", "log-group:${aws:PrincipalTag/group, '/evolution'}:*")
        ),
        "approved/new-access",
    ),
    attack(
        "a denial whose condition always holds",
        "The switch can't set the engine's count to 0, for it calls from no network.",
        at(
            "evolution-safety-switch-role-grants",
            "policy.Statement.+",
            {
                "Effect": "Deny",
                "Action": "ecs:UpdateService",
                "Resource": "*",
                "Condition": {"StringNotEqualsIfExists": {"aws:SourceVpc": "vpc-0123456789abcdef0"}},
            },
        ),
        "alarms/switch-may-halt",
        "approved/guards",
    ),
    attack(
        "the schedule may start one version",
        "The schedule's call of the switch is refused, for it names no version.",
        at("evolution-scheduler-role-grants", "policy.Statement.0.Resource.1", f"{SWITCH}:1"),
        "alarms/switch-is-called",
        "approved/new-access",
    ),
    attack(
        "a boundary of AWS's own",
        "The engine's role is held to nothing but what power users are.",
        at("security-monitor-role", "permissionsBoundary", "arn:aws:iam::aws:policy/PowerUserAccess"),
        "identity/boundary",
    ),
    attack(
        "sessions of half a day",
        "Credentials that were taken last until long after the halt.",
        at("compute-engine-role", "maxSessionDuration", 43200),
        "approved/properties",
    ),
    attack(
        "a source, if there is one",
        "The scheduler acts for other accounts' schedules: the role's trust no longer wants a source.",
        at(
            "evolution-scheduler-role",
            "assumeRolePolicy.Statement.0.Condition",
            {"StringEqualsIfExists": {"aws:SourceAccount": ACCOUNT}, "ArnLikeIfExists": {"aws:SourceArn": "arn:aws:scheduler:*"}},
        ),
        "identity/trust-source",
    ),
    attack(
        "a second service takes the role",
        "Systems Manager runs documents with the archiver's rights.",
        at(
            "evolution-archiver-role",
            "assumeRolePolicy.Statement.0.Principal",
            {"Service": ["lambda.amazonaws.com", "ssm.amazonaws.com"]},
        ),
        "identity/trust-service",
    ),
    attack(
        "alarms of a second account",
        "Another account's alarms reach the topic, and wake or flood the switch.",
        at("monitoring-alerts-policy", "policy.Statement.0.Condition.StringEquals", {"aws:SourceAccount": [ACCOUNT, OTHER]}),
        "identity/one-account",
    ),
    attack(
        "the key for callers of two accounts",
        "Another account decrypts everything; the condition names ours, too.",
        at(
            "security-key",
            "policy.Statement.+",
            {
                "Effect": "Allow",
                "Principal": "*",
                "Action": "kms:Decrypt",
                "Resource": "*",
                "Condition": {"StringEquals": {"kms:CallerAccount": [ACCOUNT, OTHER]}},
            },
        ),
        "identity/one-account",
    ),
    attack(
        "whoever is called as the gateway",
        "A role with a fitting name asks the agents past the gateway.",
        at(
            "agentcore-runtime-policy",
            "policy.Statement.1.Condition",
            {"ArnNotLike": {"aws:PrincipalArn": f"arn:aws:iam::{ACCOUNT}:role/*gateway*"}},
        ),
        "agentcore/only-gateway",
    ),
    attack(
        "access logs of any bucket",
        "Other buckets' logs bury what the artifacts' say.",
        at("data-access-logs-policy", "policy.Statement.0.Condition.ArnLike", {"aws:SourceArn": "arn:aws:s3:::*"}),
        "approved/new-access",
    ),
    attack(
        "buckets invoke the trigger, whosever",
        "A bucket of any account starts evolutions: the permission has no source.",
        new(
            "trigger-permission",
            "lambda/permission:Permission",
            action="lambda:InvokeFunction",
            function="evolution-trigger-prod",
            principal="s3.amazonaws.com",
            statementId="BucketsInvoke",
        ),
        "workload/function-permission",
    ),
)
"""Access that looks narrow, or that a guard loses."""

FUNCTIONS = (
    attack(
        "the switch's success resumes",
        "Each halt is undone at once: what the switch returns goes to resume.",
        at("evolution-safety-switch-invocations", "destinationConfig.onSuccess", {"destination": RESUME}),
        "approved/properties",
    ),
    attack(
        "dead letters feed the switch",
        "The switch works off a queue, and is busy when it must halt.",
        new(
            "switch-reads-queue",
            "lambda/eventSourceMapping:EventSourceMapping",
            functionName="evolution-safety-switch-prod",
            eventSourceArn=DEAD_LETTERS,
        ),
        "containment/switch-and-resume",
        "network/own-parts",
    ),
    attack(
        "a runtime that stays as it is",
        "The switch runs on an old runtime for good.",
        new(
            "switch-runtime",
            "lambda/runtimeManagementConfig:RuntimeManagementConfig",
            functionName="evolution-safety-switch-prod",
            updateRuntimeOn="Manual",
            runtimeVersionArn="arn:aws:lambda:us-east-1::runtime:0123",
        ),
        "containment/known-types",
        "containment/switch-and-resume",
    ),
    attack(
        "another program for the switch",
        "A custom runtime runs whatever the archive holds.",
        at("evolution-safety-switch", "runtime", "provided.al2023"),
        "workload/function-form",
    ),
    attack(
        "modules from a folder that can be written",
        "The handler imports what an agent has left in /tmp.",
        at("agentcore-handler", "environment.variables.PYTHONPATH", "/tmp/modules"),
        "approved/what-runs",
    ),
    attack(
        "an alias that splits the traffic",
        "A tenth of the evolutions is started by code that nobody looks at.",
        new(
            "trigger-alias",
            "lambda/alias:Alias",
            functionName="evolution-trigger-prod",
            functionVersion="2",
            name="live",
            routingConfig={"additionalVersionWeights": {"1": 0.1}},
        ),
        "containment/known-types",
    ),
    attack(
        "a URL with IAM for the trigger",
        "Whoever holds a role of the account starts evolutions from anywhere.",
        new("trigger-url", "lambda/functionUrl:FunctionUrl", functionName="evolution-trigger-prod", authorizationType="AWS_IAM"),
        "approved/types",
    ),
    attack(
        "a schedule that resumes by JSON escapes",
        "Evolution resumes each hour; the function's name isn't there as text.",
        new(
            "hourly",
            "scheduler/schedule:Schedule",
            name="evolution-hourly-prod",
            groupName="evolution-prod",
            scheduleExpression="rate(1 hour)",
            flexibleTimeWindow={"mode": "OFF"},
            target={
                "arn": "arn:aws:scheduler:::aws-sdk:lambda:invoke",
                "roleArn": ROLE.format("evolution-scheduler"),
                "input": '{"FunctionName": "evolution\\u002dresume\\u002dprod"}',
            },
        ),
        "workload/schedule",
    ),
    attack(
        "the schedule ends",
        "After a day nobody looks each minute whether evolution is unsafe.",
        at("evolution-safety-switch-schedule", "endDate", "2026-12-01T00:00:00Z"),
        "workload/schedule",
    ),
    attack(
        "the mode is called otherwise",
        "The switch halts by a parameter that nobody reads: names differ by case.",
        at("evolution-mode", "name", "/evolution/prod/Mode"),
        "approved/choices",
        "workload/untouched-mode",
    ),
    attack(
        "another stack's mode",
        "Whoever deploys prod sets staging's mode to running, over its halt.",
        new(
            "staging-mode",
            "ssm/parameter:Parameter",
            name="/evolution/staging/mode",
            type="String",
            value="running",
            overwrite=True,
        ),
        "approved/properties",
    ),
)
"""What runs, what starts it, and what says whether it may."""
