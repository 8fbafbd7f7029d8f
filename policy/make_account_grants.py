"""Writes down what the documents of account/'s plans say, as approved/account_grants.json has it: pure functions over plans."""

from __future__ import annotations

import itertools
import json
import re
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any

from account_documents import ALWAYS, IN_DEV, OR, Values, rows_for, values_of
from approval import ENVIRONMENT, names_of, written
from choices import called
from covering import by_value, takes_any
from documents import PLACES, DocumentKind, Statement, statements_of
from plain import Plain, items
from rule import Resource, Stack
from rules.aws.holdings import holdings
from tokens import IAM_POLICY

ORDER = ("Effect", "Principal", "Action", "NotAction", "Resource", "NotResource", "Condition")
"""How a statement is read."""

Path = tuple[str, ...]

Said = tuple[frozenset[str], frozenset[str]]
"""Where a document is (`rows_for`), and what it says there: each action on each resource by each principal by itself, as JSON."""


def account_grants_of(stacks: Iterable[Stack]) -> dict[str, Plain]:
    """What each kind of document says, by when it does.

    Args:
        stacks: an account with other rows each, in another region than its environments' stacks are.

    Raises:
        ValueError: a document says something in some plans, and no row of the table tells in which.
    """
    found: defaultdict[str, list[Said]] = defaultdict(list)
    boundaries: set[str] = set()
    for stack in stacks:
        names = names_of(stack)
        for resource, kind in _documents(stack):
            environment, name = names.of(resource.name).environment, called(resource, names)
            pieces = [piece for one in statements_of(resource) if one.kind is kind for piece in _pieces(one)]
            found[name].append((rows_for(stack, environment), _general(pieces, values_of(stack, environment))))
            if kind is DocumentKind.IDENTITY:
                boundaries.add(name)
    return {name: _by_row(name, found[name], may_lack=name in boundaries) for name in sorted(found)}


def _documents(stack: Stack) -> Iterator[tuple[Resource, DocumentKind]]:
    """All but what roles are granted."""
    boundaries = {holder.urn for holder, roles in holdings(stack) if roles is None}
    for resource in stack.resources:
        place = PLACES.get(resource.type)
        if place and resource.at(place.property_name) is not None and (resource.type != IAM_POLICY or resource.urn in boundaries):
            yield resource, place.kind


def _pieces(statement: Statement) -> Iterator[Statement]:
    """A statement as several, which say as much together: of one action, one resource, one principal and one value of a test each."""
    actions, resources = ([(one,) for one in some] or [()] for some in (statement.actions, statement.resources))
    principals = [statement.principals] if statement.excepted_principals else [(one,) for one in statement.principals] or [()]
    for part, action, resource, principal in itertools.product(by_value(statement), actions, resources, principals):
        yield replace(part, actions=action, resources=resource, principals=principal)


def _general(pieces: Sequence[Statement], values: Values) -> frozenset[str]:
    """Statements with the placeholders in them. What a document of no environment says of one has the placeholder if it says it of all."""
    environments, own = values[ENVIRONMENT], {one: names for one, names in values.items() if one != ENVIRONMENT}
    texts = {_as_text(written(one), own) for one in pieces}
    general = {text: _as_text(json.loads(text), {ENVIRONMENT: environments}) for text in texts}
    of_each = {one for one in general.values() if texts >= {one.replace(ENVIRONMENT, name) for name in environments}}
    return frozenset(one if one in of_each else text for text, one in general.items())


def _as_text(statement: Plain, values: Values) -> str:
    return json.dumps(_with_placeholders(statement, values), sort_keys=True)


def _with_placeholders(value: Plain, values: Values) -> Plain:
    if isinstance(value, dict):
        return {key: _with_placeholders(one, values) for key, one in value.items()}
    if isinstance(value, list):
        found = [_with_placeholders(one, values) for one in value]
        once = [one for index, one in enumerate(found) if one not in found[:index]]
        return once[0] if len(once) == 1 else once
    if isinstance(value, str):
        for placeholder, name in ((placeholder, name) for placeholder, names in values.items() for name in names):
            value = re.sub(rf"(?<![A-Za-z0-9]){re.escape(name)}(?![A-Za-z0-9])", placeholder, value)
    return value


def _by_row(name: str, found: Sequence[Said], *, may_lack: bool) -> dict[str, Plain]:
    """What a kind of document says, by when it does."""
    parts: defaultdict[str, list[Plain]] = defaultdict(list)
    for piece in sorted(frozenset[str]().union(*(said for _, said in found))):
        statement = json.loads(piece)
        parts[_when(name, piece, found, may_lack=may_lack and statement["Effect"] == "Allow")].append(statement)
    return {when: [*_united(parts[when])] for when in sorted(parts)}


def _when(name: str, piece: str, found: Sequence[Said], *, may_lack: bool) -> str:
    """Where a document says something: wherever one of these rows is, and nowhere else. What it may lack it may say anywhere, but for what
    only the environment says that may be destroyed."""
    having = [rows for rows, said in found if piece in said]
    rows = sorted(row for row in frozenset[str]().union(*having) if all(piece in said for its, said in found if row in its))
    if len(having) == len(found) or (may_lack and not all(IN_DEV in one for one in having)):
        return ALWAYS
    if not all(one & {*rows} for one in having):
        raise ValueError(f"{name} says in some plans, and no row of the table tells in which: {piece}")
    return OR.join(rows)


def _united(statements: Iterable[Plain]) -> list[Plain]:
    """Statements that differ in one part only, as one with all values of it; sorted, so that they are alike each time."""
    found = [dict(_parts(one)) for one in statements]
    for path in sorted({path for one in found for path in one if _is_any_of(path)}):
        alike: dict[str, dict[Path, Plain]] = {}
        for one in found:
            rest = json.dumps([[name, value] for name, value in one.items() if name != path] + [path in one])
            known = alike.setdefault(rest, one)
            if path in one:
                values: list[Plain] = [*sorted({str(value) for value in (*items(known[path]), *items(one[path]))})]
                alike[rest] = {name: values if name == path else value for name, value in known.items()}
        found = [*alike.values()]
    return sorted((_whole(one) for one in found), key=lambda one: json.dumps(one, sort_keys=True))


def _parts(value: Plain, path: Path = ()) -> Iterator[tuple[Path, Plain]]:
    """What is in a statement that is no object, in the order of IAM's documentation, by its path."""
    if isinstance(value, dict):
        for key in sorted(value, key=lambda one: (ORDER.index(one) if one in ORDER else 0, one)):
            yield from _parts(value[key], (*path, key))
    else:
        yield path, value


def _whole(parts: Mapping[Path, Plain]) -> Plain:
    statement: dict[str, Any] = {}
    for (*parents, last), value in parts.items():
        inner = statement
        for key in parents:
            inner = inner.setdefault(key, {})
        inner[last] = value[0] if isinstance(value, list) and len(value) == 1 else value
    return statement


def _is_any_of(path: Path) -> bool:
    """Whether any of several values there is enough."""
    return path[0] in ("Action", "Resource", "Principal") or (path[0] == "Condition" and takes_any(path[1]))
