"""What an agent or a model answered."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

INTERVENED = "guardrail_intervened"
"""Bedrock's word for an answer that the guardrail wrote. Source: API reference, Converse, stopReason."""


@dataclass(frozen=True, kw_only=True)
class Answered:
    """An answer.

    Attributes:
        output: the text.
        stop_reason: why the model stopped writing, in Bedrock's words; empty where nobody says.
        figures: such as the tokens that it took.
    """

    output: str
    stop_reason: str = ""
    figures: Mapping[str, object] = field(default_factory=dict[str, object])
