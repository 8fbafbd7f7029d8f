"""Security: the key, the safety settings, the permissions boundary, the safety monitor's role, and the web ACL."""

from __future__ import annotations

import json
from dataclasses import dataclass

import pulumi
import pulumi_aws as aws

from components import boundary, iam, resource_policies
from components.component import ServiceRole, kept, log_group, permissions_boundary, service_role
from components.environment import Limits, Retention
from components.naming import Names

KEY_ROTATION_DAYS = 365
"""A year, KMS's default, written down so that a change shows in a review."""

LONGEST_WINDOW_DAYS = 30
"""The longest recovery window of KMS and Secrets Manager."""

SHORTEST_KEY_WINDOW_DAYS = 7
"""The shortest recovery window of KMS."""

REQUESTS_PER_ADDRESS = 2000
"""Requests in five minutes from one address before WAF blocks it: far more than an agent makes, and far less than a flood."""

MANAGED_RULE_GROUPS = (
    "AWSManagedRulesCommonRuleSet",
    "AWSManagedRulesKnownBadInputsRuleSet",
    "AWSManagedRulesAmazonIpReputationList",
)

COUNTED_RULES = {
    "AWSManagedRulesCommonRuleSet": (
        "CrossSiteScripting_BODY",
        "EC2MetaDataSSRF_BODY",
        "GenericLFI_BODY",
        "GenericRFI_BODY",
        "SizeRestrictions_BODY",
    ),
    "AWSManagedRulesKnownBadInputsRuleSet": ("JavaDeserializationRCE_BODY", "Log4JRCE_BODY", "ReactJSRCE_BODY"),
}
"""Rules that count and don't block: all those on bodies. A prompt is text about anything, and HTML, a path with `../` or a URL in it is no
attack on a program that hands it to a model. Source: WAF developer guide, "Baseline rule groups"."""

LARGEST_BODY_BYTES = 16 * 1024
"""Of a request to the agents. dev's agents, the largest, hold half of it; and WAF sees no more of a body in front of an AgentCore gateway,
unless the web ACL's association configuration says so, which pulumi-aws doesn't offer for gateways (7.51). The handler refuses more by
itself. Source: WAF developer guide, "Considerations for managing body inspection"."""


@dataclass(frozen=True, kw_only=True)
class SecurityArgs:
    """The arguments of the security layer."""

    names: Names
    limits: Limits
    retention: Retention


class Security(pulumi.ComponentResource):
    """The layer that all others depend on."""

    key_arn: pulumi.Output[str]
    boundary_arn: pulumi.Output[str]
    monitor_role: ServiceRole
    web_acl_arn: pulumi.Output[str]

    def __init__(self, name: str, args: SecurityArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("evolution:security:Security", name, opts=opts)
        child = pulumi.ResourceOptions(parent=self)
        keep = kept(self, protect=args.retention.protect_data)
        names = args.names

        key = aws.kms.Key(
            f"{name}-key",
            description=f"Everything that evolution-system {names.stack} stores.",
            enable_key_rotation=True,
            rotation_period_in_days=KEY_ROTATION_DAYS,
            deletion_window_in_days=LONGEST_WINDOW_DAYS if args.retention.protect_data else SHORTEST_KEY_WINDOW_DAYS,
            policy=resource_policies.key_policy(names),
            opts=keep,
        )
        # The roles' grants name the key by this alias until it exists.
        aws.kms.Alias(f"{name}-key-alias", name=names.key_alias, target_key_id=key.key_id, opts=keep)

        limit = permissions_boundary(
            f"{name}-boundary",
            names.permissions_boundary,
            names=names,
            key_arn=key.arn,
            description="The most that a role of this stack may do, but for those that ask models.",
            grants=boundary.system_grants,
            opts=child,
        )
        self._safety_settings(name, args, key.arn, keep)
        self.monitor_role = service_role(
            f"{name}-monitor-role",
            names.monitor_role,
            names=names,
            key_arn=key.arn,
            description="The safety monitor: reads the population, publishes the safety score.",
            trust=iam.ecs_task_trust(names),
            grants=iam.monitor_grants,
            boundary_arn=limit.arn,
            opts=child,
        )
        web_acl = self._web_acl(name, args, key.arn, child)

        self.key_arn = key.arn
        self.boundary_arn = limit.arn
        self.web_acl_arn = web_acl.arn
        self.register_outputs({"keyArn": self.key_arn, "boundaryArn": self.boundary_arn, "webAclArn": self.web_acl_arn})

    def _safety_settings(self, name: str, args: SecurityArgs, key_arn: pulumi.Output[str], keep: pulumi.ResourceOptions) -> None:
        """The secret that the engine validates promotions with. AWS makes the password; Pulumi's state holds it only encrypted.

        A new threshold is a new version, with a new password. So the secret is protected and its versions aren't: a protected one could
        never be replaced. Where data is kept, the version before stays, as AWSPREVIOUS.
        """
        secret = aws.secretsmanager.Secret(
            f"{name}-safety-settings",
            name=args.names.safety_secret,
            description="The safety threshold, and the key that promotions are validated with.",
            kms_key_id=key_arn,
            recovery_window_in_days=LONGEST_WINDOW_DAYS if args.retention.protect_data else 0,
            opts=keep,
        )
        validation_key = aws.secretsmanager.get_random_password_output(
            password_length=32,
            exclude_characters='"@/\\',
            opts=pulumi.InvokeOutputOptions(parent=self),
        ).random_password

        def settings(generated: str) -> str:
            return json.dumps({"safety_threshold": str(args.limits.safety_score_minimum), "safety_validation_key": generated})

        aws.secretsmanager.SecretVersion(
            f"{name}-safety-settings-value",
            secret_id=secret.id,
            secret_string_wo=pulumi.Output.secret(validation_key.apply(settings)),
            # A write-only value is sent only when its version changes: here, with the threshold.
            # Source: terraform-provider-aws, secretVersionForceNewCustomDiff, which replaces it then.
            secret_string_wo_version=round(args.limits.safety_score_minimum * 10_000),
            opts=pulumi.ResourceOptions(parent=self, retain_on_delete=args.retention.protect_data),
        )

    def _web_acl(self, name: str, args: SecurityArgs, key_arn: pulumi.Output[str], child: pulumi.ResourceOptions) -> aws.wafv2.WebAcl:
        names = args.names
        web_acl = aws.wafv2.WebAcl(
            f"{name}-web-acl",
            name=names.regional("evolution"),
            description="In front of the agents: known attacks, known bad addresses, floods.",
            scope="REGIONAL",
            default_action={"allow": {}},
            rules=[
                *(_managed_rule(priority, group) for priority, group in enumerate(MANAGED_RULE_GROUPS)),
                _rate_limit(len(MANAGED_RULE_GROUPS)),
                _largest_body(len(MANAGED_RULE_GROUPS) + 1),
            ],
            visibility_config=_visible(names.web_acl_metric),
            opts=child,
        )
        group = log_group(
            f"{name}-web-acl-logs",
            names.web_acl_log_group,
            key_arn=key_arn,
            retention=args.retention,
            opts=child,
        )
        delivery = aws.cloudwatch.LogResourcePolicy(
            f"{name}-web-acl-log-delivery",
            policy_name=names.regional("evolution-web-acl-logs"),
            policy_document=resource_policies.log_delivery(names, names.web_acl_log_group),
            opts=child,
        )
        aws.wafv2.WebAclLoggingConfiguration(
            f"{name}-web-acl-logging",
            resource_arn=web_acl.arn,
            log_destination_configs=[group.arn],
            # Callers sign their requests, and a signature must not be logged.
            redacted_fields=[{"single_header": {"name": "authorization"}}],
            opts=pulumi.ResourceOptions(parent=self, depends_on=[delivery]),
        )
        return web_acl


def _visible(metric: str) -> aws.wafv2.WebAclRuleVisibilityConfigArgsDict:
    return {"cloudwatch_metrics_enabled": True, "metric_name": metric, "sampled_requests_enabled": True}


def _managed_rule(priority: int, group: str) -> aws.wafv2.WebAclRuleArgsDict:
    return {
        "name": group,
        "priority": priority,
        "override_action": {"none": {}},
        "statement": {
            "managed_rule_group_statement": {
                "vendor_name": "AWS",
                "name": group,
                "rule_action_overrides": [{"name": rule, "action_to_use": {"count": {}}} for rule in COUNTED_RULES.get(group, ())],
            }
        },
        "visibility_config": _visible(group),
    }


def _rate_limit(priority: int) -> aws.wafv2.WebAclRuleArgsDict:
    return {
        "name": "RateLimit",
        "priority": priority,
        "action": {"block": {}},
        "statement": {"rate_based_statement": {"limit": REQUESTS_PER_ADDRESS, "aggregate_key_type": "IP"}},
        "visibility_config": _visible("RateLimit"),
    }


def _largest_body(priority: int) -> aws.wafv2.WebAclRuleArgsDict:
    return {
        "name": "LargestBody",
        "priority": priority,
        "action": {"block": {}},
        "statement": {
            "size_constraint_statement": {
                # A body that WAF sees only in part counts as too large.
                "field_to_match": {"body": {"oversize_handling": "MATCH"}},
                "comparison_operator": "GT",
                "size": LARGEST_BODY_BYTES,
                "text_transformations": [{"priority": 0, "type": "NONE"}],
            }
        },
        "visibility_config": _visible("LargestBody"),
    }
