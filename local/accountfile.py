"""Reads and checks `account/Pulumi.<account>.yaml` before Pulumi starts, so that a bad file is a single error."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any, cast

from pulumi import RunError

from account import policies
from account.table import KEY, load
from local import LocalError
from local.provider.outputs import ACCOUNT
from local.stackfile import parse, stacks

FOLDER = "account"


def read(repo: Path, stack: str, *, image: str | None = None, edits: Mapping[str, object] | None = None) -> tuple[dict[str, Any], str]:
    """Read and check the file of an account, such as `sandbox`.

    Args:
        repo: the checkout.
        image: none, for nothing runs here.
        edits: keys of the table to replace, for tests.

    Returns:
        The file's content with the embedded cloud's number in the place of the account's, and a sentence about that ("" if it is the same).

    Raises:
        LocalError: there is no such account, its file can't be read, its table is wrong, a stack has no policies, or an image is
            given.
    """
    if image is not None:
        raise LocalError("IMAGE is for the system: an account has no image.")
    folder = repo / FOLDER
    path = folder / f"Pulumi.{stack}.yaml"
    if stack not in stacks(folder):
        raise LocalError(
            f"there is no account {stack!r}: {FOLDER}/{path.name} doesn't exist. The accounts are: {', '.join(stacks(folder))}."
        )
    content = parse(path)
    config = content.get("config")
    if not isinstance(config, dict) or KEY not in config:
        raise LocalError(f"{FOLDER}/{path.name} holds no table: it must have the key `{KEY}` under `config`.")
    config = cast(dict[str, Any], config)
    table = config[KEY]
    if isinstance(table, dict):
        table = {**cast(dict[str, Any], table), **(edits or {})}
    try:
        account = load(json.dumps(table, default=str))
        number = account.number
        for one in account.stacks:
            policies.read(one, number, folder / policies.FOLDER.name)
    except RunError as error:
        raise LocalError(str(error)) from None
    here = json.loads(json.dumps(table).replace(number, ACCOUNT))
    note = "" if number == ACCOUNT else f"account {number} is planned as {ACCOUNT}, the embedded cloud's own"
    return {**content, "config": {**config, KEY: here}}, note
