"""A tenth set of unsafe edits: grants and trust, the halt's way, the network, and what is kept."""

from __future__ import annotations

import copy
import json
from typing import Any

from tests.policy.attacks import ACCOUNT, ARN, Attack, allowing, at, attack
from tests.policy.attacks_seventh import KEY, planned, said
from tests.policy.builders import UNKNOWN, Node
from tests.policy.planned import Edit


def bare(called: str, kind: str, comes_from: dict[str, list[str]], /, **props: Any) -> Edit:
    """A resource appears that takes no tags."""
    return Edit(called, "", Node(f"aws:{kind}", props, comes_from), frozenset())


def moved(resource: str, comes_from: dict[str, list[str]], /, **props: Any) -> Edit:
    """A resource of prod whose values come from others."""
    node = copy.deepcopy(planned("prod")[resource])
    return Edit(
        resource,
        "",
        Node(node.type, {**node.props, **props}, {**node.references, **comes_from}, depends_on=node.depends_on),
        frozenset(),
    )


def numbered(resource: str, sid: str, key: str = "policy", stack: str = "prod") -> int:
    """Where the statement of a name stands in a planned document."""
    return next(index for index, one in enumerate(said(resource, key, stack)) if one.get("Sid") == sid)


def conditioned(resource: str, sid: str, condition: dict[str, Any], key: str = "policy") -> Edit:
    """The statement of a name holds under another condition."""
    return at(resource, f"{key}.Statement.{numbered(resource, sid, key)}.Condition", condition)


ARCHIVER_SESSION = f"arn:aws:sts::{ACCOUNT}:assumed-role/evolution-archiver-prod-us-east-1/evolution-archiver-prod"
DEAD_LETTERS = ARN.format("sqs", "evolution-dead-letters-prod")
GATEWAY_ROLE = f"arn:aws:iam::{ACCOUNT}:role/evolution-gateway-prod-us-east-1"
ANY_ALIAS = {"ForAnyValue:StringLike": {"kms:ResourceAliases": "alias/evolution-*"}}
NOT_TAGGED = {
    "ArnNotEquals": {"aws:PrincipalArn": GATEWAY_ROLE},
    "StringNotEquals": {"aws:PrincipalTag/Purpose": "AI Evolution System"},
}
BOUNDARY_USES_KEY = next(
    index
    for index, one in enumerate(said("security-boundary"))
    if one["Action"] == ["kms:Decrypt", "kms:GenerateDataKey"] and set(one["Condition"]) == {"ForAnyValue:StringEquals"}
)

GRANTS: tuple[Attack, ...] = (
    attack(
        "the switch's grants, on the role of resume",
        "Both inline policies are called `grants`: PutRolePolicy writes one over the other, and the switch's own role may do nothing.",
        moved("evolution-safety-switch-role-grants", {"role": ["evolution-resume-role"]}, role="evolution-resume-prod-us-east-1"),
        "alarms/switch-may-halt",
        "approved/guards",
        "approved/new-access",
        "workload/failures-granted",
    ),
    attack(
        "a session of the archiver empties the dead letters",
        "A resource's policy that names a role's session isn't held back by the role's boundary: the archiver deletes evidence.",
        allowing(
            "evolution-dead-letters-policy",
            ["sqs:ReceiveMessage", "sqs:DeleteMessage"],
            DEAD_LETTERS,
            Principal={"AWS": ARCHIVER_SESSION},
        ),
        "containment/resource-policies",
    ),
    attack(
        "the key for whatever role has such a name",
        "ArnLike with a star in the key's policy: a role that is made later, or that writes logs only, decrypts artifacts and settings.",
        conditioned(
            "security-key",
            "StackRolesUseData",
            {
                "StringEquals": said("security-key")[numbered("security-key", "StackRolesUseData")]["Condition"]["StringEquals"],
                "ArnLike": {"aws:PrincipalArn": f"arn:aws:iam::{ACCOUNT}:role/evolution-*-prod-us-east-1"},
            },
        ),
        "approved/new-access",
    ),
    attack(
        "a refusal of strangers that spares this program's own roles",
        "Operators of a condition are joined by and: each role has the tag, so whichever is granted it opens a shell past the gateway.",
        tuple(
            conditioned(policy, "NobodyElseAsks", NOT_TAGGED)
            for policy in ("agentcore-runtime-policy", "agentcore-runtime-endpoint-policy", "agentcore-runtime-default-policy")
        ),
        "agentcore/only-gateway",
    ),
    attack(
        "the key of any environment, in role and boundary",
        "The engine of prod decrypts by each key whose alias begins like its own: dev's and staging's tables and secrets are open to it.",
        (
            conditioned("compute-engine-role-grants", "UseKey", ANY_ALIAS),
            at("security-boundary", f"policy.Statement.{BOUNDARY_USES_KEY}.Condition", ANY_ALIAS),
        ),
        "identity/no-wildcard-resource",
    ),
    attack(
        "a hyphen less in the runtime's trust",
        "`runtime/evolution_prod*` is also the runtime evolution_prodx that somebody adds: it asks the model with this one's role.",
        at(
            "agentcore-runtime-role",
            "assumeRolePolicy.Statement.0.Condition.ArnLike",
            {"aws:SourceArn": ARN.format("bedrock-agentcore", "runtime/evolution_prod*")},
        ),
        "agentcore/own-role",
    ),
    attack(
        "an empty inline policy",
        "One empty block makes the provider's role exclusive: each `up` removes the switch's grants, which are another resource's.",
        at("evolution-safety-switch-role", "inlinePolicies", [{}]),
        "approved/properties",
    ),
)

HALT: tuple[Attack, ...] = (
    attack(
        "all three alarms at once",
        "AT_LEAST(3, …) names each safety alarm, and fires only when score, worst score and memory are out of bounds together.",
        at(
            "monitoring-unsafe",
            "alarmRule",
            'AT_LEAST(3, ALARM, ("evolution-safety-score-prod", "evolution-safety-score-worst-prod", "evolution-agent-memory-prod"))',
        ),
        "alarms/evolution-unsafe",
    ),
    attack(
        "memory in another unit",
        "An alarm with a unit sees only what is published in it: no agent is ever too large, for missing data is no breach.",
        at("monitoring-agent-memory", "unit", "Megabytes"),
        "alarms/agent-memory",
    ),
    attack(
        "a topic for short messages",
        "CloudWatch's message of a composite alarm is longer than 1 KiB: SNS refuses it, and neither switch nor people hear anything.",
        at("monitoring-alerts", "maximumMessageSize", 1024),
        "approved/properties",
    ),
    attack(
        "a schedule that begins in 2036",
        "The switch's schedule is enabled, each minute, and never runs: a lost message of the topic means no halt.",
        at("evolution-safety-switch-schedule", "startDate", "2036-01-01T00:00:00Z"),
        "containment/switch-settings",
    ),
    attack(
        "the schedules in another group",
        "The role trusts the group evolution-prod: from a group of another name nobody takes it on, and neither schedule invokes anything.",
        (
            at("evolution-schedules", "name", "evolution-halt-prod"),
            *(moved(f"evolution-{one}-schedule", {}, groupName="evolution-halt-prod") for one in ("safety-switch", "trigger")),
        ),
        "approved/choices",
        "approved/switch-settings",
    ),
    attack(
        "a star that stands for itself",
        "StringEquals knows no wildcards: no alarm is called `*`, so none may publish to the topic, and nothing says so.",
        conditioned(
            "monitoring-alerts-policy",
            "AlarmsPublish",
            {"StringEquals": {"aws:SourceAccount": ACCOUNT, "aws:SourceArn": ARN.format("cloudwatch", "alarm:*")}},
        ),
        "alarms/heard-by-topic",
        "approved/new-access",
    ),
    attack(
        "no parameter is overwritten",
        "The switch writes the mode with Overwrite: a Deny that reads like care leaves every halt without its mode.",
        at(
            "evolution-safety-switch-role-grants",
            "policy.Statement.+",
            {"Effect": "Deny", "Action": "ssm:PutParameter", "Resource": "*", "Condition": {"StringEquals": {"ssm:Overwrite": "true"}}},
        ),
        "alarms/switch-may-halt",
        "approved/guards",
    ),
)

HALT_UNBUILT: tuple[Attack, ...] = (
    attack(
        "a mode that is a list",
        "A list of one text reads as `running`. Its type is ignored from then on, and the switch writes a String: AWS refuses each halt.",
        at("evolution-mode", "type", "StringList"),
        "approved/choices",
    ),
)

NETWORK: tuple[Attack, ...] = (
    attack(
        "a firewall for one type of question",
        "Names outside of the list are blocked for A only: TXT, AAAA and NULL questions carry genomes out.",
        at("network-dns-block", "qType", "A"),
        "network/name-list",
    ),
    attack(
        "a block that leads somewhere",
        "Every name that isn't allowed is answered with a name of the attacker's, whose address then gets what was meant for it.",
        (
            at("network-dns-block", "blockResponse", "OVERRIDE"),
            at("network-dns-block", "blockOverrideDnsType", "CNAME"),
            at("network-dns-block", "blockOverrideDomain", "sinkhole.example.net"),
            at("network-dns-block", "blockOverrideTtl", 0),
        ),
        "approved/properties",
    ),
    attack(
        "whoever's own buckets, through the endpoint",
        "The variable is the caller's account, whichever it is: with keys of another account all that is bred is copied to a bucket there.",
        allowing(
            "network-s3-endpoint",
            ["s3:GetObject", "s3:PutObject"],
            "arn:aws:s3:::*",
            Principal="*",
            Condition={"StringEquals": {"aws:ResourceAccount": "${aws:PrincipalAccount}"}},
        ),
        "identity/no-public-access",
        "identity/no-wildcard-resource",
    ),
    attack(
        "a list of addresses of somebody else's",
        "Whoever owns the prefix list decides tomorrow which networks reach the endpoints, and no plan shows it.",
        bare(
            "network-endpoints-from-offices",
            "vpc/securityGroupIngressRule:SecurityGroupIngressRule",
            {"securityGroupId": ["network-endpoints-group"]},
            securityGroupId=UNKNOWN,
            description="HTTPS from the offices",
            prefixListId="pl-0123456789abcdef0",
            ipProtocol="tcp",
            fromPort=443,
            toPort=443,
        ),
        "governance/tags",
        "network/no-public-ingress",
    ),
    attack(
        "a rule that only watches",
        "ALERT answers and tells of it: it stands before the block of `*`, so every name resolves, and the block is never asked.",
        (
            at("network-dns-block", "priority", 3),
            bare(
                "network-dns-watch",
                "route53/resolverFirewallRule:ResolverFirewallRule",
                {"firewallRuleGroupId": ["network-dns-firewall"], "firewallDomainListId": ["network-dns-everything"]},
                name="watched",
                firewallRuleGroupId=UNKNOWN,
                firewallDomainListId=UNKNOWN,
                priority=2,
                action="ALERT",
                firewallDomainRedirectionAction="INSPECT_REDIRECTION_DOMAIN",
            ),
        ),
        "approved/choices",
        "network/name-list",
    ),
)

DATA: tuple[Attack, ...] = (
    attack(
        "one service more by which the account uses the key",
        "Whatever principal of the account may decrypt by its own policy now reads artifacts through S3, not the stack's roles alone.",
        at(
            "security-key",
            f"policy.Statement.{numbered('security-key', 'AccountCreatesEncryptedResources')}.Condition.StringEquals.kms:ViaService.+",
            "s3.us-east-1.amazonaws.com",
        ),
        "approved/new-access",
    ),
    attack(
        "the week of populations, for what was finished",
        "The rule that clears away populations has another prefix: finished evolutions are gone after a week, their versions a day later.",
        at("data-artifacts-lifecycle", "rules.1.filter.prefix", "e"),
        "approved/floors",
    ),
    attack(
        "keys that the caller brings",
        "NONE lifts S3's refusal of SSE-C: whoever may put objects writes them again under a key that only he has, and asks for money.",
        at("data-artifacts-encryption", "rules.0.blockedEncryptionTypes", ["NONE"]),
        "approved/properties",
    ),
    attack(
        "old TLS is refused, and nothing else",
        "Both conditions must hold, and a plain request has no TLS version: the Deny that looks stricter never denies plain HTTP.",
        at(
            "data-artifacts-policy",
            f"policy.Statement.{numbered('data-artifacts-policy', 'DenyPlainTransport')}.Condition",
            {"Bool": {"aws:SecureTransport": "false"}, "NumericLessThan": {"s3:TlsVersion": "1.2"}},
        ),
        "approved/new-access",
        "identity/tls-only",
    ),
    attack(
        "dead letters that hide",
        "Whoever looks at a message hides it for twelve hours, and the alarm counts visible ones: it is over as soon as somebody looks.",
        at("evolution-dead-letters", "visibilityTimeoutSeconds", 43200),
        "approved/properties",
    ),
)

DATA_UNBUILT: tuple[Attack, ...] = (
    attack(
        "a population that somebody else has bred",
        "The table is made from another account's bucket: evolution begins with his agents, under this stack's names.",
        at(
            "data-population",
            "importTable",
            {
                "inputFormat": "DYNAMODB_JSON",
                "s3BucketSource": {"bucket": "seeds-for-agents", "bucketOwner": "999999999999", "keyPrefix": "first/"},
            },
        ),
        "approved/properties",
    ),
    attack(
        "the validation key twice in the secret",
        "The first one is AWS's random password; json.loads takes the last, which is in the repository: whoever reads it signs champions.",
        at(
            "security-safety-settings-value",
            "secretStringWo",
            f'{{"safety_threshold": "0.8", "safety_validation_key": {json.dumps(KEY)}, "safety_validation_key": "{"k" * 32}"}}',
        ),
        "governance/json-keys",
    ),
)
