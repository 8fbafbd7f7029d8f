"""Writes down what the roles that workflows take on are granted, as approved/duties.json has it: pure functions over planned accounts."""

from __future__ import annotations

import json
import re
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from textwrap import wrap

from conditions import POSITIVE
from documents import Statement
from duties import BOTH, BUT, MAY, NAME, OF_DISPOSABLE, ON, PROFILE, REGION, TESTS, UNDER, Duty, actions_of, start_of
from plain import Plain
from system import PROJECT

WIDTH = 140
"""The longest line of the file, where it can be broken."""

OPEN = frozenset({"deploy", "drift", OF_DISPOSABLE})
"""Who may get one more of a name: a new function wants to be deployed and compared, and neither drilled nor pushed to."""

FEW = 3
"""Where less than one in so many things of a form are granted, they stand by their names, and a new one isn't taken for one of them: of all
roles two are AgentCore's, of all alarms one is composite."""

FORMS: Mapping[str, re.Pattern[str]] = {
    NAME: re.compile(r"(?<=[Ee]volution-)[A-Za-z0-9]+(?:-[A-Za-z0-9]+)*(?=-\{stack\})|(?<=log-group:/evolution/\{stack\}/)[a-z-]+"),
    PROFILE: re.compile(r"(?<=-profile/).+"),
}
"""By placeholder, where its text is in an ARN: in this program's names, and in Bedrock's of its profiles."""

WORDS: Mapping[str, Mapping[str, Mapping[str, Plain]]] = {
    "tagged": {"StringEquals": {"aws:ResourceTag/Environment": "{stack}", "aws:ResourceTag/Project": PROJECT}},
    "tagging": {"StringEquals": {"aws:RequestTag/Environment": "{stack}", "aws:RequestTag/Project": PROJECT}},
    "untagged": {"Null": {"aws:ResourceTag/Environment": "true"}},
}
"""Words for what is tested often: that a thing has the stack's tags, that a request gives them, that a thing has none."""

Services = Mapping[str, Sequence[Mapping[str, Plain]]]


@dataclass(frozen=True, kw_only=True, slots=True)
class Kind:
    """Grants of one action that differ in their names alone.

    Attributes:
        part: whose they are.
        form: what they are on, with a placeholder for the name if there may be another one.
        condition: as JSON.
    """

    part: str
    action: str
    form: str
    condition: str


@dataclass(frozen=True, kw_only=True, slots=True)
class Together:
    """What stands in one entry, beside what it is on.

    Attributes:
        but: the names that the form's isn't.
    """

    condition: str
    but: tuple[str, ...]
    may: tuple[str, ...]


def duties_of(granted: Iterable[tuple[Duty, Statement]]) -> Mapping[str, Services]:
    """By whose they are, and by service: the actions, what they are on and what they are tested by."""
    named: defaultdict[Kind, set[str]] = defaultdict(set)
    for duty, statement in granted:
        for kind, name in _kinds(duty, statement):
            named[kind].add(name)
    conditions: defaultdict[tuple[str, str, str, tuple[str, ...]], list[str]] = defaultdict(list)
    for kind, form, but in _forms(named):
        conditions[kind.part, kind.action, form, but].append(kind.condition)
    actions: defaultdict[str, defaultdict[tuple[str, str, tuple[str, ...], str], list[str]]] = defaultdict(lambda: defaultdict(list))
    for (part, action, form, but), under in sorted(conditions.items()):
        service, _, name = action.partition(":")
        for condition in _together(under):
            actions[part][service, form, but, condition].append(name)
    return {part: _services(actions[part]) for part in sorted(actions)}


def _services(actions: Mapping[tuple[str, str, tuple[str, ...], str], Sequence[str]]) -> Services:
    found: defaultdict[str, defaultdict[Together, list[str]]] = defaultdict(lambda: defaultdict(list))
    for (service, form, but, condition), may in actions.items():
        alike = Together(condition=condition, but=but, may=tuple(may))
        found[service][alike].append(form.removeprefix(start_of(service)))
    return {
        service: [
            {
                ON: [*on],
                **({BUT: [*one.but]} if one.but else {}),
                **({UNDER: said} if (said := _said(json.loads(one.condition))) else {}),
                MAY: [*one.may],
            }
            for one, on in sorted(found[service].items(), key=lambda each: (each[1], each[0].condition, each[0].may))
        ]
        for service in sorted(found)
    }


def _forms(named: Mapping[Kind, set[str]]) -> Iterator[tuple[Kind, str, tuple[str, ...]]]:
    """Each kind with what it is on, and the names that it isn't on. What is granted to who deploys and who compares is of both; and what
    deploys the disposable stack has beside that what others haven't."""
    known: defaultdict[str, set[str]] = defaultdict(set)
    for kind, names in named.items():
        known[kind.form] |= names
    for kind, names in sorted(named.items(), key=lambda one: (one[0].part, one[0].action, one[0].form, one[0].condition)):
        common = named.get(replace(kind, part="deploy"), set[str]())
        if kind.part in ("deploy", "drift") and names == named.get(replace(kind, part="drift")) == common:
            if kind.part == "drift":
                continue
            kind = replace(kind, part=BOTH)
        beyond = names - common if kind.part == OF_DISPOSABLE else names
        few = NAME in kind.form and len(names) * FEW < len(known[kind.form])
        if (common and kind.part == OF_DISPOSABLE) or few:
            yield from ((kind, kind.form.replace(NAME, name), ()) for name in sorted(beyond))
        else:
            yield kind, kind.form, tuple(sorted(known[kind.form] - names)) if NAME in kind.form else ()


def _kinds(duty: Duty, statement: Statement) -> Iterator[tuple[Kind, str]]:
    """What a statement grants, each with the name that stands at the placeholder; none where there is no placeholder."""
    condition = _generalised(json.dumps(statement.conditions, sort_keys=True), duty)
    for resource in statement.resources:
        form, name = _form(_generalised(resource, duty), duty.part)
        for action in actions_of(statement):
            yield Kind(part=duty.part, action=action, form=form, condition=condition), name


def _form(resource: str, part: str) -> tuple[str, str]:
    for placeholder, pattern in FORMS.items():
        found = pattern.findall(resource) if part in OPEN else []
        if len(found) == 1:
            return pattern.sub(placeholder, resource), found[0] if placeholder == NAME else ""
    return resource, ""


def _generalised(text: str, duty: Duty) -> str:
    for placeholder, pattern in (
        ("{account}", re.escape(duty.account)),
        ("{region}", REGION.pattern),
        ("{stack}", rf"(?<![A-Za-z0-9]){duty.stack}(?![A-Za-z0-9])"),
    ):
        text = re.sub(pattern, placeholder, text)
    return text


def _together(conditions: Iterable[str]) -> Iterator[str]:
    """Conditions that differ in the one value of one test, any of which would do, as one condition with all of them."""
    alike: defaultdict[str, list[dict[str, dict[str, Plain]]]] = defaultdict(list)
    for one in conditions:
        read = json.loads(one)
        alike[json.dumps({operator: sorted(tests) for operator, tests in read.items()})].append(read)
    for found in alike.values():
        tests = [(operator, key) for operator, each in found[0].items() for key in each]
        differing = [(operator, key) for operator, key in tests if any(one[operator][key] != found[0][operator][key] for one in found)]
        if len(differing) == 1 and differing[0][0].lower() in POSITIVE:
            [(operator, key)] = differing
            values = [value for one in found if isinstance(value := one[operator][key], str)]
            if len(values) == len(found):
                found[0][operator][key] = [*sorted(values)]
                del found[1:]
        yield from (json.dumps(one, sort_keys=True) for one in found)


def _said(condition: Mapping[str, Mapping[str, Plain]]) -> dict[str, Plain]:
    """A condition, with a word for each part of it that has one."""
    said: dict[str, Plain] = {}
    rest: dict[str, dict[str, Plain]] = {operator: dict(tests) for operator, tests in condition.items()}
    for word, named in WORDS.items():
        if all(rest.get(operator, {}).get(key) == value for operator, tests in named.items() for key, value in tests.items()):
            said[word] = True
            rest = {
                operator: {key: value for key, value in tests.items() if key not in named.get(operator, {})}
                for operator, tests in rest.items()
            }
    return {**said, **{operator: {**tests} for operator, tests in rest.items() if tests}}


def as_lines(duties: Mapping[str, Services]) -> str:
    """JSON with an entry on as few lines as it takes."""
    words = ",\n".join(f"    {json.dumps(word)}: {json.dumps(tests)}" for word, tests in WORDS.items())
    parts = (f"  {json.dumps(part)}: {{\n{_services_as_lines(services)}\n  }}" for part, services in duties.items())
    return "{\n" + ",\n".join([f"  {json.dumps(TESTS)}: {{\n{words}\n  }}", *parts]) + "\n}\n"


def _services_as_lines(services: Services) -> str:
    lines: list[str] = []
    for service, entries in services.items():
        if len(entries) == 1:
            lines.append(_wrapped(f"{json.dumps(service)}: {json.dumps(entries)}", "    "))
        else:
            said = [_wrapped(json.dumps(entry), "      ") for entry in entries]
            lines.append(f"    {json.dumps(service)}: [\n" + ",\n".join(said) + "\n    ]")
    return ",\n".join(lines)


def _wrapped(text: str, margin: str) -> str:
    lines = wrap(
        text, WIDTH - len(","), initial_indent=margin, subsequent_indent=f"{margin}  ", break_long_words=False, break_on_hyphens=False
    )
    return "\n".join(lines)
