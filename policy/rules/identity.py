"""Identity: nobody may do more than is named. Every document is judged as it will be sent, at preview."""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import lru_cache
from itertools import islice

from actions import meaning, nearest, services
from conditions import ARN, Test, in_account, is_account, is_organization, is_specific, is_true, narrows
from documents import PLACES, Kind, Statement, allows_of, statements_of
from globs import POLICY_VARIABLE, WILDCARD, glob, meet
from plain import Plain, Unknown, items, shown
from rule import Family, Fault, Resource, ResourceRule, Severity, Stack, StackRule, broken, cannot_tell
from rules import access, trust

ROLE = "aws:iam/role:Role"
POLICY = "aws:iam/policy:Policy"

GRANTED = (Kind.IDENTITY, Kind.ENDPOINT)
"""Documents in which a resource is somebody else's: in a resource's own policy `*` is that resource."""

ONLY_WILDCARDS = re.compile(r"[*?-]+")

MOST_FAULTS = 3
"""How many faults of one kind are said of a statement: nobody reads more, and a document may hold thousands."""

EVERY_VALUE = "\0" * 40
"""Stands for any value in the place of an ARN's variable part: what matches it names no value."""

OWN_ALIAS = re.compile(r"alias/(?!aws/)[a-zA-Z0-9/_-]+")
"""One alias, whole. `alias/aws/…` is AWS's own key."""

SCOPING: dict[str, Test] = {
    "kms:resourcealiases": lambda value: bool(OWN_ALIAS.fullmatch(value)),
    "aws:resourcetag/*": lambda value: bool(value) and not WILDCARD.search(value),
}
"""Conditions that narrow a resource whose id AWS makes, each by a whole value: `alias/*e*` takes in AWS's own keys and every other."""

SCOPING_CLUSTER: dict[str, Test] = {"ecs:cluster": lambda value: in_account(value) and not WILDCARD.search(value)}
"""ECS's lists take no resource that could be named, but a cluster. Source: Service Authorization Reference, Amazon ECS."""

ALL_OR_NONE = frozenset({"cloudwatch:describealarms"})
"""Reads that show nothing, or not all, to who may do them on some resources only: composite alarms show only to who may describe every
alarm. Source: CloudWatch API reference, DescribeAlarms."""

SCOPING_OWNER: dict[str, Test] = {"aws:resourceaccount": is_account, "aws:resourceorgid": is_organization}
"""Conditions that narrow what may be reached through an endpoint."""

DOCUMENTED_WILDCARDS = frozenset({"kms:generatedatakey*", "kms:reencrypt*"})
"""Wildcards that AWS itself documents, each for one operation in its variants. Source: KMS developer guide, "Key policies"."""

PASS_ROLE = "iam:passrole"

CONDITIONAL: dict[str, dict[str, Test]] = {
    "iam:createservicelinkedrole": {"iam:awsservicename": is_specific},
    "kms:creategrant": {"kms:grantisforawsresource": is_true, "kms:viaservice": is_specific},
}
"""Actions that hand out rights, and the condition under which they hand out none that matter."""

CODE = frozenset(
    {
        "ecs:executecommand",
        "lambda:createfunctionurlconfig",
        "lambda:updateeventsourcemapping",
        "lambda:updatefunctioncode",
        "lambda:updatefunctionconfiguration",
        "lambda:updatefunctionurlconfig",
        "ssm:sendcommand",
        "ssm:startsession",
    }
)
"""Actions that are no permissions' in AWS's own classes, but run the caller's code with somebody else's role."""

CALLS = frozenset(
    {
        "bedrock-agentcore:authorizeaction",
        "bedrock-agentcore:invokegateway",
        "bedrock-agentcore:partiallyauthorizeactions",
        "bedrock-agentcore:synchronizegatewaytargets",
    }
)
"""Calls that AWS classes as "Permissions management", but that change none."""

MODEL_ACTIONS = frozenset(
    {
        "bedrock:createmodelinvocationjob",
        "bedrock:invokemodel",
        "bedrock:invokemodelwithbidirectionalstream",
        "bedrock:invokemodelwithresponsestream",
    }
)
"""What calls a model; Converse is authorised as InvokeModel. Source: Service Authorization Reference, Amazon Bedrock."""

MODEL = re.compile(
    r"arn:aws[a-z-]*:bedrock:"
    r"(([a-z]{2}(-[a-z]+)+-\d)?::foundation-model/[A-Za-z0-9.:_-]+"
    r"|[a-z]{2}(-[a-z]+)+-\d:\d{12}:(application-)?inference-profile/[A-Za-z0-9.:_-]+)"
)
"""One model or profile. Through a global profile a model is called in no region of its own. Source: Bedrock user guide, "Global
cross-Region inference"."""

CUSTOMER_POLICY = re.compile(r"arn:aws[a-z-]*:iam::\d{12}:policy/[^*?]+")

ATTACHABLE = frozenset({"AWSXRayDaemonWriteAccess", "CloudWatchLambdaInsightsExecutionRolePolicy"})
"""AWS's own policies that may be attached: they send telemetry, to where nothing can be named more narrowly. All others grant on `*`."""

ATTACHMENTS = {
    ROLE: "managedPolicyArns",
    "aws:iam/groupPolicyAttachment:GroupPolicyAttachment": "policyArn",
    "aws:iam/groupPolicyAttachmentsExclusive:GroupPolicyAttachmentsExclusive": "policyArns",
    "aws:iam/policyAttachment:PolicyAttachment": "policyArn",
    "aws:iam/rolePolicyAttachment:RolePolicyAttachment": "policyArn",
    "aws:iam/rolePolicyAttachmentsExclusive:RolePolicyAttachmentsExclusive": "policyArns",
    "aws:iam/userPolicyAttachment:UserPolicyAttachment": "policyArn",
    "aws:iam/userPolicyAttachmentsExclusive:UserPolicyAttachmentsExclusive": "policyArns",
    "aws:ssoadmin/managedPolicyAttachment:ManagedPolicyAttachment": "managedPolicyArn",
}
"""Where managed policies are attached: the property that names them."""

LONG_LIVED = frozenset({"aws:iam/accessKey:AccessKey", "aws:iam/user:User", "aws:iam/userLoginProfile:UserLoginProfile"})


def _document(resource: Resource) -> Iterator[Fault]:
    for statement in statements_of(resource):
        if isinstance(statement, Fault):
            yield statement


def is_wildcard_action(action: str) -> bool:
    """Whether an action stands for all of a service's, or of every service's."""
    service, colon, name = action.partition(":")
    return not colon or bool(WILDCARD.search(service)) or (bool(name) and not name.strip("*?"))


def _known_action(resource: Resource) -> Iterator[Fault]:
    for statement in statements_of(resource):
        if isinstance(statement, Fault):
            continue
        unknown = [
            action
            for action in dict.fromkeys((*statement.actions, *statement.excepted_actions))
            if not meaning(action).actions and not (is_wildcard_action(action) and _is_known_service(action))
        ]
        for action in unknown[:MOST_FAULTS]:
            near = nearest(action)
            yield broken(
                f"{statement.where} names the action {shown(action)}, which AWS doesn't have; it must name a real one"
                + (f", such as {near}." if near else ".")
            )


@lru_cache(maxsize=1024)
def _is_known_service(action: str) -> bool:
    service, colon, _ = action.lower().partition(":")
    return service == "*" or (bool(colon) and any(glob(service, known) for known in services()))


def _wildcard_action(resource: Resource) -> Iterator[Fault]:
    for statement in allows_of(resource):
        for action in statement.actions:
            if is_wildcard_action(action):
                yield broken(f"{statement.where} allows the action {shown(action)}; it must name each action.")
            elif WILDCARD.search(action) and not meaning(action).only_reads and action.lower() not in DOCUMENTED_WILDCARDS:
                writes = [one.name for one in meaning(action).actions if one.level not in "RL"]
                yield broken(
                    f"{statement.where} allows the action {shown(action)}, which stands for {len(writes)} that change something, "
                    f"such as {writes[0]}; it must name each action."
                )


def _not_action(resource: Resource) -> Iterator[Fault]:
    for statement in allows_of(resource):
        if statement.excepted_actions:
            yield broken(f"{statement.where} allows everything but a NotAction; it must name what it allows.")


def is_wildcard_resource(resource: str, types: frozenset[str] = frozenset()) -> bool:
    """Whether a resource stands for all of a service's, or all of a type's: a bare wildcard, or an ARN that names no more than a type.

    Args:
        types: what the actions take.
    """
    arn = ARN.fullmatch(resource)
    if not arn or WILDCARD.search(arn["service"]):
        return True
    if not WILDCARD.search(arn["resource"]):
        return False
    name = arn["resource"]
    if arn["service"] == "s3" and not arn["account"]:
        # The first part is the bucket's name, where other services have a type.
        return not is_specific(name.partition("/")[0])
    parts = re.split("[/:]", name)
    named = parts[1:] if len(parts) > 1 else parts
    return all(not part or ONLY_WILDCARDS.fullmatch(part) for part in named) or any(
        glob(name, pattern.split(":", 3)[3].replace("*", EVERY_VALUE))
        for pattern in types
        if pattern.startswith(f"{arn['service']}:") and "*" in pattern.split(":", 3)[3]
    )


def is_scoped_by_condition(resource: str, conditions: dict[str, Plain]) -> bool:
    """Whether a resource that names no more than its type is narrowed to ours: by a key's alias, or by a tag.

    Only within one region and account, where the alias or the tag is ours, and only by values that are more than wildcards.
    """
    arn = ARN.fullmatch(resource)
    if not arn or WILDCARD.search(arn["region"] + arn["account"] + arn["service"]):
        return False
    return is_specific(re.split("[/:]", arn["resource"])[0]) and narrows(conditions, SCOPING)


def _wildcard_resource(resource: Resource) -> Iterator[Fault]:
    for statement in allows_of(resource):
        if statement.excepted_resources:
            yield broken(f"{statement.where} allows everything but a NotResource; it must name what it allows.")
        if statement.kind not in GRANTED or (statement.kind is Kind.ENDPOINT and narrows(statement.conditions, SCOPING_OWNER)):
            continue
        yield from islice(_wide(statement), MOST_FAULTS)


def _wide(statement: Statement) -> Iterator[Fault]:
    scopeable = [action for action in dict.fromkeys(statement.actions) if _could_be_scoped(action, statement)]
    types = frozenset[str]().union(*(meaning(action).types for action in scopeable))
    for one in dict.fromkeys(statement.resources) if scopeable else ():
        if not is_wildcard_resource(one, types) or is_scoped_by_condition(one, statement.conditions):
            continue
        wide = [action for action in scopeable if is_wildcard_resource(one, meaning(action).types)]
        if wide:
            actions = ", ".join(wide[:3]) + (", …" if len(wide) > 3 else "")
            yield broken(f"{statement.where} allows {actions} on the resource {shown(one)}; it must name the resource.")


def _could_be_scoped(action: str, statement: Statement) -> bool:
    """Whether an action could be scoped to a resource. One that isn't known, or stands for all of AWS, could."""
    what = meaning(action)
    if (what.actions and not what.types) or action.lower() in ALL_OR_NONE:
        return False
    return not (action.lower().startswith("ecs:") and narrows(statement.conditions, SCOPING_CLUSTER))


@lru_cache(maxsize=8192)
def _fits(resource: str, types: frozenset[str]) -> bool:
    """Whether an ARN can be of one of some types."""
    arn = ARN.fullmatch(POLICY_VARIABLE.sub("*", resource))
    return arn is None or any(_of_type(arn["service"], arn["resource"], pattern) for pattern in types)


def _of_type(service: str, name: str, pattern: str) -> bool:
    kind, _, _, shape = pattern.split(":", 3)
    if not meet(service, kind):
        return False
    if shape == "+":
        return "/" not in name
    if shape == "+/*":
        return "/" in name or "*" in name
    return meet(name, shape)


def _resource_fits(resource: Resource) -> Iterator[Fault]:
    for statement in allows_of(resource):
        if statement.kind is Kind.IDENTITY and not any(is_wildcard_action(action) for action in statement.actions):
            yield from islice(_unfit(statement), MOST_FAULTS)


def _unfit(statement: Statement) -> Iterator[Fault]:
    resources = dict.fromkeys(statement.resources)
    whats = {action: meaning(action) for action in statement.actions if meaning(action).actions}
    for action, what in whats.items():
        if resources and not any(one == "*" or _fits(one, what.types) for one in resources):
            takes = "the resource *, for it takes none" if not what.types else "one of " + ", ".join(sorted(what.types)[:3])
            yield broken(f"{statement.where} allows {action} on {shown(statement.resources[0])}; it must be on {takes}.")
    types = frozenset[str]().union(*(what.types for what in whats.values()))
    for one in resources if len(whats) > 1 else ():
        if one != "*" and not _fits(one, types):
            yield broken(f"{statement.where} names {shown(one)}, which none of its actions takes; each must be one that they take.")


def _escalation(resource: Resource) -> Iterator[Fault]:
    for statement in allows_of(resource):
        if statement.kind is not Kind.IDENTITY:
            continue
        for action in statement.actions:
            name = action.lower()
            for one in () if WILDCARD.search(name) else meaning(action).actions:
                if name in CONDITIONAL:
                    if not narrows(statement.conditions, CONDITIONAL[name]):
                        keys = " or ".join(CONDITIONAL[name])
                        yield broken(f"{statement.where} allows {one.name} without a condition on {keys}; it must have one.")
                elif name in CODE or (one.level == "P" and name not in CALLS and name != PASS_ROLE):
                    yield broken(
                        f"{statement.where} allows {one.name}, with which its holder can give itself more; "
                        "it must be left to whoever deploys."
                    )


def _pass_role(resource: Resource) -> Iterator[Fault]:
    for statement in allows_of(resource):
        if statement.kind is not Kind.IDENTITY or PASS_ROLE not in map(str.lower, statement.actions):
            continue
        for one in statement.resources:
            arn = ARN.fullmatch(one)
            if not arn or WILDCARD.search(one) or not is_account(arn["account"]):
                yield broken(f"{statement.where} allows passing the role {shown(one)}; it must name each role by its whole ARN.")
        if not narrows(statement.conditions, {"iam:passedtoservice": lambda value: is_specific(value) and not WILDCARD.search(value)}):
            yield broken(f"{statement.where} allows passing a role to any service; it must have a condition on iam:PassedToService.")


def _models(resource: Resource) -> Iterator[Fault]:
    for statement in allows_of(resource):
        if statement.kind not in GRANTED:
            continue
        calls = sorted({one.name for action in statement.actions for one in meaning(action).actions if one.name.lower() in MODEL_ACTIONS})
        for one in statement.resources if calls else ():
            if not MODEL.fullmatch(one):
                yield broken(
                    f"{statement.where} allows {calls[0]} on {shown(one)}; it must name an inference profile of the account or "
                    "a foundation model, whole and in one region."
                )


def _attached(resource: Resource) -> Iterator[Fault]:
    """A reference that is unknown counts as present, and the ARN of a customer's: `identity/policy-reference` looks at what they are."""
    property_name = ATTACHMENTS[resource.type]
    value = resource.at(property_name)
    if value is None and resource.type != ROLE:
        yield broken(f"{property_name} is missing; it must name a policy.")
    for one in items(value):
        if isinstance(one, Unknown) or (isinstance(one, str) and CUSTOMER_POLICY.fullmatch(one)):
            continue
        if not isinstance(one, str) or one.rpartition("/")[2] not in ATTACHABLE or not one.startswith("arn:aws"):
            yield broken(f"{property_name} is {shown(one)}; it must be a policy of this stack, or one of {', '.join(sorted(ATTACHABLE))}.")


def _boundary(role: Resource) -> Iterator[Fault]:
    value = role.at("permissionsBoundary")
    if not isinstance(value, Unknown) and not (isinstance(value, str) and CUSTOMER_POLICY.fullmatch(value)):
        yield broken(f"permissionsBoundary is {shown(value)}; it must name a policy of the account's own.")


def _policy_reference(stack: Stack) -> Iterator[Fault]:
    policies = {policy.urn for policy in stack.of_type(POLICY)}
    names = {name for policy in stack.of_type(POLICY) if isinstance(name := policy.at("name"), str)}
    for resource in stack.resources:
        held = {ATTACHMENTS.get(resource.type), "permissionsBoundary" if resource.type == ROLE else None}
        for property_name in sorted(name for name in held if name and resource.at(name) is not None):
            references = resource.references.get(property_name, ())
            values = items(resource.at(property_name))
            if references and not any(one.urn in policies or not one.type.startswith("aws:") for one in references):
                found = ", ".join(f"{one.urn.rpartition('::')[2]} ({one.type})" for one in references)
                yield broken(f"{property_name} comes from {found}; it must come from a policy.", resource)
            elif not references and any(isinstance(one, Unknown) for one in values):
                yield cannot_tell(f"{property_name} is not known at preview and comes from nothing; it must come from a policy.", resource)
            elif not references and property_name != "permissionsBoundary":
                for one in values:
                    # Where a landing zone sets a boundary it only takes rights away; what is attached gives them.
                    if isinstance(one, str) and CUSTOMER_POLICY.fullmatch(one) and one.rpartition("/")[2] not in names:
                        yield broken(f"{property_name} is {shown(one)}, which this stack doesn't make; it must be reviewed here.", resource)


def _long_lived(resource: Resource) -> Iterator[Fault]:
    yield broken("it is a credential that never ends, or its holder; people and programs must take a role instead.", resource)


TYPES = frozenset(PLACES)
HOLDERS = frozenset(kind for kind, place in PLACES.items() if place.kind in GRANTED) | {ROLE}

LEAST = "Everything that a role was not made for."
OTHERS = "What belongs to other stacks and other systems of the account."

FAMILY = Family(
    name="identity",
    title="Nobody may do more than is named.",
    resource_rules=(
        ResourceRule(
            id="identity/document",
            severity=Severity.CRITICAL,
            protects="The review: what is granted can be read before it is.",
            why="What can't be read at preview can't be reviewed, and is granted all the same.",
            mend="Write the document as JSON from names and ARNs that are known at preview.",
            check=_document,
            types=TYPES,
        ),
        ResourceRule(
            id="identity/known-action",
            severity=Severity.HIGH,
            protects="The documents from saying something else than was meant.",
            why="A misspelt action grants nothing, and in a Deny it forbids nothing: nobody notices until it matters.",
            mend="Correct the action; one that is newer than the pack's table needs `make actions`, or an exemption until then.",
            check=_known_action,
            types=TYPES,
        ),
        ResourceRule(
            id="identity/no-wildcard-action",
            severity=Severity.CRITICAL,
            protects=LEAST,
            why="A wildcard grants every action that it matches, and those that the service will have.",
            mend="Name each action that is called, such as dynamodb:GetItem. A wildcard may stand for reading only (s3:Get*).",
            check=_wildcard_action,
            types=TYPES,
            controls=("Security Hub IAM.1", "Security Hub IAM.21"),
        ),
        ResourceRule(
            id="identity/no-not-action",
            severity=Severity.CRITICAL,
            protects=LEAST,
            why="An Allow with NotAction grants all actions of all services but a few.",
            mend="Write Action, with each action that is called.",
            check=_not_action,
            types=TYPES,
            controls=("Security Hub IAM.21",),
        ),
        ResourceRule(
            id="identity/no-wildcard-resource",
            severity=Severity.HIGH,
            protects=OTHERS,
            why="The action takes a resource, so the grant reaches every one of its kind in the account.",
            mend="Name the ARN; where AWS makes the id, its known prefix, or the type with a condition on kms:ResourceAliases or "
            "aws:ResourceTag. Through an endpoint, a condition on aws:ResourceAccount will do.",
            check=_wildcard_resource,
            types=TYPES,
        ),
        ResourceRule(
            id="identity/resource-fits",
            severity=Severity.MEDIUM,
            protects="The documents from saying something else than was meant.",
            why="An action on a resource of another kind grants nothing, which shows when the system needs it.",
            mend="Give each action a resource that it takes; an action that takes none belongs in a statement of its own, on *.",
            check=_resource_fits,
            types=HOLDERS,
        ),
        ResourceRule(
            id="identity/no-escalation",
            severity=Severity.CRITICAL,
            protects="All other rules about identity: who can change grants is bound by none.",
            why="With it, code that was taken over gives itself any right, or runs with another's role.",
            mend="Leave the change of grants and of code to whoever deploys, outside the stack.",
            check=_escalation,
            types=HOLDERS,
        ),
        ResourceRule(
            id="identity/pass-role",
            severity=Severity.CRITICAL,
            protects="Every role that a service could be given.",
            why="Who passes a role to a service gets what the role may do.",
            mend="Name each role's ARN, and add StringEquals on iam:PassedToService.",
            check=_pass_role,
            types=HOLDERS,
        ),
        ResourceRule(
            id="identity/models",
            severity=Severity.HIGH,
            protects="The model calls: only the model that was reviewed may decide.",
            why="A wildcard admits every model of the region, at any price and without its guardrail being reviewed.",
            mend="Name the inference profile and, in each of its regions, the foundation model.",
            check=_models,
            types=HOLDERS,
        ),
        ResourceRule(
            id="identity/managed-policies",
            severity=Severity.CRITICAL,
            protects=LEAST,
            why="AWS's policies grant on every resource and grow without a review: AmazonBedrockFullAccess holds bedrock:* and PassRole.",
            mend="Write the grants into a policy of this stack's own, on this stack's resources.",
            check=_attached,
            types=frozenset(ATTACHMENTS),
            controls=("Security Hub IAM.1",),
        ),
        ResourceRule(
            id="identity/boundary",
            severity=Severity.HIGH,
            protects="The account from a role that is given more by hand, or by a later edit.",
            why="Without a permissions boundary, whatever is attached to the role later holds.",
            mend="Write permissions_boundary=<the stack's boundary policy>.arn.",
            check=_boundary,
            types=frozenset({ROLE}),
        ),
        ResourceRule(
            id="identity/no-user",
            severity=Severity.HIGH,
            protects="The account from credentials that leak and stay valid.",
            why="An access key works for whoever finds it, for years; a role's credentials end within hours.",
            mend="Remove it; let people sign in by IAM Identity Center and programs take a role.",
            check=_long_lived,
            types=LONG_LIVED,
        ),
        *trust.RESOURCE_RULES,
        *access.RESOURCE_RULES,
    ),
    stack_rules=(
        StackRule(
            id="identity/policy-reference",
            severity=Severity.HIGH,
            protects="Boundaries and attachments from a reference to something that is no policy, or that nobody reviews.",
            why="The value is unknown until the deployment, and a policy from elsewhere isn't judged here.",
            mend="Pass the arn of an aws.iam.Policy of this stack.",
            check=_policy_reference,
        ),
        *trust.STACK_RULES,
        *access.STACK_RULES,
    ),
)
