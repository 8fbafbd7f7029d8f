"""Whether a statement's conditions narrow it. A request must meet all of them, so one that narrows is enough."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping

from plain import Plain, items

Test = Callable[[str], bool]

POSITIVE = frozenset({"stringequals", "stringequalsignorecase", "stringlike", "arnequals", "arnlike", "bool"})
"""Operators that fail where the key is absent or differs. `…IfExists`, `ForAllValues:` and `…Not…` hold where it is absent."""

ACCOUNT = re.compile(r"\d{12}")
ORGANIZATION = re.compile(r"o-[a-z0-9]{10,32}(/.*)?", re.DOTALL)
ARN = re.compile(r"arn:(?P<partition>[^:]*):(?P<service>[^:]*):(?P<region>[^:]*):(?P<account>[^:]*):(?P<resource>.*)", re.DOTALL)


def tests_of(conditions: Mapping[str, Plain]) -> Iterator[tuple[str, str, list[Plain]]]:
    """The operator and key of every test, in lower case, and its values. `ForAnyValue:` is left out: it fails where the key is absent."""
    for operator, tests in conditions.items():
        if isinstance(tests, dict):
            for key, values in tests.items():
                yield operator.lower().removeprefix("foranyvalue:"), key.lower(), items(values)


def narrows(conditions: Mapping[str, Plain], keys: Mapping[str, Test]) -> bool:
    """Whether some test on one of the keys lets through only named values.

    Args:
        keys: by key in lower case, whether a value names enough. A key that ends in `*` stands for all that begin like it. Of several
            values each must do, for any of them is enough for the request.
    """
    for operator, key, values in tests_of(conditions):
        test = _test_for(key, keys) if operator in POSITIVE and values else None
        if test and all(isinstance(value, str | bool) and test(str(value)) for value in values):
            return True
    return False


def _test_for(key: str, keys: Mapping[str, Test]) -> Test | None:
    if key in keys:
        return keys[key]
    return next((test for prefix, test in keys.items() if prefix.endswith("*") and key.startswith(prefix[:-1])), None)


def is_account(value: str) -> bool:
    """Whether a value is one account's number."""
    return bool(ACCOUNT.fullmatch(value))


def is_organization(value: str) -> bool:
    """Whether a value is an organization's id, or a path in one."""
    return bool(ORGANIZATION.fullmatch(value))


def in_account(value: str) -> bool:
    """Whether an ARN lies in one account. A bucket's ARN names none, but its name is unique in the world."""
    arn = ARN.fullmatch(value)
    return bool(arn and (is_account(arn["account"]) or (arn["service"] == "s3" and is_specific(arn["resource"].partition("/")[0]))))


def is_specific(value: str) -> bool:
    """Whether a text is more than wildcards."""
    return bool(value.strip("*?"))


def mentions_account(value: str) -> bool:
    """Whether a text has an account's number in it."""
    return bool(re.search(r"(?<!\d)\d{12}(?!\d)", value))


def is_true(value: str) -> bool:
    return value.lower() == "true"


OF_CALLER: Mapping[str, Test] = {
    "aws:principalaccount": is_account,
    "aws:principalarn": in_account,
    "aws:principalorgid": is_organization,
    "aws:principalorgpaths": is_organization,
    "aws:sourceaccount": is_account,
    "aws:sourcearn": in_account,
    "aws:sourceorgid": is_organization,
    "aws:sourceorgpaths": is_organization,
    "aws:sourceowner": is_account,
    "kms:calleraccount": is_account,
    "s3:dataaccesspointaccount": is_account,
}
"""Keys that tell whose request it is. aws:SourceVpc and aws:SourceVpce don't: any account's principal may call from there."""

OF_SOURCE: Mapping[str, Test] = {
    "aws:sourceaccount": is_account,
    "aws:sourcearn": in_account,
    "aws:sourceorgid": is_organization,
    "aws:sourceorgpaths": is_organization,
    "aws:sourceowner": is_account,
    "kms:calleraccount": is_account,
    "kms:encryptioncontext:*": mentions_account,
}
"""Keys that tell on whose behalf a service acts. Source: IAM user guide, "The confused deputy problem".
KMS passes an encryption context."""
