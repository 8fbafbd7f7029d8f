"""Prints which service quotas a stack needs, with the commands that request higher ones: `python -m local.quotas STACK`."""

import json
import sys
from pathlib import Path

from components.capacity import needs
from components.environment import KEY, load
from local import stackfile
from local.plugins import ROOT
from local.terminal import exit_status, show


def report(repo: Path, stack: str) -> str:
    """A line for each quota that the stack's table affects, and a command for each that a fresh account's default is too low for.

    Raises:
        LocalError: there is no such stack, or its table is wrong.
    """
    content, _ = stackfile.read(repo, stack)
    env = load(stack, json.dumps(content["config"][KEY]))
    lines = [f"{stack} in {env.region}: what it needs, to grow to its maximum, and what a fresh account has"]
    lines += [f"  {need.quota.code}  {need.quota.name}: {need.least}, {need.most}, {need.quota.fresh}" for need in needs(env)]
    commands = [f"  {need.request} --region {env.region}" for need in needs(env) if need.lacks]
    how = "To ask AWS for the most, where the account has less (service-quotas get-service-quota shows it):"
    return "\n".join([*lines, how if commands else "A fresh account has it all.", *commands])


if __name__ == "__main__":
    sys.exit(exit_status(lambda: show(report(ROOT, *sys.argv[1:])), lambda: "nothing was changed"))
