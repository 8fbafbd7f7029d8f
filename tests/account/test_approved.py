"""What nobody has approved of an account's project is refused: each resource by its name, with its options, its choices and its order."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import pytest

from account.policies import PLACEHOLDER
from approval import names_of
from local.projects import ACCOUNT
from make_choices import rows_with
from plain import items
from rule import Stack
from tests.account.tables import ALL_ON, account_table
from tests.approve import planned
from tests.policy.builders import UNKNOWN, Node, Nodes
from tests.policy.edits import Edit, adding
from tests.policy.edits_containment import setting
from tests.policy.in_memory import account_of, judged, nodes_of
from tests.policy.planned import GONE
from tests.policy.test_choices import gone, replaced

pytestmark = pytest.mark.slow  # whole plans, each half a second of the processor

CHOICES, PRESENCE, TYPES, OPTIONS, ORDER, PROPERTIES, DUTIES = (
    f"approved/{rule}" for rule in ("choices", "presence", "types", "options", "order", "properties", "duties")
)


def twin(of: str, called: str) -> Edit:
    """A resource like another one, under another name."""

    def edit(nodes: Nodes) -> None:
        nodes[called] = nodes[of]

    return edit


def gone_with(name: str) -> Edit:
    """A resource is gone, and all that is called after it."""
    return lambda nodes: gone(*[one for one in nodes if one.startswith(name)])(nodes)


def unprotected(name: str) -> Edit:
    def edit(nodes: Nodes) -> None:
        nodes[name].protect = False

    return edit


def alone(name: str) -> Edit:
    """It waits for nothing but what its values come from."""

    def edit(nodes: Nodes) -> None:
        nodes[name].depends_on = ()

    return edit


def literal(name: str, key: str, value: str) -> Edit:
    """A text in the place of a value that comes from another resource, as if it still came from it."""

    def edit(nodes: Nodes) -> None:
        nodes[name].props[key] = value
        nodes[name].outputs.pop(key, None)

    return edit


def ignoring(name: str, key: str) -> Edit:
    def edit(nodes: Nodes) -> None:
        nodes[name].ignore_changes = (key,)

    return edit


def allowing(name: str, action: str, *on: str) -> Edit:
    """A policy allows an action more, on ARNs of this account."""

    def edit(nodes: Nodes) -> None:
        document = json.loads(nodes[name].props["policy"])
        document["Statement"].append({"Effect": "Allow", "Action": action, "Resource": [f"arn:aws:{one}" for one in on]})
        nodes[name].props["policy"] = json.dumps(document)

    return edit


def drill(stack: str) -> Edit:
    """Another stack's halt may be tried, and taken back."""

    def edit(nodes: Nodes) -> None:
        nodes[f"access-{stack}-drill"] = nodes["access-staging-drill"]

    return edit


KEPT: Mapping[str, Any] = {
    "noncurrentVersionExpiration": {"noncurrentDays": 365},
    "expiration": {"days": 365},
    "abortIncompleteMultipartUpload": {"daysAfterInitiation": 7},
}
"""How long access logs and records are kept."""

STATE, LOGS, RECORDS = "state-bucket", "state-access-logs", "watch-records"

REFUSED: dict[str, tuple[Edit, str, str]] = {
    # What must be there.
    "no trail, where the table has one": (gone("watch-trail"), PRESENCE, ""),
    "no GuardDuty, where the table has it": (gone("watch-guardduty"), PRESENCE, ""),
    "no record of prompts, where the table has one": (gone("watch-model-invocations"), PRESENCE, ""),
    "no provider of identities, where none is there": (gone("access-github"), PRESENCE, ""),
    "nobody looks for drift": (gone_with("access-prod-drift"), PRESENCE, ""),
    "half of what looks for drift": (gone("access-prod-drift-2-attached"), PRESENCE, ""),
    "no encryption of the access logs": (gone(f"{LOGS}-encryption"), PRESENCE, ""),
    "no alias": (gone("state-key-alias"), PRESENCE, ""),
    "a drill that can't be held": (gone_with("access-staging-drill"), PRESENCE, ""),
    # What else is there.
    "a SAML provider": (adding("more", Node("aws:iam/samlProvider:SamlProvider", {"name": "one"})), TYPES, "more"),
    "a finding that is filed away": (adding("more", Node("aws:accessanalyzer/archiveRule:ArchiveRule", {})), TYPES, "more"),
    "a second lifecycle": (twin(f"{STATE}-lifecycle", "more"), TYPES, "more"),
    "a second detector": (twin("watch-guardduty", "more"), TYPES, "more"),
    "a second attachment": (twin("access-prod-deploy-1-attached", "access-prod-more-attached"), TYPES, "access-prod-more-attached"),
    "the drill of prod": (drill("prod"), TYPES, "access-prod-drill"),
    # Options.
    **{
        f"{name} may go": (unprotected(name), OPTIONS, name)
        for name in ("state-key-alias", f"{STATE}-public-access-block", f"{LOGS}-versioning", f"{RECORDS}-policy", "state-logging")
    },
    "a trail that stays as somebody made it": (
        ignoring("watch-trail", "eventSelectors"),
        OPTIONS,
        "watch-trail",
    ),
    "no block while it is replaced": (
        replaced(f"{STATE}-public-access-block"),
        "approved/replaced",
        f"{STATE}-public-access-block",
    ),
    # Order.
    "a policy before its key": (alone(f"{STATE}-policy"), ORDER, f"{STATE}-policy"),
    "a trail before it may write": (alone("watch-trail"), ORDER, "watch-trail"),
    # Values.
    "access logs of a day": (setting(f"{LOGS}-lifecycle", "rules.0.expiration.days", 1), CHOICES, f"{LOGS}-lifecycle"),
    "access logs that can't be brought back": (
        setting(f"{LOGS}-lifecycle", "rules.0.noncurrentVersionExpiration.noncurrentDays", 1),
        CHOICES,
        f"{LOGS}-lifecycle",
    ),
    "a second rule for some records": (
        setting(f"{RECORDS}-lifecycle", "rules.+", {"id": "some", "status": "Enabled", "filter": {"prefix": "some/"}, **KEPT}),
        PROPERTIES,
        f"{RECORDS}-lifecycle",
    ),
    "a key that keeps to itself": (setting("state-key", "deletionWindowInDays", GONE), PRESENCE, "state-key"),
    "another alias": (setting("state-key-alias", "name", "alias/account-old"), CHOICES, "state-key-alias"),
    "another trail": (setting("watch-trail", "name", "account-more"), CHOICES, "watch-trail"),
    "GuardDuty passes over what is done to objects": (
        setting("watch-guardduty", "datasources", {"s3Logs": {"enable": False}}),
        PROPERTIES,
        "watch-guardduty",
    ),
    "prompts, and no pictures": (
        setting("watch-model-invocations", "loggingConfig.imageDataDeliveryEnabled", False, RECORDS),
        PRESENCE,
        "watch-model-invocations",
    ),
    "states are written unseen": (
        lambda nodes: nodes["watch-trail"].props["advancedEventSelectors"].pop(),
        PRESENCE,
        "watch-trail",
    ),
    "whose states are seen": (
        setting("watch-trail", "advancedEventSelectors.5.fieldSelectors.2.startsWiths", ["arn:aws:s3:::another/"]),
        CHOICES,
        "watch-trail",
    ),
    "a policy by another number": (setting("access-prod-drift-1", "name", "account-drift-prod-9"), CHOICES, "access-prod-drift-1"),
    "another account's": (setting("aws", "allowedAccountIds", '["999999999999"]'), CHOICES, "aws"),
    # What roles may do.
    **{
        f"{name} may {action} on {on}": (allowing(f"access-prod-{name}-1", action, on), DUTIES, f"access-prod-{name}-1")
        for name, action, on in (
            ("drift", "secretsmanager:GetSecretValue", f"secretsmanager:us-east-1:{PLACEHOLDER}:secret:EvolutionSafetyConfig-prod-??????"),
            ("drift", "s3:GetObject", f"s3:::evolution-artifacts-prod-{PLACEHOLDER}-us-east-1/*"),
            ("drift", "dynamodb:Scan", f"dynamodb:us-east-1:{PLACEHOLDER}:table/evolution-state-prod"),
            ("drift", "logs:GetLogEvents", f"logs:us-east-1:{PLACEHOLDER}:log-group:/evolution/prod/prompts:*"),
            ("deploy", "lambda:InvokeFunction", f"lambda:us-east-1:{PLACEHOLDER}:function:evolution-trigger-prod"),
            ("deploy", "sqs:ReceiveMessage", f"sqs:us-east-1:{PLACEHOLDER}:evolution-dead-letters-prod"),
            ("deploy", "s3:PutObject", f"s3:::evolution-artifacts-prod-{PLACEHOLDER}-us-east-1/*"),
            ("deploy", "dynamodb:Get*", f"dynamodb:us-east-1:{PLACEHOLDER}:table/evolution-state-prod"),
            ("image", "ecr:GetDownloadUrlForLayer", f"ecr:us-east-1:{PLACEHOLDER}:repository/evolution-engine-prod"),
        )
    },
    # What comes from another resource.
    "the trail's bucket": (literal("watch-trail", "s3BucketName", "others"), CHOICES, "watch-trail"),
    "the alias of another key": (literal("state-key-alias", "targetKeyId", "others"), CHOICES, "state-key-alias"),
    "access logs go elsewhere": (literal("state-logging", "targetBucket", "others"), CHOICES, "state-logging"),
    "the logs of another bucket": (literal("state-logging", "bucket", "others"), CHOICES, "state-logging"),
    "a bucket's name in the place of the bucket": (
        setting(f"{STATE}-versioning", "bucket", f"account-state-{PLACEHOLDER}-us-east-1"),
        PRESENCE,
        f"{STATE}-versioning",
    ),
    "the same part twice": (
        setting("access-prod-deploy-1-attached", "policyArn", UNKNOWN, "access-prod-deploy-2"),
        CHOICES,
        "access-prod-deploy-1-attached",
    ),
}
"""What no other rule refuses, or not as this: the edit, the rule, and what the finding is about."""


@pytest.fixture
def everything() -> tuple[Stack, Nodes]:
    """The account with all that its table can turn on."""
    stack = account_of(**ALL_ON)
    return stack, nodes_of(stack)


@pytest.mark.parametrize(("edit", "rule", "about"), [pytest.param(*case, id=name) for name, case in REFUSED.items()])
def test_what_was_not_approved_is_refused(
    edit: Edit, rule: str, about: str, everything: tuple[Stack, Nodes], monkeypatch: pytest.MonkeyPatch
) -> None:
    stack, nodes = everything
    edit(nodes)
    assert set(judged(stack, nodes, monkeypatch)) == {(rule, about)}


def with_users_of_key(nodes: Nodes, environment: str) -> Nodes:
    """The state's key, which the roles of another environment use, too, as those of prod do."""
    key = nodes["state-key"]
    policy = re.sub(r'("[^"]*:role/account-(deploy|drift)-)prod"', rf'\1prod", \1{environment}"', key.props["policy"])
    return {"state-key": replace(key, props={**key.props, "policy": policy}, outputs={**key.outputs, "policy": policy})}


def of_another(nodes: Nodes, environment: str) -> Nodes:
    """What prod has, as another environment would have it: dev alone may do more."""
    of_prod = {key: node for key, node in nodes.items() if key.startswith("access-prod-")}
    plain = {key: [node.props, node.references, node.outputs] for key, node in of_prod.items()}
    renamed = json.loads(re.sub(r"(?<![A-Za-z0-9])prod(?![A-Za-z0-9])", environment, json.dumps(plain)))
    return {
        key: replace(node, props=props, references=references, outputs=outputs)
        for (key, (props, references, outputs)), node in zip(renamed.items(), of_prod.values(), strict=True)
    }


@pytest.mark.parametrize("made", [False, True], ids=["planned", "made"])
@pytest.mark.parametrize("environment", ["qa", "state", "dev2", "sandbox"])
def test_an_environment_that_the_table_names_needs_no_approval(environment: str, made: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    """However it is called: as another resource, with a number, as the account's own stack."""
    stack = account_of(made=made)
    nodes = nodes_of(stack)
    nodes |= {**of_another(nodes, environment), **with_users_of_key(nodes, environment)}
    more = replace(stack, table={**(stack.table or {}), "stacks": ["dev", "staging", "prod", environment]})
    assert judged(more, nodes, monkeypatch) == []
    del nodes[f"access-{environment}-image-1-attached"]
    assert {rule for rule, _ in judged(more, nodes, monkeypatch)} == {PRESENCE}


def test_one_that_it_does_not_name_is_not_approved(everything: tuple[Stack, Nodes], monkeypatch: pytest.MonkeyPatch) -> None:
    """Its workflows would run in an environment of GitHub's that nobody has set up, and so without an approval."""
    stack, nodes = everything
    strange = of_another(nodes, "qa")
    found = judged(stack, {**nodes, **strange}, monkeypatch)
    # Of what else is wrong with the others, other rules tell.
    assert found
    assert set(found) <= {(TYPES, name) for name in strange}
    assert {"access-qa-deploy", "access-qa-drift", "access-qa-image"} <= {name for _, name in found}


def test_what_is_another_environments_is_refused(everything: tuple[Stack, Nodes], monkeypatch: pytest.MonkeyPatch) -> None:
    stack, nodes = everything
    setting("access-prod-drift-1-attached", "policyArn", UNKNOWN, "access-dev-drift-1")(nodes)
    assert set(judged(stack, nodes, monkeypatch)) == {(CHOICES, "access-prod-drift-1-attached"), (DUTIES, "access-dev-drift-1")}


def test_what_another_name_wants_needs_no_approval(everything: tuple[Stack, Nodes], monkeypatch: pytest.MonkeyPatch) -> None:
    """A table more in the stack is another ARN in its role's grants, and no other action."""
    stack, nodes = everything
    table = f"dynamodb:us-east-1:{PLACEHOLDER}:table/evolution-more-prod"
    allowing("access-prod-deploy-1", "dynamodb:CreateTable", table)(nodes)
    allowing("access-prod-drift-1", "dynamodb:DescribeTable", table)(nodes)
    assert judged(stack, nodes, monkeypatch) == []


def test_an_account_without_a_table_is_refused(everything: tuple[Stack, Nodes], monkeypatch: pytest.MonkeyPatch) -> None:
    """Nobody can tell which environments it has."""
    stack, nodes = everything
    assert (TYPES, "access-prod-deploy") in judged(replace(stack, table=None), nodes, monkeypatch)


def test_what_a_row_brings_along_is_told_from_the_tables() -> None:
    on, off = (planned(ACCOUNT.stack, account_table(trail=trail, stacks=["dev"]), project=ACCOUNT) for trail in (True, False))
    rows = rows_with([(one, names_of(one)) for one in (on, off)])
    assert rows.keys() == {"trail"}
    assert set(items(rows["trail"])) >= {"watch-trail", "watch-records", "watch-records-lifecycle"}
