"""Refuses, in `make up`, a reference to a resource of this stack that doesn't exist yet.

Names are explicit, so a program can give the ARN of a role before the role exists, and Pulumi doesn't know that it must wait. The emulator
accepts such a reference. AWS refuses it some of the time, because Pulumi creates resources in parallel. A type's entry has what its
properties refer to (`references`), and how others refer to it (`referred_to_as`).
"""

import re
from collections.abc import Iterator, Mapping
from typing import Any, cast

from local.provider.cloud import Cloud, CloudError
from local.provider.outputs import ACCOUNT, fill
from local.provider.reading import search
from local.provider.resource_type import InText, ResourceType
from local.provider.services import RESOURCES


class NotMadeError(Exception):
    """A resource refers to one that doesn't exist; the message names it and says what to do."""


def refuse_unmade(cloud: Cloud, resource: ResourceType, inputs: Mapping[str, Any], stack: str, region: str) -> None:
    """Look for every resource of this stack that a resource refers to.

    Only names with the stack's name in them are looked for: others may exist in a real account.

    Raises:
        NotMadeError: one doesn't exist.
        CloudError: the emulator refused a request.
    """
    for path, given, types in references_in(resource, inputs):
        meant = [(one, names) for one in types for names in _names(RESOURCES[one], given, region)]
        if meant and _bears(given, stack) and not any(_is_there(cloud, RESOURCES[one], names, region) for one, names in meant):
            raise NotMadeError(
                f"{path.partition('.[')[0]} refers to {given}, which isn't made yet. Take it from an output of the resource "
                "that makes it, or name that resource in depends_on, so that it is made first"
            )


def references_in(resource: ResourceType, inputs: Mapping[str, Any]) -> Iterator[tuple[str, str, tuple[str, ...]]]:
    """The references in properties: the path, the ARN or name, and the types that it may be of."""
    for path, to in resource.references.items():
        types = to.types if isinstance(to, InText) else (to,) if isinstance(to, str) else to
        found = search(path, inputs)
        for text in cast("list[Any]", found if isinstance(found, list) else [found]):
            if isinstance(text, str):
                for given in to.find(text) if isinstance(to, InText) else [text]:
                    yield path, given, types


def _bears(given: str, stack: str) -> bool:
    """Whether the stack's name is one of the words in a name."""
    return re.search(rf"(?<![A-Za-z0-9]){re.escape(stack)}(?![A-Za-z0-9])", given) is not None


def _names(resource: ResourceType, given: str, region: str) -> Iterator[dict[str, str]]:
    """The names in a reference, for each of the type's forms that it has; none if it is of another account, region or type."""
    for form in resource.referred_to_as:
        matched = _pattern(form, region).fullmatch(given)
        if matched and given.startswith("arn:") == form.startswith("arn:"):
            yield {"id": given, "arn": given, **matched.groupdict()}


def _pattern(form: str, region: str) -> re.Pattern[str]:
    """A form as a pattern. References to a log group may end in `:*`."""
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
