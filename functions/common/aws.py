"""Calls to AWS's API, with bounded retries and timeouts and one kind of error. Only this module and the one that calls the gateway use
botocore."""

# botocore publishes no types.
# pyright: reportMissingTypeStubs=false, reportUnknownMemberType=false, reportUnknownVariableType=false, reportUnknownArgumentType=false

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, Literal

from botocore import xform_name
from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError, ConnectionError, ConnectTimeoutError, HTTPClientError, ReadTimeoutError
from botocore.session import Session

from common.results import FunctionError

ErrorKind = Literal["throttled", "denied", "missing", "timeout", "unavailable", "rejected"]

TRANSIENT: frozenset[str] = frozenset({"throttled", "timeout", "unavailable"})
"""Kinds of errors that may not occur the next time."""

ADVICE: dict[ErrorKind, str] = {
    "throttled": "Wait and try again; if it goes on, ask AWS for a higher quota.",
    "denied": "Compare the request with the function's role; if they agree, look at the permissions boundary and the key's policy.",
    "missing": "Run `pulumi up`, which makes what is missing.",
    "timeout": "Try again; if it goes on, look at the service's health.",
    "unavailable": "Try again; if it goes on, look at the service's health.",
    "rejected": "AWS doesn't take this request: read its words, and mend the function or its settings.",
}

_ERROR_KINDS: tuple[tuple[ErrorKind, str], ...] = (
    ("throttled", r"throttl|too.?many|quota.?exceeded|slow.?down|limit.?exceeded|throughput.?exceeded|concurrent|conflict$|in.?progress"),
    ("denied", r"access.?denied|not.?authori|unauthori|unrecognized.?client|expired.?token|invalid.?client.?token"),
    ("missing", r"not.?found|no.?such|does.?not.?exist|non.?exist|not.?active"),
    ("timeout", r"time.?out|timed.?out"),
    ("unavailable", r"unavailable|internal|server|not.?ready"),
)
"""Patterns of the error codes of AWS's services."""


@dataclass(frozen=True, kw_only=True)
class RetryPolicy:
    """A call's attempts, and each attempt's timeouts in seconds. botocore waits in between, with jitter."""

    connect: float
    read: float
    attempts: int


PROMPT = RetryPolicy(connect=1, read=2, attempts=3)
"""For calls after which other steps must follow soon."""

ORDINARY = RetryPolicy(connect=2, read=10, attempts=3)

MODEL = RetryPolicy(connect=2, read=80, attempts=3)
"""A model may write for a minute; three attempts end within the function's five minutes."""


class AwsError(FunctionError):
    """A request that AWS refused or didn't answer.

    Attributes:
        code: AWS's error code, or the name of botocore's error.
        said: AWS's own message.
        answer: AWS's whole response; empty if there was none.
    """

    def __init__(self, operation: str, kind: ErrorKind, code: str, message: str, answer: dict[str, object]) -> None:
        super().__init__(kind, f"{operation} failed: {code}: {message}", ADVICE[kind])
        self.code = code
        self.said = message
        self.answer = answer

    @property
    def transient(self) -> bool:
        return self.kind in TRANSIENT


def call(
    operation: str, parameters: Mapping[str, object], /, *, region: str | None = None, retry: RetryPolicy = ORDINARY
) -> dict[str, object]:
    """Send one request, such as `ssm:GetParameter`, and return the response.

    Args:
        region: where to send it; None for the function's own region.

    Raises:
        AwsError: it was refused, or not answered in time.
    """
    service, _, name = operation.partition(":")
    try:
        return getattr(_client(service, region, retry), xform_name(name))(**parameters)
    except ClientError as error:
        answer: Any = error.response
        fault = answer.get("Error", {})
        code, status = str(fault.get("Code", "")), int(answer.get("ResponseMetadata", {}).get("HTTPStatusCode", 0))
        raise AwsError(operation, kind_of(code, status), code, str(fault.get("Message", "")), answer) from None
    except BotoCoreError as error:
        code = type(error).__name__
        raise AwsError(operation, _kind_of_client_error(error), code, str(error), {}) from None


CONNECTION_ERRORS = (HTTPClientError, ConnectionError)
"""botocore's two base classes of connection errors."""


def kind_of(code: str, status: int) -> ErrorKind:
    """What an error's code and HTTP status mean."""
    for kind, pattern in _ERROR_KINDS:
        if re.search(pattern, code, re.IGNORECASE):
            return kind
    return "unavailable" if status >= 500 else "rejected"


def _kind_of_client_error(error: BotoCoreError) -> ErrorKind:
    if isinstance(error, ReadTimeoutError | ConnectTimeoutError):
        return "timeout"
    return "unavailable" if isinstance(error, CONNECTION_ERRORS) else "rejected"


@lru_cache(maxsize=1)
def session() -> Any:
    """botocore's session, with the credentials of the function's role. Like the clients, it is cached while the process lives."""
    return Session()


@lru_cache(maxsize=32)
def _client(service: str, region: str | None, retry: RetryPolicy) -> Any:
    return session().create_client(
        service,
        region_name=region,
        config=Config(
            connect_timeout=retry.connect,
            read_timeout=retry.read,
            retries={"mode": "standard", "total_max_attempts": retry.attempts},
        ),
    )
