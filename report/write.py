"""Previews a stack with the pack, and writes its report to `.local/report/<stack>.html` and `.md`."""

import subprocess
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from limits import APPROVED
from local import LocalError, previews, stackfile
from report import base as bases
from report.content import gather
from report.judged import with_the_graph_of
from report.pages import page, summary
from report.table import tables_of


@dataclass(frozen=True, kw_only=True)
class Written:
    """The report's files, its verdict in one sentence, and whether the stack can be deployed."""

    page: Path
    summary: Path
    verdict: str
    succeeded: bool


def write(
    stack: str,
    *,
    image: str | None = None,
    base: str | None = None,
    repo: Path = previews.ROOT,
    place: Path | None = None,
    on_note: Callable[[str], object] = lambda _: None,
) -> Written:
    """Preview a stack and write its report, also if it is refused.

    Args:
        stack, image, repo, on_note: as in `previews.preview`.
        base: a commit or branch to compare with. If it can't be previewed, that is noted.
        place: the folder of the report, and of a state in which nothing is ever deployed. Default: the checkout's `.local`.

    Raises:
        LocalError: as `previews.preview`; or another stack's table is wrong, or there is no such commit. There is no report then.
    """
    notes: list[str] = []
    place = place or repo / ".local"
    folder = place / "report"
    folder.mkdir(parents=True, exist_ok=True)
    files = {kind: folder / f"{stack}.{kind}" for kind in ("html", "md")}
    for file in files.values():  # of an earlier plan
        file.unlink(missing_ok=True)
    if base:
        bases.check(base, repo)
    names = sorted(stackfile.stacks(repo), key=lambda name: (list(APPROVED).index(name) if name in APPROVED else len(APPROVED), name))
    tables = tables_of(repo, names)
    state = place / previews.UNDEPLOYED
    plan = previews.preview(stack, image=image, with_dependencies=True, repo=repo, place=state, on_note=notes.append)
    if plan.findings:
        plan = with_the_graph_of(plan, previews.preview(stack, image=image, pack=False, with_dependencies=True, repo=repo, place=state))
    before = None
    if base:
        try:
            before = bases.preview_of(base, stack, image=image, repo=repo)
        except LocalError as error:
            notes.append(f"not compared with {base}: {error}")
    for note in notes:
        on_note(note)
    report = gather(
        stack,
        plan,
        tables,
        base=before,
        base_name=base or "",
        source=" ".join(f"{note[:1].upper()}{note[1:].rstrip('.')}." for note in (f"Made from {_commit(repo)}", *notes)),
    )
    written = Written(page=files["html"], summary=files["md"], verdict=report.verdict, succeeded=plan.succeeded)
    written.page.write_text(page(report), encoding="utf-8")
    written.summary.write_text(summary(report), encoding="utf-8")
    return written


def _commit(repo: Path) -> str:
    """The checkout's commit, in words."""
    try:
        commit = _git(repo, "rev-parse", "--short=10", "HEAD")
        changed = _git(repo, "status", "--porcelain")
    except (OSError, subprocess.CalledProcessError):
        return "a checkout without git"
    return f"commit {commit}{' and changes that are not committed' if changed else ''}"


def _git(repo: Path, *arguments: str) -> str:
    return subprocess.run(["git", "-C", str(repo), *arguments], check=True, capture_output=True, text=True).stdout.strip()
