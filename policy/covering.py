"""Whether what a statement says is within what others say: no action, resource or principal more, and conditions at least as narrow.

Never says yes where IAM could let a request through that the others don't mean; says no where it can't tell. So a document may be split,
reordered and narrowed, and every widening shows. A test holds it against an evaluator of IAM.
"""

from __future__ import annotations

import itertools
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from functools import lru_cache

from conditions import POSITIVE
from documents import DocumentKind, Principal, Statement
from globs import POLICY_VARIABLE, WILDCARD, glob, meet
from plain import Plain, items

RUN = re.compile(r"[*?]*\*[*?]*")
"""Wildcards that stand together, a `*` among them."""

QUALIFIER = re.compile(r"(foranyvalue:|forallvalues:)?(.*?)(ifexists)?", re.DOTALL)
"""An operator in lower case: of several values, the test, and whether it holds where the key is absent."""

ARN_TESTS = frozenset({"arnlike", "arnequals"})
"""Both take patterns. Source: IAM user guide, "Amazon Resource Name (ARN) condition operators"."""

FLAGS = frozenset({"bool", "null"})
"""Tests whose values are true and false, in any case."""

ARN_PARTS = 6

MOST_PARTS = 1024
"""A statement whose conditions would make more parts is compared as a whole: approved ones make a dozen."""


@lru_cache(maxsize=32_768)  # documents name the same actions and resources over and over
def within(inner: str, outer: str) -> bool:
    """Whether every text that a pattern matches is matched by another one, too. It may say no where it is, and never yes where it isn't.

    A `*` of the inner pattern is any text, nothing too: only a `*` of the outer one takes it.
    """
    if not WILDCARD.search(inner):
        return glob(outer, inner)
    if "*" in inner and "*" not in outer:
        return False
    return _within(RUN.sub(_one_star, inner), RUN.sub(_one_star, outer))


def _one_star(run: re.Match[str]) -> str:
    """Wildcards that stand together in one spelling: `*?*` and `?*` are the same."""
    return "?" * run[0].count("?") + "*"


@lru_cache(maxsize=8192)
def _within(inner: str, outer: str) -> bool:
    """Walks the inner pattern, with a bit for each place of the outer one that can be reached."""
    stars = sum(1 << index for index, piece in enumerate(outer) if piece == "*")
    reached = 1 | (stars & 1) << 1
    for piece in inner:
        taking = 0 if piece == "*" else sum(1 << index for index, its in enumerate(outer) if its == "?" or (its == piece and its != "*"))
        reached = (reached & taking) << 1 | reached & stars
        reached |= (reached & stars) << 1
    return bool(reached & 1 << len(outer))


def lacks(outer: Sequence[Statement], inner: Statement) -> Statement | None:
    """What a statement says beyond others of its effect: the same statement, with those of its actions and resources that are beyond them;
    None where it says nothing more."""
    beyond = _beyond(outer, inner)
    if beyond:
        parts = [*itertools.islice(by_value(inner), MOST_PARTS + 1)]
        if 1 < len(parts) <= MOST_PARTS:
            beyond &= set().union(*(_beyond(outer, part) for part in parts))
    if not beyond:
        return None
    named = {principal for _, _, principal in beyond}
    return replace(
        inner,
        actions=tuple(one for one in inner.actions if any(one == action for action, _, _ in beyond)),
        resources=tuple(one for one in inner.resources if any(one == resource for _, resource, _ in beyond)),
        principals=inner.principals if inner.excepted_principals else tuple(one for one in inner.principals if one in named),
    )


def by_value(statement: Statement) -> Iterator[Statement]:
    """A statement as several that say as much together: with one value in each test for which any of some is enough."""
    tests = [
        [(operator, key, value) for value in items(values)]
        for operator, its in statement.conditions.items()
        for key, values in (its.items() if isinstance(its, dict) and takes_any(operator) else ())
        if len(items(values)) > 1
    ]
    for values in itertools.product(*tests):
        conditions = {operator: {**its} if isinstance(its, dict) else its for operator, its in statement.conditions.items()}
        for operator, key, value in values:
            its = conditions[operator]
            if isinstance(its, dict):
                its[key] = value
        yield replace(statement, conditions=conditions)


def takes_any(operator: str) -> bool:
    """Whether any of a test's values is enough for a request."""
    of_several, name, _ = _split(operator.lower())
    return of_several != "forallvalues:" and name in POSITIVE


def _principals(statement: Statement) -> Sequence[Principal | None]:
    """Each whom it names; nobody where it is its holder, or everybody but some."""
    return (None,) if statement.excepted_principals or not statement.principals else statement.principals


def _beyond(outers: Sequence[Statement], inner: Statement) -> set[tuple[str, str, Principal | None]]:
    """The actions (or all but its NotActions), each on a resource and by a principal, of which none of some statements says as much."""
    asked = itertools.product(inner.actions or ("",), inner.resources or ("",), _principals(inner))
    return {one for one in asked if not any(_covers(outer, inner, *one) for outer in outers)}


def _covers(outer: Statement, inner: Statement, action: str, resource: str, principal: Principal | None) -> bool:
    """Whether one statement says as much as another one does for one action (or all but its NotActions), one resource and one principal."""
    return (
        outer.allows == inner.allows
        and _principal_within(outer, inner, principal)
        and _action_within(outer, inner, action)
        and _resource_within(outer, inner, resource)
        and implied(inner.conditions, outer.conditions)
    )


def _principal_within(outer: Statement, inner: Statement, principal: Principal | None) -> bool:
    """A role that is named has access by that alone; where its account is, it needs a grant of its own, too. So neither is the other."""
    if outer.excepted_principals or inner.excepted_principals:
        return outer.excepted_principals == inner.excepted_principals and set(outer.principals) <= set(inner.principals)
    if principal is None:
        return not outer.principals
    return principal in outer.principals or (principal.kind == "AWS" and Principal(kind="AWS", name="*") in outer.principals)


def _action_within(outer: Statement, inner: Statement, action: str) -> bool:
    """Upper and lower case are the same."""
    if not action:  # everything but its NotActions
        if outer.excepted_actions:
            return all(any(within(one.lower(), its.lower()) for its in inner.excepted_actions) for one in outer.excepted_actions)
        return "*" in outer.actions
    if outer.excepted_actions:
        return not any(meet(action.lower(), one.lower()) for one in outer.excepted_actions)
    return _is_among(action, outer.actions)


@lru_cache(maxsize=32_768)
def _is_among(action: str, actions: tuple[str, ...]) -> bool:
    return any(within(action.lower(), one.lower()) for one in actions)


def _resource_within(outer: Statement, inner: Statement, resource: str) -> bool:
    if inner.kind is DocumentKind.TRUST and outer.kind is DocumentKind.TRUST:
        return True  # it is the role
    if not resource and not inner.excepted_resources:
        return "*" in outer.resources or not (outer.resources or outer.excepted_resources)
    if not resource:  # everything but its NotResources
        if outer.excepted_resources:
            return all(any(arn_within(one, its) for its in inner.excepted_resources) for one in outer.excepted_resources)
        return "*" in outer.resources
    if outer.excepted_resources:
        return not any(meet(_widest(resource), _widest(one)) for one in outer.excepted_resources)
    return _is_on(resource, outer.resources)


@lru_cache(maxsize=32_768)
def _is_on(resource: str, resources: tuple[str, ...]) -> bool:
    return any(arn_within(resource, one) for one in resources)


@lru_cache(maxsize=32_768)
def arn_within(inner: str, outer: str) -> bool:
    """`within` for resources: part by part, so that it holds whether a `*` reaches beyond a colon or not."""
    if outer == "*" or inner == outer:
        return True
    its, others = _widest(inner).split(":", ARN_PARTS - 1), outer.split(":", ARN_PARTS - 1)
    if len(its) < ARN_PARTS or len(others) < ARN_PARTS or POLICY_VARIABLE.search(outer):
        return False
    return all(within(one, other) for one, other in zip(its, others, strict=True))


def _widest(resource: str) -> str:
    """A resource as all that it may stand for: variables are any text, and IAM completes a shorter ARN with `*`."""
    resource = POLICY_VARIABLE.sub("*", resource)
    missing = ARN_PARTS - 1 - resource.count(":")
    return resource if resource == "*" or missing <= 0 else resource + ":*" * missing


def implied(inner: Mapping[str, Plain], outer: Mapping[str, Plain]) -> bool:
    """Whether a request that meets some conditions meets others: each test of theirs follows from one of its own."""
    own = list(_tests(inner))
    return all(any(_follows(test, wanted) for test in own) for wanted in _tests(outer))


Test = tuple[str, str, list[Plain]]


def _tests(conditions: Mapping[str, Plain]) -> Iterator[Test]:
    for operator, tests in conditions.items():
        if not isinstance(tests, dict):
            yield operator, "", []  # nothing follows from it, and it from nothing
            continue
        for key, values in tests.items():
            yield operator.lower(), key.lower(), items(values)


def _follows(test: Test, wanted: Test) -> bool:
    """Whether one test follows from another: the same, of fewer values (or, where it holds for what isn't listed, of more)."""
    (operator, key, values), (its_operator, its_key, its_values) = test, wanted
    if test == wanted and values:
        return True
    if (
        key != its_key
        or not values
        or not its_values
        or not all(isinstance(one, str | bool | int | float) for one in (*values, *its_values))
    ):
        return False
    of_several, name, if_exists = _split(operator)
    its_of_several, its_name, its_if_exists = _split(its_operator)
    if of_several != its_of_several or (if_exists and not its_if_exists):
        return False
    positive, its_positive = name.replace("not", "", 1), its_name.replace("not", "", 1)
    negated, its_negated = positive != name, its_positive != its_name
    if negated != its_negated:
        return False
    if negated:
        values, its_values, positive, its_positive = its_values, values, its_positive, positive
    return all(any(_value_within(positive, one, its_positive, other) for other in its_values) for one in values)


def _split(operator: str) -> tuple[str, str, str]:
    found = QUALIFIER.fullmatch(operator)
    return (found[1] or "", found[2], found[3] or "") if found else ("", operator, "")


def _value_within(operator: str, value: Plain, its_operator: str, its_value: Plain) -> bool:
    """Whether a value that one test takes is taken by the other one."""
    one, other = (str(each).lower() if isinstance(each, bool) or operator in FLAGS else str(each) for each in (value, its_value))
    if operator == its_operator and one == other:
        return True
    if POLICY_VARIABLE.search(other):
        return False
    if operator == its_operator == "stringlike":
        return within(POLICY_VARIABLE.sub("*", one), other)
    if operator == "stringequals" and its_operator == "stringlike":
        return not POLICY_VARIABLE.search(one) and glob(other, one)
    if {operator, its_operator} <= ARN_TESTS:
        return arn_within(one, other)
    return False
