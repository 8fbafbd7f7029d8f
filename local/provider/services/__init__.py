"""Every resource type that the local cloud knows: one module a service, one entry a type. A type that isn't here is refused by name.

To add a type, write its `ResourceType` into its service's module, or into a new one: every module here is read, and has its types in
`RESOURCES`. CONTRIBUTING.md has the other steps.
"""

import importlib
import pkgutil
from collections.abc import Iterator

from local.provider.resource_type import ResourceType


def _types() -> Iterator[ResourceType]:
    for module in pkgutil.iter_modules(__path__):
        yield from importlib.import_module(f"{__name__}.{module.name}").RESOURCES


RESOURCES: dict[str, ResourceType] = {resource.token: resource for resource in _types()}
"""By type token."""
