"""What bounds the roles that deploy must let nobody out: each way is a call, which the boundary must certainly not allow."""

from __future__ import annotations

import itertools
import re
from collections.abc import Iterator

from account_project import DISPOSABLE, STATE, account_rule, boundary_name, state_buckets
from accounts import own_account
from calls import AwsCall
from fences import WayOut, left_open, way, ways_out
from rule import Finding, Severity, Stack
from system import ACCOUNT_PROJECT
from tokens import IAM_POLICY

NAME = re.compile(boundary_name("(?P<stack>.+)"))

MOST_NAMED = 3
"""So many ways of a boundary are named: one that holds nothing back has all."""

REGION = re.compile(STATE + r"\d{12}-(?P<region>[a-z0-9-]+)")
ANY_REGION = "us-east-1"
"""For a project whose state bucket has no name yet."""

OWN_ROLE, OWN_TRAIL, STATE_ALIAS = "role/account-deploy-{stack}", "account-trail", "alias/account-state"

OF_POLICIES = ("iam:CreatePolicyVersion", "iam:SetDefaultPolicyVersion", "iam:DeletePolicyVersion", "iam:DeletePolicy")
OF_ROLES = ("iam:AttachRolePolicy", "iam:DeleteRole", "iam:PutRolePolicy", "iam:UpdateAssumeRolePolicy")


@account_rule(
    id="account/fence",
    severity=Severity.CRITICAL,
    protects="The account from whoever has stolen a role that deploys, and from an edit of its policies.",
    why="A role that can change its own boundary, or hand on a role outside it, is bounded by nothing.",
    fix="Deny it in the boundary, by names that don't depend on what else is allowed; or don't allow it there.",
    controls=("prowler iam_policy_allows_privilege_escalation", "prowler iam_no_custom_policy_permissive_role_assumption"),
)
def fence(stack: Stack) -> Iterator[Finding]:
    account, region = own_account(stack), region_of(stack)
    for policy in stack.of_type(IAM_POLICY):
        if named := NAME.fullmatch(str(policy.at("name"))):
            ways = itertools.chain(
                ways_out(named[0], account), *(made(named["stack"], account, region) for made in (_of_system, _of_account, _of_state))
            )
            found = list(left_open(policy, ways))
            more = f" (and {len(found) - MOST_NAMED} more ways)" if len(found) > MOST_NAMED else ""
            for one in found[:MOST_NAMED]:
                call = f"{one.call.action} on {one.call.resource}"
                yield Finding(f"within it a role {one.does}, by {call}{more}; it must not allow that.", policy)


def region_of(stack: Stack) -> str:
    """The account's region, as the state bucket's name says it."""
    found = (REGION.fullmatch(str(bucket.at("bucket"))) for bucket in state_buckets(stack))
    return next((one["region"] for one in found if one), ANY_REGION)


def _of_system(stack: str, account: str, region: str) -> Iterator[WayOut]:
    """What the system's own roles and boundaries are changed by."""
    iam = f"arn:aws:iam::{account}:"
    another = "prod" if stack == DISPOSABLE else DISPOSABLE
    boundaries = [f"{iam}policy/evolution{which}-boundary-{stack}-{region}" for which in ("", "-agents")]
    engine, theirs = (f"{iam}role/evolution-engine-{of}-{region}" for of in (stack, another))
    for one in boundaries:
        yield from way("changes a boundary", one, *OF_POLICIES)
        yield from way("changes the roles of another stack", theirs, "iam:CreateRole", *OF_ROLES, boundary=one)
    for boundary in (*boundaries, f"{iam}policy/another"):
        verbs = ("iam:PutRolePermissionsBoundary", "iam:DeleteRolePermissionsBoundary")
        yield from way("drops or swaps a boundary", engine, *verbs, boundary=boundary, anywhere=True)
    for boundary in ("", f"{iam}policy/another", "arn:aws:iam::aws:policy/AdministratorAccess"):
        gives = ("iam:CreateRole", "iam:PutRolePolicy", "iam:AttachRolePolicy")
        yield from way("gives a role more than the stack's boundaries", engine, *gives, boundary=boundary, anywhere=True)
    yield from way("hands on a role of another stack", theirs, "iam:PassRole")
    if stack != DISPOSABLE:
        mode = f"arn:aws:ssm:{region}:{account}:parameter/evolution/{stack}/mode"
        yield from way("makes a role, which an administrator does", engine, "iam:CreateRole", boundary=boundaries[0])
        yield from way("writes the mode, which an administrator does", mode, "ssm:PutParameter", "ssm:DeleteParameter")


def _of_account(stack: str, account: str, region: str) -> Iterator[WayOut]:
    """What the account's own roles, its ways in and its records are changed by."""
    iam, here = f"arn:aws:iam::{account}:", f"{region}:{account}:"
    own = iam + OWN_ROLE.format(stack=stack)
    for boundary in (f"{iam}policy/{boundary_name(stack)}", f"{iam}policy/evolution-boundary-{stack}-{region}"):
        yield from way("changes itself", own, "iam:CreateRole", *OF_ROLES, boundary=boundary)
    yield from way("hands itself on", own, "iam:PassRole")
    provider = f"{iam}oidc-provider/token.actions.githubusercontent.com"
    yield from way(
        "changes who may come in",
        provider,
        *(f"iam:{verb}OpenIDConnectProvider" for verb in ("Create", "Delete")),
        "iam:AddClientIDToOpenIDConnectProvider",
        "iam:CreateSAMLProvider",
        "iam:UpdateOpenIDConnectProviderThumbprint",
        anywhere=True,
    )
    yield from way("puts a user into a group", f"{iam}group/another", "iam:AddUserToGroup", anywhere=True)
    yield from way("gets credentials for another name", f"{iam}root", "sts:GetFederationToken", anywhere=True)
    trail = f"arn:aws:cloudtrail:{here}trail/{OWN_TRAIL}"
    of_trail = ("cloudtrail:StopLogging", "cloudtrail:DeleteTrail", "cloudtrail:UpdateTrail", "cloudtrail:PutEventSelectors")
    yield from way("stops the trail", trail, *of_trail, anywhere=True)
    kept = ("bedrock:PutModelInvocationLoggingConfiguration", "bedrock:DeleteModelInvocationLoggingConfiguration")
    yield from way("stops the record of the models", "*", *kept, anywhere=True)
    detector, analyzer = f"arn:aws:guardduty:{here}detector/1", f"arn:aws:access-analyzer:{here}analyzer/account"
    yield from way("turns GuardDuty off", detector, "guardduty:DeleteDetector", "guardduty:UpdateDetector", anywhere=True)
    yield from way("removes the analyzer", analyzer, "access-analyzer:DeleteAnalyzer", anywhere=True)
    yield from way("asks for higher quotas", "*", "servicequotas:RequestServiceQuotaIncrease", anywhere=True)
    yield from way("takes the account away", "*", "account:CloseAccount", "organizations:LeaveOrganization", anywhere=True)
    yield from way("hands a role to machines", f"{iam}instance-profile/another", "iam:AddRoleToInstanceProfile", anywhere=True)
    yield from way("buys in the marketplace", "*", "aws-marketplace:Subscribe", "aws-marketplace:AcceptAgreementRequest", anywhere=True)


def _of_state(stack: str, account: str, region: str) -> Iterator[WayOut]:
    """What loses or opens the states of all stacks."""
    here, bucket = f"{region}:{account}:", f"arn:aws:s3:::{STATE}{account}-{region}"
    yield from way("loses the state", bucket, "s3:DeleteBucket", "s3:PutBucketVersioning", "s3:PutLifecycleConfiguration")
    yield from way("opens the state", bucket, "s3:DeleteBucketPolicy", "s3:PutBucketPolicy", "s3:PutBucketPublicAccessBlock")
    yield from way("deletes an older state", f"{bucket}/.pulumi/stacks/evolution-system/{stack}.json", "s3:DeleteObjectVersion")
    ours = {"aws:resourcetag/project": ACCOUNT_PROJECT, "kms:resourcealiases": STATE_ALIAS}
    for action in ("PutKeyPolicy", "ScheduleKeyDeletion", "DisableKey", "CreateGrant"):
        call = AwsCall(action=f"kms:{action}", resource=f"arn:aws:kms:{here}key/11111111-2222-4333-8444-555555555555", context=ours)
        yield WayOut(does="changes the state's key", call=call)
    yield from way("gives the state's key another name", f"arn:aws:kms:{here}{STATE_ALIAS}", "kms:UpdateAlias", "kms:DeleteAlias")
