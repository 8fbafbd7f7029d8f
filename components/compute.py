"""Compute: the image repository, the cluster, the engine, and the safety monitor in its own task."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass

import pulumi
import pulumi_aws as aws

from components import environment, iam
from components.capacity import MAXIMUM_PERCENT, MONITOR_TASKS
from components.component import ServiceRole, https_out, kept, log_group, service_role
from components.containers import SCRATCH_VOLUME, engine_container, monitor_container
from components.environment import FargateSize
from components.naming import Names

IMAGES_KEPT = 30
"""Far more releases than a rollback needs; each release is one image."""

UNTAGGED_IMAGE_DAYS = 14
"""An untagged image is only kept for a rollback by digest."""

CPU_TARGET_PERCENT = 70
MEMORY_TARGET_PERCENT = 80

SCALE_IN_SECONDS = 300
"""Scale in slowly: a task that ends loses its islands' warm state."""

SCALE_OUT_SECONDS = 120
"""Scale out quickly: a task starts in two minutes."""

MINIMUM_HEALTHY_PERCENT = 50

STEADY = pulumi.CustomTimeouts(create="30m", update="30m")
"""How long a deployment waits for a service to be steady. The provider's 20 minutes end before ECS has given a broken image up, so that
nobody would read why: the circuit breaker counts three tasks, and each may take its start, its start period and three health checks."""

SET_BY_SWITCH = ("minCapacity", "maxCapacity", "suspendedState")
"""The bounds are made once; then the safety switch closes them and `resume` sets them to the table's. The provider's update of any one
sends all of them as it last saw them, and registering a minimum moves the count up to it: a new maximum would end a halt.
Source: terraform-provider-aws, internal/service/appautoscaling/target.go."""

BOUNDS_SCHEDULE = "rate(5 minutes)"
"""How soon the bounds of a changed table are in force. A scheduled action sets them and moves the count into them, except while the
switch has suspended it: then it waits for `resume`. Source: Application Auto Scaling user guide, "Suspend and resume scaling"."""


@dataclass(frozen=True, kw_only=True)
class ComputeArgs:
    """The arguments of the compute layer.

    Attributes:
        image_digest: the image's `sha256:…` in the stack's own repository. None before the first image is pushed: then there is a
            repository and a cluster, and nothing that runs.
        engine: sizes, and the number of tasks: a new service starts with `desired`; from then on the autoscaler decides, between
            `minimum` and `maximum`.
        evolution_task: what is bred, and scored by the monitor.
        lacking: what a fresh account lacks of the quotas that the table needs, in words; empty where it lacks nothing.
        limits: what the engine is told that it may do.
        after: the layers that must be whole before a task starts: its routes, its key's alias, its tables, and what can halt it.
    """

    names: Names
    key_arn: pulumi.Input[str]
    boundary_arn: pulumi.Input[str]
    monitor_role: ServiceRole
    vpc_id: pulumi.Input[str]
    subnet_ids: Sequence[pulumi.Input[str]]
    after: Sequence[pulumi.Resource]
    limits: environment.Limits
    engine: environment.Engine
    evolution_task: str
    image_digest: str | None
    monitor_task: FargateSize
    lacking: str
    retention: environment.Retention


class Compute(pulumi.ComponentResource):
    """The repository and the cluster; with an image, the two services."""

    cluster: aws.ecs.Cluster
    next_step: pulumi.Output[str]
    """What a person must do before the system runs; unknown until both services are steady."""

    def __init__(self, name: str, args: ComputeArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("evolution:compute:Compute", name, opts=opts)
        child = pulumi.ResourceOptions(parent=self)
        names = args.names

        self._repository(name, args)
        insights = self._logs(f"{name}-insights-logs", names.insights_log_group, args)
        self.cluster = aws.ecs.Cluster(
            f"{name}-cluster",
            name=names.cluster,
            settings=[{"name": "containerInsights", "value": "enhanced"}],
            configuration={"managed_storage_configuration": {"fargate_ephemeral_storage_kms_key_id": args.key_arn}},
            tags=args.limits.tags,
            opts=pulumi.ResourceOptions(parent=self, depends_on=[insights]),
        )
        execution = service_role(
            f"{name}-execution-role",
            names.execution_role,
            names=names,
            key_arn=args.key_arn,
            description="ECS: pulls the image and writes the logs.",
            trust=iam.ecs_task_trust(names),
            grants=iam.execution_grants,
            boundary_arn=args.boundary_arn,
            opts=child,
        )
        engine_role = service_role(
            f"{name}-engine-role",
            names.engine_role,
            names=names,
            key_arn=args.key_arn,
            description="The engine: its tables, its bucket, its metrics.",
            trust=iam.ecs_task_trust(names),
            grants=iam.engine_grants,
            boundary_arn=args.boundary_arn,
            opts=child,
        )
        engine_logs = self._logs(f"{name}-engine-logs", names.engine_log_group, args)
        monitor_logs = self._logs(f"{name}-monitor-logs", names.monitor_log_group, args)
        group, way_out = https_out(
            f"{name}-workload",
            names.regional("evolution-workloads"),
            description="Engine and safety monitor: HTTPS out, nothing in.",
            vpc_id=args.vpc_id,
            opts=child,
        )

        if args.image_digest is not None:
            image = f"{names.repository_url}@{args.image_digest}"
            engine = self._service(
                f"{name}-engine",
                args,
                names.engine_service,
                containers=engine_container(
                    names,
                    args.limits,
                    image=image,
                    cpu=args.engine.container_cpu,
                    memory=args.engine.container_memory,
                    islands=args.engine.islands,
                    strategy=args.engine.strategy,
                    task=args.evolution_task,
                ),
                size=args.engine.task,
                count=args.engine.desired,
                execution=execution,
                task_role=engine_role,
                group=group,
                # The autoscaler changes the count; a later `pulumi up` must not reset it.
                ignore_changes=["desiredCount"],
                needs=[engine_logs, way_out],
            )
            self._autoscaling(name, args, engine)
            monitor = self._service(
                f"{name}-monitor",
                args,
                names.monitor_service,
                containers=monitor_container(names, args.limits, image=image, task=args.evolution_task),
                size=args.monitor_task,
                count=MONITOR_TASKS,
                execution=execution,
                task_role=args.monitor_role,
                group=group,
                ignore_changes=[],
                needs=[monitor_logs, way_out],
            )
            self.next_step = pulumi.Output.all(engine.id, monitor.id).apply(lambda _: NOTHING_LEFT)
        else:
            self.next_step = pulumi.Output.from_input(push_an_image(names, args.lacking))
        self.register_outputs({"cluster": self.cluster.name, "repositoryUrl": names.repository_url})

    def _repository(self, name: str, args: ComputeArgs) -> None:
        repository = aws.ecr.Repository(
            f"{name}-repository",
            name=args.names.repository,
            image_tag_mutability="IMMUTABLE",
            image_scanning_configuration={"scan_on_push": True},
            encryption_configurations=[{"encryption_type": "KMS", "kms_key": args.key_arn}],
            force_delete=not args.retention.protect_data,
            opts=kept(self, protect=args.retention.protect_data),
        )
        aws.ecr.LifecyclePolicy(
            f"{name}-repository-lifecycle",
            repository=repository.name,
            policy=repository_lifecycle(),
            opts=pulumi.ResourceOptions(parent=self),
        )

    def _logs(self, name: str, physical_name: str, args: ComputeArgs) -> aws.cloudwatch.LogGroup:
        return log_group(
            name,
            physical_name,
            key_arn=args.key_arn,
            retention=args.retention,
            opts=pulumi.ResourceOptions(parent=self),
        )

    def _service(
        self,
        name: str,
        args: ComputeArgs,
        physical_name: str,
        *,
        containers: str,
        size: FargateSize,
        count: int,
        execution: ServiceRole,
        task_role: ServiceRole,
        needs: Sequence[pulumi.Resource],
        group: aws.ec2.SecurityGroup,
        ignore_changes: list[str],
    ) -> aws.ecs.Service:
        task = aws.ecs.TaskDefinition(
            f"{name}-task",
            family=physical_name,
            requires_compatibilities=["FARGATE"],
            network_mode="awsvpc",
            runtime_platform={"operating_system_family": "LINUX", "cpu_architecture": "ARM64"},
            cpu=str(size.cpu),
            memory=str(size.memory),
            execution_role_arn=execution.role.arn,
            task_role_arn=task_role.role.arn,
            container_definitions=containers,
            volumes=[{"name": SCRATCH_VOLUME}],
            # A rollback runs the revision before this one, which must then still be ACTIVE.
            skip_destroy=True,
            tags=args.limits.tags,
            opts=pulumi.ResourceOptions(parent=self),
        )
        return aws.ecs.Service(
            f"{name}-service",
            name=physical_name,
            cluster=self.cluster.arn,
            task_definition=task.arn,
            desired_count=count,
            launch_type="FARGATE",
            network_configuration={"subnets": args.subnet_ids, "security_groups": [group.id], "assign_public_ip": False},
            deployment_minimum_healthy_percent=MINIMUM_HEALTHY_PERCENT,
            deployment_maximum_percent=MAXIMUM_PERCENT,
            deployment_circuit_breaker={"enable": True, "rollback": True},
            availability_zone_rebalancing="ENABLED",
            # A shell in a container would bypass all that the pack enforces.
            enable_execute_command=False,
            wait_for_steady_state=True,
            enable_ecs_managed_tags=True,
            propagate_tags="SERVICE",
            tags=args.limits.tags,
            opts=pulumi.ResourceOptions(
                parent=self,
                depends_on=[execution.grants, task_role.grants, *needs, *args.after],
                ignore_changes=ignore_changes,
                custom_timeouts=STEADY,
            ),
        )

    def _autoscaling(self, name: str, args: ComputeArgs, service: aws.ecs.Service) -> None:
        target = aws.appautoscaling.Target(
            f"{name}-engine-scaling",
            service_namespace="ecs",
            scalable_dimension="ecs:service:DesiredCount",
            resource_id=f"service/{args.names.cluster}/{args.names.engine_service}",
            min_capacity=args.engine.minimum,
            max_capacity=args.engine.maximum,
            opts=pulumi.ResourceOptions(parent=self, depends_on=[service], ignore_changes=list(SET_BY_SWITCH)),
        )
        for metric, predefined, percent in (
            ("cpu", "ECSServiceAverageCPUUtilization", CPU_TARGET_PERCENT),
            ("memory", "ECSServiceAverageMemoryUtilization", MEMORY_TARGET_PERCENT),
        ):
            aws.appautoscaling.Policy(
                f"{name}-engine-scaling-{metric}",
                name=args.names.regional(f"evolution-engine-{metric}"),
                policy_type="TargetTrackingScaling",
                service_namespace=target.service_namespace,
                scalable_dimension=target.scalable_dimension,
                resource_id=target.resource_id,
                target_tracking_scaling_policy_configuration={
                    "predefined_metric_specification": {"predefined_metric_type": predefined},
                    "target_value": percent,
                    "scale_in_cooldown": SCALE_IN_SECONDS,
                    "scale_out_cooldown": SCALE_OUT_SECONDS,
                },
                opts=pulumi.ResourceOptions(parent=self),
            )
        aws.appautoscaling.ScheduledAction(
            f"{name}-engine-bounds",
            name=args.names.regional("evolution-engine-bounds"),
            service_namespace=target.service_namespace,
            scalable_dimension=target.scalable_dimension,
            resource_id=target.resource_id,
            schedule=BOUNDS_SCHEDULE,
            timezone="UTC",
            scalable_target_action={"min_capacity": args.engine.minimum, "max_capacity": args.engine.maximum},
            opts=pulumi.ResourceOptions(parent=self),
        )


def minimum_tasks(names: Names, engine: environment.Engine) -> dict[str, int]:
    """By service, the tasks that must run."""
    return {names.engine_service: engine.minimum, names.monitor_service: MONITOR_TASKS}


def repository_lifecycle() -> str:
    """What ECR deletes: old untagged images, and the oldest ones beyond the last releases."""
    untagged = {"tagStatus": "untagged", "countType": "sinceImagePushed", "countUnit": "days", "countNumber": UNTAGGED_IMAGE_DAYS}
    tagged = {"tagStatus": "any", "countType": "imageCountMoreThan", "countNumber": IMAGES_KEPT}
    rules = [
        {"rulePriority": priority, "description": description, "selection": selection, "action": {"type": "expire"}}
        for priority, (description, selection) in enumerate(
            [("Untagged images go after two weeks", untagged), ("The last releases stay", tagged)], start=1
        )
    ]
    return json.dumps({"rules": rules})


NOTHING_LEFT = "Nothing: the services of the engine and of the safety monitor are steady."


def push_an_image(names: Names, lacking: str) -> str:
    """What a person must do while there is no image; `lacking` as in `ComputeArgs`."""
    quotas = f"Ask AWS for these service quotas, unless the account has them (docs/deploying.md): {lacking}. " if lacking else ""
    return (
        f"Nothing runs yet. {quotas}Push an arm64 image to {names.repository_url}, then write its digest into Pulumi.{names.stack}.yaml "
        "as `engine_image_digest: sha256:…` and run `pulumi up` again."
    )
