"""What the engine talks to beside the program: the stand-in provider, and the policy pack.

The provider is started here and the engine attaches to it, by Pulumi's own variable for a provider that runs already: so it imports
beside the engine's start. The pack is an executable that the engine starts by itself.
"""

from __future__ import annotations

import json
import shlex
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Self

from local import LocalError

ROOT = Path(__file__).resolve().parent.parent
"""The checkout."""

ATTACH = "PULUMI_DEBUG_PROVIDERS"
"""`aws:12345`: the engine attaches to that port instead of starting a provider."""


class ProviderProcess:
    """The stand-in provider, in a process that lives as long as the `with` block.

    Args:
        repo: the checkout whose provider it is.
        endpoint: the emulator that it makes things in. Default: it makes nothing.
    """

    def __init__(self, repo: Path, endpoint: str | None = None) -> None:
        self._process = subprocess.Popen(
            [sys.executable, "-u", "-m", "local.provider", *([endpoint] if endpoint else [])],
            cwd=repo,
            env={},  # nothing of the user's
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            start_new_session=True,  # Ctrl-C is for the engine, which ends what it has begun first
        )

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._process.kill()
        self._process.communicate()

    @property
    def runs(self) -> bool:
        """Whether it is still there."""
        return self._process.poll() is None

    @property
    def variables(self) -> Mapping[str, str]:
        """What the engine's environment needs to find it; waits until it serves.

        Raises:
            LocalError: it ended at once.
        """
        assert self._process.stdout
        port = self._process.stdout.readline().decode().strip()
        if not port:
            raise LocalError("the stand-in provider can't start; the lines above say why")
        return {ATTACH: f"aws:{port}"}


PACK = "pack/evolution-system"
"""Below the folder that the engine runs in: the pack's executable."""

FINDINGS = "findings.jsonl"
"""Below the same: where the pack writes what it finds, a JSON object a line."""


def write_pack(work: Path, repo: Path, config: Mapping[str, Any]) -> None:
    """Write the pack's executable, beside the description that gives the pack's version.

    Args:
        work: the folder that the engine runs in.
        repo: the checkout whose pack it is.
        config: the stack's configuration. A language host would hand it to the pack; the engine hands an executable nothing.
    """
    executable, policy = work / PACK, repo / "policy"
    executable.parent.mkdir()
    (executable.parent / "PulumiPolicy.yaml").symlink_to(policy / "PulumiPolicy.yaml")
    texts = {key: value if isinstance(value, str) else json.dumps(value) for key, value in config.items()}
    told = [f"EVOLUTION_FINDINGS={work / FINDINGS}", f"PULUMI_CONFIG={json.dumps(texts)}"]
    words = [*told, sys.executable, "-u", str(repo / "local/pack.py")]
    executable.write_text(f'#!/bin/sh\ncd {shlex.quote(str(policy))} && exec env {shlex.join(words)} "$1"\n', encoding="utf-8")
    executable.chmod(0o755)
