"""Check: validates a resource's inputs, and returns them as the policy pack then sees them."""

from google.protobuf.struct_pb2 import Struct

from local.provider.refusal import refusals, shown_path
from local.provider.resource_type import ResourceType
from local.provider.settings import Settings
from local.provider.tags import all_tags, sent
from local.provider.wire import Secrets, decode, encode


def unknown_type(token: str) -> str:
    """The refusal of a type that has no entry."""
    return (
        f"the local cloud doesn't know {token}: nothing here can tell whether AWS would take it; "
        "add an entry for it to local/provider/services/ (one module a service, one entry a type)"
    )


def checked(resource: ResourceType, inputs: Struct, settings: Settings) -> tuple[Struct, list[str]]:
    """The inputs as the real provider returns them, with `tagsAll` and `region` added, and what AWS would refuse in them.

    Source: pulumi-aws 7, provider/tags.go and region.go.
    """
    asked = sent(resource, inputs, settings.default_tags)
    made = Struct()
    made.CopyFrom(inputs)
    if resource.tags and not resource.schema.framework:
        made.fields["tagsAll"].CopyFrom(all_tags(asked))
    secrets = Secrets({(name,) for name in resource.write_only})
    properties = decode(asked, secrets)
    reasons = [f"{name}: isn't taken here; {why}" for name, why in resource.refused.items() if properties.pop(name, None) is not None]
    region = properties.pop("region", None) if resource.regional else None
    reasons += refusals(resource.calls, properties, secrets)
    if resource.validate is not None and not reasons:
        reasons += [f"{shown_path(path)}: {why}" for path, why in resource.validate(properties)]
    if resource.regional and region is None:
        made.fields["region"].CopyFrom(encode(settings.region))
    elif region is not None and not isinstance(region, str):
        reasons.append("region: must be a region's name, such as us-east-1")
    return made, reasons
