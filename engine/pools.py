"""The evaluators that a process has: of its own task, and of the one that the evolution at hand began with.

EVOLUTION_TASK may change while an evolution runs. Whoever has the new one goes on with the old one, as long as the image has its code: it
runs behind the same wall, whatever its name is.
"""

from __future__ import annotations

from engine.evaluators import EvaluatorPool
from engine.settings import Workload


class Pools:
    """Evaluators by task: those of the process's own, and of one other."""

    def __init__(self, own: EvaluatorPool, settings: Workload) -> None:
        self._own, self._settings = own, settings
        self._other: tuple[str, EvaluatorPool] | None = None

    def of(self, task: str) -> EvaluatorPool:
        """The evaluators of a task. Whether it can be loaded shows when they are asked."""
        if task == self._settings.task:
            return self._own
        if self._other is None or self._other[0] != task:
            self.close()
            self._other = (task, EvaluatorPool(task, seconds=self._settings.agent_seconds, evaluators=self._settings.evaluators))
        return self._other[1]

    def close(self) -> None:
        """End the evaluators of the other task."""
        if self._other:
            self._other[1].close()
        self._other = None
