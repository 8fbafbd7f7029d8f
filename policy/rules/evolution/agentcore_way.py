"""AgentCore, the way in: the gateway admits the handler's role, each runtime and each of its endpoints the gateway's, and nobody else.

What stands on it has its role for itself.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from accounts import own_account
from conditions import ARN, Test, narrows
from documents import allows_of, unreadable
from globs import glob
from graph import Linked, names_of
from plain import NotJsonError, Plain, dig, items, parse, shown
from rule import Finding, Resource, Severity, Stack
from rules.evolution.containment import takers
from rules.evolution.governance import HANDLER
from system import evolution_rule
from tokens import AGENT_GATEWAY, AGENT_RESOURCE_POLICY, AGENT_RUNTIME, AGENT_RUNTIME_ENDPOINT, FUNCTION, ROLE

INVOCATIONS = (
    "bedrock-agentcore:InvokeAgentRuntime",
    "bedrock-agentcore:InvokeAgentRuntimeCommand",
    "bedrock-agentcore:InvokeAgentRuntimeCommandShell",
    "bedrock-agentcore:InvokeAgentRuntimeForUser",
    "bedrock-agentcore:InvokeAgentRuntimeWithWebSocketStream",
    "bedrock-agentcore:InvokeAgentRuntimeWithWebSocketStreamForUser",
)
"""Every way to reach an agent, a shell with its credentials among them. Sources: Service Authorization Reference, Amazon Bedrock AgentCore;
AgentCore developer guide, "Interactive Shells (Terminals)"."""

GATEWAY_INVOCATIONS = ("bedrock-agentcore:InvokeGateway",)
"""Every way to reach a gateway. Source: AgentCore developer guide, "Resource-based policies for Amazon Bedrock AgentCore"."""

AGENTCORE = "bedrock-agentcore.amazonaws.com"

TAKEN_ON = {AGENT_GATEWAY: ("gateway", "name"), AGENT_RUNTIME: ("runtime", "agentRuntimeName")}
"""What takes a role on: what its ARN begins with, and the property with the name that follows. AgentCore makes the rest, after a hyphen."""

UNDER = "/runtime-endpoint/"

DEFAULT = "DEFAULT"
"""AgentCore gives every runtime this endpoint, and it can't be removed."""

BY_HAND: tuple[str, Plain] = ("Bool", {"aws:ViaAWSService": "false"})
"""Whoever makes a Cedar policy has AgentCore ask the gateway on their behalf what it can be about; that invokes no agent. Source: AgentCore
developer guide, "AgentCore Gateway and Policy in AgentCore IAM Permissions"."""

PLAIN_ELEMENTS = frozenset({"Sid", "Effect", "Principal", "Action", "Resource", "Condition"})

OTHERS = ("ArnNotEquals", "ArnNotLike", "StringNotEquals")
"""Condition operators that are met by everybody who isn't named."""


@dataclass(frozen=True, kw_only=True)
class Way:
    """One thing that may be invoked, and by whom.

    Attributes:
        part: what its ARN has before its name.
        invocations: every action that reaches it; the first is all that who is admitted needs.
        who: whose role that is.
        admitted: the names of those roles.
        spared: conditions that a denial may have beside: what it then spares reaches nothing.
    """

    part: str
    invocations: tuple[str, ...]
    who: str
    admitted: set[str]
    spared: tuple[tuple[str, Plain], ...] = ()

    @property
    def about(self) -> str:
        return self.part.strip(":/")


@evolution_rule(
    id="agentcore/own-role",
    severity=Severity.HIGH,
    protects="The gateway's role and the runtime's from another gateway or runtime of the account.",
    why="A gateway that somebody adds, with this one's role, asks the agents as this one does, past its policies.",
    fix='Add {"ArnLike": {"aws:SourceArn": …}} to the trust policy: a gateway\'s ARN is gateway/<its name>- and ten characters, a '
    "runtime's runtime/<its name>- and ten.",
)
def own_role(stack: Stack) -> Iterator[Finding]:
    """Its own ARN isn't known before it is made, and it is made with the role. Its name is. Who else trusts whom, `identity/trust-service`
    says."""
    roles, account = Linked(stack, ROLE), own_account(stack)
    for urn, taker, _ in stack.once(takers):
        if taker.type not in TAKEN_ON:
            continue
        part, called = TAKEN_ON[taker.type]
        of_its_own: Mapping[str, Test] = {"aws:sourcearn": _begins(account, f"{part}/{taker.at(called)}-")}
        for statement in allows_of(roles.all[urn]):
            if AGENTCORE in statement.services and not narrows(statement.conditions, of_its_own):
                yield Finding(
                    f"{statement.where} lets more than {taker} take it on; aws:SourceArn must begin with {part}/{taker.at(called)}- "
                    "in this account.",
                    roles.all[urn],
                )


def _begins(account: str, beginning: str) -> Test:
    """Whether an ARN is of the account, and what it names begins so."""

    def test(value: str) -> bool:
        arn = ARN.fullmatch(value)
        return bool(arn and arn["account"] == account and arn["resource"].startswith(beginning))

    return test


def handler_roles(stack: Stack) -> set[str]:
    """The name of the role that the handler runs with."""
    roles = Linked(stack, ROLE)
    handlers = [one for one in stack.of_type(FUNCTION) if one.at("name") == f"{HANDLER}-{stack.name}"]
    return names_of(roles.all[urn] for urn in roles.by_all(handlers, "role"))


@evolution_rule(
    id="agentcore/only-handler",
    severity=Severity.CRITICAL,
    protects="The gateway from being invoked by anybody but the handler, whose requests are bounded and checked.",
    why="Any principal of the account with the permission invokes a gateway, an administrator among them, unless its policy denies that.",
    fix="Declare an aws.bedrock.AgentcoreResourcePolicy for the gateway, which allows the handler's role, by its name, and denies all "
    "others; not the account's root, which is everybody with a grant.",
)
def only_handler(stack: Stack) -> Iterator[Finding]:
    way = Way(
        part=":gateway/",
        invocations=GATEWAY_INVOCATIONS,
        who="the handler's role",
        admitted=handler_roles(stack),
        spared=(BY_HAND,),
    )
    gateways = Linked(stack, AGENT_GATEWAY, ("gatewayArn", "gatewayId", "arn", "id"))
    policies = stack.of_type(AGENT_RESOURCE_POLICY)
    unread = {policy.urn for policy in policies if any(unreadable(policy))}  # identity/document says it
    for policy in policies:
        by_arn = any(_place(statement, way.part) is not None for statement in _statements(policy))
        if policy.urn not in unread and (by_arn or gateways.by(policy, "resourceArn")):
            yield from _judge(policy, _statements(policy), way)
    account = own_account(stack) if gateways.all else ""
    for urn, gateway in gateways.all.items():
        attached = [policy for policy in policies if urn in gateways.by(policy, "resourceArn")]
        named = f":{account}:gateway/{gateway.at('name')}-"
        guarded = [policy for policy in attached for statement in _statements(policy) if named in str(dig(statement, "Resource"))]
        if not guarded and not unread & {policy.urn for policy in attached}:
            yield Finding("no resource policy says who may invoke it; an AgentcoreResourcePolicy must.", gateway)


@evolution_rule(
    id="agentcore/only-gateway",
    severity=Severity.CRITICAL,
    protects="The runtime from being invoked past the gateway, the web ACL and the guardrail.",
    why="Any principal of the account with the permission invokes a runtime directly, unless its policy denies that.",
    fix="Declare an aws.bedrock.AgentcoreResourcePolicy for the runtime, for each of its endpoints and for the endpoint DEFAULT, which "
    "allows the gateway's role, by its name, and denies everybody else.",
)
def only_gateway(stack: Stack) -> Iterator[Finding]:
    """Whoever is granted it may invoke a runtime unless the runtime's policy denies it: allowing the gateway keeps nobody else out. Who may
    be granted it is judged by `containment/grants`."""
    roles = Linked(stack, ROLE)
    way = Way(
        part=":runtime/",
        invocations=INVOCATIONS,
        who="the gateway's role",
        admitted=names_of(roles.all[urn] for urn in roles.by_all(stack.of_type(AGENT_GATEWAY), "roleArn")),
    )
    runtimes = Linked(stack, AGENT_RUNTIME, ("agentRuntimeArn", "agentRuntimeId", "arn", "id"))
    endpoints = stack.of_type(AGENT_RUNTIME_ENDPOINT)
    policies = stack.of_type(AGENT_RESOURCE_POLICY)
    unread = {policy.urn for policy in policies if any(unreadable(policy))}  # identity/document says it
    for policy in policies:
        # One that is attached by an ARN replaces the one that is attached by reference.
        by_arn = any(_place(statement, way.part) is not None for statement in _statements(policy))
        if policy.urn not in unread and (by_arn or runtimes.by(policy, "resourceArn")):
            yield from _judge(policy, _statements(policy), way)
    account = own_account(stack) if runtimes.all else ""
    for urn, runtime in runtimes.all.items():
        attached = [policy for policy in policies if urn in runtimes.by(policy, "resourceArn")]
        if unread & {policy.urn for policy in attached}:
            continue
        own = [endpoint for endpoint in endpoints if urn in runtimes.by(endpoint, "agentRuntimeId")]
        named = f":{account}:runtime/{runtime.at('agentRuntimeName')}-"
        guarded = {
            _place(statement, way.part)
            for policy in attached
            for statement in _statements(policy)
            if named in str(dig(statement, "Resource"))
        }
        yield from _unguarded(runtime, own, guarded)


def _unguarded(runtime: Resource, endpoints: list[Resource], guarded: set[str | None]) -> Iterator[Finding]:
    if "" not in guarded:
        yield Finding("no resource policy says who may invoke it; an AgentcoreResourcePolicy must.", runtime)
    for endpoint in endpoints:
        if not isinstance(endpoint.at("name"), str):
            yield Finding("its name is not known at preview, and so not whether a policy guards it; it must be literal.", endpoint)
    for name in sorted({DEFAULT, *names_of(endpoints)}):
        if name not in guarded:
            yield Finding(f"no resource policy says who may invoke its endpoint {name}; an AgentcoreResourcePolicy must.", runtime)


def _statements(policy: Resource) -> list[Plain]:
    try:
        return items(dig(parse(policy.at("policy")), "Statement"))
    except NotJsonError:
        return []


def _place(statement: Plain, part: str) -> str | None:
    """What a statement is about: an endpoint's name, an empty text for the thing itself, and None for anything that AgentCore takes no
    policy about."""
    resource = dig(statement, "Resource")
    if not isinstance(resource, str) or part not in resource:
        return None
    return resource.partition(UNDER)[2]


def _judge(policy: Resource, statements: list[Plain], way: Way) -> Iterator[Finding]:
    if not statements or not all(isinstance(statement, dict) for statement in statements):
        yield Finding("policy can't be read at preview; it must be a JSON policy document of known names.", policy)
        return
    if len({shown(dig(statement, "Resource")) for statement in statements}) > 1 or _place(statements[0], way.part) is None:
        yield Finding(f"its statements must all be about the one {way.about}; AgentCore takes no other Resource.", policy)
    for statement in statements:
        if strange := sorted((statement if isinstance(statement, dict) else {}).keys() - PLAIN_ELEMENTS):
            yield Finding(f"policy has a {strange[0]}; it must name what it means, not all else.", policy)
        if dig(statement, "Effect") != "Deny":
            yield from _admits(policy, statement, way)
    if not any(_turns_away(statement, way) for statement in statements):
        yield Finding(
            f"policy turns nobody away; it must deny every invocation to whoever isn't {way.who} "
            "(ArnNotEquals aws:PrincipalArn), for a role's own grants are enough otherwise.",
            policy,
        )


def _admits(policy: Resource, statement: Plain, way: Way) -> Iterator[Finding]:
    principal = dig(statement, "Principal")
    names = items(dig(principal, "AWS")) if isinstance(principal, dict) and set(principal) == {"AWS"} else [principal]
    for name in names:
        if not _is_role(name, way):
            yield Finding(f"policy admits {shown(name)}; it must admit only {way.who}.", policy)
    for action in items(dig(statement, "Action")):
        if action != way.invocations[0]:
            yield Finding(f"policy allows {shown(action)}; it must allow only {way.invocations[0]}.", policy)


def _turns_away(statement: Plain, way: Way) -> bool:
    """Whether a statement denies everybody but the admitted role every way in."""
    condition = dig(statement, "Condition")
    if dig(statement, "Effect") != "Deny" or dig(statement, "Principal") not in ("*", {"AWS": "*"}) or not isinstance(condition, dict):
        return False
    actions = [action for action in items(dig(statement, "Action")) if isinstance(action, str)]
    if not all(any(glob(action.lower(), one.lower()) for action in actions) for one in way.invocations):
        return False
    tests = {operator: keys for operator, keys in condition.items() if (operator, keys) not in way.spared}
    if len(tests) != 1:
        return False
    ((operator, keys),) = tests.items()
    if not isinstance(keys, dict):
        return False
    excepted = [name for key, value in keys.items() if key.lower() == "aws:principalarn" for name in items(value)]
    return operator in OTHERS and len(keys) == 1 and bool(excepted) and all(_is_role(name, way) for name in excepted)


def _is_role(name: Plain, way: Way) -> bool:
    return isinstance(name, str) and ":role/" in name and name.rpartition("role/")[2] in way.admitted
