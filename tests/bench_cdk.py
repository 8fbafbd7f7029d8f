"""A preview of prod with the policy pack, beside `synth` with cdk-nag of a sketch of 50 resources (make bench-cdk).

Both as whole processes, imports included, in turns. The sketch is synthesised without the CDK's command line, which would only add to it.
"""

from __future__ import annotations

import statistics
import sys
import tempfile

from tests.bench import ROOT, STACK, Run, measure

RUNS = 5

AIM = 0.6
"""The most that prod's preview may take, in syntheses of the sketch."""


def main() -> None:
    preview = [sys.executable, "-m", "local", "preview", "--stack", STACK]
    with tempfile.TemporaryDirectory() as folder:
        synth = [str(ROOT / ".local/cdk/venv/bin/python"), "tests/cdk/app.py", folder]
        for command in (preview, synth):
            measure(command)
        pairs: list[tuple[Run, Run]] = [(measure(preview), measure(synth)) for _ in range(RUNS)]
    print(f"{RUNS} runs each, in turns, after one that isn't counted; median seconds (and of the CPU)")
    for name, runs in zip((f"preview of {STACK}", "synth with cdk-nag"), zip(*pairs, strict=True), strict=True):
        print(f"{name:<22}{statistics.median(run.seconds for run in runs):>8.2f}{statistics.median(run.cpu for run in runs):>8.2f}")
    ratio = statistics.median(ours.seconds / theirs.seconds for ours, theirs in pairs)
    print(f"preview / synth: {ratio:.2f} (aim {AIM})")


if __name__ == "__main__":
    main()
