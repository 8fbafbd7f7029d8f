"""Edits of the network, each with the exact rules that must fire."""

from __future__ import annotations

from tests.policy.builders import TAGS, UNKNOWN, Node
from tests.policy.planned import DELETED, GONE, Edit, Refer, on

NAMES, MODELS = "network/name-list", "network/model-endpoint"

EDITS: tuple[Edit, ...] = (
    *on(
        "network-bedrock-runtime-endpoint",
        ("", DELETED, "network/endpoints", MODELS),
        ("serviceName", "com.amazonaws.us-east-1.bedrock", "network/endpoints", MODELS),
        ("policy.Statement.0.Action", "bedrock:GetGuardrail", MODELS),
        ("policy.Statement.0.Condition.StringLike", GONE, "agentcore/model"),
        ("policy.Statement.1.Condition", {"StringEquals": {"aws:PrincipalAccount": "000000000000"}}, "agentcore/model"),
        ("privateDnsEnabled", False, "network/endpoint"),
    ),
    *on("network-dns-fails-closed", ("firewallFailOpen", "ENABLED", NAMES), ("firewallFailOpen", UNKNOWN, NAMES), ("", DELETED)),
    *on("network-dns-association", ("vpcId", "vpc-0123456789abcdef0", NAMES), ("", DELETED, NAMES)),
    *on("network-dns-firewall", ("", DELETED, NAMES)),
    *on(
        "network-dns-block",
        ("action", "ALERT", NAMES),
        ("action", "ALLOW", NAMES),
        ("priority", 0, NAMES),
        ("qType", "A", NAMES),
        ("firewallDomainListId", Refer("network-dns-allowed"), NAMES, "network/names-kept"),
        ("", DELETED, NAMES),
    ),
    *on("network-dns-allow", ("priority", 3, NAMES), ("firewallDomainListId", Refer("network-dns-everything"), NAMES)),
    *on("network-dns-allowed", ("domains", ["*"], NAMES), ("domains", ["*.com"], NAMES), ("domains", UNKNOWN, NAMES)),
    *on("network-dns-everything", ("domains", ["example.com"], NAMES)),
    *on(
        "network-vpc",
        ("", DELETED, "network/own-network"),
        ("enableDnsSupport", False, "network/names-resolve"),
        ("enableDnsHostnames", False, "network/names-resolve"),
        ("tagsAll.Project", "x", "governance/tags"),
    ),
    *on(
        "network-default-group",
        ("ingress", [{"protocol": "-1", "fromPort": 0, "toPort": 0, "self": True}], "network/default-group-closed"),
        ("egress", [{"protocol": "-1", "fromPort": 0, "toPort": 0, "cidrBlocks": ["0.0.0.0/0"]}], "network/default-group-closed"),
        ("", DELETED, "network/default-group"),
    ),
    *on(
        "network-private-0",
        ("mapPublicIpOnLaunch", True, "network/no-public-subnet"),
        ("assignIpv6AddressOnCreation", True, "network/no-public-subnet"),
    ),
    *on(
        "network-private-0-to-nat",
        ("gatewayId", Refer("network-internet-gateway"), "network/private-placement"),
    ),
    *on(
        "network-private-0-routes",
        ("routes", Refer("network-internet-gateway"), "network/private-placement"),
    ),
    *on(
        "network-private-0-association",
        ("routeTableId", Refer("network-public-routes"), "network/private-placement"),
    ),
    *on(
        "network-flow-logs",
        ("trafficType", "REJECT", "network/flow-logs"),
        ("vpcId", GONE, "network/flow-logs"),
        ("logDestination", "arn:aws:s3:::elsewhere", "network/flow-log-destination"),
        ("logDestinationType", "s3", "network/flow-log-destination"),
        ("", DELETED, "network/flow-logs"),
    ),
    *on(
        "network-s3-endpoint",
        ("policy", GONE, "identity/own-policy", "network/endpoints"),
        ("routeTableIds", [], "network/endpoints"),
        ("", DELETED, "network/endpoints"),
        ("serviceName", "com.amazonaws.us-east-1.ec2", "network/endpoints"),
    ),
    *on(
        "network-logs-endpoint",
        ("privateDnsEnabled", False, "network/endpoint"),
        ("securityGroupIds", [], "network/endpoint"),
        ("subnetIds", Refer("network-public-0"), "network/private-placement"),
        ("vpcEndpointType", "VPC", "network/endpoint"),
        ("", DELETED, "network/endpoints"),
    ),
    *on(
        "network-endpoints-group",
        ("ingress", [{"protocol": "tcp", "fromPort": 443, "toPort": 443, "cidrBlocks": ["0.0.0.0/0"]}], "network/no-public-ingress"),
        ("egress", [{"protocol": "-1", "fromPort": 0, "toPort": 0, "cidrBlocks": ["0.0.0.0/0"]}], "network/narrow-egress"),
    ),
    *on(
        "network-endpoints-from-vpc",
        ("cidrIpv4", "0.0.0.0/0", "network/no-public-ingress"),
        ("cidrIpv6", "::/0", "network/no-public-ingress"),
        ("cidrIpv4", "10.0.0.0/8", "network/own-callers"),
        ("prefixListId", "pl-123", "network/no-public-ingress"),
        ("ipProtocol", "-1", "network/named-ports"),
    ),
    *on(
        "network-nat-0",
        ("tagsAll.ManagedBy", "hand", "governance/tags"),
        ("region", "us-west-2", "governance/region"),
        ("region", UNKNOWN, "governance/region"),
    ),
    *on(
        "network-nat-0-address",
        ("tagsAll.Purpose", GONE, "governance/tags"),
    ),
    *on(
        "network-internet-gateway",
        ("tagsAll.Purpose", "Other", "governance/tags"),
    ),
    *on(
        "network-public-routes",
        ("tagsAll", GONE, "governance/tags"),
    ),
    *on(
        "network-dynamodb-endpoint",
        ("routeTableIds", GONE, "network/endpoints"),
    ),
    *on("spare-balancer", ("", Node("aws:alb/loadBalancer:LoadBalancer", {"internal": False, "tagsAll": TAGS}), "containment/known-types")),
)
