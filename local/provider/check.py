"""Check: what the engine asks of every resource before anything else, and what the policy pack then sees."""

from __future__ import annotations

from collections.abc import Mapping

from google.protobuf.struct_pb2 import Struct, Value

from local.provider.catalogue import RESOURCES
from local.provider.refusal import refusals, shown_path
from local.provider.table import Resource
from local.provider.wire import Secrets, decode, encode, inside


def known(token: str) -> Resource | None:
    """The table's entry for a type."""
    return RESOURCES.get(token)


def unknown_type(token: str) -> str:
    """The refusal of a type that isn't in the table."""
    return (
        f"the local cloud doesn't know {token}: nothing here can tell whether AWS would take it; "
        "add an entry for it to local/provider/catalogue/ (one module a service, one entry a type)"
    )


def checked(resource: Resource, inputs: Struct, default_tags: Mapping[str, str]) -> tuple[Struct, list[str]]:
    """The inputs as the real provider would return them, default tags merged in, and what AWS would refuse in them."""
    merged = Struct()
    merged.CopyFrom(inputs)
    if resource.tags and default_tags:
        _add_tags(merged, default_tags)
    secrets = Secrets({(name,) for name in resource.write_only})
    properties = decode(merged, secrets)
    reasons = [f"{name}: isn't taken here; {why}" for name, why in resource.instead.items() if properties.pop(name, None) is not None]
    region = properties.pop("region", None) if resource.regional else None
    reasons += refusals(resource.calls, properties, secrets)
    if resource.rule is not None and not reasons:
        reasons += [f"{shown_path(path)}: {why}" for path, why in resource.rule(properties)]
    if region is not None and not isinstance(region, str):
        reasons.append("region: must be a region's name, such as us-east-1")
    return merged, reasons


def _add_tags(inputs: Struct, default_tags: Mapping[str, str]) -> None:
    """Explicit tags win. Tags that are unknown as a whole stay as they are, as with the real provider."""
    if "tags" not in inputs.fields or inputs.fields["tags"].WhichOneof("kind") == "null_value":
        inputs.fields["tags"].CopyFrom(Value(struct_value=Struct()))
    tags = inside(inputs.fields["tags"])
    if tags.WhichOneof("kind") == "struct_value":
        for key, value in default_tags.items():
            if key not in tags.struct_value.fields:
                tags.struct_value.fields[key].CopyFrom(encode(value))
