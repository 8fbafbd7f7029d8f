"""All resource types of the local cloud: one module a service, one entry a type. Any other type is refused.

To add a type, add its `ResourceType` to `RESOURCES` in its service's module, or in a new module, which is found by itself. CONTRIBUTING.md
has the other steps.
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
