"""AgentCore's runtime: it asks the model only for what the stack allows, only while evolution runs, and every refusal says what to do."""

from __future__ import annotations

import json
import logging
import threading
import time
from collections.abc import Iterator
from http.client import HTTPConnection
from typing import Any, cast

import pytest

from common.aws import MODEL
from engine import agent, serving
from engine.agent import Agent, clients, exceptions
from engine.serving import serve
from engine.settings import AgentSettings, EngineSettingsError, read

MODE = "/evolution/dev/mode"
ENABLE = "model_not_enabled"
MODEL_ID = "us.anthropic.claude-sonnet-4-6"

ENVIRONMENT = {
    "AWS_REGION": "us-east-1",
    "BEDROCK_REGION": "us-west-2",
    "BEDROCK_MODEL_ID": MODEL_ID,
    "BEDROCK_GUARDRAIL_ID": "abcdefghij",
    "BEDROCK_GUARDRAIL_VERSION": "3",
    "AGENT_MEMORY_LIMIT": "8192",
    "AUTONOMY_LEVEL": "75",
    "EVOLUTION_ENVIRONMENT": "dev",
    "EVOLUTION_MODE_PARAMETER": MODE,
    "EVOLUTION_SAFETY_ENABLED": "true",
}
REQUEST: dict[str, Any] = {"prompt": "Improve yourself.", "agent_memory_bytes": 4096, "autonomy_percent": 50}
ANSWER: dict[str, Any] = {
    "output": {"message": {"role": "assistant", "content": [{"text": "An "}, {"text": "idea."}]}},
    "stopReason": "end_turn",
    "usage": {"inputTokens": 9, "outputTokens": 3, "totalTokens": 12},
    "metrics": {"latencyMs": 5},
}


class Aws:
    """AWS's two services, as the real clients see them: parameters are checked by AWS's own models, and nothing is sent.

    Attributes:
        mode: the parameter's value, or the error that reading it meets.
        model: the model's answer, or the error that asking it meets.
        asked: what the model was asked.
    """

    def __init__(self, settings: AgentSettings) -> None:
        self.mode: Any = "running"
        self.model: Any = ANSWER
        self.asked: list[dict[str, Any]] = []
        self.clients = clients(settings)
        self.clients["ssm"].meta.events.register("before-call.ssm.GetParameter", self._parameter)
        self.clients["bedrock-runtime"].meta.events.register("before-call.bedrock-runtime.Converse", self._converse)

    def _parameter(self, params: dict[str, Any], **_: Any) -> tuple[Any, Any]:
        assert json.loads(params["body"])["Name"] == MODE
        return _met(self.mode, {"Parameter": {"Value": self.mode}})

    def _converse(self, params: dict[str, Any], **_: Any) -> tuple[Any, Any]:
        self.asked.append({"path": params["url_path"], **json.loads(params["body"])})
        return _met(self.model, self.model)


class _Http:
    def __init__(self, status: int) -> None:
        self.status_code = status
        self.headers: dict[str, str] = {}


def _met(what: Any, answer: Any) -> tuple[Any, Any]:
    if isinstance(what, Exception):
        raise what
    if isinstance(what, tuple):
        code, status, *said = cast("tuple[Any, ...]", what)
        return _Http(status), {
            "Error": {"Code": code, "Message": f"{' '.join(said)} account 123456789012 says no"},
            "ResponseMetadata": {"HTTPStatusCode": status},
        }
    return _Http(200), answer


@pytest.fixture(scope="module")
def aws() -> Iterator[Aws]:
    """The clients are made once: that takes longest."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("AWS_ACCESS_KEY_ID", "test")
        patch.setenv("AWS_SECRET_ACCESS_KEY", "test")
        yield Aws(read(AgentSettings, ENVIRONMENT))


@pytest.fixture
def runtime(aws: Aws) -> Agent:
    """An agent in a world where all is well."""
    aws.mode, aws.model = "running", ANSWER
    aws.asked.clear()
    return Agent(read(AgentSettings, ENVIRONMENT), aws.clients)


def invoke(runtime: Agent, **changes: Any) -> tuple[int, Any]:
    return runtime.invoke(json.dumps({**REQUEST, **changes}).encode(), "s" * 33)


# What is asked.


def test_a_request_within_the_limits_is_answered_by_the_model_behind_the_guardrail(runtime: Agent, aws: Aws) -> None:
    status, answer = invoke(runtime, agent_memory_bytes=8192, autonomy_percent=75)
    assert status == 200
    assert (answer["output"], answer["stop_reason"]) == ("An idea.", "end_turn")
    (asked,) = aws.asked
    assert asked["path"] == f"/model/{MODEL_ID}/converse"
    assert asked["guardrailConfig"] == {"guardrailIdentifier": "abcdefghij", "guardrailVersion": "3"}
    assert asked["messages"] == [{"role": "user", "content": [{"text": "Improve yourself."}]}]
    assert asked["inferenceConfig"] == {"maxTokens": 2048}
    assert "8192 bytes" in asked["system"][0]["text"]
    assert "75 percent" in asked["system"][0]["text"]


def test_the_guardrail_is_told_what_an_answer_must_rest_on(runtime: Agent, aws: Aws) -> None:
    assert invoke(runtime, prompt="What is the capital?", source="Tokyo is the capital of Japan.", agent_memory_bytes=8192)[0] == 200
    [message] = aws.asked[0]["messages"]
    told = [part["guardContent"]["text"] for part in message["content"]]
    assert [part["text"] for part in told] == ["Tokyo is the capital of Japan.", "What is the capital?"]
    # What isn't marked guard_content, too, no other policy looks at. Source: Bedrock user guide, "Use contextual grounding check".
    assert [part["qualifiers"] for part in told] == [["grounding_source", "guard_content"], ["query", "guard_content"]]
    assert aws.asked[0]["inferenceConfig"] == {"maxTokens": 1000}, "Bedrock compares at most 5,000 characters"


def test_a_question_that_is_too_long_to_compare_is_refused(runtime: Agent, aws: Aws) -> None:
    assert invoke(runtime, prompt="p" * 1000, source="s")[1]["stop_reason"]
    asked = len(aws.asked)
    assert invoke(runtime, prompt="p" * 1001, source="s")[1]["kind"] == "bad_request"
    assert invoke(runtime, prompt="p", source=" ")[1]["kind"] == "bad_request"
    assert len(aws.asked) == asked
    assert invoke(runtime, prompt="p" * 1001)[1]["stop_reason"], "without a source, nothing is compared"


def test_the_guardrails_own_answer_is_told_as_such(runtime: Agent, aws: Aws) -> None:
    aws.model = {**ANSWER, "stopReason": "guardrail_intervened"}
    assert invoke(runtime)[1]["stop_reason"] == "guardrail_intervened"


def test_the_smallest_agent_still_gets_a_token(runtime: Agent, aws: Aws) -> None:
    assert invoke(runtime, agent_memory_bytes=1, autonomy_percent=0)[0] == 200
    assert aws.asked[0]["inferenceConfig"] == {"maxTokens": 1}


def test_parts_that_are_no_text_are_left_out(runtime: Agent, aws: Aws) -> None:
    content = [{"reasoningContent": {"reasoningText": {"text": "Hm."}}}, {"text": "Yes."}]
    aws.model = {**ANSWER, "output": {"message": {"role": "assistant", "content": content}}}
    assert invoke(runtime)[1]["output"] == "Yes."


# What is refused before the model is asked.


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"{",
        b"[]",
        b"7",
        b"null",
        b"\xff\xfe",
        b"[" * 100_000,
        b'{"prompt": "\\ud800", "agent_memory_bytes": 1, "autonomy_percent": 1}',
        b'{"prompt": "Only a prompt."}',
        *(
            json.dumps({**REQUEST, **change}).encode()
            for change in (
                {"prompt": ""},
                {"prompt": " \n"},
                {"prompt": 7},
                {"prompt": None},
                {"agent_memory_bytes": 0},
                {"agent_memory_bytes": -1},
                {"agent_memory_bytes": "4096"},
                {"agent_memory_bytes": 4096.5},
                {"agent_memory_bytes": True},
                {"agent_memory_bytes": float("nan")},
                {"autonomy_percent": -1},
                {"autonomy_percent": "50"},
                {"autonomy_percent": None},
                {"model": "another"},
                {"guardrail": "none"},
            )
        ),
    ],
    ids=lambda body: str(body)[:60],
)
def test_a_body_that_isnt_one_is_refused_with_an_example_and_nobody_is_asked(runtime: Agent, aws: Aws, body: bytes) -> None:
    status, answer = runtime.invoke(body)
    assert (status, answer["kind"]) == (200, "bad_request")
    assert answer["error"].endswith(f"send JSON such as {agent.EXAMPLE}")
    assert aws.asked == []


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        ({"agent_memory_bytes": 8193}, "agent_memory_bytes is 8193, and AGENT_MEMORY_LIMIT allows 8192 in dev: ask for 8192 or less"),
        ({"autonomy_percent": 76}, "autonomy_percent is 76, and AUTONOMY_LEVEL allows 75 in dev: ask for 75 or less"),
        ({"autonomy_percent": 10**30}, "ask for 75 or less"),
    ],
)
def test_more_than_the_stack_allows_is_refused(runtime: Agent, aws: Aws, change: dict[str, int], sentence: str) -> None:
    status, answer = invoke(runtime, **change)
    assert (status, answer["kind"]) == (200, "over_limit")
    assert sentence in answer["error"]
    assert aws.asked == []


@pytest.mark.parametrize(
    "mode",
    ["halted", "Running", "running ", "", ("ParameterNotFound", 400), ("AccessDeniedException", 400), exceptions.NoCredentialsError()],
    ids=str,
)
def test_nothing_is_asked_unless_the_mode_says_plainly_running(runtime: Agent, aws: Aws, mode: object) -> None:
    aws.mode = mode
    status, answer = invoke(runtime)
    assert (status, answer["kind"]) == (200, "halted")
    assert MODE in answer["error"]
    assert aws.asked == []


# What goes wrong.


ACCESS = "Model access is denied due to IAM user or service role is not authorized to perform the required AWS Marketplace actions"


@pytest.mark.parametrize(
    ("met", "kind", "word"),
    [
        (("ThrottlingException", 429), "throttled", "quota"),
        (("ServiceQuotaExceededException", 400), "throttled", "quota"),
        (("AccessDeniedException", 403), "denied", "role"),
        (("AccessDeniedException", 403, f"{ACCESS} (aws-marketplace:ViewSubscriptions, aws-marketplace:Subscribe)"), ENABLE, "once"),
        (("AccessDeniedException", 403, "You don't have access to the model with the specified model ID."), ENABLE, "once"),
        (("ResourceNotFoundException", 404, "Model use case details have not been submitted for this account."), ENABLE, "once"),
        (("ExpiredTokenException", 403), "denied", "role"),
        (("ResourceNotFoundException", 404), "missing", "model_id"),
        (("ValidationException", 400), "rejected", "log"),
        (("ModelTimeoutException", 408), "timeout", "later"),
        (("ModelNotReadyException", 429), "unavailable", "again"),
        (("ServiceUnavailableException", 503), "unavailable", "again"),
        (("InternalServerException", 500), "unavailable", "again"),
        (exceptions.ReadTimeoutError(endpoint_url="https://aws.example"), "timeout", "later"),
        (exceptions.EndpointConnectionError(endpoint_url="https://aws.example"), "unavailable", "again"),
        (exceptions.NoCredentialsError(), "denied", "role"),
    ],
    ids=str,
)
def test_every_way_of_not_getting_an_answer_has_a_name_and_an_advice(
    runtime: Agent, aws: Aws, caplog: pytest.LogCaptureFixture, met: object, kind: str, word: str
) -> None:
    aws.model = met
    status, answer = invoke(runtime)
    assert (status, answer["kind"]) == (200, kind), "AgentCore's caller sees of any other status 424, and no kind"
    assert answer["error"].startswith(f"{MODEL_ID} didn't answer (")
    assert word in answer["error"].partition("): ")[2]
    assert "123456789012" not in answer["error"], "AWS's own words may name accounts: they stay in the log"
    assert "123456789012" in caplog.text or isinstance(met, Exception)


def test_all_attempts_end_before_the_caller_gives_up() -> None:
    both = agent.MODEL_ATTEMPTS * (2 * agent.CONNECT_SECONDS + agent.MODEL_SECONDS + agent.MODE_SECONDS)
    # botocore's standard mode waits at most a second before the second attempt.
    assert both + 2 < MODEL.read


def test_prompts_and_answers_are_never_logged_but_the_session_is(runtime: Agent, caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.INFO):
        invoke(runtime, prompt="A secret wish.")
        runtime.invoke(b'{"prompt": "A secret wish."', "two\nlines")
    assert "s" * 33 in caplog.text
    assert "secret wish" not in caplog.text
    assert "An idea." not in caplog.text
    assert "two\nlines" not in caplog.text


# The contract.


def test_pings_say_busy_while_an_invocation_is_under_way_and_since_when(runtime: Agent, aws: Aws, monkeypatch: pytest.MonkeyPatch) -> None:
    now = time.time()
    monkeypatch.setattr(agent.time, "time", lambda: now + 100)
    during: list[Any] = []

    class Watching(dict[str, Any]):
        def __getitem__(self, name: str) -> Any:
            during.append(runtime.ping()[1])
            return aws.clients[name]

    before = runtime.ping()[1]
    monkeypatch.setattr(runtime, "_aws", Watching())
    invoke(runtime)
    after = runtime.ping()[1]
    assert before["status"] == after["status"] == "Healthy"
    assert before["time_of_last_update"] <= now + 1, "an idle agent must not look as if it had just changed"
    assert {one["status"] for one in during} == {"HealthyBusy"}
    assert {one["time_of_last_update"] for one in during} == {int(now + 100)}
    assert runtime.ping()[1] == after


def test_too_many_at_once_are_told_to_come_again_and_a_ping_gets_through(runtime: Agent, aws: Aws, monkeypatch: pytest.MonkeyPatch) -> None:
    assert agent.MOST_INVOCATIONS < serving.MOST_CONNECTIONS
    monkeypatch.setattr(agent, "MOST_INVOCATIONS", 1)
    begun, finish = threading.Event(), threading.Event()

    class SlowClients(dict[str, Any]):
        def __getitem__(self, name: str) -> Any:
            begun.set()
            finish.wait(60)
            return aws.clients[name]

    monkeypatch.setattr(runtime, "_aws", SlowClients())
    answers: list[tuple[int, Any]] = []
    first = threading.Thread(target=lambda: answers.append(invoke(runtime)))
    first.start()
    assert begun.wait(60)
    status, answer = invoke(runtime)
    assert (status, answer["kind"]) == (200, "busy")
    assert runtime.ping()[0] == 200
    finish.set()
    first.join(60)
    assert answers[0][1]["output"] == "An idea."
    assert invoke(runtime)[1]["output"] == "An idea.", "who was refused must not be counted"


def test_over_http_it_keeps_agentcores_contract(runtime: Agent) -> None:
    server = serve("127.0.0.1", 0, runtime.routes)
    try:
        connection = HTTPConnection("127.0.0.1", server.server_port, timeout=30)
        connection.request("GET", "/ping")
        assert json.loads(connection.getresponse().read())["status"] == "Healthy"
        connection.request("POST", "/invocations", json.dumps(REQUEST), {"X-Amzn-Bedrock-AgentCore-Runtime-Session-Id": "s" * 33})
        response = connection.getresponse()
        assert (response.status, response.headers["Content-Type"]) == (200, "application/json")
        assert json.loads(response.read())["output"] == "An idea."
        connection.request("POST", "/invocations", json.dumps({**REQUEST, "autonomy_percent": 76}))
        response = connection.getresponse()
        assert (response.status, json.loads(response.read())["kind"]) == (200, "over_limit"), "AgentCore hands on the body of a 2xx only"
        connection.close()
    finally:
        server.stop(0)


# Its settings.


@pytest.mark.parametrize(
    ("name", "value"),
    [
        *((name, None) for name in ENVIRONMENT if name != "AWS_REGION"),
        ("AGENT_MEMORY_LIMIT", "0"),
        ("AGENT_MEMORY_LIMIT", "much"),
        ("AUTONOMY_LEVEL", "101"),
        ("AUTONOMY_LEVEL", "0"),
        ("BEDROCK_GUARDRAIL_VERSION", "DRAFT"),
        ("BEDROCK_MODEL_ID", ""),
        ("EVOLUTION_SAFETY_ENABLED", "false"),
        ("EVOLUTION_PORT", "70000"),
    ],
)
def test_a_missing_or_impossible_variable_is_named_in_one_line(name: str, value: str | None) -> None:
    environment = {**ENVIRONMENT, name: value}
    with pytest.raises(EngineSettingsError, match=name) as caught:
        read(AgentSettings, {key: one for key, one in environment.items() if one is not None})
    assert "\n" not in str(caught.value)


def test_the_mode_is_read_where_the_runtime_is_and_the_model_asked_where_it_is() -> None:
    made = clients(read(AgentSettings, ENVIRONMENT))
    assert (made["ssm"].meta.region_name, made["bedrock-runtime"].meta.region_name) == ("us-east-1", "us-west-2")
    alone = clients(read(AgentSettings, {name: value for name, value in ENVIRONMENT.items() if name != "AWS_REGION"}))
    assert alone["ssm"].meta.region_name == "us-west-2"
