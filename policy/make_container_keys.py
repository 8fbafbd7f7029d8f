"""Makes `container_keys.json` from botocore (make actions): what a container definition may hold, at every level.

Only this module needs botocore; the pack doesn't.
"""

from __future__ import annotations

import gzip
import json
import sys
from importlib import metadata, resources
from pathlib import Path
from typing import Any

FREE = "*"
"""Stands for an object whose keys are anybody's, such as labels."""


def keys() -> dict[str, Any]:
    """The source; and by shape its keys, each with the shape of its value: empty for what is no object."""
    packed = (resources.files("botocore") / "data/ecs/2014-11-13/service-2.json.gz").read_bytes()
    described: dict[str, dict[str, Any]] = json.loads(gzip.decompress(packed))["shapes"]

    def within(name: str) -> str:
        """A list's members are read like the list: one or many."""
        shape = described[name]
        if shape["type"] == "list":
            return within(shape["member"]["shape"])
        return name if shape["type"] == "structure" else FREE if shape["type"] == "map" else ""

    shapes: dict[str, dict[str, str]] = {}
    waiting = ["ContainerDefinition"]
    while waiting:
        name = waiting.pop()
        if name not in shapes:
            shapes[name] = {key: within(member["shape"]) for key, member in sorted(described[name]["members"].items())}
            waiting += sorted({*shapes[name].values()} - {"", FREE})
    source = f"botocore {metadata.version('botocore')} (Apache-2.0), ECS's RegisterTaskDefinition, by make_container_keys.py (make actions)"
    return {"source": source, "shapes": dict(sorted(shapes.items()))}


def text() -> str:
    return json.dumps(keys(), indent=1) + "\n"


if __name__ == "__main__":
    target = Path(__file__).with_name("container_keys.json")
    target.write_text(text(), encoding="utf-8")
    print(f"{target}: {target.stat().st_size:,} bytes", file=sys.stderr)
