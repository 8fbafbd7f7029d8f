"""New resources of approved types: what they may be called beside those that are approved, and how many there may be."""

from __future__ import annotations

import pytest

from newcomers import mistaken, names_in
from properties import SYSTEM
from tests.policy.edits import Edit, both
from tests.policy.in_memory import judged, nodes_of, stack_of
from tests.policy.test_approved_shape import another

TABLE, PARAMETER, BUCKET, ALIAS = "aws:dynamodb/table:Table", "aws:ssm/parameter:Parameter", "aws:s3/bucket:Bucket", "aws:kms/alias:Alias"

BEGINS = {TABLE: ("agent-", "evolution"), PARAMETER: ("/evolution",), BUCKET: ("evolution",), ALIAS: ("alias/evolution",)}


@pytest.mark.parametrize(
    ("kind", "key", "name", "fires"),
    [
        (TABLE, "name", "evolution-state-copy-{stack}", True),
        (TABLE, "name", "evolution-state2-{stack}", True),
        (TABLE, "name", "evolution_State-{stack}", True),
        (TABLE, "name", "evolution-states-{stack}", True),
        (TABLE, "name", "agent-population-2-{stack}", True),
        (TABLE, "name", "evolution-{stack}", True),
        (TABLE, "name", "evolution-2-{stack}", True),
        (TABLE, "name", "evolution-state-{stack}", False),
        (TABLE, "name", "evolution-lineage-{stack}", False),
        (TABLE, "name", "agent-lineage2-{stack}", False),
        (PARAMETER, "name", "/evolution/{stack}/mode2", True),
        (PARAMETER, "name", "/evolution/{stack}/mode/old", True),
        (PARAMETER, "name", "/evolution/{stack}/cursor", False),
        (BUCKET, "bucket", "evolution-artifacts2-{stack}-{account}-{region}", True),
        (BUCKET, "bucket", "evolution-reports-{stack}-{account}-{region}", False),
        (ALIAS, "name", "alias/evolution-{stack}", False),
        (ALIAS, "name", "alias/evolution-spare-{stack}", False),
    ],
)
def test_a_new_name_says_what_it_is_and_is_no_approved_one_with_something_added(kind: str, key: str, name: str, fires: bool) -> None:
    assert bool(mistaken(name, BEGINS[kind], names_in(SYSTEM, kind, key))) is fires


CHOICES = "approved/choices"


def several(count: int) -> Edit:
    """So many new alarms."""
    return both(
        *(
            another(f"more-{one}", "monitoring-agent-memory", name=f"evolution-born-{one}-prod", metricName="Births")
            for one in "abcdef"[:count]
        )
    )


EDITS: dict[str, tuple[Edit, list[tuple[str, str]]]] = {
    **{
        name: (another("more", of, **{key: name}), [(CHOICES, "more")])
        for of, key, name in (
            ("monitoring-unsafe", "alarmName", "evolution-unsafe2-prod"),
            ("monitoring-unsafe", "alarmName", "evolution-un-safe-prod"),
            ("monitoring-agent-memory", "name", "evolution-Safety-Score-new-prod"),
            ("evolution-mode", "name", "/evolution/prod/mode2"),
            ("evolution-trigger-logs", "name", "/aws/lambda/evolution-triggers-prod"),
            ("monitoring-dashboard", "dashboardName", "Evolution-System-Monitoring-New-prod-us-east-1"),
        )
    },
    "one of another type under an approved one's name": (
        another("monitoring-alerts-to-1", "monitoring-agent-memory", name="evolution-unsafe-prod-eu"),
        [(CHOICES, "monitoring-alerts-to-1")],
    ),
    "six new alarms": (several(6), [("approved/newcomers", "more-f")]),
    "five new alarms": (several(5), []),
    "a name that begins with an approved one's word": (
        another("more", "monitoring-agent-memory", name="evolution-model-latency-prod", metricName="Births"),
        [],
    ),
    "a name with a number": (another("more", "evolution-dead-letters", name="evolution-lineage2-prod"), []),
}


@pytest.mark.parametrize(("edit", "found"), [pytest.param(*case, id=name) for name, case in EDITS.items()])
def test_few_may_be_new_and_none_may_be_mistaken(edit: Edit, found: list[tuple[str, str]], monkeypatch: pytest.MonkeyPatch) -> None:
    prod = stack_of("prod")
    nodes = nodes_of(prod)
    edit(nodes)
    assert sorted({*judged(prod, nodes, monkeypatch)}) == found
