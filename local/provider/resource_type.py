"""What the stand-in knows of a resource type: one `ResourceType`, in the file of its service in `services/`.

All of it is declared; `check.py`, `diff.py`, `crud.py` and `references.py` act by it.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping, Sequence, Set
from dataclasses import dataclass, field
from typing import Any

from local.provider.members import Members, Path
from local.provider.reading import Reading
from local.provider.schema import SCHEMAS, Schema


@dataclass(frozen=True, kw_only=True)
class _Condition:
    """When a request is sent: always, unless it says otherwise."""

    when: tuple[str, Any] | None = None
    """A property, and the value with which alone the request is sent."""

    unless: tuple[str, Any] | None = None
    """A property, and the value with which the request is not sent."""

    def holds(self, properties: Mapping[str, Any]) -> bool:
        """Whether the request is sent for a resource with these properties."""
        wanted = self.when is None or properties.get(self.when[0]) == self.when[1]
        return wanted and (self.unless is None or properties.get(self.unless[0]) != self.unless[1])


@dataclass(frozen=True)
class Request(_Condition):
    """One request made from templates (`outputs.py` has their language): of inputs, outputs, `id`, `region` and `account`.

    A parameter whose template is one name that nothing gives is left out.
    """

    operation: str
    """`ecs:DeleteService`: botocore's name of the service, and the operation."""

    parameters: Mapping[str, Any] = field(default_factory=dict[str, Any])

    each: tuple[Request, str] | None = None
    """A listing and the JMESPath of its items: the request is then sent for each of them, which its templates call `each`."""


@dataclass(frozen=True)
class Call(_Condition):
    """One request made from properties. The first of a type's creation takes every property that no other call of it names; any other
    takes only what it names, and is sent when one of those properties is given, or changes, that the first doesn't name."""

    operation: str
    """`ecs:CreateService`: botocore's name of the service, and the operation."""

    members: Members = field(default_factory=dict[str, Any])
    fixed: Mapping[str, Any] = field(default_factory=dict[str, Any])
    """Parameters that no property carries: templates, as a `Request` has them. In an update, `{added.X}` and `{removed.X}` are what
    came into the list X and what went out of it."""

    structures: Mapping[str, Members] = field(default_factory=dict[str, Members])
    """Exceptions inside nested objects, by the name of AWS's shape."""

    rest: bool = False
    """Whether it takes every other property that AWS's model has a member of the same name for, too. Tags have requests of their own."""


@dataclass(frozen=True)
class Read:
    """How a resource is found, and what of it."""

    request: Request
    path: str = "@"
    """Where in the answer the resource is: JMESPath, a template. Nothing there, or an error that says so: it isn't there."""

    properties: Mapping[str, Reading] = field(default_factory=dict[str, Reading])
    """Where each property is that a hand could have changed: what a refresh records, and an audit judges. Tags are read by `Tagging`."""

    outputs: Mapping[str, str] = field(default_factory=dict[str, str])
    """The JMESPath of each output that AWS computes, below `path`."""

    further: Mapping[str, Request] = field(default_factory=dict[str, Request])
    """Further requests, by the names of their answers in the paths of `properties`; `{found.X}` is what the first one found."""


@dataclass(frozen=True, kw_only=True)
class Tagging:
    """How a resource's tags are changed and read. With nothing: a call of its creation changes them, or the emulator keeps none."""

    tag: Call | None = None
    untag: Request | None = None
    """Takes the tags `{goneTags}` off; `{gonePairs}` has them as EC2 wants them."""

    read: Request | None = None
    """Asks for them. None: they are in what the type's `read` finds."""

    path: str | None = None
    """The JMESPath of the tags in the answer. None: they aren't looked at."""


def tagging(
    service: str,
    resource: str,
    tags: str = "Tags",
    keys: str = "TagKeys",
    *,
    whose: str = "{arn}",
    operations: tuple[str, str] = ("TagResource", "UntagResource"),
    read: str | None = None,
    path: str | None = None,
) -> Tagging:
    """A service's tags, as most services have them.

    Args:
        service: its name, `ecs`.
        resource, tags, keys: the members for the resource, its tags and the keys to take off.
        whose: the template of the resource's own name or ARN.
        operations: those that put tags on and take them off.
        read: the operation that lists them, if the type's `read` doesn't find them.
        path: where they are in the answer, if they are read and aren't in its member `tags`.
    """
    owner = {resource: whose}
    return Tagging(
        tag=Call(f"{service}:{operations[0]}", {"tags": tags}, owner),
        untag=Request(f"{service}:{operations[1]}", {**owner, keys: "{goneTags}"}),
        read=Request(f"{service}:{read}", owner) if read else None,
        path=path or (tags if read else None),
    )


@dataclass(frozen=True)
class IfGiven:
    """An output that exists only where the input `name` is given and isn't false."""

    name: str
    template: Any


@dataclass(frozen=True)
class InText:
    """What a property refers to whose text holds the ARN or name."""

    types: tuple[str, ...]
    """The tokens of the types that it may refer to: one of them must be there."""

    find: Callable[[str], list[str]]
    """Takes the ARNs or names out of the text."""


@dataclass(frozen=True, kw_only=True)
class ResourceType:
    """One resource type."""

    token: str
    """As the SDK has it: `aws:ec2/vpc:Vpc`."""

    create: Call | Sequence[Call]
    """The requests that create it. They are checked before anything is created. AWS's Put and Set operations change what exists as well."""

    id: str = "{name}"
    """The template of the provider's id; see `outputs.py` for the language of templates."""

    outputs: Mapping[str, Any] = field(default_factory=dict[str, Any])
    """Templates of what AWS computes, in order; a property that the program gave keeps its value."""

    created: Mapping[str, str] = field(default_factory=dict[str, str])
    """What the answer to the first request gives: `id`, or an output that the id is made of, each with its JMESPath."""

    after_create: Sequence[Request] = ()
    """What undoes, right after the first request, what AWS adds by itself."""

    read: Read | None = None
    """None: the emulator lacks the type, and `not_emulated` says why."""

    not_emulated: str = ""
    """Why the emulator can't make it. It is checked by AWS's model like everything else, then kept in Pulumi's state alone."""

    update: Call | Sequence[Call] = ()
    """The calls that change what the first one made. What a further call of the creation names, that call changes as well."""

    unsent_unless_changed: Set[str] = frozenset()
    """Properties that AWS itself may have changed since: sent only when the program changed them, not along with others."""

    provider_only: Set[str] = frozenset()
    """Properties that are sent when it is made, and whose change is no request. Those that AWS never sees (`Local`) need not be named."""

    delete: Call | Request | Sequence[Call | Request] = ()
    """The requests that remove it. None: it goes with what it belongs to. The calls are checked before anything is made."""

    unknown_on_update: Set[str] = frozenset()
    """Outputs that any update may change: not known at its preview."""

    read_back: Mapping[str, Callable[[Any], Any]] = field(default_factory=dict[str, Callable[[Any], Any]])
    """Properties of which AWS answers something else than it was sent. That is recorded, and the next difference is one from that."""

    diff_suppress: Mapping[str, Callable[[Any, Any], bool]] = field(default_factory=dict[str, Callable[[Any, Any], bool]])
    """When the provider takes two values of a property for the same: its DiffSuppressFunc."""

    write_only: Set[str] = frozenset()
    """Properties that are sent and never kept: no difference and no output comes of them."""

    unsupported: Mapping[str, str] = field(default_factory=dict[str, str])
    """Properties of the SDK's that are refused on purpose, and what to write in their place. Of every type, the prefix of a name is."""

    validate: Callable[[Mapping[str, Any]], Iterator[tuple[Path, str]]] | None = None
    """What AWS enforces and its model doesn't say: the property and why it is refused. Only where a mistake was seen."""

    references: Mapping[str, str | tuple[str, ...] | InText] = field(default_factory=dict[str, Any])
    """By JMESPath below the inputs, the types that its ARN or name refers to, where AWS looks for that when it makes the resource."""

    referred_to_as: Sequence[str] = ()
    """How others refer to it: its ARN, its name. `{name}` and `{path}` stand for anything, any other `{…}` for what has no slash."""

    lookup: Read | None = None
    """How what is referred to is looked for, where that isn't `read`. Its templates have the names of the form in `referred_to_as`;
    `id` and `arn` are the whole reference, where the form hasn't got them."""

    regional: bool = True
    """Whether the type takes the `region` property."""

    tags: Tagging | None = None
    """Given if the type takes tags, and so the provider's default tags."""

    @property
    def schema(self) -> Schema:
        """What the provider's schema says of the type.

        Raises:
            LookupError: `facts.json` has no row for it.
        """
        if self.token not in SCHEMAS:
            raise LookupError(f"{self.token} has no row in local/provider/facts.json; add what the provider's schema says of it")
        return SCHEMAS[self.token]

    @property
    def creation(self) -> Sequence[Call]:
        """`create` as a sequence."""
        return (self.create,) if isinstance(self.create, Call) else self.create

    @property
    def changes(self) -> Sequence[Call]:
        """`update` as a sequence."""
        return (self.update,) if isinstance(self.update, Call) else self.update

    @property
    def deletion(self) -> Sequence[Call | Request]:
        """`delete` as a sequence."""
        return (self.delete,) if isinstance(self.delete, Call | Request) else self.delete

    @property
    def create_overwrites(self) -> bool:
        """Whether the first call changes what exists as well as it creates it."""
        return not self.update and re.search(":(Put|Set)", self.creation[0].operation) is not None

    @property
    def calls(self) -> Sequence[Call]:
        """All that is checked before anything is created."""
        return (*self.creation, *(one for one in self.deletion if isinstance(one, Call)))

    @property
    def refused(self) -> Mapping[str, str]:
        """All properties that are refused on purpose, and what to write in their place."""
        name = self.schema.autoname
        why = f"write `{name}`: a name that AWS or the provider makes up isn't known at preview"
        return {**({f"{name}Prefix": why} if f"{name}Prefix" in self.schema.force_new else {}), **self.unsupported}
