"""AgentCore, the gateway and the runtime: who asks, what is asked, for how long, and who writes it down."""

from __future__ import annotations

import re
from collections.abc import Iterator

from checks import absent, between, literal
from documents import allows_of
from graph import Linked
from plain import Plain, Unknown, dig, items
from rule import Finding, Resource, Severity, Stack, about
from system import evolution_rule
from tokens import (
    AGENT_GATEWAY,
    AGENT_GATEWAY_TARGET,
    AGENT_RUNTIME,
    AGENT_RUNTIME_ENDPOINT,
    FUNCTION,
    LOG_DELIVERY,
    LOG_DELIVERY_DESTINATION,
    LOG_DELIVERY_SOURCE,
    LOG_GROUP,
    TRACE_POLICY,
)
from variables import environments_of

REQUESTS = "APPLICATION_LOGS"
"""The log type that tells requests and answers. Source: AgentCore developer guide, "Provided log data"."""

TRACES = "TRACES"

DELIVERS = "delivery.logs.amazonaws.com"
"""The principal that delivers what services tell of themselves. Source: CloudWatch Logs user guide, "Traces sent to X-Ray"."""

INTERCEPTORS = "interceptorConfigurations"
NOT_ASKED = {
    "authorizerConfiguration": "whoever another issuer vouches for would be admitted",
    "requestHeaderConfiguration": "callers' signatures and tokens must not reach the agents",
}
"""What a runtime must not have, and why."""

URL = "AGENTCORE_GATEWAY_URL"

GATEWAY_URL = re.compile(r"https://[a-z0-9-]+\.gateway\.bedrock-agentcore\.[a-z0-9-]+\.amazonaws\.com(/.*)?")

IDLE_SECONDS = (60, 900)
LIFE_SECONDS = (60, 28800)
"""From AgentCore's least to its defaults. Its own most is two weeks for both."""


@evolution_rule(
    id="agentcore/gateway-target",
    types={AGENT_GATEWAY_TARGET},
    severity=Severity.HIGH,
    protects="The runtime from calls that carry somebody else's credentials.",
    why="The runtime's resource policy admits the gateway's role; any other credential is a second way in.",
    fix="Write credential_provider_configuration={'gateway_iam_role': {…}}.",
)
def gateway_target(target: Resource) -> Iterator[Finding]:
    """The gateway signs its calls with its own role; nothing of the caller's, and no key that somebody keeps."""
    credentials = target.at("credentialProviderConfiguration")
    if isinstance(credentials, Unknown):
        yield Finding("credentialProviderConfiguration is not known at preview; it must hold gatewayIamRole.")
    elif not isinstance(credentials, dict) or credentials.get("gatewayIamRole") is None or len(credentials) > 1:
        yield Finding("credentialProviderConfiguration is not gatewayIamRole alone; the gateway must call its target with its own role.")
    yield from absent("metadataConfiguration", target.at("metadataConfiguration"), "what a caller adds must not reach the agents")


@evolution_rule(
    id="agentcore/gateway-callers",
    severity=Severity.CRITICAL,
    protects="The way from a caller of this account to the agents.",
    why="Another issuer's callers, or a function or an address in between, see and change what agents are asked.",
    fix="Write authorizer_type='AWS_IAM', no interceptor_configurations, and pass the gateway's own gateway_url to the handler.",
)
def gateway_callers(stack: Stack) -> Iterator[Finding]:
    """Callers are this account's, and what they say goes from the gateway to the runtime as it came."""
    gateways = Linked(stack, AGENT_GATEWAY, ("gatewayUrl",))
    for gateway in gateways.all.values():
        findings = (
            *literal("authorizerType", gateway.at("authorizerType"), "AWS_IAM"),
            *absent(INTERCEPTORS, gateway.at(INTERCEPTORS), "a function that reads requests on their way may change them"),
        )
        yield from about(gateway, findings)
    for runtime in stack.of_type(AGENT_RUNTIME):
        for name, why in NOT_ASKED.items():
            yield from about(runtime, absent(name, runtime.at(name), why))
    own = tuple(url for one in gateways.all.values() if isinstance(url := one.at("gatewayUrl"), str))
    for function in stack.of_type(FUNCTION):
        for environment in environments_of(function):
            url = environment.variables.get(URL)
            theirs = isinstance(url, str) and not (GATEWAY_URL.fullmatch(url) and url.startswith(own))
            if url is not None and (theirs or not gateways.by(function, "environment")):
                yield Finding(f"{URL} is not that of this stack's gateway; it must come from there.", function)


@evolution_rule(
    id="agentcore/gateway-leads-to-runtime",
    severity=Severity.HIGH,
    protects="Requests from being sent elsewhere.",
    why="A target that isn't the stack's own runtime gets requests that nobody judged it for.",
    fix="Pass the arn of this stack's runtime, and the id of its gateway.",
)
def gateway_leads_to_runtime(stack: Stack) -> Iterator[Finding]:
    runtimes, gateways = Linked(stack, (AGENT_RUNTIME, AGENT_RUNTIME_ENDPOINT)), Linked(stack, AGENT_GATEWAY)
    for target in stack.of_type(AGENT_GATEWAY_TARGET):
        if not gateways.by(target, "gatewayIdentifier"):
            yield Finding("gatewayIdentifier leads to no gateway of this stack; it must.", target)
        if not runtimes.by(target, "targetConfiguration") or not _only_runtime(target.at("targetConfiguration"), runtimes):
            yield Finding("targetConfiguration leads to no AgentCore runtime of this stack; it must, and nowhere else.", target)
        yield from about(target, absent("privateEndpoint", target.at("privateEndpoint"), "the runtime has its own way in"))


def _only_runtime(configuration: Plain, runtimes: Linked) -> bool:
    """Whether a target is a runtime and nothing else; its ARN, where it is known, one of ours."""
    runtime = dig(configuration, "http", "agentcoreRuntime")
    if not isinstance(configuration, dict) or set(configuration) != {"http"} or not isinstance(runtime, dict):
        return False
    arn = runtime.get("arn")
    names = [f":runtime/{one.at('agentRuntimeName')}-" for one in runtimes.all.values()]
    return any(name in arn for name in names) if isinstance(arn, str) else isinstance(arn, Unknown)


@evolution_rule(
    id="agentcore/runtime-lifecycle",
    types={AGENT_RUNTIME},
    severity=Severity.MEDIUM,
    protects="The bill from sessions that nobody uses, and agents from living for ever.",
    why="A session that is left open keeps its agent running for hours.",
    fix="Set both idle_runtime_session_timeout (at most 900 s) and max_lifetime (at most eight hours).",
)
def runtime_lifecycle(runtime: Resource) -> Iterator[Finding]:
    settings = items(runtime.at("lifecycleConfigurations"))
    first = settings[0] if settings else {}
    for name, (lowest, highest) in (("idleRuntimeSessionTimeout", IDLE_SECONDS), ("maxLifetime", LIFE_SECONDS)):
        yield from between(f"lifecycleConfigurations.{name}", dig(first, name), lowest, highest)


@evolution_rule(
    id="agentcore/runtime-endpoint",
    severity=Severity.MEDIUM,
    protects="The endpoint from serving another runtime.",
    why="An endpoint pins the version that is called; of another runtime, or an earlier version, it pins what nobody judged.",
    fix="Pass the id of this stack's runtime, and its version.",
)
def runtime_endpoint(stack: Stack) -> Iterator[Finding]:
    runtimes = Linked(stack, AGENT_RUNTIME, ("agentRuntimeId", "id"))
    for endpoint in stack.of_type(AGENT_RUNTIME_ENDPOINT):
        if not runtimes.by(endpoint, "agentRuntimeId"):
            yield Finding("agentRuntimeId leads to no runtime of this stack; it must.", endpoint)
        if not runtimes.by(endpoint, "agentRuntimeVersion"):
            yield Finding("agentRuntimeVersion doesn't come from this stack's runtime; it must, or callers get an earlier one.", endpoint)


@evolution_rule(
    id="agentcore/log-delivery",
    severity=Severity.MEDIUM,
    protects="The record of who asked the agents for what.",
    why="A gateway delivers no logs unless it is told where to.",
    fix="Declare a LogDeliverySource, LogDeliveryDestination and LogDelivery for the gateway.",
)
def log_delivery(stack: Stack) -> Iterator[Finding]:
    """From the gateway to a source, by a delivery to a destination, and there to a log group of this stack, which is encrypted and kept."""
    groups = Linked(stack, LOG_GROUP)
    ends = {one.urn for one in stack.of_type(LOG_DELIVERY_DESTINATION) if groups.by(one, "deliveryDestinationConfiguration")}
    for gateway in _undelivered(stack, REQUESTS, ends):
        yield Finding(
            "its logs reach no log group of this stack; an aws.cloudwatch.LogDeliverySource must name it, and a LogDelivery lead from "
            "there to a destination that is one.",
            gateway,
        )


@evolution_rule(
    id="agentcore/traces-delivered",
    severity=Severity.MEDIUM,
    protects="The trace of a request: what the gateway did with it, and how long each step took.",
    why="A gateway delivers no traces unless it is told where to; and where nothing of the stack admits them to X-Ray, AWS adds a wider "
    "policy itself.",
    fix="Declare a LogDeliverySource of the log_type TRACES, a LogDeliveryDestination of the delivery_destination_type XRAY, a "
    "LogDelivery, and an aws.xray.ResourcePolicy that admits delivery.logs.amazonaws.com.",
)
def traces_delivered(stack: Stack) -> Iterator[Finding]:
    ends = {one.urn for one in stack.of_type(LOG_DELIVERY_DESTINATION) if one.at("deliveryDestinationType") == "XRAY"}
    for gateway in _undelivered(stack, TRACES, ends):
        yield Finding(
            "its traces don't reach X-Ray; an aws.cloudwatch.LogDeliverySource must name it, and a LogDelivery lead from there to a "
            "destination that is X-Ray.",
            gateway,
        )
    admitted = [statement for policy in stack.of_type(TRACE_POLICY) for statement in allows_of(policy)]
    if stack.of_type(AGENT_GATEWAY) and not any(DELIVERS in one.services and "xray:PutTraceSegments" in one.actions for one in admitted):
        yield Finding("no aws.xray.ResourcePolicy admits delivery.logs.amazonaws.com to X-Ray; one must.")


def _undelivered(stack: Stack, log_type: str, ends: set[str]) -> Iterator[Resource]:
    """The gateways of which nothing of this type is delivered to one of the destinations."""
    gateways = Linked(stack, AGENT_GATEWAY, ("gatewayArn", "arn", "id"))
    sources = Linked(stack, LOG_DELIVERY_SOURCE, ("name", "arn", "id"))
    destinations = Linked(stack, LOG_DELIVERY_DESTINATION)
    delivered: set[str] = set()
    for delivery in stack.of_type(LOG_DELIVERY):
        if destinations.by(delivery, "deliveryDestinationArn") & ends:
            starts = [sources.all[urn] for urn in sources.by(delivery, "deliverySourceName")]
            delivered |= gateways.by_all([start for start in starts if start.at("logType") == log_type], "resourceArn")
    yield from (gateway for urn, gateway in gateways.all.items() if urn not in delivered)
