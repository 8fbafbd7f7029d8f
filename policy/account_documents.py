"""What the documents of an account's project are approved to say: approved/account_grants.json, an entry for each kind of document.

`make approve` writes it (make_account_grants.py). What the account's table says is a placeholder there: a new environment needs no
approval.
"""

from __future__ import annotations

import json
import re
from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache

from account_project import DISPOSABLE, role_names
from accounts import own_account
from approval import ENVIRONMENT, FOLDER, names_of, read
from choices import called, is_known
from conditions import ARN
from documents import PLACES, DocumentKind, Statement, statements_of, unreadable
from plain import Plain, dig, items
from properties import ACCOUNT
from rule import Resource, Stack
from tokens import IAM_POLICY

ACCOUNT_NUMBER, REGION = "{account}", "{region}"
ADMINISTRATOR, REPOSITORY = "{administrator}", "{repository}"
STACK_REGION = "{stack_region}"
"""Stand for what the table says; the last for the region of the environment's stack, as its roles' grants say it. Where a document is of no
environment, ENVIRONMENT stands for each."""

ALWAYS, IN_DEV, ELSEWHERE, OR = "always", f"in {DISPOSABLE}", f"outside {DISPOSABLE}", " or "
"""When a part of an entry holds: whatever the table says, in an environment, or where a row of the table is on."""

RECORDING = ("trail", "model_invocation_logging")
"""The rows of the table by which a service writes records, and so is let in."""

NAME = re.compile(r"[a-z][a-z0-9]*")
"""What environments are called."""

SUBJECT_PREFIX = re.compile(r"repo:[\w.@-]+/[\w.@-]+", re.ASCII)
"""One repository, without a wildcard. Source: GitHub's reference, "OpenID Connect"."""

REGION_NAME = re.compile(r"[a-z]{2}(-[a-z]+)+-\d")

OWN = "account-"
"""How the account's own things are called, which are in its own region."""


@dataclass(frozen=True, kw_only=True)
class AccountDocument:
    """A document of the project, and what is approved of it.

    Attributes:
        may_lack: whether it may allow less: a boundary that does keeps somebody from deploying, and from nothing else.
    """

    resource: Resource
    statements: Sequence[Statement]
    approved: Sequence[Statement]
    may_lack: bool


Values = Mapping[str, Sequence[str]]
"""By placeholder, what it stands for: each of several."""


def documents_of(stack: Stack) -> Iterator[AccountDocument]:
    """Each document that has an entry. Of one that can't be read `identity/document` tells, of one that is missing `approved/presence`, of
    a resource more `approved/types`, and of what roles are granted `approved/duties`."""
    names = names_of(stack)
    by_environment = {one: (rows_for(stack, one), values_of(stack, one)) for one in ("", *names.environments)}
    for resource in stack.resources:
        place, name = PLACES.get(resource.type), called(resource, names)
        if place is None or name not in _entries() or not is_known(resource, ACCOUNT, names):
            continue
        if resource.at(place.property_name) is None or any(unreadable(resource)):
            continue
        rows, values = by_environment[names.of(resource.name).environment]
        said = [one for when, part in _entries()[name].items() if when == ALWAYS or rows & {*when.split(OR)} for one in items(part)]
        yield AccountDocument(
            resource=resource,
            statements=[one for one in statements_of(resource) if one.kind is place.kind],
            approved=read(filled(said, values), place.kind),
            may_lack=place.kind is DocumentKind.IDENTITY,
        )


@lru_cache(maxsize=1)
def _entries() -> Mapping[str, Mapping[str, Plain]]:
    return json.loads((FOLDER / "account_grants.json").read_text(encoding="utf-8"))


def rows_for(stack: Stack, environment: str) -> frozenset[str]:
    """What decides which parts of a document's entry hold: what the table has on, and whether it is of the environment that may be
    destroyed."""
    on = {row for row in RECORDING if dig(dict(stack.table or {}), row) is True}
    of = {IN_DEV if environment == DISPOSABLE else ELSEWHERE} if environment else set[str]()
    return frozenset({*on, *of})


def values_of(stack: Stack, environment: str) -> Values:
    """What the placeholders stand for in a document of an environment, or of none. What the table has and isn't one name in full stands for
    nothing, so that no pattern gets in by it; nor does an administrator who is one of the roles that deploy."""
    names, table = names_of(stack), dict(stack.table or {})
    role = re.compile(rf"arn:aws[a-z-]*:iam::{own_account(stack)}:role/[^*?$]+")
    deploy = role_names(stack)
    prefix = dig(table, "github", "subject_prefix")
    return {
        REPOSITORY: [prefix] if isinstance(prefix, str) and SUBJECT_PREFIX.fullmatch(prefix) else [],
        ADMINISTRATOR: [
            one
            for one in items(table.get("administrators"))
            if isinstance(one, str) and role.fullmatch(one) and one.rpartition("/")[2] not in deploy
        ],
        ACCOUNT_NUMBER: [names.account],
        REGION: [names.region],
        STACK_REGION: [stack.once(_regions).get(environment, names.region)],
        ENVIRONMENT: [environment] if environment else [one for one in names.environments if NAME.fullmatch(one)],
    }


def _regions(stack: Stack) -> Mapping[str, str]:
    """By environment, the region of its stack: the one that its roles' grants name most often, so that no single edit changes it."""
    names = names_of(stack)
    found: defaultdict[str, Counter[str]] = defaultdict(Counter)
    for policy in stack.of_type(IAM_POLICY):
        own = names.of(policy.name)
        if own.part:
            arns = [arn for one in statements_of(policy) for text in one.resources if OWN not in text and (arn := ARN.fullmatch(text))]
            found[own.environment].update(arn["region"] for arn in arns if REGION_NAME.fullmatch(arn["region"]))
    return {environment: count.most_common(1)[0][0] for environment, count in found.items() if count}


def filled(value: Plain, values: Values) -> Plain:
    """A value with its placeholders replaced: a text by as many as they stand for."""
    if isinstance(value, dict):
        return {key: filled(one, values) for key, one in value.items()}
    if isinstance(value, list):
        return [text for one in value for text in items(filled(one, values))]
    if not isinstance(value, str) or "{" not in value:
        return value
    texts: list[Plain] = [*_each(value, values)]
    return texts[0] if len(texts) == 1 else texts


def _each(text: str, values: Values) -> list[str]:
    texts: list[str] = [text]
    for placeholder, names in values.items():
        if placeholder in text:
            texts = [one.replace(placeholder, name) for one in texts for name in names]
    return texts
