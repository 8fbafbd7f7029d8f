"""Who draws, and not when or where, decides what is drawn."""

from __future__ import annotations

import random
from array import array

from engine.breeding import ELITES, Breeder, best
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


def breeder(own: list[Individual], *, migrants: list[Individual] | None = None, generation: int = 2, island: int = 1) -> Breeder:
    return Breeder(seed=7, island=island, generation=generation, own=own, migrants=migrants or [], task=Hill(), limit=LIMIT)


def test_an_individual_is_the_same_in_whatever_order_they_are_bred() -> None:
    own = individuals(*range(20))
    forward = [breeder(own).breed(index).genome for index in range(20)]
    random.seed("something else was drawn in between")
    backward = [breeder(own).breed(index).genome for index in reversed(range(20))]
    assert forward == backward[::-1]


def test_every_individual_island_and_generation_draws_its_own() -> None:
    first = [breeder([], generation=1, island=island).breed(index).genome.tobytes() for island in range(3) for index in range(5)]
    assert len(set(first)) == 15


def test_the_elite_goes_on_unchanged_and_the_dead_never_breed() -> None:
    own = individuals(DEAD, 5, 9, DEAD, 7)
    assert [breeder(own).breed(index).genome for index in range(ELITES)] == [own[2].genome, own[4].genome]
    only = individuals(DEAD, DEAD, 3, DEAD)
    only[0].genome = array("f", [1000.0] * Hill.weights)
    assert all(abs(weight) < 8 for index in range(30) for weight in breeder(only).breed(index).genome)


def test_a_migrant_can_be_a_parent() -> None:
    bred = breeder(individuals(DEAD, DEAD), migrants=individuals(1.0)).breed(5)
    fresh = breeder([], generation=2).breed(5)
    assert bred.genome != fresh.genome


def test_where_nobody_lives_new_ones_are_made() -> None:
    assert breeder(individuals(DEAD, DEAD)).breed(3).genome == breeder([]).breed(3).genome


def test_no_weight_leaves_the_tasks_limit() -> None:
    wild = individuals(1.0, 2.0, 3.0)
    for individual in wild:
        individual.genome = array("f", [1e30, -1e30, 7.9, -7.9, 0.0, float("inf")])
    assert all(abs(weight) <= 8 for index in range(2, 40) for weight in breeder(wild).breed(index).genome)


def test_of_two_equals_the_first_is_better() -> None:
    own = individuals(1, 4, 4, DEAD)
    assert best(own, 3) == [own[1], own[2], own[0]]
