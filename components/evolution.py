"""Evolution: what starts it, what halts it, what resumes it, and what keeps its results. Four functions, and what invokes them."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass

import pulumi
import pulumi_aws as aws

from components import iam_functions, resource_policies
from components.component import kept, service_role
from components.environment import Engine, Limits, Retention
from components.function import Attempts, DeployedFunction, FunctionArgs, deploy
from components.naming import Names

RUNNING = "running"
"""The mode of a system that was never halted."""

MODE_PROPERTIES = (
    "allowedPattern",
    "dataType",
    "description",
    "insecureValue",
    "keyId",
    "name",
    "overwrite",
    "tier",
    "type",
    "value",
    "valueWo",
    "valueWoVersion",
)
"""Every property of a parameter but its tags. An update of any of them sends the value along, and so would end a halt.
Source: terraform-provider-aws, internal/service/ssm/parameter.go."""

SECONDS, MEGABYTES = 60, 256
"""Of the trigger and the archiver: a handful of calls to AWS, each with retries."""

GUARDED_SECONDS = 120
"""Of the switch and resume: seven calls, each of which may take nine seconds with its retries. Then resume watches for five seconds."""

EVERY_MINUTE = "rate(1 minute)"
"""The shortest that EventBridge Scheduler has: a halt that no message brought is late by no more."""

SWITCH_ATTEMPTS = Attempts(retries=2, seconds=300)
"""After five minutes the schedule has brought newer events."""

TRIGGER_ATTEMPTS = Attempts(retries=2, seconds=900)
"""A start that comes later than this would meet the next one."""

RESUME_ATTEMPTS = Attempts(retries=0, seconds=60)
"""A person waits for the answer; a resumption that comes by itself later is none."""

SCHEDULE_RETRIES = 2
SHORTEST_EVENT_AGE_SECONDS = 60
"""The shortest that EventBridge Scheduler takes."""

DEAD_LETTER_SECONDS = 14 * 86400
"""The longest that SQS keeps a message."""

DEAD_LETTER_BYTES = 1024 * 1024
"""The most that SQS takes: the archiver leaves a whole record there."""

STREAM_BATCH = 10
STREAM_WINDOW_SECONDS = 5
STREAM_RETRIES = 5
STREAM_AGE_SECONDS = 6 * 3600
"""A record that failed five times, or for a quarter of the day that the stream keeps it, will not succeed; its shard waits no longer."""


@dataclass(frozen=True, kw_only=True)
class EvolutionArgs:
    """What the layer is made from.

    Attributes:
        stream_arn: the state table's stream.
        topic_arn: the alert topic, which wakes the switch.
        limits: of an evolution; the trigger writes down those that it goes by.
        schedule: when one is started.
        engine: the islands of an evolution, and the bounds that `resume` restores.
        reserved: as in `FunctionArgs`.
    """

    names: Names
    retention: Retention
    limits: Limits
    schedule: str
    engine: Engine
    reserved: Mapping[str, int]
    key_arn: pulumi.Input[str]
    boundary_arn: pulumi.Input[str]
    stream_arn: pulumi.Input[str]
    topic_arn: pulumi.Input[str]


class Evolution(pulumi.ComponentResource):
    """The functions of the system, its mode, and the queue for what they could not handle."""

    dead_letters_arn: pulumi.Output[str]

    def __init__(self, name: str, args: EvolutionArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("evolution:evolution:Evolution", name, opts=opts)
        names = args.names

        mode = self._mode(name, args)
        queue = self._dead_letters(name, args)
        self.dead_letters_arn = queue.arn
        told = {"EVOLUTION_ENVIRONMENT": names.stack, "EVOLUTION_MODE_PARAMETER": names.mode_parameter}
        guarded = {
            **told,
            "UNSAFE_ALARM_NAME": names.unsafe_alarm,
            "ENGINE_CLUSTER": names.cluster,
            "ENGINE_SERVICE": names.engine_service,
        }
        trigger = self._function(
            f"{name}-trigger",
            args,
            names.trigger_function,
            source="evolution_trigger",
            description="Starts an evolution, unless one runs or evolution is halted.",
            variables={
                **told,
                "EVOLUTION_STATE_TABLE": names.state_table,
                "EVOLUTION_GENERATIONS": str(args.limits.generations),
                "EVOLUTION_ISLANDS": str(args.engine.islands),
                "MAX_CONCURRENT_AGENTS": str(args.limits.max_concurrent_agents),
                "AGENT_MEMORY_LIMIT": str(args.limits.agent_memory_bytes),
            },
            attempts=TRIGGER_ATTEMPTS,
            after=mode,
        )
        switch = self._function(
            f"{name}-safety-switch",
            args,
            names.switch_function,
            source="safety_switch",
            description="Halts evolution while it is unsafe. It never resumes it.",
            variables=guarded,
            attempts=SWITCH_ATTEMPTS,
            seconds=GUARDED_SECONDS,
            after=mode,
        )
        self._function(
            f"{name}-resume",
            args,
            names.resume_function,
            source="resume",
            description="Resumes evolution once it is safe again. Nothing but a person invokes it.",
            variables={**guarded, "ENGINE_MINIMUM": str(args.engine.minimum), "ENGINE_MAXIMUM": str(args.engine.maximum)},
            attempts=RESUME_ATTEMPTS,
            seconds=GUARDED_SECONDS,
            after=mode,
        )
        archiver = self._function(
            f"{name}-archiver",
            args,
            names.archiver_function,
            source="evolution_archiver",
            description="Writes finished evolutions to the artifacts bucket.",
            variables={
                "EVOLUTION_ENVIRONMENT": names.stack,
                "EVOLUTION_ARTIFACTS_BUCKET": names.artifacts_bucket,
                "EVOLUTION_DEAD_LETTERS_URL": queue.url,
            },
            # The stream has attempts of its own.
            attempts=None,
            after=queue,
        )
        self._by_topic(name, args, switch)
        self._by_schedule(name, args, trigger, switch)
        self._by_stream(name, args, archiver)
        self.register_outputs({"deadLettersArn": self.dead_letters_arn})

    def _mode(self, name: str, args: EvolutionArgs) -> aws.ssm.Parameter:
        """Made once as `running`; from then on the switch and `resume` set it, and no deployment does."""
        protect = args.retention.protect_data
        return aws.ssm.Parameter(
            f"{name}-mode",
            name=args.names.mode_parameter,
            description="Whether evolution may run: running or halted. The safety switch and resume set it.",
            type="String",
            value=RUNNING,
            allowed_pattern=f"^({RUNNING}|halted)$",
            opts=pulumi.ResourceOptions.merge(kept(self, protect=protect), pulumi.ResourceOptions(ignore_changes=list(MODE_PROPERTIES))),
        )

    def _dead_letters(self, name: str, args: EvolutionArgs) -> aws.sqs.Queue:
        queue = aws.sqs.Queue(
            f"{name}-dead-letters",
            name=args.names.dead_letters,
            kms_master_key_id=args.key_arn,
            message_retention_seconds=DEAD_LETTER_SECONDS,
            max_message_size=DEAD_LETTER_BYTES,
            opts=pulumi.ResourceOptions(parent=self),
        )
        aws.sqs.QueuePolicy(
            f"{name}-dead-letters-policy",
            queue_url=queue.url,
            policy=resource_policies.dead_letters_policy(args.names),
            opts=pulumi.ResourceOptions(parent=self),
        )
        return queue

    def _function(
        self,
        name: str,
        args: EvolutionArgs,
        physical_name: str,
        *,
        source: str,
        description: str,
        variables: Mapping[str, pulumi.Input[str]],
        attempts: Attempts | None,
        after: pulumi.Resource,
        seconds: int = SECONDS,
    ) -> DeployedFunction:
        function_args = FunctionArgs(
            names=args.names,
            source=source,
            physical_name=physical_name,
            description=description,
            grants=lambda known: iam_functions.function_grants(known)[physical_name],
            variables=variables,
            tags={},
            seconds=seconds,
            megabytes=MEGABYTES,
            reserved=args.reserved,
            attempts=attempts,
            dead_letters_arn=self.dead_letters_arn,
            key_arn=args.key_arn,
            boundary_arn=args.boundary_arn,
            retention=args.retention,
            after=[after],
        )
        return deploy(name, function_args, pulumi.ResourceOptions(parent=self))

    def _by_topic(self, name: str, args: EvolutionArgs, switch: DeployedFunction) -> None:
        """An alarm's transition wakes the switch at once."""
        child = pulumi.ResourceOptions(parent=self)
        permission = aws.lambda_.Permission(
            f"{name}-topic-invokes-switch",
            statement_id="AlertTopicInvokes",
            action="lambda:InvokeFunction",
            function=switch.function.name,
            principal="sns.amazonaws.com",
            source_arn=args.topic_arn,
            opts=child,
        )
        aws.sns.TopicSubscription(
            f"{name}-switch-hears-topic",
            topic=args.topic_arn,
            protocol="lambda",
            endpoint=switch.function.arn,
            redrive_policy=self.dead_letters_arn.apply(lambda arn: json.dumps({"deadLetterTargetArn": arn})),
            opts=pulumi.ResourceOptions(parent=self, depends_on=[permission]),
        )

    def _by_schedule(self, name: str, args: EvolutionArgs, trigger: DeployedFunction, switch: DeployedFunction) -> None:
        """The switch each minute, for a message can be lost; the trigger when the table says."""
        names = args.names
        child = pulumi.ResourceOptions(parent=self)
        group = aws.scheduler.ScheduleGroup(f"{name}-schedules", name=names.schedule_group, opts=child)
        role = service_role(
            f"{name}-scheduler-role",
            names.scheduler_role,
            names=names,
            key_arn=args.key_arn,
            description="EventBridge Scheduler: invokes the trigger and the switch.",
            trust=iam_functions.scheduler_trust(names),
            grants=iam_functions.scheduler_grants,
            boundary_arn=args.boundary_arn,
            opts=child,
        )
        for stem, function, expression, event, seconds in (
            ("safety-switch", switch, EVERY_MINUTE, {"source": "schedule"}, SHORTEST_EVENT_AGE_SECONDS),
            # EventBridge Scheduler fills in the time: an event that comes twice names the same evolution.
            ("trigger", trigger, args.schedule, {"scheduled_time": "<aws.scheduler.scheduled-time>"}, TRIGGER_ATTEMPTS.seconds),
        ):
            aws.scheduler.Schedule(
                f"{name}-{stem}-schedule",
                name=names.regional(f"evolution-{stem}"),
                group_name=group.name,
                schedule_expression=expression,
                schedule_expression_timezone="UTC",
                flexible_time_window={"mode": "OFF"},
                state="ENABLED",
                target={
                    "arn": function.function.arn,
                    "role_arn": role.role.arn,
                    "input": json.dumps(event),
                    "dead_letter_config": {"arn": self.dead_letters_arn},
                    "retry_policy": {"maximum_event_age_in_seconds": seconds, "maximum_retry_attempts": SCHEDULE_RETRIES},
                },
                opts=pulumi.ResourceOptions(parent=self, depends_on=[role.grants, function.role.grants]),
            )

    def _by_stream(self, name: str, args: EvolutionArgs, archiver: DeployedFunction) -> None:
        """Every change of the state table. No filter: what the archiver can't read must reach it, to be kept as a dead letter."""
        aws.lambda_.EventSourceMapping(
            f"{name}-archiver-reads-stream",
            function_name=archiver.function.name,
            event_source_arn=args.stream_arn,
            starting_position="TRIM_HORIZON",
            batch_size=STREAM_BATCH,
            maximum_batching_window_in_seconds=STREAM_WINDOW_SECONDS,
            bisect_batch_on_function_error=True,
            maximum_retry_attempts=STREAM_RETRIES,
            maximum_record_age_in_seconds=STREAM_AGE_SECONDS,
            function_response_types=["ReportBatchItemFailures"],
            destination_config={"on_failure": {"destination_arn": self.dead_letters_arn}},
            opts=pulumi.ResourceOptions(parent=self, depends_on=[archiver.role.grants]),
        )
