"""Lays the report out: one HTML page that needs nothing else, and one Markdown summary for a pull request."""

from __future__ import annotations

import re
from pathlib import Path

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup

from local.report.dashboard import PLOT_HEIGHT, PLOT_WIDTH
from local.report.mermaid import mermaid
from local.report.picture import picture_of
from local.report.report import TONES, Report
from local.report.words import noun_of, service_of

WIDE, NARROW = 1040.0, 380.0
"""The widths of the two drawings of the architecture. The narrow one is legible at 400 px."""

TEMPLATES = Path(__file__).with_name("templates")

MOST_MARKDOWN = 60_000
"""Bytes. GitHub cuts a comment at 65,536 characters; a job's summary may have more."""

SPECIAL = re.compile(r"([\\`*_\[\]<>#|~&$])")
"""What Markdown, HTML in it, or GitHub's formulas would read as more than text, in the middle of a line."""

MENTION = re.compile(r"(?<!\w)@(?=\w)")
"""Would notify somebody, even where the sign is escaped: a space of no width comes between."""


def page(report: Report) -> str:
    """The HTML page."""
    return (
        _environment(html=True)
        .get_template("page.html.j2")
        .render(
            report=report,
            style=Markup((TEMPLATES / "style.css").read_text(encoding="utf-8")),
            wide=picture_of(report.layers, WIDE),
            narrow=picture_of(report.layers, NARROW),
            plot_width=PLOT_WIDTH,
            plot_height=PLOT_HEIGHT,
        )
    )


def summary(report: Report) -> str:
    """The Markdown summary, MOST_MARKDOWN bytes at most: without its details where they are too many, and cut where even that isn't
    enough, which it says."""
    template = _environment(html=False).get_template("summary.md.j2")
    text = ""
    for full in (True, False):
        text = re.sub(r"\n{3,}", "\n\n", template.render(report=report, mermaid=mermaid(report.layers), full=full))
        if len(text.encode()) <= MOST_MARKDOWN:
            return text
    end = "\n\nThe rest is too long for a summary: the page has it.\n"
    return text.encode()[: MOST_MARKDOWN - len(end)].decode(errors="ignore").rpartition("\n")[0] + end


def text_of(value: object) -> str:
    """A text in Markdown, as text: nothing in it is markup, and it is one line."""
    return MENTION.sub("@\u200b", SPECIAL.sub(r"\\\1", " ".join(str(value).split())))


def code_of(value: object) -> str:
    """A text in Markdown, as code: the fence is longer than any in the text; a table's cells end at a bar even there."""
    text = " ".join(str(value).split()).replace("|", "\\|")
    fence = "`" * (1 + max((len(run) for run in re.findall(r"`+", text)), default=0))
    pad = " " if text.startswith("`") or text.endswith("`") else ""
    return f"{fence}{pad}{text}{pad}{fence}"


def tone_of(shown: str) -> str:
    """The style of a verdict or an operation."""
    return TONES.get(shown, "none")


def _environment(*, html: bool) -> Environment:
    environment = Environment(
        loader=FileSystemLoader(TEMPLATES),
        autoescape=html,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters.update(noun=noun_of, tone=tone_of, service=service_of, md=text_of, code=code_of)
    return environment
