"""Environment, secrets: none in plain text where the console, the state and every log of the deployment show it."""

from __future__ import annotations

import re
import string
from collections.abc import Iterator, Mapping

from plain import Plain, Unknown
from rule import Finding, Resource, Severity, Stack, about, rule
from texts import DIVIDERS, PROPERTY, is_secrets_name, told
from tokens import ACCESS_KEY, BUCKET, FUNCTION, KEY, KEY_ALIAS, LOG_GROUP, PARAMETER, QUEUE, ROLE, SECRET, TABLE, TOPIC
from variables import RUNNERS, environments_of, given_by, path_of

SECRET_VALUES = re.compile(
    "|".join(
        (
            r"(AKIA|ASIA)[A-Z0-9]{16}",  # an AWS access key's id
            r"-----BEGIN [A-Z ]*PRIVATE KEY",
            r"(?<![\w-])eyJ[\w-]{10,}\.eyJ[\w-]{10,}\.",  # a JSON web token
            r"gh[pousr]_[A-Za-z0-9]{30,}|github_pat_\w{30,}|glpat-[\w-]{15,}|pul-[0-9a-f]{40}",
            r"xox[abprs]-[\w-]{10,}|sk-(ant|proj)-[\w-]{15,}|sk_live_\w{15,}",
            r"(?<=[A-Za-z0-9+.-])://[^/\s:@]*:(?![$<{%*])[^/\s:@]+@",  # a password in an address, unless it is filled in later
        )
    )
)
"""Credentials, by their form. Each is found in one pass over a text, however long."""

BEGIN = (
    "AKIA",
    "ASIA",
    "PRIVATE KEY",
    "eyJ",
    *(f"gh{one}_" for one in "pousr"),
    "github_pat_",
    "glpat-",
    "pul-",
    "xox",
    "sk-",
    "sk_live_",
    "://",
)
"""One of these stands in each of them: a text that has none is soon read."""

NAMED_VALUE = re.compile(
    r"(?P<end>[PpSsTtCcKk](?i:assword|asswd|wd|assphrase|ecret|oken|redentials?|ey)(?i:_?value)?)"  # how names of secrets end
    r"(?:\\*[\"']\s{0,3}(?:=>?|:)\s{0,3}|[ \t]{0,3}:?=>?[ \t]{0,3}|(?P<says>:[ \t]{1,3}))"
    r"(?P<quote>\\*[\"'])?(?P<value>[^\s\"'\\,;&<>{}$%*(][^\s\"'\\,;&<>{}]*)(?P<more>.?)"
)
"""A name and its value in a text: `password=…`, `"apiKey": "…"`, also in JSON in JSON. What begins as `${…}` is filled in later."""

END = ("password", "passwd", "pwd", "passphrase", "secret", "token", "credential", "key")
"""One of these, in any case, stands in each of them."""

NAME = string.ascii_letters + string.digits + "_.-"

LONGEST_NAME = 60

FEWEST = 4
"""Characters of a word that a sentence may call a token, say, and that isn't one: `Token: v2`."""

ARN = re.compile(r"arn:aws[a-z-]*:(secretsmanager|ssm|kms):\S+")

NO_SECRET = re.compile(r"alias/\S+|/[\w./-]+|X(-[A-Za-z0-9]+)+|\d{1,5}")
"""A key's alias, the path of a parameter or a file, a header's name, and a number that is too short to be one."""

NAMED = frozenset({BUCKET, FUNCTION, KEY, KEY_ALIAS, LOG_GROUP, QUEUE, ROLE, SECRET, TABLE, TOPIC})
"""Types whose outputs are names and ARNs, never secrets. An unknown value that comes from these alone is a name."""

PARAMETERS_VALUES = ("value", "insecureValue")

PLAIN_WORDS = frozenset({"", "true", "false", "enabled", "disabled", "none", "null"})


def looks_secret(name: str, value: Plain, stack: str) -> bool:
    """Whether a variable's value is a secret, by what it is called or by its form.

    The name of a secret is none: of this system's form, `<stem>-<stack>`, or an ARN.
    """
    named = is_secrets_name(name)
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
    protects="Passwords, tokens and keys from everybody who may look at a task definition, a function, a tag or the state.",
    why="Variables, descriptions, tags and commands are shown in plain text by the console, by AWS's APIs and in Pulumi's state.",
    fix="Keep it in Secrets Manager and pass its name, or name it in the container's `secrets`.",
    controls=("Security Hub ECS.8", "checkov CKV_AWS_45"),
)
def no_secret(stack: Stack) -> Iterator[Finding]:
    for resource, texts in stack.once(told):
        said = frozenset[str]()
        if resource.type in RUNNERS and (found := [*about(resource, _runner(resource))]):
            said = frozenset({given_by(resource)})
            yield from found
        elif resource.type == PARAMETER and (found := [*about(resource, _parameter(resource))]):
            said = frozenset(PARAMETERS_VALUES)
            yield from found
        yield from about(resource, _anywhere(resource, {name: text for name, text in texts.items() if name not in said}))


def holds_secret(text: str, stack: str) -> bool:
    """Whether a credential stands in a text, by its form or under a name."""
    if any(one in text for one in BEGIN) and SECRET_VALUES.search(text):
        return True
    small = text.lower()
    return any(one in small for one in END) and any(_is_named_secret(found, text, stack) for found in NAMED_VALUE.finditer(text))


def _is_named_secret(found: re.Match[str], text: str, stack: str) -> bool:
    start, value = found.start(), found["value"]
    before = text[max(0, start - LONGEST_NAME) : start]
    name = before[len(before.rstrip(NAME)) :] + found["end"]
    if found["says"] and not found["quote"]:
        # `token: …` may be the beginning of a sentence, or a line of YAML, which ends with the value.
        ends = not found["more"] and not before.rstrip(NAME).rstrip(" \t-").rpartition("\n")[2]
        if len(value) < FEWEST or (value.rstrip(".:").isalpha() and not ends):
            return False
    return looks_secret(name.translate(DIVIDERS), value, stack)


def _anywhere(resource: Resource, texts: Mapping[str, str]) -> Iterator[Finding]:
    """What AWS makes may be a credential, such as an access key's id: it is in a mere state."""
    tier = resource.limits.tier
    held = [name for name, text in texts.items() if holds_secret(text, tier)] if holds_secret("\n".join(texts.values()), tier) else []
    if held and not (resource.type == ACCESS_KEY and resource.inputs is None):
        where = ", ".join(name if PROPERTY.fullmatch(name) and not SECRET_VALUES.search(name) else "a property's name" for name in held)
        yield Finding(f"{where} has what looks like a secret in plain text (it is not shown); it must not be there.")


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
    for key in PARAMETERS_VALUES:
        value = parameter.at(key)
        if not isinstance(value, Unknown) and looks_secret(name, value, parameter.limits.tier):
            yield Finding(f"{key} looks like a secret in plain text (it is not shown); it must be kept as a SecureString.")
