"""The request to the model on an agent's behalf, for Bedrock's Converse.

`functions/agentcore_handler/converse.py` is a link to this file: before there is an image, the handler asks the model itself, with the very
same request, and neither package can import the other. So nothing is imported here but the standard library.
"""

from __future__ import annotations

import re
from typing import Any

BYTES_PER_TOKEN = 4
"""Roughly. An answer that the agent can't hold needn't be written."""

LONGEST_QUESTION = 1000
"""Characters of a prompt that comes with a source. Source: Bedrock user guide, "Use contextual grounding check", on the query."""

GROUNDED_TOKENS = 1000
"""Of an answer that rests on a source: Bedrock checks at most 5,000 characters of it. Source: Bedrock user guide, "Use contextual grounding
check"."""

NOT_ENABLED = re.compile(r"marketplace|model access|access to the model|use.case details|not available for this account", re.IGNORECASE)
"""What Bedrock says where the account has no access to a model. The refusal of its AWS Marketplace subscription reads like one of the
role's. Source: Bedrock user guide, "Request access to models"; seen in public reports."""


def converse_request(
    *, model: str, guardrail: str, guardrail_version: str, prompt: str, source: str, agent_memory_bytes: int, autonomy_percent: int
) -> dict[str, Any]:
    """The parameters of one call of Converse.

    Args:
        source: what the answer must rest on; empty if there is none.
    """
    system = (
        f"You are an agent of {agent_memory_bytes} bytes. Up to {autonomy_percent} percent of your decisions need no human; "
        "name those that do."
    )
    tokens = max(1, agent_memory_bytes // BYTES_PER_TOKEN)
    return {
        "modelId": model,
        "system": [{"text": system}],
        "messages": [{"role": "user", "content": _content(prompt, source)}],
        "inferenceConfig": {"maxTokens": min(tokens, GROUNDED_TOKENS) if source else tokens},
        "guardrailConfig": {"guardrailIdentifier": guardrail, "guardrailVersion": guardrail_version},
    }


def _content(prompt: str, source: str) -> list[dict[str, Any]]:
    """With a source, the guardrail compares the answer with it and with the prompt; its other policies check the marked parts alone.

    Source: Bedrock user guide, "Use contextual grounding check", "Calling contextual grounding check with Converse APIs".
    """
    if not source:
        return [{"text": prompt}]
    marked = ((source, "grounding_source"), (prompt, "query"))
    return [{"guardContent": {"text": {"text": part, "qualifiers": [role, "guard_content"]}}} for part, role in marked]
