"""Accounts: which one a stack is of, and which ones its documents let in."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator

from conditions import ACCOUNT, ARN, OF_CALLER, is_account, tests_of
from documents import PLACES, TRUSTED, Principal, Statement, allows_of
from plain import Plain, items
from rule import Resource, Stack


def account_of(principal: Principal) -> str | None:
    """The account of an AWS principal, which may be given by its number alone."""
    arn = ARN.fullmatch(principal.name)
    found = arn["account"] if arn else principal.name
    return found if principal.kind == "AWS" and is_account(found) else None


def admitted_by(stack: Stack) -> Iterator[tuple[Resource, Statement, str]]:
    """Every account that a document lets in, with the statement that does."""
    for resource, statement in _statements(stack):
        if statement.kind in TRUSTED:
            for account in sorted(set(_admitted(statement))):
                yield resource, statement, account


def own_account(stack: Stack) -> str:
    """The stack's own account: the one that its documents name most often. The pack isn't told which account it is deployed to, and no
    single edit changes which one is most frequent. Empty where no document names any."""
    return stack.once(_most_named)


def _most_named(stack: Stack) -> str:
    named: Counter[str] = Counter(account for _, _, account in admitted_by(stack))
    for _, statement in _statements(stack):
        named.update(arn["account"] for one in statement.resources if (arn := ARN.fullmatch(one)) and is_account(arn["account"]))
    return named.most_common(1)[0][0] if named else ""


def foreign_arns(value: Plain, own: str, service: str = "") -> Iterator[str]:
    """The ARNs in a value, at any depth, that are not of the own account.

    Args:
        service: only this service's; of every one where it is empty.
    """
    if isinstance(value, dict | list):
        for one in value.values() if isinstance(value, dict) else value:
            yield from foreign_arns(one, own, service)
    elif isinstance(value, str) and (arn := ARN.fullmatch(value)) and service in ("", arn["service"]) and arn["account"] != own:
        yield value


def _statements(stack: Stack) -> Iterator[tuple[Resource, Statement]]:
    for resource in stack.resources:
        for statement in allows_of(resource) if resource.type in PLACES else ():
            yield resource, statement


def _admitted(statement: Statement) -> Iterator[str]:
    """The accounts that a statement lets in, by its principals or by the conditions on them."""
    for principal in statement.principals:
        if account := account_of(principal):
            yield account
    for _, key, values in tests_of(statement.conditions):
        for value in items(values) if key in OF_CALLER else ():
            arn = ARN.fullmatch(str(value))
            account = arn["account"] if arn else str(value)
            if ACCOUNT.fullmatch(account):
                yield account
