"""What goes wrong around `make up`, each with the real engine and an emulator of its own, and what it may cost: nothing that isn't said.

After each fault the next `up` finishes, a further one changes nothing, and the emulator holds what is recorded: no less, and nothing twice.
"""

from __future__ import annotations

import functools
import os
import shutil
import signal
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from local import emulator, lifecycle
from local.provider.lives import LIVES
from local.state import State
from tests.local.conftest import VENV, Run, clients
from tests.local.faults import Command, Faults, way_with
from tests.local.holdings import holdings, unlike_the_record

up = functools.partial(lifecycle.up, pack=False)
"""Most of these faults have nothing to do with the policy pack, whose start takes a second."""


@dataclass
class Tally:
    """What came of the faults so far."""

    tried: list[str] = field(default_factory=list[str])
    survived: list[str] = field(default_factory=list[str])
    lost: list[str] = field(default_factory=list[str])


@pytest.fixture(scope="module")
def tally(request: pytest.FixtureRequest) -> Iterator[Tally]:
    """The figures of this module, told at its end."""
    count = Tally()
    yield count
    capture: Any = request.config.pluginmanager.getplugin("capturemanager")
    with capture.global_and_fixture_disabled():
        print(
            f"\nfaults survived: {len(count.survived)} of {len(count.tried)}; lost without being said: {len(count.lost)} {count.lost or ''}"
        )


@dataclass
class World:
    """An emulator of its own, and what it lists before anything is in it."""

    act: Run
    place: Path
    empty: dict[str, list[Any]]
    tally: Tally
    name: str

    def heals(self, **options: Any) -> lifecycle.Outcome:
        """Hold that the next `up` finishes and loses nothing, and that nothing is there twice."""
        before = holdings(self.place)
        del before["aws:vpc/securityGroupEgressRule:SecurityGroupEgressRule"]  # AWS adds some, which the provider takes away
        healed: lifecycle.Outcome = self.act(up, self.place, **options)
        assert healed.succeeded, healed.text
        after = holdings(self.place)
        self.tally.lost += [f"{self.name}: {item}" for listing, items in before.items() for item in items if item not in after[listing]]
        self.survives(**options)
        return healed

    def survives(self, **options: Any) -> None:
        """Hold that a further `up` changes nothing, and that nothing is there but what is recorded."""
        again: lifecycle.Outcome = self.act(up, self.place, **options)
        assert (again.succeeded, again.operations, again.lost) == (True, {}, ()), again.text
        assert unlike_the_record(self.place, self.empty) == []
        self.tally.survived.append(self.name)

    @property
    def recorded(self) -> set[str]:
        """The names of what is recorded."""
        return {urn.rpartition("::")[2] for urn in State(self.place, "dev").held()}

    @property
    def vpcs(self) -> list[dict[str, Any]]:
        """The VPCs that somebody made."""
        return [vpc for vpc in clients(self.place)("ec2").describe_vpcs()["Vpcs"] if not vpc["IsDefault"]]


@pytest.fixture
def world(act: Run, own_place: Path, tally: Tally, request: pytest.FixtureRequest) -> World:
    """One fault's."""
    emulator.start(own_place, "dev", VENV)
    tally.tried.append(request.node.name)
    return World(act, own_place, holdings(own_place), tally, request.node.name)


def cut_off(world: World, part: str, cut: Callable[[Command], object]) -> tuple[Command, int, str]:
    """Run `up`, and cut it off once the emulator has done the request with this part and nobody has heard of it."""
    running: list[Command] = []
    faults = Faults((part, 1, lambda: cut(running[0])))
    port = emulator.start(world.place, "dev", VENV).port
    with way_with(faults, port) as endpoint:
        running.append(Command(world.place, "up", endpoint=endpoint))
        status, said = running[0].end()
        left = running[0].left
    assert faults.unused == [], said
    assert left == []
    return running[0], status, said


def kill_the_provider(command: Command) -> None:
    command.kill_started("-m local.provider")


def kill_the_engine(command: Command) -> None:
    command.kill_started("pulumi --non-interactive")


def test_a_provider_that_is_killed_before_the_program_changes(world: World) -> None:
    _, status, said = cut_off(world, "Action=CreateVpc", kill_the_provider)
    assert status == 1
    assert "up failed" in said
    [vpc] = world.vpcs
    assert "network-vpc" not in world.recorded, "else this is no fault"
    world.heals(edits={"autonomy_percent": 74})
    [taken] = world.vpcs
    assert taken["VpcId"] == vpc["VpcId"], "what was made is taken over"


def test_a_provider_that_is_killed_before_all_is_to_go(world: World) -> None:
    cut_off(world, "CreateSubnet", kill_the_provider)
    destroyed = world.act(lifecycle.destroy, world.place)
    assert (destroyed.succeeded, destroyed.resources) == (True, 0), destroyed.text
    assert holdings(world.place) == world.empty
    world.heals()


def test_an_engine_that_is_killed(world: World) -> None:
    _, status, said = cut_off(world, "CreateTable", kill_the_engine)
    assert said.splitlines()[-1].startswith("error: the engine was killed (SIGKILL). What it recorded is kept"), said
    assert "UserWarning" not in said
    assert status == 1
    world.heals()


def test_a_command_that_is_killed(world: World) -> None:
    cut_off(world, "Action=CreateVpc", Command.kill)
    world.heals()


def test_ctrl_c(world: World) -> None:
    _, status, said = cut_off(world, "Action=CreateVpc", Command.interrupt)
    assert status == 130, said
    assert said.splitlines()[-1].startswith("interrupted: what was done is recorded, and the same command goes on from there")
    assert "Traceback" not in said
    assert "network-vpc" in world.recorded, "the engine ends what it has begun"
    assert not list((world.place / "state/.pulumi/locks").rglob("*.json"))
    world.heals()


def test_a_record_that_is_cut_short_by_a_full_disk(world: World) -> None:
    """The engine leaves its file and its own copy like this; `cut_off` makes what the copy beside them doesn't know."""
    cut_off(world, "CreateTable", kill_the_engine)
    folder = world.place / "state/.pulumi/stacks/evolution-system"
    for file in (folder / "dev.json", folder / "dev.json.bak"):
        file.write_bytes(file.read_bytes()[:1000])
    status, said = Command(world.place, "outputs").end()
    assert (status, said) == (0, "{}\n"), "of the copy"
    world.heals()


def test_a_first_record_that_is_cut_short_without_a_copy(world: World) -> None:
    cut_off(world, "CreateTable", kill_the_engine)
    folder = world.place / "state/.pulumi/stacks/evolution-system"
    for file in (folder / "dev.json", folder / "dev.json.bak"):
        file.write_bytes(b"")
    shutil.rmtree(world.place / "kept")
    for command in ("outputs", "audit"):
        status, said = Command(world.place, command).end()
        assert status == 1
        assert said.startswith("error: what was recorded of dev is cut short")
        assert said.count("\n") == 1
    world.heals()


def test_requests_that_are_throttled_and_one_that_is_refused(world: World) -> None:
    port = emulator.start(world.place, "dev", VENV).port
    faults = Faults(("AWSWAF_20190729.CreateWebACL", 5, "ThrottlingException"), ("CreateCluster", 1, "AccessDeniedException"))
    with way_with(faults, port) as endpoint:
        failed = world.act(up, world.place, endpoint=endpoint)
    assert not failed.succeeded
    assert faults.unused == []
    assert "ecs:CreateCluster was refused: AccessDeniedException" in failed.text
    assert "ThrottlingException" not in failed.text
    assert failed.resources > 20, "what was made is recorded"
    assert world.heals().changes["create"] > 20


def test_an_emulator_that_is_stopped(world: World) -> None:
    assert world.act(up, world.place).succeeded
    table = clients(world.place)("dynamodb")
    table.put_item(TableName="evolution-checkpoints-dev", Item={"checkpoint_id": {"S": "one"}})
    assert emulator.stop(world.place, "dev")
    restarted = world.act(up, world.place)
    assert (restarted.succeeded, restarted.operations, restarted.lost) == (True, {}, ()), restarted.text
    assert clients(world.place)("dynamodb").scan(TableName="evolution-checkpoints-dev")["Count"] == 1
    world.survives()


def test_an_emulator_that_is_killed(world: World, plan: Any) -> None:
    made = world.act(up, world.place)
    running = emulator.find(world.place, "dev")
    assert running
    os.kill(running.pid, signal.SIGKILL)
    remade = world.act(up, world.place)
    assert remade.succeeded, remade.text
    assert set(remade.lost) == {one.urn for one in plan("dev").resources if one.type in LIVES}, "what is gone is said"
    assert set(remade.lost) == {urn for urn, operation in remade.operations.items() if operation == "create"}
    assert remade.resources == made.resources
    world.survives()
