"""AgentCore, the model: what asks is told an approved one, and its role may ask no other, and none without a guardrail."""

from __future__ import annotations

import re
from collections.abc import Iterator

from actions import meaning
from conditions import narrows
from documents import Statement, allows_of
from plain import Unknown, shown
from rule import Finding, Resource, Severity, Stack
from rules.aws.identity_resources import MODEL_ACTIONS
from system import evolution_rule
from tokens import ENDPOINT, ENDPOINT_POLICY, IAM_POLICY, ROLE_POLICY
from variables import RUNNERS, environments_of

MODELS = frozenset(
    {
        "anthropic.claude-sonnet-4-6",
        "anthropic.claude-opus-4-6-v1",
        "anthropic.claude-haiku-4-5-20251001-v1:0",
    }
)
"""The models that are approved, without the geography of their inference profile; the list grows by a review."""

PINNED = re.compile(r"arn:aws[a-z-]*:bedrock:[a-z0-9-]+:\d{12}:guardrail/[a-z0-9*]+:(\*|\d+)")
"""A guardrail of this account with a version: a draft has none."""

PROFILE = re.compile(r"(us|eu|apac|jp|au|global)\.(?P<model>.+)")


def _models(stack: Stack) -> Iterator[Finding]:
    for kind in RUNNERS:
        for runner in stack.of_type(kind):
            for environment in environments_of(runner):
                if "BEDROCK_MODEL_ID" not in environment.variables:
                    continue
                model = environment.variables["BEDROCK_MODEL_ID"]
                match = PROFILE.fullmatch(model) if isinstance(model, str) else None
                if isinstance(model, Unknown):
                    yield Finding(f"BEDROCK_MODEL_ID{environment.owner} is not known at preview; it must be a literal profile.", runner)
                elif not match or match["model"] not in MODELS:
                    yield Finding(
                        f"BEDROCK_MODEL_ID{environment.owner} is not an approved model; it must be <geography>. and one of "
                        f"{', '.join(sorted(MODELS))}.",
                        runner,
                    )


def _table_model(stack: Stack) -> Iterator[Finding]:
    if stack.table is None:
        return
    model = stack.table.get("model_id")
    match = PROFILE.fullmatch(model) if isinstance(model, str) else None
    if not match or match["model"] not in MODELS:
        yield Finding(
            f"model_id of the environment table is {shown(model)}; it must be <geography>. and one of {', '.join(sorted(MODELS))}."
        )


def _grants(stack: Stack) -> Iterator[Finding]:
    """Roles, boundaries and endpoints: the table's profile, and the model behind it through that profile only."""
    if stack.table is None:
        return  # environment/table-limits says it
    profile = str(stack.table.get("model_id"))
    for kind in (IAM_POLICY, ROLE_POLICY, ENDPOINT, ENDPOINT_POLICY):
        for document in stack.of_type(kind):
            for statement in allows_of(document):
                if any(one.name.lower() in MODEL_ACTIONS for action in statement.actions for one in meaning(action).actions):
                    yield from _granted(document, statement, profile)


def _granted(document: Resource, statement: Statement, profile: str) -> Iterator[Finding]:
    if not narrows(statement.conditions, {"bedrock:guardrailidentifier": lambda value: bool(PINNED.fullmatch(value))}):
        yield Finding(
            f"{statement.where} allows asking without a guardrail; it must have a condition on bedrock:GuardrailIdentifier "
            "that wants a version (…:guardrail/*:*).",
            document,
        )
    through = narrows(statement.conditions, {"bedrock:inferenceprofilearn": lambda value: value.endswith(f":inference-profile/{profile}")})
    for one in statement.resources:
        if one.endswith(f"::foundation-model/{profile.partition('.')[2]}"):
            if not through:
                yield Finding(
                    f"{statement.where} allows the model {shown(one)} by itself; it must have a condition on bedrock:InferenceProfileArn, "
                    f"which ends in inference-profile/{profile}.",
                    document,
                )
        elif not one.endswith(f":inference-profile/{profile}"):
            yield Finding(
                f"{statement.where} allows asking {shown(one)}; it must be the profile {profile}, or the model behind it.", document
            )


@evolution_rule(
    id="agentcore/model",
    severity=Severity.CRITICAL,
    protects="Evolution from a model that nobody has approved for it.",
    why="Guardrail, prompts and limits were tried with the approved models; another one may do anything with them.",
    fix="Take BEDROCK_MODEL_ID and the grants from model_id of the table, or have the model approved "
    "(policy/rules/evolution/agentcore_model.py).",
)
def model(stack: Stack) -> Iterator[Finding]:
    yield from _table_model(stack)
    yield from _models(stack)
    yield from _grants(stack)
