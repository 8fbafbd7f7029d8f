"""A resource of a new type, by CONTRIBUTING's steps: the stand-in refuses it by name until its service's file has it, and then plans it."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

PROGRAM = """
import pulumi, pulumi_aws as aws

on_aws = pulumi.ResourceOptions(provider=aws.Provider("aws", region="us-east-1"))
aws.kinesis.Stream("stream", name="evolution-events-dev", shard_count=1, opts=on_aws)
"""

SERVICE = '''
"""Streams."""

from local.provider.resource_type import Call, Read, Request, ResourceType, tagging

_STREAM = {"StreamName": "{name}"}

RESOURCES = (
    ResourceType(
        token="aws:kinesis/stream:Stream",
        create=(Call("kinesis:CreateStream", {"name": "StreamName"}),),
        id="{arn}",
        outputs={"arn": "arn:aws:kinesis:{region}:{account}:stream/{name}"},
        read=Read(Request("kinesis:DescribeStreamSummary", _STREAM), "StreamDescriptionSummary"),
        update=(Call("kinesis:UpdateShardCount", {"shardCount": "TargetShardCount"}, {**_STREAM, "ScalingType": "UNIFORM_SCALING"}),),
        delete=(Request("kinesis:DeleteStream", _STREAM),),
        force_new=frozenset({"name"}),
        autoname="name",
        tags=tagging("kinesis", "ResourceARN"),
    ),
)
'''

PREVIEW = """
import json, pathlib
from local import previews
plan = previews.preview("dev", pack=False, place=pathlib.Path(".local"))
print(json.dumps([plan.succeeded, plan.errors, [one.inputs for one in plan.resources if one.type == "aws:kinesis/stream:Stream"]]))
"""


def preview(checkout: Path) -> Any:
    ran = subprocess.run([sys.executable, "-c", PREVIEW], cwd=checkout, capture_output=True, text=True, check=True)
    return json.loads(ran.stdout)


def test_a_type_is_an_entry_in_its_services_file(small_checkout: Path) -> None:
    (small_checkout / "__main__.py").write_text(PROGRAM, encoding="utf-8")
    succeeded, errors, _ = preview(small_checkout)
    assert not succeeded
    assert "doesn't know aws:kinesis/stream:Stream" in "".join(errors)
    assert "local/provider/services/" in "".join(errors), "where to add it"
    (small_checkout / "local/provider/services/kinesis.py").write_text(SERVICE, encoding="utf-8")
    succeeded, errors, planned = preview(small_checkout)
    assert succeeded, errors
    assert [one["name"] for one in planned] == ["evolution-events-dev"]
    (small_checkout / "__main__.py").write_text(PROGRAM.replace("shard_count=1", "shard_count=0"), encoding="utf-8")
    succeeded, errors, _ = preview(small_checkout)
    assert not succeeded
    assert "shardCount: 0 is refused" in "".join(errors), "AWS's model judges it"
