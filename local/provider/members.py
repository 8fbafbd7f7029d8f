"""How a type's properties map to the members of AWS's requests.

By default a property maps to the member of the same name, at every depth: `vpcId` to `VpcId`, `subnetIds` to `subnetId` if that is the
list, a map to a list of keys and values, a single object to a list of one, a plain value to a structure that has only a `Value`. Only
exceptions are written down.
"""

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Final, cast

from local.provider.wire import UNKNOWN


@dataclass(frozen=True)
class Local:
    """A property of the provider's own, which is never sent."""

    kind: type


FLAG: Final = Local(bool)
"""A boolean of the provider's own, such as `forceDestroy`."""


@dataclass(frozen=True)
class Convert:
    """The property maps to `member` as `make(value)`, in which nothing is renamed. `make` never gets UNKNOWN itself.

    With an empty `member`, what `make` returns is merged into the parent structure. `make` raises ValueError to refuse a value.
    """

    member: str
    make: Callable[[Any], Any]


@dataclass(frozen=True)
class Wrap(Convert):
    """A `Convert` that only wraps the value, and so may get UNKNOWN."""


@dataclass(frozen=True)
class Json:
    """The property is JSON text whose content maps to `member`, by the same rules as an object."""

    member: str


@dataclass(frozen=True)
class FirstOf:
    """The property's place depends on the first of its siblings that is given."""

    places: Mapping[str, str]


Member = str | Convert | Json | Local | FirstOf
"""What a property maps to. A string is a member's path, `deploymentConfiguration.maximumPercent`: after a map comes a key, after a list
`0`. An empty one is the member of the same name."""

Members = Mapping[str, Member]
"""Exceptions, by property. What two properties put into the same list or map is joined, in this order."""

Path = tuple[str | int, ...]
"""A path in properties or in a request: names, map keys and list indices."""

OWN_ID: Final = UNKNOWN
"""In the result of a `Convert`: the id that AWS gives the resource, which isn't known when the request is validated."""


def named(*names: str) -> Members:
    """Properties that map to the members of the same name, for a request that takes these alone."""
    return dict.fromkeys(names, "")


def under(structure: str, *names: str) -> Members:
    """Properties that map to the members of the same name in a structure, whose path is given."""
    return {name: f"{structure}.{name[0].upper()}{name[1:]}" for name in names}


def json_text(member: str) -> Convert:
    """A document that AWS takes as text: JSON text, or an object that is turned into it."""

    def make(value: Any) -> Any:
        if isinstance(value, str):
            parse_object(value)
            return value
        if not isinstance(value, (dict, list)):
            raise ValueError("must be JSON text; write json.dumps(…)")
        try:
            return json.dumps(value)
        except TypeError:  # something in it isn't known yet, and so the text isn't
            return UNKNOWN

    return Convert(member, make)


def parse_object(text: Any) -> Any:
    """The content of JSON text.

    Raises:
        ValueError: it isn't text, or not JSON; the message says where.
    """
    if not isinstance(text, str):
        raise ValueError("must be JSON text; write json.dumps(…)")
    try:
        content = json.loads(text)
    except json.JSONDecodeError as error:
        raise ValueError(f"must be JSON: {error.msg} at line {error.lineno}, column {error.colno}; write it with json.dumps") from None
    if not isinstance(content, (dict, list)):
        raise ValueError("must be a JSON object or list; write it with json.dumps")
    return cast(Any, content)


def choose(member: str, when_true: str, when_false: str) -> Convert:
    """A boolean that AWS takes as one of two words."""

    def make(value: Any) -> str:
        if not isinstance(value, bool):
            raise ValueError("must be true or false")
        return when_true if value else when_false

    return Convert(member, make)


def each(member: str, inner: str) -> Wrap:
    """A list of values that AWS takes as a list of objects with one member: `["a"]` as `[{"CidrIp": "a"}]`."""

    def make(value: Any) -> Any:
        return [{inner: item} for item in cast(list[Any], value)] if isinstance(value, list) else value

    return Wrap(member, make)


def text_of(member: str) -> Convert:
    """A number or a boolean that AWS takes as text."""
    return Convert(member, lambda value: str(value).lower() if isinstance(value, bool) else str(value))


def objects(value: Any) -> list[dict[str, Any]]:
    """The value as a list of objects.

    Raises:
        ValueError: it isn't.
    """
    items: list[Any] = cast(list[Any], value) if isinstance(value, list) else [value]
    if not all(isinstance(item, dict) for item in items):
        raise ValueError("must be a list of objects")
    return items


def keyed(member: str, key: str) -> Convert:
    """A list of objects that AWS takes as a map, by one of their properties; the others keep AWS's spelling."""

    def make(value: Any) -> dict[str, Any]:
        return {str(item.get(key)): {k[0].upper() + k[1:]: v for k, v in item.items() if k and k != key} for item in objects(value)}

    return Convert(member, make)


def tag_specification(kind: str) -> Wrap:
    """The tags of a new EC2 resource; `kind` is EC2's name of its type, such as `vpc`."""

    def make(value: Any) -> Any:
        pairs = [{"Key": key, "Value": item} for key, item in cast(dict[str, Any], value).items()] if isinstance(value, dict) else value
        return [{"ResourceType": kind, "Tags": pairs}]

    return Wrap("TagSpecifications", make)
