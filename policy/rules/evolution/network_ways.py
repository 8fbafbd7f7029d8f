"""The network, the ways out: models are asked through an endpoint that wants the guardrail, and only names of a list resolve."""

from __future__ import annotations

import re
from collections.abc import Iterator

from actions import meaning
from approval import names_of
from checks import absent, literal
from choices import approved_for, called
from documents import allows_of
from globs import glob, meet
from graph import Linked
from plain import Plain, Unknown, dig, items, number, shown
from properties import SYSTEM
from rule import Finding, Resource, Severity, Stack, about
from rules.aws.identity_resources import MODEL_ACTIONS
from system import evolution_rule
from tokens import DNS_CONFIG, DNS_DOMAINS, DNS_RULE, DNS_RULES, DNS_RULES_ASSOCIATION, ENDPOINT, IAM_POLICY, ROLE_POLICY, VPC

CLOSED_TIERS = frozenset({"staging", "prod"})
"""In dev agents stand in AgentCore's own network, and an endpoint costs more than what it keeps from the internet."""

MODELS = ".bedrock-runtime"

REVIEWED = "network-dns-allowed"
"""What the program calls the list of AWS's names; approved/choices holds it."""

EVERYTHING = "*"
NAME = re.compile(r"(\*\.)?([a-z0-9_-]+\.)+[a-z0-9-]+\.?")
"""A name, or all names below one, of two labels at least: `*.com` is no list."""


@evolution_rule(
    id="network/model-endpoint",
    severity=Severity.HIGH,
    protects="Prompts and answers from a way over the internet, and the model from whoever has other credentials.",
    why="An endpoint's policy holds for whoever calls from the network, with whatever credentials; and one that refuses the model leaves "
    "every agent without an answer.",
    fix="Add bedrock-runtime to network.interface_endpoints; its policy allows what the roles are granted of the model, under the same "
    "conditions.",
    tiers=CLOSED_TIERS,
)
def model_endpoint(stack: Stack) -> Iterator[Finding]:
    """What a document may grant of models at all, `agentcore/model` judges."""
    vpcs = stack.of_type(VPC)
    served = [one for one in stack.of_type(ENDPOINT) if str(one.at("serviceName")).endswith(MODELS)]
    if vpcs and not served:
        yield Finding("it has no VPC endpoint for bedrock-runtime; it must have one.", vpcs[0])
    profile = str((stack.table or {}).get("model_id"))
    own = (f":inference-profile/{profile}", f"::foundation-model/{profile.partition('.')[2]}")
    granted = {one for kind in (IAM_POLICY, ROLE_POLICY) for document in stack.of_type(kind) for one in _models(document)}
    for endpoint in served:
        let = _models(endpoint)
        for one in sorted(one for one in granted if one.endswith(own)):
            if not isinstance(endpoint.at("policy"), Unknown) and not any(glob(allowed, one) for allowed in let):
                yield Finding(
                    f"its policy lets nobody ask {shown(one)}, which roles are granted; it must, or no agent gets an answer.", endpoint
                )


def _models(document: Resource) -> set[str]:
    """What a document lets somebody ask a model on."""
    return {
        resource
        for statement in allows_of(document)
        if any(one.name.lower() in MODEL_ACTIONS for action in statement.actions for one in meaning(action).actions)
        for resource in statement.resources
    }


@evolution_rule(
    id="network/name-list",
    severity=Severity.HIGH,
    protects="Data from leaving in the names that somebody asks for, past every firewall.",
    why="Whatever runs in a network may ask its resolver for any name, and who owns the name reads what is in it.",
    fix="Declare a resolver firewall rule group for the VPC: ALLOW rules with lists of names, and after them a BLOCK of `*`; fail closed.",
    tiers=CLOSED_TIERS,
)
def name_list(stack: Stack) -> Iterator[Finding]:
    vpcs, groups = Linked(stack, VPC), Linked(stack, DNS_RULES)
    for config in stack.of_type(DNS_CONFIG):
        yield from about(config, literal("firewallFailOpen", config.at("firewallFailOpen"), "DISABLED", or_missing=True))
    associations = stack.of_type(DNS_RULES_ASSOCIATION)
    for urn, vpc in vpcs.all.items():
        own = {one for at in associations if urn in vpcs.by(at, "vpcId") for one in groups.by(at, "firewallRuleGroupId")}
        if not own:
            yield Finding("no rule group says which names resolve in it; one must.", vpc)
        for group in sorted(own):
            yield from _group(stack, groups.all[group], groups)
    if stack.table is not None:  # environment/table-limits says that there is none
        yield from _beyond_table(stack)


def _let_through(stack: Stack) -> set[str]:
    """The names that are reviewed, and those of the table."""
    reviewed = approved_for(SYSTEM, DNS_DOMAINS, REVIEWED).parts["domains"].allowed or ()
    named = items(dig(dict(stack.table or {}), "network", "allowed_domains"))
    return {names_of(stack).fill(str(one)) for one in reviewed} | {str(one).rstrip(".") for one in named}


def _beyond_table(stack: Stack) -> Iterator[Finding]:
    """No list but the reviewed one lets names through that neither it nor the table has."""
    names, lists, known = names_of(stack), Linked(stack, DNS_DOMAINS), _let_through(stack)
    for rule in stack.of_type(DNS_RULE):
        for urn in lists.by(rule, "firewallDomainListId") if rule.at("action") != "BLOCK" else ():
            for name in items(lists.all[urn].at("domains")) if called(lists.all[urn], names) != REVIEWED else ():
                if isinstance(name, str) and name.rstrip(".") not in known:
                    yield Finding(f"its list has {shown(name)}; it must be one of AWS's that are approved, or the table's.", rule)


@evolution_rule(
    id="network/names-kept",
    severity=Severity.HIGH,
    protects="What is recorded, kept and asked at AWS, from a name that isn't found.",
    why="The first rule that has a name decides, before the list that lets it through: what tasks log is thrown away once their buffer is "
    "full.",
    fix="Block nothing but `*`, in the last rule; a name that isn't let through needs no rule of its own.",
)
def names_kept(stack: Stack) -> Iterator[Finding]:
    """In whatever group: it may be given to the VPC, too. That none blocks all names before the last is network/name-list's to say."""
    lists, known = Linked(stack, DNS_DOMAINS), _let_through(stack)
    for rule in stack.of_type(DNS_RULE) if stack.table is not None else ():
        if rule.at("action") == "ALLOW":
            continue
        names = [name for urn in lists.by(rule, "firewallDomainListId") for name in items(lists.all[urn].at("domains"))]
        for name in names if names != [EVERYTHING] else ():
            lost = {one for one in known if not isinstance(name, str) or meet(name.rstrip(".").lower(), one)}
            if lost:
                yield Finding(f"its list has {shown(name)}; it must have no name that is let through, such as {min(lost)}.", rule)
        if not names:
            yield Finding("firewallDomainListId leads to no list of names of this stack; it must, or it may block any.", rule)


def _group(stack: Stack, group: Resource, groups: Linked) -> Iterator[Finding]:
    """The last of its rules blocks all names, and no other allows them all."""
    lists = Linked(stack, DNS_DOMAINS)
    rules = [one for one in stack.of_type(DNS_RULE) if group.urn in groups.by(one, "firewallRuleGroupId")]
    blocks: list[int | float] = []
    others: list[int | float] = []
    for one in rules:
        names = [name for urn in lists.by(one, "firewallDomainListId") for name in items(lists.all[urn].at("domains"))]
        given = one.at("priority")
        priority = 0 if given is None else number(given)
        if priority is None:
            yield Finding(f"priority is {shown(given)}; it must be a literal number.", one)
        elif one.at("action") == "BLOCK" and names == [EVERYTHING]:
            blocks.append(priority)
            yield from about(one, absent("qType", one.at("qType"), "every kind of question can carry data"))
        else:
            others.append(priority)
        if one.at("action") != "BLOCK":
            yield from about(one, _allowed(one, names))
    if not blocks or (others and min(blocks) < max(others)):
        yield Finding("none of its rules blocks what the others don't allow; its last must BLOCK the list `*`.", group)


def _allowed(rule: Resource, names: list[Plain]) -> Iterator[Finding]:
    yield from literal("action", rule.at("action"), "ALLOW", "BLOCK")
    if not names:
        yield Finding("firewallDomainListId leads to no list of names of this stack; it must.")
    for name in names:
        if not isinstance(name, str) or not NAME.fullmatch(name):
            yield Finding(f"its list has {shown(name)}; it must have names of two labels at least.")
