"""The rest of the tenth set: agents, compute, the record, options, and what is new."""

from __future__ import annotations

import json
from typing import Any

from tests.policy.attacks import ACCOUNT, FOREIGN, OTHER, Attack, at, attack
from tests.policy.attacks_seventh import planned
from tests.policy.attacks_sixth import more
from tests.policy.attacks_tenth import bare
from tests.policy.builders import UNKNOWN

FENCE = planned("prod")["agentcore-gateway-permit"].props["definition"]["cedar"]["statement"]
HEADER = "X-Amzn-Bedrock-AgentCore-Runtime-Custom-Limits"

AGENTS: tuple[Attack, ...] = (
    attack(
        "a strong filter that is off",
        "PROMPT_ATTACK has the strength HIGH and isn't enabled for prompts: what agents read gives them orders.",
        (
            at("agentcore-guardrail", "contentPolicyConfig.filtersConfigs.0.inputEnabled", False),
            at("agentcore-guardrail-version", "description", "content 3f9c0a51d2e7"),
        ),
        "agentcore/guardrail-prompt-attack",
    ),
    attack(
        "a way beside the request's body",
        "The fence reads the body: a header that target and runtime hand on brings other limits to the agent, unjudged.",
        (
            at("agentcore-gateway-target", "metadataConfiguration", {"allowedRequestHeaders": [HEADER]}),
            at("agentcore-runtime", "requestHeaderConfiguration", {"requestHeaderAllowlists": [HEADER]}),
        ),
        "agentcore/gateway-callers",
        "agentcore/gateway-target",
    ),
    attack(
        "the limit of autonomy, in a comment",
        "Cedar ignores the rest of the line after //: the text has all bounds, and requests of any autonomy reach the agents.",
        at(
            "agentcore-gateway-permit",
            "definition.cedar.statement",
            FENCE.replace("  context.input has autonomy_percent", "  // context.input has autonomy_percent"),
        ),
        "agentcore/policies",
    ),
    attack(
        "a flood with an address of its own for each request",
        "The rate is counted by a header that the caller writes, and not at all without it: a flood is never blocked, and costs.",
        (
            at("security-web-acl", "rules.3.statement.rateBasedStatement.aggregateKeyType", "FORWARDED_IP"),
            at(
                "security-web-acl",
                "rules.3.statement.rateBasedStatement.forwardedIpConfig",
                {"headerName": "X-Forwarded-For", "fallbackBehavior": "NO_MATCH"},
            ),
        ),
        "agentcore/web-acl-rate",
    ),
    attack(
        "the rules of years ago",
        "A pinned version of the managed group gets no new rule: what has been known since then as an attack passes.",
        at("security-web-acl", "rules.0.statement.managedRuleGroupStatement.version", "Version_1.0"),
        "approved/properties",
    ),
)

AGENTS_DEV: tuple[Attack, ...] = (
    attack(
        "tokens of another issuer, at the runtime",
        "The runtime takes bearer tokens instead of signed requests: that issuer's callers ask the agents past gateway, fence and WAF.",
        at(
            "agentcore-runtime",
            "authorizerConfiguration",
            {
                "customJwtAuthorizer": {
                    "discoveryUrl": "https://login.example.net/.well-known/openid-configuration",
                    "allowedAudiences": ["agents"],
                }
            },
        ),
        "agentcore/gateway-callers",
    ),
)


def _container(task: str) -> dict[str, Any]:
    return json.loads(planned("prod")[task].props["containerDefinitions"])[0]


CASED = json.dumps([{**_container("compute-engine-task"), "User": "0:0", "ReadonlyRootFilesystem": False}])
"""The provider reads JSON in Go, which finds a field whatever the case of its name, and takes the last."""

UNTAGGED, RELEASES = json.loads(planned("prod")["compute-repository-lifecycle"].props["policy"])["rules"]
ARCHIVED = {
    "rulePriority": 2,
    "description": "Releases are cheaper in the archive",
    "selection": {
        "tagStatus": "tagged",
        "tagPatternList": ["*"],
        "countType": "sinceImagePushed",
        "countUnit": "days",
        "countNumber": 1,
    },
    "action": {"type": "transition", "targetStorageClass": "archive"},
}
PROBE = "import urllib.request as request; exec(request.urlopen('http://127.0.0.1:8000/health', timeout=4).read())"
FIRST = "/evolution/prod/mode:1"
"""A version of the parameter: the one that the deployment made, `running`."""

COMPUTE: tuple[Attack, ...] = (
    attack(
        "root, by a capital letter",
        "`user` stands there as reviewed, and `User` after it: the engine runs as root with a file system that it may write to.",
        at("compute-engine-task", "containerDefinitions", CASED),
        "environment/readable",
        "workload/not-root",
        "workload/read-only-root",
    ),
    attack(
        "the mode's first version",
        "Parameter Store takes name:version: engine and trigger read `running` for ever, whatever the switch has written.",
        (
            at("compute-engine-task", "containerDefinitions.0.environment.EVOLUTION_MODE_PARAMETER", FIRST),
            at("evolution-trigger", "environment.variables.EVOLUTION_MODE_PARAMETER", FIRST),
        ),
        "environment/functions-told",
        "environment/table-equality",
    ),
    attack(
        "a health check that does what it is told",
        "Each half minute, what the engine's port answers is run as Python, outside of the wall around what evolves.",
        at("compute-engine-task", "containerDefinitions.0.healthCheck.command", ["CMD", "python", "-c", PROBE]),
        "workload/command",
    ),
    attack(
        "a handler that remembers",
        "A durable function keeps what it was given and answered for 90 days: prompts, unmasked, for whoever may read executions.",
        at("agentcore-handler", "durableConfig", {"executionTimeout": 300, "retentionPeriod": 90}),
        "approved/properties",
    ),
    attack(
        "images in the archive",
        "Nothing is expired, and after a day no image can be pulled: the safety monitor can't start again, nor a release be rolled back.",
        at("compute-repository-lifecycle", "policy.rules", [UNTAGGED, ARCHIVED, {**RELEASES, "rulePriority": 3}]),
        "workload/images-kept",
    ),
    attack(
        "a scratch volume from somebody's snapshot",
        "Each engine finds the attacker's files in the folder that it may write to, on a disk that no key of the stack encrypts.",
        (
            at("compute-engine-task", "volumes", [{"name": "scratch", "configureAtLaunch": True}]),
            at(
                "compute-engine-service",
                "volumeConfiguration",
                {
                    "name": "scratch",
                    "managedEbsVolume": {
                        "roleArn": f"arn:aws:iam::{ACCOUNT}:role/ecsInfrastructureRole",
                        "snapshotId": "snap-0123456789abcdef0",
                        "encrypted": False,
                        "sizeInGb": 20,
                    },
                },
            ),
        ),
        "approved/properties",
        "containment/own-roles",
    ),
)

COMPUTE_STAGING: tuple[Attack, ...] = (
    attack(
        "engines that are never fewer",
        "The autoscaler only adds tasks: after one busy hour the maximum of engines runs on, and is billed, until a halt.",
        tuple(
            at(f"compute-engine-scaling-{metric}", "targetTrackingScalingPolicyConfiguration.disableScaleIn", True)
            for metric in ("cpu", "memory")
        ),
        "approved/properties",
    ),
)

MASKED_NUMBERS = ["arn:aws:dataprotection::aws:data-identifier/Ssn-US"]
HIDDEN = {"yAxis": "left", "visible": False}
SHOWN = [
    ["EvolutionSystem", "SafetyScore", "Environment", "prod", {"stat": "Average", "id": "m1", **HIDDEN}],
    ["EvolutionSystem", "SafetyScore", "Environment", "prod", {"stat": "Minimum", "id": "m2", **HIDDEN}],
    [{"expression": "m1 / m1", "label": "SafetyScore", "id": "e1", "yAxis": "left"}],
]

RECORD: tuple[Attack, ...] = (
    attack(
        "the tokens of another account",
        "The alarm sums metrics of an account that asks no model: an agent that asks in a loop is seen on the bill.",
        tuple(at("agentcore-model-tokens", f"metricQueries.{index}.accountId", OTHER) for index in (1, 2)),
        "alarms/model-tokens",
    ),
    attack(
        "masks for one kind of number",
        "Prompts are still masked, and only US social security numbers: keys, addresses and e-mails in them are read by all who read logs.",
        (
            at("agentcore-prompts-logs-masks", "policyDocument.Statement.0.DataIdentifier", MASKED_NUMBERS),
            at("agentcore-prompts-logs-masks", "policyDocument.Statement.1.DataIdentifier", MASKED_NUMBERS),
        ),
        "approved/presence",
    ),
    attack(
        "errors of an alias that isn't there",
        "With the dimension Resource the alarm counts calls by that alias, and there are none: a switch that fails fails unheard.",
        at(
            "monitoring-safety-switch-errors",
            "dimensions",
            {"FunctionName": "evolution-safety-switch-prod", "Resource": "evolution-safety-switch-prod:live"},
        ),
        "approved/choices",
    ),
    attack(
        "a budget of another view",
        "The budget counts the costs of a custom billing view, which somebody else fills, or doesn't: nothing ever exceeds it.",
        at(
            "monitoring-budget",
            "billingViewArn",
            f"arn:aws:billing::{ACCOUNT}:billingview/custom-3b1c9d5e-7f2a-4c6d-8e9f-0a1b2c3d4e5f",
        ),
        "approved/properties",
    ),
    attack(
        "a score that is always one",
        "The score is in the widget and hidden; the line that is drawn under its name is the score divided by itself.",
        at("monitoring-dashboard", "dashboardBody.widgets.0.properties.metrics", SHOWN),
        "alarms/dashboard",
    ),
    attack(
        "access logs that must say whose they are",
        "S3's log delivery sends no ACL header: the condition that reads like CloudTrail's example keeps every access log out.",
        at(
            "data-access-logs-policy",
            "policy.Statement.0.Condition.StringEquals",
            {"aws:SourceAccount": ACCOUNT, "s3:x-amz-acl": "bucket-owner-full-control"},
        ),
        "approved/guards",
    ),
    attack(
        "attacks whose text is substituted",
        "WAF's log and samples have neither body nor query, nor what a rule found in them: nobody can tell afterwards what was tried.",
        at(
            "security-web-acl",
            "dataProtectionConfig",
            {
                "dataProtections": [
                    {"action": "SUBSTITUTION", "field": {"fieldType": kind}, "excludeRuleMatchDetails": False}
                    for kind in ("BODY", "QUERY_STRING")
                ]
            },
        ),
        "approved/properties",
    ),
)

OPTIONS: tuple[Attack, ...] = (
    attack(
        "everything of the topic's policy is ignored",
        "What somebody has written there by hand stays: the topic refuses alarms, and no deployment or audit sets it right.",
        at("monitoring-alerts-policy", "ignoreChanges", ("*",)),
        "approved/options",
    ),
    attack(
        "agents before their masks",
        "The endpoint doesn't wait for its log group's data protection: what agents write until then, or if that fails, is in clear.",
        at("agentcore-runtime-endpoint", "dependsOn", ("agentcore-runtime",)),
        "approved/order",
    ),
    attack(
        "another address of Secrets Manager",
        "The provider asks a stranger's host for the random password and sends it the secret: he signs promotions.",
        at("aws", "endpoints", json.dumps([{"secretsmanager": "https://secretsmanager.us-east-1.example.net"}])),
        "approved/properties",
    ),
)

OPTIONS_STAGING: tuple[Attack, ...] = (
    attack(
        "staging's log delivery under prod's name",
        "PutResourcePolicy writes over the policy of that name: it names staging's group only, and prod's gateway delivers no logs.",
        at("agentcore-gateway-logs-policy", "policyName", "evolution-gateway-logs-prod"),
        "approved/choices",
    ),
)

TRANSIT = "tgw-0123456789abcdef0"

NEW: tuple[Attack, ...] = (
    attack(
        "a leg of somebody's transit gateway",
        "Every network that is attached to that gateway, now or later, reaches the private subnets and is reached: no NAT, no firewall.",
        (
            more(
                "network-office",
                "ec2transitgateway/vpcAttachment:VpcAttachment",
                {"vpcId": ["network-vpc"], "subnetIds": ["network-private-0"]},
                vpcId=UNKNOWN,
                subnetIds=[UNKNOWN],
                transitGatewayId=TRANSIT,
            ),
            bare(
                "network-private-0-to-office",
                "ec2/route:Route",
                {"routeTableId": ["network-private-0-routes"]},
                routeTableId=UNKNOWN,
                destinationCidrBlock="10.0.0.0/8",
                transitGatewayId=TRANSIT,
            ),
        ),
        "approved/properties",
        "containment/known-types",
    ),
    attack(
        "a chat that may resume",
        "Whoever is in the channel hears the alarms and runs commands with that role: a halt is over when somebody there says so.",
        more(
            "monitoring-chat",
            "chatbot/slackChannelConfiguration:SlackChannelConfiguration",
            {"snsTopicArns": ["monitoring-alerts"]},
            configurationName="evolution-alerts-prod",
            iamRoleArn=f"arn:aws:iam::{ACCOUNT}:role/service-role/AWSChatbot-role",
            slackTeamId="T07EA123LEP",
            slackChannelId="C07EZ1ABC23",
            snsTopicArns=[UNKNOWN],
        ),
        "containment/known-types",
        "containment/own-roles",
    ),
    attack(
        "an endpoint to somebody's database",
        "An endpoint of the type Resource leads over PrivateLink to a host of another account: data leaves without NAT, name or policy.",
        more(
            "network-partner-endpoint",
            "ec2/vpcEndpoint:VpcEndpoint",
            {
                "vpcId": ["network-vpc"],
                "subnetIds": ["network-private-0"],
                "securityGroupIds": ["network-endpoints-group"],
            },
            vpcId=UNKNOWN,
            vpcEndpointType="Resource",
            resourceConfigurationArn=FOREIGN.format("vpc-lattice", "resourceconfiguration/rcfg-0123456789abcdef0"),
            subnetIds=[UNKNOWN],
            securityGroupIds=[UNKNOWN],
            privateDnsEnabled=True,
        ),
        "identity/own-policy",
        "network/endpoint",
        "network/endpoints",
    ),
)
