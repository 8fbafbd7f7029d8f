"""What rules read, found by watching them: no property that a rule reads may be deleted or unknown without a violation or a reason."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Sequence
from typing import Any, cast

import pytest
from pulumi_policy.proxy import unknown_checking_proxy

from adapter import to_properties
from limits import configured
from rule import Finding, Reference, Resource, Stack, StackRule, judge_resource, judge_stack
from system import table_of
from tests.plans import Plan
from tests.policy.builders import UNKNOWN, Node, Nodes
from tests.policy.complete import complete
from tests.policy.planned import GONE, Edit, edited, nodes_of
from tests.policy.reasons import MAY_BE_UNKNOWN, MAY_GO, MAY_GO_ANYWHERE, REFERENCES
from tests.policy.samples import TABLE, UNAPPROVED, findings

PropertyPath = tuple[str, ...]

RESOURCE_RULES = [rule for family in UNAPPROVED for rule in family.resource_rules]
STACK_RULES = [rule for family in UNAPPROVED for rule in family.stack_rules]

LIMITS = configured({})


class RecordingDict(dict[str, Any]):
    """An object that notes which of its keys are read."""

    def __init__(self, value: dict[str, Any], path: PropertyPath, note: Callable[[PropertyPath], None]) -> None:
        super().__init__({key: watched(one, (*path, key), note) for key, one in value.items()})
        self._path, self._note = path, note

    def get(self, key: str, default: Any = None) -> Any:  # pyright: ignore[reportIncompatibleMethodOverride]  # what rules call
        self._note((*self._path, key))
        return super().get(key, default)

    def __getitem__(self, key: str) -> Any:
        self._note((*self._path, key))
        return super().__getitem__(key)


def watched(value: Any, path: PropertyPath, note: Callable[[PropertyPath], None]) -> Any:
    if isinstance(value, dict):
        return RecordingDict(cast("dict[str, Any]", value), path, note)
    if isinstance(value, list):
        return [watched(one, (*path, str(index)), note) for index, one in enumerate(cast("list[Any]", value))]
    return value


def as_resource(name: str, nodes: Nodes, stack: str, note: Callable[[str, PropertyPath], None] | None = None) -> Resource:
    """A node as rules get it, through CrossGuard's own proxies."""

    def urn(of: str) -> str:
        return f"urn:pulumi:{stack}::evolution-system::{nodes[of].type}::{of}"

    node = nodes[name]
    props: dict[str, Any] = to_properties(unknown_checking_proxy(node.props))
    if note:
        props = RecordingDict(props, (), lambda path: note(name, path))
    return Resource(
        urn=urn(name),
        type=node.type,
        name=name,
        props=props,
        limits=LIMITS.of(stack),
        protect=node.protect,
        ignore_changes=node.ignore_changes,
        dependencies=tuple(urn(one) for one in node.depends_on if one in nodes),
        references={
            key: tuple(Reference(urn=urn(source), type=nodes[source].type) for source in sources if source in nodes)
            for key, sources in node.references.items()
        },
    )


def as_resources(nodes: Nodes, stack: str, note: Callable[[str, PropertyPath], None] | None = None) -> list[Resource]:
    return [as_resource(name, nodes, stack, note) for name in nodes]


def found_in(
    resources: Sequence[Resource],
    configuration: str,
    stack: str,
    only: str | None = None,
    stack_rules: Sequence[StackRule] = STACK_RULES,
) -> Iterator[Finding]:
    """What all rules find, in this order; of the resource rules, those on one resource where one is named."""
    for resource in resources:
        if only in (None, resource.name):
            for rule in RESOURCE_RULES:
                if resource.type in rule.types:
                    yield from judge_resource(rule, resource)
    whole = Stack(
        name=stack,
        project="evolution-system",
        resources=tuple(resources),
        limits=LIMITS.of(stack),
        table=table_of(configuration, list(resources)),
    )
    for rule in stack_rules:
        yield from judge_stack(rule, whole)


def configuration_of(table: Any) -> str:
    return json.dumps({"evolution-system:environment": json.dumps(table)})


def reads(nodes: Nodes, configuration: str, stack: str) -> list[tuple[str, PropertyPath]]:
    """The properties that are read and there, one resource for each type and path."""
    found: dict[tuple[str, PropertyPath], tuple[str, PropertyPath]] = {}

    def note(owner: str, path: PropertyPath) -> None:
        if exists(nodes[owner].props, path):
            general = tuple("0" if part.isdigit() else part for part in path)
            found.setdefault((nodes[owner].type, general), (owner, path))

    assert not list(found_in(as_resources(nodes, stack, note), configuration, stack))
    return list(found.values())


def exists(value: Any, path: PropertyPath) -> bool:
    for part in path:
        if isinstance(value, dict):
            if part not in value:
                return False
            value = cast("dict[str, Any]", value)[part]
        elif isinstance(value, list):
            value = cast("list[Any]", value)[int(part)]
        else:
            return False
    return value is not None


def silent(make: Callable[[], Nodes], table: Any, value: Any) -> list[tuple[str, str]]:
    """The types and paths of what is read, where no rule says a word when it has this value."""
    configuration = configuration_of(table)
    found: list[tuple[str, str]] = []
    whole = make()
    read = reads(whole, configuration, "prod")
    print(f"{len(read)} properties are read")
    assert len(read) > 300
    resources = {one.name: one for one in as_resources(whole, "prod")}
    rules = list(STACK_RULES)
    for owner, path in read:
        nodes = edited(whole, Edit(owner, ".".join(path), value, frozenset()))
        if value == UNKNOWN:
            nodes[owner].references = whole[owner].references
        changed = {**resources, owner: as_resource(owner, nodes, "prod")}
        finding = next(found_in(list(changed.values()), configuration, "prod", owner, rules), None)
        if finding:
            rules.sort(key=lambda rule, last=finding.rule: rule is not last)  # it often finds the next as well
        else:
            general = ".".join("0" if part.isdigit() else part for part in path)
            found.append((nodes[owner].type.rpartition(":")[2], general))
    return found


@pytest.fixture(params=["planned", "complete"])
def source(request: pytest.FixtureRequest, plan: Callable[..., Plan]) -> tuple[Callable[[], Nodes], Any]:
    """What makes the nodes, and their table."""
    if request.param == "complete":
        return complete, TABLE
    planned = plan("prod")
    return lambda: nodes_of(planned), planned.outputs["environment"]


def test_no_property_that_a_rule_reads_may_be_deleted(source: tuple[Callable[[], Nodes], Any]) -> None:
    unexpected = [found for found in silent(*source, GONE) if found not in MAY_GO and found[1] not in MAY_GO_ANYWHERE]
    assert not unexpected


def test_no_literal_that_a_rule_reads_may_be_unknown(source: tuple[Callable[[], Nodes], Any]) -> None:
    unexpected = [
        (kind, path)
        for kind, path in silent(*source, UNKNOWN)
        if path.rpartition(".")[2] not in REFERENCES and (kind, path) not in MAY_BE_UNKNOWN
    ]
    assert not unexpected


def as_planned(nodes: Nodes) -> Nodes:
    return nodes


def references_unknown(nodes: Nodes) -> Nodes:
    """The nodes with every property that is a reference as a whole unknown, also where its value is known by name. A document is none."""
    for node in nodes.values():
        for key, sources in node.references.items():
            if sources and isinstance(node.props.get(key), str) and not node.props[key].startswith("{"):
                node.props[key] = UNKNOWN
    return nodes


@pytest.mark.parametrize("stack", ["dev", "staging", "prod"])
@pytest.mark.parametrize("change", [as_planned, references_unknown])
def test_every_rule_decides_at_preview(stack: str, change: Callable[[Nodes], Nodes], plan: Callable[..., Plan]) -> None:
    planned = plan(stack)
    resources = as_resources(change(nodes_of(planned)), stack)
    found = list(found_in(resources, configuration_of(planned.outputs["environment"]), stack))
    judged = sum(resource.type in rule.types for resource in resources for rule in RESOURCE_RULES) + len(STACK_RULES)
    print(f"{stack}: {judged} times judged")
    assert judged > 300
    assert not list(map(str, found))


def deployed(nodes: Nodes) -> Nodes:
    """The nodes as they are after the deployment: every id and ARN is known, and so is every reference."""
    for number, (name, node) in enumerate(nodes.items()):
        key = f"{number:08x}-1234-1234-1234-123456789012"
        is_key = node.type == "aws:kms/key:Key"
        service = node.type.partition(":")[2].partition("/")[0]
        node.props["id"] = key if is_key else node.props.get("bucket", f"{service}-{name}")
        in_region = f"arn:aws:{service}:us-east-1:000000000000:"
        in_account = f"arn:aws:iam::000000000000:{node.type.rpartition(':')[2].lower()}/{node.props.get('name', name)}"
        node.props["arn"] = f"{in_region}key/{key}" if is_key else in_account if service == "iam" else f"{in_region}{name}"
        if "agentRuntimeName" in node.props:
            node.props["arn"] = f"arn:aws:bedrock-agentcore:us-east-1:000000000000:runtime/{node.props['agentRuntimeName']}-0123456789"
        if node.type in CALLED_SO:
            node.props[CALLED_SO[node.type]] = node.props["arn"]
        if node.type == GATEWAY:
            node.props["gatewayUrl"] = KNOWN["AGENTCORE_GATEWAY_URL"]
        if node.type == PINNED:
            node.props["version"] = KNOWN["BEDROCK_GUARDRAIL_VERSION"]
    for node in nodes.values():
        for key, sources in node.references.items():
            arns = [nodes[source].props["arn"] for source in sorted(sources)]
            if key == "name" and node.props.get("name") == UNKNOWN:  # an agent's log group is called as the runtime
                node.props[key] = "/aws/bedrock-agentcore/runtimes/evolution_{}-0123456789-evolution".format(
                    node.props["tagsAll"]["Environment"]
                )
            elif arns and key in node.props:
                node.props[key] = _known(node.props[key], arns)
    return nodes


GATEWAY, PINNED = "aws:bedrock/agentcoreGateway:AgentcoreGateway", "aws:bedrock/guardrailVersion:GuardrailVersion"

CALLED_SO = {
    GATEWAY: "gatewayArn",
    "aws:bedrock/agentcoreAgentRuntime:AgentcoreAgentRuntime": "agentRuntimeArn",
    "aws:bedrock/guardrail:Guardrail": "guardrailArn",
}
"""By type, what the provider calls the ARN."""

KNOWN = {
    "AGENTCORE_GATEWAY_URL": "https://evolution-prod-0123456789.gateway.bedrock-agentcore.us-east-1.amazonaws.com",
    "BEDROCK_GUARDRAIL_VERSION": "1",
    "GuardrailVersion": "1",
}
"""What is known of another resource, but is no ARN."""


def _known(value: Any, arns: list[str]) -> Any:
    if value == UNKNOWN:
        return arns[0]
    if isinstance(value, list):
        return [_known(one, arns[index:] or arns) for index, one in enumerate(cast("list[Any]", value))]
    if isinstance(value, dict):
        return {key: KNOWN.get(key) or _known(one, arns) for key, one in cast("dict[str, Any]", value).items()}
    return value


@pytest.mark.parametrize("stack", ["dev", "staging", "prod"])
def test_a_deployed_stack_breaks_no_rule_either(stack: str, plan: Callable[..., Plan], monkeypatch: pytest.MonkeyPatch) -> None:
    planned = plan(stack)
    monkeypatch.setenv("PULUMI_CONFIG", configuration_of(planned.outputs["environment"]))
    assert findings(deployed(nodes_of(planned)), stack=stack) == []


def test_what_others_deploy_is_judged_without_a_rule_failing(plan: Callable[..., Plan], monkeypatch: pytest.MonkeyPatch) -> None:
    """Empty resources of every type, of another project: answers, but never an exception."""
    monkeypatch.delenv("PULUMI_CONFIG", raising=False)
    kinds = {node.type for node in (*complete().values(), *nodes_of(plan("prod")).values()) if node.type.startswith("aws:")}
    nodes: Nodes = {f"other-{index}": Node(kind, {}) for index, kind in enumerate(sorted(kinds))}
    found = findings(nodes, project="somebody-elses")
    assert not [finding.message for finding in found if "could not read it" in finding.message]
