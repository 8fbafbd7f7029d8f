"""The seventh set, its last part: dev, prod before its first image, and the account as it is really planned with all rows on."""

from __future__ import annotations

import json
from typing import Any

from tests.account.tables import ALL_ON
from tests.policy.attacks import ACCOUNT, ARN, at, attack
from tests.policy.attacks_seventh import UNTIL_DECEMBER, planned, taken
from tests.policy.builders import TAGS
from tests.policy.in_memory import account_of, nodes_of
from tests.policy.planned import Edit

STARTED_UNBUILT = (
    attack(
        "an engine before there is an image",
        "Tasks run while all alarms still take silence for well: nobody scores what is bred.",
        (
            taken("compute-engine-task", "prod"),
            taken("compute-engine-service", "prod"),
        ),
        "alarms/running-tasks",
        "alarms/safety-score-average",
        "alarms/safety-score-minimum",
        "environment/scale-bounds",
        "workload/reserved-executions",
        "workload/safety-monitor",
    ),
)
ENDPOINTS = (
    *(f"network-{service}-endpoint" for service in ("ecr.api", "ecr.dkr", "monitoring", "secretsmanager", "logs")),
    "network-endpoints-from-vpc",
)
OTHERS_DEV = (
    attack(
        "dev records all prompts of the account",
        "Bedrock has one setting an account and region: what the account records for a year goes into dev's group for a week.",
        tuple(
            taken(f"agentcore-prompts-{part}", "dev", **props)
            for part, props in (
                ("logs", {"retentionInDays": 7, "deletionProtectionEnabled": False}),
                ("logs-masks", {}),
                ("role", {}),
                ("role-grants", {}),
                ("record", {}),
            )
        ),
        "agentcore/prompts-recorded",
        "approved/order",
        "approved/presence",
    ),
    attack(
        "dev has prod's endpoints",
        "The table names none for dev; each is paid by the hour in three zones.",
        (
            *(
                taken(f"network-{part}", "dev", tagsAll={**TAGS, "Environment": "dev"}, **props)
                for part, props in (
                    ("endpoints-group", {}),
                    ("endpoints-from-vpc", {"cidrIpv4": "10.10.0.0/16"}),
                    ("ecr.api-endpoint", {}),
                    ("ecr.dkr-endpoint", {}),
                    ("monitoring-endpoint", {}),
                    ("secretsmanager-endpoint", {}),
                    ("logs-endpoint", {}),
                )
            ),
            *(
                at(one, "dependsOn", (*planned("dev")[one].depends_on, *ENDPOINTS))
                for one in (
                    "agentcore-handler",
                    "agentcore-policy-engine",
                    "agentcore-runtime",
                    "compute-engine-service",
                    "compute-monitor-service",
                )
            ),
        ),
        "network/endpoints",
    ),
)
"""Other stacks: prod before its first image, and dev."""

REAL = nodes_of(account_of(**ALL_ON))


def allowed(resource: str, action: Any, on: str) -> Edit:
    return at(resource, "policy.Statement.+", {"Effect": "Allow", "Action": action, "Resource": on})


def of_account(resource: str) -> list[dict[str, Any]]:
    return json.loads(REAL[resource].props["policy"])["Statement"]


DELETES = "policy.Statement.0.Condition.ArnNotEquals.aws:PrincipalArn.+"
REPOSITORY = "repo:example-org@1234567/evolution-system@7654321"


def taken_by(resource: str, sub: str) -> Edit:
    statement = json.loads(REAL[resource].props["assumeRolePolicy"])["Statement"][0]
    issuer = "token.actions.githubusercontent.com"
    return at(
        resource,
        "assumeRolePolicy.Statement.0.Condition.StringEquals",
        {**statement["Condition"]["StringEquals"], f"{issuer}:sub": f"{REPOSITORY}:{sub}"},
    )


OPENED_ACCOUNT = (
    attack(
        "prod is deployed by dev's workflows",
        "Who may deploy dev deploys prod, past its reviewers.",
        taken_by("access-prod-deploy", "environment:dev"),
        "approved/new-access",
    ),
    attack(
        "images of pull requests",
        "Whoever opens a pull request pushes prod's image.",
        taken_by("access-prod-image", "pull_request"),
        "approved/new-access",
    ),
    attack(
        "dev's pipeline turns on prod's tables",
        "A branch of anybody's empties prod's state: dev deploys without a reviewer.",
        allowed(
            "access-dev-deploy-1",
            ["dynamodb:DeleteItem", "dynamodb:UpdateTimeToLive"],
            ARN.format("dynamodb", "table/evolution-state-prod"),
        ),
        "approved/duties",
    ),
    attack(
        "the nightly look reads the key",
        "What only compares the plan with AWS may read what champions are signed with.",
        allowed(
            "access-prod-drift-1", "secretsmanager:GetSecretValue", ARN.format("secretsmanager", "secret:EvolutionSafetyConfig-prod-??????")
        ),
        "approved/duties",
    ),
    attack(
        "who pushes images deletes them",
        "The image that bred a champion is gone for good.",
        allowed("access-prod-image-1", "ecr:BatchDeleteImage", ARN.format("ecr", "repository/evolution-engine-prod")),
        "approved/duties",
    ),
    attack(
        "a deployment invokes the trigger",
        "Whoever deploys starts evolutions as often as they like.",
        allowed("access-prod-deploy-1", "lambda:InvokeFunction", ARN.format("lambda", "function:evolution-trigger-prod")),
        "approved/duties",
    ),
    attack(
        "a deployment deletes old states",
        "The state of before, and all that it says of the stack, is gone.",
        at("state-bucket-policy", DELETES, f"arn:aws:iam::{ACCOUNT}:role/account-deploy-prod"),
        "approved/new-access",
    ),
    attack(
        "a deployment administers the states' key",
        "Whoever deploys dev may delete the key of all states and records.",
        at("state-key", "policy.Statement.0.Condition.ArnEquals.aws:PrincipalArn.+", f"arn:aws:iam::{ACCOUNT}:role/account-deploy-dev"),
        "approved/new-access",
    ),
    attack(
        "a boundary without its denials",
        "Deployments may write the mode, and make policies of their own.",
        at("access-prod-boundary", "policy.Statement", [one for one in of_account("access-prod-boundary") if one["Effect"] == "Allow"]),
        "identity/models",
        "identity/no-wildcard-action",
        "identity/no-wildcard-resource",
    ),
    attack(
        "the records' own accesses are logged by nobody",
        "Who read or deleted records isn't written down.",
        at(
            "state-access-logs-policy",
            "policy.Statement.0.Condition.ArnLike.aws:SourceArn",
            f"arn:aws:s3:::account-state-{ACCOUNT}-us-east-1",
        ),
        "approved/guards",
    ),
    attack(
        "the trail may write until December",
        "From a day on nothing that is done in the account is written down.",
        at(
            "watch-records-policy",
            "policy.Statement",
            [
                {**one, "Condition": {**one["Condition"], **UNTIL_DECEMBER}} if one["Effect"] == "Allow" else one
                for one in of_account("watch-records-policy")
            ],
        ),
        "approved/guards",
    ),
    attack(
        "the trail may encrypt until December",
        "From a day on nothing that is done in the account is written down.",
        at(
            "state-key",
            "policy.Statement",
            [
                {**one, "Condition": {**one["Condition"], **UNTIL_DECEMBER}} if "TrailEncrypts" in str(one.get("Sid")) else one
                for one in of_account("state-key")
            ],
        ),
        "approved/guards",
    ),
)
"""What prepares the account, as it is really planned with all rows on."""
