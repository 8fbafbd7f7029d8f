"""What AWS would compute: ids, ARNs and addresses in their real forms, from templates.

A template is text with `{names}`: of a property, another output, `id`, `region`, `account`, or one of the generators below, which return a
new value each time. A template that is only one name keeps that value's type. `{cluster:last}` is what follows the last slash,
`{resourceArn:service}` the service in an ARN, `{scope:upper}` is in capitals, `{url:host}` lacks its scheme. Lists and objects
are templates of their items.
"""

import secrets
import string
import time
import uuid
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from typing import Any, Final, cast

from local.provider.resource_type import IfGiven, ResourceType
from local.provider.wire import UNKNOWN

ACCOUNT: Final = "000000000000"
"""The local cloud's account. No real account has this number."""


def _of(alphabet: str, length: int) -> str:
    return "".join(secrets.choice(alphabet) for _ in range(length))


_GENERATORS: dict[str, Callable[[], str | int]] = {
    "hex8": lambda: secrets.token_hex(4),
    "hex17": lambda: "0" + secrets.token_hex(8),
    "hex32": lambda: secrets.token_hex(16),
    "hex34": lambda: secrets.token_hex(17),
    "decimal": lambda: str(secrets.randbelow(2**32)),
    "octet": lambda: str(1 + secrets.randbelow(254)),
    "letters6": lambda: _of(string.ascii_letters + string.digits, 6),
    "letters10": lambda: _of(string.ascii_letters + string.digits, 10),
    "letters16": lambda: _of(string.ascii_letters + string.digits, 16),
    "lower10": lambda: _of(string.ascii_lowercase + string.digits, 10),
    "lower12": lambda: _of(string.ascii_lowercase + string.digits, 12),
    "upper10": lambda: _of(string.ascii_uppercase + string.digits, 10),
    "iam17": lambda: _of(string.ascii_uppercase + "234567", 17),
    "uuid": lambda: str(uuid.uuid4()),
    # Milliseconds since 2020: it rises with each registration, without a counter.
    "revisionNumber": lambda: int(1000 * (time.time() - 1_577_836_800)),
    "now": lambda: datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%S"),
}


_FORMS: dict[str, Callable[[str], str]] = {
    "last": lambda text: text.rpartition("/")[2],
    "host": lambda text: text.removeprefix("https://"),
    "upper": str.upper,
    "service": lambda text: next(iter(text.split(":")[2:]), ""),
}

_FORMATTER = string.Formatter()


def compute(
    resource: ResourceType,
    inputs: Mapping[str, Any],
    region: str,
    *,
    identity: str | None = None,
    before: Mapping[str, Any] | None = None,
    draw: bool = True,
) -> tuple[str, dict[str, Any]]:
    """The id and the computed outputs of a resource, without those that the inputs give or that can't be known.

    Args:
        resource: the resource's type.
        inputs: its properties, some of which are UNKNOWN in a preview.
        region: its region.
        identity: the id of an existing resource.
        before: the outputs so far: generated ones stay.
        draw: whether generators are used. The preview of an update must not promise what only AWS can give.

    Raises:
        LookupError: a template has a name that doesn't exist; the type's entry is wrong.
    """
    defaults = {name: value for name, value in resource.schema.defaults.items() if "." not in name and inputs.get(name) is None}
    known: dict[str, Any] = {"account": ACCOUNT, "region": region, **defaults}
    known |= {key: value for key, value in inputs.items() if value is not None}
    if identity is not None:
        known["id"] = identity
    for name, value in (before or {}).items():
        if name in resource.outputs and any(field in _GENERATORS for field in _fields(resource.outputs[name])):
            known.setdefault(name, value)

    def resolve(name: str) -> Any:
        if name not in known:
            if name == "id":
                known[name] = fill(resource.id, resolve)
            elif name in resource.outputs:
                known[name] = fill(resource.outputs[name], resolve)
            elif name in _GENERATORS:
                return _GENERATORS[name]() if draw else UNKNOWN
            else:
                raise LookupError(f"{resource.token}'s templates name {name}, which is no input, output or generator; mend its entry")
        return known[name]

    wanted = [name for name, template in resource.outputs.items() if not (isinstance(template, IfGiven) and not inputs.get(template.name))]
    if not draw:
        wanted = [name for name in wanted if name not in resource.unknown_on_update]
    outputs = {name: resolve(name) for name in wanted if inputs.get(name) is None}
    return resolve("id"), defaults | {name: value for name, value in outputs.items() if value is not UNKNOWN}


def fill(template: Any, resolve: Callable[[str], Any]) -> Any:
    """A template with each of its names replaced by what `resolve` returns; UNKNOWN if one of them is."""
    if isinstance(template, IfGiven):
        return fill(template.template, resolve)
    if isinstance(template, list):
        return [fill(item, resolve) for item in cast(list[Any], template)]
    if isinstance(template, dict):
        return {key: fill(item, resolve) for key, item in cast(dict[str, Any], template).items()}
    if not isinstance(template, str):
        return template
    parts: list[Any] = []
    for text, name, form, _ in _FORMATTER.parse(template):
        parts += [text] if text else []
        value = None if name is None else resolve(name)
        if value is UNKNOWN:
            return UNKNOWN
        parts += [] if name is None else [_FORMS[form](str(value)) if form else value]
    return parts[0] if len(parts) == 1 else "".join(map(str, parts))


def _fields(template: Any) -> list[str]:
    """The names in a template."""
    if isinstance(template, IfGiven):
        return _fields(template.template)
    return [name for _, name, _, _ in _FORMATTER.parse(template) if name] if isinstance(template, str) else []
