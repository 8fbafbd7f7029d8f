"""A text: letters are numbers, and the nearer each is to the one that is looked for, the better."""

from __future__ import annotations

from collections.abc import Sequence

LETTERS = " abcdefghijklmnopqrstuvwxyz,."
GOAL = "nothing in biology makes sense except in the light of evolution."


class Phrase:
    """Find a phrase: a weight from -1 to 1 is a letter from the first to the last. The score is minus how many letters all places are away,
    so 0 is the phrase itself."""

    weights = len(GOAL)
    weight_limit = 1.0
    episodes = 1
    steps = 1
    half = (len(LETTERS) - 1) / 2

    def play(self, genome: Sequence[float], _seed: int, _steps: int) -> float:
        """The distance from the goal."""
        return -sum(abs((weight + 1) * self.half - LETTERS.index(letter)) for weight, letter in zip(genome, GOAL, strict=True))

    def describe(self, genome: Sequence[float]) -> str:
        """The phrase."""
        return repr("".join(LETTERS[round((weight + 1) * self.half)] for weight in genome))
