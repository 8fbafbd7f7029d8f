"""Reads and checks `Pulumi.<stack>.yaml` before Pulumi starts, so that a bad file is a single error."""

import hashlib
import json
import re
from collections.abc import Hashable, Mapping
from pathlib import Path
from typing import Any, cast

import yaml
from pulumi import RunError
from pydantic import TypeAdapter, ValidationError

from components.environment import KEY, ImageDigest, load
from components.zones import choose_zones
from local import LocalError
from local.provider.zones import ZONES

IMAGE_KEY = "engine_image_digest"
"""The table's key that names the engine image."""

LOCAL_IMAGE_DIGEST = "sha256:" + hashlib.sha256(b"evolution-system: the engine image of the embedded cloud").hexdigest()
"""The engine image of the embedded cloud: the digest of a sentence, which no built image can have."""

NO_IMAGE = "none"
"""The value of `image` for a first deployment, before any image is pushed."""


class _StrictLoader(yaml.SafeLoader):
    """Reads YAML as Pulumi does: `yes`, `no`, `on` and `off` are text, and a duplicate key is an error."""

    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict[Hashable, Any]:
        keys = [key.value for key, _ in node.value if isinstance(key, yaml.ScalarNode)]
        for position, key in enumerate(keys):
            if key in keys[:position]:
                raise yaml.MarkedYAMLError(problem=f"the key {key} is written twice", problem_mark=node.start_mark)
        return super().construct_mapping(node, deep)


_BOOL = "tag:yaml.org,2002:bool"
_StrictLoader.yaml_implicit_resolvers = {
    first: [resolver for resolver in resolvers if resolver[0] != _BOOL]
    for first, resolvers in _StrictLoader.yaml_implicit_resolvers.items()
}
_StrictLoader.add_implicit_resolver(_BOOL, re.compile("^(?:true|True|TRUE|false|False|FALSE)$"), list("tTfF"))  # pyright: ignore[reportUnknownMemberType] (types-pyyaml leaves it untyped)


def stacks(repo: Path) -> list[str]:
    """The stacks that a checkout has a file for, sorted."""
    return sorted(path.name.removeprefix("Pulumi.").removesuffix(".yaml") for path in repo.glob("Pulumi.*.yaml"))


def read(repo: Path, stack: str, *, image: str | None = None, edits: Mapping[str, object] | None = None) -> tuple[dict[str, Any], str]:
    """Read and check the file of a stack, such as `dev`.

    Args:
        repo: the checkout.
        image: an image's digest, NO_IMAGE for none, or None for the table's own or else the embedded cloud's.
        edits: keys of the table to replace, for tests.

    Returns:
        The file's content with the image in its table, and a sentence about where the image came from ("" if it is the table's own).

    Raises:
        LocalError: there is no such stack, its file can't be read, its table is wrong, or the image isn't one of these.
    """
    path = repo / f"Pulumi.{stack}.yaml"
    if stack not in stacks(repo):
        raise LocalError(f"there is no stack {stack!r}: {path.name} doesn't exist. The stacks are: {', '.join(stacks(repo))}.")
    content = parse(path)
    config = content.get("config")
    if not isinstance(config, dict) or KEY not in config:
        raise LocalError(f"{path.name} holds no environment table: it must have the key `{KEY}` under `config`.")
    config = cast(dict[str, Any], config)
    note = ""
    if isinstance(config[KEY], dict):
        table = cast(dict[str, Any], config[KEY])
        table.update(edits or {})
        note = _place_image(table, stack, image)
    try:
        env = load(stack, json.dumps(config[KEY], default=str))
        choose_zones({env.region + letter: zone for letter, zone in ZONES[env.region].items()}, env.network.availability_zones, env.region)
    except RunError as error:
        raise LocalError(str(error)) from None
    return content, note


def _place_image(table: dict[str, Any], stack: str, image: str | None) -> str:
    if image == NO_IMAGE:
        table.pop(IMAGE_KEY, None)
        return "no engine image: this is what a first deployment makes"
    if image is not None:
        table[IMAGE_KEY] = check_digest(image, f", or `{NO_IMAGE}`")
        return f"the engine image is {image}"
    if table.get(IMAGE_KEY) is None:
        table[IMAGE_KEY] = LOCAL_IMAGE_DIGEST
        return (
            f"Pulumi.{stack}.yaml names no {IMAGE_KEY}: this run uses the embedded cloud's own image (IMAGE=none shows a first deployment)"
        )
    return ""


def check_digest(image: str, or_else: str = "") -> str:
    """An image's digest, unchanged, or a LocalError; `or_else` is what else the caller takes, for its message."""
    try:
        return TypeAdapter(ImageDigest).validate_python(image)
    except ValidationError:
        raise LocalError(
            f"the image {image!r} is not a digest: it must be `sha256:` and 64 hexadecimal digits{or_else}; a tag can be moved."
        ) from None


def parse(path: Path) -> dict[str, Any]:
    """Read a YAML file that holds a table.

    Raises:
        LocalError: it can't be read, isn't YAML, or holds something else.
    """
    try:
        text = path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise LocalError(f"{path.name} can't be read: {error}.") from None
    return parse_text(text, path.name)


def parse_text(text: str, name: str) -> dict[str, Any]:
    """Read the text of a YAML file that holds a table; `name` is the file's, for the message.

    Raises:
        LocalError: it isn't YAML, or holds something else.
    """
    try:
        content = yaml.load(text, _StrictLoader)
    except yaml.MarkedYAMLError as error:
        where = f"line {error.problem_mark.line + 1}: " if error.problem_mark else ""
        raise LocalError(f"{name} isn't valid YAML: {where}{error.problem}.") from None
    except yaml.YAMLError as error:
        raise LocalError(f"{name} isn't valid YAML: {error}.") from None
    except RecursionError:
        raise LocalError(f"{name} is nested too deeply to be read.") from None
    if not isinstance(content, dict):
        raise LocalError(f"{name} must hold a table of keys, not a single value.")
    return cast(dict[str, Any], content)
