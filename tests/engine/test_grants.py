"""The engine and the monitor may do what they do, and nothing else: every call of an evolution and of its score, against their grants."""

from __future__ import annotations

import json
from collections.abc import Iterable
from typing import Any, cast

import pytest

from components import iam
from components.naming import Names
from engine.evaluators import EvaluatorPool
from engine.metrics import measure
from engine.monitor import Monitor
from engine.promotion import SigningKey
from engine.store import Store
from engine.worker import Worker
from tests.engine.aws import SECRET
from tests.engine.fakes import FakeCloud
from tests.engine.test_scale import Pool, begin, header, told

NAMES = Names(stack="dev", region="us-east-1", account="123456789012")

INNER = {"Put": "PutItem", "Update": "UpdateItem", "Delete": "DeleteItem", "ConditionCheck": "ConditionCheckItem"}
"""A transaction is granted by what is in it. Source: DynamoDB developer guide, "IAM and transactions"."""

NO_CALLS = {
    "kms:Decrypt": "DynamoDB, S3 and Secrets Manager ask for it in the caller's name",
    "kms:GenerateDataKey": "as above",
    "s3:ListBucket": "without it, S3 answers 403 and not 404 to a read of what isn't there (API reference, GetObject)",
}


class Asked:
    """The cloud's clients, which keep what they are asked."""

    def __init__(self, cloud: FakeCloud) -> None:
        self._cloud, self.actions = cloud, set[str]()
        self.clients = {name: _Client(self, name) for name in ("dynamodb", "s3", "ssm", "secretsmanager", "cloudwatch")}

    def ask(self, service: str, operation: str, given: dict[str, Any]) -> Any:
        names = [INNER[next(iter(one))] for one in given["TransactItems"]] if "TransactItems" in given else [_action(operation)]
        self.actions |= {f"{service}:{name}" for name in names}
        if service == "secretsmanager":
            assert given["SecretId"] == SECRET
            return {"SecretString": json.dumps({"safety_threshold": "0.8", "safety_validation_key": "key"}), "VersionId": "0" * 32}
        return {} if service == "cloudwatch" else getattr(self._cloud, operation)(**given)


class _Client:
    def __init__(self, asked: Asked, service: str) -> None:
        self._asked, self._service = asked, service

    def __getattr__(self, operation: str) -> Any:
        def ask(**given: Any) -> Any:
            return self._asked.ask(self._service, operation, given)

        return ask


def _action(operation: str) -> str:
    return "".join(word.capitalize() for word in operation.split("_"))


def granted(statements: Iterable[Any]) -> set[str]:
    return {action for one in statements for action in ([one["Action"]] if isinstance(one["Action"], str) else one["Action"])}


@pytest.fixture(scope="module")
def cloud() -> FakeCloud:
    made = FakeCloud()
    begin(made, 2, 2)
    return made


def test_the_engine_may_do_what_it_does_and_nothing_else(cloud: FakeCloud) -> None:
    asked, settings = Asked(cloud), told(2)
    store = Store(settings, asked.clients)
    safety = store.secret(SECRET)
    key = SigningKey(key=safety["safety_validation_key"], version=safety["version"])
    one = Worker(settings, store, cast(EvaluatorPool, Pool()), name="one", signing_key=key)
    while one.step():
        pass
    assert header(cloud)["status"] == "finished"
    store.publish(settings.metric_namespace, measure(settings, store, one.status))
    assert granted(iam.engine_grants(NAMES)) - NO_CALLS.keys() == asked.actions


def test_the_monitor_may_do_what_it_does_and_nothing_else(cloud: FakeCloud) -> None:
    asked, settings = Asked(cloud), told(2)
    Monitor(settings, Store(settings, asked.clients), cast(EvaluatorPool, Pool())).publish()
    assert granted(iam.monitor_grants(NAMES)) - NO_CALLS.keys() == asked.actions
