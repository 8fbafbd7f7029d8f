"""What the emulator remembers of a resource that was begun, and the provider that asks again."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from google.protobuf.json_format import ParseDict
from google.protobuf.struct_pb2 import Struct

from local import LocalError, emulator, lifecycle
from local.provider.catalogue import RESOURCES
from local.provider.cloud import Cloud, CloudError
from local.provider.ledger import Creation, Ledger
from local.provider.once import Once
from tests.local.conftest import VENV, clients

URN = "urn:pulumi:dev::evolution-system::evolution:network:Network$aws:ec2/vpc:Vpc::network-vpc é"
VPC = RESOURCES["aws:ec2/vpc:Vpc"]
REGION = "us-east-1"


class World:
    """An emulator, and a provider for it."""

    def __init__(self, place: Path) -> None:
        self.place = place
        endpoint = emulator.start(place, "dev", VENV).endpoint
        self.ledger, self.once = Ledger(endpoint), Once(Cloud(endpoint))

    def create(self, urn: str = URN, **properties: Any) -> str:
        """Make a VPC, as a provider does; its id."""
        return self.once.create(urn, VPC, REGION, ParseDict({"cidrBlock": "10.0.0.0/16", **properties}, Struct()))[0]

    @property
    def there(self) -> list[str]:
        return [one["VpcId"] for one in clients(self.place)("ec2").describe_vpcs()["Vpcs"] if not one["IsDefault"]]


@pytest.fixture(scope="module")
def shared(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    place = tmp_path_factory.mktemp("once")
    yield World(place)
    emulator.stop(place, "dev")


@pytest.fixture
def world(shared: World) -> World:
    """An emulator with nothing in it."""
    for vpc in shared.there:
        clients(shared.place)("ec2").delete_vpc(VpcId=vpc)
    shared.ledger.forget(shared.ledger.all())
    return shared


def test_what_is_asked_for_again_is_made_once(world: World) -> None:
    assert world.create() == world.create()
    assert len(world.there) == 1
    assert world.create("another") != world.create()
    assert len(world.there) == 2


def test_what_is_forgotten_is_made_anew(world: World) -> None:
    first = world.create()
    world.ledger.forget([URN])
    assert world.create() != first


def test_a_killed_provider_s_resource_is_remembered_with_its_id(world: World) -> None:
    vpc = world.create()
    assert world.ledger.all()[URN] == Creation(
        type=VPC.token, region=REGION, properties={"cidrBlock": "10.0.0.0/16"}, id=vpc, answered=True
    )


def test_what_was_made_becomes_what_is_wanted_now(world: World) -> None:
    vpc = world.create(tags={"Autonomy": "75"})
    assert world.create(tags={"Autonomy": "74"}) == vpc
    [there] = clients(world.place)("ec2").describe_vpcs(VpcIds=[vpc])["Vpcs"]
    assert there["Tags"] == [{"Key": "Autonomy", "Value": "74"}]
    assert world.create(tags={"Autonomy": "74"}) == vpc


def test_what_cannot_become_what_is_wanted_is_replaced(world: World) -> None:
    vpc = world.create()
    assert world.create(cidrBlock="10.1.0.0/16") != vpc
    assert len(world.there) == 1


def test_what_is_gone_meanwhile_is_made_anew(world: World) -> None:
    vpc = world.create()
    clients(world.place)("ec2").delete_vpc(VpcId=vpc)
    assert world.create() != vpc
    assert len(world.there) == 1


def test_what_nobody_wants_any_more_is_removed(world: World) -> None:
    world.create()
    world.create("another")
    world.once.remove(world.ledger.all())
    assert world.there == []
    assert world.ledger.all() == {}


def test_what_is_somebody_else_s_by_now_is_spared(world: World) -> None:
    vpc = world.create()
    world.once.remove(world.ledger.all(), spared=[(VPC.token, vpc)])
    assert world.there == [vpc]
    assert world.ledger.all() == {}


def test_what_was_refused_is_not_remembered(world: World) -> None:
    with pytest.raises(CloudError, match="refused"):
        world.create(cidrBlock="10.0.0.0/40")
    assert world.ledger.all() == {}
    assert world.there == []


def test_a_stopped_emulator_remembers(own_place: Path) -> None:
    vpc = World(own_place).create()
    assert emulator.stop(own_place, "dev")
    assert World(own_place).create() == vpc


def test_an_emulator_that_cannot_save_says_so_and_goes_on(own_place: Path) -> None:
    world = World(own_place)
    vpc = world.create()
    saved = emulator.folder(own_place, "dev") / "state"
    saved.write_text("a file where the folder should be, as a full disk would have it")
    with pytest.raises(LocalError, match=r"could not save what it holds: .* so nothing is lost yet. Make room in .*`make down` again"):
        lifecycle.down(own_place)
    assert world.there == [vpc]
    saved.unlink()
    assert lifecycle.down(own_place) == 1
    assert World(own_place).there == [vpc]


def test_what_an_emulator_holds_can_be_given_up(own_place: Path) -> None:
    World(own_place).create()
    assert lifecycle.down(own_place, save=False) == 1
    assert World(own_place).there == []
