"""Tags that somebody changes by hand, in a real emulator, through all that the engine asks of a provider."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pytest

from local.provider.server import Provider
from local.provider.wire import decode, provider_pb2
from tests.local.provider.talk import struct, urn
from tests.local.world import REGION, World, a_world

COMMON = {"Project": "evolution-system", "Purpose": "test"}
OWN = {"Name": "one"}
GROUP = "aws:ec2/securityGroup:SecurityGroup"
RULE = "aws:vpc/securityGroupIngressRule:SecurityGroupIngressRule"
VPC = "aws:ec2/vpc:Vpc"


class Kept:
    """A resource as the engine keeps it, and what the engine does with it. None of it is refused, so no call needs a context."""

    def __init__(self, provider: Any, token: str, **program: Any) -> None:
        self._provider, self._token = provider, token
        self._program = struct({**program, "tags": OWN})
        self.inputs = self._checked()
        made = provider.Create(provider_pb2.CreateRequest(urn=urn(token), properties=self.inputs), None)
        self.id, self.state = made.id, made.properties

    def _checked(self) -> Any:
        answer = self._provider.Check(provider_pb2.CheckRequest(urn=urn(self._token), news=self._program), None)
        assert not answer.failures
        return answer.inputs

    def refresh(self) -> None:
        asked = provider_pb2.ReadRequest(urn=urn(self._token), id=self.id, properties=self.state, inputs=self.inputs)
        answer = self._provider.Read(asked, None)
        self.state, self.inputs = answer.properties, answer.inputs

    def differs(self) -> set[str]:
        asked = provider_pb2.DiffRequest(urn=urn(self._token), id=self.id, olds=self.state, old_inputs=self.inputs, news=self._checked())
        return set(self._provider.Diff(asked, None).diffs)

    def update(self) -> None:
        asked = provider_pb2.UpdateRequest(urn=urn(self._token), id=self.id, olds=self.state, old_inputs=self.inputs, news=self._checked())
        self.state, self.inputs = self._provider.Update(asked, None).properties, self._checked()


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory, _processes: None) -> Iterator[World]:
    with a_world(tmp_path_factory.mktemp("tags")) as made:
        yield made


@pytest.fixture(scope="module")
def kept(world: World) -> dict[str, Kept]:
    """A resource of a type whose inputs have all tags, and one of the plugin framework's, whose state alone has them."""
    provider: Any = Provider(world.cloud)
    provider.Configure(provider_pb2.ConfigureRequest(args=struct({"region": REGION, "defaultTags": json.dumps({"tags": COMMON})})), None)
    vpc = Kept(provider, VPC, cidrBlock="10.0.0.0/16")
    group = Kept(provider, GROUP, name="one", description="one", vpcId=vpc.id)
    rule = {"securityGroupId": group.id, "ipProtocol": "tcp", "fromPort": 443, "toPort": 443, "cidrIpv4": "10.0.0.0/16"}
    return {VPC: vpc, RULE: Kept(provider, RULE, **rule)}


def tags_of(world: World, one: Kept) -> dict[str, str]:
    found = world.client("ec2").describe_tags(Filters=[{"Name": "resource-id", "Values": [one.id]}])["Tags"]
    return {tag["Key"]: tag["Value"] for tag in found}


@pytest.mark.parametrize("token", [VPC, RULE])
def test_a_tag_that_somebody_took_off_comes_back(world: World, kept: dict[str, Kept], token: str) -> None:
    one = kept[token]
    one.refresh()
    assert (one.differs(), tags_of(world, one)) == (set(), {**COMMON, **OWN})
    ec2 = world.client("ec2")
    ec2.delete_tags(Resources=[one.id], Tags=[{"Key": "Project"}])
    ec2.create_tags(Resources=[one.id], Tags=[{"Key": "Name", "Value": "two"}, {"Key": "More", "Value": "x"}])
    one.refresh()
    state = decode(one.state)
    assert state["tags"] == {"Name": "two", "More": "x"}
    assert state["tagsAll"] == {"Purpose": "test", "Name": "two", "More": "x"}
    assert one.differs() == {"tags", "tagsAll"}
    one.update()
    assert (one.differs(), tags_of(world, one)) == (set(), {**COMMON, **OWN})
