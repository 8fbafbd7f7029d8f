"""CMA-ES by the library is as good here as the library is by itself, and its state is what this engine thinks it is."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from engine import covariance
from engine.breeding import STRATEGIES, unsuitable
from tests.engine.functions import Contest, rastrigin, rosenbrock, sphere

CONTESTS = [
    Contest(function=sphere, weights=25, strategy="cma-es", population=20, generations=200),
    Contest(function=rosenbrock, weights=25, strategy="cma-es", population=20, generations=500),
    Contest(function=rastrigin, weights=25, strategy="cma-es", population=100, generations=150),
    Contest(function=sphere, weights=25, strategy="sep-cma-es", population=20, generations=200),
    Contest(function=sphere, weights=1626, strategy="sep-cma-es", population=30, generations=100, seeds=(1,)),
]


@pytest.mark.parametrize("contest", CONTESTS, ids=lambda one: f"{one.function.__name__}-{one.weights}-{one.strategy}")
def test_the_error_is_within_ten_times_the_librarys_own(contest: Contest) -> None:
    assert contest.engine() < 10 * contest.library()


def test_the_genetic_algorithms_step_becomes_as_small_as_it_must() -> None:
    contest = Contest(function=sphere, weights=25, strategy="ga", population=100, generations=100, seeds=(1,))
    assert contest.engine() < 1e-3 < contest.random()


@pytest.mark.parametrize("strategy", [covariance.FullMatrix(), covariance.Diagonal()], ids=["cma-es", "sep-cma-es"])
def test_the_library_names_its_state_as_this_engine_does(strategy: Any) -> None:
    """Where this fails, the library has changed what it stores: read engine/covariance.py with its new release."""
    run = strategy.library(mean=np.zeros(3), sigma=1.0, population_size=6)
    state = run.__getstate__()
    names = {"_g", "_sigma", "_mean", "_p_sigma", "_pc", strategy.matrix, "_funhist_values"}
    assert names <= state.keys()
    constant = {name: np.array(value) for name, value in state.items() if name not in names and value is not None}
    run.tell([(run.ask(), float(value)) for value in range(6)])
    changed = {
        name
        for name, value in run.__getstate__().items()
        if name not in names and name not in ("_B", "_D") and value is not None and not np.array_equal(constant[name], value)
    }
    assert not changed, "all that a generation changes must be kept"


def test_what_a_machine_cant_breed_is_said() -> None:
    assert [unsuitable(strategy, 25, 10_000) for strategy in STRATEGIES] == ["", "", ""]
    assert unsuitable("sep-cma-es", 16_384, 25_000) == ""
    assert "use sep-cma-es" in unsuitable("cma-es", 501, 4)
    assert "use sep-cma-es" in unsuitable("cma-es", 200, 1000)
    assert unsuitable("annealing", 25, 4) == "it is bred by 'annealing', and this engine knows ga, cma-es, sep-cma-es"
