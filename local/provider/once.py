"""Makes a resource once, however often a provider is killed over it: what the emulator remembers of it is taken over, or removed.

The engine asks again for what it hasn't recorded. If it asks for the same, the emulator answers as before. If the program has changed
since, what was made becomes what is wanted now.
"""

from __future__ import annotations

import contextlib
from collections.abc import Iterable, Mapping
from dataclasses import replace
from typing import Any

from google.protobuf.json_format import MessageToDict, ParseDict
from google.protobuf.struct_pb2 import Struct

from local.provider.check import known
from local.provider.cloud import Cloud, CloudError
from local.provider.difference import resource_difference
from local.provider.keeper import Keeper, KeeperError
from local.provider.ledger import Creation, Ledger
from local.provider.table import Resource
from local.provider.wire import decode


class Once:
    """The emulator's resources, as long as it isn't known that they are recorded."""

    def __init__(self, cloud: Cloud) -> None:
        self._cloud = cloud
        self._ledger = Ledger(cloud.endpoint)

    def create(self, urn: str, resource: Resource, region: str, asked: Struct) -> tuple[str, dict[str, Any]]:
        """Make it, or take over what a run that was cut off has made of it, and give its id and outputs.

        Args:
            urn: the engine's name for it.
            resource: the entry of its type.
            region: where it is to be.
            asked: its inputs, as the engine sent them.

        Raises:
            CloudError: the emulator refused a request. What was made is removed again.
            KeeperError: it can't be found again, or can't be changed into what is wanted now.
        """
        wanted = Creation(type=resource.token, region=region, properties=MessageToDict(asked))
        begun = self._ledger.begin(urn, wanted)
        if begun.properties != wanted.properties or begun.region != region:
            if begun.answered and begun.region == region and not _replaces(resource, begun, asked):
                return self._change(urn, begun, wanted)
            self.remove({urn: begun})
            begun = self._ledger.begin(urn, wanted)
        try:
            return self._make(urn, begun)
        except KeeperError:
            if not begun.answered:
                raise
        self._ledger.begin(urn, wanted)  # what was made then is gone
        return self._make(urn, wanted)

    def remove(self, creations: Mapping[str, Creation], spared: Iterable[tuple[str, str]] = ()) -> None:
        """Remove what nobody wants any more, the last first.

        Args:
            creations: what was begun, by URN.
            spared: the type and id of what is somebody else's by now, and stays.

        Raises:
            CloudError: the emulator refused to remove it.
        """
        others = set(spared)
        for urn, one in list(creations.items())[::-1]:
            if one.answered:
                keeper = self._keeper(one)
                with contextlib.suppress(KeeperError):  # it is gone already
                    identity, outputs = self._make(urn, one)
                    if (one.type, identity) not in others:
                        keeper.delete(identity, _inputs(one), outputs)
            self._ledger.forget([urn])

    def _make(self, urn: str, creation: Creation) -> tuple[str, dict[str, Any]]:
        try:
            identity, outputs = self._keeper(creation).create(_inputs(creation), urn)
        except (CloudError, KeeperError):
            with contextlib.suppress(CloudError):
                self._ledger.forget([urn])
            raise
        self._ledger.completed(urn, replace(creation, id=identity))
        return identity, outputs

    def _change(self, urn: str, begun: Creation, wanted: Creation) -> tuple[str, dict[str, Any]]:
        identity, outputs = self._make(urn, begun)
        outputs = self._keeper(wanted).update(identity, {**_inputs(begun), **outputs}, _inputs(wanted))
        self._ledger.completed(urn, replace(wanted, id=identity))
        return identity, outputs

    def _keeper(self, creation: Creation) -> Keeper:
        resource = known(creation.type)
        if resource is None:
            raise KeeperError(f"{creation.type} was made by another version of this repository; run `make clean`, which removes it")
        return Keeper(self._cloud, resource, creation.region)


def _inputs(creation: Creation) -> dict[str, Any]:
    """What is sent of them: the region says where to."""
    return {name: value for name, value in decode(_struct(creation)).items() if name != "region"}


def _struct(creation: Creation) -> Struct:
    return ParseDict(dict(creation.properties), Struct())


def _replaces(resource: Resource, begun: Creation, asked: Struct) -> bool:
    """Whether what was begun can't become what is asked for."""
    was = _inputs(begun)
    return bool(resource_difference(resource, was, decode(asked), was, ("region",)).replaces)
