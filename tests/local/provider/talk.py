"""Talking to a provider as the engine does: over gRPC, in the engine's own values."""

from __future__ import annotations

from typing import Any

from google.protobuf.struct_pb2 import Struct

from local.provider.wire import decode, encode, provider_pb2

REGION = "eu-west-1"
UNKNOWN_MARK = "04da6b54-80e4-46f7-96ec-b56ff0331ba9"
TAGS = {"Project": "evolution-system"}


def struct(properties: dict[str, Any]) -> Struct:
    return encode(properties).struct_value


def urn(token: str) -> str:
    return f"urn:pulumi:dev::evolution-system::evolution:data:Data${token}::a::name"


def create(provider: Any, token: str, properties: dict[str, Any], *, preview: bool = False) -> tuple[str, dict[str, Any]]:
    made = provider.Create(provider_pb2.CreateRequest(urn=urn(token), properties=struct(properties), preview=preview))
    return made.id, decode(made.properties)
