"""Tags: those that the program gives, and all that AWS is sent, which are these and the provider's default tags.

`tags` stays what the program gives, and `tagsAll` has all. Check puts `tagsAll` beside the inputs of most types; of those that are written
with Terraform's plugin framework only the state has it. Source: pulumi-aws 7, provider/tags.go.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, cast

from google.protobuf.struct_pb2 import Struct, Value

from local.provider.resource_type import ResourceType
from local.provider.wire import UNKNOWN, decode, encode, inside


def sent(resource: ResourceType, properties: Struct, defaults: Mapping[str, str]) -> Struct:
    """The properties as AWS is to be sent them: all tags are among them. Explicit tags win; tags unknown as a whole stay so."""
    made = _without_all(properties)
    if resource.tags and defaults:
        if "tags" not in made.fields or made.fields["tags"].WhichOneof("kind") == "null_value":
            made.fields["tags"].CopyFrom(Value(struct_value=Struct()))
        tags = inside(made.fields["tags"])
        if tags.WhichOneof("kind") == "struct_value":
            for key, value in defaults.items():
                if key not in tags.struct_value.fields:
                    tags.struct_value.fields[key].CopyFrom(encode(value))
    return made


def recorded(resource: ResourceType, properties: Struct, state: Struct) -> Struct:
    """Some of a resource's properties as AWS was sent them, by the state that holds all tags."""
    made = _without_all(properties)
    if resource.tags and "tagsAll" in state.fields:
        made.fields["tags"].CopyFrom(state.fields["tagsAll"])
    return made


def all_tags(asked: Struct) -> Value:
    """The value of `tagsAll` beside what AWS is sent: not known as soon as one of them isn't."""
    if "tags" not in asked.fields:
        return encode({})
    tags = decode(Struct(fields={"tags": asked.fields["tags"]}))["tags"]
    known = tags is not UNKNOWN and not (isinstance(tags, dict) and UNKNOWN in cast("dict[str, Any]", tags).values())
    return asked.fields["tags"] if known else encode(UNKNOWN)


def own(tags: Mapping[str, str], given: Mapping[str, str], defaults: Mapping[str, str]) -> dict[str, str]:
    """Those of the tags that AWS answers with which are the program's: all but the default ones that it didn't give itself."""
    return {key: value for key, value in tags.items() if key in given or defaults.get(key) != value}


def _without_all(properties: Struct) -> Struct:
    made = Struct()
    made.CopyFrom(properties)
    made.fields.pop("tagsAll", None)
    return made
