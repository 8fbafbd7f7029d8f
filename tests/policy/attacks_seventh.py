"""A seventh set of unsafe edits: names that go on after the stack's, what is told where, boundaries, trust, second policies."""

from __future__ import annotations

import base64
import copy
import json
import re
from collections.abc import Mapping
from functools import cache
from typing import Any

from tests.policy.attacks import ACCOUNT, ARN, at, attack
from tests.policy.attacks_sixth import more
from tests.policy.builders import UNKNOWN, Node, Nodes, document
from tests.policy.in_memory import nodes_of, stack_of
from tests.policy.planned import Edit

PROD = "prod"

KEY = "`!KVym7,47u3Zd=c1sj`MA8so1GXuG)l"
"""What champions are signed with in these edits: AWS makes it anew for each plan."""

SIGNED = at("security-safety-settings-value", "secretStringWo.safety_validation_key", KEY)


@cache
def planned(stack: str, image: bool = True) -> Nodes:
    return nodes_of(stack_of(stack)) if image else nodes_of(stack_of(stack, None))


def said(resource: str, key: str = "policy", stack: str = "prod") -> list[dict[str, Any]]:
    """The statements of a planned document."""
    return json.loads(planned(stack)[resource].props[key])["Statement"]


def without(resource: str, *actions: str, stack: str = "prod") -> Edit:
    """A document that allows some actions no more."""
    kept: list[dict[str, Any]] = []
    for one in said(resource, stack=stack):
        named = [one["Action"]] if isinstance(one["Action"], str) else one["Action"]
        if left := [name for name in named if name not in actions]:
            kept.append({**one, "Action": left})
    return at(resource, "policy.Statement", kept)


def taken(resource: str, stack: str, /, **props: Any) -> Edit:
    """A resource as prod has it, with a stack's name."""
    node = copy.deepcopy(planned(PROD)[resource])
    text = re.sub(rf"(?<=[/_\"-]){PROD}", stack, json.dumps(node.props))
    return Edit(resource, "", Node(node.type, {**json.loads(text), **props}, node.references, depends_on=node.depends_on), frozenset())


def narrowed(resource: str, key: str, condition: Mapping[str, Any], stack: str = "prod") -> Edit:
    """A document whose first statement holds under one condition more."""
    first, *rest = said(resource, key, stack)
    return at(resource, f"{key}.Statement", [{**first, "Condition": {**first.get("Condition", {}), **condition}}, *rest])


UNTIL_DECEMBER = {"DateLessThan": {"aws:CurrentTime": "2026-12-01T00:00:00Z"}}
TOLD = {"alarmActions": ["monitoring-alerts"], "okActions": ["monitoring-alerts"]}

NAMES = (
    attack(
        "the halting alarm of prod-eu",
        "`evolution-unsafe-prod-eu` has prod in its name: PutCompositeAlarm writes over the other stack's, whose switch sees no alarm.",
        more(
            "monitoring-letters-or-errors",
            "cloudwatch/compositeAlarm:CompositeAlarm",
            TOLD,
            "monitoring-dead-letters-depth",
            alarmName="evolution-unsafe-prod-eu",
            alarmRule='ALARM("evolution-dead-letters-depth-prod")',
            alarmActions=[UNKNOWN],
            okActions=[UNKNOWN],
        ),
        "approved/choices",
    ),
    attack(
        "the gateway's log of prod-eu",
        "PutDeliveryDestination updates a destination of that name: prod-eu's gateway log is delivered into prod's group.",
        more(
            "agentcore-gateway-log-eu",
            "cloudwatch/logDeliveryDestination:LogDeliveryDestination",
            {"deliveryDestinationConfiguration": ["agentcore-gateway-logs"]},
            name="evolution-gateway-prod-eu",
            deliveryDestinationType="CWL",
            deliveryDestinationConfiguration={"destinationResourceArn": UNKNOWN},
        ),
        "approved/choices",
    ),
    attack(
        "web ACL logs of prod-eu are delivered no more",
        "PutResourcePolicy writes over the policy of that name; prod-eu's has another group in it.",
        more(
            "security-delivery-eu",
            "cloudwatch/logResourcePolicy:LogResourcePolicy",
            {},
            policyName="evolution-web-acl-logs-prod-eu",
            policyDocument=json.dumps({"Version": "2012-10-17", "Statement": said("security-web-acl-log-delivery", "policyDocument")}),
        ),
        "approved/types",
    ),
    attack(
        "prod's key is prod-eu's, too",
        "Grants name a key by its alias: whoever holds prod-eu's grants decrypts what prod stores.",
        more(
            "security-key-of-eu", "kms/alias:Alias", {"targetKeyId": ["security-key"]}, name="alias/evolution-prod-eu", targetKeyId=UNKNOWN
        ),
        "approved/choices",
    ),
)
"""Stacks whose name begins with this one's."""

SECRETS = (
    attack(
        "the key in each e-mail about the score",
        "An alarm's description is in every message of the topic: whoever reads it signs champions.",
        (SIGNED, at("monitoring-safety-score", "alarmDescription", f"The score is too low. Champions are signed with {KEY}")),
        "environment/secret-repeated",
    ),
    attack(
        "a copy of the key beside the mode",
        "Whoever may read parameters of the stack signs champions.",
        (SIGNED, more("evolution-check", "ssm/parameter:Parameter", {}, name="/evolution/prod/check", type="String", value=KEY)),
        "environment/secret-repeated",
    ),
    attack(
        "the key on the dashboard",
        "Whoever may look at dashboards signs champions.",
        (
            SIGNED,
            at(
                "monitoring-dashboard",
                "dashboardBody.widgets.+",
                {"type": "text", "x": 0, "y": 99, "width": 6, "height": 3, "properties": {"markdown": f"Champions: `{KEY}`"}},
            ),
        ),
        "environment/secret-repeated",
    ),
)
SECRETS_DEV = (
    attack(
        "the key in a name",
        "Tags are read by whoever may list resources, and stand on bills.",
        (
            SIGNED,
            at("data-artifacts", "tags", {"Name": base64.b64encode(KEY.encode()).decode()}),
            at(
                "data-artifacts",
                "tagsAll",
                {**planned("dev")["data-artifacts"].props["tagsAll"], "Name": base64.b64encode(KEY.encode()).decode()},
            ),
        ),
        "environment/secret-repeated",
    ),
)
"""What is told where anybody reads it."""

BOUNDED = (
    attack(
        "no role may write the mode",
        "A role may do what both its grants and its boundary allow: the switch halts nothing, and each call of it fails.",
        without("security-boundary", "ssm:PutParameter"),
        "alarms/switch-may-halt",
        "approved/guards",
    ),
    attack(
        "no role may invoke a function",
        "The scheduler's grants are as they were; its boundary lets none of its calls reach the switch.",
        without("security-boundary", "lambda:InvokeFunction"),
        "alarms/switch-is-called",
        "approved/guards",
    ),
    attack(
        "agents may do what the switch may",
        "Beside the agents' own the boundary has the mode: one grant more and they resume.",
        at("agentcore-boundary", "policy.Statement.+", said("security-boundary")[13]),
        "approved/new-access",
    ),
)
BOUNDED_STAGING = (
    attack(
        "agents may write no log",
        "What the runtime and the handler log is refused by their boundary; nobody is told.",
        without("agentcore-boundary", "logs:PutLogEvents", stack="staging"),
        "approved/guards",
    ),
)
BOUNDED_UNBUILT = (
    attack(
        "flow logs under no key",
        "The boundary lets no role use the stack's key: who talked to whom is written nowhere.",
        at(
            "security-boundary",
            "policy.Statement",
            [
                one
                for one in json.loads(planned("prod", image=False)["security-boundary"].props["policy"])["Statement"]
                if "kms" not in json.dumps(one["Action"])
            ],
        ),
        "approved/guards",
    ),
)
"""What a boundary lets through, and no more."""

TRUSTED = (
    attack(
        "the switch's role until December",
        "Lambda takes the role on no more from a day on: no halt runs, and nothing of this deployment changes.",
        narrowed("evolution-safety-switch-role", "assumeRolePolicy", UNTIL_DECEMBER),
        "approved/guards",
    ),
    attack(
        "who records prompts must name an id",
        "Bedrock gives no external id when it takes a role on: prompts are recorded no more.",
        at(
            "agentcore-prompts-role",
            "assumeRolePolicy.Statement.0.Condition.StringEquals",
            {"aws:SourceAccount": ACCOUNT, "sts:ExternalId": "prompts"},
        ),
        "approved/guards",
    ),
)
TRUSTED_STAGING = (
    attack(
        "flow logs of one flow log that isn't there",
        "The service may take the role on for one flow log, which was deleted: nothing is written.",
        at(
            "network-flow-logs-role",
            "assumeRolePolicy.Statement.0.Condition.ArnLike.aws:SourceArn",
            ARN.format("ec2", "vpc-flow-log/fl-0123456789abcdef0"),
        ),
        "approved/guards",
    ),
)
"""Who may take a role on, and no more."""

POLICY = json.loads(planned("prod")["monitoring-alerts-policy"].props["policy"])["Statement"]
LETTERS = said("evolution-dead-letters-policy")
WHOLE_KEY = planned("prod")["security-key"].props["policy"]

SECONDS = (
    attack(
        "a second, smaller policy of the topic",
        "A topic has one policy, the last that was set: alarms may publish no more, and the pack sees both together.",
        more(
            "monitoring-alerts-of-budget",
            "sns/topicPolicy:TopicPolicy",
            {"arn": ["monitoring-alerts"]},
            "monitoring-alerts-policy",
            arn=UNKNOWN,
            policy=document(*(one for one in POLICY if one["Sid"] != "AlarmsPublish")),
        ),
        "approved/guards",
    ),
    attack(
        "a second, smaller policy of the dead letters",
        "A queue has one policy, the last that was set: what the topic couldn't deliver to the switch is lost.",
        more(
            "evolution-dead-letters-closed",
            "sqs/queuePolicy:QueuePolicy",
            {"queueUrl": ["evolution-dead-letters"]},
            "evolution-dead-letters-policy",
            queueUrl=UNKNOWN,
            policy=document(LETTERS[1]),
        ),
        "approved/guards",
    ),
    attack(
        "alarms may use another key",
        "A new key allows what the topic's own allows no more: CloudWatch can't publish, and the pack sees both together.",
        (
            at("security-key", "policy.Statement", [one for one in said("security-key") if one["Sid"] != "AlarmsPublishToTopic"]),
            Edit(
                "security-spare-key",
                "",
                Node(
                    "aws:kms/key:Key",
                    {**copy.deepcopy(planned("prod")["security-key"].props), "policy": WHOLE_KEY},
                    protect=True,
                ),
                frozenset(),
            ),
            more(
                "security-spare-alias",
                "kms/alias:Alias",
                {"targetKeyId": ["security-spare-key"]},
                name="alias/evolution-spare-prod",
                targetKeyId=UNKNOWN,
            ),
        ),
        "alarms/heard-by-topic",
        "approved/guards",
        "encryption/key-used",
    ),
    attack(
        "another program's gateway is closed",
        "The policy refers to this stack's gateway by its name, and is put on billing's: nobody may ask that.",
        more(
            "agentcore-billing-policy",
            "bedrock/agentcoreResourcePolicy:AgentcoreResourcePolicy",
            {"resourceArn": ["agentcore-gateway"], "policy": ["agentcore-gateway"]},
            resourceArn=ARN.format("bedrock-agentcore", "gateway/billing-abcdefghij"),
            policy=document(
                {
                    "Effect": "Deny",
                    "Principal": "*",
                    "Action": "bedrock-agentcore:InvokeGateway",
                    "Resource": ARN.format("bedrock-agentcore", "gateway/billing-abcdefghij"),
                }
            ),
        ),
        "agentcore/only-handler",
    ),
)
"""A second policy of what has one."""
