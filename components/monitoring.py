"""Monitoring: one topic, the alarms on evolution and on its infrastructure, the dashboard and the budget.

The alarms on what the AgentCore layer makes are declared there (components/agent_alarms.py), and shown here.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import pulumi
import pulumi_aws as aws

from components import resource_policies
from components.agent_alarms import AgentAlarm
from components.dashboard import dashboard_body
from components.environment import Alerts
from components.naming import Names
from components.safety import PERIOD_SECONDS, SafetyAlarm

WARM_UP_MINUTES = 15
"""Missing data fire no alarm while a deployment's first tasks start: longer than an image pull with its health check."""

ROLL_MINUTES = 45
"""A new figure of the table is in force once the last task of the old revision is gone: longer than a deployment waits for a service to be
steady (components/compute.py, STEADY)."""

TASKS_PERIODS = 10
"""Minutes below the minimum. A service that the autoscaler keeps at its minimum may lose half of its tasks while it is rolled, and a task
needs two minutes to stop and as many to start. That nobody scores the population is seen sooner, by the score's own alarms."""

THROTTLED_MINUTES = 5
THROTTLE_PERIODS = 10
"""On-demand tables throttle for moments while they grow; five minutes of ten are a hot key. Fewer than all of them, because `FILL` makes a
0 of every minute whose figure is late: an alarm on all of them never fires while the newest minute is late.
Source: CloudWatch user guide, "Using math expressions with CloudWatch metrics", FILL."""

AFTER_ROLL: aws.cloudwatch.MetricAlarmWarmUpConfigurationArgsDict = {
    "warm_up_period_duration_in_minutes": ROLL_MINUTES,
    # By default the first datapoints end the warm-up, and it is those that still are the old ones.
    "only_start_evaluating_after_warm_up_period_ends": True,
}

BLOCKED_REQUESTS = 100
BLOCKED_SECONDS = 300
"""The web ACL's own window. A caller with a wrong prompt is blocked now and then; a hundred in five minutes are somebody trying."""

BUDGET_FORECAST_PERCENT = 80
BUDGET_ACTUAL_PERCENT = 100


@dataclass(frozen=True, kw_only=True)
class MonitoringArgs:
    """The arguments of monitoring.

    Attributes:
        safety_alarms: with thresholds from the environment table.
        agent_alarms: those on the agents, for the dashboard.
        workload_runs: whether the plan holds the services. Without them nobody publishes, and silence is no alarm.
        minimum_tasks: service name to the tasks that must run.
        functions: the names of the Lambda functions.
        queues: the names of the queues for what could not be handled.
        alerts: who is told, and the account's budget.
    """

    names: Names
    key_arn: pulumi.Input[str]
    safety_alarms: Sequence[SafetyAlarm]
    agent_alarms: Sequence[AgentAlarm]
    workload_runs: bool
    minimum_tasks: Mapping[str, int]
    functions: Sequence[str]
    queues: Sequence[str]
    alerts: Alerts


class Monitoring(pulumi.ComponentResource):
    """The alarms, their topic, and the dashboard."""

    topic_arn: pulumi.Output[str]

    def __init__(self, name: str, args: MonitoringArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("evolution:monitoring:Monitoring", name, opts=opts)
        child = pulumi.ResourceOptions(parent=self)
        names = args.names

        topic = aws.sns.Topic(f"{name}-alerts", name=names.alert_topic, kms_master_key_id=args.key_arn, opts=child)
        topic_policy = aws.sns.TopicPolicy(f"{name}-alerts-policy", arn=topic.arn, policy=resource_policies.topic_policy(names), opts=child)
        for address in args.alerts.emails:
            aws.sns.TopicSubscription(
                f"{name}-alerts-to-{_digest(address)}", topic=topic.arn, protocol="email", endpoint=address, opts=child
            )
        self.topic_arn = topic.arn

        alarms = {alarm: self._safety_alarm(name, args, alarm) for alarm in args.safety_alarms}
        guards = [alarm for alarm in alarms if alarm.halts]
        unsafe_alarm = aws.cloudwatch.CompositeAlarm(
            f"{name}-unsafe",
            alarm_name=names.unsafe_alarm,
            alarm_description="Evolution is unsafe: at least one alarm of the rule fires. Look at the dashboard, then at that alarm.",
            alarm_rule=" OR ".join(f'ALARM("{_alarm_name(args, alarm)}")' for alarm in guards),
            alarm_actions=[topic.arn],
            ok_actions=[topic.arn],
            # The provider replaces it where somebody has disabled its actions. CloudWatch takes the new one, of the same name, for an
            # update, and then deletes it as the old one.
            opts=pulumi.ResourceOptions(parent=self, depends_on=[alarms[guard] for guard in guards], delete_before_replace=True),
        )
        for service, minimum in args.minimum_tasks.items():
            self._running_tasks_alarm(name, args, service, minimum)
        for table in names.tables:
            self._throttle_alarm(name, args, table)
        for function in args.functions:
            self._errors_alarm(name, args, function)
        for queue in args.queues:
            self._depth_alarm(name, args, queue)
        self._blocked_alarm(name, args)
        aws.cloudwatch.Dashboard(
            f"{name}-dashboard",
            dashboard_name=names.dashboard,
            dashboard_body=dashboard_body(names, args.safety_alarms, args.agent_alarms),
            opts=child,
        )
        self._budget(name, args, topic_policy)
        self.register_outputs({"topicArn": self.topic_arn, "unsafeAlarm": unsafe_alarm.alarm_name})

    def _safety_alarm(self, name: str, args: MonitoringArgs, alarm: SafetyAlarm) -> aws.cloudwatch.MetricAlarm:
        silence = _silence(args, is_breach=alarm.fails_closed)
        return aws.cloudwatch.MetricAlarm(
            f"{name}-{alarm.stem.removeprefix('evolution-')}",
            name=_alarm_name(args, alarm),
            alarm_description=alarm.means,
            namespace=alarm.namespace,
            metric_name=alarm.metric,
            # Without it, dev's metrics would trigger prod's alarms.
            dimensions={"Environment": args.names.stack},
            statistic=alarm.statistic,
            comparison_operator=alarm.comparison,
            threshold=alarm.threshold,
            period=PERIOD_SECONDS,
            evaluation_periods=alarm.periods,
            datapoints_to_alarm=alarm.periods,
            treat_missing_data=silence,
            warm_up_configuration=AFTER_ROLL if alarm.told else _warm_up(silence),
            actions_enabled=True,
            alarm_actions=[self.topic_arn],
            ok_actions=[self.topic_arn],
            # The provider deletes what it replaces first if the program names it, even under another name; and CloudWatch refuses to
            # delete an alarm while the composite depends on it. Source: pulumi-terraform-bridge, nameRequiresDeleteBeforeReplace.
            opts=self._made_anew("threshold") if alarm.told else pulumi.ResourceOptions(parent=self, delete_before_replace=False),
        )

    def _made_anew(self, *properties: str) -> pulumi.ResourceOptions:
        """An alarm warms up only when it is made: a change of these properties makes it anew, under the same name. Not for what the
        composite depends on, which CloudWatch refuses to delete."""
        return pulumi.ResourceOptions(parent=self, replace_on_changes=list(properties), delete_before_replace=True)

    def _running_tasks_alarm(self, name: str, args: MonitoringArgs, service: str, minimum: int) -> None:
        stem = service.removesuffix(f"-{args.names.stack}")
        aws.cloudwatch.MetricAlarm(
            f"{name}-{stem.removeprefix('evolution-')}-tasks",
            name=args.names.regional(f"{stem}-tasks"),
            alarm_description=f"Fewer than {minimum} tasks of {service} run. Look at the service's events.",
            namespace="ECS/ContainerInsights",
            metric_name="RunningTaskCount",
            dimensions={"ClusterName": args.names.cluster, "ServiceName": service},
            statistic="Minimum",
            comparison_operator="LessThanThreshold",
            threshold=minimum,
            period=PERIOD_SECONDS,
            evaluation_periods=TASKS_PERIODS,
            datapoints_to_alarm=TASKS_PERIODS,
            treat_missing_data=_silence(args, is_breach=True),
            warm_up_configuration=AFTER_ROLL,
            actions_enabled=True,
            alarm_actions=[self.topic_arn],
            ok_actions=[self.topic_arn],
            opts=self._made_anew("threshold", "treatMissingData"),
        )

    def _throttle_alarm(self, name: str, args: MonitoringArgs, table: str) -> None:
        stem = table.removesuffix(f"-{args.names.stack}")
        events: list[aws.cloudwatch.MetricAlarmMetricQueryArgsDict] = [
            {
                "id": kind,
                "metric": {
                    "namespace": "AWS/DynamoDB",
                    "metric_name": metric,
                    "dimensions": {"TableName": table},
                    "period": PERIOD_SECONDS,
                    "stat": "Sum",
                },
            }
            for kind, metric in (("reads", "ReadThrottleEvents"), ("writes", "WriteThrottleEvents"))
        ]
        aws.cloudwatch.MetricAlarm(
            f"{name}-{stem}-throttles",
            name=args.names.regional(f"{stem}-throttles"),
            alarm_description=f"Requests to {table} were throttled in {THROTTLED_MINUTES} of {THROTTLE_PERIODS} minutes. Is a key hot?",
            metric_queries=[
                {"id": "throttles", "expression": "FILL(reads, 0) + FILL(writes, 0)", "label": "throttled requests", "return_data": True},
                *events,
            ],
            comparison_operator="GreaterThanThreshold",
            threshold=0,
            evaluation_periods=THROTTLE_PERIODS,
            datapoints_to_alarm=THROTTLED_MINUTES,
            # The two metrics exist only while requests are throttled. An alarm on AWS/DynamoDB keeps its state while data is missing,
            # whatever stands here (API reference, PutMetricAlarm); `FILL` leaves none missing while the last throttled minute is in view.
            treat_missing_data="notBreaching",
            actions_enabled=True,
            alarm_actions=[self.topic_arn],
            ok_actions=[self.topic_arn],
            opts=pulumi.ResourceOptions(parent=self),
        )

    def _errors_alarm(self, name: str, args: MonitoringArgs, function: str) -> None:
        self._happened_alarm(
            name,
            args,
            function,
            what="errors",
            means=f"{function} has failed. Look at its log group {args.names.function_log_group(function)}.",
            namespace="AWS/Lambda",
            metric="Errors",
            dimensions={"FunctionName": function},
            statistic="Sum",
        )

    def _depth_alarm(self, name: str, args: MonitoringArgs, queue: str) -> None:
        self._happened_alarm(
            name,
            args,
            queue,
            what="depth",
            means=f"{queue} holds what could not be handled. Read the messages before they expire.",
            namespace="AWS/SQS",
            metric="ApproximateNumberOfMessagesVisible",
            dimensions={"QueueName": queue},
            statistic="Maximum",
        )

    def _blocked_alarm(self, name: str, args: MonitoringArgs) -> None:
        acl = args.names.web_acl_metric
        self._happened_alarm(
            name,
            args,
            acl,
            what="blocked",
            means=f"The web ACL has blocked more than {BLOCKED_REQUESTS} requests in five minutes. Look at {args.names.web_acl_log_group}.",
            namespace="AWS/WAFV2",
            metric="BlockedRequests",
            dimensions={"WebACL": acl, "Region": args.names.region, "Rule": "ALL"},
            statistic="Sum",
            threshold=BLOCKED_REQUESTS,
            period=BLOCKED_SECONDS,
        )

    def _happened_alarm(
        self,
        name: str,
        args: MonitoringArgs,
        watched: str,
        *,
        what: str,
        means: str,
        namespace: str,
        metric: str,
        dimensions: dict[str, str],
        statistic: str,
        threshold: float = 0,
        period: int = PERIOD_SECONDS,
    ) -> None:
        """An alarm on events, above a number that is normal. AWS publishes no data while nothing happens."""
        stem = watched.removesuffix(f"-{args.names.stack}")
        aws.cloudwatch.MetricAlarm(
            f"{name}-{stem.removeprefix('evolution-')}-{what}",
            name=args.names.regional(f"{stem}-{what}"),
            alarm_description=means,
            namespace=namespace,
            metric_name=metric,
            dimensions=dimensions,
            statistic=statistic,
            comparison_operator="GreaterThanThreshold",
            threshold=threshold,
            period=period,
            evaluation_periods=1,
            datapoints_to_alarm=1,
            treat_missing_data="notBreaching",
            actions_enabled=True,
            alarm_actions=[self.topic_arn],
            ok_actions=[self.topic_arn],
            opts=pulumi.ResourceOptions(parent=self),
        )

    def _budget(self, name: str, args: MonitoringArgs, topic_policy: aws.sns.TopicPolicy) -> None:
        """The budget is for the whole account: a filter by tag matches nothing until the tag is activated for billing."""
        aws.budgets.Budget(
            f"{name}-budget",
            name=args.names.in_account("evolution-system"),
            budget_type="COST",
            limit_amount=str(args.alerts.monthly_budget_usd),
            limit_unit="USD",
            time_unit="MONTHLY",
            notifications=[
                {
                    "comparison_operator": "GREATER_THAN",
                    "notification_type": kind,
                    "threshold": percent,
                    "threshold_type": "PERCENTAGE",
                    "subscriber_sns_topic_arns": [self.topic_arn],
                }
                for kind, percent in (("FORECASTED", BUDGET_FORECAST_PERCENT), ("ACTUAL", BUDGET_ACTUAL_PERCENT))
            ],
            opts=pulumi.ResourceOptions(parent=self, depends_on=[topic_policy]),
        )


def _silence(args: MonitoringArgs, *, is_breach: bool) -> str:
    """How missing data are treated. Before there is a workload nothing is published, which is no alarm."""
    return "breaching" if is_breach and args.workload_runs else "notBreaching"


def _alarm_name(args: MonitoringArgs, alarm: SafetyAlarm) -> str:
    """The alarm's name. While there is no workload, an alarm for which silence will be a breach bears another one.

    An alarm warms up only when it is made. Under a new name it is made anew with the first image, and warm, before the old one goes; one
    that was only edited would fire before anybody could have published. Another name, because CloudWatch refuses to delete an alarm that
    the composite depends on: it must depend on the new one first.
    """
    return args.names.regional(alarm.stem if args.workload_runs or not alarm.fails_closed else f"{alarm.stem}-idle")


def _warm_up(silence: str) -> aws.cloudwatch.MetricAlarmWarmUpConfigurationArgsDict | None:
    return {"warm_up_period_duration_in_minutes": WARM_UP_MINUTES} if silence == "breaching" else None


def _digest(address: str) -> str:
    """A subscription is named by its address, so that adding or removing another one doesn't change it."""
    return hashlib.sha256(address.encode()).hexdigest()[:8]
