"""Tasks of a team's own, good and bad."""

from __future__ import annotations

import os
import random
import sys
import time
from collections.abc import Sequence
from pathlib import Path


class Hill:
    """Climb to where every weight is 1: at once, and told from every other genome."""

    weights = 6
    weight_limit = 8.0
    episodes = 1
    steps = 1

    def play(self, genome: Sequence[float], seed: int, steps: int) -> float:
        """100 at the top."""
        return 100.0 - sum((weight - 1) ** 2 for weight in genome) - (seed % 100) * 1e-4 * steps


class Slow(Hill):
    """A hill that takes a little."""

    def play(self, genome: Sequence[float], seed: int, steps: int) -> float:
        time.sleep(0.002)
        return super().play(genome, seed, steps)


class Raises(Hill):
    """Raises for every genome whose first weight is negative."""

    def play(self, genome: Sequence[float], seed: int, steps: int) -> float:
        if genome[0] < 0:
            raise RuntimeError("no negative weights here")
        return super().play(genome, seed, steps)


class NotANumber(Hill):
    """Gives NaN for some."""

    def play(self, genome: Sequence[float], seed: int, steps: int) -> float:
        return float("nan") if genome[0] < 0 else super().play(genome, seed, steps)


class Hangs(Hill):
    """Never comes back for one in sixteen, by its seed."""

    def play(self, genome: Sequence[float], seed: int, steps: int) -> float:
        while seed % 16 == 3:
            pass
        return super().play(genome, seed, steps)


class Deadly(Hill):
    """Nobody survives it."""

    def play(self, genome: Sequence[float], seed: int, steps: int) -> float:
        raise RuntimeError(f"no {genome} in {seed} for {steps}")


class Huge(Hill):
    """Needs more weights than an individual may have."""

    weights = 3000


class Large(Hill):
    """Needs more than the least that an individual may be allowed."""

    weights = 500


class Leaves(Hill):
    """Ends its process for some."""

    def play(self, genome: Sequence[float], seed: int, steps: int) -> float:
        if genome[0] < -0.5:
            os._exit(3)
        return super().play(genome, seed, steps)


class Meddles(Hill):
    """Changes the genome it was given, and draws from the generator that breeding draws from."""

    def play(self, genome: Sequence[float], seed: int, steps: int) -> float:
        score = super().play(genome, seed, steps)
        random.seed()
        for index in range(len(genome)):
            genome[index] = 9e9  # type: ignore[index]  (it isn't a Sequence that allows this; a plug-in does it all the same)
        return score


class Poisoned(Hill):
    """While the file that POISON names is there, says of half of all individuals that they are far better than they are."""

    def play(self, genome: Sequence[float], seed: int, steps: int) -> float:
        score = super().play(genome, seed, steps)
        return score + 1e6 if seed % 2 and Path(os.environ["POISON"]).exists() else score


class SlowPoisoned(Poisoned):
    """The same, with time to look on."""

    def play(self, genome: Sequence[float], seed: int, steps: int) -> float:
        time.sleep(0.008)
        return super().play(genome, seed, steps)


METRIC = (
    '{"_aws":{"Timestamp":1,"CloudWatchMetrics":[{"Namespace":"EvolutionSystem","Dimensions":[["Environment"]],'
    '"Metrics":[{"Name":"SafetyScore"}]}]},"Environment":"dev","SafetyScore":1}'
)
"""A line that CloudWatch takes for a metric."""


class Prints(Hill):
    """Writes metrics to wherever it can without looking for it, and dies of them for some."""

    def play(self, genome: Sequence[float], seed: int, steps: int) -> float:
        print(METRIC, flush=True)
        print(METRIC, file=sys.stderr, flush=True)
        for descriptor in (1, 2):
            os.write(descriptor, f"{METRIC}\n".encode())
        if genome[0] < 0:
            raise RuntimeError(f"\n{METRIC}")
        return super().play(genome, seed, steps)


class Vast(Hill):
    """Gives more than any table holds."""

    def play(self, genome: Sequence[float], seed: int, steps: int) -> float:
        return 1e200 * super().play(genome, seed, steps)


class Tiny(Hill):
    """Gives less than any table tells from nothing."""

    def play(self, genome: Sequence[float], seed: int, steps: int) -> float:
        return 1e-200 * super().play(genome, seed, steps)


class MumblesHalf(Hill):
    """Dies in the middle of what its evaluator says, for negative genomes."""

    words = b"\0\0\x01\0only the beginning of 256 bytes"

    def play(self, genome: Sequence[float], seed: int, steps: int) -> float:
        if genome[0] < 0:
            for descriptor in Path("/proc/self/fd").iterdir():
                if descriptor.exists() and descriptor.is_socket():
                    os.write(int(descriptor.name), self.words)
            os._exit(3)
        return super().play(genome, seed, steps)


class MumblesGarbage(MumblesHalf):
    """Says what nobody understands, and dies."""

    words = b"\0\0\0\x04what"
