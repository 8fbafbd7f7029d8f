"""Updates the README's picture from prod's plan: `python -m local.report.readme` (make picture)."""

import os
from pathlib import Path

from local import LocalError, previews
from local.report.layers import layers_of
from local.report.mermaid import boxes_and_arrows

README = previews.ROOT / "README.md"
STACK = "prod"

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


def main(readme: Path) -> None:
    plan = previews.preview(STACK, pack=False, with_dependencies=True)
    if not plan.succeeded:
        raise LocalError(f"{STACK} can't be previewed:\n{plan.text}")
    readme.write_text(refreshed(readme.read_text(encoding="utf-8"), plan), encoding="utf-8")


if __name__ == "__main__":
    main(README)
    os._exit(0)  # see local/__main__.py
