"""Who draws, and not when or where, decides what is drawn."""

from __future__ import annotations

import random
from array import array

import numpy as np
import pytest

from engine import EngineError, tasks
from engine.breeding import CHUNK, ELITES, Breeder, best
from engine.individuals import DEAD, Individual
from tests.engine.plugins import Hill

LIMIT = 8192


def individuals(*fitness: float) -> list[Individual]:
    made: list[Individual] = []
    for index, one in enumerate(fitness):
        individual = Individual(array("f", [index / 10] * Hill.weights), LIMIT)
        individual.fitness = one
        made.append(individual)
    return made


def breed(
    previous: list[Individual], count: int, *, migrants: list[Individual] | None = None, generation: int = 2, island: int = 1
) -> list[array[float]]:
    breeder = Breeder(
        seed=7, island=island, generation=generation, previous=previous, migrants=migrants or [], task=tasks.spec_of(Hill()), limit=LIMIT
    )
    return [individual.genome for individual in breeder.breed(count)]


def test_whatever_else_was_drawn_the_same_are_bred() -> None:
    previous = individuals(*range(20))
    before = breed(previous, 20)
    random.seed("something else was drawn in between")
    np.random.default_rng().random()
    assert breed(previous, 20) == before


def test_every_individual_island_and_generation_draws_its_own() -> None:
    fresh = [
        genome.tobytes() for island in range(3) for generation in (1, 2) for genome in breed([], 5, generation=generation, island=island)
    ]
    assert len(set(fresh)) == 30
    assert len({genome.tobytes() for genome in breed([], 2 * CHUNK + 1)}) == 2 * CHUNK + 1


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


def test_where_nobody_lives_new_ones_are_made() -> None:
    assert breed(individuals(DEAD, DEAD), 4) == breed([], 4)


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
