"""One of gymnasium's harder environments: swing a pendulum up with a motor that is too weak to lift it, and hold it there."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from engine import keyed

HIDDEN = 6

GRAVITY, STEP, MOST_TORQUE, MOST_SPEED = 10.0, 0.05, 2.0, 8.0
"""Of a pendulum of 1 m and 1 kg. Source: gymnasium, envs/classic_control/pendulum.py; a test plays both."""


class Pendulum:
    """Gymnasium's Pendulum-v1, 200 steps: at most 0, at rest on top. Hanging down costs some 1,200, and a good controller 150.

    The individual is a network of 3 inputs (the tip's x and y, the speed), 6 hidden units (tanh) and 1 output, the torque.
    """

    weights = 3 * HIDDEN + HIDDEN + HIDDEN + 1
    weight_limit = 8.0
    episodes = 4
    steps = 200

    def play_batch(self, genomes: NDArray[np.float32], seeds: NDArray[np.uint32], steps: int) -> NDArray[np.floating]:
        """The sum of the rewards of each episode."""
        first = 2 * keyed.uniform(seeds, 2) - 1
        angle, speed = first[0] * np.pi, first[1]
        inputs = genomes[:, : 3 * HIDDEN].T.reshape(3, HIDDEN, -1).astype(np.float64)
        shift, out, bias = genomes[:, 3 * HIDDEN : 4 * HIDDEN].T, genomes[:, 4 * HIDDEN : -1].T, genomes[:, -1]
        total = np.zeros(len(seeds))
        for _ in range(steps):
            seen = (np.cos(angle), np.sin(angle), speed / MOST_SPEED)
            hidden = np.tanh(inputs[0] * seen[0] + inputs[1] * seen[1] + inputs[2] * seen[2] + shift)
            torque = MOST_TORQUE * np.tanh((hidden * out).sum(axis=0) + bias)
            off = (angle + np.pi) % (2 * np.pi) - np.pi
            total -= off * off + 0.1 * speed * speed + 0.001 * torque * torque
            speed = np.clip(speed + (1.5 * GRAVITY * np.sin(angle) + 3.0 * torque) * STEP, -MOST_SPEED, MOST_SPEED)
            angle = angle + speed * STEP
        return total
