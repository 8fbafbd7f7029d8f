"""Workload: what runs is what was reviewed, from a repository whose tags stay, on a patched platform, and without a shell."""

from __future__ import annotations

import re
from collections.abc import Iterator

from checks import literal, off, on
from containers import containers_of
from graph import Linked
from plain import Plain, Unknown, dig, items, shown
from rule import Finding, Resource, Severity, Stack, rule
from tokens import AGENT_RUNTIME, CLUSTER, FUNCTION, REPOSITORY, REPOSITORY_LIFECYCLE, SERVICE, TASK_DEFINITION

BY_DIGEST = re.compile(r"[^\s@]+@sha256:[0-9a-f]{64}")


def images_of(resource: Resource) -> Iterator[tuple[str, Plain]]:
    """How messages name each image of a resource, and the image."""
    if resource.type == TASK_DEFINITION:
        for container in containers_of(resource):
            yield f"the image of container `{container.name}`", dig(container.definition, "image")
    elif resource.type == AGENT_RUNTIME:
        image = resource.at("agentRuntimeArtifact", "containerConfiguration", "containerUri")
        if image is not None or resource.at("agentRuntimeArtifact", "codeConfiguration") is None:
            yield "agentRuntimeArtifact.containerConfiguration.containerUri", image
    elif resource.at("packageType") not in (None, "Zip"):
        yield "imageUri", resource.at("imageUri")


@rule(
    id="workload/image-by-digest",
    types={TASK_DEFINITION, AGENT_RUNTIME, FUNCTION},
    severity=Severity.CRITICAL,
    protects="Production from an image that nobody has reviewed.",
    why="A tag can be moved to another image after the review; a digest can't.",
    fix="Name the image by its digest; `docker push` and ECR both print it.",
)
def image_by_digest(resource: Resource) -> Iterator[Finding]:
    for where, image in images_of(resource):
        if isinstance(image, Unknown):
            yield Finding(f"{where} is not known at preview; it must be a literal with a digest.")
        elif not isinstance(image, str) or not BY_DIGEST.fullmatch(image):
            yield Finding(f"{where} is {shown(image)}; it must end in its digest, @sha256:<64 hex digits>.")


@rule(
    id="workload/immutable-tags",
    types={REPOSITORY},
    severity=Severity.HIGH,
    protects="The meaning of a release: its tag stays with its image.",
    why="A tag that can be moved names another image tomorrow.",
    fix="Write image_tag_mutability='IMMUTABLE'.",
    controls=("Security Hub ECR.2",),
)
def immutable_tags(repository: Resource) -> Iterator[Finding]:
    yield from literal("imageTagMutability", repository.at("imageTagMutability"), "IMMUTABLE")


@rule(
    id="workload/repository-lifecycle",
    severity=Severity.MEDIUM,
    protects="The repository from filling with images that nobody will run again.",
    why="Old images keep old vulnerabilities within reach, and are billed.",
    fix="Declare an aws.ecr.LifecyclePolicy for the repository.",
    controls=("Security Hub ECR.3",),
)
def repository_lifecycle(stack: Stack) -> Iterator[Finding]:
    repositories = Linked(stack, REPOSITORY, ("name", "id"))
    kept = repositories.by_all(stack.of_type(REPOSITORY_LIFECYCLE), "repository")
    for urn, repository in repositories.all.items():
        if urn not in kept:
            yield Finding("no aws.ecr.LifecyclePolicy removes its old images; one must.", repository)


@rule(
    id="workload/container-insights",
    types={CLUSTER},
    severity=Severity.MEDIUM,
    protects="The sight of what the tasks do; the alarms on running tasks read it.",
    why="Without Container Insights there is no metric of running tasks, and an alarm on it never leaves its first state.",
    fix="Write settings=[{'name': 'containerInsights', 'value': 'enhanced'}].",
    controls=("Security Hub ECS.12",),
)
def container_insights(cluster: Resource) -> Iterator[Finding]:
    settings = items(cluster.at("settings"))
    if any(isinstance(setting, Unknown) for setting in settings):
        yield Finding("settings is not known at preview; it must hold containerInsights as a literal.")
        return
    values = [dig(setting, "value") for setting in settings if dig(setting, "name") == "containerInsights"]
    yield from literal("settings.containerInsights", values[0] if values else None, "enhanced", "enabled")


@rule(
    id="workload/scan-on-push",
    types={REPOSITORY},
    severity=Severity.MEDIUM,
    protects="Production from images with known vulnerabilities.",
    why="What is not scanned when it is pushed is found out when it is attacked.",
    fix="Write image_scanning_configuration={'scan_on_push': True}.",
    controls=("Security Hub ECR.1",),
)
def scan_on_push(repository: Resource) -> Iterator[Finding]:
    yield from on("imageScanningConfiguration.scanOnPush", repository.at("imageScanningConfiguration", "scanOnPush"))


@rule(
    id="workload/platform-version",
    types={SERVICE},
    severity=Severity.MEDIUM,
    protects="The tasks from a Fargate platform that is no longer patched.",
    why="A pinned old platform gets no security updates.",
    fix="Remove platform_version, or write 'LATEST'.",
    controls=("Security Hub ECS.10",),
)
def platform_version(service: Resource) -> Iterator[Finding]:
    yield from literal("platformVersion", service.at("platformVersion"), "LATEST", "1.4.0", or_missing=True)


@rule(
    id="workload/no-shell",
    types={SERVICE},
    severity=Severity.HIGH,
    protects="The running containers from being changed by hand.",
    why="A shell in a container is a way around the review, the image and everything that this pack holds.",
    fix="Write enable_execute_command=False.",
)
def no_shell(service: Resource) -> Iterator[Finding]:
    yield from off("enableExecuteCommand", service.at("enableExecuteCommand"))
