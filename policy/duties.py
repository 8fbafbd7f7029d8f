"""What the roles that workflows take on may do in an account, as reviewers have approved it in approved/duties.json: which actions, on
what, and under which tests. Account, region and stack are placeholders there, and so is the name of what a stack may have one more of.

Grants are compared by their meaning (covering.py): a statement may be split, reordered and narrowed.
"""

from __future__ import annotations

import json
import re
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from account_project import DISPOSABLE
from actions import meaning
from approval import FOLDER
from covering import arn_within, implied
from documents import Statement
from plain import Plain, shown

ON, BUT, UNDER, MAY = "on", "but", "under", "may"
"""The parts of an entry: resources, names that `{name}` isn't, the condition, and the actions."""

TESTS = "tests"
"""The part of the file that says what a word in a condition stands for."""

NAME, PROFILE = "{name}", "{profile}"

TAKEN_FOR: Mapping[str, str] = {NAME: r"[A-Za-z0-9]+(?:-[A-Za-z0-9]+)*", PROFILE: r"[a-z]+\.[A-Za-z0-9.:_-]+"}
"""By placeholder, what stands for it: never a wildcard. Of an inference profile a table names another one with its model or region."""

BOTH, OF_DISPOSABLE = "deploy and drift", f"deploy {DISPOSABLE}"
"""Parts of the file: what who deploys and who compares have alike, and what the disposable stack's deployment has beyond others'."""

PARTS: Mapping[str, Sequence[str]] = {
    "deploy": (BOTH, "deploy"),
    OF_DISPOSABLE: (BOTH, "deploy", OF_DISPOSABLE),
    "drift": (BOTH, "drift"),
    "drill": ("drill",),
    "image": ("image",),
}
"""The parts that a role has, by what it is for."""

WITHOUT: Mapping[str, tuple[str, str]] = {
    "budgets": ("", "{account}"),
    "iam": ("", "{account}"),
    "route53": ("", ""),
    "s3": ("", ""),
}
"""Services in whose ARNs the region or the account is empty."""

REGION = re.compile(r"(?<![A-Za-z0-9])[a-z]{2}(?:-gov|-iso[a-z]*)?-[a-z]+-\d(?![A-Za-z0-9])")
NO_REGION = "no-region"

EVERYTHING_BUT = "everything but a NotAction"
"""Stands for the actions of a statement that names those that it doesn't mean."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Duty:
    """What a role is for, in which stack and account."""

    does: str
    stack: str
    account: str

    def __str__(self) -> str:
        return f"account-{self.does}-{self.stack}"

    @property
    def part(self) -> str:
        """The part of the file that is its own."""
        return OF_DISPOSABLE if (self.does, self.stack) == ("deploy", DISPOSABLE) else self.does


@dataclass(frozen=True, kw_only=True, slots=True)
class Approved:
    """What stands together in one entry.

    Attributes:
        but: the names that stand for no `{name}`: other actions are approved on them, and these aren't.
    """

    resources: tuple[str, ...]
    but: frozenset[str]
    conditions: Mapping[str, Plain]

    def holds(self, resource: str) -> bool:
        """Whether a resource is within these."""
        named = (_with_name(one, resource, self.but) for one in self.resources)
        return resource in self.resources or any(arn_within(resource, one) for one in named if one)


@lru_cache(maxsize=32_768)  # an ARN is asked about for each action on it
def _with_name(form: str, resource: str, but: frozenset[str]) -> str | None:
    """A form with the name that a resource has there; itself where it has no place for one, None where that name isn't approved."""
    placeholder = next((one for one in TAKEN_FOR if one in form), None)
    if placeholder is None:
        return form
    found = _pattern(form, placeholder).fullmatch(resource)
    return None if found is None or found[1] in but else form.replace(placeholder, found[1])


@lru_cache(maxsize=1024)
def _pattern(form: str, placeholder: str) -> re.Pattern[str]:
    before, _, after = form.partition(placeholder)
    ends = (re.escape(end).replace(r"\*", ".*").replace(r"\?", ".") for end in (before, after))
    return re.compile(f"({TAKEN_FOR[placeholder]})".join(ends), re.DOTALL)


def beyond(statement: Statement, duty: Duty) -> Iterator[str]:
    """What a statement allows that nobody has approved for a duty, a clause each."""
    regions = {found for text in (*statement.resources, json.dumps(statement.conditions)) for found in REGION.findall(text)}
    approved = _approved(duty, frozenset(regions or {NO_REGION}))
    met: dict[int, bool] = {}
    outside: dict[tuple[int, ...], list[str]] = {}
    for action in actions_of(statement):
        entries = approved.get(action.lower(), ())
        for one in entries:
            if id(one) not in met:
                met[id(one)] = implied(statement.conditions, one.conditions)
        under = [one for one in entries if met[id(one)]]
        if (asked := tuple(map(id, under))) not in outside:  # most actions of a statement stand in one entry
            outside[asked] = [one for one in statement.resources or ("*",) if not any(entry.holds(one) for entry in under)]
        for resource in outside[asked]:
            yield f"{action} on {shown(resource)}{_untested(resource, entries)}"


def _untested(resource: str, entries: Sequence[Approved]) -> str:
    """What an approved grant of the same action on the same resource is tested for."""
    tests = dict.fromkeys(json.dumps(one.conditions) for one in entries if one.holds(resource))
    return f" without {' or '.join(tests)}" if tests else ""


def actions_of(statement: Statement) -> Iterator[str]:
    """The actions that a statement allows; a text that stands for no known one is one by itself."""
    if statement.excepted_actions:
        yield EVERYTHING_BUT
    for text in statement.actions:
        yield from [one.name for one in meaning(text).actions] or [text]


@lru_cache(maxsize=64)
def _approved(duty: Duty, regions: frozenset[str]) -> Mapping[str, Sequence[Approved]]:
    """By action in lower case, what is approved of it."""
    found: defaultdict[str, list[Approved]] = defaultdict(list)
    for part in PARTS[duty.part]:
        for region in sorted(regions):
            text = _texts().get(part, "[]")
            for placeholder, name in (("{account}", duty.account), ("{region}", region), ("{stack}", duty.stack)):
                text = text.replace(placeholder, name)
            for action, one in _read(json.loads(text)):
                found[action].append(one)
    return found


def _read(entries: Sequence[Mapping[str, Any]]) -> Iterator[tuple[str, Approved]]:
    for entry in entries:
        one = Approved(resources=tuple(entry[ON]), but=frozenset(entry.get(BUT, ())), conditions=entry[UNDER])
        yield from ((action, one) for action in entry[MAY])


@lru_cache(maxsize=1)
def _texts() -> Mapping[str, str]:
    """By part, the file's entries with whole names, as text: it is read for each stack that is asked about."""
    file: Mapping[str, Any] = json.loads((FOLDER / "duties.json").read_text(encoding="utf-8"))
    words = file[TESTS]
    return {
        part: json.dumps([_in_full(entry, service, words) for service, entries in services.items() for entry in entries])
        for part, services in file.items()
        if part != TESTS
    }


def _in_full(entry: Mapping[str, Any], service: str, words: Mapping[str, Mapping[str, Mapping[str, Plain]]]) -> dict[str, Any]:
    conditions: defaultdict[str, dict[str, Plain]] = defaultdict(dict)
    for name, tests in entry.get(UNDER, {}).items():
        for operator, own in words[name].items() if name in words else ((name, tests),):
            conditions[operator] |= own
    return {
        **entry,
        ON: [one if one == "*" or one.startswith("arn:") else f"{start_of(service)}{one}" for one in entry[ON]],
        UNDER: conditions,
        MAY: [f"{service}:{name}".lower() for name in entry[MAY]],
    }


def start_of(service: str) -> str:
    """How the ARNs of a service begin; in the file they stand without that, under their service."""
    region, account = WITHOUT.get(service, ("{region}", "{account}"))
    return f"arn:aws:{service}:{region}:{account}:"
