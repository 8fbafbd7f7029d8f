"""The table's language: how a resource type's properties become requests to AWS.

A property that isn't mentioned goes to the member of the same name, at every depth: `vpcId` to `VpcId`, `subnetIds` to `subnetId` when
that is the list, a map to a list of keys and values, a single object to a list of one. Only exceptions are written down.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final, Literal, cast

from local.provider.wire import UNKNOWN


@dataclass(frozen=True)
class Local:
    """A property that the provider keeps to itself and AWS never sees."""

    kind: type


FLAG: Final = Local(bool)
"""A yes or no that only the provider knows, such as `forceDestroy`."""


@dataclass(frozen=True)
class Convert:
    """The property goes to `member` as `make(value)`, which is final: nothing in it is renamed. `make` never sees UNKNOWN at the top.

    An empty `member` merges what `make` returns into the structure around it. `make` raises ValueError to refuse a value.
    """

    member: str
    make: Callable[[Any], Any]


@dataclass(frozen=True)
class Wrap(Convert):
    """A `Convert` that only puts containers around the value, and so may be given UNKNOWN."""


@dataclass(frozen=True)
class Json:
    """The property is JSON text whose content goes to `member`, by the same rules as any object."""

    member: str


@dataclass(frozen=True)
class Beside:
    """The property's place depends on which of its siblings is given: the first that is decides."""

    places: Mapping[str, str]


Member = str | Convert | Json | Local | Beside
"""Where a property goes. A string is a member's path, `deploymentConfiguration.maximumPercent`; where a part is a map, the next is
a key, and where it is a list, the next is `0`."""

Members = Mapping[str, Member]
"""Exceptions to the rule, by property. What two properties put into one list or map is joined, in this order."""


@dataclass(frozen=True)
class Call:
    """One request. The first call of a type takes every property that no other call names; a further call takes only what it names, and
    is made when one of those properties is given that the first doesn't name."""

    operation: str
    """`ecs:CreateService`: botocore's name of the service, and the operation."""

    members: Members = field(default_factory=dict[str, Member])
    fixed: Mapping[str, Any] = field(default_factory=dict[str, Any])
    """Members that no property carries. `OWN` stands for what AWS's answer to the first call gives."""

    structures: Mapping[str, Members] = field(default_factory=dict[str, Members])
    """Exceptions inside nested objects, by the name of AWS's shape."""

    at: Literal["create", "delete"] = "create"
    """When the request is sent. Whenever that is, it is checked before anything is made."""

    only: tuple[str, Any] | None = None
    """A property, and the value with which alone the request is sent."""

    unless: tuple[str, Any] | None = None
    """A property, and the value with which the request is not sent."""


Path = tuple[str | int, ...]
"""A place in properties or in a request: names, map keys and list indices."""

EXPLICIT: Final[Mapping[str, str]] = {"namePrefix": "write `name`: a name that AWS or the provider makes up isn't known at preview"}
"""For the types that would take a prefix."""

OWN: Final = UNKNOWN
"""The id that AWS gives the resource when it is made; not known when it is checked."""


@dataclass(frozen=True)
class Given:
    """An output that exists only where the input `name` is given and isn't false."""

    name: str
    template: Any


@dataclass(frozen=True, kw_only=True)
class ResourceType:
    """One resource type."""

    token: str
    """As the SDK has it: `aws:ec2/vpc:Vpc`."""

    calls: Sequence[Call]
    id: str
    """The template of the provider's id; see `outputs.py` for the language of templates."""

    outputs: Mapping[str, Any] = field(default_factory=dict[str, Any])
    """Templates of what AWS computes, in order; a property that the program gave keeps its value."""

    moving: frozenset[str] = frozenset()
    """Outputs that any update may change: not known at its preview."""

    replaces: frozenset[str] = frozenset()
    """Properties that AWS can't change in place, and parts of properties: `dnsOptions.privateDnsPreference`."""

    defaults: Mapping[str, Any] = field(default_factory=dict[str, Any])
    """What the provider fills in where the program says nothing, by property or part: to say it is then no difference."""

    computed: frozenset[str] = frozenset()
    """Properties and parts that AWS fills in where the program says nothing: to leave one out, or to stop saying it, is no difference."""

    sets: frozenset[str] = frozenset()
    """Lists, by property or part, whose order means nothing to the provider."""

    read_back: Mapping[str, Callable[[Any], Any]] = field(default_factory=dict[str, Callable[[Any], Any]])
    """Properties of which AWS answers something else than it was sent. That is recorded, and the next difference is one from that."""

    equivalent: Mapping[str, Callable[[Any, Any], bool]] = field(default_factory=dict[str, Callable[[Any, Any], bool]])
    """When the provider takes two values of a property for the same: its DiffSuppressFunc."""

    name: str | None = None
    """The property that the provider would fill in where the program doesn't (autonaming). Where the program does, whatever replaces the
    resource deletes it first, even another name. Source: pulumi-terraform-bridge, nameRequiresDeleteBeforeReplace; pulumi-aws,
    provider/autonaming.go. Types of the plugin framework's have none: the bridge's provider_diff.go makes the new resource first,
    whatever it is called."""

    deletes_first: bool = False
    """Whether the provider deletes the resource before it replaces it, name or not. Source: pulumi-aws, provider/resource_overrides.go,
    DeleteBeforeReplace."""

    framework: bool = False
    """Whether the provider writes the type with Terraform's plugin framework; said of those that take tags."""

    tags: bool = False
    """Whether the type takes tags, and so the provider's default tags."""

    write_only: frozenset[str] = frozenset()
    """Properties that are sent and never kept: no difference and no output comes of them."""

    instead: Mapping[str, str] = field(default_factory=dict[str, str])
    """Properties of the SDK's that are refused on purpose, and what to write in their place."""

    rule: Callable[[Mapping[str, Any]], Iterator[tuple[Path, str]]] | None = None
    """What AWS enforces and its model doesn't say: the property and why it is refused. Only where a mistake was seen."""

    regional: bool = True
    """Whether the type takes the `region` property."""


def json_text(member: str) -> Convert:
    """The property is a document that AWS takes as text: valid JSON, or an object that becomes it."""

    def make(value: Any) -> Any:
        if isinstance(value, str):
            _parse(value)
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
        ValueError: it is not text, or not JSON; the message says where.
    """
    if not isinstance(text, str):
        raise ValueError("must be JSON text; write json.dumps(…)")
    return _parse(text)


def _parse(text: str) -> Any:
    try:
        content = json.loads(text)
    except json.JSONDecodeError as error:
        raise ValueError(f"must be JSON: {error.msg} at line {error.lineno}, column {error.colno}; write it with json.dumps") from None
    if not isinstance(content, (dict, list)):
        raise ValueError("must be a JSON object or list; write it with json.dumps")
    return cast(Any, content)


def choose(member: str, when_true: str, when_false: str) -> Convert:
    """A yes or no that AWS spells as words."""

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
    """A number or a yes or no that AWS takes as text."""
    return Convert(member, lambda value: str(value).lower() if isinstance(value, bool) else str(value))


def objects(value: Any) -> list[dict[str, Any]]:
    """The value, when it is a list of objects.

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
    """EC2's way to tag on creation; `kind` is its resource type, `vpc`."""

    def make(value: Any) -> Any:
        pairs = [{"Key": key, "Value": item} for key, item in cast(dict[str, Any], value).items()] if isinstance(value, dict) else value
        return [{"ResourceType": kind, "Tags": pairs}]

    return Wrap("TagSpecifications", make)
