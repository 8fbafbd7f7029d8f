"""Builds AWS's requests from a resource's properties, by the types' entries and AWS's models.

The property that each part of a request came from is recorded, so that a refusal can name it.
"""

import difflib
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, cast

from local.provider import models
from local.provider.members import Convert, FirstOf, Json, Local, Members, Path, Wrap, parse_object
from local.provider.models import Model, Shape
from local.provider.outputs import fill
from local.provider.resource_type import Call
from local.provider.wire import UNKNOWN

_PAIR_KEYS = frozenset({"key", "name", "tagkey"})
_PAIR_VALUES = frozenset({"value", "tagvalue"})
_KINDS = {bool: "true or false", int: "a whole number", str: "text", dict: "an object", list: "a list"}


@dataclass
class PreparedRequest:
    """A request, ready to be sent."""

    operation: str
    parameters: dict[str, Any] = field(default_factory=dict[str, Any])
    origins: dict[Path, Path] = field(default_factory=dict[Path, Path])
    """The property that each part of the parameters came from."""

    refusals: list[tuple[Path, str]] = field(default_factory=list[tuple[Path, str]])
    """Properties that don't map to a member, and why."""


def _unknown(_: str) -> Any:
    return UNKNOWN


def requests(calls: Sequence[Call], properties: Mapping[str, Any]) -> Iterator[tuple[Call, PreparedRequest]]:
    """The requests for properties: always the first, and each further one if a property that it names is given."""
    given = {name: value for name, value in properties.items() if value is not None}
    further = {name for call in calls[1:] for name in call.members if name not in calls[0].members}
    yield calls[0], _Builder(calls[0], _unknown).build({name: value for name, value in given.items() if name not in further})
    for call in calls[1:]:
        own = {name: value for name, value in given.items() if name in call.members}
        if any(name in further for name in own):
            yield call, _Builder(call, _unknown).build(own)


def request_of(call: Call, properties: Mapping[str, Any], resolve: Callable[[str], Any] = _unknown) -> PreparedRequest:
    """The request for those of the properties that the call takes; `resolve` returns the values of names in its fixed parameters."""
    return _Builder(call, resolve).build({name: value for name, value in properties.items() if takes(call, name, value)})


def takes(call: Call, name: str, value: Any) -> bool:
    """Whether a call, which isn't the first of a creation, takes a property."""
    if value is None or name in call.members or not call.rest or name == "tags":
        return value is not None and name in call.members
    service, _, operation = call.operation.partition(":")
    model = models.load(service)
    member = _same_name(model.shape(model.input_of(operation)), name, value)
    return member is not None and member not in call.fixed


class _Builder:
    """Builds one request."""

    def __init__(self, call: Call, resolve: Callable[[str], Any]) -> None:
        service, _, self._operation = call.operation.partition(":")
        self._call = call
        self._resolve = resolve
        self._model: Model = models.load(service)
        self._request = PreparedRequest(call.operation)

    def build(self, properties: Mapping[str, Any]) -> PreparedRequest:
        shape = self._model.input_of(self._operation)
        fixed = {name: fill(template, self._resolve) for name, template in self._call.fixed.items()}
        self._request.parameters.update({name: value for name, value in fixed.items() if value is not None})
        self._structure(shape, properties, (), self._request.parameters, (), self._call.members)
        return self._request

    def _structure(self, name: str, value: Mapping[str, Any], origin: Path, into: dict[str, Any], path: Path, members: Members) -> None:
        shape = self._model.shape(name)
        for key in (*(key for key in members if key in value), *(key for key in value if key not in members)):
            item = value[key]
            if item is None:
                continue
            member = members.get(key) or _same_name(shape, key, item)
            if isinstance(member, FirstOf):
                there = next((place for sibling, place in member.places.items() if value.get(sibling) is not None), None)
                if there is None:
                    self._request.refusals.append(((*origin, key), f"stands beside one of {', '.join(member.places)}; write one of them"))
                    continue
                member = there
            match member:
                case None:
                    self._request.refusals.append(((*origin, key), self._unknown(key, members, shape)))
                case Local(kind):
                    if item is not UNKNOWN and type(item) is not kind:
                        self._request.refusals.append(((*origin, key), f"must be {_KINDS[kind]}"))
                case str() | Convert() | Json():
                    self._place(name, member, item, (*origin, key), into, path)

    def _unknown(self, key: str, members: Members, shape: Shape) -> str:
        known = [*members, *(property_name(name) for name in shape["members"])]
        near = difflib.get_close_matches(key, known, n=1, cutoff=0.75)
        meant = f"did you mean `{near[0]}`? If it is right, " if near else "if it is right, "
        return (
            f"the local cloud doesn't know where {self._call.operation} takes `{key}`; {meant}"
            "add it to the type's entry in local/provider/services/"
        )

    def _place(self, shape: str, member: str | Convert | Json, value: Any, origin: Path, into: dict[str, Any], path: Path) -> None:
        """Set a property's value at `member` in the structure `into`, which has the named shape and is at `path`."""
        target = member if isinstance(member, str) else member.member
        try:
            if isinstance(member, Convert) and (value is not UNKNOWN or isinstance(member, Wrap)):
                value = member.make(value)
            elif isinstance(member, Json) and value is not UNKNOWN:
                value = parse_object(value)
        except ValueError as error:
            self._request.refusals.append((origin, str(error)))
            value = UNKNOWN  # so that it isn't refused as missing, too
        if not target:
            for name, item in cast(dict[str, Any], value).items() if isinstance(value, dict) else ():
                self._join(into, name, item, origin, (*path, name))
            return
        *parents, last = target.split(".")
        there: Any = into
        for part in parents:
            shape = self._inner(shape, part)
            inside: Any = [] if self._model.shape(shape)["type"] == "list" else {}
            if isinstance(there, list):
                items = cast(list[Any], there)
                if not items:
                    items.append(inside)
                there, path = items[0], (*path, 0)
            else:
                there, path = there.setdefault(part, inside), (*path, part)
            self._request.origins.setdefault(path, origin[:-1])
        if not isinstance(member, Convert):
            value = self._value(self._inner(shape, last), value, origin, (*path, last))
        self._join(there, last, value, origin, (*path, last))

    def _join(self, into: dict[str, Any], name: str, value: Any, origin: Path, path: Path) -> None:
        """Set a value where another property may have set one: lists are extended, objects merged."""
        there = into.get(name)
        if isinstance(there, list) and isinstance(value, list):
            items, more = cast(list[Any], there), cast(list[Any], value)
            self._request.origins.update({(*path, len(items) + offset): origin for offset in range(len(more))})
            items.extend(more)
        elif isinstance(there, dict) and isinstance(value, dict):
            for key, item in cast(dict[str, Any], value).items():
                self._join(cast(dict[str, Any], there), key, item, origin, (*path, key))
        else:
            into[name] = value
            self._request.origins[path] = origin

    def _inner(self, name: str, member: str) -> str:
        shape = self._model.shape(name)
        if shape["type"] == "map":
            return shape["value"]["shape"]
        if shape["type"] == "list":
            return shape["member"]["shape"]
        try:
            return shape["members"][member]["shape"]
        except KeyError:
            raise LookupError(f"AWS's model for {self._call.operation} has no member {member} in {name}; mend the type's entry") from None

    def _value(self, name: str, value: Any, origin: Path, path: Path) -> Any:
        """A property's value in the form of the named shape. What has no such form is refused by the validation."""
        if value is UNKNOWN:
            return UNKNOWN
        shape = self._model.shape(name)
        self._request.origins.setdefault(path, origin)
        match shape["type"], value:
            case "structure", dict():
                made: dict[str, Any] = {}
                self._structure(name, cast(dict[str, Any], value), origin, made, path, self._call.structures.get(name, {}))
                return made
            case "structure", bool() | int() | float() | str() if list(shape["members"]) == ["Value"]:
                return {"Value": self._value(shape["members"]["Value"]["shape"], value, origin, (*path, "Value"))}
            case "structure", [only]:
                return self._value(name, only, (*origin, 0), path)
            case "list", dict() if keys := self._pair(shape):
                pairs = cast(dict[str, Any], value).items()
                for index, (key, _) in enumerate(pairs):
                    self._request.origins[(*path, index)] = (*origin, key)
                return [{keys[0]: key, keys[1]: item} for key, item in pairs]
            case "list", dict():
                return [self._value(shape["member"]["shape"], value, origin, (*path, 0))]
            case "list", list():
                inner = shape["member"]["shape"]
                items = cast(list[Any], value)
                return [self._value(inner, item, (*origin, index), (*path, index)) for index, item in enumerate(items) if item is not None]
            case "map", dict():
                inner = shape["value"]["shape"]
                return {key: self._value(inner, item, (*origin, key), (*path, key)) for key, item in cast(dict[str, Any], value).items()}
            case kind, _:
                return _scalar(kind, value)

    def _pair(self, shape: Shape) -> tuple[str, str] | None:
        """The members for key and value, if a list is one of keys and values."""
        inner = self._model.shape(shape["member"]["shape"])
        names: list[str] = list(inner.get("members", ()))
        match sorted(names, key=lambda name: name.lower() in _PAIR_VALUES):
            case [key, value] if key.lower() in _PAIR_KEYS and value.lower() in _PAIR_VALUES:
                return key, value
            case _:
                return None


def _scalar(kind: str, value: Any) -> Any:
    """A scalar in the type that AWS takes. The real provider converts between text, numbers and booleans, too."""
    match kind, value:
        case "integer" | "long", str():
            return int(value) if value.removeprefix("-").isdecimal() else value
        case "float" | "double", str():
            try:
                return float(value)
            except ValueError:
                return value
        case "boolean", "true" | "false":
            return value == "true"
        case "string", int() | float() if not isinstance(value, bool):
            return str(value)
        case _:
            return value


def _same_name(shape: Shape, key: str, value: Any) -> str | None:
    """The member with the property's name, in any case, and singular or plural for a list."""
    names = {name.lower(): name for name in shape["members"]}
    lower = key.lower()
    candidates = [lower]
    if isinstance(value, (list, dict)) or value is UNKNOWN:
        candidates += [lower[:-3] + "y"] if lower.endswith("ies") else [lower[:-1]] if lower.endswith("s") else []
        candidates += [lower + "s"]
    return next((names[candidate] for candidate in candidates if candidate in names), None)


def property_name(member: str) -> str:
    """The property that maps to a member by default."""
    return member[0].lower() + member[1:]
