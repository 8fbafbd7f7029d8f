"""A sketch of a system of 50 resources in AWS CDK, with cdk-nag: what a preview with the policy pack is compared with (tests/bench_cdk.py).

It needs aws-cdk-lib, cdk-nag and Node.js, and so an environment of its own. What it makes is written to the folder that it is given.
"""

# pyright: basic, reportMissingImports=false

from __future__ import annotations

import json
import sys
from pathlib import Path

import aws_cdk as cdk
import cdk_nag
from aws_cdk import (
    aws_cloudwatch,
    aws_cloudwatch_actions,
    aws_dynamodb,
    aws_ec2,
    aws_ecs,
    aws_kms,
    aws_lambda,
    aws_logs,
    aws_s3,
    aws_sns,
    aws_sqs,
)

LEAST = 50
"""Resources of the template: a third of prod's."""


def sketch(stack: cdk.Stack) -> None:
    """A network, a cluster, tables, buckets, queues, functions and alarms."""
    key = aws_kms.Key(stack, "Key", enable_key_rotation=True)
    network = aws_ec2.Vpc(stack, "Network", max_azs=2, nat_gateways=1)
    aws_ecs.Cluster(stack, "Cluster", vpc=network)
    topic = aws_sns.Topic(stack, "Alarms", master_key=key)
    for name in ("State", "Population", "Checkpoints"):
        aws_dynamodb.Table(
            stack,
            name,
            partition_key=aws_dynamodb.Attribute(name="id", type=aws_dynamodb.AttributeType.STRING),
            encryption=aws_dynamodb.TableEncryption.CUSTOMER_MANAGED,
            encryption_key=key,
        )
    for name in ("Artifacts", "Logs"):
        aws_s3.Bucket(stack, name, enforce_ssl=True, versioned=True, block_public_access=aws_s3.BlockPublicAccess.BLOCK_ALL)
    for name in ("Trigger", "Switch", "Resume", "Handler"):
        function = aws_lambda.Function(
            stack,
            name,
            runtime=aws_lambda.Runtime.PYTHON_3_13,
            handler="index.handler",
            code=aws_lambda.Code.from_inline("def handler(event, context): return 0"),
            dead_letter_queue=aws_sqs.Queue(stack, f"{name}Dead", enforce_ssl=True),
            log_group=aws_logs.LogGroup(stack, f"{name}Log", encryption_key=key),
        )
        alarm = aws_cloudwatch.Alarm(stack, f"{name}Errors", metric=function.metric_errors(), threshold=1, evaluation_periods=1)
        alarm.add_alarm_action(aws_cloudwatch_actions.SnsAction(topic))


def main(folder: str) -> None:
    """Synthesise the sketch into a folder, judged by cdk-nag."""
    app = cdk.App(outdir=folder)
    sketch(cdk.Stack(app, "Sketch"))
    cdk.Validations.of(app).add_plugins(cdk_nag.AwsSolutionsChecks(app))
    try:
        app.synth()
    except RuntimeError as error:  # it is a sketch, and cdk-nag has findings: all was done by then
        if "validation-report.json" not in str(error):
            raise
    made = json.loads((Path(folder) / "Sketch.template.json").read_text(encoding="utf-8"))["Resources"]
    if len(made) < LEAST:
        raise SystemExit(f"the sketch has {len(made)} resources, and is to have {LEAST} at least")
    print(f"{len(made)} resources")


if __name__ == "__main__":
    main(sys.argv[1])
