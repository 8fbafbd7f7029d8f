"""Who draws, and not when or where, decides what is drawn."""

from __future__ import annotations

import random
import subprocess
import sys
from array import array
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from engine import EngineError, covariance, tasks
from engine.breeding import STRATEGIES, Breeder, best, ranking
from engine.genetic import CELLS, ELITES
from engine.individuals import DEAD, Individual
from engine.population import Population
from tests.engine.functions import digests
from tests.engine.plugins import Hill

ROOT = Path(__file__).resolve().parents[2]

LIMIT = 8192

CHUNK = CELLS // Hill.weights


def individuals(*fitness: float) -> list[Individual]:
    made: list[Individual] = []
    for index, one in enumerate(fitness):
        individual = Individual(array("f", [index / 10] * Hill.weights), LIMIT)
        individual.fitness = one
        made.append(individual)
    return made


def bred(
    previous: Population,
    count: int,
    *,
    strategy: str = "ga",
    migrants: Sequence[Individual] = (),
    generation: int = 2,
    island: int = 1,
) -> Population:
    breeder = Breeder(
        strategy=strategy,
        seed=7,
        island=island,
        generation=generation,
        previous=previous,
        migrants=migrants,
        task=tasks.spec_of(Hill()),
        limit=LIMIT,
    )
    return breeder.breed(count)


def breed(previous: Sequence[Individual], count: int, state: bytes = b"", **given: Any) -> list[array[float]]:
    return [individual.genome for individual in bred(Population(previous, state), count, **given).individuals]


@pytest.fixture(params=STRATEGIES)
def strategy(request: pytest.FixtureRequest) -> str:
    return request.param


def scored(population: Population) -> Population:
    """As the hill scores them."""
    for individual in population.individuals:
        individual.fitness = tasks.fitness(Hill(), individual.genome, [0])
    return population


def test_whatever_else_was_drawn_the_same_are_bred(strategy: str) -> None:
    first = scored(bred(Population([]), 20, strategy=strategy, generation=1))
    before = bred(first, 20, strategy=strategy)
    random.seed("something else was drawn in between")
    np.random.default_rng().random()
    np.random.seed(3)
    again = bred(first, 20, strategy=strategy)
    assert [one.genome for one in again.individuals] == [one.genome for one in before.individuals]
    assert again.state == before.state


@pytest.mark.slow
def test_whatever_instructions_the_environment_asks_for_the_same_are_bred() -> None:
    """OpenBLAS and numpy round otherwise with others. Here they are the engine's, too: this process imported it before numpy."""
    told = {"OPENBLAS_CORETYPE": "Nehalem", "OPENBLAS_NUM_THREADS": "2", "NPY_ENABLE_CPU_FEATURES": " ", "PYTHONPATH": str(ROOT)}
    command = [sys.executable, "-c", "import engine; from tests.engine.functions import digests; print(*digests())"]
    there = subprocess.run(command, env=told, capture_output=True, text=True, timeout=300, check=True).stdout.split()
    assert there == digests()


def test_every_individual_island_and_generation_draws_its_own(strategy: str) -> None:
    fresh = [
        genome.tobytes()
        for island in range(3)
        for generation in (1, 2)
        for genome in breed([], 5, strategy=strategy, generation=generation, island=island)
    ]
    assert len(set(fresh)) == 30
    assert len({genome.tobytes() for genome in breed([], 2 * CHUNK + 1, strategy=strategy)}) == 2 * CHUNK + 1


def test_the_first_of_a_chunk_are_the_same_however_many_chunks_there_are() -> None:
    assert breed([], 3 * CHUNK)[: 2 * CHUNK] == breed([], 2 * CHUNK)


def test_the_elite_goes_on_unchanged_and_the_dead_never_breed() -> None:
    previous = individuals(DEAD, 5, 9, DEAD, 7)
    assert breed(previous, 5)[:ELITES] == [previous[2].genome, previous[4].genome]
    only = individuals(DEAD, DEAD, 3, DEAD)
    only[0].genome = array("f", [1000.0] * Hill.weights)
    assert all(abs(weight) < 8 for genome in breed(only, 30) for weight in genome)


def test_the_better_breed_and_their_children_are_like_them() -> None:
    previous = individuals(*range(40))
    children = breed(previous, 200)[ELITES:]
    mean = sum(map(sum, children)) / len(children) / Hill.weights
    assert mean > 0.7 * 3.9, "of the best third of genomes of 0 to 3.9"
    assert len({genome.tobytes() for genome in children}) > 180


def test_a_migrant_can_be_a_parent() -> None:
    assert breed(individuals(DEAD, DEAD), 6, migrants=individuals(1.0)) != breed([], 6)


def test_where_nobody_lives_new_ones_are_made(strategy: str) -> None:
    made = {genome.tobytes() for genome in breed(individuals(*[DEAD] * 8), 8, strategy=strategy)}
    assert len(made) == 8
    assert not made & {one.genome.tobytes() for one in individuals(*[DEAD] * 8)}


@pytest.mark.parametrize("name", ["cma-es", "sep-cma-es"])
def test_where_a_run_begins_anew_the_best_of_all_goes_on_even_from_another_island(name: str) -> None:
    population = scored(bred(Population([]), 20, strategy=name, generation=1))
    champion = individuals(1000.0)
    champion[0].genome = array("f", [3.5] * Hill.weights)
    assert champion[0].genome not in breed(
        population.individuals, 20, strategy=name, generation=2, state=population.state, migrants=champion
    )
    anew = breed(population.individuals, 20, strategy=name, generation=2, migrants=champion)
    assert anew[0] == champion[0].genome
    later = scored(bred(population, 20, strategy=name, generation=50, migrants=champion))
    assert later.individuals[0].genome == champion[0].genome, "it isn't the island's first run"
    own = later.individuals[ranking(later.individuals)[0]].genome
    assert breed(later.individuals, 20, strategy=name, generation=51, state=later.state)[0] == own


@pytest.mark.parametrize("name", ["cma-es", "sep-cma-es"])
def test_a_run_is_told_what_it_drew_to_the_last_bit(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    first = scored(bred(Population([]), 20, strategy=name, generation=1))
    second = scored(bred(first, 20, strategy=name))
    kind: Any = covariance.FullMatrix.library if name == "cma-es" else covariance.Diagonal.library
    told: list[Any] = []
    tell = kind.tell

    def listen(run: Any, solutions: Any) -> None:
        told.extend(solutions)
        tell(run, solutions)

    monkeypatch.setattr(kind, "tell", listen)
    bred(second, 20, strategy=name, generation=3)
    points = sorted((np.array(point) for point, _ in told), key=lambda point: point[0])
    genomes = sorted((np.array(one.genome) for one in second.individuals), key=lambda genome: genome[0])
    for point, genome in zip(points, genomes, strict=True):
        assert ((point * Hill.weight_limit).astype(np.float32) == genome).all()
        assert (point * Hill.weight_limit != genome).any(), "it was rounded"


def test_every_strategy_climbs_the_hill_from_generation_to_generation(strategy: str) -> None:
    population = scored(bred(Population([]), 30, strategy=strategy, generation=1))
    first = max(one.fitness for one in population.individuals)
    for generation in range(2, 41):
        population = scored(bred(population, 30, strategy=strategy, generation=generation))
    assert first < 99
    assert max(one.fitness for one in population.individuals) > 99.99


@pytest.mark.parametrize("before", STRATEGIES)
def test_what_another_strategy_or_an_older_engine_left_is_no_hindrance(strategy: str, before: str) -> None:
    left = scored(bred(Population([]), 20, strategy=before, generation=1))
    for state in (left.state, b"", b"x", left.state[:-8], bytes(len(left.state)), b"\xff" * len(left.state)):
        made = scored(bred(Population(left.individuals, state), 20, strategy=strategy))
        assert len(bred(made, 20, strategy=strategy, generation=3).individuals) == 20
        assert all(abs(weight) <= 8 for one in made.individuals for weight in one.genome)


@pytest.mark.parametrize("count", [4, 5, 8])
def test_the_smallest_islands_are_bred_too_and_with_somebody_dead(strategy: str, count: int) -> None:
    population = scored(bred(Population([]), count, strategy=strategy, generation=1))
    for generation in range(2, 30):
        population.individuals[generation % count].fitness = DEAD
        population = scored(bred(population, count, strategy=strategy, generation=generation))
        assert len(population.individuals) == count
    for one in population.individuals:
        one.fitness = DEAD
    assert len(bred(population, count, strategy=strategy, generation=31).individuals) == count


def test_no_weight_leaves_the_tasks_limit() -> None:
    wild = individuals(1.0, 2.0, 3.0)
    for individual in wild:
        individual.genome = array("f", [1e30, -1e30, 7.9, -7.9, 0.0, float("inf")])
    assert all(abs(weight) <= 8 for genome in breed(wild, 40)[ELITES:] for weight in genome)


def test_individuals_of_another_task_are_no_parents() -> None:
    other = Individual(array("f", [1.0]), LIMIT)
    other.fitness = 1.0
    with pytest.raises(EngineError, match="have 1 weights, and its task has 6 now"):
        breed([other], 4)


def test_of_two_equals_the_first_is_better() -> None:
    previous = individuals(1, 4, 4, DEAD)
    assert best(previous, 3) == [previous[1], previous[2], previous[0]]
