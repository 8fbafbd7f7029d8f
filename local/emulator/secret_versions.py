"""Patches ministack's secrets: it deletes a version as soon as there are two newer ones.

Secrets Manager deletes versions without a label only beyond a hundred, and none of the last day. A champion names the version of the key
with which it was signed. Source: API reference, PutSecretValue.
"""

from typing import Any


def patch(secretsmanager: Any) -> None:
    """Replace the function in ministack's module."""
    promote = secretsmanager._apply_current_promotion

    def apply_current_promotion(secret: dict[str, Any], version: str) -> None:
        before = dict(secret["Versions"])
        promote(secret, version)
        secret["Versions"] = {**before, **secret["Versions"]}

    secretsmanager._apply_current_promotion = apply_current_promotion
