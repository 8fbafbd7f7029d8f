"""AWS's own service models, as botocore ships them: the only source of what a request may hold.

They are read from botocore's own data folder and from nowhere else: no `~/.aws/models`, no session, no credentials.
"""

from __future__ import annotations

import threading
from functools import cache
from typing import Any

import regex

Shape = dict[str, Any]
"""One shape of a model, as the JSON has it: `type`, and with it such as `members` and `required`, `enum`, `pattern`, `max`."""

_ASTRAL_PAIRS = r"\uD800\uDC00-\uDBFF\uDFFF"
"""How Java writes the characters beyond U+FFFF inside a set; other engines take code points."""

_lock = threading.Lock()


class Model:
    """The model of one service, such as `ecs`."""

    def __init__(self, service: str, document: dict[str, Any]) -> None:
        self.service = service
        self._operations: dict[str, Any] = document["operations"]
        self._shapes: dict[str, Shape] = document["shapes"]

    def input_of(self, operation: str) -> str:
        """The name of the operation's input shape.

        Raises:
            LookupError: the service has no such operation; a fault of the table.
        """
        try:
            return self._operations[operation]["input"]["shape"]
        except KeyError:
            raise LookupError(f"AWS's model of {self.service} has no operation {operation} with an input; mend the table") from None

    def shape(self, name: str) -> Shape:
        """The shape of that name."""
        return self._shapes[name]


def load(service: str) -> Model:
    """The newest model of a service, read once a process.

    Raises:
        botocore.exceptions.UnknownServiceError: botocore has no such service; a fault of the table.
    """
    with _lock:  # two checks at once would both spend the time that EC2's 4 MB take
        return _load(service)


@cache
def _load(service: str) -> Model:
    return Model(service, loader().load_service_model(service, "service-2"))


@cache
def loader() -> Any:
    """botocore's loader, kept: it lists every service that there is once in its life."""
    # 0.05 s to import, which the engine's first questions needn't wait for. botocore publishes no types.
    from botocore.loaders import Loader  # pyright: ignore[reportMissingTypeStubs]

    return Loader(extra_search_paths=[Loader.BUILTIN_DATA_PATH], include_default_search_paths=False)


@cache
def pattern(text: str) -> regex.Pattern[str]:
    r"""A model's pattern, compiled once.

    AWS writes patterns for Java: `\p{…}` classes, which the standard library lacks, and surrogate pairs, which are translated here.

    Raises:
        regex.error: the pattern can't be read; the caller must say so rather than let the value pass.
    """
    return regex.compile(text.replace(_ASTRAL_PAIRS, r"\U00010000-\U0010FFFF"))
