"""What a deployment would meet in an account: `python -m operations.preflight`. Nothing that it calls changes anything."""

from __future__ import annotations

import json
import os
import shutil
import sys
from collections.abc import Callable, Iterable, Iterator
from dataclasses import asdict
from functools import partial

from local.terminal import exit_status
from operations import OperationError, Parser, administrator, ready, rights, room, taken, traces
from operations.account import Account, AwsError, connect
from operations.outcome import GOOD, Outcome, rows, summary
from operations.planned import Planned, made, planned

CALLS = room.CALLS | taken.CALLS | ready.CALLS | rights.CALLS | administrator.CALLS | traces.CALLS
"""All that it may call. No request asks for a dry run: an emulator may act on it."""

Check = Callable[[Account, Planned], Iterator[Outcome]]

CHECKS: dict[str, Check] = {
    "Lambda executions": room.executions,
    "Fargate vCPUs": room.vcpus,
    "elastic IPs": room.addresses,
    "VPCs": room.vpcs,
    "log policies": room.log_policies,
    "traces": traces.traces,
    "zones": ready.zones,
    "names": taken.names,
    "service roles": ready.service_roles,
    "model": ready.model,
    "rights": rights.rights,
    "administrator": administrator.administrator,
    "once an account": ready.singles,
}
"""In the order in which a person can do something about it: AWS may take days for a quota."""


def run(account: Account, plan: Planned, *, role: str = "") -> list[Outcome]:
    """What every check finds. What AWS doesn't answer is told of, and the others go on."""
    found: list[Outcome] = []
    for name, check in {**CHECKS, **_with_role(role)}.items():
        try:
            found += check(account, plan)
        except AwsError as error:
            found.append(Outcome(check=name, kind="unknown", text=f"AWS doesn't say: {error}"))
    return found


def _with_role(role: str) -> dict[str, Check]:
    """The one check that wants to know it."""
    return {"rights": partial(rights.rights, role=role)} if role else {}


def status(outcomes: Iterable[Outcome]) -> int:
    """0 if a deployment may go on, otherwise 1."""
    return 0 if all(one.kind in GOOD for one in outcomes) else 1


def main(arguments: list[str]) -> int:
    """Run the checks: 0 if all of them passed or only want something of a person, otherwise 1."""
    parser = Parser(prog="python -m operations.preflight", description=__doc__)
    parser.add_argument("--stack", default="dev", help="which stack (default: dev)")
    parser.add_argument("--account", default="", help="the real account's twelve digits; without it, the stack's emulator")
    parser.add_argument("--role", default="", help="the name of the role that deploys (default: the caller's own)")
    parser.add_argument("--json", action="store_true", help="JSON instead of a table")
    try:
        options = parser.parse_args(arguments)
        account = connect(options.stack, options.account, calls=CALLS)
        state, where = made(options.stack, account)
        plan = planned(options.stack, account, state)
    except OperationError as error:
        print(f"error: {error}", file=sys.stderr)
        return 1
    outcomes = run(account, plan, role=options.role)
    place = "the emulator" if account.emulated else f"account {account.number}"
    if options.json:
        said = {"stack": options.stack, "account": account.number, "region": account.region, "state": where}
        print(json.dumps({**said, "outcomes": [asdict(one) for one in outcomes]}, indent=2))
    else:
        print(f"{options.stack} in {place}, {account.region}; {where}")
        for line in rows(outcomes, shutil.get_terminal_size((120, 24)).columns):
            print(line)
        print(summary(outcomes))
    return status(outcomes)


if __name__ == "__main__":
    ended = exit_status(lambda: main(sys.argv[1:]), lambda: "nothing was changed")
    sys.stdout.flush()
    # Not sys.exit: a program that waits for the CLI goes on waiting after that has failed, and would keep the process alive.
    os._exit(ended)
