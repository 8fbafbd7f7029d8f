"""An emulator in which a test makes single resources, as the provider does, and changes them by hand."""

from __future__ import annotations

from collections.abc import Callable, Generator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from local import emulator
from local.provider.cloud import Cloud
from local.provider.crud import Crud
from local.provider.services import RESOURCES
from tests.local.conftest import VENV, clients
from tests.local.provider.samples import VALID

REGION = "us-east-1"
Inputs = Mapping[str, Any]


@dataclass(frozen=True)
class Made:
    """A resource in the emulator."""

    crud: Crud
    id: str
    inputs: Inputs
    outputs: Inputs

    def drift(self) -> dict[str, Any] | None:
        """What is there where it isn't what was asked for; None if the whole is gone."""
        there = self.crud.read(self.id, {**self.inputs, **self.outputs}, self.inputs)
        if there is None:
            return None
        return {name: there.get(name) for name in there.keys() | self.inputs.keys() if there.get(name) != self.inputs.get(name)}

    def changed(self, **inputs: Any) -> Made:
        """The same with other properties, from whatever is there."""
        drift = self.drift()
        assert drift is not None
        wanted = {**self.inputs, **inputs}
        return Made(self.crud, self.id, wanted, self.crud.update(self.id, {**self.inputs, **drift, **self.outputs}, wanted))

    def delete(self) -> None:
        self.crud.delete(self.id, {**self.inputs, **self.outputs})

    @property
    def gone(self) -> bool:
        return self.crud.outputs(self.id, {**self.inputs, **self.outputs}) is None


@dataclass(frozen=True)
class World:
    """An emulator, for the provider and for a hand."""

    cloud: Cloud
    client: Callable[[str], Any]

    def crud(self, token: str) -> Crud:
        return Crud(self.cloud, RESOURCES[token], REGION)

    def make(self, token: str, **inputs: Any) -> Made:
        crud = self.crud(token)
        wanted = {**VALID[token], **inputs}
        return Made(crud, *self._made(crud, wanted))

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
    def _made(crud: Crud, wanted: Inputs) -> tuple[str, Inputs, Inputs]:
        identity, outputs = crud.create(wanted)
        return identity, wanted, outputs


@contextmanager
def a_world(place: Path) -> Generator[World]:
    """A world of one's own."""
    running = emulator.start(place, "dev", VENV)
    try:
        yield World(Cloud(running.endpoint), clients(place))
    finally:
        emulator.stop(place, "dev")
