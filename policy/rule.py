"""What a rule is, what it judges and what it answers. Pure: nothing of CrossGuard in it."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from enum import Enum
from functools import cached_property

from limits import Bounds
from plain import Plain, dig


class Severity(Enum):
    """How bad it is when the rule doesn't hold. Every rule is mandatory whatever its severity."""

    MEDIUM = 1
    HIGH = 2
    CRITICAL = 3


class Outcome(Enum):
    """What a fault is; a rule without faults holds."""

    BROKEN = "broken"
    CANNOT_TELL = "cannot tell"


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
        references: by property, what its value comes from; known only where the whole stack is judged.
        bounds: what the stack's tier is held to.
        ignore_changes: the properties that a deployment doesn't change once the resource is there.
    """

    urn: str
    type: str
    name: str
    props: dict[str, Plain]
    bounds: Bounds
    protect: bool = False
    parent: str | None = None
    ignore_changes: tuple[str, ...] = ()
    references: Mapping[str, tuple[Reference, ...]] = field(default_factory=dict[str, tuple[Reference, ...]])

    def at(self, *path: str) -> Plain:
        """The value at a path of property names; see `plain.dig`."""
        return dig(self.props, *path)

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
    bounds: Bounds
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


@dataclass(frozen=True, kw_only=True, slots=True)
class Fault:
    """One thing that is wrong. `what` is a sentence with the offending value, `about` the resource; None is the stack."""

    what: str
    outcome: Outcome
    about: Resource | None = None


def broken(what: str, about: Resource | None = None) -> Fault:
    """The value is known and wrong."""
    return Fault(what=what, outcome=Outcome.BROKEN, about=about)


def cannot_tell(what: str, about: Resource | None = None) -> Fault:
    """The value isn't known, or isn't of a kind that the rule understands. It counts as a violation."""
    return Fault(what=what, outcome=Outcome.CANNOT_TELL, about=about)


Faults = Iterable[Fault]


@dataclass(frozen=True, kw_only=True)
class Rule:
    """One invariant.

    Attributes:
        id: `<family>/<what>`; stable, for it is what messages, documents and exemptions name.
        protects: what is safe because the rule holds.
        why: what happens otherwise; a sentence.
        mend: what to write; a sentence.
        tiers: the tiers it holds in; empty for all. A stack of an unknown tier is held to every rule.
        controls: the framework controls that it meets.
    """

    id: str
    severity: Severity
    protects: str
    why: str
    mend: str
    tiers: frozenset[str] = frozenset()
    controls: tuple[str, ...] = ()


@dataclass(frozen=True, kw_only=True)
class ResourceRule(Rule):
    """An invariant of single resources, judged on their inputs before they are made.

    Attributes:
        types: the resource types that it judges.
        check: the faults of a resource. It may raise: `judge` makes a violation of it.
    """

    types: frozenset[str]
    check: Callable[[Resource], Faults]


@dataclass(frozen=True, kw_only=True)
class StackRule(Rule):
    """An invariant of the whole stack: what must exist, and what must fit together. `check` may raise, too."""

    check: Callable[[Stack], Faults]


@dataclass(frozen=True, kw_only=True)
class Family:
    """Rules that belong together: one file, and one CrossGuard policy for its resource rules.

    Attributes:
        name: the first part of its rules' ids.
        title: one short sentence, printed above each violation.
    """

    name: str
    title: str
    resource_rules: tuple[ResourceRule, ...] = ()
    stack_rules: tuple[StackRule, ...] = ()


@dataclass(frozen=True, kw_only=True, slots=True)
class Verdict:
    """A fault and the rule that found it. As text, it is the message of the violation."""

    rule: Rule
    fault: Fault
    about: Resource | None

    def __str__(self) -> str:
        subject = str(self.about) if self.about else "The stack"
        lines = [f"[{self.rule.id}] {subject}: {self.fault.what}", f"Why: {self.rule.why}", f"Mend: {self.rule.mend}"]
        if self.about and not self.about.props:
            lines.append("The resource came without any inputs, as it does with --target, which this pack does not support.")
        return "\n".join(lines)


def judge_resource(rule: ResourceRule, resource: Resource) -> list[Verdict]:
    """What a rule finds in a resource."""
    return _judge(rule, lambda: rule.check(resource), resource.bounds, resource)


def judge_stack(rule: StackRule, stack: Stack) -> list[Verdict]:
    """What a rule finds in a stack."""
    return _judge(rule, lambda: rule.check(stack), stack.bounds, None)


def _judge(rule: Rule, check: Callable[[], Faults], bounds: Bounds, resource: Resource | None) -> list[Verdict]:
    """A rule that raises could not tell: no input may silence it. None of the input is in the message, for it may hold a secret."""
    if rule.tiers and bounds.known_tier and bounds.tier not in rule.tiers:
        return []
    verdicts: list[Verdict] = []
    try:
        for fault in check():
            verdicts.append(Verdict(rule=rule, fault=fault, about=fault.about or resource))
    except Exception as error:  # whatever it is, the rule has not said that it holds
        what = f"the rule could not read it ({type(error).__name__}), so it must be taken as broken."
        verdicts.append(Verdict(rule=rule, fault=cannot_tell(what), about=resource))
    return verdicts
