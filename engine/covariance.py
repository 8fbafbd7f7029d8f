"""CMA-ES and its separable form, by the library `cmaes` (CyberAgent). Each island is a run of its own, and a generation one of the run's.

The library's distribution is the strategy's state: plain numbers in a fixed order, no pickle. Lengths are in units of the weights' limit,
so that the library's own tolerances fit.
"""

from __future__ import annotations

from typing import Any, Protocol, cast

import cmaes  # pyright: ignore[reportMissingTypeStubs] (it has none; _Library says what is used)
import numpy as np
from numpy.typing import NDArray

from engine.individuals import DEAD
from engine.parents import Matrix, Parents

KEPT = 2
"""Individuals that aren't drawn: the best of the island and its neighbours, unchanged but scored again; and the distribution's mean, which
is the best guess where scores are noisy. So migrants count as candidates, and never move another island's distribution."""

FIRST_SIGMA = 0.2
"""Of the weights' limit: the first standard deviation. The library's authors advise a third to a fifth of where the optimum may be."""

FIRST_MEAN = 0.5
"""Of the weights' limit: how far the mean of a restart may be from zero. The first run begins at zero."""

FINEST = 2.0**-22
"""Of the mean: once no weight varies by more, 32-bit floats tell too few individuals apart, and the run begins anew."""

SMALLEST = 1e-30
"""The same, where the mean is zero."""

MOST_CELLS = 1 << 25
"""Individuals times squared weights: the library multiplies them all out, twice, in 64-bit floats: 512 MB."""

MOST_WEIGHTS = 500
"""Of the full matrix: the library multiplies two such matrices for each individual. 200 weights take 0.3 ms."""


class _Library(Protocol):
    """What is used of the library's two classes. `__getstate__` and `__setstate__` are its way to be stored; a test holds the names."""

    def ask(self) -> NDArray[np.float64]: ...
    def tell(self, solutions: list[tuple[NDArray[np.float64], float]]) -> None: ...
    def reseed_rng(self, seed: int) -> None: ...
    def should_stop(self) -> bool: ...
    def __getstate__(self) -> dict[str, Any]: ...
    def __setstate__(self, state: dict[str, Any]) -> None: ...


class _Strategy:
    """Either form. Its state is the library's distribution, after the individuals were drawn from it."""

    library: type
    matrix: str
    """What the library calls its matrix, in its state."""

    def breed(self, given: Parents, count: int) -> tuple[Matrix, bytes]:
        """The best so far, the mean, and individuals drawn around it."""
        most, weights, drawn = given.weight_limit, given.weights, count - KEPT
        draw = given.draw(0)
        run = self._told(given, drawn)
        if run is None:
            mean = np.zeros(weights)
            if given.fitness.size:
                mean += draw.uniform(-FIRST_MEAN, FIRST_MEAN, weights)
            run = self._begin(mean, drawn)
        run.reseed_rng(int(draw.integers(1 << 32)))
        samples = np.array([run.ask() for _ in range(drawn + 1)])
        state = run.__getstate__()
        best = _best(given)
        kept = np.vstack([samples[-1:] * most if best is None else best[None], state["_mean"][None] * most])
        rows = np.vstack([kept, samples[:-1] * most])
        content = [[state["_g"], state["_sigma"]], *(state[name] for name in self._names)]
        return np.clip(rows, -most, most).astype(np.float32), np.concatenate(content).astype(np.float64).tobytes()

    @property
    def _names(self) -> tuple[str, ...]:
        return ("_mean", "_p_sigma", "_pc", self.matrix)

    def _begin(self, mean: NDArray[np.float64], drawn: int) -> _Library:
        with np.errstate(divide="ignore"):  # of two individuals, one rate is zero, and the library divides by it
            return cast(_Library, self.library(mean=mean, sigma=FIRST_SIGMA, population_size=drawn))

    def _told(self, given: Parents, drawn: int) -> _Library | None:
        """The run, after the last generation; None if there is none that could go on."""
        weights, alive = given.weights, given.fitness > DEAD
        if len(given.fitness) != drawn + KEPT or not alive[KEPT:].any():
            return None
        run = self._begin(np.zeros(weights), drawn)
        state = run.__getstate__()
        numbers = np.frombuffer(given.state, np.float64) if len(given.state) % 8 == 0 else np.empty(0)
        ends = 2 + np.cumsum([len(state[name]) for name in self._names])
        if len(numbers) != ends[-1] or not np.isfinite(numbers).all() or numbers[1] <= 0:
            return None
        parts = [part.copy() for part in np.split(numbers[2:], ends[:-1] - 2)]
        state |= {"_g": int(numbers[0]), "_sigma": float(numbers[1]), **dict(zip(self._names, parts, strict=True))}
        # The library would also stop where all scores are alike, which is no reason on a plateau such as CartPole's top: so they never are.
        state["_funhist_values"] = np.arange(len(state["_funhist_values"]), dtype=np.float64)
        run.__setstate__(state)
        losses = -given.fitness[KEPT:]
        losses[~alive[KEPT:]] = losses[alive[KEPT:]].max() + 1
        points = given.genomes[KEPT:].astype(np.float64) / given.weight_limit
        try:
            run.tell(list(zip(points, losses.tolist(), strict=True)))
            return None if self._is_done(run) else run
        except np.linalg.LinAlgError:
            return None

    def too_large(self, weights: int, count: int) -> str:  # noqa: ARG002 (nothing is)
        """Nothing is."""
        return ""

    def _is_done(self, run: _Library) -> bool:
        state = run.__getstate__()
        if not all(np.isfinite(state[name]).all() for name in ("_sigma", *self._names)) or state["_sigma"] <= 0:
            return True
        varies = state["_sigma"] * np.sqrt(np.abs(self._variances(state)))
        return bool(np.all(varies <= FINEST * np.abs(state["_mean"]) + SMALLEST)) or run.should_stop()

    def _variances(self, state: dict[str, Any]) -> NDArray[np.float64]:
        return state[self.matrix]


class Diagonal(_Strategy):
    """Separable CMA-ES: one variance for each weight. For thousands of weights, or where they hardly depend on each other."""

    library, matrix = cmaes.SepCMA, "_C"


class FullMatrix(_Strategy):
    """CMA-ES: a covariance of all pairs of weights."""

    library, matrix = cmaes.CMA, "_c_1d"

    def _variances(self, state: dict[str, Any]) -> NDArray[np.float64]:
        """The matrix is stored by rows of its upper triangle: each begins with the diagonal."""
        weights = len(state["_mean"])
        starts = np.cumsum([0, *range(weights, 1, -1)])
        return state[self.matrix][starts]

    def too_large(self, weights: int, count: int) -> str:
        """Why so many individuals of so many weights can't be bred, in a sentence; empty if they can."""
        if weights > MOST_WEIGHTS or weights**2 * count > MOST_CELLS:
            return (
                f"cma-es breeds at most {MOST_WEIGHTS} weights, and {MOST_CELLS:,} of individuals times squared weights; {count} of "
                f"{weights} weights are too many: use sep-cma-es"
            )
        return ""


def _best(given: Parents) -> Matrix | None:
    """The best of the island and the migrants; None if there is nobody."""
    fitness = np.concatenate([given.fitness, given.migrants_fitness])
    if not (fitness > DEAD).any():
        return None
    return np.concatenate([given.genomes, given.migrants])[int(np.argmax(fitness))]
