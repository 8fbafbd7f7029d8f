"""The frame: what rules are given, and what happens when one of them fails."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import pulumi
import pulumi_aws
import pytest
from pulumi_policy.proxy import (
    UNKNOWN_ARRAY_VALUE,
    UNKNOWN_NUMBER_VALUE,
    UNKNOWN_OBJECT_VALUE,
    UNKNOWN_STRING_VALUE,
    unknown_checking_proxy,
)

import rules
import taggable
import tokens
from adapter import PROGRAM, folders_of, project_and_stack, to_plain, to_properties
from documents import PLACES
from limits import configured
from plain import UNKNOWN, NotJsonError, Plain, dig, items, number, parse
from rule import Finding, Resource, ResourceRule, Rule, Severity, judge_resource
from rules import FAMILIES
from rules.aws import encryption_keys
from tests.policy.samples import compliant, configure, findings, set_at

RULES = [rule for family in FAMILIES for rule in family.rules]


def test_proxies_become_plain_data_and_each_unknown_stays_where_it_is() -> None:
    raw: dict[str, Any] = {
        "text": "a",
        "unknown": UNKNOWN_STRING_VALUE,
        "whole": 3.0,
        "part": 0.8,
        "flag": True,
        "nothing": None,
        "list": [1.0, UNKNOWN_NUMBER_VALUE, [], UNKNOWN_ARRAY_VALUE],
        "object": {"deep": {"unknown": UNKNOWN_OBJECT_VALUE, "known": "b"}},
        "asset": pulumi.StringAsset("content"),
        "file": pulumi.FileAsset("content.txt"),
        "files": pulumi.AssetArchive({"a": pulumi.FileAsset("content.txt")}),
        "packed": pulumi.AssetArchive({"a": pulumi.FileAsset("content.txt"), "b": pulumi.FileArchive("packed.zip")}),
    }
    plain = to_properties(unknown_checking_proxy(raw))
    assert plain == {
        "text": "a",
        "unknown": UNKNOWN,
        "whole": 3,
        "part": 0.8,
        "flag": True,
        "nothing": None,
        "list": [1, UNKNOWN, [], UNKNOWN],
        "object": {"deep": {"unknown": UNKNOWN, "known": "b"}},
        "asset": {"text": "content"},
        "file": UNKNOWN,
        "files": ["content.txt"],
        "packed": ["content.txt", {"path": "packed.zip"}],
    }
    assert isinstance(plain["whole"], int)
    assert plain["flag"] is True


FUNCTIONS = f"{PROGRAM}/functions"


@pytest.mark.parametrize(
    ("files", "folders"),
    [
        (
            {"handler.py": f"{FUNCTIONS}/resume/handler.py", "common/mode.py": f"{FUNCTIONS}/common/mode.py"},
            ["functions", "functions/resume"],
        ),
        ({"handler.py": "functions/resume/handler.py"}, ["functions/resume"]),
        ({"handler.py": f"{FUNCTIONS}/trigger/../resume/handler.py"}, ["functions/resume"]),
        ({"./handler.py": f"{FUNCTIONS}/resume/handler.py"}, ["functions/resume"]),
        ({"handler.py": f"{FUNCTIONS}/resume/waking.py"}, ["functions/resume/waking.py"]),
        ({"/handler.py": f"{FUNCTIONS}/resume/handler.py"}, ["functions/resume/handler.py"]),
        ({"handler.py": f"{FUNCTIONS}/resume/xhandler.py"}, ["functions/resume/xhandler.py"]),
        ({"handler.py": "/tmp/functions/resume/handler.py"}, ["/tmp/functions/resume"]),
        ({}, []),
    ],
)
def test_an_archive_is_known_by_the_folders_that_it_is_packed_from(files: dict[str, str], folders: list[str]) -> None:
    assert folders_of(files) == folders


def test_a_pack_that_is_published_knows_them_by_each_other(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr("adapter.PROGRAM", tmp_path)
    files = {"handler.py": "/elsewhere/functions/resume/handler.py", "common/mode.py": "/elsewhere/functions/common/mode.py"}
    assert folders_of(files) == ["functions", "functions/resume"]
    assert folders_of({}) == []


def test_what_cannot_be_read_is_unknown_and_nothing_is_raised() -> None:
    class Hostile(Mapping[str, Any]):
        def __getitem__(self, key: str) -> Any:
            raise RuntimeError(key)

        def __iter__(self) -> Iterator[str]:
            return iter(["a"])

        def __len__(self) -> int:
            return 1

    endless: Any = "end"
    for _ in range(100_000):
        endless = [endless]
    assert to_plain(Hostile()) == {"a": UNKNOWN}
    assert to_properties({"deep": endless})
    assert to_properties(UNKNOWN_STRING_VALUE) == {}


def test_unknown_is_neither_true_nor_false() -> None:
    """So that a rule that forgets about it fails, and does not pass."""
    with pytest.raises(TypeError):
        bool(UNKNOWN)


@pytest.mark.parametrize(
    ("path", "value"),
    [(("a", "b"), 1), (("a", "c"), None), (("x", "y"), None), (("u", "y"), UNKNOWN), (("t", "y"), UNKNOWN), (("l", "y"), UNKNOWN)],
)
def test_a_path_that_cannot_be_followed_is_unknown_and_an_absent_one_is_none(path: tuple[str, ...], value: Plain) -> None:
    data: Plain = {"a": {"b": 1}, "u": UNKNOWN, "t": "text", "l": [{"y": 1}]}
    found = dig(data, *path)
    assert found is value or found == value


def test_one_or_many_are_read_as_many() -> None:
    assert items(None) == []
    assert items("a") == ["a"]
    assert items(["a", "b"]) == ["a", "b"]
    assert items(UNKNOWN) == [UNKNOWN]


def test_numbers_are_finite_and_texts_count() -> None:
    assert [number(value) for value in ("85", 85.0, "6.5", True, "x", None, UNKNOWN, "inf", "1e999")] == [85, 85, 6.5, *[None] * 6]


@pytest.mark.parametrize("text", ["", "{", "[" * 100_000, "\x00"])
def test_a_text_that_is_no_json_is_one_kind_of_error(text: str) -> None:
    with pytest.raises(NotJsonError):
        parse(text)


def test_a_stack_is_read_from_its_urn() -> None:
    urn = "urn:pulumi:prod::evolution-system::evolution:data:Data$aws:dynamodb/table:Table::state"
    assert project_and_stack(urn) == ("evolution-system", "prod")
    assert project_and_stack("nonsense") == ("", "")


def _resource(stack: str = "prod") -> Resource:
    return Resource(urn="urn", type="t", name="n", props={"a": "hunter2"}, limits=configured({}).of(stack))


def _rule(check: Any, tiers: frozenset[str] = frozenset()) -> ResourceRule:
    return ResourceRule(
        id="family/rule", severity=Severity.HIGH, protects="P.", why="W.", fix="F.", check=check, types=frozenset({"t"}), tiers=tiers
    )


def test_a_rule_that_raises_is_a_violation_that_shows_nothing_of_the_input() -> None:
    def check(resource: Resource) -> Iterator[Finding]:
        yield Finding("found first.")
        raise ValueError(f"cannot read {resource.at('a')}")

    first, second = judge_resource(_rule(check), _resource())
    assert "found first." in str(first)
    assert "(ValueError)" in str(second)
    assert "`n` (t)" in str(second)
    assert "hunter2" not in str(second)


def test_a_rule_of_some_tiers_is_silent_in_the_others_but_not_where_the_tier_is_unknown() -> None:
    def check(resource: Resource) -> list[Finding]:
        return [Finding("wrong.", resource)]

    rule = _rule(check, frozenset({"prod"}))
    assert [len(judge_resource(rule, _resource(stack))) for stack in ("prod", "dev", "elsewhere")] == [1, 0, 1]


def test_ids_are_unique_and_name_their_family() -> None:
    assert len({rule.id for rule in RULES}) == len(RULES)
    for family in FAMILIES:
        assert all(rule.id.startswith(f"{family.name}/") for rule in family.rules)


OWN_VARIABLES = {"environment/container-limits", "environment/function-limits", "environment/runtime-limits"}
"""Rules that are silent about other programs by themselves: they read variables that only this system's have."""


def test_a_rule_is_named_as_its_id_and_stands_where_it_is_judged() -> None:
    modules = {module for family in FAMILIES for module in family.modules}
    for module in modules:
        for name, rule in vars(module).items():
            if isinstance(rule, Rule):
                assert name == rule.id.partition("/")[2].replace("-", "_"), f"{module.__name__}.{name} is {rule.id}"
                only_here = rule.ours_only or rule.id in OWN_VARIABLES
                assert only_here == (module.__name__.split(".")[1] in ("account", "evolution")), f"{rule.id} is in {module.__name__}"
    listed = {module.__name__ for module in modules}
    assert _modules_with_rules() <= listed, "a module is in no family"


def _modules_with_rules() -> set[str]:
    folder = Path(rules.__file__).parent
    return {
        ".".join(("rules", *path.relative_to(folder).with_suffix("").parts))
        for path in folder.glob("*/*.py")
        if re.search("^@(account_|evolution_)?rule", path.read_text(encoding="utf-8"), re.MULTILINE)
    }


def test_every_rule_says_what_it_protects_why_and_how_to_fix_it() -> None:
    texts = [(rule.id, text) for rule in RULES for text in (rule.protects, rule.why, rule.fix)]
    assert [(rule, text) for rule, text in texts if not (text[:1].isupper() and text.endswith("."))] == []


def test_every_resource_type_that_a_rule_reads_exists() -> None:
    """A misspelt token would make a rule silent for ever."""
    registered = Path(pulumi_aws.__file__).read_text(encoding="utf-8")
    read = {token for family in FAMILIES for rule in family.resource_rules for token in rule.types}
    read |= {*PLACES, *encryption_keys.KEY_PROPERTIES, *encryption_keys.NOT_USE, *taggable.TAGGABLE}
    read |= {value for name, value in vars(tokens).items() if name.isupper() and str(value).startswith("aws:")}
    read = {token for token in read if token.startswith("aws:")}
    assert len({value for value in vars(tokens).values() if str(value).startswith("aws:")}) == sum(
        str(value).startswith("aws:") for value in vars(tokens).values()
    ), "a type has two names"
    assert [token for token in sorted(read) if f'"{token}"' not in registered] == []


def test_a_type_is_written_in_one_place() -> None:
    """So that a type that the provider renames is one line; those of which a rule reads one property only stand apart."""
    folder = Path(tokens.__file__).parent
    token = re.compile(r"\"(aws:\w+/|pulumi:)\w+:\w+\"(?!, \"name\": )")  # but for the example of an exemption
    places = {path.name for path in folder.rglob("*.py") if ".venv" not in path.parts and token.search(path.read_text(encoding="utf-8"))}
    assert places == {"tokens.py", "other_types.py"}


def test_each_finding_is_a_line_of_the_file_that_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    configure(monkeypatch)
    nodes = compliant()
    set_at(nodes, "topic", "kmsMasterKeyId", "alias/aws/sns")
    nodes.pop("dashboard")
    file = tmp_path / "findings.jsonl"
    monkeypatch.setenv("EVOLUTION_FINDINGS", str(file))
    said = findings(nodes)
    lines = [json.loads(line) for line in file.read_text(encoding="utf-8").splitlines()]
    assert [(line["rule"], line["resource"]) for line in lines] == [(one.rule, one.resource) for one in said]
    topic, dashboard = lines
    assert topic["urn"].endswith("::aws:sns/topic:Topic::topic")
    assert (topic["type"], topic["severity"]) == ("aws:sns/topic:Topic", "high")
    assert said[0].message.splitlines() == [
        f"[{topic['rule']}] `topic` ({topic['type']}): {topic['message']}",
        f"Why: {topic['why']}",
        f"Fix: {topic['fix']}",
    ]
    assert (dashboard["urn"], dashboard["type"]) == ("", ""), "what the whole stack lacks is about no resource"


def test_a_file_that_cannot_be_written_keeps_no_finding_from_the_engine(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    configure(monkeypatch)
    nodes = compliant()
    set_at(nodes, "topic", "kmsMasterKeyId", "alias/aws/sns")
    monkeypatch.setenv("EVOLUTION_FINDINGS", str(tmp_path))
    assert [finding.rule for finding in findings(nodes)] == ["encryption/topic-cmk"]
    assert str(tmp_path) in capfd.readouterr().err


def test_a_resource_notes_that_it_is_read() -> None:
    read = set[str]()
    resource = replace(_resource(), reads=read)
    assert not read
    assert resource.at("a") == "hunter2"
    assert read == {"n"}
    read.clear()
    assert resource.comes_from("a") == ()
    assert read == {"n"}
