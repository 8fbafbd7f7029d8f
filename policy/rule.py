"""What a rule is, what it judges and what it answers. Pure: nothing of CrossGuard in it."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from enum import Enum
from functools import cached_property
from types import ModuleType
from typing import NotRequired, TypedDict, TypeVar, Unpack, cast, overload

from limits import TierLimits
from plain import Plain, dig

Derived = TypeVar("Derived")


class Severity(Enum):
    """How bad it is when the rule doesn't hold. Every rule is mandatory whatever its severity."""

    MEDIUM = 1
    HIGH = 2
    CRITICAL = 3


@dataclass(frozen=True, kw_only=True, slots=True)
class Reference:
    """A resource that a property's value comes from."""

    urn: str
    type: str


@dataclass(frozen=True, kw_only=True, slots=True)
class Resource:
    """One resource as plain data.

    Attributes:
        props: inputs where single resources are judged, outputs where the whole stack is.
        inputs: what the program and the provider's defaults give it; None where single resources or a mere state are judged.
        dependencies: the URNs of what is made before it: what its values come from, and what it only waits for; known as `references` is.
        references: by property, what its value comes from; known only where the whole stack is judged.
        limits: what the stack's tier is held to.
        ignore_changes: the properties that a deployment doesn't change once the resource is there.
        delete_before_replace: whether the program wants it gone before its replacement is made.
        reads: where given, the resource's name is added to it whenever a rule reads anything of it by `at` or `comes_from`.
    """

    urn: str
    type: str
    name: str
    props: dict[str, Plain]
    limits: TierLimits
    protect: bool = False
    parent: str | None = None
    ignore_changes: tuple[str, ...] = ()
    delete_before_replace: bool = False
    dependencies: tuple[str, ...] = ()
    references: Mapping[str, tuple[Reference, ...]] = field(default_factory=dict[str, tuple[Reference, ...]])
    inputs: dict[str, Plain] | None = None
    reads: set[str] | None = field(default=None, compare=False, repr=False)

    @property
    def given(self) -> dict[str, Plain]:
        """What the program gives, where that is known apart from what AWS and the provider make of it; else all that there is."""
        return self.props if self.inputs is None else self.inputs

    def at(self, *path: str) -> Plain:
        """The value at a path of property names; see `plain.dig`."""
        if self.reads is not None:
            self.reads.add(self.name)
        return dig(self.props, *path)

    def comes_from(self, name: str) -> tuple[Reference, ...]:
        """What the value of a top-level property comes from."""
        if self.reads is not None:
            self.reads.add(self.name)
        return self.references.get(name, ())

    def __str__(self) -> str:
        return f"`{self.name}` ({self.type})"


@dataclass(frozen=True, kw_only=True)
class Stack:
    """The whole stack, and what was configured for it.

    Attributes:
        name: the stack's name, such as prod.
        table: the environment table that the stack is configured with; None where there is none.
        configuration_faults: what is wrong with the pack's own configuration, one sentence each.
        exemption_faults: what is wrong with the exemptions; known only when all else has been judged.
    """

    name: str
    project: str
    resources: tuple[Resource, ...]
    limits: TierLimits
    table: Mapping[str, Plain] | None = None
    configuration_faults: tuple[str, ...] = ()
    exemption_faults: tuple[str, ...] = ()

    @cached_property
    def _by_type(self) -> Mapping[str, list[Resource]]:
        by_type: defaultdict[str, list[Resource]] = defaultdict(list)
        for resource in self.resources:
            by_type[resource.type].append(resource)
        return by_type

    def of_type(self, kind: str) -> Sequence[Resource]:
        """The resources of one type."""
        return self._by_type.get(kind, ())

    @cached_property
    def _derived(self) -> dict[Callable[..., object], object]:
        return {}

    def once(self, derive: Callable[[Stack], Derived]) -> Derived:
        """What a function makes of the stack; it is called only once for a stack, whoever asks."""
        if derive not in self._derived:
            self._derived[derive] = derive(self)
        return cast("Derived", self._derived[derive])


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that is wrong. What can't be told at preview counts as wrong.

    Attributes:
        message: a sentence with the offending value, and what it must be.
        resource: what it is about; None is the stack. A check of single resources leaves it out.
        rule: the rule that found it; the judge fills it in.
    """

    message: str
    resource: Resource | None = None
    rule: Rule | None = None

    @property
    def rule_id(self) -> str:
        return self.rule.id if self.rule else ""

    @property
    def why(self) -> str:
        return self.rule.why if self.rule else ""

    @property
    def fix(self) -> str:
        return self.rule.fix if self.rule else ""

    @property
    def severity(self) -> Severity:
        return self.rule.severity if self.rule else Severity.CRITICAL

    def __str__(self) -> str:
        """The whole message, as the engine shows it."""
        subject = str(self.resource) if self.resource else "The stack"
        lines = [f"[{self.rule_id}] {subject}: {self.message}", f"Why: {self.why}", f"Fix: {self.fix}"]
        if self.resource and not self.resource.props:
            lines.append("The resource came without any inputs, as it does with --target, which this pack does not support.")
        return "\n".join(lines)


Findings = Iterable[Finding]
ResourceCheck = Callable[[Resource], Findings]
StackCheck = Callable[[Stack], Findings]


def about(resource: Resource, findings: Findings) -> Iterator[Finding]:
    """The findings of a stack rule about one resource, with that resource. If the check fails on it, that is a finding too, and the other
    resources are judged all the same."""
    try:
        for finding in findings:
            yield finding if finding.resource else replace(finding, resource=resource)
    except Exception as error:
        yield _unread(error, resource)


def _unread(error: Exception, resource: Resource | None) -> Finding:
    """The finding for a check that failed. It shows nothing of the input, which may hold a secret."""
    return Finding(f"the rule could not read it ({type(error).__name__}), so it must be taken as broken.", resource)


@dataclass(frozen=True, kw_only=True)
class Rule:
    """One invariant.

    Attributes:
        id: `<family>/<what>`; stable, for it is what messages, documents and exemptions name.
        protects: what is safe because the rule holds.
        why: what happens otherwise; a sentence.
        fix: what to write; a sentence.
        controls: the framework controls that it meets.
        tiers: the tiers it holds in; empty for all. A stack of an unknown tier is held to every rule.
        types: the resource types that it judges one by one; empty where it judges the whole stack.
        ours_only: whether other programs are spared it (`system.evolution_rule`, `account_project.account_rule`).
    """

    id: str
    severity: Severity
    protects: str
    why: str
    fix: str
    controls: tuple[str, ...] = ()
    tiers: frozenset[str] = frozenset()
    types: frozenset[str] = frozenset()
    ours_only: bool = False


@dataclass(frozen=True, kw_only=True)
class ResourceRule(Rule):
    """An invariant of single resources, judged on their inputs before they are made.

    Attributes:
        check: what it finds in a resource. It may raise: `judge_resource` makes a finding of it.
    """

    check: ResourceCheck


@dataclass(frozen=True, kw_only=True)
class StackRule(Rule):
    """An invariant of the whole stack: what must exist, and what must fit together. `check` may raise, too."""

    check: StackCheck


class Metadata(TypedDict):
    """What a rule says of itself; see `Rule`."""

    id: str
    severity: Severity
    protects: str
    why: str
    fix: str
    controls: NotRequired[tuple[str, ...]]
    tiers: NotRequired[frozenset[str]]


@overload
def rule(*, types: Collection[str], **metadata: Unpack[Metadata]) -> Callable[[ResourceCheck], ResourceRule]: ...
@overload
def rule(**metadata: Unpack[Metadata]) -> Callable[[StackCheck], StackRule]: ...
def rule(
    *, types: Collection[str] | None = None, **metadata: Unpack[Metadata]
) -> Callable[[ResourceCheck], ResourceRule] | Callable[[StackCheck], StackRule]:
    """Make a rule of the check below it: of each resource of some types or, without types, of the whole stack."""

    def of_each(check: ResourceCheck) -> ResourceRule:
        return ResourceRule(check=check, types=frozenset(types or ()), **metadata)

    def of_the_whole(check: StackCheck) -> StackRule:
        return StackRule(check=check, **metadata)

    return of_the_whole if types is None else of_each


@dataclass(frozen=True)
class Family:
    """Rules that belong together.

    Attributes:
        name: the first part of its rules' ids.
        title: one short sentence.
        modules: where its rules are defined; every rule in one of them belongs to the family.
    """

    name: str
    title: str
    modules: tuple[ModuleType, ...]

    @cached_property
    def rules(self) -> tuple[Rule, ...]:
        """Those of single resources, then those of the whole stack, each in the order of the modules."""
        return (*self.resource_rules, *self.stack_rules)

    @cached_property
    def resource_rules(self) -> tuple[ResourceRule, ...]:
        return tuple(value for module in self.modules for value in vars(module).values() if isinstance(value, ResourceRule))

    @cached_property
    def stack_rules(self) -> tuple[StackRule, ...]:
        return tuple(value for module in self.modules for value in vars(module).values() if isinstance(value, StackRule))


def judge_resource(rule: ResourceRule, resource: Resource) -> list[Finding]:
    """What a rule finds in a resource."""
    return _judge(rule, lambda: rule.check(resource), resource.limits, resource)


def judge_stack(rule: StackRule, stack: Stack) -> list[Finding]:
    """What a rule finds in a stack."""
    return _judge(rule, lambda: rule.check(stack), stack.limits, None)


def _judge(rule: Rule, check: Callable[[], Findings], limits: TierLimits, resource: Resource | None) -> list[Finding]:
    """What a check finds. A check that raises an error could not tell, which is a finding: no input may silence a rule."""
    if rule.tiers and limits.known_tier and limits.tier not in rule.tiers:
        return []
    findings: list[Finding] = []
    try:
        for found in check():
            findings.append(found)  # one by one: what was found before it raised counts
    except Exception as error:  # whatever it is, the rule has not said that it holds
        findings.append(_unread(error, resource))
    return [replace(finding, resource=finding.resource or resource, rule=rule) for finding in findings]
