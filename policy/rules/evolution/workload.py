"""Workload, the images: they come from this stack's own repository, and stay there while they run."""

from __future__ import annotations

import re
from collections.abc import Iterator

from accounts import own_account
from graph import names_of
from plain import NotJsonError, dig, items, number, parse, shown
from rule import Finding, Resource, Severity, Stack
from rules.aws.workload import images_of
from system import evolution_rule
from tokens import AGENT_RUNTIME, FUNCTION, REPOSITORY, REPOSITORY_LIFECYCLE, TASK_DEFINITION

REGISTRY = re.compile(r"(?P<account>\d{12})\.dkr\.ecr\.[a-z0-9-]+\.amazonaws\.com/(?P<repository>[^@:]+)[@:].*")


@evolution_rule(
    id="workload/own-repository",
    severity=Severity.CRITICAL,
    protects="Production from images of somebody else's repository.",
    why="Only the stack's own repository has immutable tags, scans and a known owner.",
    fix="Push the image to the stack's repository and name it from there.",
)
def own_repository(stack: Stack) -> Iterator[Finding]:
    own, account = names_of(stack.of_type(REPOSITORY)), own_account(stack)
    for kind in (TASK_DEFINITION, AGENT_RUNTIME, FUNCTION):
        for resource in stack.of_type(kind):
            for where, image in images_of(resource):
                match = REGISTRY.fullmatch(image) if isinstance(image, str) else None
                if not match or match["repository"] not in own or match["account"] != (account or match["account"]):
                    yield Finding(f"{where} is {shown(image)}; it must come from an ECR repository of this stack.", resource)
    for runtime in stack.of_type(AGENT_RUNTIME):
        code = runtime.at("agentRuntimeArtifact", "codeConfiguration")
        if code is not None:
            yield Finding("agentRuntimeArtifact.codeConfiguration is set; it must be absent, for code in a bucket can be changed.", runtime)


KEPT_IMAGES = 10
"""The image that runs, and those that a rollback may want: ECR deletes images whether a task needs them or not."""


@evolution_rule(
    id="workload/images-kept",
    types={REPOSITORY_LIFECYCLE},
    severity=Severity.HIGH,
    protects="The images that run, the safety monitor's among them, from being deleted.",
    why="A task whose image is gone can't start again: the engine stops, and nobody measures whether it is safe.",
    fix=f"Let images with a tag go by their number only (imageCountMoreThan), {KEPT_IMAGES} or more.",
)
def images_kept(lifecycle: Resource) -> Iterator[Finding]:
    try:
        rules = items(dig(parse(lifecycle.at("policy")), "rules"))
    except NotJsonError as error:
        yield Finding(f"policy can't be read: {error}. It must be a JSON text.")
        return
    for one in rules:
        if dig(one, "selection", "tagStatus") == "untagged":
            continue
        kind, count = dig(one, "selection", "countType"), number(dig(one, "selection", "countNumber"))
        if kind != "imageCountMoreThan" or count is None or count < KEPT_IMAGES:
            yield Finding(f"policy expires images with a tag by {shown(kind)} {shown(count)}; {KEPT_IMAGES} or more must stay.")
