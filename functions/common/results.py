"""The results and errors of functions: always with a kind for programs and a message for people."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field


@dataclass(frozen=True, kw_only=True)
class Result:
    """A function's result.

    Attributes:
        outcome: what happened, as one of the words that the function documents.
        message: the same as a sentence.
        kind: of a refusal or a failure, what is wrong, in a word; otherwise empty.
        advice: of a refusal or a failure, what to do; otherwise empty.
        details: figures and names, which are also logged: nothing of a request's content.
        private: what isn't logged, such as a model's answer.
    """

    outcome: str
    message: str
    kind: str = ""
    advice: str = ""
    details: Mapping[str, object] = field(default_factory=dict[str, object])
    private: Mapping[str, object] = field(default_factory=dict[str, object])

    def fields(self) -> dict[str, object]:
        """What is logged."""
        wrong = {"kind": self.kind, "advice": self.advice} if self.kind else {}
        return {"outcome": self.outcome, **wrong, **self.details}

    def answer(self) -> dict[str, object]:
        """What the caller gets."""
        return {"message": self.message, **self.fields(), **self.private}


class FunctionError(Exception):
    """An error that is expected.

    Attributes:
        kind: what is wrong, in a word.
        message: the same as a sentence.
        advice: what to do about it.
    """

    def __init__(self, kind: str, message: str, advice: str) -> None:
        super().__init__(f"{message} {advice}")
        self.kind = kind
        self.message = message
        self.advice = advice

    def result(self, outcome: str = "failed", **details: object) -> Result:
        """The error as a result."""
        return Result(outcome=outcome, kind=self.kind, message=self.message, advice=self.advice, details=details)


class RequestRefusedError(FunctionError):
    """A request that is refused. Sending it again unchanged doesn't help."""
