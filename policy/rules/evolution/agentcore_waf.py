"""AgentCore, the web ACL: it blocks and doesn't merely count, it is heard, and something is behind it."""

from __future__ import annotations

from collections.abc import Iterator

from checks import absent, between, literal, on
from graph import Linked
from plain import Plain, Unknown, dig, items, number, shown
from rule import Finding, Resource, Severity, Stack, about
from system import evolution_rule
from tokens import AGENT_GATEWAY, LOG_GROUP, WEB_ACL, WEB_ACL_ASSOCIATION, WEB_ACL_LOGGING

MANAGED_GROUPS = ("AWSManagedRulesCommonRuleSet", "AWSManagedRulesKnownBadInputsRuleSet", "AWSManagedRulesAmazonIpReputationList")

MAY_COUNT = {
    "AWSManagedRulesCommonRuleSet": frozenset(
        {"CrossSiteScripting_BODY", "EC2MetaDataSSRF_BODY", "GenericLFI_BODY", "GenericRFI_BODY", "SizeRestrictions_BODY"}
    ),
    "AWSManagedRulesKnownBadInputsRuleSet": frozenset({"JavaDeserializationRCE_BODY", "Log4JRCE_BODY", "ReactJSRCE_BODY"}),
}
"""The rules on bodies: they stop honest prompts, which hold HTML, paths and URLs, and whatever is larger than 8 KB.
Source: WAF developer guide, "Baseline rule groups"."""

BODY_BYTES = 64 * 1024
"""The most that WAF can be shown of a body in front of an AgentCore gateway; 16 KB unless the ACL asks for more.
Source: WAF developer guide, "Considerations for managing body inspection"."""

REQUESTS_PER_WINDOW = 2000
WINDOW_SECONDS = 300
"""The most that one address may ask for in WAF's usual window: far above one agent's calls."""

WHY_OPEN = "What WAF doesn't block reaches the agents, which act on what they read."


@evolution_rule(
    id="agentcore/web-acl",
    severity=Severity.HIGH,
    protects="The agents from known attacks, known bad addresses and floods.",
    why=WHY_OPEN,
    fix="Declare an aws.wafv2.WebAcl with scope='REGIONAL'.",
)
def web_acl(stack: Stack) -> Iterator[Finding]:
    if not stack.of_type(WEB_ACL):
        yield Finding("it has no web ACL; it must have one, in front of the AgentCore gateway.")


def _rules(acl: Resource) -> list[Plain]:
    return items(acl.at("rules"))


@evolution_rule(
    id="agentcore/web-acl-groups",
    types={WEB_ACL},
    severity=Severity.HIGH,
    protects="The agents from known attacks and known bad addresses.",
    why="A group that is turned to count, or looks at a part only, logs the attack and lets it through.",
    fix=f"Hold {', '.join(MANAGED_GROUPS)} with override_action={{'none': {{}}}}; only their rules on bodies (…_BODY) may count.",
)
def web_acl_groups(acl: Resource) -> Iterator[Finding]:
    groups: set[Plain] = set()
    if any(isinstance(rule, Unknown) for rule in _rules(acl)):
        yield Finding("rules is not known at preview; they must be literal.")
        return
    for rule in _rules(acl):
        group = dig(rule, "statement", "managedRuleGroupStatement")
        if group is None:
            continue
        name = dig(group, "name")
        if dig(group, "vendorName") == "AWS":
            groups.add(name if isinstance(name, str) else None)
        where = f"the rule {shown(dig(rule, 'name'))}"
        yield from _is_action(f"overrideAction of {where}", dig(rule, "overrideAction"), "none")
        for override in items(dig(group, "ruleActionOverrides")):
            inner = dig(override, "name")
            if isinstance(override, Unknown):
                yield Finding(f"ruleActionOverrides of {where} is not known at preview; it must be literal.")
                continue
            allowed = {"block", "count"} if inner in MAY_COUNT.get(str(name), frozenset()) else {"block"}
            action = dig(override, "actionToUse")
            if not isinstance(action, dict) or not action.keys() <= allowed:
                yield Finding(f"{where} overrides {shown(inner)} with {shown(action)}; the group's own action must stay.")
        if dig(group, "scopeDownStatement") is not None:
            yield Finding(f"{where} looks at a part of the requests only (scopeDownStatement); it must look at all.")
    for name in MANAGED_GROUPS:
        if name not in groups:
            yield Finding(f"no rule holds AWS's managed group {name}; one must.")


def _is_action(where: str, value: Plain, action: str) -> Iterator[Finding]:
    """An action is an object with one key, its name."""
    chosen = dig(value, action)
    if isinstance(chosen, Unknown):
        yield Finding(f"{where} is not known at preview; it must be {action}.")
    elif chosen is None:
        yield Finding(f"{where} is {shown(value)}; it must be {action}, for everything else only counts or lets through.")


@evolution_rule(
    id="agentcore/web-acl-rate",
    types={WEB_ACL},
    severity=Severity.HIGH,
    protects="The agents, and the bill for the model, from a flood.",
    why=WHY_OPEN,
    fix=f"Write a rate_based_statement with a limit of at most {REQUESTS_PER_WINDOW} in five minutes, and the action block.",
)
def web_acl_rate(acl: Resource) -> Iterator[Finding]:
    limits = [rule for rule in _rules(acl) if dig(rule, "statement", "rateBasedStatement") is not None]
    if not limits:
        yield Finding("no rule limits the rate of requests from one address; one must.")
    for rule in limits:
        statement = dig(rule, "statement", "rateBasedStatement")
        limit, seconds = number(dig(statement, "limit")), dig(statement, "evaluationWindowSec")
        window = WINDOW_SECONDS if seconds is None else number(seconds)
        if limit is None or not window:
            yield Finding("the rate limit is not known at preview; it must be a literal number.")
        elif limit * WINDOW_SECONDS / window > REQUESTS_PER_WINDOW:
            yield Finding(f"the rate limit is {limit} in {window} s; it must be at most {REQUESTS_PER_WINDOW} in {WINDOW_SECONDS} s.")
        yield from _is_action("action of the rate limit", dig(rule, "action"), "block")
        # Nothing stands in front of the gateway, so a forwarded address is whatever the caller says.
        yield from literal("aggregateKeyType", dig(statement, "aggregateKeyType"), "IP", or_missing=True)
        if dig(statement, "scopeDownStatement") is not None:
            yield Finding("the rate limit looks at a part of the requests only (scopeDownStatement); it must look at all.")


@evolution_rule(
    id="agentcore/web-acl-body",
    types={WEB_ACL},
    severity=Severity.HIGH,
    protects="The agents, and the bill for the model, from requests of any size.",
    why="WAF is shown only the beginning of a large body, and the managed groups' own rule on sizes must count, for it stops at 8 KB.",
    fix=f"Write a size_constraint_statement on the body with GT and at most {BODY_BYTES}, oversize_handling='MATCH', and the action block.",
)
def web_acl_body(acl: Resource) -> Iterator[Finding]:
    """One rule bounds the body, whatever else there is."""
    bounds = [rule for rule in _rules(acl) if dig(rule, "statement", "sizeConstraintStatement", "fieldToMatch", "body") is not None]
    if not bounds:
        yield Finding("no rule bounds the size of a request's body; one must.")
    findings = [list(_body_bound(rule)) for rule in bounds]
    if all(findings):
        yield from (finding for found in findings[:1] for finding in found)


def _body_bound(rule: Plain) -> Iterator[Finding]:
    statement = dig(rule, "statement", "sizeConstraintStatement")
    yield from _is_action("action of the bound on bodies", dig(rule, "action"), "block")
    yield from literal("comparisonOperator of the bound on bodies", dig(statement, "comparisonOperator"), "GT", "GE")
    yield from between("size of the bound on bodies", dig(statement, "size"), 1, BODY_BYTES)
    oversize = dig(statement, "fieldToMatch", "body", "oversizeHandling")
    yield from literal("oversizeHandling of the bound on bodies", oversize, "MATCH")
    # One that shortens what is measured would let more pass.
    for transformation in items(dig(statement, "textTransformations")) or [None]:
        yield from literal("textTransformations of the bound on bodies", dig(transformation, "type"), "NONE")


@evolution_rule(
    id="agentcore/web-acl-no-bypass",
    types={WEB_ACL},
    severity=Severity.HIGH,
    protects="The order of the rules: none may end the evaluation early.",
    why="A rule that allows ends the evaluation, and every later one is skipped.",
    fix="Leave out rules with the action allow and groups of one's own, and write scope='REGIONAL'.",
)
def web_acl_no_bypass(acl: Resource) -> Iterator[Finding]:
    """A rule of one's own that allows ends the evaluation: those after it are never asked."""
    yield from literal("scope", acl.at("scope"), "REGIONAL")
    yield from absent("ruleJson", acl.at("ruleJson"), "the rules must be where they can be judged")
    for rule in _rules(acl):
        if dig(rule, "statement", "ruleGroupReferenceStatement") is not None:
            yield Finding(f"the rule {shown(dig(rule, 'name'))} refers to a group, whose rules may allow; its rules must be the ACL's own.")
        if dig(rule, "action", "allow") is not None:
            yield Finding(f"the rule {shown(dig(rule, 'name'))} allows, which ends the evaluation; it must block, or be left out.")


@evolution_rule(
    id="agentcore/web-acl-metrics",
    types={WEB_ACL},
    severity=Severity.MEDIUM,
    protects="The sight of an attack while it goes on.",
    why="Without metrics no alarm can fire, and without samples nobody sees what was blocked.",
    fix="Write cloudwatch_metrics_enabled=True and sampled_requests_enabled=True, for the ACL and each rule.",
    controls=("Security Hub WAF.12",),
)
def web_acl_metrics(acl: Resource) -> Iterator[Finding]:
    where = [("", acl.at("visibilityConfig"))]
    where += [(f" of the rule {shown(dig(rule, 'name'))}", dig(rule, "visibilityConfig")) for rule in _rules(acl)]
    for suffix, config in where:
        yield from on(f"cloudwatchMetricsEnabled{suffix}", dig(config, "cloudwatchMetricsEnabled"))
        yield from on(f"sampledRequestsEnabled{suffix}", dig(config, "sampledRequestsEnabled"))


@evolution_rule(
    id="agentcore/web-acl-log-form",
    severity=Severity.MEDIUM,
    protects="The callers' signatures from being logged, and the log from missing what matters.",
    why="A log with signatures is a list of keys, and one that drops by default says nothing.",
    fix="Write redacted_fields=[{'single_header': {'name': 'authorization'}}], and a group of this stack as the destination.",
)
def web_acl_log_form(stack: Stack) -> Iterator[Finding]:
    groups = Linked(stack, LOG_GROUP)
    for logging in stack.of_type(WEB_ACL_LOGGING):
        named = [groups.all[urn].at("name") for urn in groups.by(logging, "logDestinationConfigs")]
        if not named:
            yield Finding("logDestinationConfigs leads to no log group of this stack; it must, for those are encrypted and kept.", logging)
        for name in named:
            if not isinstance(name, str) or not name.startswith("aws-waf-logs-"):
                yield Finding(f"the log group is named {shown(name)}, which WAF refuses; its name must start with aws-waf-logs-.", logging)
        headers = [dig(field, "singleHeader", "name") for field in items(logging.at("redactedFields"))]
        if "authorization" not in headers:
            yield Finding("redactedFields does not hold the header authorization; it must, for callers sign their requests.", logging)
        elif set(headers) != {"authorization"}:
            yield Finding("redactedFields holds more than the header authorization; the rest tells who asked for what.", logging)
        behaviour = logging.at("loggingFilter", "defaultBehavior")
        yield from about(logging, literal("loggingFilter.defaultBehavior", behaviour, "KEEP", or_missing=True))


@evolution_rule(
    id="agentcore/web-acl-association",
    severity=Severity.HIGH,
    protects="The gateway from having no web ACL in front of it.",
    why="An ACL with nothing behind it protects nothing, and costs the same.",
    fix="Declare aws.wafv2.WebAclAssociation(resource_arn=gateway.gateway_arn, web_acl_arn=acl.arn).",
)
def web_acl_association(stack: Stack) -> Iterator[Finding]:
    """An ACL protects what it is associated with; before there is a gateway, there is nothing to protect."""
    gateways, acls = Linked(stack, AGENT_GATEWAY, ("gatewayArn", "arn", "id")), Linked(stack, WEB_ACL)
    associations = stack.of_type(WEB_ACL_ASSOCIATION)
    guarded = gateways.by_all([one for one in associations if acls.by(one, "webAclArn")], "resourceArn")
    for urn, gateway in gateways.all.items():
        if urn not in guarded:
            yield Finding("no web ACL of this stack is in front of it; an aws.wafv2.WebAclAssociation must lead from one to it.", gateway)
