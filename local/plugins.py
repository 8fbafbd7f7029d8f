"""Pulumi's two plugins: the stand-in provider and the policy pack.

The provider is started here, and Pulumi attaches to it by its public variable for a provider that is already running. So the provider's
imports run while the CLI starts. The pack is an executable that Pulumi starts by itself.
"""

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
"""`aws:12345`: Pulumi attaches to that port instead of starting a provider."""

DEATH_SECONDS = 0.5
"""Seen once in some hundred kills: with three times as much to do as there are cores, a provider that was killed still seemed to run when
Pulumi had ended."""


class ProviderProcess:
    """The stand-in provider, in a process that lives as long as the `with` block.

    Args:
        repo: the checkout whose provider it is.
        endpoint: the emulator in which it creates resources. Default: none, for previews.
    """

    def __init__(self, repo: Path, endpoint: str | None = None) -> None:
        self._process = subprocess.Popen(
            [sys.executable, "-u", "-m", "local.provider", *([endpoint] if endpoint else [])],
            cwd=repo,
            env={},  # no variable of the user's
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            start_new_session=True,  # Ctrl-C is for the CLI, which finishes the operations in progress first
        )

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._process.kill()
        self._process.communicate()

    def runs(self, *, after_failure: bool) -> bool:
        """Whether the process is running. After a failure that may be its death a busy machine is given a moment: a killed process closes
        its connections before it has ended."""
        try:
            self._process.wait(DEATH_SECONDS if after_failure else 0)
        except subprocess.TimeoutExpired:
            return True
        return False

    @property
    def variables(self) -> Mapping[str, str]:
        """The environment variables by which Pulumi finds it. Waits until it serves.

        Raises:
            LocalError: it can't start.
        """
        assert self._process.stdout
        port = self._process.stdout.readline().decode().strip()
        if not port:
            raise LocalError("the stand-in provider can't start; the lines above say why")
        return {ATTACH: f"aws:{port}"}


PACK = "pack/evolution-system"
"""The pack's executable, relative to the folder that the CLI runs in."""

FINDINGS = "findings.jsonl"
"""The pack's findings, relative to the same folder: one JSON object a line."""


def write_pack(work: Path, repo: Path, config: Mapping[str, Any]) -> None:
    """Write the pack's executable into the CLI's folder, next to the PulumiPolicy.yaml that gives its version.

    It is passed the stack's configuration here: a language host passes it to a pack, but an executable gets nothing from Pulumi.
    """
    executable, policy = work / PACK, repo / "policy"
    executable.parent.mkdir()
    (executable.parent / "PulumiPolicy.yaml").symlink_to(policy / "PulumiPolicy.yaml")
    texts = {key: value if isinstance(value, str) else json.dumps(value) for key, value in config.items()}
    variables = [f"EVOLUTION_FINDINGS={work / FINDINGS}", f"PULUMI_CONFIG={json.dumps(texts)}"]
    words = [*variables, sys.executable, "-u", str(repo / "local/pack.py")]
    executable.write_text(f'#!/bin/sh\ncd {shlex.quote(str(policy))} && exec env {shlex.join(words)} "$1"\n', encoding="utf-8")
    executable.chmod(0o755)
