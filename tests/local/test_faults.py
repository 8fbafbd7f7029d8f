"""What goes wrong around `make up`, each with the real engine and an emulator of its own, on a program of eight resources.

A run that was killed costs all that was there, and says so; every other fault costs nothing. After each the next `up` finishes, a further
one changes nothing, and the emulator holds what is recorded: no less, and nothing twice.
"""

from __future__ import annotations

import functools
import os
import signal
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from local import LocalError, emulator, lifecycle
from local.state import StackState
from tests.local.conftest import VENV, Run, clients
from tests.local.faults import Command, Faults, start_emulator, way_with
from tests.local.holdings import holdings, unlike_the_record

PROGRAM = """
import pulumi
import pulumi_aws as aws

from components.environment import load

env = load("dev", pulumi.Config().get("environment"))
provider = aws.Provider("aws", region=env.region)
opts = pulumi.ResourceOptions(provider=provider)
kept = pulumi.ResourceOptions(provider=provider, protect=env.generations == 9)
topic = aws.sns.Topic("topic", name="topic", opts=opts)
key = [{"name": "id", "type": "S"}]
table = aws.dynamodb.Table("table", name="table", billing_mode="PAY_PER_REQUEST", hash_key="id", attributes=key, opts=kept)
vpc = aws.ec2.Vpc("vpc", cidr_block="10.0.0.0/16", opts=pulumi.ResourceOptions(provider=provider, depends_on=[topic, table]))
aws.ec2.DefaultSecurityGroup("group", vpc_id=vpc.id, ingress=[], egress=[], opts=opts)
queue = aws.sqs.Queue("queue", name="queue", opts=pulumi.ResourceOptions(provider=provider, depends_on=[vpc]))
aws.ecs.Cluster("cluster", name="cluster", opts=pulumi.ResourceOptions(provider=provider, depends_on=[queue]))
aws.cloudwatch.LogGroup("logs", name="logs", retention_in_days=7, opts=opts)
aws.ssm.Parameter("parameter", name="parameter", type="String", value=str(env.autonomy_percent), opts=opts)
pulumi.export("environment", env.model_dump(mode="json"))
"""
"""What is made before and after the VPC is in order, so that a test can cut in between."""

NAMES = {"topic", "table", "vpc", "group", "queue", "cluster", "logs", "parameter"}

KILLED = "the last run of dev was killed: all that was there is discarded"

up = functools.partial(lifecycle.up, pack=False)


@dataclass
class SmallStack:
    """An emulator of its own, what it lists before anything is in it, and the checkout with the small program."""

    act: Run
    place: Path
    repo: Path
    empty: dict[str, list[Any]]

    def command(self, *arguments: str) -> tuple[int, str]:
        """The exit status of a command, and all that it said."""
        return Command(self.place, self.repo, *arguments).end()

    def up(self, **options: Any) -> lifecycle.Outcome:
        return self.act(up, self.place, repo=self.repo, **options)

    def is_whole(self) -> None:
        """Hold that a further `up` changes nothing, and that nothing is there but what is recorded."""
        again = self.up()
        assert (again.succeeded, again.operations) == (True, {}), again.text
        assert self.recorded == NAMES
        assert unlike_the_record(self.place, self.empty) == []

    @property
    def recorded(self) -> set[str]:
        """The names of what is recorded of AWS's."""
        held = StackState(self.place, "dev").resources()
        return {urn.rpartition("::")[2] for urn, one in held.items() if one["type"].startswith("aws:")}


@pytest.fixture
def world(act: Run, own_place: Path, small_checkout: Path) -> SmallStack:
    """One fault's."""
    (small_checkout / "__main__.py").write_text(PROGRAM, encoding="utf-8")
    start_emulator(own_place)
    return SmallStack(act, own_place, small_checkout, holdings(own_place))


def cut_off(world: SmallStack, part: str, cut: Callable[[Command], object]) -> tuple[int, str]:
    """Run `up`, and cut it off once the emulator has done the request with this part and nobody has heard of it."""
    running: list[Command] = []
    faults = Faults((part, 1, lambda: cut(running[0])))
    port = emulator.start(world.place, "dev", VENV).port
    with way_with(faults, port) as endpoint:
        running.append(Command(world.place, world.repo, "up", endpoint=endpoint))
        status, said = running[0].end()
        left = running[0].left
    assert faults.unused == [], said
    assert left == []
    return status, said


def kill_the_provider(command: Command) -> None:
    command.kill_started("-m local.provider")


def kill_the_engine(command: Command) -> None:
    command.kill_started("pulumi --non-interactive")


@pytest.mark.parametrize(
    ("cut", "says"),
    [
        (kill_the_provider, "error: the stand-in provider was killed. Run `make up STACK=dev`, which makes everything again."),
        (kill_the_engine, "error: Pulumi was killed (SIGKILL). Run the same command again."),
        (Command.kill, None),
    ],
    ids=["the provider", "the engine", "the command"],
)
def test_whatever_is_killed_the_next_up_says_so_and_makes_everything_again(
    world: SmallStack, cut: Callable[[Command], object], says: str | None
) -> None:
    status, said = cut_off(world, "Action=CreateVpc", cut)
    assert status != 0
    if says:
        assert said.splitlines()[-1] == says
        assert "UserWarning" not in said
        assert "Traceback" not in said
    status, said = world.command("up")
    assert status == 0, said
    assert KILLED in said.splitlines()
    assert "8 created" in said.replace("10 created", "8 created"), said
    world.is_whole()


def test_after_a_killed_run_nothing_but_up_and_destroy_goes_on(world: SmallStack) -> None:
    cut_off(world, "Action=CreateVpc", kill_the_engine)
    for command in ("refresh", "audit"):
        status, said = world.command(command)
        assert status == 1
        assert said.splitlines()[-1] == "error: the last run of dev was killed. Run `make up STACK=dev`, which makes everything again."
    status, said = world.command("destroy")
    assert status == 0, said
    assert KILLED in said.splitlines()
    start_emulator(world.place)
    assert holdings(world.place) == world.empty


def test_protected_data_is_not_destroyed_even_after_a_killed_run(world: SmallStack) -> None:
    assert world.up(edits={"generations": 9}).succeeded
    StackState(world.place, "dev").begin()
    status, said = world.command("destroy")
    assert status == 1
    assert said.startswith("error: dev holds data that is protected: table. Nothing was destroyed.")
    assert clients(world.place)("dynamodb").list_tables()["TableNames"] == ["table"]


def test_ctrl_c_loses_nothing(world: SmallStack) -> None:
    status, said = cut_off(world, "Action=CreateVpc", Command.interrupt)
    assert status == 130, said
    assert said.splitlines()[-1].startswith("interrupted: what was done is recorded, and the same command goes on from there")
    assert "Traceback" not in said
    assert "vpc" in world.recorded, "the engine ends what it has begun"
    assert not list((world.place / "state/.pulumi/locks").rglob("*.json"))
    before = clients(world.place)("ec2").describe_vpcs()["Vpcs"]
    assert world.up().succeeded
    assert clients(world.place)("ec2").describe_vpcs()["Vpcs"] == before
    world.is_whole()


def test_of_two_ups_at_once_one_is_refused(world: SmallStack) -> None:
    refused: list[str] = []

    def another(_: Command) -> None:
        try:
            world.up()
        except LocalError as error:
            refused.append(str(error))

    status, said = cut_off(world, "Action=CreateVpc", another)
    assert status == 0, said
    assert len(refused) == 1
    assert "another local run" in refused[0]
    world.is_whole()


def test_a_record_that_a_full_disk_cut_short_is_said_and_everything_is_made_again(world: SmallStack) -> None:
    assert world.up().succeeded
    file = world.place / "state/.pulumi/stacks/evolution-system/dev.json"
    file.write_bytes(file.read_bytes()[:1000])
    for command in ("outputs", "audit", "destroy"):
        status, said = world.command(command)
        assert status == 1
        assert said.startswith("error: what was recorded of dev was cut short, as by a full disk")
        assert said.count("\n") == 1
    status, said = world.command("up")
    assert status == 0, said
    assert "what was recorded of dev was cut short, as by a full disk: all that was there is discarded" in said.splitlines()
    world.is_whole()


def test_a_disk_without_room_is_one_error_before_anything_is_done(world: SmallStack, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(lifecycle, "ROOM_BYTES", 2**60)
    where = lifecycle.Target(stack="dev", place=world.place, venv=VENV, repo=world.repo)
    with pytest.raises(LocalError, match=r"has only \d+ MiB left, .* Nothing was done; make room\."):
        lifecycle.up(where, pack=False)
    assert StackState(world.place, "dev").resources() == {}


def test_requests_that_are_throttled_and_one_that_is_refused(world: SmallStack) -> None:
    port = emulator.start(world.place, "dev", VENV).port
    faults = Faults(("CreateTable", 5, "ThrottlingException"), ("CreateCluster", 1, "AccessDeniedException"))
    with way_with(faults, port) as endpoint:
        failed = world.up(endpoint=endpoint)
    assert not failed.succeeded
    assert faults.unused == []
    assert "ecs:CreateCluster was refused: AccessDeniedException" in failed.text
    assert "ThrottlingException" not in failed.text
    assert world.recorded == NAMES - {"cluster"}, "what was made is recorded"
    assert world.up().changes["create"] == 1
    world.is_whole()


def test_an_emulator_that_is_stopped_loses_nothing_and_one_that_is_killed_is_said_by_whoever_asks_next(world: SmallStack) -> None:
    assert world.up().succeeded
    clients(world.place)("dynamodb").put_item(TableName="table", Item={"id": {"S": "one"}})
    assert emulator.stop(world.place, "dev")
    world.is_whole()
    assert clients(world.place)("dynamodb").scan(TableName="table")["Count"] == 1
    running = emulator.find(world.place, "dev")
    assert running
    os.kill(running.pid, signal.SIGKILL)
    gone = "the emulator of dev was killed, and what it held is gone"
    for asked in ("audit", "outputs", "audit"):  # asking mends nothing
        status, said = world.command(asked)
        assert (status, said) == (1, f"error: {gone}. Run `make up STACK=dev`, which makes everything again.\n")
    status, said = world.command("up")
    assert status == 0, said
    assert f"{gone}: all that was there is discarded" in said.splitlines()
    world.is_whole()
