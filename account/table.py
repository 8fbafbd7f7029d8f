"""The account's table: everything that differs between accounts, read and checked once.

Each `Pulumi.<account>.yaml` carries one table under `evolution-account:account`. `load` turns it into an `Account`, or raises
`AccountTableError`, whose message names every wrong key, its value, what is allowed and an example.
"""

from __future__ import annotations

import re
from typing import Annotated, Self

from pulumi import RunError
from pydantic import AfterValidator, Field, ValidationError, model_validator

from components.environment import STACK_PATTERN, Region, Table
from components.faults import explain

PROJECT = "evolution-account"
"""The Pulumi project's name, and so the namespace of its configuration keys (account/Pulumi.yaml)."""

KEY = f"{PROJECT}:account"
"""The one configuration key that holds the table."""

EXAMPLE = "account/Pulumi.sandbox.yaml"

SUBJECT = re.compile(r"repo:[\w.-]+(@\d+)?/[\w.-]+(@\d+)?", re.ASCII)
"""One repository, by its names and, where it was asked for, their numbers. Source: GitHub's reference, "OpenID Connect: immutable subject
claims"."""

ROLE = re.compile(r"arn:aws:iam::(\d{12}):role/[\w+=,.@/-]+", re.ASCII)
"""A role's whole ARN, with its path. Source: IAM user guide, "IAM identifiers"."""

PROVIDER = re.compile(r"arn:aws:iam::(\d{12}):oidc-provider/token\.actions\.githubusercontent\.com", re.ASCII)

ANALYZER = re.compile(r"arn:aws:access-analyzer:[a-z0-9-]+:(\d{12}):analyzer/[\w.-]+", re.ASCII)


def _number(value: str) -> str:
    if not re.fullmatch("[0-9]{12}", value):
        raise ValueError("an account's number is twelve digits, in quotes")
    return value


def _prefix(value: str) -> str:
    if not SUBJECT.fullmatch(value):
        raise ValueError("it must name one repository in full, without a wildcard, and nothing after it")
    return value


def _role(value: str) -> str:
    if not ROLE.fullmatch(value):
        raise ValueError("it must be the whole ARN of a role, without a wildcard")
    return value


def _stack(value: str) -> str:
    if not STACK_PATTERN.fullmatch(value):
        raise ValueError("a stack's name is 1 to 12 lower-case letters and digits, starting with a letter")
    return value


def _some(values: tuple[str, ...]) -> tuple[str, ...]:
    if not values:
        raise ValueError("it must name at least one")
    if twice := sorted({value for value in values if values.count(value) > 1}):
        raise ValueError(f"{', '.join(twice)} stands in it twice")
    return values


class GitHub(Table):
    """Whose workflows take the roles.

    Attributes:
        subject_prefix: what the `sub` of the repository's tokens begins with, whole.
        provider_arn: GitHub's identity provider, where the account has it already; an account takes one.
    """

    subject_prefix: Annotated[str, AfterValidator(_prefix)] = Field(examples=["repo:example-org@1234567/evolution-system@7654321"])
    provider_arn: Annotated[str, Field(pattern=f"^{PROVIDER.pattern}$")] | None = Field(
        default=None, examples=["arn:aws:iam::123456789012:oidc-provider/token.actions.githubusercontent.com"]
    )


class Account(Table):
    """One account's table.

    Attributes:
        administrators: the roles that may change the state's key and buckets. Whoever deploys this project must have one of them.
        stacks: the stacks that are deployed to the account.
        analyzer_arn: an analyzer of external access, where the account has it already; an account takes one a region.
        trail: a trail with the events of the agents, of their models and of the state.
        model_invocation_logging: a record of every prompt and answer. The account has one setting for all that calls models in a region.
        guardduty: GuardDuty, where no organization has turned it on.
    """

    number: Annotated[str, AfterValidator(_number)] = Field(examples=["123456789012"])
    region: Region = Field(examples=["us-east-1"])
    administrators: Annotated[tuple[Annotated[str, AfterValidator(_role)], ...], AfterValidator(_some)] = Field(
        examples=[["arn:aws:iam::123456789012:role/administrator"]]
    )
    github: GitHub
    stacks: Annotated[tuple[Annotated[str, AfterValidator(_stack)], ...], AfterValidator(_some)] = Field(examples=[["dev"]])
    analyzer_arn: Annotated[str, Field(pattern=f"^{ANALYZER.pattern}$")] | None = Field(
        default=None, examples=["arn:aws:access-analyzer:us-east-1:123456789012:analyzer/account"]
    )
    trail: bool = Field(examples=[False])
    model_invocation_logging: bool = Field(examples=[False])
    guardduty: bool = Field(examples=[False])

    @model_validator(mode="after")
    def _names_one_account(self) -> Self:
        named = [*self.administrators, self.github.provider_arn, self.analyzer_arn]
        for arn in named:
            if arn is not None and arn.split(":")[4] != self.number:
                raise ValueError(f"{arn} is of another account than {self.number}")
        return self


class AccountTableError(RunError):
    """The table can't be used; the message is for the person who wrote it. Pulumi prints it without a traceback."""


def common_tags(account: str) -> dict[str, str]:
    """The tags that every resource carries. The project's differs from the system's: what deploys the system reaches only that."""
    return {"Project": PROJECT, "Environment": account, "ManagedBy": "pulumi", "Purpose": "AWS account of the AI Evolution System"}


def load(table: str | None) -> Account:
    """Read an account's table.

    Args:
        table: the table as the JSON text that Pulumi hands over for an object; None where the account has none.

    Raises:
        AccountTableError: the table is wrong. The message names every fault, with the value and an example.
    """
    if table is None:
        raise AccountTableError(
            f"this account has no table. Write one under `{KEY}` in its Pulumi.<account>.yaml; {EXAMPLE} is an example."
        )
    try:
        return Account.model_validate_json(table)
    except ValidationError as error:
        faults = "\n".join(f"  - {explain(Account, detail, EXAMPLE)}" for detail in error.errors(include_url=False))
        raise AccountTableError(f"The account's table ({KEY}) can't be used:\n{faults}") from None
