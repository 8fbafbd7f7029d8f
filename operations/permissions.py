"""IAM policies for the roles that deploy, look for drift, and push images, from a stack's plan: `python -m operations.permissions`.

They go into .local/permissions/<stack>/, as many managed policies a role as it takes. Nothing is sent to AWS.
"""

from __future__ import annotations

import json
import os
import shutil
import sys
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

from components.naming import Names
from operations import OperationError, Parser, ready, rights, room, taken
from operations.account import ROOT, Account, table
from operations.needs import Grant, grants, only_reads
from operations.planned import LOCAL_ACCOUNT, Planned, planned

MOST_CHARACTERS = 6144
"""Of a managed policy, white space not counted. Source: IAM user guide, "IAM and AWS STS quotas"."""

MOST_POLICIES = 10
"""Managed policies that a role takes without asking for more. Source: the same."""

PUSH = (
    "ecr:BatchCheckLayerAvailability",
    "ecr:BatchGetImage",
    "ecr:CompleteLayerUpload",
    "ecr:InitiateLayerUpload",
    "ecr:PutImage",
    "ecr:UploadLayerPart",
)
"""What a push of an image asks. Source: ECR user guide, "Required IAM permissions for pushing an image"."""

ANYTHING = "{}"

AS_ACTION: Mapping[str, str] = {
    "bedrock-agentcore-control:ListAgentRuntimes": "bedrock-agentcore:ListAgentRuntimes",
    "bedrock-agentcore-control:ListGateways": "bedrock-agentcore:ListGateways",
    "accessanalyzer:ListAnalyzers": "access-analyzer:ListAnalyzers",
    "budgets:DescribeBudget": "budgets:ViewBudget",
    "s3:HeadBucket": "s3:ListBucket",
    "service-quotas:GetAWSDefaultServiceQuota": "servicequotas:GetAWSDefaultServiceQuota",
    "service-quotas:GetServiceQuota": "servicequotas:GetServiceQuota",
}
"""Calls of `make preflight` whose action has another name."""

Document = Mapping[str, Any]


def roles(plan: Planned, names: Names) -> dict[str, list[Grant]]:
    """By role, what it needs."""
    needed = grants(plan, names)
    asks = sorted({AS_ACTION.get(call, call) for call in room.CALLS | taken.CALLS | ready.CALLS | rights.CALLS} - {"sts:GetCallerIdentity"})
    first = [Grant(action=one, resources=("*",), condition=ANYTHING, reads=True, why="make preflight") for one in asks]
    repository = tuple(names.arn("ecr", f"repository/{one.inputs['name']}") for one in plan.of("ecr/repository"))
    push = [Grant(action=one, resources=repository, condition=ANYTHING, reads=False, why="a push of the image") for one in PUSH]
    login = Grant(action="ecr:GetAuthorizationToken", resources=("*",), condition=ANYTHING, reads=False, why="a push of the image")
    return {"deploy": [*needed, *first], "drift": only_reads(needed), "image": [login, *push]}


def statements(needed: Iterable[Grant]) -> list[Document]:
    """The fewest statements that grant it: one for all actions of the same resources and conditions."""
    found: dict[tuple[tuple[str, ...], str], set[str]] = {}
    for one in needed:
        found.setdefault((tuple(sorted(set(one.resources))), one.condition), set()).add(one.action)
    return [
        {
            "Effect": "Allow",
            "Action": sorted(actions),
            "Resource": list(resources),
            **({} if condition == ANYTHING else {"Condition": json.loads(condition)}),
        }
        for (resources, condition), actions in sorted(found.items())
    ]


def policies(needed: Iterable[Grant]) -> list[Document]:
    """What is needed as managed policies, each within AWS's limit."""
    whole = [part for one in statements(needed) for part in _in_parts(one)]
    found: list[list[Document]] = []
    for one in sorted(whole, key=size, reverse=True):
        room_in = next((held for held in found if size(_document([*held, one])) <= MOST_CHARACTERS), None)
        if room_in is None:
            found.append([one])
        else:
            room_in.append(one)
    return [_document(held) for held in found]


def size(document: Any) -> int:
    """Characters, as IAM counts them."""
    return len(json.dumps(document, separators=(",", ":")))


def _document(held: Sequence[Document]) -> Document:
    return {"Version": "2012-10-17", "Statement": list(held)}


def _in_parts(statement: Document) -> list[Document]:
    """A statement as several, where it is longer than half a policy: by halves of its resources."""
    resources = statement["Resource"]
    if size(statement) <= MOST_CHARACTERS // 2 or len(resources) == 1:
        return [statement]
    middle = len(resources) // 2
    return [part for half in (resources[:middle], resources[middle:]) for part in _in_parts({**statement, "Resource": half})]


def write(found: Mapping[str, list[Grant]], place: Path) -> list[str]:
    """Write the policies to files, and say in rows what each role has.

    Raises:
        OperationError: a role would need more policies than it takes.
    """
    shutil.rmtree(place, ignore_errors=True)
    place.mkdir(parents=True)
    rows = [f"{'role':<8}{'policies':>9}{'characters':>12}{'actions':>9}{'of which write':>16}"]
    for role, needed in found.items():
        documents = policies(needed)
        if len(documents) > MOST_POLICIES:
            raise OperationError(f"the {role} role would need {len(documents)} managed policies, and takes {MOST_POLICIES}.")
        for number, document in enumerate(documents, 1):
            (place / f"{role}-{number}.json").write_text(json.dumps(document, indent=2) + "\n", encoding="utf-8")
        reasons = {action: sorted({one.why for one in needed if one.action == action}) for action in sorted({one.action for one in needed})}
        (place / f"{role}-reasons.json").write_text(json.dumps(reasons, indent=2) + "\n", encoding="utf-8")
        writes = {one.action for one in needed if not one.reads}
        characters = sum(size(one) for one in documents)
        rows.append(f"{role:<8}{len(documents):>9}{characters:>12}{len(reasons):>9}{len(writes):>16}")
    return rows


def main(arguments: list[str]) -> int:
    """Write a stack's policies: 0 if they are there, otherwise 1."""
    parser = Parser(prog="python -m operations.permissions", description=__doc__)
    parser.add_argument("--stack", default="dev", help="which stack (default: dev)")
    parser.add_argument("--account", default="", help="the account's twelve digits")
    try:
        options = parser.parse_args(arguments)
        number = options.account or LOCAL_ACCOUNT
        if len(number) != len(LOCAL_ACCOUNT) or not number.isdecimal():
            raise OperationError(f"ACCOUNT is {number!r}: write the account's twelve digits, such as 123456789012.")
        names = Names(stack=options.stack, region=table(options.stack).region, account=number)
        nowhere = Account(number=number, region=names.region, calls=frozenset(), session=None)
        plan = planned(options.stack, nowhere, set())
        place = ROOT / ".local/permissions" / options.stack
        rows = write(roles(plan, names), place)
    except OperationError as error:
        print(f"error: {error}", file=sys.stderr)
        return 1
    said = f"account {number}" if options.account else "no account: name one by ACCOUNT=<12 digits>"
    print(f"{options.stack} in {said}, {names.region}; at most {MOST_CHARACTERS} characters a policy and {MOST_POLICIES} policies a role")
    print("\n".join(rows))
    print(f"They are in {place.relative_to(ROOT)}/, with the reason of each action. The state's bucket and key aren't in them.")
    print("Left out: new versions of boundaries, another boundary of a role, writing over the mode; in drift, the secret's value.")
    if any(one.kept for one in plan.resources):
        print("As the stack protects its data: every deletion of what is protected or retained, and of guards; an administrator does that.")
    return 0


if __name__ == "__main__":
    ended = main(sys.argv[1:])
    sys.stdout.flush()
    # Not sys.exit: a program that waits for the CLI goes on waiting after that has failed, and would keep the process alive.
    os._exit(ended)
