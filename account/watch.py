"""What watches the account: an analyzer of external access and, where the table says so, a trail, a record of model calls, GuardDuty."""

from __future__ import annotations

from dataclasses import dataclass

import pulumi
import pulumi_aws as aws

from account import documents
from account.names import AccountNames
from account.state import LOG_DAYS, kept_bucket
from account.table import Account
from components.buckets import Bucket, under
from components.component import kept

DATA_EVENTS = ("AWS::Bedrock::Guardrail", "AWS::Bedrock::Model", "AWS::BedrockAgentCore::Gateway", "AWS::BedrockAgentCore::Runtime")
"""Requests to agents, what guardrails judge, and streams with models; all other calls of models are management events. Source: CloudTrail
user guide, "Logging data events"; Bedrock user guide, "Monitor Amazon Bedrock API calls using CloudTrail"."""


@dataclass(frozen=True, kw_only=True)
class WatchArgs:
    """The arguments of what watches.

    Attributes:
        access_logs: the bucket that takes access logs.
    """

    names: AccountNames
    account: Account
    key_arn: pulumi.Input[str]
    access_logs: pulumi.Input[str]


class Watch(pulumi.ComponentResource):
    """What watches the account."""

    def __init__(self, name: str, args: WatchArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("account:watch:Watch", name, opts=opts)
        child = pulumi.ResourceOptions(parent=self)
        names, account = args.names, args.account
        if account.analyzer_arn is None:
            aws.accessanalyzer.Analyzer(
                f"{name}-analyzer",
                analyzer_name=names.analyzer,
                type="ACCOUNT",
                # An account has one in a region. Source: IAM user guide, "IAM Access Analyzer quotas".
                opts=pulumi.ResourceOptions(parent=self, delete_before_replace=True),
            )
        if account.trail or account.model_invocation_logging:
            records = self._records(f"{name}-records", args)
            if account.trail:
                self._trail(f"{name}-trail", args, records)
            if account.model_invocation_logging:
                aws.bedrockmodel.InvocationLoggingConfiguration(
                    f"{name}-model-invocations",
                    logging_config={
                        "text_data_delivery_enabled": True,
                        "image_data_delivery_enabled": True,
                        "embedding_data_delivery_enabled": True,
                        "video_data_delivery_enabled": True,
                        "s3_config": {"bucket_name": records.name},
                    },
                    opts=pulumi.ResourceOptions(parent=self, depends_on=[records.policy]),
                )
        if account.guardduty:
            aws.guardduty.Detector(f"{name}-guardduty", enable=True, opts=child)
        self.register_outputs({})

    def _records(self, name: str, args: WatchArgs) -> Bucket:
        """The bucket of what is recorded."""
        made = kept_bucket(
            name,
            args.names.records_bucket,
            policy=documents.records_bucket_policy(args.names, args.account),
            # For a bucket with a key of its own, CloudTrail refuses a trail unless it may decrypt, too. Source: CloudTrail user guide,
            # "Configure AWS KMS key policies for CloudTrail".
            encryption=under(args.key_arn, bucket_key=False),
            days=LOG_DAYS,
            parent=self,
        )
        aws.s3.BucketLogging(
            f"{name}-logging",
            bucket=made.name,
            target_bucket=args.access_logs,
            target_prefix="records/",
            opts=kept(self, protect=True),
        )
        return made

    def _trail(self, name: str, args: WatchArgs, records: Bucket) -> None:
        of_state = [f"{args.names.bucket_arn(args.names.state_bucket)}/"]
        aws.cloudtrail.Trail(
            name,
            name=args.names.trail,
            s3_bucket_name=records.name,
            kms_key_id=args.key_arn,
            is_multi_region_trail=True,
            include_global_service_events=True,
            enable_log_file_validation=True,
            advanced_event_selectors=[
                {"name": "Management", "field_selectors": [{"field": "eventCategory", "equals": ["Management"]}]},
                *(
                    {
                        "name": kind,
                        "field_selectors": [{"field": "eventCategory", "equals": ["Data"]}, {"field": "resources.type", "equals": [kind]}],
                    }
                    for kind in DATA_EVENTS
                ),
                {
                    "name": "State",
                    "field_selectors": [
                        {"field": "eventCategory", "equals": ["Data"]},
                        {"field": "resources.type", "equals": ["AWS::S3::Object"]},
                        {"field": "resources.ARN", "starts_withs": of_state},
                    ],
                },
            ],
            opts=kept(self, protect=True, depends_on=[records.policy]),
        )
