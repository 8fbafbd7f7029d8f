"""What AWS would compute: ids, ARNs and addresses in their real forms, from templates.

A template is text with `{names}`: a property, another output, `id`, `region`, `account`, or one of the generators below, which give a new
value each time. `{cluster:last}` is what follows the last slash. Lists are templates of their items; anything else stands for itself.
"""

from __future__ import annotations

import secrets
import string
import uuid
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from typing import Any, Final, cast

from local.provider.table import Given, Resource

ACCOUNT: Final = "000000000000"
"""The local cloud's account: no real account bears this number."""


def _of(alphabet: str, length: int) -> str:
    return "".join(secrets.choice(alphabet) for _ in range(length))


_GENERATORS: dict[str, Callable[[], str]] = {
    "hex8": lambda: secrets.token_hex(4),
    "hex17": lambda: "0" + secrets.token_hex(8),
    "hex34": lambda: secrets.token_hex(17),
    "decimal": lambda: str(secrets.randbelow(2**32)),
    "octet": lambda: str(1 + secrets.randbelow(254)),
    "letters6": lambda: _of(string.ascii_letters + string.digits, 6),
    "iam17": lambda: _of(string.ascii_uppercase + "234567", 17),
    "uuid": lambda: str(uuid.uuid4()),
    "now": lambda: datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%S"),
}


class _Formatter(string.Formatter):
    def __init__(self, resolve: Callable[[str], Any]) -> None:
        self._resolve = resolve

    def get_value(self, key: int | str, args: Any, kwargs: Any) -> Any:  # noqa: ARG002 the base class's signature
        return self._resolve(str(key))

    def format_field(self, value: Any, format_spec: str) -> str:
        return str(value).rpartition("/")[2] if format_spec == "last" else str(value)


def compute(resource: Resource, inputs: Mapping[str, Any], region: str) -> tuple[str, dict[str, Any]]:
    """The id and the computed outputs of a resource that has just been made. What the inputs give is not repeated.

    Raises:
        LookupError: a template names nothing that exists; a fault of the table.
    """
    known: dict[str, Any] = {"account": ACCOUNT, "region": region} | {key: value for key, value in inputs.items() if value is not None}
    formatter = _Formatter(lambda name: resolve(name))

    def fill(template: Any) -> Any:
        if isinstance(template, str):
            return formatter.format(template)
        if isinstance(template, list):
            return [fill(item) for item in cast(list[Any], template)]
        return template

    def resolve(name: str) -> Any:
        if name not in known:
            if name == "id":
                known[name] = fill(resource.id)
            elif name in resource.outputs:
                template = resource.outputs[name]
                known[name] = fill(template.template if isinstance(template, Given) else template)
            elif name in _GENERATORS:
                return _GENERATORS[name]()
            else:
                raise LookupError(f"{resource.token}'s templates name {name}, which is no input, output or generator; mend its entry")
        return known[name]

    wanted = [name for name, template in resource.outputs.items() if not (isinstance(template, Given) and not inputs.get(template.name))]
    return resolve("id"), {name: resolve(name) for name in wanted if inputs.get(name) is None}
