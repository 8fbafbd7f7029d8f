"""The approved duties: no role that workflows take on may do more than those of its kind were approved with, on what, and when."""

from __future__ import annotations

from collections.abc import Iterator

from account_project import ROLE_NAME, account_rule
from accounts import own_account
from documents import DocumentKind, Statement, allows_of
from duties import Duty, beyond
from rule import Finding, Resource, Severity, Stack
from rules.aws.holdings import holdings
from tokens import ROLE


@account_rule(
    id="approved/duties",
    severity=Severity.CRITICAL,
    protects="Each stack, and the account's own roles, from workflows that aren't for them: whoever deploys or compares a stack reaches "
    "that one, and reads its settings, not its data.",
    why="A workflow runs whatever is in the branch: who may change dev's code must not thereby change prod's switch. And AWS calls it "
    "reading, too, to fetch a secret, an object or a message.",
    fix="Take it back, or name the stack's own in full, and test what the approved grants test; or, if the provider needs it, write "
    "account/policies again by `make permissions STACK=<stack>`, and let the reviewers of policy/ approve it: `make approve` writes "
    "policy/approved again.",
)
def duties(stack: Stack) -> Iterator[Finding]:
    for holder, statement, duty in held(stack):
        if found := list(beyond(statement, duty)):
            more = f" (and {len(found) - 1} more)" if len(found) > 1 else ""
            yield Finding(f"{statement.where} allows {found[0]}{more}; nobody has approved that of {duty}.", holder)


def held(stack: Stack) -> Iterator[tuple[Resource, Statement, Duty]]:
    """What the roles may do: what grants it, in which statement, and what the role is for."""
    named = {role.urn: found for role in stack.of_type(ROLE) if (found := ROLE_NAME.fullmatch(str(role.at("name"))))}
    account = own_account(stack)
    for holder, roles in holdings(stack):
        for does, of in sorted({(named[urn]["does"], named[urn]["stack"]) for urn in roles or () if urn in named}):
            duty = Duty(does=does, stack=of, account=account)
            yield from ((holder, one, duty) for one in allows_of(holder) if one.kind is DocumentKind.IDENTITY)
