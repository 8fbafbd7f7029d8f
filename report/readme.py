"""Draws the README's pictures again, from prod's plan: `python -m report.readme` (make picture)."""

import os
from pathlib import Path

from local import LocalError, previews
from local.terminal import exit_status
from report.halt_diagram import halt_diagram
from report.layers import layers_of
from report.mermaid import boxes_and_arrows
from report.network_diagram import network_diagram

README = previews.ROOT / "README.md"
STACK = "prod"

DIAGRAMS = {"docs/halt.svg": halt_diagram, "docs/network.svg": network_diagram}
"""The pictures in files of their own, by path in the checkout."""

START = "        %% The layers, made from prod's plan by `make picture`."
END = "        %% The end of the layers."


def refreshed(text: str, plan: previews.Plan) -> str:
    """The README with the planned layers.

    Raises:
        LocalError: it has no picture.
    """
    before, start, rest = text.partition(START + "\n")
    _, end, after = rest.partition(END + "\n")
    if not (start and end):
        raise LocalError(f"README.md has no picture: its Mermaid text must have the lines `{START.strip()}` and `{END.strip()}`.")
    return before + start + "".join(f"        {line}\n" for line in boxes_and_arrows(layers_of(plan), totals=False)) + end + after


def main(repo: Path) -> None:
    plan = previews.preview(STACK, pack=False, with_dependencies=True, place=previews.ROOT / ".local" / previews.UNDEPLOYED)
    if not plan.succeeded:
        raise LocalError(f"{STACK} can't be previewed:\n{plan.text}")
    readme = repo / README.name
    readme.write_text(refreshed(readme.read_text(encoding="utf-8"), plan), encoding="utf-8")
    for path, diagram in DIAGRAMS.items():
        (repo / path).write_text(diagram(plan).svg, encoding="utf-8")


if __name__ == "__main__":
    status = exit_status(lambda: main(previews.ROOT), lambda: "some of the pictures may be drawn")
    os._exit(status)  # see local/__main__.py
