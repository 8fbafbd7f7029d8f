"""Mends what ministack has of secrets: it forgets a version as soon as two newer ones are there.

Secrets Manager removes versions without a label only beyond a hundred, and none of the last day. A champion names the version of the key
that it was signed with. Source: API reference, PutSecretValue.
"""

from __future__ import annotations

from typing import Any


def mend(secretsmanager: Any) -> None:
    """Put the mended function into ministack's module."""
    promote = secretsmanager._apply_current_promotion

    def apply_current_promotion(secret: dict[str, Any], version: str) -> None:
        before = dict(secret["Versions"])
        promote(secret, version)
        secret["Versions"] = {**before, **secret["Versions"]}

    secretsmanager._apply_current_promotion = apply_current_promotion
