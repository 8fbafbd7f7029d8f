"""Workload: what runs is what was reviewed, and can do no more than it must."""

from __future__ import annotations

import re
from collections.abc import Iterator

from accounts import own_account
from checks import literal, on
from graph import Linked, names_of
from plain import Plain, Unknown, dig, items, shown
from rule import Family, Finding, Resource, ResourceRule, Severity, Stack, StackRule
from rules import workload_commands as commands
from rules import workload_containers as containers
from rules import workload_functions as functions
from rules import workload_services as services
from rules import workload_untouched as untouched
from system import of_this_system
from tokens import AGENT_RUNTIME, CLUSTER, FUNCTION, REPOSITORY, REPOSITORY_LIFECYCLE, TASK_DEFINITION

BY_DIGEST = re.compile(r"[^\s@]+@sha256:[0-9a-f]{64}")

REGISTRY = re.compile(r"(?P<account>\d{12})\.dkr\.ecr\.[a-z0-9-]+\.amazonaws\.com/(?P<repository>[^@:]+)[@:].*")


def _images_of(resource: Resource) -> Iterator[tuple[str, Plain] | Finding]:
    """How messages name each image of a resource, and the image."""
    if resource.type == TASK_DEFINITION:
        for container in containers.containers_of(resource):
            if isinstance(container, Finding):
                yield container
            else:
                yield f"the image of container `{container.name}`", dig(container.definition, "image")
    elif resource.type == AGENT_RUNTIME:
        image = resource.at("agentRuntimeArtifact", "containerConfiguration", "containerUri")
        if image is not None or resource.at("agentRuntimeArtifact", "codeConfiguration") is None:
            yield "agentRuntimeArtifact.containerConfiguration.containerUri", image
    elif resource.at("packageType") not in (None, "Zip"):
        yield "imageUri", resource.at("imageUri")


def _digests(resource: Resource) -> Iterator[Finding]:
    for found in _images_of(resource):
        if isinstance(found, Finding):
            yield found
            continue
        where, image = found
        if isinstance(image, Unknown):
            yield Finding(f"{where} is not known at preview; it must be a literal with a digest.")
        elif not isinstance(image, str) or not BY_DIGEST.fullmatch(image):
            yield Finding(f"{where} is {shown(image)}; it must end in its digest, @sha256:<64 hex digits>.")


def _own_repository(stack: Stack) -> Iterator[Finding]:
    own, account = names_of(stack.of_type(REPOSITORY)), own_account(stack)
    for kind in (TASK_DEFINITION, AGENT_RUNTIME, FUNCTION):
        for resource in stack.of_type(kind):
            for found in _images_of(resource):
                if isinstance(found, Finding):
                    yield Finding(found.message, resource)
                    continue
                where, image = found
                match = REGISTRY.fullmatch(image) if isinstance(image, str) else None
                if not match or match["repository"] not in own or match["account"] != (account or match["account"]):
                    yield Finding(f"{where} is {shown(image)}; it must come from an ECR repository of this stack.", resource)
    for runtime in stack.of_type(AGENT_RUNTIME):
        code = runtime.at("agentRuntimeArtifact", "codeConfiguration")
        if code is not None:
            yield Finding("agentRuntimeArtifact.codeConfiguration is set; it must be absent, for code in a bucket can be changed.", runtime)


def _immutable(repository: Resource) -> Iterator[Finding]:
    yield from literal("imageTagMutability", repository.at("imageTagMutability"), "IMMUTABLE")


def _repository_lifecycle(stack: Stack) -> Iterator[Finding]:
    repositories = Linked(stack, REPOSITORY, ("name", "id"))
    kept = repositories.by_all(stack.of_type(REPOSITORY_LIFECYCLE), "repository")
    for urn, repository in repositories.all.items():
        if urn not in kept:
            yield Finding("no aws.ecr.LifecyclePolicy removes its old images; one must.", repository)


def _insights(cluster: Resource) -> Iterator[Finding]:
    settings = items(cluster.at("settings"))
    if any(isinstance(setting, Unknown) for setting in settings):
        yield Finding("settings is not known at preview; it must hold containerInsights as a literal.")
        return
    values = [dig(setting, "value") for setting in settings if dig(setting, "name") == "containerInsights"]
    yield from literal("settings.containerInsights", values[0] if values else None, "enhanced", "enabled")


def _scan(repository: Resource) -> Iterator[Finding]:
    yield from on("imageScanningConfiguration.scanOnPush", repository.at("imageScanningConfiguration", "scanOnPush"))


FAMILY = Family(
    name="workload",
    title="What runs must be exactly what was reviewed, and no more than it needs.",
    resource_rules=(
        ResourceRule(
            id="workload/image-by-digest",
            severity=Severity.CRITICAL,
            protects="Production from an image that nobody has reviewed.",
            why="A tag can be moved to another image after the review; a digest can't.",
            fix="Name the image by its digest; `docker push` and ECR both print it.",
            check=_digests,
            types=frozenset({TASK_DEFINITION, AGENT_RUNTIME, FUNCTION}),
        ),
        *containers.RESOURCE_RULES,
        *services.RESOURCE_RULES,
        *functions.RESOURCE_RULES,
        ResourceRule(
            id="workload/immutable-tags",
            severity=Severity.HIGH,
            protects="The meaning of a release: its tag stays with its image.",
            why="A tag that can be moved names another image tomorrow.",
            fix="Write image_tag_mutability='IMMUTABLE'.",
            check=_immutable,
            types=frozenset({REPOSITORY}),
            controls=("Security Hub ECR.2",),
        ),
        ResourceRule(
            id="workload/scan-on-push",
            severity=Severity.MEDIUM,
            protects="Production from images with known vulnerabilities.",
            why="What is not scanned when it is pushed is found out when it is attacked.",
            fix="Write image_scanning_configuration={'scan_on_push': True}.",
            check=_scan,
            types=frozenset({REPOSITORY}),
            controls=("Security Hub ECR.1",),
        ),
        ResourceRule(
            id="workload/container-insights",
            severity=Severity.MEDIUM,
            protects="The sight of what the tasks do; the alarms on running tasks read it.",
            why="Without Container Insights there is no metric of running tasks, and an alarm on it never leaves its first state.",
            fix="Write settings=[{'name': 'containerInsights', 'value': 'enhanced'}].",
            check=_insights,
            types=frozenset({CLUSTER}),
            controls=("Security Hub ECS.12",),
        ),
    ),
    stack_rules=(
        StackRule(
            id="workload/own-repository",
            severity=Severity.CRITICAL,
            protects="Production from images of somebody else's repository.",
            why="Only the stack's own repository has immutable tags, scans and a known owner.",
            fix="Push the image to the stack's repository and name it from there.",
            check=of_this_system(_own_repository),
        ),
        StackRule(
            id="workload/repository-lifecycle",
            severity=Severity.MEDIUM,
            protects="The repository from filling with images that nobody will run again.",
            why="Old images keep old vulnerabilities within reach, and are billed.",
            fix="Declare an aws.ecr.LifecyclePolicy for the repository.",
            check=_repository_lifecycle,
            controls=("Security Hub ECR.3",),
        ),
        *commands.STACK_RULES,
        *containers.STACK_RULES,
        *services.STACK_RULES,
        *functions.STACK_RULES,
        *untouched.STACK_RULES,
    ),
)
