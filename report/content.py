"""The content of the page and the summary, from a plan. The templates only lay it out."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from local.previews import Plan
from report.changes import Change, changes_of, totals
from report.dashboard import Dashboard, dashboards_of
from report.judged import Judged, Verdict, judged
from report.layers import Layer, layers_of
from report.matrix import RoleView, roles_of
from report.secrets import hidden, without_secrets
from report.table import Row, rows_of

DONE = {"create": "to create", "update": "to update", "delete": "to delete", "replace": "to replace", "same": "unchanged"}

OPERATION_TONES = {"create": "good", "delete": "bad", "replace": "bad", "update": "warn"}
TONES = {Verdict.HOLDS.value: "good", Verdict.BROKEN.value: "bad", Verdict.NOT_DECIDED.value: "warn"} | OPERATION_TONES
"""The style of a mark, by the verdict or the operation that it shows."""


@dataclass(frozen=True, kw_only=True)
class Report:
    """The report of one stack's plan.

    Attributes:
        stack: the stack's name.
        stacks: all stacks, in the order of the environment table's columns.
        plan: the preview, without its secrets.
        base: the preview to compare with, without its secrets.
        base_name: the branch or commit of that preview.
        rows: the environment table.
        source: the origin of the plan, in words.
    """

    stack: str
    stacks: tuple[str, ...]
    plan: Plan
    base: Plan | None
    base_name: str
    rows: tuple[Row, ...]
    source: str

    @cached_property
    def changes(self) -> Mapping[str, Sequence[Change]]:
        return changes_of(self.plan, self.base)

    @cached_property
    def judged(self) -> Mapping[str, Sequence[Judged]]:
        return judged(self.plan)

    @cached_property
    def layers(self) -> tuple[Layer, ...]:
        return layers_of(self.plan)

    @cached_property
    def dashboards(self) -> tuple[Dashboard, ...]:
        return dashboards_of(self.plan)

    @cached_property
    def roles(self) -> tuple[RoleView, ...]:
        return roles_of(self.plan)

    @property
    def services(self) -> list[str]:
        """The services that any of the roles may do something with."""
        return sorted({grant.service for role in self.roles for grant in role.grants})

    @cached_property
    def verdicts(self) -> Mapping[Verdict, int]:
        return Counter(one.verdict for rules in self.judged.values() for one in rules)

    @property
    def verdict(self) -> str:
        """The result in one sentence."""
        held = f"of {sum(self.verdicts.values())} invariants {_listed(self.verdicts)}"
        planned = f"{len(self.plan.resources)} resources planned"
        if self.plan.succeeded and self.plan.policy_packs:
            return f"{planned}, no violation of the policy pack; {held}."
        if self.plan.succeeded:
            return f"{planned}, and no policy pack has judged them."
        return f"violations of the policy pack: {len(self.plan.findings)}, other errors: {len(self.plan.errors)}; {held}."

    @property
    def compared_with(self) -> str:
        if self.base is None:
            return "Against a cloud that holds nothing yet, whatever `make up` has made: everything is to be created."
        return f"Against the preview of {self.base_name}: what is the same there is left out."

    @property
    def tiles(self) -> list[tuple[int, str]]:
        """The figures at the top."""
        return [
            *((count, f"resources {DONE.get(operation, operation)}") for operation, count in sorted(totals(self.changes).items())),
            (self.verdicts.get(Verdict.HOLDS, 0), "invariants hold"),
            (self.verdicts.get(Verdict.BROKEN, 0), "invariants broken"),
            (sum(row.differs for row in self.rows), "table keys that differ between stacks"),
            (len(self.roles), "roles"),
        ]

    @property
    def judged_in_words(self) -> str:
        """The numbers of rules by verdict."""
        return (
            f"{sum(self.verdicts.values())} rules of the policy pack: {_listed(self.verdicts)}. The verdicts are the pack's own, from the "
            "preview. A rule that names a resource read something of it."
        )

    def verdicts_in_words(self, rules: Sequence[Judged]) -> str:
        return _listed(Counter(one.verdict for one in rules))

    def in_words(self, changes: Sequence[Change]) -> str:
        counted = Counter(change.operation for change in changes)
        return ", ".join(f"{count} {DONE.get(operation, operation)}" for operation, count in sorted(counted.items()))

    def judged_on_nothing(self, one: Judged) -> str:
        return "no resource of its types is planned" if one.verdict is Verdict.NOTHING_TO_JUDGE else "the stack as a whole"


def gather(
    stack: str,
    plan: Plan,
    tables: Mapping[str, Mapping[str, Any]],
    *,
    base: Plan | None = None,
    base_name: str = "",
    source: str = "",
) -> Report:
    """The report of a preview with dependencies and with the pack; see `Report`. Secrets are removed first.

    Args:
        tables: the environment table of every stack.
    """
    hide = hidden(tables, plan, *([base] if base else []))
    return Report(
        stack=stack,
        stacks=tuple(tables),
        plan=without_secrets(plan, hide),
        base=without_secrets(base, hide) if base else None,
        base_name=base_name,
        rows=rows_of(hide(tables), stack),
        source=source,
    )


def _listed(verdicts: Mapping[Verdict, int]) -> str:
    words = {Verdict.HOLDS: "hold", Verdict.NOTHING_TO_JUDGE: "have nothing to judge", Verdict.OTHER_TIERS: "are for other tiers"}
    words |= {Verdict.BROKEN: "are broken", Verdict.NOT_DECIDED: "are not decided"}
    return ", ".join(f"{verdicts[verdict]} {words[verdict]}" for verdict in Verdict if verdicts.get(verdict))
