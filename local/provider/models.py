"""AWS's service models from botocore's own data folder, the only source of what a request may hold: no `~/.aws/models`, no session."""

import gzip
import json
import threading
from functools import cache
from importlib.util import find_spec
from pathlib import Path
from typing import Any, cast

import regex

Shape = dict[str, Any]
"""One shape of a model, as the JSON has it: `type`, and with it such as `members` and `required`, `enum`, `pattern`, `max`."""

_botocore = find_spec("botocore")
assert _botocore
assert _botocore.origin
DATA = Path(_botocore.origin).parent / "data"
"""botocore's own models, found without importing it."""

_ASTRAL_PAIRS = r"\uD800\uDC00-\uDBFF\uDFFF"
"""Java's form of the characters beyond U+FFFF in a set; Python takes code points."""


class Model:
    """The model of one service, such as `ecs`."""

    def __init__(self, service: str, document: dict[str, Any]) -> None:
        self.service = service
        self._operations: dict[str, Any] = document["operations"]
        self._shapes: dict[str, Shape] = document["shapes"]

    def input_of(self, operation: str) -> str:
        """The name of the operation's input shape.

        Raises:
            LookupError: the service has no such operation; a type's entry is wrong.
        """
        try:
            return self._operations[operation]["input"]["shape"]
        except KeyError:
            raise LookupError(f"AWS's model of {self.service} has no operation {operation} with an input; mend the type's entry") from None

    def shape(self, name: str) -> Shape:
        """The shape of that name."""
        return self._shapes[name]


_lock = threading.Lock()
_models: dict[str, Model] = {}


def load(service: str) -> Model:
    """The newest model of a service, read once in a process.

    Raises:
        LookupError: botocore has no such service; a type's entry is wrong.
    """
    with _lock:  # so that two threads don't both read EC2's 4 MB
        if service not in _models:
            _models[service] = Model(service, document(service))
        return _models[service]


def document(service: str) -> dict[str, Any]:
    """The newest `service-2` of a service, as botocore's loader returns it (a test compares them).

    That loader imports an HTTP client, which takes as long as all of the provider's other imports.
    """
    versions = sorted(path.parent for path in (DATA / service).glob("*/service-2.json.gz"))
    if not versions:
        raise LookupError(f"botocore has no service {service}; mend the type's entry")
    model: dict[str, Any] = json.loads(gzip.decompress((versions[-1] / "service-2.json.gz").read_bytes()))
    amendments = versions[-1] / "service-2.sdk-extras.json"
    if amendments.exists():
        _merge(model, json.loads(amendments.read_bytes())["merge"])
    return model


def _merge(model: dict[str, Any], amendments: dict[str, Any]) -> None:
    for key, value in amendments.items():
        if isinstance(value, dict) and isinstance(model.get(key), dict):
            _merge(model[key], cast("dict[str, Any]", value))
        else:
            model[key] = value


@cache
def loader() -> Any:
    """botocore's loader, for its own clients."""
    from botocore.loaders import Loader  # pyright: ignore[reportMissingTypeStubs] (botocore publishes none)

    return Loader(extra_search_paths=[Loader.BUILTIN_DATA_PATH], include_default_search_paths=False)


@cache
def pattern(text: str) -> regex.Pattern[str]:
    r"""A model's pattern, compiled once.

    AWS writes patterns for Java: `\p{…}` classes, which the standard library lacks, and surrogate pairs, which are translated here.

    Raises:
        regex.error: the pattern can't be read, so the value must not pass.
    """
    return regex.compile(text.replace(_ASTRAL_PAIRS, r"\U00010000-\U0010FFFF"))
