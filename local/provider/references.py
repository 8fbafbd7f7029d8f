"""What must be there before a resource that refers to it: `make up` refuses a reference to something of this stack that isn't made yet.

Names are explicit, so a program can write down the ARN of a role before the role exists, and nothing tells the engine to wait for it. The
emulator would take such a reference; AWS refuses it, some of the time, for the engine makes what it can at once. A type says itself what
its properties refer to (`references`), and how others refer to it (`referred_to_as`).
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any, cast

from local.provider.cloud import Cloud, CloudError
from local.provider.outputs import ACCOUNT, fill
from local.provider.reading import search
from local.provider.resource_type import InText, ResourceType
from local.provider.services import RESOURCES


class NotMadeError(Exception):
    """A resource refers to something that isn't there; the message names it and says what to do."""


def refuse_unmade(cloud: Cloud, resource: ResourceType, inputs: Mapping[str, Any], stack: str, region: str) -> None:
    """Look for everything of this stack that a resource refers to.

    Args:
        cloud: the emulator.
        resource: the resource's type.
        inputs: its properties.
        stack: the stack's name. What doesn't bear it may be there already, in an account: only this stack's own is missed here.
        region: where the resource is.

    Raises:
        NotMadeError: something isn't there.
        CloudError: the emulator refused to say.
    """
    for path, given, types in references_in(resource, inputs):
        meant = [(one, names) for one in types for names in _names(RESOURCES[one], given, region)]
        if meant and _bears(given, stack) and not any(_is_there(cloud, RESOURCES[one], names, region) for one, names in meant):
            raise NotMadeError(
                f"{path.partition('.[')[0]} refers to {given}, which isn't made yet. Take it from an output of the resource "
                "that makes it, or name that resource in depends_on, so that it is made first"
            )


def references_in(resource: ResourceType, inputs: Mapping[str, Any]) -> Iterator[tuple[str, str, tuple[str, ...]]]:
    """The references that properties hold: the path, the ARN or name there, and the types that it may be of."""
    for path, to in resource.references.items():
        types = to.types if isinstance(to, InText) else (to,) if isinstance(to, str) else to
        found = search(path, inputs)
        for text in cast("list[Any]", found if isinstance(found, list) else [found]):
            if isinstance(text, str):
                for given in to.find(text) if isinstance(to, InText) else [text]:
                    yield path, given, types


def _bears(given: str, stack: str) -> bool:
    """Whether the stack's name is one of the words of a name."""
    return re.search(rf"(?<![A-Za-z0-9]){re.escape(stack)}(?![A-Za-z0-9])", given) is not None


def _names(resource: ResourceType, given: str, region: str) -> Iterator[dict[str, str]]:
    """The names in a reference, once for each form that it has of the type's. None: it is of another account, region or type."""
    for form in resource.referred_to_as:
        matched = _pattern(form, region).fullmatch(given)
        if matched and given.startswith("arn:") == form.startswith("arn:"):
            yield {"id": given, "arn": given, **matched.groupdict()}


def _pattern(form: str, region: str) -> re.Pattern[str]:
    """What a form's references look like. Those to a log group may end in `:*`."""
    parts: list[str] = []
    for text, name in re.findall(r"([^{]*)(?:\{(\w+)\})?", form):
        own = {"account": ACCOUNT, "region": region}.get(name)
        any_text = ".+?" if name in {"name", "path"} else "[^/]+?"
        parts += [re.escape(text), re.escape(own) if own else f"(?P<{name}>{any_text})" if name else ""]
    return re.compile("".join(parts) + r"(?::\*)?")


def _is_there(cloud: Cloud, resource: ResourceType, names: Mapping[str, str], region: str) -> bool:
    read = resource.lookup or resource.read
    assert read is not None, f"{resource.token} is referred to, and not looked for"
    try:
        answer = cloud.send(read.request.operation, fill(dict(read.request.parameters), names.get), region)
    except CloudError as error:
        if error.not_found:
            return False
        raise
    return bool(search(fill(read.path, names.get), answer))
