"""The little of AWS that the functions see: it answers botocore's calls before they are sent, records them, and fails as it is told to."""

# botocore publishes no types.
# pyright: reportMissingTypeStubs=false, reportUnknownMemberType=false, reportUnknownVariableType=false, reportUnknownArgumentType=false

from __future__ import annotations

import importlib.util
import io
import json
import os
import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from botocore.awsrequest import AWSResponse
from botocore.exceptions import ConnectTimeoutError, EndpointConnectionError, NoCredentialsError, ReadTimeoutError
from botocore.validate import ParamValidator

__all__ = [
    "ACCOUNT",
    "ENVIRONMENT",
    "REGION",
    "STACK",
    "ConnectTimeoutError",
    "EndpointConnectionError",
    "FakeApiError",
    "FakeAws",
    "LambdaContext",
    "NoCredentialsError",
    "ReadTimeoutError",
    "Wire",
    "load",
]

FUNCTIONS = Path(__file__).parents[2] / "functions"

STACK = "dev"
REGION = "us-east-1"
ACCOUNT = "123456789012"
ENVIRONMENT: Mapping[str, str] = {
    "EVOLUTION_ENVIRONMENT": STACK,
    "EVOLUTION_MODE_PARAMETER": "/evolution/dev/mode",
    "BEDROCK_MODEL_ID": "us.anthropic.claude-sonnet-4-6",
    "BEDROCK_REGION": REGION,
    "BEDROCK_GUARDRAIL_ID": "abcdefghij",
    "BEDROCK_GUARDRAIL_VERSION": "1",
    "AGENT_MEMORY_LIMIT": "8192",
    "AUTONOMY_LEVEL": "75",
    "EVOLUTION_SAFETY_ENABLED": "true",
    "EVOLUTION_STATE_TABLE": "evolution-state-dev",
    "EVOLUTION_GENERATIONS": "10",
    "EVOLUTION_ISLANDS": "4",
    "MAX_CONCURRENT_AGENTS": "1000",
    "UNSAFE_ALARM_NAME": "evolution-unsafe-dev",
    "ENGINE_CLUSTER": "evolution-system-dev",
    "ENGINE_SERVICE": "evolution-engine-dev",
    "ENGINE_MINIMUM": "1",
    "ENGINE_MAXIMUM": "6",
    "EVOLUTION_ARTIFACTS_BUCKET": f"evolution-artifacts-dev-{ACCOUNT}-{REGION}",
    "EVOLUTION_DEAD_LETTERS_URL": f"https://sqs.{REGION}.amazonaws.com/{ACCOUNT}/evolution-dead-letters-dev",
    "AWS_CONFIG_FILE": os.devnull,
    "AWS_SHARED_CREDENTIALS_FILE": os.devnull,
    "AWS_DEFAULT_REGION": REGION,
    "AWS_ACCESS_KEY_ID": "example",
    "AWS_SECRET_ACCESS_KEY": "example",
}
"""As the program sets them for all five functions, and Lambda for each."""

SUSPENDED = ("DynamicScalingInSuspended", "DynamicScalingOutSuspended", "ScheduledScalingSuspended")

Handler = Callable[..., dict[str, Any]]


@dataclass(frozen=True)
class LambdaContext:
    """Lambda's context object."""

    function_name: str = "function"
    invoked_function_arn: str = f"arn:aws:lambda:{REGION}:{ACCOUNT}:function:function"
    aws_request_id: str = "11111111-2222-3333-4444-555555555555"


def load(name: str) -> Handler:
    """A function's handler, from its own folder and the shared package, as in its archive."""
    folder = FUNCTIONS / name
    spec = importlib.util.spec_from_file_location(f"deployed_{name}", folder / "handler.py")
    assert spec
    assert spec.loader
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module
    sys.path.insert(0, str(folder))
    try:
        spec.loader.exec_module(module)
    finally:
        sys.path.remove(str(folder))
    return module.handler


class FakeApiError(Exception):
    """What a service answers instead."""

    def __init__(self, code: str, message: str = "No.", status: int = 400, **more: Any) -> None:
        super().__init__(code)
        self.status = status
        self.answer = {"Error": {"Code": code, "Message": message}, **more}


@dataclass
class FakeAws:
    """One account, seen from the functions.

    Attributes:
        mode: the mode parameter; None where there is none.
        alarm: the composite's state; None where there is none.
        target: minimum, maximum and whether everything is suspended; None where there is no scalable target.
        desired: the engine's desired count; None where there is no service.
        faults: what an operation answers instead, once each; the last one for ever.
        calls: every call, in order: `ssm:GetParameter` and its parameters.
        sent_anyway: operations that are sent, to where `wire` answers.
    """

    mode: str | None = "running"
    alarm: str | None = "OK"
    target: tuple[int, int, bool] | None = (1, 6, False)
    desired: int | None = 3
    items: dict[str, dict[str, Any]] = field(default_factory=dict[str, dict[str, Any]])
    objects: dict[str, bytes] = field(default_factory=dict[str, bytes])
    letters: list[dict[str, Any]] = field(default_factory=list[dict[str, Any]])
    model_answer: dict[str, Any] = field(default_factory=lambda: {"text": "An idea.", "stopReason": "end_turn"})
    faults: dict[str, list[Exception]] = field(default_factory=dict[str, list[Exception]])
    calls: list[tuple[str, dict[str, Any]]] = field(default_factory=list[tuple[str, dict[str, Any]]])
    sent_anyway: set[str] = field(default_factory=set[str])
    wire: Wire | None = None

    def fail(self, operation: str, *faults: Exception) -> None:
        self.faults[operation] = list(faults)

    def writes(self) -> list[str]:
        """The calls that change something."""
        return [name for name, _ in self.calls if not name.partition(":")[2].startswith(("Get", "Describe"))]

    def given(self, operation: str) -> list[dict[str, Any]]:
        """The parameters of every call of an operation."""
        return [parameters for name, parameters in self.calls if name == operation]

    # botocore's events.

    def note(self, params: Any, model: Any, **_: Any) -> None:
        self.calls.append((f"{model.service_model.service_name}:{model.name}", dict(params)))

    def answer(self, model: Any, **_: Any) -> tuple[AWSResponse, dict[str, Any]] | None:
        operation, parameters = self.calls[-1]
        if operation in self.sent_anyway:
            return None
        status = 200
        try:
            if faults := self.faults.get(operation):
                raise faults.pop(0) if len(faults) > 1 else faults[0]
            answer: dict[str, Any] = getattr(self, f"_{model.name}")(parameters)
            if model.output_shape is not None:
                report = ParamValidator().validate(answer, model.output_shape)
                assert not report.has_errors(), f"{operation} never answers like this: {report.generate_report()}"
        except FakeApiError as refused:
            status, answer = refused.status, refused.answer
        response = AWSResponse("https://aws.example", status, {}, None)
        return response, {**answer, "ResponseMetadata": {"HTTPStatusCode": status}}

    def send(self, request: Any) -> AWSResponse:
        """What reaches the network."""
        assert self.wire, "nothing may leave the tests"
        if request.url.endswith("/invocations"):  # the gateway's: no operation of botocore's
            self.calls.append(("bedrock-agentcore:InvokeGateway", {"url": request.url}))
        return self.wire.send(request)

    # The services.

    def _GetParameter(self, given: Any) -> dict[str, Any]:  # noqa: N802 (AWS's name)
        if self.mode is None:
            raise FakeApiError("ParameterNotFound")
        return {"Parameter": {"Name": given["Name"], "Type": "String", "Value": self.mode}}

    def _PutParameter(self, given: Any) -> dict[str, Any]:  # noqa: N802
        self.mode = given["Value"]
        return {"Version": 2}

    def _DescribeAlarms(self, given: Any) -> dict[str, Any]:  # noqa: N802
        found = [{"AlarmName": name, "StateValue": self.alarm} for name in given["AlarmNames"] if self.alarm]
        return {"MetricAlarms": [], "CompositeAlarms": found}

    def _DescribeScalableTargets(self, given: Any) -> dict[str, Any]:  # noqa: N802
        if self.target is None:
            return {"ScalableTargets": []}
        minimum, maximum, suspended = self.target
        return {
            "ScalableTargets": [
                {
                    "ServiceNamespace": "ecs",
                    "ResourceId": given["ResourceIds"][0],
                    "ScalableDimension": given["ScalableDimension"],
                    "MinCapacity": minimum,
                    "MaxCapacity": maximum,
                    "RoleARN": f"arn:aws:iam::{ACCOUNT}:role/autoscaling",
                    "CreationTime": 0,
                    "SuspendedState": dict.fromkeys(SUSPENDED, suspended),
                }
            ]
        }

    def _RegisterScalableTarget(self, given: Any) -> dict[str, Any]:  # noqa: N802
        """As AWS does, it moves the current capacity into the bounds."""
        assert self.target, "the functions make no target of their own"
        minimum, maximum = given["MinCapacity"], given.get("MaxCapacity", self.target[1])
        self.target = (minimum, maximum, all(given["SuspendedState"].values()))
        if self.desired is not None:
            self.desired = min(max(self.desired, minimum), maximum)
        return {}

    def _DescribeServices(self, given: Any) -> dict[str, Any]:  # noqa: N802
        names = given["services"] if self.desired is not None else []
        return {"services": [{"serviceName": name, "status": "ACTIVE", "desiredCount": self.desired} for name in names]}

    def _UpdateService(self, given: Any) -> dict[str, Any]:  # noqa: N802
        if self.desired is None:
            raise FakeApiError("ServiceNotFoundException")
        self.desired = given["desiredCount"]
        return {}

    def _TransactWriteItems(self, given: Any) -> dict[str, Any]:  # noqa: N802
        """The two conditions that the trigger writes; both or neither."""
        puts = [one["Put"] for one in given["TransactItems"]]
        reasons: list[dict[str, Any]] = []
        for put in puts:
            before = self.items.get(put["Item"]["evolution_id"]["S"])
            running = put.get("ExpressionAttributeValues", {}).get(":running")
            may = before is None or (running is not None and before["status"] != running)
            shown = {"Item": before} if before and "ReturnValuesOnConditionCheckFailure" in put else {}
            reasons.append({"Code": "None"} if may else {"Code": "ConditionalCheckFailed", **shown})
        if any(reason["Code"] != "None" for reason in reasons):
            raise FakeApiError("TransactionCanceledException", CancellationReasons=reasons)
        for put in puts:
            self.items[put["Item"]["evolution_id"]["S"]] = put["Item"]
        return {}

    def _PutObject(self, given: Any) -> dict[str, Any]:  # noqa: N802
        if given.get("IfNoneMatch") == "*" and given["Key"] in self.objects:
            raise FakeApiError("PreconditionFailed", status=412)
        self.objects[given["Key"]] = given["Body"]
        return {}

    def _SendMessage(self, given: Any) -> dict[str, Any]:  # noqa: N802
        assert len(given["MessageBody"].encode()) <= 1024 * 1024, "SQS takes no more"
        self.letters.append(json.loads(given["MessageBody"]))
        return {"MessageId": "1"}

    def _Converse(self, given: Any) -> dict[str, Any]:  # noqa: N802, ARG002
        return {
            "output": {"message": {"role": "assistant", "content": [{"text": self.model_answer["text"]}]}},
            "stopReason": self.model_answer["stopReason"],
            "usage": {"inputTokens": 3, "outputTokens": 4, "totalTokens": 7},
            "metrics": {"latencyMs": 1},
        }


class Wire:
    """The HTTP below botocore: it answers what is sent anyway, in order; the last answer for ever. An exception is raised."""

    def __init__(self, *answers: tuple[int, str, bytes] | Exception) -> None:
        self.answers = list(answers)
        self.requests: list[Any] = []

    def send(self, request: Any) -> AWSResponse:
        self.requests.append(request)
        answer = self.answers.pop(0) if len(self.answers) > 1 else self.answers[0]
        if isinstance(answer, Exception):
            raise answer
        status, kind, body = answer
        return AWSResponse(request.url, status, {"Content-Type": kind}, _Raw(body))


class _Raw(io.BytesIO):
    def stream(self, **_: Any) -> Any:
        yield self.read()
