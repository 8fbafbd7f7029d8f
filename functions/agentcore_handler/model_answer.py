"""The answer of an agent or of a model."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

INTERVENED = "guardrail_intervened"
"""Bedrock's word for an answer that the guardrail wrote. Source: API reference, Converse, stopReason."""


@dataclass(frozen=True, kw_only=True)
class ModelAnswer:
    """An answer.

    Attributes:
        output: the text.
        stop_reason: why the model stopped writing, in Bedrock's words; empty if unknown.
        figures: such as the number of tokens.
    """

    output: str
    stop_reason: str = ""
    figures: Mapping[str, object] = field(default_factory=dict[str, object])
