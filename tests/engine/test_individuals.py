"""Individuals are small, and nobody can make a large one."""

from __future__ import annotations

import gc
import sys
from array import array

import pytest

from engine import population
from engine.individuals import DEAD, OVERHEAD, Individual, IndividualTooLargeError, instantiation_microseconds, made_of
from engine.population import Population


def deep_size(thing: object) -> int:
    """Bytes of an object and of all that it alone refers to: classes and modules are everybody's."""
    seen: dict[int, object] = {}
    waiting = [thing]
    while waiting:
        one = waiting.pop()
        if id(one) not in seen and not isinstance(one, type):
            seen[id(one)] = one
            waiting += gc.get_referents(one)
    return sum(map(sys.getsizeof, seen.values()))


def weighing(genome_bytes: int) -> array[float]:
    """A genome of so many bytes."""
    return array("f", bytes(genome_bytes))


@pytest.mark.parametrize("weights", [0, 1, 25, 1000, 1626])
def test_the_size_is_what_a_walk_over_everything_finds(weights: int) -> None:
    individual = Individual(weighing(4 * weights), 6656)
    individual.fitness = float(f"{weights}.5")  # a float of its own, as every scored individual has
    assert individual.size == deep_size(individual)


def test_an_individual_with_the_largest_genome_is_born_and_a_larger_one_isnt() -> None:
    room = (6656 - OVERHEAD) // 4 * 4
    assert Individual(weighing(room), 6656).size <= 6656
    with pytest.raises(IndividualTooLargeError, match="AGENT_MEMORY_LIMIT allows 6656"):
        Individual(weighing(room + 4), 6656)


def test_a_genome_is_its_individuals_own() -> None:
    genome = array("f", [1.0, 2.0])
    first, second = Individual(genome, 8192), Individual(genome, 8192)
    first.genome[0] = 9.0
    assert second.genome[0] == 1.0


def test_nothing_can_be_hung_onto_an_individual() -> None:
    with pytest.raises(AttributeError):
        Individual(array("f"), 8192).note = "more"  # type: ignore[attr-defined]  (that is the point)


def test_an_individual_is_made_in_less_than_the_target() -> None:
    fastest = min(instantiation_microseconds(1600, 6656) for _ in range(5))
    assert fastest < 3, f"making an individual of 6.5 KB takes {fastest:.2f} µs, and the table allows 3"


def test_ten_thousand_individuals_come_back_from_bytes_as_they_were() -> None:
    individuals = [Individual(array("f", [index, -index]), 8192) for index in range(10_000)]
    for index, individual in enumerate(individuals):
        individual.fitness = index / 3 if index % 7 else float("-inf")
    again = population.decode(population.encode(Population(individuals)), 8192)
    assert [(one.genome, one.fitness) for one in again.individuals] == [(one.genome, one.fitness) for one in individuals]


def test_a_strategys_state_comes_back_with_them_and_without_one_they_are_as_older_engines_wrote_them() -> None:
    individuals = [Individual(weighing(8), 8192) for _ in range(3)]
    with_state = population.encode(Population(individuals, b"state"))
    assert population.decode(with_state, 8192).state == b"state"
    assert len(population.decode(with_state, 8192).individuals) == 3
    assert population.encode(Population(individuals))[4] == 1
    assert population.decode(population.encode(Population([])), 8192) == ([], b"")


def test_many_made_at_once_are_as_those_made_one_by_one() -> None:
    genomes = array("f", range(30))
    made = made_of(genomes, 10, 8192)
    assert [(one.genome, one.fitness) for one in made] == [(genomes[start : start + 10], DEAD) for start in (0, 10, 20)]
    assert [deep_size(one) for one in made] == [made[0].size] * 3
    with pytest.raises(IndividualTooLargeError, match="AGENT_MEMORY_LIMIT allows 100"):
        made_of(genomes, 10, 100)


POPULATION = population.encode(Population([Individual(weighing(8), 8192) for _ in range(3)]))


@pytest.mark.parametrize(
    "content",
    [
        b"",
        POPULATION[:10],
        POPULATION[:-1],
        POPULATION + b"x",
        b"????" + POPULATION[4:],
        POPULATION[:4] + b"\x03" + POPULATION[5:],
        POPULATION[:12] + bytes(4) + POPULATION[16:],
    ],
    ids=["empty", "head only", "cut", "longer", "something else", "of another version", "without weights"],
)
def test_bytes_that_are_no_population_are_refused(content: bytes) -> None:
    with pytest.raises(population.CorruptPopulationError):
        population.decode(content, 8192)


def test_stored_individuals_keep_to_the_limit_too() -> None:
    content = population.encode(Population([Individual(weighing(4000), 8192)]))
    with pytest.raises(IndividualTooLargeError):
        population.decode(content, 2048)
