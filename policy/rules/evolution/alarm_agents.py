"""Alarms, the agents: the model that is called, its guardrail, the gateway and the runtime are watched, by metrics that AWS publishes."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass

from checks import literal
from graph import Linked
from plain import Plain, Unknown, dig, number
from rule import Finding, Resource, Severity, Stack, about
from rules.evolution.alarm_watches import FEW, LONGEST_PERIOD, compared, fewest, weaknesses
from system import evolution_rule
from tokens import AGENT_GATEWAY, AGENT_RUNTIME, AGENT_RUNTIME_ENDPOINT, GUARDRAIL, GUARDRAIL_VERSION, METRIC_ALARM
from variables import RUNNERS, environments_of

BEDROCK = "AWS/Bedrock"
GUARDRAILS = "AWS/Bedrock/Guardrails"
AGENTCORE = "AWS/Bedrock-AgentCore"

MOST_INTERVENED = 100
"""Interventions in one period: a guardrail that stops one request every three seconds is not at rest, in no tier."""

MOST_TOKENS_PER_MINUTE = 100_000
"""At 6 US dollars a million, 26,000 a month: more than any tier's budget."""

FAILURES = frozenset({"SystemErrors", "UserErrors", "Throttles"})

WHY = "What asks a model answers its caller when it fails, and fails itself for nobody to see."


@dataclass(frozen=True, slots=True)
class Made:
    """The value of a dimension that AWS makes: an output of a resource, or its own name."""

    resource: Resource
    output: str

    def __str__(self) -> str:
        return f"the {self.output} of `{self.resource.name}`"


@dataclass(frozen=True, kw_only=True, slots=True)
class Subject:
    """What must be watched: all of its dimensions, and no others, name its metrics.

    Attributes:
        resource: what findings are about; None is the stack.
    """

    resource: Resource | None
    dimensions: Mapping[str, str | Made]

    def is_named_by(self, alarm: Resource, dimensions: Plain) -> bool:
        """Whether an alarm has these dimensions. What isn't known yet must come from the subject's own resources, and from no others."""
        if not isinstance(dimensions, dict) or dimensions.keys() != self.dimensions.keys():
            return False
        made = {one.resource.urn for one in self.dimensions.values() if isinstance(one, Made)}
        sources = sources_of(alarm)
        return all(
            sources == made if isinstance(value, Unknown) and isinstance(wanted, Made) else value == _known(wanted)
            for value, wanted in ((dimensions[name], wanted) for name, wanted in self.dimensions.items())
        )

    def names(self) -> set[str]:
        """What one of an alarm's dimensions says, or comes from, if the subject is meant: the URNs and outputs that no other shares."""
        made = [one for one in self.dimensions.values() if isinstance(one, Made)]
        known = [_known(one) for one in made or self.dimensions.values()]
        return {one.resource.urn for one in made} | {value for value in known if isinstance(value, str)}

    def __str__(self) -> str:
        return ", ".join(f"{name}={value}" for name, value in self.dimensions.items())


def sources_of(alarm: Resource) -> set[str]:
    """The URNs of the resources that an alarm's dimensions come from."""
    return {one.urn for name in ("dimensions", "metricQueries") for one in alarm.comes_from(name)}


def _known(wanted: str | Made) -> Plain:
    return wanted.resource.at(wanted.output) if isinstance(wanted, Made) else wanted


def _models(stack: Stack) -> Iterator[Subject]:
    """The table's model, where something is told to ask one. Who is told another, `agentcore/model` reports."""
    runners = [runner for kind in RUNNERS for runner in stack.of_type(kind)]
    model = (stack.table or {}).get("model_id")
    if isinstance(model, str) and any("BEDROCK_MODEL_ID" in one.variables for runner in runners for one in environments_of(runner)):
        yield Subject(resource=None, dimensions={"ModelId": model})


def _guardrails(stack: Stack) -> Iterator[Subject]:
    """Each version of a guardrail: callers name one."""
    guardrails = Linked(stack, GUARDRAIL, ("guardrailArn", "guardrailId", "arn", "id"))
    for version in stack.of_type(GUARDRAIL_VERSION):
        for urn in sorted(guardrails.by(version, "guardrailArn")):
            dimensions = {"GuardrailArn": Made(guardrails.all[urn], "guardrailArn"), "GuardrailVersion": Made(version, "version")}
            yield Subject(resource=guardrails.all[urn], dimensions=dimensions)


def _gateways(stack: Stack) -> Iterator[Subject]:
    """A gateway that forwards HTTP, as `agentcore/gateway-leads-to-runtime` wants it.

    Source: AgentCore developer guide, "AgentCore generated gateway observability data", and github.com/aws/aws-cdk/pull/38487: AWS
    publishes nothing for `Resource` alone.
    """
    for gateway in stack.of_type(AGENT_GATEWAY):
        dimensions = {"Operation": "InvokeGateway", "Protocol": "HTTP", "Resource": Made(gateway, "gatewayArn")}
        yield Subject(resource=gateway, dimensions=dimensions)


def _runtimes(stack: Stack) -> Iterator[Subject]:
    """Each endpoint of a runtime, and where the stack has none the one that AgentCore makes. One whose name isn't known
    `agentcore/only-gateway` reports.

    Source: AgentCore developer guide, "AgentCore generated runtime observability data", and github.com/aws/aws-cdk/pull/38486: AWS
    publishes nothing for `Resource` alone.
    """
    runtimes = Linked(stack, AGENT_RUNTIME, ("agentRuntimeId", "id"))
    endpoints = stack.of_type(AGENT_RUNTIME_ENDPOINT)
    own: defaultdict[str, list[str]] = defaultdict(list)
    for one in endpoints:
        for urn in runtimes.by(one, "agentRuntimeId"):
            if isinstance(name := one.at("name"), str):
                own[urn].append(name)
    for urn, runtime in runtimes.all.items():
        for endpoint in own[urn] if endpoints else ["DEFAULT"]:
            yield Subject(
                resource=runtime,
                dimensions={
                    "Operation": "InvokeAgentRuntime",
                    "Name": f"{runtime.at('agentRuntimeName')}::{endpoint}",
                    "Resource": Made(runtime, "agentRuntimeArn"),
                },
            )


def _figure(stack: Stack, row: str, most: float) -> float:
    """The table's figure, and the pack's own where that is larger, or there is none."""
    given = number(dig((stack.table or {}).get("alerts"), row))
    return most if given is None else min(given, most)


def _interventions(stack: Stack, _alarm: Resource) -> float:
    return _figure(stack, "guardrail_interventions", MOST_INTERVENED)


def _tokens(stack: Stack, alarm: Resource) -> float:
    """In the alarm's period."""
    periods = [seconds for one in compared(alarm) if (seconds := number(one.period)) is not None]
    return _figure(stack, "model_tokens_per_minute", MOST_TOKENS_PER_MINUTE) * min(periods, default=0) / 60


def _failures(_stack: Stack, _alarm: Resource) -> float:
    return FEW


@dataclass(frozen=True, kw_only=True, slots=True)
class AgentWatch:
    """An alarm that must exist on each of some subjects.

    Attributes:
        metrics: all of them must be summed.
        most: the highest threshold.
    """

    subjects: Callable[[Stack], Iterator[Subject]]
    namespace: str
    metrics: frozenset[str]
    most: Callable[[Stack, Resource], float]

    def watched(self, stack: Stack) -> Iterator[tuple[Subject, list[Resource]]]:
        """Each subject, and the alarms that compare all of its metrics."""
        named: defaultdict[str, dict[str, Resource]] = defaultdict(dict)
        for alarm in stack.of_type(METRIC_ALARM):
            for key in self._names_in(alarm):
                named[key][alarm.urn] = alarm
        for subject in self.subjects(stack):
            alarms = {urn: alarm for key in subject.names() for urn, alarm in named[key].items()}
            yield subject, [alarm for alarm in alarms.values() if self.metrics <= self._metrics_in(alarm, subject)]

    def _names_in(self, alarm: Resource) -> set[str]:
        """What an alarm's dimensions say in this namespace, and the URNs of what they come from."""
        own = [one.dimensions for one in compared(alarm) if one.namespace == self.namespace]
        if not own:
            return set()
        said = {value for dimensions in own if isinstance(dimensions, dict) for value in dimensions.values() if isinstance(value, str)}
        return said | sources_of(alarm)

    def _metrics_in(self, alarm: Resource, subject: Subject) -> set[Plain]:
        return {
            str(one.metric) for one in compared(alarm) if one.namespace == self.namespace and subject.is_named_by(alarm, one.dimensions)
        }

    def findings(self, stack: Stack) -> Iterator[Finding]:
        """Each subject must have an alarm without a finding; otherwise the findings of the best alarm are reported."""
        for subject, alarms in self.watched(stack):
            if not alarms:
                metrics = " and ".join(sorted(self.metrics))
                yield Finding(f"no alarm watches {metrics} ({self.namespace}, {subject}); one must.", subject.resource)
            yield from fewest(self._weaknesses(stack, alarm) for alarm in alarms)

    def _weaknesses(self, stack: Stack, alarm: Resource) -> Iterator[Finding]:
        yield from about(alarm, weaknesses(alarm, 0, self.most(stack, alarm)))
        # `ignore` keeps an alarm that has fired as it is, and `breaching` one that hasn't: AWS publishes nothing while nothing happens.
        silence = literal("treatMissingData", alarm.at("treatMissingData"), "notBreaching", "missing", or_missing=True)
        yield from about(alarm, silence)


INTERVENTIONS = AgentWatch(subjects=_guardrails, namespace=GUARDRAILS, metrics=frozenset({"InvocationsIntervened"}), most=_interventions)
ERRORS = AgentWatch(
    subjects=_models,
    namespace=BEDROCK,
    metrics=frozenset({"InvocationClientErrors", "InvocationServerErrors"}),
    most=_failures,
)
THROTTLES = AgentWatch(subjects=_models, namespace=BEDROCK, metrics=frozenset({"InvocationThrottles"}), most=_failures)
TOKENS = AgentWatch(subjects=_models, namespace=BEDROCK, metrics=frozenset({"InputTokenCount", "OutputTokenCount"}), most=_tokens)
GATEWAYS = AgentWatch(subjects=_gateways, namespace=AGENTCORE, metrics=FAILURES, most=_failures)
RUNTIMES = AgentWatch(subjects=_runtimes, namespace=AGENTCORE, metrics=FAILURES, most=_failures)

WATCHES = (INTERVENTIONS, ERRORS, THROTTLES, TOKENS, GATEWAYS, RUNTIMES)


def undrawn(stack: Stack, drawn: set[str]) -> Iterator[Resource]:
    """The alarms that must exist of which none is among those drawn on a dashboard, by their names."""
    for watch in WATCHES:
        for _subject, alarms in watch.watched(stack):
            if alarms and not any(str(alarm.at("name")) in drawn for alarm in alarms):
                yield alarms[0]


@evolution_rule(
    id="alarms/guardrail-interventions",
    severity=Severity.HIGH,
    protects="The agents from somebody who goes on trying what the guardrail forbids.",
    why="The guardrail stops each attempt by itself. That there are many tells of an attack, or of a guardrail that is too strict.",
    fix="Declare an alarm on the Sum of InvocationsIntervened (AWS/Bedrock/Guardrails) of the guardrail's ARN and version, above "
    "alerts.guardrail_interventions of the table.",
)
def guardrail_interventions(stack: Stack) -> Iterator[Finding]:
    return INTERVENTIONS.findings(stack)


@evolution_rule(
    id="alarms/model-errors",
    severity=Severity.MEDIUM,
    protects="The agents from a model that doesn't answer.",
    why=WHY,
    fix="Declare an alarm on FILL(client, 0) + FILL(server, 0) of InvocationClientErrors and InvocationServerErrors (AWS/Bedrock) of the "
    f"ModelId that is called, above at most {FEW}.",
)
def model_errors(stack: Stack) -> Iterator[Finding]:
    return ERRORS.findings(stack)


@evolution_rule(
    id="alarms/model-throttles",
    severity=Severity.MEDIUM,
    protects="The agents from a quota that is used up.",
    why=WHY,
    fix=f"Declare an alarm on the Sum of InvocationThrottles (AWS/Bedrock) of the ModelId that is called, above at most {FEW}.",
)
def model_throttles(stack: Stack) -> Iterator[Finding]:
    return THROTTLES.findings(stack)


@evolution_rule(
    id="alarms/model-tokens",
    severity=Severity.HIGH,
    protects="The bill of a system that decides by itself what to ask.",
    why="The budget tells of it a day later; an agent that asks in a loop is seen in its tokens within minutes.",
    fix="Declare an alarm on FILL(in, 0) + FILL(out, 0) of InputTokenCount and OutputTokenCount (AWS/Bedrock) of the ModelId that is "
    "called, above alerts.model_tokens_per_minute of the table.",
)
def model_tokens(stack: Stack) -> Iterator[Finding]:
    return TOKENS.findings(stack)


@evolution_rule(
    id="alarms/gateway-errors",
    severity=Severity.HIGH,
    protects="The only way to the agents: who is refused there, and what is lost.",
    why="The handler asks only what the gateway's policies allow. What is refused there came by another way, or the policies are wrong.",
    fix="Declare an alarm on the filled sum of SystemErrors, UserErrors and Throttles (AWS/Bedrock-AgentCore) of Operation=InvokeGateway, "
    f"Protocol=HTTP and Resource=<the gateway's ARN>, above at most {FEW} in at most {LONGEST_PERIOD} seconds.",
)
def gateway_errors(stack: Stack) -> Iterator[Finding]:
    return GATEWAYS.findings(stack)


@evolution_rule(
    id="alarms/agents-errors",
    severity=Severity.MEDIUM,
    protects="The agents from a container that fails.",
    why=WHY,
    fix="Declare an alarm on the filled sum of SystemErrors, UserErrors and Throttles (AWS/Bedrock-AgentCore) of "
    "Operation=InvokeAgentRuntime, Name=<runtime>::<endpoint> and Resource=<the runtime's ARN>, "
    f"above at most {FEW} in at most {LONGEST_PERIOD} seconds.",
)
def agents_errors(stack: Stack) -> Iterator[Finding]:
    return RUNTIMES.findings(stack)
