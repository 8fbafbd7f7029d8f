"""The second half of the table's language: how a resource that was asked for is found again, changed and removed.

`catalogue/` says what a type's properties become when it is made; a `Life` says the rest. Both are declarations: `keeper.py` acts.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from local.provider.reading import Reading
from local.provider.table import FLAG, Call, Member


@dataclass(frozen=True)
class Ask:
    """One request made from templates (`outputs.py` has their language): of inputs, outputs, `id`, `region` and `account`.

    A parameter whose template is one name that nothing gives is left out.
    """

    operation: str
    """`ecs:DeleteService`: botocore's name of the service, and the operation."""

    parameters: Mapping[str, Any] = field(default_factory=dict[str, Any])

    each: tuple[Ask, str] | None = None
    """A listing and the JMESPath of its items: the request is then sent for each of them, which its templates call `each`."""

    only: str | None = None
    """An input that must be true for the request to be sent."""

    unless: str | None = None
    """An input that must not be true for the request to be sent."""


@dataclass(frozen=True, kw_only=True)
class Life:
    """What happens to a resource of one type after it was asked for."""

    look: Ask
    at: str
    """Where in the answer to `look` the resource is: JMESPath, a template. Nothing there, or an error that says so: it is gone."""

    answer: Mapping[str, str] = field(default_factory=dict[str, str])
    """What the answer to the first call gives: `id`, or an output that the id is made of, each with its JMESPath."""

    outputs: Mapping[str, str] = field(default_factory=dict[str, str])
    """The JMESPath of each output that AWS computes, below `at`."""

    also: Mapping[str, Ask] = field(default_factory=dict[str, Ask])
    """Further requests that say what is there, by the names of their answers in the paths of `reads`; `{seen.X}` is what `look` found."""

    reads: Mapping[str, Reading] = field(default_factory=dict[str, Reading])
    """Where each property is that a hand could have changed: what a refresh records, and an audit judges."""

    then: Sequence[Ask] = ()
    """What undoes, right after the first call, what AWS adds by itself."""

    puts: bool = False
    """The first call changes what is there as well as it makes it."""

    changes: Sequence[Call] = ()
    """The calls that change what the first one made, each sent when a property that it names has changed. What they fix is a template,
    in which `{added.X}` and `{removed.X}` are what came into the list X and what went out of it."""

    moves: frozenset[str] = frozenset()
    """Properties that AWS itself may have changed since: sent only when the program changed them, not along with others."""

    untag: Ask | None = None
    """Takes the tags `{goneTags}` off; `{gonePairs}` has them as EC2 wants them."""

    remove: Sequence[Ask] = ()
    """The requests that remove it, after the catalogue's calls for `delete`. None: it goes with what it belongs to."""


def tagging(operation: str, untag: str, names: tuple[str, str, str], whose: str = "{arn}") -> tuple[Call, Ask]:
    """The calls for a service's tags; `names` are its members for the resource, the tags and the keys to take off."""
    resource, tags, keys = names
    return Call(operation, {"tags": tags}, {resource: whose}), Ask(untag, {resource: whose, keys: "{goneTags}"})


EC2_TAGS = Call("ec2:CreateTags", {"tags": "Tags"}, {"Resources": ["{id}"]})
EC2_UNTAG = Ask("ec2:DeleteTags", {"Resources": ["{id}"], "Tags": "{gonePairs}"})


def kept_here(*names: str) -> Mapping[str, Member]:
    """Properties that change only what the provider does, never AWS."""
    return dict.fromkeys(names, FLAG)
