"""Environment, secrets: none in plain text where the console, the state and every log of the deployment show it."""

from __future__ import annotations

import re
from collections.abc import Iterator

from plain import Plain, Unknown
from rule import Finding, Resource, Severity, Stack, about, rule
from tokens import BUCKET, FUNCTION, KEY, KEY_ALIAS, LOG_GROUP, PARAMETER, QUEUE, ROLE, SECRET, TABLE, TOPIC
from variables import RUNNERS, environments_of, path_of

SECRET_NAMES = re.compile(
    r"(.*_)?([a-z]{0,5}(password|passwd|pwd)|passphrase|secret|token|credentials?|api_?key|private_?key|secret_?key|access_?key|auth_?key"
    r"|validation_?key|signing_?key|encryption_?key)(_value)?",
    re.IGNORECASE,
)
"""Names whose value is the secret itself, also PGPASSWORD. `…_NAME`, `…_ARN` and `…_ID` only say where it is."""

HUMP = re.compile(r"(?<=[a-z0-9])(?=[A-Z])")
"""Where a word begins in a name such as dbPassword."""

SECRET_VALUES = re.compile(
    "|".join(
        (
            r"(AKIA|ASIA)[A-Z0-9]{16}",  # an AWS access key's id
            r"-----BEGIN [A-Z ]*PRIVATE KEY",
            r"eyJ[\w-]{10,}\.eyJ[\w-]{10,}\.",  # a JSON web token
            r"gh[pousr]_[A-Za-z0-9]{30,}|github_pat_\w{30,}|glpat-[\w-]{15,}|pul-[0-9a-f]{40}",
            r"xox[abprs]-[\w-]{10,}|sk-(ant|proj)-[\w-]{15,}|sk_live_\w{15,}",
            r"[a-z][a-z0-9+.-]*://[^/\s:@]*:[^/\s:@]+@",  # a password in an address
        )
    )
)

ARN = re.compile(r"arn:aws[a-z-]*:(secretsmanager|ssm|kms):\S+")

NO_SECRET = re.compile(r"alias/\S+|/[\w./-]+|X(-[A-Za-z0-9]+)+|\d{1,5}")
"""A key's alias, the path of a parameter or a file, a header's name, and a number that is too short to be one."""

NAMED = frozenset({BUCKET, FUNCTION, KEY, KEY_ALIAS, LOG_GROUP, QUEUE, ROLE, SECRET, TABLE, TOPIC})
"""Types whose outputs are names and ARNs, never secrets. An unknown value that comes from these alone is a name."""

PLAIN_WORDS = frozenset({"", "true", "false", "enabled", "disabled", "none"})


def looks_secret(name: str, value: Plain, stack: str) -> bool:
    """Whether a variable's value is a secret, by what it is called or by its form.

    The name of a secret is none: of this system's form, `<stem>-<stack>`, or an ARN.
    """
    named = SECRET_NAMES.fullmatch(HUMP.sub("_", name)) is not None
    if isinstance(value, Unknown):
        # What a program makes, such as a random password, is in plain text once it is known. What is called a secret may be its name.
        return named and not name.lower().endswith("secret")
    if not isinstance(value, str):
        return False
    if SECRET_VALUES.search(value):
        return True
    if not named or ARN.fullmatch(value) or NO_SECRET.fullmatch(value) or value.lower() in PLAIN_WORDS:
        return False
    return not (name.lower().endswith("secret") and value.endswith(f"-{stack}"))


@rule(
    id="environment/no-secret",
    severity=Severity.CRITICAL,
    protects="Passwords, tokens and keys from everybody who may look at a task definition, a function or the state.",
    why="Variables are shown in plain text by the console, by DescribeTaskDefinition and in Pulumi's state.",
    fix="Keep it in Secrets Manager and pass its name, or name it in the container's `secrets`.",
    controls=("Security Hub ECS.8", "checkov CKV_AWS_45"),
)
def no_secret(stack: Stack) -> Iterator[Finding]:
    for kind in RUNNERS:
        for runner in stack.of_type(kind):
            yield from about(runner, _runner(runner))
    for parameter in stack.of_type(PARAMETER):
        yield from about(parameter, _parameter(parameter))


def _runner(runner: Resource) -> Iterator[Finding]:
    sources = {one.type for one in runner.comes_from(path_of(runner)[0])}
    names_only = bool(sources) and sources <= NAMED
    for environment in environments_of(runner):
        for name, value in environment.variables.items():
            if name in environment.from_secrets or (names_only and isinstance(value, Unknown)):
                continue
            if looks_secret(name, value, runner.limits.tier):
                yield Finding(
                    f"{name}{environment.owner} looks like a secret in plain text (its value is not shown); it must not be there."
                )


def _parameter(parameter: Resource) -> Iterator[Finding]:
    if parameter.at("type") == "SecureString":
        return
    name = str(parameter.at("name")).replace("-", "_").rpartition("/")[2]
    for key in ("value", "insecureValue"):
        value = parameter.at(key)
        if not isinstance(value, Unknown) and looks_secret(name, value, parameter.limits.tier):
            yield Finding(f"{key} looks like a secret in plain text (it is not shown); it must be kept as a SecureString.")
