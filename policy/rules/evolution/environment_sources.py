"""Environment, the sources: a container is told what its definition says, and what comes from this account's secrets."""

from __future__ import annotations

from collections.abc import Iterator

from accounts import foreign_arns, own_account
from checks import absent
from containers import containers_of
from plain import Unknown, dig, items, shown
from rule import Finding, Resource, Severity, Stack, about
from system import evolution_rule
from tokens import TASK_DEFINITION


@evolution_rule(
    id="environment/reviewed-sources",
    severity=Severity.CRITICAL,
    protects="What containers are told, from files and secrets that nobody reviews.",
    why="ECS adds to the environment what a file in a bucket says when the task starts, and what another account's secret holds.",
    fix="Remove environmentFiles, write their variables into `environment`, and name this account's secrets only.",
)
def reviewed_sources(stack: Stack) -> Iterator[Finding]:
    own = own_account(stack)

    def check(task: Resource) -> Iterator[Finding]:
        for container in containers_of(task):
            of = f"of container `{container.name}`"
            files = container.definition.get("environmentFiles")
            yield from absent(f"environmentFiles {of}", files, "a file in a bucket can be changed after the review")
            for entry in items(container.definition.get("secrets")):
                source = dig(entry, "valueFrom")
                if isinstance(source, Unknown):
                    yield Finding(f"secrets.valueFrom {of} is not known at preview; it must be the name or ARN of a secret that is.")
                for arn in foreign_arns(source, own):
                    yield Finding(f"secrets.valueFrom {of} is {shown(arn)}; it must be of this account ({own or 'none is named'}).")

    for task in stack.of_type(TASK_DEFINITION):
        yield from about(task, check(task))
