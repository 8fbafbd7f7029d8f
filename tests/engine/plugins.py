"""Tasks of a team's own, good and bad."""

from __future__ import annotations

import os
import random
import sys
import time
from collections.abc import Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from engine import fork_server
from engine.cartpole import CartPole
from engine.individuals import OVERHEAD, WEIGHT_BYTES
from engine.tasks import EPISODES, WEIGHTS


class Hill:
    """Climb to where every weight is 1: at once, and told from every other genome."""

    weights = 6
    weight_limit = 8.0
    episodes = 1
    steps = 1

    def play(self, genome: Sequence[float], seed: int, steps: int) -> float:
        """100 at the top."""
        return 100.0 - sum((weight - 1) ** 2 for weight in genome) - (seed % 100) * 1e-4 * steps


class HillAtOnce:
    """The same hill, for many at once."""

    weights, weight_limit, episodes, steps = Hill.weights, Hill.weight_limit, Hill.episodes, Hill.steps

    def play_batch(self, genomes: NDArray[np.float32], seeds: NDArray[np.uint32], steps: int) -> NDArray[np.floating]:
        """In the same order, so that it is the same to the last bit."""
        far = np.zeros(len(genomes))
        for weight in genomes.T:
            far += (weight.astype(np.float64) - 1) ** 2
        return 100.0 - far - (seeds % 100) * 1e-4 * steps


class TellsItsRows(HillAtOnce):
    """How many are played together."""

    def play_batch(self, genomes: NDArray[np.float32], seeds: NDArray[np.uint32], steps: int) -> NDArray[np.floating]:
        return np.full(len(seeds), len(genomes)) + 0 * steps


class FailsAtOnce(HillAtOnce):
    """Can't do some of them: raises where all must be good."""

    def play_batch(self, genomes: NDArray[np.float32], seeds: NDArray[np.uint32], steps: int) -> NDArray[np.floating]:
        if (genomes[:, 0] < 0).any():
            raise RuntimeError("no negative weights here")
        return super().play_batch(genomes, seeds, steps)


class NotNumbersAtOnce(HillAtOnce):
    """Gives NaN for some."""

    def play_batch(self, genomes: NDArray[np.float32], seeds: NDArray[np.uint32], steps: int) -> NDArray[np.floating]:
        return np.where(genomes[:, 0] < 0, np.nan, super().play_batch(genomes, seeds, steps))


class LeavesAtOnce(HillAtOnce):
    """Ends its process for some."""

    def play_batch(self, genomes: NDArray[np.float32], seeds: NDArray[np.uint32], steps: int) -> NDArray[np.floating]:
        if (genomes[:, 0] < -0.5).any():
            os._exit(3)
        return super().play_batch(genomes, seeds, steps)


class HangsAtOnce(HillAtOnce):
    """Never comes back with one in sixteen, by its seed."""

    def play_batch(self, genomes: NDArray[np.float32], seeds: NDArray[np.uint32], steps: int) -> NDArray[np.floating]:
        while (seeds % 16 == 3).any():
            pass
        return super().play_batch(genomes, seeds, steps)


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


class Wide(Hill):
    """Has more weights than a matrix of all pairs is kept for."""

    weights = 600


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
    """While a file is there, says of half of all individuals that they are far better than they are."""

    poison = Path()

    def play(self, genome: Sequence[float], seed: int, steps: int) -> float:
        score = super().play(genome, seed, steps)
        return score + 1e6 if seed % 2 and self.poison.exists() else score


class SlowPoisoned(Poisoned):
    """The same, with time to look on."""

    def play(self, genome: Sequence[float], seed: int, steps: int) -> float:
        time.sleep(0.008)
        return super().play(genome, seed, steps)


def poisoned_by(poison: Path, kind: type[Poisoned] = Poisoned) -> str:
    """The name of such a task: it carries the file's, for an evaluator's environment tells it nothing."""
    return f"{__name__}:{kind.__name__}_{str(poison).encode().hex()}"


def __getattr__(name: str) -> type[Poisoned]:
    kind, _, poison = name.partition("_")
    if kind not in ("Poisoned", "SlowPoisoned") or not poison:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return type(kind, (globals()[kind],), {"poison": Path(bytes.fromhex(poison).decode())})


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

    words = b"half"

    def play(self, genome: Sequence[float], seed: int, steps: int) -> float:
        if genome[0] < 0:
            os.write(fork_server.REPLIES, self.words)
            os._exit(3)
        return super().play(genome, seed, steps)


class MumblesGarbage(MumblesHalf):
    """Sends an unreadable message, and dies."""

    words = b"what the worker must not understand"


LIMIT = 6656
"""prod's agent_memory_bytes."""


class CappedCartPole(CartPole):
    """CartPole, one episode of at most 20 steps: what is measured is the engine, not the pole."""

    episodes = 1
    steps = 20


class Nothing(Hill):
    """As large as CartPole, and no work at all."""

    weights = CartPole.weights

    def play(self, genome: Sequence[float], seed: int, steps: int) -> float:
        return genome[0] + 0 * seed * steps


class LargeNothing(Nothing):
    """As large as prod's largest individual."""

    weights = (LIMIT - OVERHEAD) // WEIGHT_BYTES


class Largest(Hill):
    """As large as a task may be."""

    weights = WEIGHTS.most
    episodes = EPISODES.most

    def play(self, genome: Sequence[float], seed: int, steps: int) -> float:
        return sum(genome) + 0 * seed * steps


class TooLarge(Hill):
    """Larger."""

    weights = WEIGHTS.most + 1


class Shapeless(Hill):
    """Says of itself what is no number."""

    weight_limit = "none"  # type: ignore[assignment]  (it is what is tested)


class EndsAtOnce(Hill):
    """Isn't there when it should begin."""

    def __init__(self) -> None:
        os._exit(0)
