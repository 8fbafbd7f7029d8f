"""Inputs as the real provider may hand them over: with its defaults, and with the empty value of a property's kind where nothing is set."""

from __future__ import annotations

import copy
import importlib
import re
from collections.abc import Mapping
from typing import Any, Final, cast

from defaults import DEFAULTS
from tests.plans import documented_defaults
from tests.policy.builders import Node
from tests.policy.provider_types import annotations_of, camel, module_of

NESTED: Final = re.compile(r"\b(?!PolicyDocumentArgs)(\w+Args)(Dict)?\b")
"""The class of a block's inputs. A policy document is none: Pulumi sends it as JSON."""

FALSE_IS_NO_DEFAULT: Final = frozenset({"inputEnabled", "outputEnabled"})
"""Flags of a guardrail's filters, which act unless they are set to false: this resource is built on Terraform's plugin framework, which
tells false from unset. Source: terraform-provider-aws, internal/service/bedrock/guardrail.go."""

ZERO_IS_A_VALUE: Final = frozenset({"maximumRetryAttempts"})
"""Read by `GetOkExists`, which tells zero from unset. Source: terraform-provider-aws, internal/service/lambda/event_source_mapping.go."""


def default_of(token: str, path: str, annotation: str) -> Any:
    """What stands for an unset property: the documented default, or the empty value of its kind. None where only its absence does."""
    documented = {**documented_defaults(token), **DEFAULTS.get(token, {})}
    if path in documented:
        return documented[path]
    name = path.rpartition(".")[2]
    if "Sequence" in annotation:
        return []
    if NESTED.search(annotation):  # a block that is empty isn't one that is absent
        return None
    if "Mapping" in annotation:
        return {}
    if "bool" in annotation:
        return None if name in FALSE_IS_NO_DEFAULT else False
    if "int" in annotation or "float" in annotation:
        return None if name in ZERO_IS_A_VALUE else 0.0
    return "" if "str" in annotation else None


def filled(token: str, props: Mapping[str, Any]) -> dict[str, Any]:
    """A resource's inputs with every property that isn't set, at any depth, at its default or at the empty value of its kind."""
    if not token.startswith("aws:"):
        return dict(props)
    try:
        annotations = annotations_of(token)
    except (AttributeError, ImportError):  # a type that the SDK no longer has
        return dict(props)
    return _filled(token, annotations, props, "")


def _filled(token: str, annotations: Mapping[str, str], value: Mapping[str, Any], path: str) -> dict[str, Any]:
    made = dict(value)
    for name, annotation in annotations.items():
        at = f"{path}.{name}" if path else name
        given = value.get(name)
        if given is None:
            default = default_of(token, at, annotation)
            if default is not None:
                made[name] = copy.deepcopy(default)
        elif (nested := NESTED.search(annotation)) and isinstance(given, dict | list):
            inputs = importlib.import_module(f"{module_of(token)}._inputs")
            fields = {camel(key): str(kind) for key, kind in getattr(inputs, f"{nested[1]}Dict").__annotations__.items()}
            made[name] = (
                [
                    _filled(token, fields, cast("dict[str, Any]", one), at) if isinstance(one, dict) else one
                    for one in cast("list[Any]", given)
                ]
                if isinstance(given, list)
                else _filled(token, fields, cast("dict[str, Any]", given), at)
            )
    return made


def with_all_filled(nodes: Mapping[str, Node]) -> dict[str, Node]:
    """The resources, each with its inputs filled."""
    made = dict(copy.deepcopy(nodes))
    for node in made.values():
        node.props = filled(node.type, node.props)
    return made
