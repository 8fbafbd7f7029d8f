"""The handler as the Lambda that is deployed: it asks the agents through their gateway and, before the first image, the model with its
guardrail. Whatever goes wrong is a typed answer and one log line that says what to do.

The emulator has no gateways: a server on loopback stands where the planned one would be.
"""

from __future__ import annotations

import json
from collections.abc import Generator
from contextlib import contextmanager
from typing import Any

import pytest

from tests.local.system import MODE, Invoked, Stub, System, silence, stub

HANDLER = "evolution-agentcore-handler"
SESSION = "s" * 33
REQUEST: dict[str, Any] = {"prompt": "Improve yourself.", "agent_memory_bytes": 4096, "autonomy_percent": 50}
IDEA = {"output": "An idea.", "stop_reason": "end_turn"}
MARKETPLACE = "Model access is denied due to IAM user or service role is not authorized to perform the required AWS Marketplace actions"
LARGEST_BYTES = 16 * 1024


@contextmanager
def gateway(system: System, body: object = IDEA, **answers: Any) -> Generator[Stub]:
    """The handler's gateway, as far as it sees one."""
    with stub(body=body, **answers) as served, system.told(HANDLER, AGENTCORE_GATEWAY_URL=served.url):
        yield served


@contextmanager
def bedrock(system: System, **answers: Any) -> Generator[Stub]:
    """Bedrock, where it must answer what the emulator's doesn't."""
    with stub(**answers) as served, system.told(HANDLER, AWS_ENDPOINT_URL_BEDROCK_RUNTIME=served.url):
        yield served


def typed(asked: Invoked, outcome: str, kind: str, word: str = "") -> bool:
    """Whether it is this answer, with one log line that says the same and what to do, and nothing else but Lambda's own lines."""
    (line,) = asked.log
    assert (asked.failed, asked.answer["outcome"], asked.answer["kind"]) == (False, outcome, kind)
    assert (line["outcome"], line["kind"], line["advice"]) == (outcome, kind, asked.answer["advice"])
    assert line["level"] == ("ERROR" if outcome == "failed" else "WARN")
    assert word in line["advice"]
    assert "Traceback" not in asked.text
    assert REQUEST["prompt"] not in asked.text, "no request's content is logged"
    return True


# With an image: the agents.


def test_an_agent_is_asked_through_the_gateway_in_the_roles_name(system: System) -> None:
    with gateway(system) as served:
        asked = system.invoke(HANDLER, {**REQUEST, "session_id": SESSION})
    assert asked.answer["outcome"] == "answered", asked.text
    assert (asked.answer["via"], asked.answer["output"]) == ("runtime", "An idea.")
    ((path, headers, content),) = served.requests
    assert path == "/runtime/invocations"
    assert json.loads(content) == REQUEST
    assert headers["X-Amzn-Bedrock-AgentCore-Runtime-Session-Id"] == SESSION
    assert headers["Authorization"].startswith("AWS4-HMAC-SHA256 Credential=")
    assert "/us-east-1/bedrock-agentcore/aws4_request" in headers["Authorization"]
    assert "x-amzn-bedrock-agentcore-runtime-session-id" in headers["Authorization"], "the session's id is signed"
    (line,) = asked.log
    assert (line["outcome"], line["environment"], line["session_id"]) == ("answered", "dev", SESSION)
    assert "An idea" not in asked.text


def test_the_parts_of_a_stream_are_joined(system: System) -> None:
    parts = b'data: {"text": "An "}\n\ndata: {"text": "idea.", "stop_reason": "end_turn"}\n\n'
    with gateway(system, body=parts, kind="text/event-stream"):
        assert system.invoke(HANDLER, REQUEST).answer["output"] == "An idea."


@pytest.mark.parametrize(
    ("event", "kind", "word"),
    [
        ("{", "not_json", "prompt"),
        ([REQUEST], "not_json", "prompt"),
        ({**REQUEST, "prompt": "x" * LARGEST_BYTES}, "too_large", "less"),
        (json.dumps({**REQUEST, "prompt": "x" * LARGEST_BYTES}), "too_large", "less"),
        ({**REQUEST, "agent_memory_bytes": 8193}, "too_much_memory", "8192"),
        ({**REQUEST, "autonomy_percent": 76}, "too_much_autonomy", "75"),
    ],
    ids=["not JSON", "no object", "too large", "a text that is too large", "more memory", "more autonomy"],
)
def test_a_request_that_may_not_be_is_refused_and_no_agent_is_asked(system: System, event: object, kind: str, word: str) -> None:
    with gateway(system) as served:
        assert typed(system.invoke(HANDLER, event), "refused", kind, word)
    assert served.requests == []


def test_no_agent_is_asked_while_evolution_is_halted(system: System) -> None:
    system("ssm").put_parameter(Name=MODE, Value="halted", Overwrite=True)
    with gateway(system) as served:
        assert typed(system.invoke(HANDLER, REQUEST), "refused", "halted", "runbook")
    assert served.requests == []


def test_a_gateway_that_throttles_for_a_while_answers_in_the_end(system: System) -> None:
    with gateway(system, busy=2) as served:
        assert system.invoke(HANDLER, REQUEST).answer["output"] == "An idea."
    assert len(served.requests) == 3


@pytest.mark.parametrize(
    ("answers", "outcome", "kind", "word", "attempts"),
    [
        ({"busy": 9}, "failed", "throttled", "quota", 3),
        ({"body": {"error": "Too many are under way.", "kind": "busy"}}, "failed", "busy", "runbook", 3),
        ({"body": {"error": "It is denied.", "kind": "denied"}}, "failed", "denied", "runbook", 1),
        ({"body": {"error": "It isn't enabled.", "kind": "model_not_enabled"}}, "failed", "model_not_enabled", "runbook", 1),
        ({"status": 409}, "failed", "busy", "moment", 3),
        ({"status": 402}, "failed", "throttled", "quota", 1),
        ({"status": 504}, "failed", "timeout", "less", 3),
        ({"status": 403}, "failed", "denied", "role", 1),
        ({"status": 424}, "failed", "runtime_failed", "log group", 1),
        ({"body": {"output": "No.", "stop_reason": "guardrail_intervened"}}, "intervened", "guardrail_intervened", "guardrail", 1),
    ],
    ids=[
        "throttled",
        "busy",
        "agent denied",
        "model not enabled",
        "session conflict",
        "quota",
        "timeout",
        "denied",
        "agent fails",
        "guardrail",
    ],
)
def test_what_keeps_an_agent_from_answering_has_a_name(
    system: System, answers: dict[str, Any], outcome: str, kind: str, word: str, attempts: int
) -> None:
    with gateway(system, **answers) as served:
        assert typed(system.invoke(HANDLER, REQUEST), outcome, kind, word)
    assert len(served.requests) == attempts


def test_a_gateway_that_says_nothing_is_a_timeout(system: System) -> None:
    with silence() as address, system.told(HANDLER, AGENTCORE_GATEWAY_URL=address):
        assert typed(system.invoke(HANDLER, REQUEST), "failed", "timeout", "later")


# Before the first image: the model itself.


def test_before_the_first_image_the_model_is_asked_with_the_stacks_guardrail(without_an_image: System) -> None:
    asked = without_an_image.invoke(HANDLER, REQUEST)
    assert (asked.answer["outcome"], asked.answer["via"], asked.answer["stop_reason"]) == ("answered", "model", "end_turn")
    assert asked.answer["output"]
    assert [(line["outcome"], line["via"]) for line in asked.log] == [("answered", "model")]
    (guardrail,) = without_an_image("bedrock").list_guardrails()["guardrails"]
    with bedrock(without_an_image) as served:
        without_an_image.invoke(HANDLER, REQUEST)
    ((path, _, content),) = served.requests
    assert path == "/model/us.anthropic.claude-sonnet-4-6/converse"
    assert json.loads(content)["guardrailConfig"] == {"guardrailIdentifier": guardrail["id"], "guardrailVersion": "1"}


def test_what_the_planned_guardrail_blocks_does_not_reach_the_model(without_an_image: System) -> None:
    asked = without_an_image.invoke(HANDLER, {**REQUEST, "prompt": "My key is AKIAIOSFODNN7EXAMPLE."})
    assert typed(asked, "intervened", "guardrail_intervened", "guardrail")
    (guardrail,) = without_an_image("bedrock").list_guardrails()["guardrails"]
    planned = without_an_image("bedrock").get_guardrail(guardrailIdentifier=guardrail["id"], guardrailVersion="1")
    assert asked.answer["output"] == planned["blockedInputMessaging"]
    assert "AKIA" not in asked.text


def test_what_an_answer_must_rest_on_is_judged_as_the_prompt_is(without_an_image: System) -> None:
    asked = without_an_image.invoke(HANDLER, {**REQUEST, "source": "Tokyo is the capital of Japan."})
    assert asked.answer["outcome"] == "answered"
    asked = without_an_image.invoke(HANDLER, {**REQUEST, "source": "My key is AKIAIOSFODNN7EXAMPLE."})
    assert typed(asked, "intervened", "guardrail_intervened", "guardrail")


def test_a_model_that_throttles_for_a_while_answers_in_the_end(without_an_image: System) -> None:
    answer = {"output": {"message": {"role": "assistant", "content": [{"text": "At last."}]}}, "stopReason": "end_turn", "usage": {}}
    with bedrock(without_an_image, body=answer, busy=2) as served:
        assert without_an_image.invoke(HANDLER, REQUEST).answer["output"] == "At last."
    assert len(served.requests) == 3


@pytest.mark.parametrize(
    ("answers", "kind", "word"),
    [
        ({"busy": 9}, "throttled", "quota"),
        ({"status": 403, "body": {"__type": "AccessDeniedException", "message": MARKETPLACE}}, "model_not_enabled", "administrator"),
        ({"status": 404, "body": {"__type": "ResourceNotFoundException", "message": "End of life."}}, "missing", "model_id"),
        ({"status": 408, "body": {"__type": "ModelTimeoutException", "message": "Too long."}}, "timeout", "later"),
    ],
    ids=["throttled for ever", "not enabled", "gone", "timeout"],
)
def test_what_keeps_the_model_from_answering_has_a_name(without_an_image: System, answers: dict[str, Any], kind: str, word: str) -> None:
    with bedrock(without_an_image, **answers):
        assert typed(without_an_image.invoke(HANDLER, REQUEST), "failed", kind, word)


def test_a_model_that_says_nothing_is_a_timeout(without_an_image: System) -> None:
    with silence() as address, without_an_image.told(HANDLER, AWS_ENDPOINT_URL_BEDROCK_RUNTIME=address):
        assert typed(without_an_image.invoke(HANDLER, REQUEST), "failed", "timeout", "later")
