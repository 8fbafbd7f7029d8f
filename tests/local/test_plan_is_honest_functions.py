"""The functions and what wakes them, as they were planned: see `test_plan_is_honest.py`."""

from __future__ import annotations

import json
from collections.abc import Callable
from contextlib import suppress
from typing import Any

from tests.local.recorded import Resources, held, ids, of, pairs, without

Client = Callable[[str], Any]

FUNCTION = "aws:lambda/function:Function"


def test_functions(made: Resources, client: Client) -> None:
    """Their code is compared by tests/local/test_functions.py."""
    there = client("lambda")
    functions = of(made, FUNCTION)
    assert sorted(one["FunctionName"] for one in there.list_functions()["Functions"]) == sorted(one["name"] for one in functions)
    for function in functions:
        answer = there.get_function(FunctionName=function["name"])
        held_of = answer["Configuration"]
        planned = without(function, "code", "sourceCodeHash")
        assert planned == held(
            planned,
            held_of,
            name=held_of["FunctionName"],
            environment={"variables": held_of["Environment"]["Variables"]},
            tags=answer["Tags"],
        )
        assert (held_of["Layers"], held_of["VpcConfig"]["SubnetIds"]) == ([], []), "nothing beside what was planned"


def test_what_becomes_of_events_that_fail(made: Resources, client: Client) -> None:
    there = client("lambda")
    kept = of(made, "aws:lambda/functionEventInvokeConfig:FunctionEventInvokeConfig")
    for config in kept:
        planned = without(config, "functionName")
        assert held(planned, there.get_function_event_invoke_config(FunctionName=config["functionName"])) == planned
    (mapping,) = of(made, "aws:lambda/eventSourceMapping:EventSourceMapping")
    (answer,) = there.list_event_source_mappings()["EventSourceMappings"]
    assert answer["FunctionArn"].rpartition(":")[2] == mapping["functionName"]
    assert answer["DestinationConfig"]["OnFailure"]["Destination"] == mapping["destinationConfig"]["onFailure"]["destinationArn"]
    planned = without(mapping, "functionName", "destinationConfig", "tags")  # the emulator keeps no tags of mappings
    assert held(planned, answer) == planned
    assert answer["State"] == "Enabled"
    woken = {config["functionName"].rpartition(":")[2] for config in kept} | {mapping["functionName"]}
    assert woken == {function["name"] for function in of(made, FUNCTION)}, "every function's failures go somewhere"


def test_only_who_was_planned_may_invoke(made: Resources, client: Client) -> None:
    there = client("lambda")
    planned = {one["function"]: one for one in of(made, "aws:lambda/permission:Permission")}
    for function in of(made, FUNCTION):
        statements: list[Any] = []
        with suppress(there.exceptions.ResourceNotFoundException):  # no policy: nobody may
            statements = json.loads(there.get_policy(FunctionName=function["name"])["Policy"])["Statement"]
        if permission := planned.get(function["name"]):
            (statement,) = statements
            assert (statement["Sid"], statement["Effect"], statement["Action"]) == (
                permission["statementId"],
                "Allow",
                permission["action"],
            )
            assert statement["Principal"] == {"Service": permission["principal"]}
            assert statement["Condition"] == {"ArnLike": {"AWS:SourceArn": permission["sourceArn"]}}
        else:
            assert statements == []


def test_the_queue_for_dead_letters(made: Resources, client: Client) -> None:
    (queue,) = of(made, "aws:sqs/queue:Queue")
    (policy,) = of(made, "aws:sqs/queuePolicy:QueuePolicy")
    assert client("sqs").list_queues()["QueueUrls"] == [policy["queueUrl"]]
    there = client("sqs").get_queue_attributes(QueueUrl=policy["queueUrl"], AttributeNames=["All"])["Attributes"]
    assert there["QueueArn"].rpartition(":")[2] == queue["name"]
    assert there["KmsMasterKeyId"] == queue["kmsMasterKeyId"]
    assert int(there["MessageRetentionPeriod"]) == queue["messageRetentionSeconds"]
    assert int(there["MaximumMessageSize"]) == queue["maxMessageSize"]
    assert json.loads(there["Policy"]) == json.loads(policy["policy"])
    assert client("sqs").list_queue_tags(QueueUrl=policy["queueUrl"])["Tags"] == queue["tags"]


def test_the_mode(made: Resources, client: Client) -> None:
    """Its value is a secret of the state's: nothing that a deployment sets twice."""
    (parameter,) = of(made, "aws:ssm/parameter:Parameter")
    (there,) = client("ssm").describe_parameters()["Parameters"]
    tags = pairs(client("ssm").list_tags_for_resource(ResourceType="Parameter", ResourceId=parameter["name"])["TagList"])
    planned = without(parameter, "value")
    assert held(planned, there, tags=tags) == planned
    assert client("ssm").get_parameter(Name=parameter["name"])["Parameter"]["Value"] == "running"


def test_schedules(made: Resources, client: Client) -> None:
    scheduler = client("scheduler")
    (group,) = of(made, "aws:scheduler/scheduleGroup:ScheduleGroup")
    there = scheduler.get_schedule_group(Name=group["name"])
    assert held(group, there, tags=pairs(scheduler.list_tags_for_resource(ResourceArn=there["Arn"])["Tags"])) == group
    schedules = of(made, "aws:scheduler/schedule:Schedule")
    assert sorted(one["Name"] for one in scheduler.list_schedules()["Schedules"]) == sorted(one["name"] for one in schedules)
    for schedule in schedules:
        assert held(schedule, scheduler.get_schedule(Name=schedule["name"], GroupName=schedule["groupName"])) == schedule


def test_who_hears_of_alerts(made: Resources, client: Client) -> None:
    kind = "aws:sns/topicSubscription:TopicSubscription"
    assert sorted(one["SubscriptionArn"] for one in client("sns").list_subscriptions()["Subscriptions"]) == sorted(ids(made, kind))
    for identity, subscription in zip(ids(made, kind), of(made, kind), strict=True):
        there = client("sns").get_subscription_attributes(SubscriptionArn=identity)["Attributes"]
        assert held(subscription, there, topic=there["TopicArn"]) == subscription
