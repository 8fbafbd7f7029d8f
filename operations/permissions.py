"""IAM policies for the roles that deploy, look for drift, and push images, from a stack's plan: `python -m operations.permissions`.

For account/, which makes the roles, they go into account/policies/<stack>.json, to be committed. For an account that is named, they go
into .local/permissions/<stack>/, as many managed policies a role as it takes. Nothing is sent to AWS.
"""

from __future__ import annotations

import json
import os
import shutil
import sys
from collections.abc import Iterable, Mapping
from pathlib import Path

from account.policies import FOLDER, MOST_CHARACTERS, Document, size, split
from components.naming import Names
from local.terminal import exit_status
from operations import OperationError, Parser, ready, rights, room, taken
from operations.account import ROOT, Account, table
from operations.asks import asks
from operations.needs import Grant, grants, of_pipeline, only_reads
from operations.planned import LOCAL_ACCOUNT, Planned, planned

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


def roles(plan: Planned, names: Names) -> dict[str, list[Grant]]:
    """By role, what it needs."""
    needed = grants(plan, names)
    asked = sorted(
        {AS_ACTION.get(call, call) for call in room.CALLS | taken.CALLS | ready.CALLS | rights.CALLS} - {"sts:GetCallerIdentity"}
    )
    first = asks(asked, plan, names)
    repository = tuple(names.arn("ecr", f"repository/{one.inputs['name']}") for one in plan.of("ecr/repository"))
    push = [Grant(action=one, resources=repository, condition=ANYTHING, reads=False, why="a push of the image") for one in PUSH]
    login = Grant(action="ecr:GetAuthorizationToken", resources=("*",), condition=ANYTHING, reads=False, why="a push of the image")
    return {"deploy": [*of_pipeline(needed, plan, names), *first], "drift": only_reads(needed), "image": [login, *push]}


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


def commit(found: Mapping[str, list[Grant]], stack: str, region: str, folder: Path = FOLDER) -> Path:
    """Write what account/ reads, and say where."""
    file = folder / f"{stack}.json"
    file.write_text(of_account(found, region), encoding="utf-8")
    return file


def of_account(found: Mapping[str, list[Grant]], region: str) -> str:
    """What account/ reads, by role, for the account with the number of the local preview."""
    return json.dumps({"region": region, **{role: statements(needed) for role, needed in found.items()}}, indent=1) + "\n"


def write(found: Mapping[str, list[Grant]], place: Path) -> None:
    """Write the policies to files."""
    shutil.rmtree(place, ignore_errors=True)
    place.mkdir(parents=True)
    for role, needed in found.items():
        for number, document in enumerate(split(statements(needed)), 1):
            (place / f"{role}-{number}.json").write_text(json.dumps(document, indent=2) + "\n", encoding="utf-8")
        reasons = {action: sorted({one.why for one in needed if one.action == action}) for action in sorted({one.action for one in needed})}
        (place / f"{role}-reasons.json").write_text(json.dumps(reasons, indent=2) + "\n", encoding="utf-8")


def rows(found: Mapping[str, list[Grant]]) -> list[str]:
    """What each role has.

    Raises:
        OperationError: a role would need more policies than it takes.
    """
    said = [f"{'role':<8}{'policies':>9}{'characters':>12}{'actions':>9}{'of which write':>16}"]
    for role, needed in found.items():
        documents = split(statements(needed))
        if len(documents) > MOST_POLICIES:
            raise OperationError(f"the {role} role would need {len(documents)} managed policies, and takes {MOST_POLICIES}.")
        actions, writes = {one.action for one in needed}, {one.action for one in needed if not one.reads}
        said.append(f"{role:<8}{len(documents):>9}{sum(size(one) for one in documents):>12}{len(actions):>9}{len(writes):>16}")
    return said


def main(arguments: list[str]) -> int:
    """Write a stack's policies: 0 if they are there, otherwise 1."""
    parser = Parser(prog="python -m operations.permissions", description=__doc__)
    parser.add_argument("--stack", default="dev", help="which stack (default: dev)")
    parser.add_argument("--account", default="", help="the account's twelve digits (default: none; write what account/ reads)")
    try:
        options = parser.parse_args(arguments)
        number = options.account or LOCAL_ACCOUNT
        if len(number) != len(LOCAL_ACCOUNT) or not number.isdecimal():
            raise OperationError(f"ACCOUNT is {number!r}: write the account's twelve digits, such as 123456789012.")
        names = Names(stack=options.stack, region=table(options.stack).region, account=number)
        nowhere = Account(number=number, region=names.region, calls=frozenset(), session=None)
        plan = planned(options.stack, nowhere, {})
        found = roles(plan, names)
        said = rows(found)
        if options.account:
            place = ROOT / ".local/permissions" / options.stack
            write(found, place)
        else:
            place = commit(found, options.stack, names.region)
    except OperationError as error:
        print(f"error: {error}", file=sys.stderr)
        return 1
    whose = f"account {number}" if options.account else "whatever account"
    print(f"{options.stack} in {whose}, {names.region}; at most {MOST_CHARACTERS} characters a policy and {MOST_POLICIES} policies a role")
    print("\n".join(said))
    what = "with the reason of each action; the state's bucket and key aren't in them" if options.account else "for account/: commit it"
    print(f"Written to {place.relative_to(ROOT)}, {what}.")
    print("Left out: new versions of boundaries, another boundary of a role, writing over the mode; in drift, the secret's value.")
    if any(one.kept for one in plan.resources):
        print("As the stack protects its data: every deletion of what is protected or retained, and of guards; an administrator does that,")
        print("and the first `up`, and what it changes in IAM, in policies of guards, or of the functions that may write the mode.")
    return 0


if __name__ == "__main__":
    ended = exit_status(lambda: main(sys.argv[1:]), lambda: "some of the policies may be written")
    sys.stdout.flush()
    # Not sys.exit: a program that waits for the CLI goes on waiting after that has failed, and would keep the process alive.
    os._exit(ended)
