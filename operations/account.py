"""Where an operation works: a stack's emulator, or the one real account that was named. Only this module uses botocore."""

# botocore publishes no types.
# pyright: reportMissingTypeStubs=false, reportUnknownMemberType=false, reportUnknownVariableType=false, reportUnknownArgumentType=false

from __future__ import annotations

import json
import os
import re
from collections.abc import Generator, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, urlsplit

from botocore import xform_name
from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError
from botocore.session import Session

from components.environment import KEY, Environment, load
from components.naming import Names
from local import LocalError, emulator, stackfile
from operations import OperationError

ROOT = Path(__file__).resolve().parents[1]

CLIENT = {"connect_timeout": 5, "read_timeout": 60, "retries": {"mode": "standard", "total_max_attempts": 4}}
"""Seconds, and attempts: a function that is invoked may take half a minute."""

TOKENS = ("nextToken", "NextToken", "NextMarker")
"""What answers and requests call the token of the next page, each service in its own way."""

LOGIN = re.compile("(?i)expired|credential|token|unrecognized.?client|signature|missing.?authentication")
"""Error codes that say that the credentials are no good, rather than that they allow too little."""


class AwsError(OperationError):
    """AWS refused a request, or didn't answer.

    Attributes:
        code: AWS's error code, or the name of botocore's error.
        said: AWS's own words.
    """

    def __init__(self, operation: str, code: str, said: str) -> None:
        super().__init__(f"{operation}: {code}: {said}")
        self.operation, self.code, self.said = operation, code, said


@dataclass(frozen=True, kw_only=True)
class Account:
    """An account and region, and the calls that may be made there.

    Attributes:
        number: twelve digits.
        calls: the operations that this one may call, such as `ssm:GetParameter`. Any other is a bug, and isn't sent.
        endpoint: the emulator's; None for AWS.
    """

    number: str
    region: str
    calls: frozenset[str]
    session: Any
    endpoint: str | None = None
    clients: dict[str, Any] = field(default_factory=dict[str, Any])

    @property
    def emulated(self) -> bool:
        return self.endpoint is not None

    def names(self, stack: str) -> Names:
        """The names of a stack's resources here."""
        return Names(stack=stack, region=self.region, account=self.number)

    def call(self, operation: str, /, **parameters: Any) -> dict[str, Any]:
        """Send one request and return the response.

        Raises:
            AwsError: it was refused, or not answered.
        """
        if operation not in self.calls:
            raise RuntimeError(f"{operation} isn't in the list of the calls that this operation may make")
        service, _, name = operation.partition(":")
        with _refused(operation):
            return getattr(self._client(service), xform_name(name))(**parameters)

    def pages(self, operation: str, /, **parameters: Any) -> Iterator[dict[str, Any]]:
        """Send a request that lists, and again for the rest as long as there is one.

        Raises:
            AwsError: one was refused, or not answered.
        """
        while True:
            answer = self.call(operation, **parameters)
            yield answer
            token = next((key for key in TOKENS if answer.get(key)), None)
            if token is None:
                return
            parameters[token] = answer[token]

    def invoke(self, function: str, event: object) -> dict[str, Any]:
        """A function's answer, with `failed: True` if it failed.

        Raises:
            AwsError: it can't be invoked.
        """
        answer = self.call("lambda:Invoke", FunctionName=function, Payload=json.dumps(event).encode())
        said: Any = json.loads(answer["Payload"].read() or b"null")
        return {**(said if isinstance(said, dict) else {"message": str(said)}), **({"failed": True} if "FunctionError" in answer else {})}

    def _client(self, service: str) -> Any:
        if service not in self.clients:
            local = {"aws_access_key_id": "local", "aws_secret_access_key": "local"} if self.emulated else {}
            self.clients[service] = self.session.create_client(
                service, region_name=self.region, endpoint_url=self.endpoint, config=Config(**CLIENT), **local
            )
        return self.clients[service]


def texts(url: str, folder: str) -> list[str]:
    """What is in a folder of a bucket that is named as Pulumi names a backend: `s3://<bucket>?region=<region>`.

    Raises:
        AwsError: it can't be listed or read.
    """
    named = urlsplit(url)
    asked = dict(parse_qsl(named.query))
    prefix = f"{named.path}/{folder}".strip("/") + "/"
    with _refused("s3:ListObjectsV2"):
        client = Session(profile=asked.get("profile")).create_client("s3", region_name=asked.get("region"), config=Config(**CLIENT))
        keys = [one["Key"] for one in client.list_objects_v2(Bucket=named.netloc, Prefix=prefix).get("Contents", [])]
        return [client.get_object(Bucket=named.netloc, Key=key)["Body"].read().decode() for key in keys]


@contextmanager
def _refused(operation: str) -> Generator[None]:
    """Raise botocore's errors as `AwsError`."""
    try:
        yield
    except ClientError as error:
        fault: Any = error.response.get("Error", {})
        raise AwsError(operation, str(fault.get("Code", "")), str(fault.get("Message", ""))) from None
    except BotoCoreError as error:
        raise AwsError(operation, type(error).__name__, str(error)) from None


def table(stack: str, repo: Path = ROOT, *, image: str | None = None) -> Environment:
    """A stack's environment table.

    Raises:
        OperationError: there is no such stack, or its table is wrong.
    """
    try:
        content, _ = stackfile.read(repo, stack, image=image)
    except LocalError as error:
        raise OperationError(str(error)) from None
    return load(stack, json.dumps(content["config"][KEY]))


def connect(stack: str, number: str, *, calls: frozenset[str], repo: Path = ROOT, place: Path | None = None) -> Account:
    """The account that is meant, once AWS has said that it is that one.

    Args:
        stack: the stack's name; its table says the region.
        number: the account's; empty for the stack's emulator.
        calls: what may be called there.
        place: the folder of the emulators. Default: the checkout's `.local`.

    Raises:
        OperationError: there is no such stack, emulator or account, the credentials are another's or no good, or the region differs.
    """
    region = table(stack, repo).region
    if number and not re.fullmatch(r"[0-9]{12}", number):
        raise OperationError(
            f"ACCOUNT is {number!r}: write the account's twelve digits, such as 123456789012, or nothing for the emulator."
        )
    if not number:
        running = emulator.find(place or repo / ".local", stack)
        if running is None:
            raise OperationError(
                f"{stack} isn't up in an emulator: run `make up STACK={stack}`, or name a real account by ACCOUNT=<12 digits>."
            )
        account = Account(number="", region=region, calls=calls, session=Session(), endpoint=running.endpoint)
        return Account(number=_identity(account), region=region, calls=calls, session=account.session, endpoint=running.endpoint)
    session = Session()
    try:
        told = os.environ.get("AWS_REGION") or session.get_config_variable("region")
        account = Account(number=number, region=region, calls=calls, session=session)
        if told and told != region:
            raise OperationError(
                f"this shell's region is {told}, and {stack} is in {region}: export AWS_REGION={region} AWS_DEFAULT_REGION={region}."
            )
        seen = _identity(account)
    except BotoCoreError as error:
        raise OperationError(f"the AWS configuration can't be used: {error}. Mend it, or export AWS_PROFILE.") from None
    if seen != number:
        raise OperationError(f"these credentials are of account {seen}, not of {number}: log in to the one that you mean.")
    return account


def _identity(account: Account) -> str:
    """The number of the account that the credentials belong to."""
    try:
        return str(account.call("sts:GetCallerIdentity")["Account"])
    except AwsError as error:
        if LOGIN.search(error.code):
            raise OperationError(f"there are no credentials that AWS takes ({error.code}: {error.said}): log in, and try again.") from None
        raise OperationError(f"AWS doesn't say whose credentials these are: {error}") from None
