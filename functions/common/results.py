"""What a function answers, and how it fails: always a kind that a program can read and a sentence that a person can act on."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field


@dataclass(frozen=True, kw_only=True)
class Result:
    """A function's answer.

    Attributes:
        outcome: what has happened, in a word that the function documents.
        message: the same as a sentence.
        kind: where something was refused or has failed, what was wrong, in a word; else empty.
        advice: where something was refused or has failed, what to do about it; else empty.
        details: figures and names. They are logged as well, so they hold nothing of a request's content.
        private: what only the caller gets, such as a model's answer.
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
    """Something that can't be done, or not now.

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
        """The failure as an answer."""
        return Result(outcome=outcome, kind=self.kind, message=self.message, advice=self.advice, details=details)


class RequestRefusedError(FunctionError):
    """A request that isn't granted. Sending it again as it is doesn't help."""
