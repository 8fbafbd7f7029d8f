"""The protocol buffers between Pulumi and the provider, and their values as plain data.

`UNKNOWN` stands for a value that isn't known before a resource is created. Secrets are unwrapped for the validation; `Secrets` records
where they were, so that no message repeats one.
"""

from __future__ import annotations

import importlib
import importlib.util
import json
import sys
from dataclasses import dataclass, field
from enum import Enum
from importlib.machinery import ModuleSpec
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, cast

from google.protobuf.struct_pb2 import NULL_VALUE, ListValue, Struct, Value

from local.provider.assets import SIGNATURE


def _folder(package: str) -> Path:
    found = importlib.util.find_spec(package)  # doesn't run it
    if found is None or found.origin is None:
        raise ImportError(f"{package} is not installed in this environment; run `make preview`, which sets one up")
    return Path(found.origin).parent


def sdk_version() -> str:
    """The version of the provider that the installed SDK was made for, such as `7.51.1`."""
    return json.loads((_folder("pulumi_aws") / "pulumi-plugin.json").read_text(encoding="utf-8"))["version"]


if TYPE_CHECKING:
    from pulumi.runtime.proto import plugin_pb2, provider_pb2, provider_pb2_grpc
else:
    # Every preview waits for this process to start. The SDK takes 0.2 s to import, its protocol alone 0.05 s: so the generated modules are
    # loaded under another name, which doesn't run `pulumi/__init__.py`.
    _package = ModuleSpec("pulumi_protocol", None, is_package=True)
    _package.submodule_search_locations = [str(_folder("pulumi") / "runtime" / "proto")]
    sys.modules[_package.name] = importlib.util.module_from_spec(_package)
    plugin_pb2 = importlib.import_module("pulumi_protocol.plugin_pb2")
    provider_pb2 = importlib.import_module("pulumi_protocol.provider_pb2")
    provider_pb2_grpc = importlib.import_module("pulumi_protocol.provider_pb2_grpc")

__all__ = ["UNKNOWN", "Secrets", "decode", "encode", "inside", "plugin_pb2", "provider_pb2", "provider_pb2_grpc", "sdk_version", "secret"]

# Pulumi's marks. Source: sdk/go/common/resource/plugin/rpc.go (UnknownStringValue and its kin) and sdk/go/common/resource/sig.
_UNKNOWN_TEXT = "04da6b54-80e4-46f7-96ec-b56ff0331ba9"
_UNKNOWN_MARKS = frozenset(
    {
        _UNKNOWN_TEXT,
        "1c4a061d-8072-4f0a-a4cb-0ff528b18fe7",  # boolean
        "3eeb2bf0-c639-47a8-9e75-3b44932eb421",  # number
        "6a19a0b0-7e62-4c92-b797-7f8e31da9cc2",  # array
        "030794c1-ac77-496b-92df-f27374a8bd58",  # asset
        "e48ece36-62e2-4504-bad9-02848725956a",  # archive
        "dd056dcd-154b-4c76-9bd3-c8f88648b5ff",  # object
    }
)
_SECRET = "1b47061264138c4ac30d75fd1eb44270"


class _Mark(Enum):
    UNKNOWN = "unknown"


UNKNOWN: Final = _Mark.UNKNOWN
"""A value that is known only after something else is created."""


@dataclass
class Secrets:
    """The paths of secrets in decoded data, as tuples of keys and indices."""

    paths: set[tuple[str | int, ...]] = field(default_factory=set[tuple[str | int, ...]])

    def touch(self, path: tuple[str | int, ...]) -> bool:
        """Whether the value at `path` is, contains or is in a secret."""
        return any(path[: len(one)] == one or one[: len(path)] == path for one in self.paths)


def decode(struct: Struct, secrets: Secrets | None = None) -> dict[str, Any]:
    """A message's properties as plain data; whole numbers become `int`. The paths of secrets are added to `secrets`."""
    found = Secrets() if secrets is None else secrets
    return {key: _decode(value, (key,), found) for key, value in struct.fields.items()}


def _decode(value: Value, path: tuple[str | int, ...], secrets: Secrets) -> Any:
    match value.WhichOneof("kind"):
        case "string_value":
            return UNKNOWN if value.string_value in _UNKNOWN_MARKS else value.string_value
        case "number_value":
            number = value.number_value
            return int(number) if number.is_integer() else number
        case "bool_value":
            return value.bool_value
        case "list_value":
            return [_decode(item, (*path, index), secrets) for index, item in enumerate(value.list_value.values)]
        case "struct_value":
            if (wrapped := inside(value)) is not value:
                secrets.paths.add(path)
                return _decode(wrapped, path, secrets)
            fields = value.struct_value.fields
            return {key: _decode(item, (*path, key), secrets) for key, item in fields.items()}
        case _:
            return None


def encode(value: Any) -> Value:
    """Plain data as a message's value."""
    match value:
        case None:
            return Value(null_value=NULL_VALUE)
        case _Mark.UNKNOWN:
            return Value(string_value=_UNKNOWN_TEXT)
        case bool():
            return Value(bool_value=value)
        case int() | float():
            return Value(number_value=value)
        case str():
            return Value(string_value=value)
        case list():
            return Value(list_value=ListValue(values=[encode(item) for item in cast(list[Any], value)]))
        case dict():
            return Value(struct_value=Struct(fields={key: encode(item) for key, item in cast(dict[str, Any], value).items()}))
        case _:
            raise TypeError(f"{type(value).__name__} has no form on the wire; give plain data")


def inside(value: Value) -> Value:
    """The value inside a secret; any other value itself."""
    if not value.HasField("struct_value"):
        return value
    fields = value.struct_value.fields
    return fields["value"] if SIGNATURE in fields and fields[SIGNATURE].string_value == _SECRET else value


def secret(value: Value) -> Value:
    """The same value, marked as a secret."""
    return Value(struct_value=Struct(fields={SIGNATURE: Value(string_value=_SECRET), "value": value}))
