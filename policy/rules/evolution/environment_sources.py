"""Environment, the sources: a container is told what its definition says, and what comes from this account's secrets."""

from __future__ import annotations

import re
from collections.abc import Iterator

from accounts import foreign_arns, own_account
from checks import absent
from containers import containers_of
from plain import Unknown, dig, items, shown
from rule import Finding, Resource, Severity, Stack, about
from system import evolution_rule
from tokens import TASK_DEFINITION
from variables import RUNNERS, environments_of

REDIRECTS = re.compile(
    r"AWS_(CA_BUNDLE|CONFIG_FILE|CONTAINER_CREDENTIALS_\w+|ENDPOINT_URL\w*|LAMBDA_EXEC_WRAPPER|SHARED_CREDENTIALS_FILE)"
    r"|(HTTP|HTTPS|ALL)_PROXY|LD_(LIBRARY_PATH|PRELOAD)|PYTHON(HOME|PATH|STARTUP)",
    re.IGNORECASE,
)
"""Variables that change whom the AWS SDK asks, with whose credentials, or what the interpreter loads."""


def _sources(stack: Stack) -> Iterator[Finding]:
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


def _redirected(stack: Stack) -> Iterator[Finding]:
    """A runner that asks AWS somewhere else, or starts with somebody else's code, is told its mode and its answers by others."""
    for kind in RUNNERS:
        for runner in stack.of_type(kind):
            for environment in environments_of(runner):
                for name in environment.variables:
                    if REDIRECTS.fullmatch(name):
                        yield Finding(f"{name}{environment.owner} is set; it must be absent, for it replaces what was reviewed.", runner)


@evolution_rule(
    id="environment/reviewed-sources",
    severity=Severity.CRITICAL,
    protects="What containers, functions and agents are told, from files, secrets and addresses that nobody reviews.",
    why="ECS adds to the environment what a file in a bucket says when the task starts; and AWS_ENDPOINT_URL, say, lets the mode and "
    "every answer come from somebody else.",
    fix="Remove environmentFiles and the variables that redirect, write the others into `environment`, and name this account's "
    "secrets only.",
)
def reviewed_sources(stack: Stack) -> Iterator[Finding]:
    yield from _sources(stack)
    yield from _redirected(stack)
