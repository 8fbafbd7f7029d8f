"""The agent's handler: nothing is asked that the stack doesn't allow, and every way of not getting an answer has a name."""

from __future__ import annotations

import json
from typing import Any

import pytest

from components.security import LARGEST_BODY_BYTES
from tests.functions.world import (
    ENVIRONMENT,
    ConnectTimeoutError,
    EndpointConnectionError,
    FakeApiError,
    FakeAws,
    LambdaContext,
    ReadTimeoutError,
    Wire,
    load,
)

FUNCTION = "agentcore_handler"
REQUEST: dict[str, Any] = {"prompt": "Improve yourself.", "agent_memory_bytes": 4096, "autonomy_percent": 50}
GATEWAY = "https://evolution-dev-abcdefghij.gateway.bedrock-agentcore.us-east-1.amazonaws.com"
SESSION = "s" * 33
ENABLE = "model_not_enabled"
MARKETPLACE = (
    "Model access is denied due to IAM user or service role is not authorized to perform the required AWS Marketplace actions "
    "(aws-marketplace:ViewSubscriptions, aws-marketplace:Subscribe) to enable access to this model."
)
USE_CASE = "Model use case details have not been submitted for this account. Fill out the Anthropic use case details form."
SILENCE = ReadTimeoutError(endpoint_url="https://aws.example")

ask = load(FUNCTION)


@pytest.fixture
def gateway(world: FakeAws, waits: list[float], monkeypatch: pytest.MonkeyPatch) -> FakeAws:  # noqa: ARG001 (its tests wait for nothing)
    """A world with a runtime behind a gateway."""
    monkeypatch.setenv("AGENTCORE_GATEWAY_URL", GATEWAY)
    world.wire = Wire((200, "application/json", b'{"output": "An idea.", "stop_reason": "end_turn"}'))
    return world


# What is refused before anybody is asked.


@pytest.mark.usefixtures("world")
def test_the_largest_request_that_is_allowed_is_answered() -> None:
    answer = ask({"prompt": "p", "agent_memory_bytes": 8192, "autonomy_percent": 75, "session_id": "s" * 256}, LambdaContext())
    assert (answer["outcome"], answer["output"], answer["session_id"]) == ("answered", "An idea.", "s" * 256)


@pytest.mark.parametrize(
    ("event", "kind"),
    [
        ("{", "not_json"),
        ("", "not_json"),
        ("[" * 100_000, "not_json"),
        ([REQUEST], "not_json"),
        (7, "not_json"),
        (None, "not_json"),
        ({**REQUEST, "prompt": "x" * LARGEST_BODY_BYTES}, "too_large"),
        (json.dumps({**REQUEST, "prompt": "x" * LARGEST_BODY_BYTES}), "too_large"),
        ({**REQUEST, "agent_memory_bytes": 8193}, "too_much_memory"),
        ({**REQUEST, "autonomy_percent": 76}, "too_much_autonomy"),
        ({**REQUEST, "force": True}, "bad_request"),
        ({**REQUEST, "prompt": " "}, "bad_request"),
        ({**REQUEST, "prompt": 7}, "bad_request"),
        ({**REQUEST, "agent_memory_bytes": 0}, "bad_request"),
        ({**REQUEST, "agent_memory_bytes": True}, "bad_request"),
        ({**REQUEST, "autonomy_percent": "50"}, "bad_request"),
        ({**REQUEST, "autonomy_percent": -1}, "bad_request"),
        ({"prompt": "No limits named."}, "bad_request"),
        ({**REQUEST, "session_id": "short"}, "bad_request"),
        ({**REQUEST, "session_id": "s" * 257}, "bad_request"),
        ({**REQUEST, "session_id": 7}, "bad_request"),
        ({**REQUEST, "source": " "}, "bad_request"),
        ({**REQUEST, "source": 7}, "bad_request"),
        ({**REQUEST, "prompt": "p" * 1001, "source": "s"}, "bad_request"),
        ({**REQUEST, "prompt": "\ud83d"}, "bad_request"),
        ({**REQUEST, "source": "x" * LARGEST_BODY_BYTES}, "too_large"),
    ],
)
def test_a_request_that_may_not_be_is_refused_and_nobody_is_asked(world: FakeAws, logged: Any, event: object, kind: str) -> None:
    answer = ask(event, LambdaContext())
    assert (answer["outcome"], answer["kind"]) == ("refused", kind)
    assert world.calls == []
    (line,) = logged()
    assert (line["level"], line["kind"], line["advice"]) == ("WARN", kind, answer["advice"])


def test_the_largest_body_is_the_largest_that_the_web_acl_lets_through(gateway: FakeAws) -> None:
    largest = LARGEST_BODY_BYTES - len(json.dumps({**REQUEST, "prompt": ""}))
    assert ask({**REQUEST, "prompt": "ü" * (largest // 2)}, LambdaContext())["outcome"] == "answered"
    assert ask({**REQUEST, "prompt": "x" * largest}, LambdaContext())["outcome"] == "answered"
    assert ask({**REQUEST, "prompt": "x" * (largest + 1)}, LambdaContext())["kind"] == "too_large"
    assert gateway.wire
    assert [len(sent.body) for sent in gateway.wire.requests][-1] == LARGEST_BODY_BYTES


@pytest.mark.usefixtures("world")
def test_json_text_is_a_request_too() -> None:
    assert ask(json.dumps(REQUEST), LambdaContext())["outcome"] == "answered"


@pytest.mark.parametrize(
    ("mode", "outcome", "kind"), [("halted", "refused", "halted"), (None, "failed", "mode_unclear"), ("paused", "failed", "mode_unclear")]
)
def test_nobody_is_asked_unless_evolution_runs(world: FakeAws, mode: str | None, outcome: str, kind: str) -> None:
    world.mode = mode
    answer = ask(REQUEST, LambdaContext())
    assert (answer["outcome"], answer["kind"]) == (outcome, kind)
    assert world.given("bedrock-runtime:Converse") == []


def test_nobody_is_asked_with_the_safety_checks_turned_off(world: FakeAws, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("EVOLUTION_SAFETY_ENABLED", "false")
    assert ask(REQUEST, LambdaContext())["kind"] == "safety_disabled"
    assert world.calls == []


@pytest.mark.usefixtures("world")
def test_what_is_asked_and_answered_is_not_logged(logged: Any) -> None:
    ask(REQUEST, LambdaContext())
    text = json.dumps(logged())
    assert "Improve yourself" not in text
    assert "An idea" not in text


# Without a runtime: the model itself.


def test_without_a_runtime_the_model_is_asked_with_its_guardrail(world: FakeAws) -> None:
    answer = ask(REQUEST, LambdaContext())
    assert (answer["outcome"], answer["via"], answer["totalTokens"]) == ("answered", "model", 7)
    (asked,) = world.given("bedrock-runtime:Converse")
    assert asked["modelId"] == ENVIRONMENT["BEDROCK_MODEL_ID"]
    assert asked["guardrailConfig"] == {"guardrailIdentifier": "abcdefghij", "guardrailVersion": "1"}
    assert asked["inferenceConfig"]["maxTokens"] == 1024
    assert len(answer["session_id"]) >= 33


def test_the_guardrail_is_told_what_an_answer_must_rest_on(world: FakeAws) -> None:
    ask({**REQUEST, "agent_memory_bytes": 8192, "source": "Tokyo is the capital of Japan."}, LambdaContext())
    (asked,) = world.given("bedrock-runtime:Converse")
    told = [part["guardContent"]["text"] for part in asked["messages"][0]["content"]]
    assert [(part["text"], part["qualifiers"]) for part in told] == [
        ("Tokyo is the capital of Japan.", ["grounding_source", "guard_content"]),
        ("Improve yourself.", ["query", "guard_content"]),
    ]
    assert asked["inferenceConfig"]["maxTokens"] == 1000, "Bedrock compares at most 5,000 characters"


def test_a_guardrail_that_steps_in_is_reported_as_such(world: FakeAws) -> None:
    world.model_answer = {"text": "I can't help with that.", "stopReason": "guardrail_intervened"}
    answer = ask(REQUEST, LambdaContext())
    assert (answer["outcome"], answer["kind"], answer["output"]) == ("intervened", "guardrail_intervened", "I can't help with that.")


@pytest.mark.parametrize(
    ("fault", "kind", "word"),
    [
        (FakeApiError("ThrottlingException", status=429), "throttled", "quota"),
        (
            FakeApiError("AccessDeniedException", "You don't have access to the model with the specified model ID.", status=403),
            ENABLE,
            "Model access",
        ),
        (FakeApiError("AccessDeniedException", MARKETPLACE, status=403), ENABLE, "administrator"),
        (FakeApiError("ResourceNotFoundException", USE_CASE, status=404), ENABLE, "administrator"),
        (FakeApiError("ResourceNotFoundException", "end of life", status=404), "missing", "model_id"),
        (FakeApiError("AccessDeniedException", "r is not authorized to perform: bedrock:InvokeModel", status=403), "denied", "role"),
        (FakeApiError("ModelTimeoutException", status=408), "timeout", "later"),
        (SILENCE, "timeout", "later"),
        (FakeApiError("ModelNotReadyException", status=429), "unavailable", "again"),
        (FakeApiError("ValidationException"), "rejected", "mend"),
    ],
)
def test_a_model_that_does_not_answer_is_a_typed_failure_that_says_what_to_do(
    world: FakeAws, logged: Any, fault: Exception, kind: str, word: str
) -> None:
    world.fail("bedrock-runtime:Converse", fault)
    answer = ask(REQUEST, LambdaContext())
    assert (answer["outcome"], answer["kind"]) == ("failed", kind)
    assert word in answer["advice"]
    assert logged()[-1]["level"] == "ERROR"


def test_throttling_is_retried_with_growing_random_waits(world: FakeAws, waits: list[float]) -> None:
    throttled = (429, "application/json", b'{"__type": "ThrottlingException", "message": "Slow down."}')
    body = {"output": {"message": {"role": "assistant", "content": [{"text": "At last."}]}}, "stopReason": "end_turn", "usage": {}}
    world.sent_anyway = {"bedrock-runtime:Converse"}
    world.wire = Wire(throttled, throttled, (200, "application/json", json.dumps(body).encode()))
    assert ask(REQUEST, LambdaContext())["output"] == "At last."
    assert len(world.wire.requests) == 3
    assert len(waits) == 2


def test_a_fault_of_the_handler_itself_is_an_answer_too(world: FakeAws, logged: Any) -> None:
    world.fail("bedrock-runtime:Converse", KeyError("oops"))
    answer = ask(REQUEST, LambdaContext())
    assert (answer["outcome"], answer["kind"]) == ("failed", "fault")
    assert logged()[-1]["where"]


# With a runtime: through the gateway.


def test_the_runtime_is_asked_through_the_gateway_and_signed(gateway: FakeAws) -> None:
    answer = ask({**REQUEST, "session_id": SESSION}, LambdaContext())
    assert (answer["outcome"], answer["via"], answer["output"]) == ("answered", "runtime", "An idea.")
    assert gateway.wire
    (sent,) = gateway.wire.requests
    assert sent.url == f"{GATEWAY}/runtime/invocations"
    assert json.loads(sent.body) == REQUEST
    assert sent.headers["X-Amzn-Bedrock-AgentCore-Runtime-Session-Id"] == SESSION
    assert sent.headers["User-Agent"], "the web ACL blocks who names none"
    signature = str(sent.headers["Authorization"])
    assert "/us-east-1/bedrock-agentcore/aws4_request" in signature
    assert "x-amzn-bedrock-agentcore-runtime-session-id" in signature, "the session's id is signed"
    assert gateway.given("bedrock-runtime:Converse") == []


def test_an_address_of_the_gateways_other_protocol_is_understood(gateway: FakeAws, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AGENTCORE_GATEWAY_URL", f"{GATEWAY}/mcp")
    ask(REQUEST, LambdaContext())
    assert gateway.wire
    assert gateway.wire.requests[0].url == f"{GATEWAY}/runtime/invocations"


def test_a_request_without_a_session_gets_one_that_a_repetition_shares(gateway: FakeAws) -> None:
    ask(REQUEST, LambdaContext())
    ask(REQUEST, LambdaContext())
    assert gateway.wire
    sessions = {str(sent.headers["X-Amzn-Bedrock-AgentCore-Runtime-Session-Id"]) for sent in gateway.wire.requests}
    assert sessions == {LambdaContext().aws_request_id}


@pytest.mark.parametrize(
    ("kind", "body", "output"),
    [
        (
            "text/event-stream",
            b'data: {"text": "An "}\n\n: still here\n\ndata: {"text": "idea.", "stop_reason": "end_turn"}\n\n',
            "An idea.",
        ),
        ("text/event-stream; charset=utf-8", b'event: x\r\ndata: "An "\r\n\r\ndata: idea.\r\n\r\n', "An idea."),
        ("application/json", b'"plain"', '"plain"'),
        ("text/plain", b"An idea.", "An idea."),
    ],
)
def test_a_stream_is_joined_and_plain_text_is_taken_as_it_is(gateway: FakeAws, kind: str, body: bytes, output: str) -> None:
    gateway.wire = Wire((200, kind, body))
    assert ask(REQUEST, LambdaContext())["output"] == output


@pytest.mark.parametrize(
    ("kind", "body"),
    [
        ("application/json", b'{"output": "No.", "stop_reason": "guardrail_intervened"}'),
        ("text/event-stream", b'data: {"text": "No."}\n\ndata: {"text": "", "stop_reason": "guardrail_intervened"}\n\n'),
    ],
)
def test_a_guardrail_that_steps_in_at_the_agents_is_reported_too(gateway: FakeAws, kind: str, body: bytes) -> None:
    gateway.wire = Wire((200, kind, body))
    answer = ask(REQUEST, LambdaContext())
    assert (answer["outcome"], answer["output"]) == ("intervened", "No.")


@pytest.mark.parametrize(
    ("status", "failure", "attempts"),
    [
        (429, "throttled", 3),
        (503, "unavailable", 3),
        (504, "timeout", 3),
        (403, "denied", 1),
        (404, "missing", 1),
        (408, "timeout", 1),
        (409, "busy", 3),
        (402, "throttled", 1),
        (424, "runtime_failed", 1),
        (500, "unavailable", 1),
        (400, "rejected", 1),
    ],
)
def test_a_gateway_that_refuses_is_a_typed_failure(gateway: FakeAws, waits: list[float], status: int, failure: str, attempts: int) -> None:
    gateway.wire = Wire((status, "application/json", b'{"message": "No."}'))
    answer = ask(REQUEST, LambdaContext())
    assert (answer["outcome"], answer["kind"]) == ("failed", failure)
    assert answer["advice"]
    assert len(gateway.wire.requests) == attempts
    assert len(waits) == attempts - 1


@pytest.mark.parametrize(
    ("said", "failure"),
    [
        ("Request Denied: Agent runtime request not allowed due to policy enforcement [Policy evaluation denied by default]", "over_limit"),
        ("Request Denied: a policy could not be evaluated", "policy_unavailable"),
    ],
)
def test_a_refusal_by_the_gateways_policies_says_that_no_agent_was_started(gateway: FakeAws, said: str, failure: str) -> None:
    gateway.wire = Wire((403, "application/json", json.dumps({"message": said}).encode()))
    answer = ask(REQUEST, LambdaContext())
    assert (answer["outcome"], answer["kind"]) == ("failed", failure)
    assert said in answer["message"]
    assert len(gateway.wire.requests) == 1, "the same request is refused again"


@pytest.mark.parametrize(
    ("kind", "attempts"),
    [("busy", 3), ("throttled", 3), ("unavailable", 3), ("halted", 1), ("over_limit", 1), ("denied", 1), ("timeout", 1), (ENABLE, 1)],
)
def test_an_agent_that_refuses_is_reported_in_its_own_words(gateway: FakeAws, waits: list[float], kind: str, attempts: int) -> None:
    """With 200, for of another status AgentCore hands on no body."""
    gateway.wire = Wire((200, "application/json", json.dumps({"error": "Not now: wait.", "kind": kind}).encode()))
    answer = ask(REQUEST, LambdaContext())
    assert (answer["outcome"], answer["kind"], len(gateway.wire.requests)) == ("failed", kind, attempts)
    assert len(waits) == attempts - 1
    assert "Not now: wait." in answer["message"]


def test_an_agent_that_was_busy_is_asked_again(gateway: FakeAws) -> None:
    busy = (200, "application/json", b'{"error": "Too many are under way.", "kind": "busy"}')
    gateway.wire = Wire(busy, (409, "application/json", b"{}"), (200, "application/json", b'{"output": "At last."}'))
    assert ask(REQUEST, LambdaContext())["output"] == "At last."


def test_a_container_that_fails_is_told_apart_from_an_agent_that_refuses(gateway: FakeAws) -> None:
    gateway.wire = Wire((424, "application/json", b'{"message": "Received error (500) from runtime."}'))
    answer = ask(REQUEST, LambdaContext())
    assert "AgentCore doesn't say" in answer["message"]
    assert "log group" in answer["advice"]


@pytest.mark.parametrize(
    ("fault", "failure"),
    [
        (SILENCE, "timeout"),
        (ConnectTimeoutError(endpoint_url=GATEWAY), "timeout"),
        (EndpointConnectionError(endpoint_url=GATEWAY), "unavailable"),
    ],
)
def test_a_gateway_that_says_nothing_is_a_typed_failure(gateway: FakeAws, fault: Exception, failure: str) -> None:
    gateway.wire = Wire(fault)
    answer = ask(REQUEST, LambdaContext())
    assert (answer["outcome"], answer["kind"]) == ("failed", failure)
    assert len(gateway.wire.requests) == 3


def test_a_gateway_that_recovers_is_asked_again(gateway: FakeAws, waits: list[float]) -> None:
    gateway.wire = Wire(SILENCE, (429, "text/plain", b""), (200, "application/json", b'{"output": "At last."}'))
    assert ask(REQUEST, LambdaContext())["output"] == "At last."
    assert all(0 <= wait <= limit for wait, limit in zip(waits, (2, 4), strict=True))


@pytest.mark.parametrize(
    ("kind", "body"), [("application/json", b'{"error": "No memory."}'), ("text/event-stream", b'data: {"error": "No memory."}\n\n')]
)
def test_an_agent_that_reports_an_error_is_a_failure(gateway: FakeAws, kind: str, body: bytes) -> None:
    gateway.wire = Wire((200, kind, body))
    answer = ask(REQUEST, LambdaContext())
    assert (answer["outcome"], answer["kind"]) == ("failed", "runtime_failed")


def test_an_answer_that_lambda_could_not_give_back_is_a_failure(gateway: FakeAws) -> None:
    gateway.wire = Wire((200, "text/plain", b"x" * (5 * 1024 * 1024 + 1)))
    assert ask(REQUEST, LambdaContext())["kind"] == "too_large"
