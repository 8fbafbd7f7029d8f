"""How fast the engine breeds and scores, and how well it searches, beside its peers in the same run (make bench).

CPU time on one pinned core, so that what else the machine does changes little. Only the row of the cores is wall-clock time: it means
something on an idle machine alone.
"""

from __future__ import annotations

import argparse
import os
import time
from collections.abc import Callable
from functools import partial
from typing import Any

from engine import keyed, population  # before numpy, which it tells which instructions to use

# isort: split
import numpy as np
import psutil
from gymnasium.envs.classic_control.cartpole import CartPoleVectorEnv

from engine.breeding import STRATEGIES, Breeder, best
from engine.cartpole import CartPole
from engine.evaluators import EvaluatorPool, ScoreBatch
from engine.population import Population
from engine.tasks import TaskSpec
from tests.engine import double_pole, plugins
from tests.engine.functions import Contest, rastrigin, rosenbrock, sphere

INDIVIDUALS = 10_000
CPU_US = 20
"""Of an individual, in all processes."""

ROWS = (384, 768, 6_000)
"""Episodes at once: a job of 128 and of 256 individuals with three each, and what numpy likes best."""

BALANCES = {0: 0.3, 4: 1.0, 8: 3.0, 12: 3.0, 20: 1.0}
"""The weights of a network that never falls; the others are zero."""

CONTESTS = (
    Contest(function=sphere, weights=25, strategy="cma-es", population=20, generations=250),
    Contest(function=sphere, weights=25, strategy="sep-cma-es", population=20, generations=250),
    Contest(function=rosenbrock, weights=25, strategy="cma-es", population=20, generations=1200, seeds=range(1, 22), further=500),
    Contest(function=rastrigin, weights=25, strategy="cma-es", population=400, generations=250),
    Contest(function=sphere, weights=1626, strategy="sep-cma-es", population=30, generations=2000, seeds=(1,)),
)
"""Each long enough for the library to come near, and not so long that a 32-bit float can't. On Rosenbrock's function the error stays near 1
for 1,200 generations, and falls by ten orders of magnitude in the next 300, sooner or later by the seed: so there are many seeds, and the
evaluations until `NEAR` are compared, too."""

NEAR = 1e-9


def least(work: Callable[[], object], times: int = 5) -> float:
    """CPU seconds of the quickest of some runs."""
    took: list[float] = []
    for _ in range(times):
        start = time.process_time()
        work()
        took.append(time.process_time() - start)
    return min(took)


def cartpole() -> None:
    """Steps a second: the default task with its network, and gymnasium's vectorised environment with pushes that are there already."""
    network = np.zeros(CartPole.weights, np.float32)
    for index, weight in BALANCES.items():
        network[index] = weight
    for rows in ROWS:
        genomes, seeds = np.tile(network, (rows, 1)), np.arange(rows, dtype=np.uint32)
        ours = rows * CartPole.steps / least(lambda genomes=genomes, seeds=seeds: CartPole().play_batch(genomes, seeds, CartPole.steps))
        environment: Any = CartPoleVectorEnv(rows)
        environment.reset(seed=1)
        pushes = np.random.default_rng(1).integers(0, 2, (100, rows))
        theirs = rows * len(pushes) / least(lambda environment=environment, pushes=pushes: [environment.step(one) for one in pushes])
        print(f"CartPole, {rows:>5} episodes  {ours / 1e6:>5.1f} million steps/s with the network; gymnasium {theirs / 1e6:>5.1f} without")


def bare(weights: int) -> Callable[[], object]:
    """Tournaments, blend and Gaussian mutation on a matrix, as anybody writes them in numpy: what breeding takes at least."""
    draw, most = np.random.default_rng(7), 16.0
    genomes, fitness = draw.standard_normal((INDIVIDUALS, weights)), draw.standard_normal(INDIVIDUALS)

    def breed() -> object:
        picks = draw.integers(INDIVIDUALS, size=(2, INDIVIDUALS, 3))
        winners = np.take_along_axis(picks, np.argmax(fitness[picks], axis=2)[..., None], axis=2)[..., 0]
        mothers, fathers = genomes[winners[0]], genomes[winners[1]]
        blend = 1.6 * draw.random(mothers.shape) - 0.3
        blend[draw.random(INDIVIDUALS) >= 0.6] = 0.0
        mutated = draw.random(mothers.shape) < 0.3
        return np.clip(mothers + blend * (fathers - mothers) + mutated * draw.normal(0.0, 0.5, mothers.shape), -most, most)

    return breed


def breeding() -> None:
    """CPU microseconds to breed an individual, beside bare numpy's."""
    for weights in (CartPole.weights, plugins.LargeNothing.weights):
        spec = TaskSpec(weights=weights, weight_limit=16.0, episodes=1, steps=1)
        floor = least(bare(weights)) / INDIVIDUALS * 1e6
        for strategy in STRATEGIES:
            if strategy == "cma-es" and weights > CartPole.weights:
                continue
            count = INDIVIDUALS if strategy == "ga" else INDIVIDUALS // 4
            breeder = _breeder(strategy, 2, _scored(_breeder(strategy, 1, Population([]), spec).breed(count)), spec)
            took = least(partial(breeder.breed, count)) / count * 1e6
            print(f"{weights:>5} weights, {strategy:10} bred in {took:>5.2f} µs of CPU; bare numpy {floor:>5.2f}  ratio {took / floor:.2f}")


def _breeder(strategy: str, generation: int, before: Population, spec: TaskSpec) -> Breeder:
    return Breeder(strategy=strategy, seed=7, island=0, generation=generation, previous=before, migrants=(), task=spec, limit=plugins.LIMIT)


def _scored(made: Population) -> Population:
    for index, individual in enumerate(made.individuals):
        individual.fitness = float(index * 7919 % 1000)
    return made


def whole() -> None:
    """CPU microseconds of an individual from generation to generation, all that is done with it, in all processes."""
    for name in ("tests.engine.plugins:CappedCartPole", "cartpole"):
        pool, made = EvaluatorPool(name, seconds=60, evaluators=1), Population([])
        spec, took, steps = pool.spec, 0.0, 0.0
        for generation in range(1, 5):  # the last counts: everything is warm
            start = _all_processes()
            bred = _breeder("ga", generation, made, spec).breed(INDIVIDUALS)
            genomes = {index: one.genome.tobytes() for index, one in enumerate(bred.individuals)}
            seeds = keyed.episode_seeds(7, 0, generation, range(INDIVIDUALS), spec.episodes)
            results = pool.run(ScoreBatch(genomes=genomes, seeds=seeds))
            for index, individual in enumerate(bred.individuals):
                individual.fitness = results.fitness[index]
            best(bred.individuals, 2)
            made = population.decode(population.encode(bred), plugins.LIMIT)
            took = (_all_processes() - start) / INDIVIDUALS * 1e6
            steps = sum(results.fitness.values()) / INDIVIDUALS * spec.episodes
        name = name.rpartition(":")[2]
        print(f"{name:24} {took:>5.1f} µs of CPU each of {INDIVIDUALS:,}, with {steps:.0f} steps; bound {CPU_US} with 20")
        pool.close()


def _all_processes() -> float:
    return sum(_by_process().values())


def _by_process() -> dict[int, float]:
    """CPU seconds of this process and its evaluators."""
    own = psutil.Process()
    return {one.pid: sum(one.cpu_times()[:2]) for one in (own, *own.children(recursive=True))}


def cores(free: set[int]) -> None:
    """How much faster two cores score 10,000 individuals than one: by the clock, and by the CPU time of each process, which a busy machine
    changes less. By that, two cores take half of all time, or as long as the longest process."""
    if len(free) < 2:
        print("cores                    only one is here")
        return
    clock, busy = dict[int, float](), dict[int, float]()
    for count in (2, 1):  # whom evaluators are forked from keeps the cores that it began with
        os.sched_setaffinity(0, set(sorted(free)[:count]))
        pool = EvaluatorPool("cartpole", seconds=60, evaluators=None)
        bred = _breeder("ga", 1, Population([]), pool.spec).breed(INDIVIDUALS)
        genomes = {index: one.genome.tobytes() for index, one in enumerate(bred.individuals)}
        batch = ScoreBatch(genomes=genomes, seeds=keyed.episode_seeds(7, 0, 1, range(INDIVIDUALS), pool.spec.episodes))
        pool.run(batch)
        each: list[tuple[float, float]] = []
        for _ in range(5):
            start, before = time.perf_counter(), _by_process()
            pool.run(batch)
            spent = [cpu - before[process] for process, cpu in _by_process().items()]
            each.append((time.perf_counter() - start, max(sum(spent) / count, *spent)))
        clock[count], busy[count] = (min(one) for one in zip(*each, strict=True))
        pool.close()
    print(
        f"cores                    {clock[1]:.2f} s on one, {clock[2]:.2f} s on two: {clock[1] / clock[2]:.2f} times as fast; "
        f"by CPU time {busy[1]:.2f} s and {busy[2]:.2f} s: {busy[1] / busy[2]:.2f}"
    )


def contests() -> None:
    """The error of each strategy, of the library's own loop with as many evaluations, and of points at random."""
    for contest in CONTESTS:
        what = f"{contest.function.__name__}, {contest.weights} weights"
        spent = contest.population * contest.generations
        ga = Contest(
            function=contest.function,
            weights=contest.weights,
            strategy="ga",
            population=max(contest.population, 100),
            generations=spent // max(contest.population, 100),
            seeds=contest.seeds[:3],
        )
        print(
            f"{what:24} {contest.strategy:10} {contest.engine():>8.2g}; the library by itself {contest.library():>8.2g}, in 64 bits "
            f"{contest.library(64):>8.2g}; ga {ga.engine():>8.2g}; at random {contest.random():>8.2g} "
            f"({spent:,} evaluations, of {contest.population} at once; median of {len(contest.seeds)})"
        )
        if contest.further:
            ours, theirs, exact = (
                contest.until(NEAR, courses) for courses in (contest.engines, contest.libraries(32), contest.libraries(64))
            )
            print(f"{what:24} until {NEAR:g} in {ours:,.0f} evaluations; the library by itself {theirs:,.0f}, in 64 bits {exact:,.0f}")


def poles() -> None:
    """In how many of 100 episodes the champions balance two poles to the end, and those of networks at random."""
    for seed in range(1, 6):
        ours = double_pole.held_out(double_pole.evolved("cma-es", seed, population=50, generations=60))
        told = f"two poles, seed {seed}        cma-es to the end in {_ended(ours)} of 100 episodes, {ours.mean():.0f} steps on average"
        for count in (3_000, 60_000):
            theirs = double_pole.held_out(double_pole.at_random(seed, count))
            told += f"; {count:,} at random in {_ended(theirs)}, {theirs.mean():.0f}"
        print(f"{told} (3,000 evaluations)")


def _ended(steps: Any) -> int:
    return int((steps == double_pole.DoublePole.steps).sum())


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--quick", action="store_true", help="without the contests")
    quick: bool = parser.parse_args().quick
    free = os.sched_getaffinity(0)
    cores(free)
    os.sched_setaffinity(0, {min(free)})
    cartpole()
    breeding()
    whole()
    if not quick:
        contests()
        poles()


if __name__ == "__main__":
    main()
