"""What somebody can do who has stolen a role that deploys: nothing beyond the stack, and nothing that lets him stay."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import cache

import pytest

from account import boundary, policies
from account.access import granted
from account.names import AccountNames
from account.policies import PLACEHOLDER, Document
from account.table import PROJECT
from components.naming import Names
from tests.account.tables import account_of
from tests.functions.requests import IamRequest, listed, permitted, within

STACKS = account_of().stacks
KEPT = tuple(stack for stack in STACKS if stack != "dev")
NAMES = AccountNames(number=PLACEHOLDER, region="us-east-1")
KEY = NAMES.any_key_arn.replace("*", "1234abcd-12ab-34cd-56ef-1234567890ab")

OF_ACCOUNT = {"aws:ResourceTag/Project": [PROJECT]}
Context = Mapping[str, Sequence[str]]
NOTHING: Context = {}


def ours(stack: str) -> Names:
    return Names(stack=stack, region="us-east-1", account=PLACEHOLDER)


@cache
def roles_of(stack: str) -> Mapping[str, Sequence[Document]]:
    """What each role of a stack may do."""
    return granted(NAMES, policies.read(stack, PLACEHOLDER))


@cache
def limit(stack: str) -> list[Document]:
    return boundary.statements(NAMES, policies.read(stack, PLACEHOLDER))


def iam(what: str) -> str:
    return f"arn:aws:iam::{PLACEHOLDER}:{what}"


def bounded(stack: str) -> Context:
    return {"iam:PermissionsBoundary": [iam(f"policy/{ours(stack).permissions_boundary}")]}


def state(stack: str, path: str = "") -> str:
    return f"{NAMES.bucket_arn(NAMES.state_bucket)}/.pulumi/stacks/evolution-system/{stack}.json{path}"


BY_BOUNDARY = {
    "its removal, to make another of its name": ("dev",),
    "a version's removal, to make room": ("dev",),
    "a stream that resumes": KEPT,
}
"""What the policies grant, in which stacks, and the boundary alone denies: a destruction of dev, and what a function is fed with."""


def escalations(stack: str) -> dict[str, tuple[str, str, Context]]:
    """By what it would be, an action, a resource, and what the request brings. Neither the boundary nor the policies may allow any."""
    names = ours(stack)
    role, itself = names.role_arn(names.engine_role), names.role_arn(NAMES.role("deploy", stack))
    wall, own_wall = iam(f"policy/{names.permissions_boundary}"), iam(f"policy/{NAMES.boundary(stack)}")
    bucket, provider = NAMES.bucket_arn(NAMES.state_bucket), NAMES.provider_arn
    administrator = {"iam:PolicyARN": [iam("policy/AdministratorAccess")]}
    agents = names.agent_runtime_arn
    tasks: Context = {"iam:PassedToService": ["ecs-tasks.amazonaws.com"]}
    return {
        "a wider boundary of the stack's roles": ("iam:CreatePolicyVersion", wall, NOTHING),
        "an older version of it": ("iam:SetDefaultPolicyVersion", wall, NOTHING),
        "its removal, to make another of its name": ("iam:DeletePolicy", wall, NOTHING),
        "a version's removal, to make room": ("iam:DeletePolicyVersion", wall, NOTHING),
        "a wider boundary of its own": ("iam:CreatePolicyVersion", own_wall, NOTHING),
        "the removal of its own boundary": ("iam:DeleteRolePermissionsBoundary", itself, NOTHING),
        "another boundary of its own": ("iam:PutRolePermissionsBoundary", itself, bounded(stack)),
        "another boundary of a role": ("iam:PutRolePermissionsBoundary", role, bounded(stack)),
        "a role of the stack's without a boundary": ("iam:DeleteRolePermissionsBoundary", role, bounded(stack)),
        "a new role without a boundary": ("iam:CreateRole", role, NOTHING),
        "a new role under a boundary of its own": ("iam:CreateRole", role, {"iam:PermissionsBoundary": [iam("policy/mine")]}),
        "a new role like itself": ("iam:CreateRole", names.role_arn("account-deploy-mine"), bounded(stack)),
        "a new role elsewhere": ("iam:CreateRole", names.role_arn("mine"), bounded(stack)),
        "a policy of another name": ("iam:CreatePolicy", iam("policy/mine"), NOTHING),
        "a managed policy on itself": ("iam:AttachRolePolicy", itself, administrator),
        "a managed policy on a role": ("iam:AttachRolePolicy", role, {**bounded(stack), **administrator}),
        "grants of its own": ("iam:PutRolePolicy", itself, bounded(stack)),
        "a version of its own policies": ("iam:CreatePolicyVersion", iam(f"policy/account-deploy-{stack}-1"), NOTHING),
        "its own trust": ("iam:UpdateAssumeRolePolicy", itself, NOTHING),
        "the trust of who looks for drift": ("iam:UpdateAssumeRolePolicy", names.role_arn(NAMES.role("drift", stack)), NOTHING),
        "its own removal": ("iam:DeleteRole", itself, NOTHING),
        "itself handed to a function": ("iam:PassRole", itself, {"iam:PassedToService": ["lambda.amazonaws.com"]}),
        "itself handed to a task": ("iam:PassRole", itself, tasks),
        "a role of the stack's handed to a machine": ("iam:PassRole", role, {"iam:PassedToService": ["ec2.amazonaws.com"]}),
        "an administrator's role handed to a task": ("iam:PassRole", names.role_arn("administrator"), tasks),
        "a user": ("iam:CreateUser", iam("user/mine"), NOTHING),
        "a user's key": ("iam:CreateAccessKey", iam("user/somebody"), NOTHING),
        "a user's password": ("iam:CreateLoginProfile", iam("user/somebody"), NOTHING),
        "a group's member": ("iam:AddUserToGroup", iam("group/administrators"), NOTHING),
        "another role's session": ("sts:AssumeRole", role, NOTHING),
        "an administrator's session": ("sts:AssumeRole", names.role_arn("administrator"), NOTHING),
        "a session of a federated user": ("sts:GetFederationToken", iam("user/mine"), NOTHING),
        "another way in": ("iam:CreateOpenIDConnectProvider", iam("oidc-provider/mine"), NOTHING),
        "GitHub's removal": ("iam:DeleteOpenIDConnectProvider", provider, OF_ACCOUNT),
        "another certificate of GitHub's": ("iam:UpdateOpenIDConnectProviderThumbprint", provider, OF_ACCOUNT),
        "another audience of GitHub's tokens": ("iam:AddClientIDToOpenIDConnectProvider", provider, OF_ACCOUNT),
        "a way in by SAML": ("iam:CreateSAMLProvider", iam("saml-provider/mine"), NOTHING),
        "the account's passwords": ("iam:UpdateAccountPasswordPolicy", "*", NOTHING),
        "the trail stopped": ("cloudtrail:StopLogging", NAMES.trail_arn, OF_ACCOUNT),
        "the trail deleted": ("cloudtrail:DeleteTrail", NAMES.trail_arn, OF_ACCOUNT),
        "what the trail records": ("cloudtrail:PutEventSelectors", NAMES.trail_arn, OF_ACCOUNT),
        "what is recorded of models": ("bedrock:DeleteModelInvocationLoggingConfiguration", "*", NOTHING),
        "what is recorded of models, elsewhere": ("bedrock:PutModelInvocationLoggingConfiguration", "*", NOTHING),
        "what was recorded": ("s3:DeleteObject", f"{NAMES.bucket_arn(NAMES.records_bucket)}/AWSLogs/1", NOTHING),
        "the analyzer": ("access-analyzer:DeleteAnalyzer", f"arn:aws:access-analyzer:us-east-1:{PLACEHOLDER}:analyzer/any", OF_ACCOUNT),
        "an analyzer's archive": ("access-analyzer:CreateArchiveRule", "*", OF_ACCOUNT),
        "GuardDuty": ("guardduty:DeleteDetector", f"arn:aws:guardduty:us-east-1:{PLACEHOLDER}:detector/1", OF_ACCOUNT),
        "the state's key's policy": ("kms:PutKeyPolicy", KEY, OF_ACCOUNT),
        "the state's key's end": ("kms:ScheduleKeyDeletion", KEY, OF_ACCOUNT),
        "the state's key out of use": ("kms:DisableKey", KEY, OF_ACCOUNT),
        "a grant of the state's key": ("kms:CreateGrant", KEY, OF_ACCOUNT),
        "the state's key taken over by tags": ("kms:TagResource", KEY, {**OF_ACCOUNT, "aws:RequestTag/Project": ["evolution-system"]}),
        "the state's key's alias on another": ("kms:UpdateAlias", NAMES.any_alias_arn.replace("*", "state"), NOTHING),
        "the state's bucket's policy": ("s3:PutBucketPolicy", bucket, NOTHING),
        "the removal of that policy": ("s3:DeleteBucketPolicy", bucket, NOTHING),
        "an old state's removal": ("s3:DeleteObjectVersion", state(stack), NOTHING),
        "no more versions of the state": ("s3:PutBucketVersioning", bucket, NOTHING),
        "an early end of the state": ("s3:PutLifecycleConfiguration", bucket, NOTHING),
        "the state opened": ("s3:PutBucketPublicAccessBlock", bucket, NOTHING),
        "no access logs": ("s3:PutBucketLogging", bucket, NOTHING),
        "every bucket of the account opened": ("s3:PutAccountPublicAccessBlock", "*", NOTHING),
        "a higher quota": ("servicequotas:RequestServiceQuotaIncrease", "*", NOTHING),
        "a subscription": ("aws-marketplace:Subscribe", "*", NOTHING),
        "another account's way in": ("organizations:LeaveOrganization", "*", NOTHING),
        "the account's closure": ("account:CloseAccount", "*", NOTHING),
        "a stack of CloudFormation's": ("cloudformation:CreateStack", "*", NOTHING),
        "a question to the agents": ("bedrock-agentcore:InvokeAgentRuntime", agents, NOTHING),
        "a question to the gateway": ("bedrock-agentcore:InvokeGateway", names.gateway_arn, NOTHING),
    }


def administrators(stack: str) -> dict[str, tuple[str, str, Context]]:
    """What an administrator does where data is kept."""
    names = ours(stack)
    switch, resume = (names.function_arn(one) for one in (names.switch_function, names.resume_function))
    role = names.role_arn(names.engine_role)
    to_lambda: Context = {"iam:PassedToService": ["lambda.amazonaws.com"]}
    tags = {"Project": "evolution-system", "Environment": stack}
    ours_by_tag, new = ({f"aws:{whose}Tag/{key}": [value] for key, value in tags.items()} for whose in ("Resource", "Request"))
    return {
        "the mode": ("ssm:PutParameter", names.mode_parameter_arn, {"ssm:Overwrite": ["true"]}),
        "a new mode": ("ssm:PutParameter", names.mode_parameter_arn, NOTHING),
        "the mode's removal": ("ssm:DeleteParameter", names.mode_parameter_arn, NOTHING),
        "the mode's removal with others": ("ssm:DeleteParameters", names.mode_parameter_arn, NOTHING),
        "resume's code": ("lambda:UpdateFunctionCode", resume, NOTHING),
        "the switch's code": ("lambda:UpdateFunctionCode", switch, NOTHING),
        "a layer under the switch": ("lambda:UpdateFunctionConfiguration", switch, {"lambda:Layer": ["arn:aws:lambda:::layer:mine:1"]}),
        "the switch's handler and variables": ("lambda:UpdateFunctionConfiguration", switch, NOTHING),
        "resume's handler and variables": ("lambda:UpdateFunctionConfiguration", resume, NOTHING),
        "a stream that resumes": ("lambda:CreateEventSourceMapping", "*", {**new, "lambda:FunctionArn": [resume]}),
        "the switch's end, by a permission": ("lambda:DeleteFunction", switch, NOTHING),
        "the switch out of the topic's reach": ("lambda:RemovePermission", switch, NOTHING),
        "the topic's end, by its policy": ("sns:DeleteTopic", names.alert_topic_arn, NOTHING),
        "the dead letters' end, by their policy": ("sqs:DeleteQueue", names.dead_letters_arn, NOTHING),
        "an artifact's end, by the bucket's policy": ("s3:DeleteObjectVersion", f"{names.bucket_arn(names.artifacts_bucket)}/1", NOTHING),
        "the key's policy": ("kms:PutKeyPolicy", KEY, ours_by_tag),
        "another account that may give the switch code": ("lambda:AddPermission", switch, NOTHING),
        "another account that may delete artifacts": ("s3:PutBucketPolicy", names.bucket_arn(names.artifacts_bucket), NOTHING),
        "another account that may delete the topic": ("sns:SetTopicAttributes", names.alert_topic_arn, NOTHING),
        "the key's end, by its policy": ("kms:ScheduleKeyDeletion", KEY, ours_by_tag),
        "the key out of use, by its policy": ("kms:DisableKey", KEY, ours_by_tag),
        "somebody else who resumes": ("lambda:AddPermission", resume, NOTHING),
        "resume for everybody": ("lambda:CreateFunctionUrlConfig", resume, NOTHING),
        "the switch's role for other code": ("iam:PassRole", names.role_arn(names.function_role(names.switch_function)), to_lambda),
        "resume's role for other code": ("iam:PassRole", names.role_arn(names.function_role(names.resume_function)), to_lambda),
        "a role": ("iam:CreateRole", role, bounded(stack)),
        "a role's grants": ("iam:PutRolePolicy", role, bounded(stack)),
        "a role's trust": ("iam:UpdateAssumeRolePolicy", role, NOTHING),
        "a role's removal": ("iam:DeleteRole", role, NOTHING),
        "a boundary": ("iam:CreatePolicy", iam(f"policy/{names.permissions_boundary}"), NOTHING),
    }


def request(one: tuple[str, str, Context]) -> IamRequest:
    action, resource, context = one
    return IamRequest(action=action, resource=resource, context=context)


def limited(statements: Sequence[Document], one: IamRequest) -> bool:
    """Whether a boundary by itself keeps a request from a role, whatever is attached to that."""
    return not within([{"Effect": "Allow", "Action": "*", "Resource": "*"}], statements, one)


@pytest.mark.parametrize("stack", STACKS)
@pytest.mark.parametrize("name", escalations("dev"))
def test_no_stolen_role_gets_out(stack: str, name: str) -> None:
    asked = request(escalations(stack)[name])
    assert limited(limit(stack), asked), "its boundary lets it"
    by_policies = [role for role, statements in roles_of(stack).items() if permitted(statements, asked)]
    assert by_policies == (["deploy"] if stack in BY_BOUNDARY.get(name, ()) else [])


@pytest.mark.parametrize("stack", KEPT)
@pytest.mark.parametrize("name", administrators("staging"))
def test_what_is_an_administrators_is_no_pipelines(stack: str, name: str) -> None:
    asked = request(administrators(stack)[name])
    assert limited(limit(stack), asked), "its boundary lets it"
    by_policies = [role for role, statements in roles_of(stack).items() if permitted(statements, asked)]
    assert by_policies == (["deploy"] if stack in BY_BOUNDARY.get(name, ()) else [])


def test_in_dev_a_pipeline_makes_roles_under_the_stacks_own_boundaries() -> None:
    names, statements = ours("dev"), roles_of("dev")["deploy"]
    role = names.role_arn(names.engine_role)
    for action in ("iam:CreateRole", "iam:PutRolePolicy"):
        assert within(statements, limit("dev"), request((action, role, bounded("dev"))))
        assert not within(statements, limit("dev"), request((action, role, NOTHING)))
    mode = request(("ssm:PutParameter", names.mode_parameter_arn, NOTHING))
    assert within(statements, limit("dev"), mode)


@pytest.mark.parametrize("stack", STACKS)
def test_each_role_reaches_its_own_stacks_state_and_no_other(stack: str) -> None:
    roles, wall = roles_of(stack), limit(stack)
    by_alias = {**OF_ACCOUNT, "kms:ResourceAliases": ["alias/account-state"]}
    lock = f"{NAMES.bucket_arn(NAMES.state_bucket)}/.pulumi/locks/organization/evolution-system/{stack}/1.json"
    own = {
        "read": [("s3:GetObject", state(stack), NOTHING), ("kms:Decrypt", KEY, by_alias)],
        "write": [
            ("s3:PutObject", state(stack), NOTHING),
            ("s3:PutObject", state(stack, ".bak"), NOTHING),
            ("s3:PutObject", lock, NOTHING),
            ("s3:DeleteObject", lock, NOTHING),
            ("kms:GenerateDataKey", KEY, by_alias),
        ],
    }
    for role, reads, writes in (("deploy", True, True), ("drift", True, False), ("image", False, False)):
        assert {within(roles[role], wall, request(one)) for one in own["read"]} == {reads}
        assert {within(roles[role], wall, request(one)) for one in own["write"]} == {writes}
        for other in {*STACKS, "qa", f"{stack}x"} - {stack}:
            for action in ("s3:GetObject", "s3:PutObject", "s3:DeleteObject"):
                assert not permitted(roles[role], request((action, state(other), NOTHING)))
        assert not permitted(roles[role], request(("kms:Decrypt", KEY, {"kms:ResourceAliases": ["alias/another"]})))


@pytest.mark.parametrize("stack", STACKS)
def test_a_boundary_takes_nothing_from_its_roles_that_they_are_granted(stack: str) -> None:
    """What it cuts is a grant that nobody can use."""
    wall = limit(stack)
    cut: set[str] = set()
    for statements in roles_of(stack).values():
        for statement in statements:
            for action in listed(statement["Action"]):
                asked = [IamRequest(action=action, resource=one, context=wanted_by(statement)) for one in resources_of(statement)]
                assert permitted([statement], asked[0]), "the test asks what the statement is about"
                if all(limited(wall, one) for one in asked):
                    cut.add(action)
    assert cut == ({"iam:DeletePolicy", "iam:DeletePolicyVersion"} if stack == "dev" else set[str]())


def resources_of(statement: Document) -> list[str]:
    """What it names, with made-up ids for what AWS numbers."""
    return [one.replace("?", "a").replace("*", "0a1b2c3d4e") for one in listed(statement["Resource"])]


def wanted_by(statement: Document) -> Context:
    """What a request must bring."""
    conditions: Mapping[str, Mapping[str, object]] = statement.get("Condition", {})
    positive = [tests for operator, tests in conditions.items() if operator not in ("Null", "StringNotEquals")]
    return {key: listed(value) for tests in positive for key, value in tests.items()}


@pytest.mark.parametrize("stack", STACKS)
def test_a_boundary_fits(stack: str) -> None:
    assert policies.size(policies.document(limit(stack))) <= policies.MOST_CHARACTERS
