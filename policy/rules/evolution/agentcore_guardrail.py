"""AgentCore, the guardrail: it has the four filters, it is pinned, and every model call goes through it."""

from __future__ import annotations

import re
from collections.abc import Iterator, Set

from checks import absent, literal
from graph import Linked
from plain import Plain, Unknown, dig, items, number, shown
from rule import Finding, Resource, Severity, Stack, about
from system import evolution_rule
from tokens import AGENT_RUNTIME, FUNCTION, GUARDRAIL, GUARDRAIL_VERSION, TASK_DEFINITION
from variables import environments_of

STRONG = ("HIGH", "MEDIUM")

HARMS = ("HATE", "INSULTS", "MISCONDUCT", "SEXUAL", "VIOLENCE")
"""Every harm that Bedrock's content filters know. Source: Bedrock user guide, "Content filters"."""

PROFILES = frozenset({"us", "eu", "apac", "au"})
"""The geographies of inference profiles that have a guardrail profile. Source: Bedrock user guide, "Supported Regions for cross-Region
guardrail inference"."""

GROUNDING_MINIMUM = 0.5
"""Below it, the filter lets through answers that are more likely made up than not."""

GUARDRAIL_ID = re.compile(r".*GUARDRAIL_(ID|ARN|IDENTIFIER)")
GUARDRAIL_PINNED = re.compile(r".*GUARDRAIL_VERSION")

ENVIRONMENT = {FUNCTION: "environment", AGENT_RUNTIME: "environmentVariables", TASK_DEFINITION: "containerDefinitions"}
"""The top-level property that holds the variables."""

CONTENT = re.compile(r"content [0-9a-f]{12}")
"""What a version is described as: by the digest of what the guardrail says, so that another content is another version."""

WHY = "What the guardrail doesn't stop reaches the model, or what the model says reaches evolution."


def _entries(where: str, value: Plain) -> Iterator[Plain | Finding]:
    """The entries of a list in the guardrail; a finding where they can't be known."""
    for one in items(value):
        if isinstance(one, Unknown):
            yield Finding(f"{where} is not known at preview; it must be literal.")
        else:
            yield one


@evolution_rule(
    id="agentcore/guardrail-prompt-attack",
    types={GUARDRAIL},
    severity=Severity.HIGH,
    protects="The agents from instructions that are hidden in what they read.",
    why=WHY,
    fix="Write a content filter of type PROMPT_ATTACK with input_strength='HIGH'.",
)
def guardrail_prompt_attack(guardrail: Resource) -> Iterator[Finding]:
    filters = guardrail.at("contentPolicyConfig", "filtersConfigs")
    attacks = [one for one in items(filters) if dig(one, "type") == "PROMPT_ATTACK"]
    if isinstance(filters, Unknown):
        yield Finding("contentPolicyConfig is not known at preview; it must hold a literal filter PROMPT_ATTACK.")
    elif not attacks:
        yield Finding("contentPolicyConfig has no filter PROMPT_ATTACK; it must have one.")
    for attack in attacks:
        yield from literal("inputStrength of PROMPT_ATTACK", dig(attack, "inputStrength"), "HIGH")
        yield from _acts("PROMPT_ATTACK", attack, "input", "BLOCK", or_missing=True)
        modalities = items(dig(attack, "inputModalities"))
        if modalities and "TEXT" not in modalities:
            yield Finding(f"inputModalities of PROMPT_ATTACK is {shown(modalities)}; it must hold TEXT.")


def _acts(name: str, entry: Plain, side: str, *actions: str, or_missing: bool) -> Iterator[Finding]:
    """A filter can be declared and yet be switched off, or only observe. `or_missing`: Bedrock's default is to act."""
    yield from literal(f"{side}Enabled of {name}", dig(entry, f"{side}Enabled"), True, or_missing=or_missing)
    yield from literal(f"{side}Action of {name}", dig(entry, f"{side}Action"), *actions, or_missing=or_missing)


@evolution_rule(
    id="agentcore/guardrail-harm",
    types={GUARDRAIL},
    severity=Severity.HIGH,
    protects="Evolution from breeding on what does harm, and from answering with it.",
    why=WHY,
    fix=f"Write a content filter of each of the types {', '.join(HARMS)}, both strengths MEDIUM or HIGH, both actions BLOCK.",
)
def guardrail_harm(guardrail: Resource) -> Iterator[Finding]:
    filters = list(_entries("contentPolicyConfig.filtersConfigs", guardrail.at("contentPolicyConfig", "filtersConfigs")))
    if any(isinstance(one, Finding) for one in filters):
        return  # guardrail-prompt-attack says it
    for harm in HARMS:
        own = [one for one in filters if not isinstance(one, Finding) and dig(one, "type") == harm]
        if not own:
            yield Finding(f"contentPolicyConfig has no filter {harm}; it must have one.")
        for one in own:
            for side in ("input", "output"):
                yield from literal(f"{side}Strength of {harm}", dig(one, f"{side}Strength"), *STRONG)
                yield from _acts(harm, one, side, "BLOCK", or_missing=True)


@evolution_rule(
    id="agentcore/guardrail-sensitive-information",
    types={GUARDRAIL},
    severity=Severity.HIGH,
    protects="Personal data and credentials from being sent to the model or kept in a genome.",
    why=WHY,
    fix="Write pii_entities_configs with BLOCK or ANONYMIZE as action, input_action and output_action, both sides enabled.",
)
def guardrail_sensitive_information(guardrail: Resource) -> Iterator[Finding]:
    """Input and output each state what they do: `action` alone has been seen not to apply to prompts."""
    policy = guardrail.at("sensitiveInformationPolicyConfig")
    entries = [one for key in ("piiEntitiesConfigs", "regexesConfigs") for one in _entries(key, dig(policy, key))]
    if not entries:
        yield Finding("sensitiveInformationPolicyConfig is missing or empty; it must block or mask at least one kind of information.")
    for entry in entries:
        if isinstance(entry, Finding):
            yield entry
            continue
        name = shown(dig(entry, "type") or dig(entry, "name"))
        yield from literal(f"action of {name}", dig(entry, "action"), "BLOCK", "ANONYMIZE")
        for side in ("input", "output"):
            yield from _acts(name, entry, side, "BLOCK", "ANONYMIZE", or_missing=False)


@evolution_rule(
    id="agentcore/guardrail-denied-topics",
    types={GUARDRAIL},
    severity=Severity.HIGH,
    protects="Evolution from breeding what it must not: getting around its own limits, for one.",
    why=WHY,
    fix="Write topics_configs of the type DENY.",
)
def guardrail_denied_topics(guardrail: Resource) -> Iterator[Finding]:
    topics = list(_entries("topicPolicyConfig.topicsConfigs", guardrail.at("topicPolicyConfig", "topicsConfigs")))
    if not topics:
        yield Finding("topicPolicyConfig is missing or empty; it must deny at least one topic.")
    for topic in topics:
        if isinstance(topic, Finding):
            yield topic
        else:
            yield from literal(f"type of the topic {shown(dig(topic, 'name'))}", dig(topic, "type"), "DENY")


@evolution_rule(
    id="agentcore/guardrail-grounding",
    types={GUARDRAIL},
    severity=Severity.HIGH,
    protects="Who asks with a source from answers that don't rest on it. Without one, there is nothing to judge by.",
    why=WHY,
    fix=f"Write the filters GROUNDING and RELEVANCE with a threshold of at least {GROUNDING_MINIMUM}.",
)
def guardrail_grounding(guardrail: Resource) -> Iterator[Finding]:
    filters = items(guardrail.at("contextualGroundingPolicyConfig", "filtersConfigs"))
    for kind in ("GROUNDING", "RELEVANCE"):
        thresholds = [number(dig(one, "threshold")) for one in filters if dig(one, "type") == kind]
        if not thresholds:
            yield Finding(f"contextualGroundingPolicyConfig has no filter {kind}; it must have one.")
        for threshold in thresholds:
            if threshold is None or not GROUNDING_MINIMUM <= threshold < 1:
                yield Finding(f"the threshold of {kind} is {shown(threshold)}; it must be at least {GROUNDING_MINIMUM} and less than 1.")


@evolution_rule(
    id="agentcore/guardrail-tier",
    severity=Severity.HIGH,
    protects="The guardrail from what it overlooks: attacks in other languages, and harm that is written as code.",
    why="The tier CLASSIC knows three languages, and no code. STANDARD may judge a text in other regions: not where the model isn't asked.",
    fix="Write tier_configs=[{'tier_name': 'STANDARD'}] for content and topics, and as cross_region_config the guardrail profile of the "
    "model's geography; for a country that has none, CLASSIC.",
)
def guardrail_tier(stack: Stack) -> Iterator[Finding]:
    geography = str((stack.table or {}).get("model_id")).partition(".")[0]
    profiles = PROFILES if geography == "global" else PROFILES & {geography}
    for guardrail in stack.of_type(GUARDRAIL):
        yield from about(guardrail, _tiers(guardrail, "STANDARD" if profiles else "CLASSIC"))
        yield from about(guardrail, _profile(guardrail.at("crossRegionConfig", "guardrailProfileIdentifier"), profiles))


def _tiers(guardrail: Resource, tier: str) -> Iterator[Finding]:
    """Of what has tiers; whether it is there at all, other rules say."""
    for policy in ("contentPolicyConfig", "topicPolicyConfig"):
        if guardrail.at(policy) is not None:
            for one in items(guardrail.at(policy, "tierConfigs")) or [None]:
                yield from literal(f"{policy}.tierConfigs.tierName", dig(one, "tierName"), tier, or_missing=tier == "CLASSIC")


def _profile(profile: Plain, profiles: Set[str]) -> Iterator[Finding]:
    where = "crossRegionConfig.guardrailProfileIdentifier"
    if not profiles:
        yield from absent(where, profile, "prompts must not be judged beyond where the model is asked")
    elif not isinstance(profile, str) or profile.rpartition(":guardrail-profile/")[2] not in {f"{one}.guardrail.v1:0" for one in profiles}:
        yield Finding(f"{where} is {shown(profile)}; it must be that of the model's geography: {', '.join(sorted(profiles))}.")


@evolution_rule(
    id="agentcore/guardrail",
    severity=Severity.CRITICAL,
    protects="Every call of a model.",
    why="Without a guardrail, or with one that is still a draft, nobody knows what is stopped.",
    fix="Declare an aws.bedrock.Guardrail and an aws.bedrock.GuardrailVersion of it.",
)
def guardrail(stack: Stack) -> Iterator[Finding]:
    """Where anything asks a model, there is a guardrail, and a version of it that doesn't change under the callers."""
    asks = any("BEDROCK_MODEL_ID" in one.variables for function in stack.of_type(FUNCTION) for one in environments_of(function))
    if not asks and not any(stack.of_type(kind) for kind in (AGENT_RUNTIME, GUARDRAIL)):
        return
    guardrails = Linked(stack, GUARDRAIL, ("guardrailArn", "guardrailId", "arn", "id"))
    if not guardrails.all:
        yield Finding("it has agents or functions, but no Bedrock guardrail; it must have one.")
    pinned = guardrails.by_all(stack.of_type(GUARDRAIL_VERSION), "guardrailArn")
    for urn, guardrail in guardrails.all.items():
        if urn not in pinned:
            yield Finding("no GuardrailVersion pins it; one must, for its draft changes under those who call it.", guardrail)
    for version in stack.of_type(GUARDRAIL_VERSION):
        if not CONTENT.fullmatch(str(version.at("description"))):
            yield Finding("its description isn't `content` and a digest; without it a changed guardrail gets no new version.", version)


@evolution_rule(
    id="agentcore/guardrail-used",
    severity=Severity.CRITICAL,
    protects="Every call of a model.",
    why="A guardrail that a caller isn't told of stops nothing.",
    fix="Give whoever is told BEDROCK_MODEL_ID also BEDROCK_GUARDRAIL_ID and BEDROCK_GUARDRAIL_VERSION, from the resources.",
)
def guardrail_used(stack: Stack) -> Iterator[Finding]:
    """Whoever is told a model is told the guardrail and its pinned version, by reference, so that they are this stack's."""
    versions = Linked(stack, GUARDRAIL_VERSION)
    guardrails = Linked(stack, GUARDRAIL, ("guardrailArn", "guardrailId", "arn", "id"))
    for kind, path in ENVIRONMENT.items():
        for runner in stack.of_type(kind):
            for environment in environments_of(runner):
                if "BEDROCK_MODEL_ID" not in environment.variables:
                    continue
                variables = environment.variables
                ids = [name for name, value in variables.items() if GUARDRAIL_ID.fullmatch(name) and value not in (None, "")]
                pinned = [name for name in variables if GUARDRAIL_PINNED.fullmatch(name)]
                if not ids or not pinned:
                    yield Finding(f"the environment{environment.owner} names a model, but no guardrail and version; it must.", runner)
                    continue
                if any(variables[name] in ("DRAFT", "", None) for name in pinned):
                    yield Finding(f"{pinned[0]}{environment.owner} is the draft; it must be a pinned version.", runner)
                made = [one.at("version") for one in versions.all.values()]
                fixed = [name for name in pinned if isinstance(variables[name], str) and variables[name] not in (*made, "DRAFT", "")]
                if fixed or not guardrails.by(runner, path) or not versions.by(runner, path):
                    yield Finding(
                        f"the guardrail in the environment{environment.owner} is not this stack's; it must come from there.", runner
                    )
