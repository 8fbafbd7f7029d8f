"""What local/real-provider.sh needs: an emulator, the stacks' files with an image, and the two plans side by side."""

import json
import os
import shutil
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, cast

from pulumi.automation.events import EngineEvent

from components.environment import KEY
from local import LocalError, emulator, previews, propose_digest, stackfile
from local.differences import differences
from local.previews import PlannedResource

NAME = "real"
"""The emulator's, where a stack's name stands else."""

BRIDGES = "__defaults"
"""Where the real provider notes which inputs are its own defaults; the stand-in has no use for it.
Source: pulumi-terraform-bridge, pkg/reservedkeys/keys.go."""


def start(place: Path) -> str:
    """Start an empty emulator and give its address."""
    return emulator.start(place, NAME, previews.ROOT / ".local" / emulator.VENV).endpoint


def stop(place: Path) -> None:
    """Stop it."""
    emulator.stop(place, NAME, save=False)


def prepare(place: Path, stack: str) -> None:
    """Write the project's file and the stack's into a folder: with the embedded cloud's image, so that everything is planned.

    Raises:
        LocalError: there is no such stack, its table is wrong, or it is written in a form that isn't edited here.
    """
    content, _ = stackfile.read(previews.ROOT, stack)
    name = f"Pulumi.{stack}.yaml"
    text = (previews.ROOT / name).read_text(encoding="utf-8")
    text = propose_digest.edit(text, content["config"][KEY][stackfile.IMAGE_KEY])
    if stackfile.parse_text(text, name) != content:
        raise LocalError(f"{name} isn't written as a plain block of keys, so no image can be written into it here.")
    (place / name).write_text(text, encoding="utf-8")
    shutil.copy(previews.ROOT / "Pulumi.yaml", place)


def compare(place: Path, stack: str) -> list[str]:
    """Plan a stack with the stand-in, and say in which inputs the events of a preview with the real provider differ from it.

    Raises:
        LocalError: there are no events, or the stand-in's plan fails.
    """
    try:
        lines = (place / f"{stack}.events").read_text(encoding="utf-8").splitlines()
    except OSError:
        raise LocalError(f"{stack}: the preview with the real provider has said nothing.") from None
    events = [EngineEvent.from_json(json.loads(line)) for line in lines]  # pyright: ignore[reportUnknownMemberType]  # it takes a bare dict
    own = previews.preview(stack, pack=False, place=place / "stand-in")
    if not own.succeeded:
        raise LocalError(f"{stack} can't be planned with the stand-in: {'; '.join(own.errors)}")
    real = previews.resources_of(events)
    found = list(differing({one.urn: one for one in own.resources}, real))
    return [f"{stack}: {line}" for line in found] or [f"{stack}: the inputs of all {len(real)} resources are the same with the stand-in"]


def differing(own: Mapping[str, PlannedResource], real: Mapping[str, PlannedResource]) -> Iterator[str]:
    """One line for each input that differs, and for each resource that only one of them plans."""
    for urn in sorted(own.keys() | real.keys()):
        name = f"{(own.get(urn) or real[urn]).type} {urn.rpartition('::')[2]}"
        if urn not in own or urn not in real:
            yield f"{name}: only the {'real provider' if urn in real else 'stand-in'} plans it"
            continue
        for one in differences("", bare(own[urn].inputs), bare(real[urn].inputs)):
            yield f"{name}: {one.path}: {one.before or 'nothing'} with the stand-in, {one.after or 'nothing'} with the real provider"


def bare(value: Any) -> Any:
    """An input without the bridge's notes."""
    if isinstance(value, list):
        return [bare(one) for one in cast("list[Any]", value)]
    if isinstance(value, Mapping):
        return {name: bare(one) for name, one in cast("Mapping[str, Any]", value).items() if name != BRIDGES}
    return value


def main(arguments: list[str]) -> int:
    """Do one of the steps: 0 if it was done, whatever it found; 1 if not."""
    try:
        step, place, *stack = arguments
        if step == "start":
            print(start(Path(place)))
        elif step == "stop":
            stop(Path(place))
        elif step == "prepare":
            prepare(Path(place), *stack)
        else:
            print("\n".join(compare(Path(place), *stack)))
        return 0
    except LocalError as error:
        print(f"error: {error}", file=sys.stderr)
        return 1


if __name__ == "__main__":
    status = main(sys.argv[1:])
    sys.stdout.flush()
    os._exit(status)  # see local/__main__.py
