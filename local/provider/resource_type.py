"""The entry of a resource type: one `ResourceType`, in the file of its service in `services/`.

It is declarative; `check.py`, `diff.py`, `crud.py` and `references.py` use it.
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
    """When a request is sent. The default is always."""

    when: tuple[str, Any] | None = None
    """A property, and its value with which alone the request is sent."""

    unless: tuple[str, Any] | None = None
    """A property, and its value with which the request isn't sent."""

    def holds(self, properties: Mapping[str, Any]) -> bool:
        """Whether the request is sent for a resource with these properties."""
        wanted = self.when is None or properties.get(self.when[0]) == self.when[1]
        return wanted and (self.unless is None or properties.get(self.unless[0]) != self.unless[1])


@dataclass(frozen=True)
class Request(_Condition):
    """A request from templates (see `outputs.py`) of inputs, outputs, `id`, `region` and `account`.

    A parameter is left out if its template is one name that has no value.
    """

    operation: str
    """`ecs:DeleteService`: botocore's name of the service, and the operation."""

    parameters: Mapping[str, Any] = field(default_factory=dict[str, Any])

    each: tuple[Request, str] | None = None
    """A list request and the JMESPath of its items: this request is sent for each item, which is `each` in its templates."""


@dataclass(frozen=True)
class Call(_Condition):
    """A request from properties. The first call of a creation takes every property that no other call of it names. Any other takes only
    what it names, and is sent if one of these properties that the first doesn't name is given or changes."""

    operation: str
    """`ecs:CreateService`: botocore's name of the service, and the operation."""

    members: Members = field(default_factory=dict[str, Any])
    fixed: Mapping[str, Any] = field(default_factory=dict[str, Any])
    """Further parameters, as templates. In an update, `{added.X}` and `{removed.X}` are the new and the removed items of the list X."""

    structures: Mapping[str, Members] = field(default_factory=dict[str, Members])
    """Exceptions in nested objects, by the name of AWS's shape."""

    rest: bool = False
    """Whether it also takes every property that AWS's model has a member of the same name for, but for tags."""

    before: Request | None = None
    """A request that makes room for it."""


@dataclass(frozen=True)
class Read:
    """How a resource is read."""

    request: Request
    path: str = "@"
    """The template of the JMESPath of the resource in the answer. It doesn't exist if nothing is found, or if the error says so."""

    properties: Mapping[str, Reading] = field(default_factory=dict[str, Reading])
    """The places of the properties that a refresh compares, but for tags (see `Tagging`)."""

    outputs: Mapping[str, str] = field(default_factory=dict[str, str])
    """The JMESPath of each computed output, in what is found at `path`."""

    further: Mapping[str, Request] = field(default_factory=dict[str, Request])
    """Further requests, by the names of their answers in the paths of `properties`. `{found.X}` is of the first answer."""


@dataclass(frozen=True, kw_only=True)
class Tagging:
    """How a resource's tags are changed and read. Without `tag`, a call of the creation changes them, or the emulator keeps none."""

    tag: Call | None = None
    untag: Request | None = None
    """Removes the tags `{goneTags}`, which for EC2 are `{gonePairs}`."""

    read: Request | None = None
    """The request that lists them. None: they are in what the type's `read` finds."""

    path: str | None = None
    """The JMESPath of the tags in the answer. None: they aren't compared."""


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
    """The tagging of most services.

    Args:
        resource, tags, keys: the members for the resource, its tags and the keys to remove.
        whose: the template of the resource's name or ARN.
        operations: those that set and remove tags.
        read: the operation that lists them, if the type's `read` doesn't find them.
        path: their JMESPath in the answer, if it isn't the member `tags`.
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
    """An output that exists only if the input `name` is given and not false."""

    name: str
    template: Any


@dataclass(frozen=True)
class InText:
    """References inside a text."""

    types: tuple[str, ...]
    """The tokens of the types that they may be of."""

    find: Callable[[str], list[str]]
    """Finds the ARNs or names in the text."""


@dataclass(frozen=True, kw_only=True)
class ResourceType:
    """One resource type."""

    token: str
    """The SDK's: `aws:ec2/vpc:Vpc`."""

    create: Call | Sequence[Call]
    """The requests that create it, validated before anything is created. AWS's Put and Set operations also change what exists."""

    id: str = "{name}"
    """The template of the provider's id (see `outputs.py`)."""

    outputs: Mapping[str, Any] = field(default_factory=dict[str, Any])
    """The templates of computed outputs. A property that the program gives keeps its value."""

    created: Mapping[str, str] = field(default_factory=dict[str, str])
    """The JMESPath, in the answer to the first request, of `id` or of outputs that the id is made of."""

    after_create: Sequence[Request] = ()
    """Requests right after the first, which undo what AWS adds by itself."""

    read: Read | None = None
    """None if the emulator lacks the type; `not_emulated` says why."""

    not_emulated: str = ""
    """Why the emulator can't create it. It is validated by AWS's model, and then in Pulumi's state alone."""

    not_emulated_where: tuple[str, str] | None = None
    """A property, and a part of its text: a resource that has it is in Pulumi's state alone, and others of the type are created."""

    update: Call | Sequence[Call] = ()
    """The calls that change it. A further call of the creation also changes what it names."""

    unsent_unless_changed: Set[str] = frozenset()
    """Properties that AWS itself may change: sent only if the program changed them, not with the change of others."""

    provider_only: Set[str] = frozenset()
    """Properties that are sent when it is created, and whose change needs no request. `Local` ones needn't be named."""

    delete: Call | Request | Sequence[Call | Request] = ()
    """The requests that delete it; none if it is deleted with its parent. Calls are validated before anything is created."""

    unknown_on_update: Set[str] = frozenset()
    """Outputs that any update may change, and so aren't known in its preview."""

    read_back: Mapping[str, Callable[[Any], Any]] = field(default_factory=dict[str, Callable[[Any], Any]])
    """Properties that AWS returns otherwise than they were sent. What it returns is recorded, and compared with the next inputs."""

    diff_suppress: Mapping[str, Callable[[Any, Any], bool]] = field(default_factory=dict[str, Callable[[Any, Any], bool]])
    """By property, the provider's DiffSuppressFunc: when two values are no difference."""

    write_only: Set[str] = frozenset()
    """Properties that are sent, but never recorded or compared."""

    unsupported: Mapping[str, str] = field(default_factory=dict[str, str])
    """Properties of the SDK's that are refused on purpose, and what to write instead. The prefix of a name is refused of every type."""

    validate: Callable[[Mapping[str, Any]], Iterator[tuple[Path, str]]] | None = None
    """What AWS enforces beyond its model: the property and why it is refused. Only where a mistake was seen."""

    references: Mapping[str, str | tuple[str, ...] | InText] = field(default_factory=dict[str, Any])
    """By JMESPath in the inputs, the types that an ARN or name there refers to, if AWS looks for it when it creates the resource."""

    referred_to_as: Sequence[str] = ()
    """The forms of references to it: its ARN, its name. `{name}` and `{path}` match anything, any other `{…}` what has no slash."""

    lookup: Read | None = None
    """How what is referred to is looked for, if not by `read`: by templates of the names in `referred_to_as`, and of `id` and `arn`, which
    are the whole reference if the form doesn't have them."""

    regional: bool = True
    """Whether the type takes the `region` property."""

    tags: Tagging | None = None
    """None if the type takes no tags, and so no default tags either."""

    def is_emulated(self, inputs: Mapping[str, Any]) -> bool:
        """Whether the emulator can create a resource with these inputs."""
        where = self.not_emulated_where
        return self.read is not None and (where is None or where[1] not in str(inputs.get(where[0], "")))

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
        """The calls that are validated before anything is created."""
        return (*self.creation, *(one for one in self.deletion if isinstance(one, Call)))

    @property
    def refused(self) -> Mapping[str, str]:
        """All properties that are refused on purpose, and what to write in their place."""
        name = self.schema.autoname
        why = f"write `{name}`: a name that AWS or the provider makes up isn't known at preview"
        return {**({f"{name}Prefix": why} if f"{name}Prefix" in self.schema.force_new else {}), **self.unsupported}
