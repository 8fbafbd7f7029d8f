"""The sixth set, its last part: what stands beside a reference or is computed from the right one, and grants that a record rests on."""

from __future__ import annotations

from tests.policy.attacks import ARN, FUNCTION, at, attack
from tests.policy.attacks_sixth import more
from tests.policy.builders import UNKNOWN

SOMEBODYS = ARN.format("sns", "billing-alerts-prod")
GROUP = "sg-0123456789abcdef0"
MODE = ARN.format("ssm", "parameter/evolution/prod/mode")
PROMPTS = ARN.format("logs", "log-group:/evolution/prod/prompts:log-stream:aws/bedrock/modelinvocations")

TAKEN = (
    attack(
        "the engine may publish nothing",
        "The alarm on an agent's memory, which takes silence for well, never halts anything any more; the engine evolves on.",
        at("compute-engine-role-grants", "policy.Statement.5", {"Effect": "Allow", "Action": "ssm:GetParameter", "Resource": MODE}),
        "approved/guards",
    ),
    attack(
        "what the engine says of itself doesn't pass the endpoint",
        "The endpoint refuses the engine's namespace: the memory of agents is published nowhere, and silence is no alarm.",
        at("network-monitoring-endpoint", "policy.Statement.0.Condition.StringEquals.cloudwatch:namespace", "EvolutionSystem"),
        "approved/guards",
    ),
    attack(
        "the halting alarm tells another topic, too, when it is over",
        "Whatever listens to billing's topic may act on the end of a halt, such as by resuming.",
        at("monitoring-unsafe", "okActions.+", SOMEBODYS),
        "approved/choices",
    ),
    attack(
        "a second group for the engine",
        "Beside the stack's group stands one of nobody's: what it opens, and lets out, is open.",
        at("compute-engine-service", "networkConfiguration.securityGroups.+", GROUP),
        "approved/choices",
    ),
    attack(
        "a fourth subnet, of somebody's",
        "Some of the engine's tasks run in a subnet that was made by hand in the same VPC, with routes of its own.",
        at("compute-engine-service", "networkConfiguration.subnets.+", "subnet-0123456789abcdef0"),
        "approved/choices",
    ),
    attack(
        "a way into the endpoints",
        "A group beside the endpoints' own lets in whom it likes.",
        at("network-logs-endpoint", "securityGroupIds.+", GROUP),
        "approved/choices",
    ),
    attack(
        "prompts that may not be encrypted",
        "Bedrock's role may use no key, so CloudWatch takes none of its records in a group that has one: prompts are lost.",
        at("agentcore-prompts-role-grants", "policy.Statement.1", {"Effect": "Allow", "Action": "logs:PutLogEvents", "Resource": PROMPTS}),
        "approved/guards",
    ),
    attack(
        "the actual cost goes to another topic",
        "That evolution spent its month's money is told to nobody here; the forecast still is.",
        at("monitoring-budget", "notifications.1.subscriberSnsTopicArns", [SOMEBODYS]),
        "approved/choices",
    ),
    attack(
        "another guardrail by its id",
        "The runtime asks with a guardrail that somebody made by hand, with the stack's tags, and that refuses nothing.",
        at("agentcore-runtime", "environmentVariables.BEDROCK_GUARDRAIL_ID", "abcdefghij"),
        "approved/what-runs",
    ),
    attack(
        "a destination that is computed from the right one",
        "Who talked to whom is written into another program's log group; the program still depends on its own.",
        more(
            "network-flow-logs",
            "ec2/flowLog:FlowLog",
            {"vpcId": ["network-vpc"], "iamRoleArn": ["network-flow-logs-role"], "logDestination": ["network-flow-logs-group"]},
            "network-flow-logs-role-grants",
            vpcId=UNKNOWN,
            iamRoleArn=UNKNOWN,
            logDestination=ARN.format("logs", "log-group:/billing/prod"),
            logDestinationType="cloud-watch-logs",
            trafficType="ALL",
            maxAggregationInterval=600,
        ),
        "approved/choices",
    ),
    attack(
        "a version of the switch that its schedule may not call",
        "The target is the switch's ARN with a version behind it: each minute's call is refused, and a failed halt isn't repeated.",
        at("evolution-safety-switch-schedule", "target.arn", FUNCTION.format("evolution-safety-switch-prod:1")),
        "approved/choices",
    ),
    attack(
        "the gateway's log is delivered to billing",
        "Who asked what of the agents is written where another program reads it, and nowhere else.",
        more(
            "agentcore-gateway-logs-delivery",
            "cloudwatch/logDelivery:LogDelivery",
            {"deliverySourceName": ["agentcore-gateway-logs-source"], "deliveryDestinationArn": ["agentcore-gateway-logs-destination"]},
            "agentcore-gateway-logs-policy",
            deliverySourceName="evolution-gateway-prod",
            deliveryDestinationArn=ARN.format("logs", "delivery-destination:billing"),
        ),
        "approved/choices",
    ),
    attack(
        "tables under another program's key",
        "Whoever administers billing's key can lose, or stop, every generation.",
        at("data-state", "serverSideEncryption.kmsKeyArn", ARN.format("kms", "key/11111111-2222-4333-8444-555555555555")),
        "approved/choices",
    ),
)
"""What isn't, or isn't only, what it is taken over from; and what a record or an alarm lacks."""
