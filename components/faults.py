"""What is wrong with a table, in sentences."""

from __future__ import annotations

import difflib
import json
from collections.abc import Sequence

from pydantic import BaseModel
from pydantic_core import ErrorDetails

TableModel = type[BaseModel]


def explain(table: TableModel, detail: ErrorDetails, whole: str = "Pulumi.dev.yaml") -> str:
    """One sentence for one fault: the key, the value, what is allowed, an example. `whole` is a file with a right table."""
    path = [str(part) for part in detail["loc"]]
    key = ".".join(path)
    message = str(detail["msg"]).removeprefix("Value error, ")
    match detail["type"]:
        case "extra_forbidden":
            keys = _part(table, path[:-1]).model_fields
            near = difflib.get_close_matches(path[-1], keys, n=1)
            hint = f" Did you mean `{near[0]}`?" if near else ""
            return f"{key} is not a key of the table.{hint} The keys are: {', '.join(keys)}."
        case "missing":
            return f"{key} is missing.{_example(table, path, whole)}"
        case "value_error" if isinstance(detail["input"], dict):
            return f"{key}: {message}." if key else f"{message}."
        case _:
            return f"{key or 'the table'} is {_shown(detail['input'])}: {message}.{_example(table, path, whole)}"


def _shown(value: object) -> str:
    text = repr(value)
    return text if len(text) <= 80 else text[:77] + "..."


def _part(table: TableModel, path: Sequence[str]) -> TableModel:
    """The model that describes the part of the table at a path; the innermost known one where the path goes on into a value."""
    for key in path:
        field = table.model_fields.get(key)
        if field is None or not (isinstance(field.annotation, type) and issubclass(field.annotation, BaseModel)):
            break
        table = field.annotation
    return table


def _example(table: TableModel, path: Sequence[str], whole: str) -> str:
    for length, key in enumerate(path):
        field = _part(table, path[:length]).model_fields.get(key)
        if field is not None and field.examples:
            return f" Example: `{key}: {json.dumps(field.examples[0])}`."
    return f" {whole} is an example."
