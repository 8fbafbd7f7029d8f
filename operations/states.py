"""What may be wrong with a recorded state: somebody works on it, or somebody else has written it."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any, cast
from urllib.parse import unquote, urlsplit

from operations import OperationError
from operations.account import texts

PACKAGE = "aws"
"""Of the only provider that the programs here use."""


def locked(url: str, project: str, stack: str) -> None:
    """Look for a lock in a backend that Pulumi keeps in a folder or a bucket. An export doesn't.

    Raises:
        OperationError: the stack is locked, or the bucket can't be listed.
    """
    folder = f".pulumi/locks/organization/{project}/{stack}/"
    if url.startswith("s3://"):
        found = texts(url, folder)
    elif url.startswith("file://"):
        place = Path(unquote(urlsplit(url).netloc + urlsplit(url).path)).expanduser() / folder
        found = [one.read_text(encoding="utf-8") for one in place.glob("*.json")]
    else:  # Pulumi's service looks for itself
        return
    if found:
        raise OperationError(
            f"{stack} is locked in {url}: {_holder(found[0])} works on it. Wait for the end; if that was killed, "
            f"`pulumi cancel {stack}` takes the lock away."
        )


def _holder(text: str) -> str:
    try:
        lock: dict[str, Any] = json.loads(text)
        return f"{lock['username']}@{lock['hostname']} (process {lock['pid']}, since {lock['timestamp']})"
    except (ValueError, KeyError, TypeError):
        return "somebody"


def foreign(resources: Iterable[Mapping[str, Any]], project: str, stack: str) -> None:
    """Look for what this program has never made. A state says which plugins the next command loads, and a plugin runs as whoever deploys.

    Args:
        resources: as an exported deployment lists them.

    Raises:
        OperationError: there is such a resource.
    """
    for one in resources:
        if fault := _fault(one, f"urn:pulumi:{stack}::{project}::"):
            raise OperationError(
                f"the state of {stack} holds {one.get('urn')}, {fault}: somebody else has written there. Run nothing with it: "
                "take an earlier version of the state's object in its bucket."
            )


def _fault(one: Mapping[str, Any], prefix: str) -> str:
    kind = str(one.get("type"))
    if not str(one.get("urn")).startswith(prefix):
        return "of another stack or project"
    if kind == f"pulumi:providers:{PACKAGE}":
        inputs = cast("Mapping[str, Any]", one.get("inputs") or {})
        return "whose plugin is to come from elsewhere" if inputs.get("__internal") or inputs.get("pluginDownloadURL") else ""
    return "of a provider that this program doesn't use" if one.get("custom") and not kind.startswith(f"{PACKAGE}:") else ""


def elsewhere(resources: Iterable[Mapping[str, Any]], number: str) -> None:
    """Look for what is in another account than this.

    Raises:
        OperationError: there is such a resource.
    """
    for one in resources:
        outputs = cast("Mapping[str, Any]", one.get("outputs") or {})
        account = str(outputs.get("arn")).split(":")[4:5]
        if account and account[0].isdecimal() and account[0] != number:
            raise OperationError(
                f"the state in PULUMI_BACKEND_URL is of account {account[0]}, and this is {number}: export that of this one."
            )
