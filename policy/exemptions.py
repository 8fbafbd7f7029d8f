"""Exemptions: one rule, for one resource, for a reason, until a day. Whoever runs the pack gives them, beside the limits.

`{"environment": {"exemptions": [{"rule": "identity/known-action", "type": "aws:iam/rolePolicy:RolePolicy", "name": "engine-grants",
"reason": "An action newer than the table; ticket 123.", "expires": "2027-01-31"}]}}`, with `urn` in the place of type and name for a
single stack. What the stack as a whole lacks is exempted for its root: type pulumi:pulumi:Stack, name <project>-<stack>.
"""

from __future__ import annotations

import datetime
import difflib
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass

from plain import Plain, shown
from tokens import STACK

NEVER = ("alarms/", "approved/", "containment/", "environment/", "exemptions/", "identity/document")
"""Rules that nobody may be exempt from, by their family or id: what halts evolution, and what keeps others from reaching that; what is
approved in files of its own; the limits, which have an approved override of their own; exemptions themselves; and that documents can be
read, for all other rules about them are silent where they can't."""

LONGEST_DAYS = 366
"""An exemption that doesn't end within a year is a change of the rules, and belongs there."""

SHORTEST_REASON = 10
"""Characters."""

KEYS = ("rule", "urn", "type", "name", "reason", "expires")


@dataclass(frozen=True, kw_only=True, slots=True)
class Exemption:
    """One exemption. `where` is its key in the configuration; urn, or type and name, say what is exempted."""

    where: str
    rule: str
    urn: str
    type: str
    name: str
    reason: str
    expires: datetime.date

    def is_of(self, urn: str, kind: str, name: str) -> bool:
        """Whether it is about a resource."""
        return urn == self.urn if self.urn else (kind, name) == (self.type, self.name)

    def applies_to(self, project: str, stack: str) -> bool:
        """Whether it is about a stack: a URN names its own, a type and a name are of every stack."""
        return not self.urn or self.urn.startswith(f"urn:pulumi:{stack}::{project}::")

    def __str__(self) -> str:
        about = self.urn or f"`{self.name}` ({self.type})"
        return f"{self.rule} for {about} until {self.expires}: {self.reason}"


def root_of(project: str, stack: str) -> tuple[str, str, str]:
    """The URN, type and name of a stack's root, for which findings about the whole stack are exempted."""
    name = f"{project}-{stack}"
    return f"urn:pulumi:{stack}::{project}::{STACK}::{name}", STACK, name


def configured(value: Plain, rules: Collection[str], today: datetime.date) -> tuple[list[Exemption], list[str]]:
    """The exemptions that are configured, and a sentence for each that is not one."""
    if value is None:
        return [], []
    if not isinstance(value, list):
        return [], [f"exemptions is {shown(value)}; it must be a list."]
    exemptions: list[Exemption] = []
    faults: list[str] = []
    for index, entry in enumerate(value):
        where = f"exemptions[{index}]"
        found = list(_faults(where, entry, rules, today))
        faults += found
        if not found and isinstance(entry, dict):
            exemptions.append(_exemption(where, {key: str(entry.get(key, "")) for key in KEYS}))
    return exemptions, faults


def _exemption(where: str, entry: Mapping[str, str]) -> Exemption:
    return Exemption(
        where=where,
        rule=entry["rule"],
        urn=entry["urn"],
        type=entry["type"],
        name=entry["name"],
        reason=entry["reason"],
        expires=datetime.date.fromisoformat(entry["expires"]),
    )


def _faults(where: str, entry: Plain, rules: Collection[str], today: datetime.date) -> Iterator[str]:
    if not isinstance(entry, dict):
        yield f"{where} is {shown(entry)}; it must be an object of {', '.join(KEYS)}."
        return
    for key, value in entry.items():
        if key not in KEYS:
            yield f"{where}.{key} is not a key of an exemption.{_hint(key, KEYS)} Its keys must be of: {', '.join(KEYS)}."
        elif not isinstance(value, str) or not value.strip() or not value.isprintable():
            yield f"{where}.{key} is {shown(value)}; it must be a text of one line."
            return
    for key in ("rule", "reason", "expires"):
        if key not in entry:
            yield f"{where}.{key} is missing; it must be there."
            return
    if ("urn" in entry) == ("type" in entry or "name" in entry) or ("type" in entry) != ("name" in entry):
        yield f"{where} must name its resource either by urn, or by type and name."
    rule, reason, expires = str(entry["rule"]), str(entry["reason"]), str(entry["expires"])
    if rule not in rules:
        yield f"{where}.rule is {shown(rule)}; it must be a rule's id.{_hint(rule, rules)}"
    elif rule.startswith(NEVER):
        yield f"{where}.rule is {shown(rule)}; it must be another: nobody may be exempt from {', '.join(NEVER)}."
    if len(reason.strip()) < SHORTEST_REASON:
        yield f"{where}.reason is {shown(reason)}; it must say why, in at least {SHORTEST_REASON} characters."
    try:
        end = datetime.date.fromisoformat(expires)
    except ValueError:
        yield f"{where}.expires is {shown(expires)}; it must be a day, such as {today + datetime.timedelta(days=30)}."
        return
    if end > today + datetime.timedelta(days=LONGEST_DAYS):
        yield f"{where}.expires is {end}; it must be within {LONGEST_DAYS} days, by {today + datetime.timedelta(days=LONGEST_DAYS)}."


def _hint(word: str, words: Collection[str]) -> str:
    near = difflib.get_close_matches(word, words, n=1)
    return f" Did you mean `{near[0]}`?" if near else ""


class Exemptions:
    """The exemptions of a run, and which of them were needed."""

    def __init__(self, exemptions: Sequence[Exemption] = ()) -> None:
        self.all = tuple(exemptions)
        self._needed: set[tuple[str, str, str]] = set()

    def take(self, rule: str, urn: str, kind: str, name: str, *, project: str, stack: str, today: datetime.date) -> bool:
        """Whether a finding is exempted today. It is remembered, so that an exemption that no finding needs shows."""
        for one in self.all:
            if one.rule == rule and one.is_of(urn, kind, name):
                self._needed.add((project, stack, one.where))
                if today <= one.expires:
                    return True
        return False

    def faults(self, resources: Collection[tuple[str, str, str]], *, project: str, stack: str, today: datetime.date) -> Iterator[str]:
        """What is wrong with the exemptions once everything has been judged.

        Args:
            resources: URN, type and name of each of the stack's.
        """
        present = {*resources, root_of(project, stack)}
        for one in self.all:
            if not one.applies_to(project, stack):
                continue
            if today > one.expires:
                yield f"{one.where} has expired: {one}. It must be removed, or approved again."
            elif not any(one.is_of(*resource) for resource in present):
                yield f"{one.where} is for a resource that this stack doesn't have: {one}. It must name one."
            elif (project, stack, one.where) not in self._needed:
                yield f"{one.where} exempts from a rule that holds: {one}. It must be removed."
