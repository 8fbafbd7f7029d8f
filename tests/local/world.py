"""An emulator in which a test makes single resources, as the provider does, and changes them by hand."""

from __future__ import annotations

from collections.abc import Callable, Generator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from local import emulator
from local.provider.catalogue import RESOURCES
from local.provider.cloud import Cloud
from local.provider.keeper import Keeper
from tests.local.conftest import VENV, clients
from tests.local.provider.samples import VALID

REGION = "us-east-1"
Inputs = Mapping[str, Any]


@dataclass(frozen=True)
class Made:
    """A resource in the emulator."""

    keeper: Keeper
    id: str
    inputs: Inputs
    outputs: Inputs

    def drift(self) -> dict[str, Any] | None:
        """What is there where it isn't what was asked for; None if the whole is gone."""
        seen = self.keeper.seen(self.id, {**self.inputs, **self.outputs}, self.inputs)
        if seen is None:
            return None
        return {name: seen.get(name) for name in seen.keys() | self.inputs.keys() if seen.get(name) != self.inputs.get(name)}

    def changed(self, **inputs: Any) -> Made:
        """The same with other properties, from whatever is there."""
        drift = self.drift()
        assert drift is not None
        wanted = {**self.inputs, **inputs}
        return Made(self.keeper, self.id, wanted, self.keeper.update(self.id, {**self.inputs, **drift, **self.outputs}, wanted))

    def delete(self) -> None:
        self.keeper.delete(self.id, self.inputs, self.outputs)

    @property
    def gone(self) -> bool:
        return self.keeper.outputs(self.id, {**self.inputs, **self.outputs}) is None


@dataclass(frozen=True)
class World:
    """An emulator, for the provider and for a hand."""

    cloud: Cloud
    client: Callable[[str], Any]

    def keeper(self, token: str) -> Keeper:
        return Keeper(self.cloud, RESOURCES[token], REGION)

    def make(self, token: str, **inputs: Any) -> Made:
        keeper = self.keeper(token)
        wanted = {**VALID[token], **inputs}
        return Made(keeper, *self._made(keeper, wanted))

    @contextmanager
    def made(self, token: str, **inputs: Any) -> Generator[Made]:
        """A sample in the emulator, which is gone afterwards; removing what is gone is no error."""
        one = self.make(token, **inputs)
        try:
            assert one.drift() == {}, "what was just made is what was asked for"
            yield one
        finally:
            one.delete()
        assert one.gone
        one.delete()

    @staticmethod
    def _made(keeper: Keeper, wanted: Inputs) -> tuple[str, Inputs, Inputs]:
        identity, outputs = keeper.create(wanted)
        return identity, wanted, outputs


@contextmanager
def a_world(place: Path) -> Generator[World]:
    """A world of one's own."""
    running = emulator.start(place, "dev", VENV)
    try:
        yield World(Cloud(running.endpoint), clients(place))
    finally:
        emulator.stop(place, "dev")
