"""The default task: gymnasium's CartPole-v1, many poles at once.

The arithmetic is CartPoleEnv's own, in numpy over all episodes that still run; a test plays both, step by step. Gymnasium's vectorised
environment draws all its first states from one seed, so an episode there depends on the others; it is also slower
(tests/bench_optimiser.py measures both).
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from engine import keyed

GRAVITY, FORCE, TAU = 9.8, 10.0, 0.02
POLE_MASS, TOTAL_MASS, HALF_LENGTH = 0.1, 1.1, 0.5
FARTHEST, STEEPEST = 2.4, 12 * 2 * np.pi / 360
"""Source: gymnasium, envs/classic_control/cartpole.py. Metres, kilograms, newtons, seconds; radians."""

FIRST = 0.05
"""Of each of the four numbers of a first state, the largest absolute value. Source: the same, `reset`."""

INPUTS = HIDDEN = 4

LEAVE = 0.75
"""Once so few of the episodes in hand still run, the others are left out of the arithmetic."""

Rows = NDArray[np.float64]


class CartPole:
    """Keep a pole upright on a cart. One point a step, 500 at most; solved at a mean of 475 over 100 episodes.

    The individual is a network of 4 inputs, 4 hidden units (tanh) and 1 output: push right if it is positive.
    """

    weights = INPUTS * HIDDEN + HIDDEN + HIDDEN + 1
    weight_limit = 16.0
    episodes = 3
    steps = 500
    # Divides cart position, cart velocity, pole angle and pole velocity to about ±1. The episode ends at ±2.4 and ±0.21.
    scale = (2.4, 2.0, 0.21, 2.0)

    def play_batch(self, genomes: NDArray[np.float32], seeds: NDArray[np.uint32], steps: int) -> NDArray[np.floating]:
        """The steps until each pole fell, or `steps`."""
        running = np.arange(len(seeds))
        scores = np.full(len(seeds), steps, np.float64)
        network = np.ascontiguousarray(genomes.T)
        network[: INPUTS * HIDDEN] /= np.repeat(np.array(self.scale, np.float32), HIDDEN)[:, None]
        poles = _Poles((2 * keyed.uniform(seeds, 4) - 1) * FIRST, network)
        for step in range(1, steps + 1):
            poles.step()
            up = poles.are_up()
            if up.all():
                continue
            scores[running] = np.where(up, scores[running], np.minimum(scores[running], step))
            poles.up &= up
            left = np.count_nonzero(poles.up)
            if not left:
                break
            if left <= LEAVE * len(running):
                running, poles = running[poles.up], poles.those(poles.up)
        return scores


class _Poles:
    """Episodes in hand. Every buffer is made once, because at some hundred rows each new one costs as much as the arithmetic.

    Attributes:
        up: which have never fallen.
    """

    def __init__(self, state: Rows, network: NDArray[np.float32]) -> None:
        """`state` of shape (4, rows), `network` of shape (weights, rows)."""
        rows = state.shape[1]
        self._state, self._network = state, network
        self._seen = np.empty((INPUTS, rows), np.float32)
        self._sum, self._part = np.empty((2, HIDDEN, rows), np.float32)
        self._push, self._sin, self._cos, self._turn, self._move = np.empty((5, rows))
        self.up = np.ones(rows, bool)

    def those(self, which: NDArray[np.bool_]) -> _Poles:
        """Some of them."""
        return _Poles(self._state[:, which], self._network[:, which])

    def are_up(self) -> NDArray[np.bool_]:
        """Which are within the bounds now."""
        x, _, angle, _ = self._state
        return (np.abs(x, out=self._move) <= FARTHEST) & (np.abs(angle, out=self._turn) <= STEEPEST)

    def _decide(self) -> None:
        """The networks' pushes. They see 32-bit floats, as gymnasium shows them."""
        weights, total, part = self._network, self._sum, self._part
        self._seen[:] = self._state
        np.multiply(weights[:HIDDEN], self._seen[0], out=total)
        for number in range(1, INPUTS):
            np.multiply(weights[number * HIDDEN : (number + 1) * HIDDEN], self._seen[number], out=part)
            total += part
        total += weights[INPUTS * HIDDEN : -HIDDEN - 1]
        np.tanh(total, out=total)
        total *= weights[-HIDDEN - 1 : -1]
        for number in range(1, HIDDEN):
            total[0] += total[number]
        total[0] += weights[-1]
        self._push[:] = total[0] > 0
        self._push *= 2 * FORCE
        self._push -= FORCE

    def step(self) -> None:
        """One step of all, those that have fallen too."""
        self._decide()
        x, speed, angle, spin = self._state
        push, sin, cos, turn, move = self._push, self._sin, self._cos, self._turn, self._move
        np.sin(angle, out=sin)
        np.cos(angle, out=cos)
        # move = (push + m l spin² sin) / M
        np.multiply(spin, spin, out=move)
        move *= POLE_MASS * HALF_LENGTH
        move *= sin
        move += push
        move /= TOTAL_MASS
        # turn = (g sin - cos move) / (l (4/3 - m cos² / M)): the pole's acceleration
        np.multiply(sin, GRAVITY, out=turn)
        np.multiply(cos, move, out=push)
        turn -= push
        np.multiply(cos, cos, out=push)
        push *= POLE_MASS
        push /= TOTAL_MASS
        np.subtract(4.0 / 3.0, push, out=push)
        push *= HALF_LENGTH
        turn /= push
        # move - m l turn cos / M: the cart's
        np.multiply(turn, POLE_MASS * HALF_LENGTH, out=push)
        push *= cos
        push /= TOTAL_MASS
        move -= push
        for value, change in ((x, speed), (speed, move), (angle, spin), (spin, turn)):
            np.multiply(change, TAU, out=push)
            value += push
