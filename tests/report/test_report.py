"""The report says what the plan and the pack say, all of it, and nothing that is secret or that a plan could smuggle in."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping
from dataclasses import replace
from html import unescape
from html.parser import HTMLParser
from itertools import pairwise
from typing import Any

import pytest

from local.previews import UNKNOWN, Plan
from report import pages
from report.changes import changes_of, differences_of, totals
from report.content import Report, gather
from report.judged import Verdict, stack_of, with_the_graph_of
from report.pages import MOST_MARKDOWN, code_of, page, summary, text_of
from rule import judge_resource, judge_stack
from rules import FAMILIES
from tests.components.tables import env_of
from tests.report.conftest import HOSTILE, KEY_ID, SECRET, STACKS

Tables = Mapping[str, Mapping[str, Any]]
RULES = [rule.id for family in FAMILIES for rule in family.rules]


class Tags(HTMLParser):
    """The elements of a page, how deep they are, and its text."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.seen: list[tuple[str, dict[str, str | None]]] = []
        self.words: list[str] = []
        self.feed(text)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.seen.append((tag, dict(attrs)))

    def handle_data(self, data: str) -> None:
        self.words.append(data)


@pytest.mark.parametrize("stack", STACKS)
def test_every_rule_has_its_verdict_and_what_it_was_judged_on(stack: str, report_of: Callable[..., Report]) -> None:
    report = report_of(stack)
    judged = [one for rules in report.judged.values() for one in rules]
    assert [one.rule.id for one in judged] == RULES
    assert {one.verdict for one in judged} <= {Verdict.HOLDS, Verdict.NOTHING_TO_JUDGE, Verdict.OTHER_TIERS}
    names = {resource.name for resource in report.plan.resources}
    assert all(set(one.on) <= names for one in judged)
    nameless = {one.rule.id for one in judged if one.verdict is Verdict.HOLDS and not one.on}
    assert len(nameless) < len(judged) / 10, f"few rules judge the stack as a whole: {nameless}"
    on = {one.rule.id: one.on for one in judged}
    assert on["agentcore/guardrail-grounding"] == ("agentcore-guardrail",)
    assert on["encryption/table-cmk"] == ("data-checkpoints", "data-population", "data-state")
    html, markdown = page(report), summary(report)
    for rule in RULES:
        assert f"<code>{rule}</code>" in html
        assert f"`{rule}`" in markdown


def found_here(plan: Plan) -> set[tuple[str, str]]:
    """What the rules find when they run over the plan in this process: pairs of a rule and a resource."""
    stack = stack_of(plan)
    rules = [rule for family in FAMILIES for rule in family.resource_rules]
    found = [
        finding
        for resource in stack.resources
        for rule in rules
        if resource.type in rule.types
        for finding in judge_resource(rule, resource)
    ]
    found += [finding for family in FAMILIES for rule in family.stack_rules for finding in judge_stack(rule, stack)]
    return {(finding.rule_id, finding.resource.name if finding.resource else "") for finding in found}


@pytest.mark.parametrize("stack", STACKS)
def test_page_and_pack_agree_where_all_is_well(stack: str, plan: Callable[..., Plan]) -> None:
    assert found_here(plan(stack)) == set() == set(plan(stack).findings)


def test_page_and_pack_agree_on_a_refused_plan(preview: Callable[..., Plan], tables: Tables) -> None:
    edits = {"autonomy_percent": 99, "generations": 60}
    refused = preview("prod", edits=edits, with_dependencies=True)
    assert not refused.succeeded
    refused = with_the_graph_of(refused, preview("prod", edits=edits, pack=False, with_dependencies=True))
    said = {(finding.rule, finding.resource) for finding in refused.findings}
    assert ("environment/container-limits", "compute-engine-task") in said
    # A stack's own findings are said of no resource, or of its root.
    root = {"", "evolution-system-prod"}
    assert {(rule, "" if name in root else name) for rule, name in found_here(refused)} == {
        (rule, "" if name in root else name) for rule, name in said
    }
    report = gather("prod", refused, tables)
    broken = {one.rule.id for rules in report.judged.values() for one in rules if one.verdict is Verdict.BROKEN}
    assert broken == {rule for rule, _ in said}
    html = unescape(page(report))
    assert "refused" in html
    assert "What stands against it" in html
    for finding in report.plan.findings:
        assert finding.message in html


def test_a_plan_that_fails_for_another_reason_decides_nothing(plan: Callable[..., Plan], tables: Tables) -> None:
    failed = replace(plan("dev"), succeeded=False)
    report = gather("dev", failed, tables)
    assert set(report.verdicts) == {Verdict.NOT_DECIDED}
    assert "not decided" in page(report)


def test_all_that_is_planned_is_on_the_page(report_of: Callable[..., Report]) -> None:
    report = report_of("prod")
    html = page(report)
    for resource in report.plan.resources:
        assert resource.name in html
    assert {"security", "network", "data", "compute", "monitoring"} <= set(report.changes)
    layers = {layer.name: layer for layer in report.layers}
    order = list(layers)
    for layer in report.layers:
        for use in layer.uses:
            assert not use.rests or order.index(use.of) < order.index(layer.name), "each layer below those that it is made with"
    data = next(use for use in layers["compute"].uses if use.of == "data")
    assert {"dynamodb", "s3"} <= set(data.acts), "the engine may act on the tables and the bucket, by their names"
    assert sum(len(layer.resources) for layer in report.layers) == sum(
        resource.type.startswith("aws:") for resource in report.plan.resources
    )


def test_the_environment_table_shows_what_differs(report_of: Callable[..., Report]) -> None:
    rows = {row.key: row for row in report_of("staging").rows}
    assert rows["autonomy_percent"].values == tuple(str(env_of(stack).autonomy_percent) for stack in ("dev", "staging", "prod"))
    assert rows["autonomy_percent"].differs
    assert rows["autonomy_percent"].limit == "at most 80, and at least 1"
    assert not rows["region"].differs
    assert not rows["region"].limit
    assert rows["retention.protect_data"].values == ("no", "yes", "yes")


def test_the_matrix_is_that_of_the_planned_documents(report_of: Callable[..., Report]) -> None:
    report = report_of("prod")
    for role in report.roles:
        [document] = [
            json.loads(resource.inputs["policy"])
            for resource in report.plan.resources
            if resource.type == "aws:iam/rolePolicy:RolePolicy" and resource.name == f"{role.name}-grants"
        ]
        written = {action for statement in document["Statement"] for action in statement["Action"]}
        assert {f"{grant.service}:{action}" for grant in role.grants for action in grant.actions} == written
        assert role.bounded
        assert role.taken_by
    roles = {role.name: role for role in report.roles}
    assert not any(grant.changes for grant in roles["security-monitor-role"].of("dynamodb")), "the monitor can't change what it grades"
    assert any(grant.changes for grant in roles["compute-engine-role"].of("dynamodb"))


def test_the_dashboard_has_the_real_thresholds(report_of: Callable[..., Report]) -> None:
    report = report_of("prod")
    widgets = {widget.title: widget for board in report.dashboards for widget in board.widgets}
    assert [line.label for line in widgets["Safety Score Trend"].lines] == [
        f"SafetyScore: at least {env_of('prod').safety_score_minimum:g}"
    ]
    assert "NO DATA" in page(report)
    for widget in widgets.values():
        labels = sorted(line.label_y for line in widget.lines)
        assert all(later - earlier >= 18 for earlier, later in pairwise(labels)), "labels don't cover each other"


def test_no_secret_reaches_the_page_or_the_summary(leaky: Plan, tables: Tables) -> None:
    table = {**tables, "prod": {**tables["prod"], "model_id": f"https://user:{SECRET}@example.com", "password": SECRET}}
    report = gather("prod", leaky, table, base=leaky, base_name="main")
    for text in (page(report), summary(report)):
        assert SECRET not in text
        assert KEY_ID not in text
        assert "[secret]" in text or "\\[secret\\]" in text


def test_a_change_of_a_secret_shows_that_it_changes_and_not_what(leaky: Plan, plan: Callable[..., Plan], tables: Tables) -> None:
    for before, after in ((plan("prod"), leaky), (leaky, plan("prod"))):
        report = gather("prod", after, tables, base=before, base_name="main")
        assert SECRET not in page(report) + summary(report)
        assert any("containerDefinitions" in one.path for change in report.changes["compute"] for one in change.differences)


def test_nothing_in_a_plan_is_taken_for_markup(hostile: Plan, tables: Tables) -> None:
    table = {name: {**one, "model_id": HOSTILE} for name, one in tables.items()}
    report = gather("prod", hostile, table, source=HOSTILE)
    html = Tags(page(report))
    assert {tag for tag, _ in html.seen}.isdisjoint({"script", "iframe", "img", "object", "embed", "form", "base"})
    assert not [name for _, attributes in html.seen for name in attributes if name.startswith("on")]
    assert HOSTILE in "".join(html.words), "it is shown as it is"
    clean = Tags(page(gather("prod", replace(hostile, resources=()), tables)))
    assert [tag for tag, _ in html.seen].count("title") > [tag for tag, _ in clean.seen].count("title") - 1
    outside_code = re.sub(r"(`+).*?\1", "", summary(report).replace("\\`", ""))
    assert "<script" not in outside_code.replace("\\<script", "")
    assert "@octocat" not in outside_code


def test_markdown_keeps_a_text_a_text() -> None:
    assert text_of("a|b <i> `c` [d](e) @you\n- f") == "a\\|b \\<i\\> \\`c\\` \\[d\\](e) @\u200byou - f"
    assert code_of("a`b``c|d") == "```a`b``c\\|d```"
    assert code_of("`a") == "`` `a ``"


def test_the_page_needs_nothing_else(report_of: Callable[..., Report]) -> None:
    html = Tags(page(report_of("prod")))
    assert {tag for tag, _ in html.seen}.isdisjoint({"script", "img", "iframe"})
    addresses = [value for _, attributes in html.seen for key in ("src", "href") if (value := attributes.get(key))]
    assert all(address.startswith(("#", "data:")) for address in addresses)
    ids = [attributes["id"] for _, attributes in html.seen if "id" in attributes]
    assert len(ids) == len(set(ids))
    policy = next(attributes["content"] for tag, attributes in html.seen if tag == "meta" and "http-equiv" in attributes)
    assert policy is not None
    assert policy.startswith("default-src 'none'")


@pytest.mark.parametrize("stack", STACKS)
def test_the_summary_fits(stack: str, report_of: Callable[..., Report]) -> None:
    text = summary(report_of(stack))
    assert len(text.encode()) <= MOST_MARKDOWN
    assert "Every rule, and what it was judged on" in text, "with all its details"


@pytest.mark.parametrize(("most", "is_cut"), [(8_000, False), (3_000, True)])
def test_a_summary_that_is_too_long_loses_its_details_and_says_so(
    most: int, is_cut: bool, report_of: Callable[..., Report], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(pages, "MOST_MARKDOWN", most)
    text = summary(report_of("prod"))
    assert len(text.encode()) <= most
    assert "Every rule, and what it was judged on" not in text
    assert "The page has the rest." in text or is_cut
    assert text.endswith("too long for a summary: the page has it.\n") == is_cut


def test_the_same_plan_makes_the_same_report(plan: Callable[..., Plan], tables: Tables) -> None:
    prod = plan("prod")
    other = replace(prod, resources=(prod.resources[0], *reversed(prod.resources[1:])))
    one, two = gather("prod", prod, tables), gather("prod", other, tables)
    assert page(one) == page(two)
    assert summary(one) == summary(two)


def test_against_another_plan_only_what_differs_is_shown(plan: Callable[..., Plan]) -> None:
    prod = plan("prod")
    assert changes_of(prod, prod) == {}
    bucket = next(one for one in prod.resources if one.name == "data-artifacts")
    grants = next(one for one in prod.resources if one.name == "compute-engine-role-grants")
    document = json.loads(grants.inputs["policy"])
    document["Statement"][0]["Action"].append("dynamodb:DeleteTable")
    wider = replace(grants, inputs={**grants.inputs, "policy": json.dumps(document)})
    changed = replace(prod, resources=tuple(wider if one is grants else one for one in prod.resources if one is not bucket))
    changes = changes_of(changed, prod)
    assert totals(changes) == {"delete": 1, "update": 1}
    assert [change.name for change in changes["data"]] == ["data-artifacts"]
    [difference] = changes["compute"][0].differences
    assert difference.path == f"policy.Statement[{document['Statement'][0]['Sid']}].Action[dynamodb:DeleteTable]"
    assert (difference.before, difference.after) == ("", "dynamodb:DeleteTable")
    assert totals(changes_of(prod, changed)) == {"create": 1, "update": 1}


def test_a_difference_says_what_is_known_only_later(plan: Callable[..., Plan]) -> None:
    before = next(one for one in plan("prod").resources if one.name == "data-state")
    after = replace(before, protect=False, inputs={**before.inputs, "name": UNKNOWN})
    found = {one.path: (one.before, one.after) for one in differences_of(before, after)}
    assert found == {"protect": ("true", "false"), "name": ("evolution-state-prod", "(known after deployment)")}
