"""What a table needs of its account's quotas, by figures that are easy to add up."""

from __future__ import annotations

from typing import Any

import pytest

from components.capacity import ELASTIC_IPS, FARGATE_VCPUS, LAMBDA_EXECUTIONS, in_words, needs, reserved_executions
from components.environment import Engine, FargateSize
from tests.components.tables import env_of

ENGINE = Engine(
    task=FargateSize(cpu=512, memory=1024),
    container_cpu=256,
    container_memory=512,
    desired=2,
    minimum=1,
    maximum=10,
    islands=4,
    strategy="ga",
)
TABLE = env_of("dev").model_copy(update={"engine": ENGINE, "monitor_task": FargateSize(cpu=256, memory=512)})
DIGEST = "sha256:" + "0" * 64


def told(**rows: Any) -> dict[str, tuple[int, int]]:
    return {need.quota.code: (need.least, need.most) for need in needs(TABLE.model_copy(update=rows))}


def test_an_update_runs_every_task_twice() -> None:
    # (2 x 0.5 + 0.25) x 2 = 2.5, and (10 x 0.5 + 0.25) x 2 = 10.5; AWS's quotas are whole numbers.
    assert told()[FARGATE_VCPUS.code] == (3, 11)


def test_each_nat_gateway_has_an_address() -> None:
    network = TABLE.network.model_copy(update={"nat_gateways": 3})
    assert told(network=network)[ELASTIC_IPS.code] == (3, 3)


def test_reservations_leave_a_hundred_executions_to_all_others() -> None:
    assert LAMBDA_EXECUTIONS.code not in told(reserve_concurrency=False)
    assert told(reserve_concurrency=True)[LAMBDA_EXECUTIONS.code] == (113, 113)


@pytest.mark.parametrize(("row", "digest", "reserves"), [(True, DIGEST, True), (True, None, False), (False, DIGEST, False)])
def test_executions_are_reserved_by_the_row_and_not_before_there_is_an_image(row: bool, digest: str | None, reserves: bool) -> None:
    reserved = reserved_executions(TABLE.model_copy(update={"reserve_concurrency": row, "engine_image_digest": digest}))
    assert dict(reserved) == ({"safety_switch": 2, "resume": 1, "agentcore_handler": 10} if reserves else {})


def test_a_person_is_told_what_a_fresh_account_lacks_and_the_command_that_asks_for_it() -> None:
    assert in_words(TABLE) == "Fargate: On-Demand vCPU resource count (L-3032A538) 3 to 11"
    assert in_words(TABLE.model_copy(update={"engine": ENGINE.model_copy(update={"maximum": 3})})) == ""
    (fargate,) = (need for need in needs(TABLE) if need.lacks)
    assert fargate.request == (
        "aws service-quotas request-service-quota-increase --service-code fargate --quota-code L-3032A538 --desired-value 11"
    )
