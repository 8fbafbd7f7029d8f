"""What the engine takes: bytes and microseconds an individual, generations a second, write units a generation (make bench).

Each figure stands beside the bound of the environment table, or beside something measured in the same run.
"""

from __future__ import annotations

import argparse
import gc
import statistics
import tempfile
import time
import tracemalloc
from array import array
from pathlib import Path

import psutil

from engine import keyed
from engine.breeding import Breeder
from engine.cartpole import CartPole
from engine.evaluators import EvaluatorPool, ScoreBatch
from engine.individuals import WEIGHT_BYTES, Individual
from engine.population import Population
from engine.store import Store
from engine.worker import Worker
from local import emulator
from tests.engine import aws, plugins
from tests.engine.test_individuals import deep_size

LIMIT = plugins.LIMIT

TARGET_US = 3
MADE = 100_000
LARGEST = plugins.LargeNothing.weights

INDIVIDUALS = 10_000
OVERHEAD_US = 20
"""CPU that an individual may take besides its episodes. CartPole's take a hundred times as much."""

POPULATIONS = (100, 1_000, 10_000)
ISLANDS = 4
GENERATIONS = 3


def size() -> None:
    """Bytes an individual, by arithmetic and by a walk over all that it refers to."""
    for name, weights in (("CartPole's", CartPole.weights), ("the largest", LARGEST)):
        individual = Individual(array("f", bytes(weights * WEIGHT_BYTES)), LIMIT)
        individual.fitness = weights / 7
        print(f"{name:24} {weights:>6} weights  {deep_size(individual):>6} bytes (deep)  {individual.size:>6} by arithmetic  bound {LIMIT}")


def instantiation() -> None:
    """Microseconds to make an individual from a ready genome, each timed by itself, beside an empty object()."""
    clock = time.perf_counter_ns
    genomes = {"CartPole's": CartPole.weights, "the largest": LARGEST}
    gc.disable()  # a collection while one is made isn't part of making it
    for name, weights in genomes.items():
        genome = array("f", bytes(weights * WEIGHT_BYTES))
        took, empty, nothing = array("q", bytes(8 * MADE)), array("q", bytes(8 * MADE)), array("q", bytes(8 * MADE))
        for index in range(MADE):
            start = clock()
            Individual(genome, LIMIT)
            took[index] = clock() - start
            start = clock()
            object()
            empty[index] = clock() - start
            start = clock()
            nothing[index] = clock() - start
        for what, times in ((f"{name} individual", took), ("object()", empty), ("the clock alone", nothing)):
            cuts = statistics.quantiles(times, n=100)
            print(f"{what:24} median {cuts[49] / 1000:>6.3f} µs  p99 {cuts[98] / 1000:>6.3f} µs  of {MADE:,}  target {TARGET_US} µs")
    gc.enable()


def overhead() -> None:
    """CPU microseconds an individual, besides its episodes: to breed it, in this process; to score it, here and in the evaluators."""
    for task in (plugins.Nothing, plugins.LargeNothing):
        pool = EvaluatorPool(f"{plugins.__name__}:{task.__name__}", seconds=30, evaluators=None)
        spec, before = pool.spec, Population([])
        for generation in (1, 2, 3):  # the last counts: everything is warm
            breeder = Breeder(strategy="ga", seed=7, island=0, generation=generation, previous=before, migrants=(), task=spec, limit=LIMIT)
            start = time.process_time()
            before = breeder.breed(INDIVIDUALS)
            bred = time.process_time() - start
            genomes = {index: one.genome.tobytes() for index, one in enumerate(before.individuals)}
            start, others = time.process_time(), _others()
            seeds = keyed.episode_seeds(7, 0, generation, [*genomes], spec.episodes)
            results = pool.run(ScoreBatch(genomes=genomes, seeds=seeds))
            scored, others = time.process_time() - start, _others() - others
            for index, one in enumerate(before.individuals):
                one.fitness = results.fitness[index]
        each = [seconds / INDIVIDUALS * 1e6 for seconds in (bred, scored, others)]
        print(
            f"{spec.weights:>5} weights            bred in {each[0]:>5.1f} µs of CPU, scored in {each[1]:>5.1f} µs here and "
            f"{each[2]:>5.1f} in the evaluators, of {INDIVIDUALS:,}  bound {OVERHEAD_US} in all for CartPole's"
        )
        pool.close()


def _others() -> float:
    """CPU seconds of all evaluators."""
    times = [one.cpu_times() for one in psutil.Process().children(recursive=True)]
    return sum(one.user + one.system for one in times)


def memory() -> None:
    """Bytes of 10,000 of the largest individuals, alive at once."""
    genome = array("f", bytes(LARGEST * WEIGHT_BYTES))
    tracemalloc.start()
    before = tracemalloc.get_traced_memory()[0]
    individuals = [Individual(genome, LIMIT) for _ in range(10_000)]
    for index, individual in enumerate(individuals):
        individual.fitness = index / 7
    taken = tracemalloc.get_traced_memory()[0] - before
    tracemalloc.stop()
    print(f"10,000 of the largest    {taken / 2**20:.1f} MiB with their list, {taken / 10_000:.0f} bytes each")


def generations(populations: tuple[int, ...]) -> None:
    """Generations a second and write units a generation, of one worker with an emulator, by population."""
    with tempfile.TemporaryDirectory() as folder:
        started = emulator.start(Path(folder), "dev", aws.ROOT / ".local" / emulator.VENV)
        try:
            aws.make_tables(started.endpoint)
            world = aws.EngineCloud(started.endpoint, aws.aws(started.endpoint))
            for population in populations:
                _generations(world, population)
        finally:
            emulator.stop(Path(folder), "dev")


def _generations(world: aws.EngineCloud, population: int) -> None:
    changes = {
        "EVOLUTION_TASK": "tests.engine.plugins:CappedCartPole",
        "EVOLUTION_POPULATION": str(population),
        "MAX_CONCURRENT_AGENTS": "10000",
        "EVOLUTION_ISLANDS": str(ISLANDS),
    }
    settings = aws.settings(world.endpoint, **changes)
    store = Store(settings, world.clients)
    pool = EvaluatorPool(settings.task, seconds=30, evaluators=None)
    worker = Worker(settings, store, pool, name="bench", signing_key=aws.KEY)
    world.trigger(f"evo-warm-up-{population}", generations=1)
    while worker.step():
        pass
    evolution = world.trigger(f"evo-{population}", generations=GENERATIONS + 1)
    while len(world.records(evolution)) < 1:
        worker.step()
    begun, units = time.perf_counter(), store.write_units
    while len(world.records(evolution)) < GENERATIONS + 1:
        worker.step()
    seconds, units = (time.perf_counter() - begun) / GENERATIONS, (store.write_units - units) / GENERATIONS
    pool.close()
    print(
        f"population {population:>6,}        {1 / seconds:>6.2f} generations/s  {population / seconds:>8,.0f} individuals/s  "
        f"{units:>5.1f} write units a generation ({ISLANDS} islands)"
    )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--quick", action="store_true", help="only the smallest population")
    quick: bool = parser.parse_args().quick
    size()
    instantiation()
    overhead()
    memory()
    generations(POPULATIONS[:1] if quick else POPULATIONS)


if __name__ == "__main__":
    main()
