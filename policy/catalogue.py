"""Writes down what the pack holds, from the rules' own metadata (make invariants): docs/invariants.md and docs/coverage.md."""

from __future__ import annotations

import sys
from collections.abc import Iterator, Sequence
from pathlib import Path

from exemptions import NEVER
from framework_agents import DOUBTS
from frameworks import CHECKS, made_by
from limits import APPROVED
from rule import Family, ResourceRule
from rules import FAMILIES

MADE = "<!-- Made by policy/catalogue.py (make invariants). -->"


RULES = tuple(rule for family in FAMILIES for rule in family.rules)


def invariants(families: Sequence[Family] = FAMILIES) -> str:
    """The rules, family by family."""
    return "\n".join(_invariants(families)) + "\n"


def _invariants(families: Sequence[Family]) -> Iterator[str]:
    count = sum(len(family.rules) for family in families)
    yield from (
        "# The invariants",
        "",
        MADE,
        "",
        f"{count} rules in {len(families)} families. Every one is mandatory: a finding refuses the deployment. What can't be told at",
        "preview counts as broken. A stack of an unknown tier is held to every rule. Single resources can be exempted from single rules,",
        f"until a day, in the pack's configuration; nobody can be exempted from {_listed(f'`{prefix}`' for prefix in NEVER)}.",
    )
    for family in families:
        yield from ("", f"## {family.name}", "", family.title)
        for rule in family.rules:
            tiers = "all tiers" if not rule.tiers else _listed(tier for tier in APPROVED if tier in rule.tiers)
            judged = "each resource by itself" if isinstance(rule, ResourceRule) else "the whole stack"
            yield from ("", f"### {rule.id}", "", f"{rule.severity.name.lower()} · {tiers} · {judged}", "")
            yield f"- **Protects** {_lower(rule.protects)}"
            yield f"- **Why** {rule.why}"
            yield f"- **Fix** {rule.fix}"
            if rule.controls:
                yield f"- **Meets** {', '.join(rule.controls)}"


def coverage() -> str:
    """What others check, and which rule makes it here."""
    return "\n".join(_coverage()) + "\n"


def _coverage() -> Iterator[str]:
    made = made_by(RULES)
    left = [check for check in CHECKS if check.unless]
    yield from (
        "# What others check",
        "",
        MADE,
        "",
        f"{len(CHECKS)} checks concern the resource types of this system: of AWS Security Hub, prowler (AgentCore), AgentCore's security",
        "practices, AWS's agentic lens (security), OWASP's agentic top ten, cdk-nag (AwsSolutions) and checkov; and the account that it is",
        "deployed to: of CIS AWS Foundations 3.0 and of prowler.",
        f"{len(CHECKS) - len(left)} are made by a rule, {len(left)} make no sense here.",
        "",
        "| check | asks for | rule |",
        "|---|---|---|",
    )
    for check in CHECKS:
        rules = ", ".join(f"`{rule}`" for rule in made[check.id])
        yield f"| {check.id} | {check.about} | {rules if not check.unless else f'*not made:* {check.unless}'} |"
    yield from ("", "## Where a list is in doubt", "", "| check | why |", "|---|---|")
    yield from (f"| {check} | {why} |" for check, why in DOUBTS.items())


def _listed(words: Iterator[str]) -> str:
    *first, last = words
    return f"{', '.join(first)} and {last}" if first else last


def _lower(sentence: str) -> str:
    """A sentence that goes on after a word: its first letter small, unless a name begins it."""
    return sentence if sentence[1:2].isupper() else sentence[0].lower() + sentence[1:]


def main(folder: Path) -> None:
    for name, text in (("invariants.md", invariants()), ("coverage.md", coverage())):
        (folder / name).write_text(text, encoding="utf-8")


if __name__ == "__main__":
    main(Path(sys.argv[1]))
