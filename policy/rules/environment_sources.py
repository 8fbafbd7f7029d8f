"""Environment, the sources: a container is told what its definition says, and what comes from this account's secrets."""

from __future__ import annotations

from collections.abc import Iterator

from accounts import foreign_arns, own_account
from checks import absent
from containers import containers_of
from plain import Unknown, dig, items, shown
from rule import Fault, Resource, Severity, Stack, StackRule, broken, cannot_tell
from system import about, of_this_system
from tokens import TASK_DEFINITION


def _sources(stack: Stack) -> Iterator[Fault]:
    own = own_account(stack)

    def check(task: Resource) -> Iterator[Fault]:
        for container in containers_of(task):
            if isinstance(container, Fault):
                yield container
                continue
            of = f"of container `{container.name}`"
            files = container.definition.get("environmentFiles")
            yield from absent(f"environmentFiles {of}", files, "a file in a bucket can be changed after the review")
            for entry in items(container.definition.get("secrets")):
                source = dig(entry, "valueFrom")
                if isinstance(source, Unknown):
                    yield cannot_tell(f"secrets.valueFrom {of} is not known at preview; it must be the name or ARN of a secret that is.")
                for arn in foreign_arns(source, own):
                    yield broken(f"secrets.valueFrom {of} is {shown(arn)}; it must be of this account ({own or 'none is named'}).")

    for task in stack.of_type(TASK_DEFINITION):
        yield from about(task, check)


STACK_RULES = (
    StackRule(
        id="environment/reviewed-sources",
        severity=Severity.CRITICAL,
        protects="What containers are told from files and secrets that nobody reviews.",
        why="ECS adds to the environment what a file in a bucket says when the task starts; whoever may write there sets the variables.",
        mend="Remove environmentFiles, write the variables into `environment`, and name this account's secrets only.",
        check=of_this_system(_sources),
    ),
)
