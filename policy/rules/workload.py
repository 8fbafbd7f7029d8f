"""Workload: what runs is what was reviewed."""

from __future__ import annotations

import re
from collections.abc import Iterator

from containers import containers_of
from plain import Unknown, dig, shown
from rule import Family, Fault, Resource, ResourceRule, Severity, broken, cannot_tell

TASK_DEFINITION = "aws:ecs/taskDefinition:TaskDefinition"

BY_DIGEST = re.compile(r"[^\s@]+@sha256:[0-9a-f]{64}")


def _images(task: Resource) -> Iterator[Fault]:
    for container in containers_of(task):
        if isinstance(container, Fault):
            yield container
            continue
        image = dig(container.definition, "image")
        if isinstance(image, Unknown):
            yield cannot_tell(f"the image of container `{container.name}` is not known at preview; it must be a literal with a digest.")
        elif not isinstance(image, str) or not BY_DIGEST.fullmatch(image):
            yield broken(
                f"the image of container `{container.name}` is {shown(image)}; it must end in its digest, @sha256:<64 hex digits>."
            )


FAMILY = Family(
    name="workload",
    title="What runs must be exactly what was reviewed.",
    resource_rules=(
        ResourceRule(
            id="workload/image-by-digest",
            severity=Severity.CRITICAL,
            protects="Production from an image that nobody has reviewed.",
            why="A tag can be moved to another image after the review; a digest can't.",
            mend="Name the image by its digest; `docker push` and ECR both print it.",
            check=_images,
            types=frozenset({TASK_DEFINITION}),
        ),
    ),
)
