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
        """Individuals drawn from the distribution. Once a run has begun anew, the first of them is the best of the island and its
        neighbours, unchanged but scored again, so that what was found before isn't lost."""
        most, run, kept = given.weight_limit, self._told(given, count), _best(given)
        if run is None:
            mean = np.zeros(given.weights)
            if kept is not None:
                mean += given.draw(0).uniform(-FIRST_MEAN, FIRST_MEAN, given.weights)
            run = self._begin(mean, count)
        state = run.__getstate__()
        if _is_first(state["_g"], given.generation):
            kept = None
        content = np.concatenate([[state["_g"], state["_sigma"]], *(state[name] for name in self._names)]).astype(np.float64).tobytes()
        # Drawn from what is stored, so that they can be drawn again.
        drawn = _samples(cast(_Library, self._read(content, given.weights, count)), given.key, count - (kept is not None))
        return (_genomes(drawn, most) if kept is None else np.vstack([kept, _genomes(drawn, most)])), content

    @property
    def _names(self) -> tuple[str, ...]:
        return ("_mean", "_p_sigma", "_pc", self.matrix)

    def _begin(self, mean: NDArray[np.float64], drawn: int) -> _Library:
        with np.errstate(divide="ignore"):  # of two individuals, one rate is zero, and the library divides by it
            return cast(_Library, self.library(mean=mean, sigma=FIRST_SIGMA, population_size=drawn))

    def _read(self, content: bytes, weights: int, drawn: int) -> _Library | None:
        """A run in a state; None if it is none."""
        numbers = np.frombuffer(content, np.float64) if content and len(content) % 8 == 0 else np.zeros(2)
        run = self._begin(np.zeros(weights), drawn)
        state = run.__getstate__()
        ends = 2 + np.cumsum([len(state[name]) for name in self._names])
        if len(numbers) != ends[-1] or not np.isfinite(numbers).all() or numbers[1] <= 0:
            return None
        parts = [part.copy() for part in np.split(numbers[2:], ends[:-1] - 2)]
        state |= {"_g": int(numbers[0]), "_sigma": float(numbers[1]), **dict(zip(self._names, parts, strict=True))}
        # The library would also stop where all scores are alike, which is no reason on a plateau such as CartPole's top: so they never are.
        state["_funhist_values"] = np.arange(len(state["_funhist_values"]), dtype=np.float64)
        run.__setstate__(state)
        return run

    def _told(self, given: Parents, count: int) -> _Library | None:
        """The run, after the last generation; None if there is none that could go on."""
        run = self._read(given.state, given.weights, count)
        if run is None or len(given.fitness) != count:
            return None
        start = 0 if _is_first(run.__getstate__()["_g"], given.generation - 1) else 1
        alive, genomes = given.fitness[start:] > DEAD, given.genomes[start:]
        if start:
            run = cast(_Library, self._read(given.state, given.weights, count - start))
        if not alive.any():
            return None
        losses = -given.fitness[start:]
        losses[~alive] = losses[alive].max() + 1
        try:
            # As they were drawn: of 32 bits, the finest steps would be mostly rounding.
            points = np.clip(_samples(run, given.key_before, count - start), -1, 1)
            others = (_genomes(points, given.weight_limit) != genomes).any(axis=1)
            points[others] = genomes[others].astype(np.float64) / given.weight_limit
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


def _samples(run: _Library, key: int, count: int) -> NDArray[np.float64]:
    run.reseed_rng(key % (1 << 32))
    return np.array([run.ask() for _ in range(count)])


def _genomes(points: NDArray[np.float64], most: float) -> Matrix:
    return (np.clip(points, -1, 1) * most).astype(np.float32)


def _is_first(told: float, generation: int) -> bool:
    """Whether a run that was told so often is the island's first, which is told one generation less than there are."""
    return told == generation - 1


def _best(given: Parents) -> Matrix | None:
    """The best of the island and the migrants; None if there is nobody."""
    fitness = np.concatenate([given.fitness, given.migrants_fitness])
    if not (fitness > DEAD).any():
        return None
    return np.concatenate([given.genomes, given.migrants])[int(np.argmax(fitness))]
