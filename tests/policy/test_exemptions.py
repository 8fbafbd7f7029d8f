"""Exemptions: one rule, one resource, a reason and a day; everything else is a violation."""

from __future__ import annotations

import datetime
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from exemptions import NEVER, configured
from rules import FAMILIES
from tests.plans import Plan
from tests.policy.samples import KEY_ARN, ReportedFinding, compliant, configure, findings, set_at

TODAY = datetime.date(2026, 11, 22)
RULES = frozenset(rule.id for family in FAMILIES for rule in family.rules)

TOPIC: dict[str, Any] = {
    "rule": "encryption/topic-cmk",
    "type": "aws:sns/topic:Topic",
    "name": "topic",
    "reason": "The topic moves to the key in ticket 123.",
    "expires": "2026-12-31",
}
TOPIC_URN = "urn:pulumi:prod::evolution-system::aws:sns/topic:Topic::topic"


@pytest.fixture(autouse=True)
def _prod(monkeypatch: pytest.MonkeyPatch) -> None:  # pyright: ignore[reportUnusedFunction]  # pytest uses it
    configure(monkeypatch)


def judged(*entries: Any, key: Any = "alias/aws/sns", **options: Any) -> list[ReportedFinding]:
    """What is found in a stack whose topic is under AWS's key, with exemptions."""
    nodes = compliant()
    set_at(nodes, "topic", "kmsMasterKeyId", key)
    return findings(nodes, config={"exemptions": list(entries)}, **options)


def by_urn(**changes: Any) -> dict[str, Any]:
    kept = {key: value for key, value in TOPIC.items() if key not in ("type", "name")}
    return {**kept, "urn": TOPIC_URN, **changes}


def test_an_exemption_lets_one_finding_through_and_is_printed(capfd: pytest.CaptureFixture[str]) -> None:
    assert [finding.rule for finding in judged()] == ["encryption/topic-cmk"]
    assert judged(TOPIC) == []
    said = "Policy exemption: encryption/topic-cmk for `topic` (aws:sns/topic:Topic) until 2026-12-31: "
    assert capfd.readouterr().err == f"{said}{TOPIC['reason']}\n", "it must be printed, once"
    assert judged(by_urn()) == []


def test_it_ends_with_its_day() -> None:
    assert judged(TOPIC, today=datetime.date(2026, 12, 31)) == []
    nodes = compliant()
    set_at(nodes, "topic", "kmsMasterKeyId", "alias/aws/sns")
    found = findings(nodes, config={"exemptions": [TOPIC]}, today=datetime.date(2027, 1, 1))
    assert [finding.rule for finding in found] == ["encryption/topic-cmk", "exemptions/current"]
    assert "exemptions[0] has expired" in found[1].message


@pytest.mark.parametrize(
    ("entry", "said"),
    [
        ({**TOPIC, "name": "topik"}, "exemptions[0] is for a resource that this stack doesn't have"),
        ({**TOPIC, "type": "aws:sqs/queue:Queue"}, "exemptions[0] is for a resource that this stack doesn't have"),
        ({**TOPIC, "rule": "encryption/secret-cmk"}, "exemptions[0] exempts from a rule that holds"),
        (by_urn(urn=TOPIC_URN + "2"), "exemptions[0] is for a resource that this stack doesn't have"),
    ],
)
def test_one_that_matches_nothing_is_a_violation(entry: dict[str, Any], said: str) -> None:
    found = judged(entry)
    assert {finding.rule for finding in found} == {"encryption/topic-cmk", "exemptions/current"}
    assert any(said in finding.message for finding in found)


def test_one_that_nothing_needs_any_more_is_a_violation() -> None:
    assert [finding.rule for finding in judged(TOPIC, key=KEY_ARN)] == ["exemptions/current"]


def test_one_of_another_stack_is_left_to_that_stack() -> None:
    nodes = compliant()
    other = by_urn(urn=TOPIC_URN.replace("prod", "staging", 1))
    assert findings(nodes, config={"exemptions": [other]}) == []


def test_what_the_stack_lacks_is_exempted_for_its_root() -> None:
    nodes = compliant()
    nodes.pop("budget")
    entry = {**TOPIC, "rule": "governance/budget", "type": "pulumi:pulumi:Stack", "name": "evolution-system-prod"}
    assert [finding.rule for finding in findings(nodes)] == ["governance/budget"]
    assert findings(nodes, config={"exemptions": [entry]}) == []


@pytest.mark.parametrize(
    ("entries", "said"),
    [
        (7, "exemptions is 7; it must be a list."),
        ([7], "exemptions[0] is 7; it must be an object of"),
        ([{**TOPIC, "until": "2027"}], "exemptions[0].until is not a key of an exemption."),
        ([{**TOPIC, "expire": "2026-12-31"}], "exemptions[0].expire is not a key of an exemption. Did you mean `expires`?"),
        ([TOPIC, {**TOPIC, "rule": "encryption/topic-cmc"}], 'exemptions[1].rule is "encryption/topic-cmc"; it must be a rule\'s id. Did'),
        ([{**TOPIC, "rule": "alarms/autonomy"}], 'exemptions[0].rule is "alarms/autonomy"; it must be another: nobody may be exempt from'),
        ([{**TOPIC, "rule": "environment/table-limits"}], "exemptions[0].rule is"),
        ([{**TOPIC, "rule": "exemptions/current"}], "exemptions[0].rule is"),
        ([{**TOPIC, "rule": "identity/document"}], "exemptions[0].rule is"),
        ([{**TOPIC, "rule": "environment/readable"}], "exemptions[0].rule is"),
        ([{**TOPIC, "rule": ["encryption/topic-cmk"]}], "exemptions[0].rule is"),
        ([{**TOPIC, "reason": "because"}], 'exemptions[0].reason is "because"; it must say why'),
        ([{**TOPIC, "reason": "two\nlines of reason"}], "exemptions[0].reason is"),
        ([{**TOPIC, "expires": "31.12.2026"}], 'exemptions[0].expires is "31.12.2026"; it must be a day, such as 2026-12-22.'),
        ([{**TOPIC, "expires": "2999-12-31"}], "exemptions[0].expires is 2999-12-31; it must be within 366 days, by 2027-11-23."),
        ([{**TOPIC, "urn": TOPIC_URN}], "exemptions[0] must name its resource either by urn, or by type and name."),
        ([by_urn(name="topic")], "exemptions[0] must name its resource either by urn, or by type and name."),
        ([{key: value for key, value in TOPIC.items() if key != "name"}], "exemptions[0] must name its resource"),
        ([{key: value for key, value in TOPIC.items() if key != "reason"}], "exemptions[0].reason is missing"),
        ([{key: value for key, value in TOPIC.items() if key != "expires"}], "exemptions[0].expires is missing"),
    ],
)
def test_a_bad_one_is_named_and_voids_the_configuration(entries: Any, said: str) -> None:
    nodes = compliant()
    set_at(nodes, "topic", "kmsMasterKeyId", "alias/aws/sns")
    config = {"exemptions": entries, "limits": {"prod": {"autonomy_percent": 10}}}
    found = findings(nodes, config=config, today=TODAY)
    assert [finding.rule for finding in found] == ["encryption/topic-cmk", "environment/pack-configuration"]
    assert f"the pack's own configuration can't be used: {said}" in found[1].message


def test_the_families_that_nobody_is_exempt_from_exist() -> None:
    """A renamed family would become exemptible."""
    assert all(any(rule.startswith(prefix) for rule in RULES) for prefix in NEVER)


def test_nothing_is_exempted_unless_configured() -> None:
    assert configured(None, RULES, TODAY) == ([], [])


def test_the_engine_shows_each_exemption_and_refuses_one_that_matches_nothing(preview: Callable[..., Plan], tmp_path: Path) -> None:
    until = datetime.datetime.now(datetime.UTC).date() + datetime.timedelta(days=30)
    entry = {**TOPIC, "name": "monitoring-alerts", "expires": str(until)}
    file = tmp_path / "pack.json"
    file.write_text(json.dumps({"environment": {"exemptions": [entry]}}), encoding="utf-8")
    planned = preview("dev", pack_config=file)
    assert not planned.succeeded
    assert [finding.rule for finding in planned.findings] == ["exemptions/current"]
    line = f"Policy exemption: encryption/topic-cmk for `monitoring-alerts` (aws:sns/topic:Topic) until {until}: {TOPIC['reason']}"
    assert line in planned.text, "the run must show what it lets through"
