"""A refusal ends with the pack's findings, a block each, the count, and nothing after."""

from __future__ import annotations

import json
from pathlib import Path

from pulumi.automation.events import DiagnosticEvent, EngineEvent, PolicyEvent

from local.findings import Finding, blocks, counted, diagnostics_of, errors, read
from tests.local.test_previews import edit, run_local

ONE = Finding(
    rule="network/no-public-ip",
    severity="high",
    urn="urn:pulumi:dev::p::aws:ec2/subnet:Subnet::a",
    resource="a",
    type="aws:ec2/subnet:Subnet",
    message="it must not.",
    why="It would.",
    fix="Write false.",
    text="[network/no-public-ip] `a`: it must not.\nWhy: It would.\nFix: Write false.",
)


def event(message: str) -> EngineEvent:
    said = PolicyEvent(message, "never", "network", "evolution-system", "1", "1", "mandatory", None)
    return EngineEvent(sequence=1, timestamp=1, policy_event=said)


def test_what_the_engine_heard_is_told_as_the_pack_wrote_it(tmp_path: Path) -> None:
    file = tmp_path / "findings.jsonl"
    file.write_text(json.dumps(vars(ONE)) + "\n", encoding="utf-8")
    assert read(file, [event(f"The policy's description.\n{ONE.text}\n")]) == (ONE,)


def test_what_the_pack_could_not_write_is_told_all_the_same(tmp_path: Path) -> None:
    [found] = read(tmp_path / "none", [event("can't run policy")])
    assert (found.rule, found.message) == ("", "can't run policy")
    assert list(blocks([found])) == ["the policy pack", "  resource: the stack", "  wrong:    can't run policy", ""]


def test_a_refusal_ends_with_its_findings_and_their_count(small_checkout: Path) -> None:
    edit(small_checkout / "Pulumi.dev.yaml", "autonomy_percent: 75", "autonomy_percent: 76")
    run = run_local(small_checkout)
    assert run.returncode == 1
    last = run.stdout.rstrip("\n").rsplit("\n\n", 2)
    assert last[-1].startswith("dev: refused, ")
    assert "Outputs:" not in run.stdout
    assert (
        "environment/table-limits (critical)\n  resource: the stack\n  wrong:    autonomy_percent in the environment table is 76;"
        in run.stdout
    )
    blocks_shown = run.stdout.count("\n  wrong:    ")
    assert f"dev: refused, {blocks_shown} findings of the policy pack, " in last[-1]


def test_a_terminals_colours_hide_no_finding(tmp_path: Path) -> None:
    file = tmp_path / "findings.jsonl"
    file.write_text(json.dumps(vars(ONE)) + "\n", encoding="utf-8")
    assert read(file, [event(f"<{{%reset%}}>The policy's description.\n{ONE.text}<{{%reset%}}>\n")]) == (ONE,)


def test_a_refusal_shows_the_programs_error_before_the_findings(small_checkout: Path) -> None:
    edit(small_checkout / "Pulumi.dev.yaml", "autonomy_percent: 75", "autonomy_percent: 76")
    (small_checkout / "__main__.py").write_text(
        "import pulumi\n"
        "import pulumi_aws as aws\n"
        "explicit = pulumi.ResourceOptions(provider=aws.Provider('aws', region='us-east-1'))\n"
        "aws.ec2.Subnet('open', vpc_id='vpc-1', map_public_ip_on_launch=True, opts=explicit)\n"
        "raise RuntimeError('the table is gone')\n",
        encoding="utf-8",
    )
    run = run_local(small_checkout)
    assert run.returncode == 1
    error = run.stdout.index("RuntimeError: the table is gone")
    assert run.stdout.index("\nerror\n") < error < run.stdout.index("\nnetwork/no-public-subnet (") < run.stdout.index("\ndev: refused, ")
    assert run.stdout.count("the table is gone") <= 3, "once as it fails, and once at the end with its traceback"


def test_errors_are_told_once_and_without_the_summary() -> None:
    said = [DiagnosticEvent(text, "never", "error") for text in ("<{%reset%}>gone<{%reset%}>\n", "gone", "preview failed")]
    said.append(DiagnosticEvent("only a note", "never", "info"))
    assert errors(diagnostics_of(EngineEvent(sequence=1, timestamp=1, diagnostic_event=one) for one in said)) == ("gone",)
    assert list(blocks([], ["gone\nfor good"])) == ["error", "  gone", "  for good", ""]


def test_findings_are_counted_in_words() -> None:
    assert (counted([]), counted([ONE]), counted([ONE, ONE])) == tuple(
        f"{words} of the policy pack" for words in ("0 findings", "1 finding", "2 findings")
    )
