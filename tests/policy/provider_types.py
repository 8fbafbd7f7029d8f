"""The AWS provider's own classes: what inputs each resource type takes."""

from __future__ import annotations

import functools
import importlib
import inspect
import re

WORDS = re.compile(r"_([a-z0-9])")


def camel(name: str) -> str:
    return WORDS.sub(lambda match: match[1].upper(), name)


def module_of(token: str) -> str:
    service = token.split(":")[1].partition("/")[0]
    return f"pulumi_aws.{service}{'_' if service == 'lambda' else ''}"


@functools.cache
def annotations_of(token: str) -> dict[str, str]:
    """The input properties of a resource type, each with its annotation."""
    module, name = importlib.import_module(module_of(token)), token.rpartition(":")[2]
    # Where a property's type has the resource's name, the resource's own arguments are called so.
    args = getattr(module, f"{name}InitArgs", None) or getattr(module, f"{name}Args")
    return {camel(name): str(one.annotation) for name, one in inspect.signature(args).parameters.items() if name != "self"}
