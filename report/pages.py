"""Renders the report: a self-contained HTML page, and a Markdown summary for a pull request."""

import re
from pathlib import Path

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup

from report.content import TONES, Report
from report.dashboard import PLOT_HEIGHT, PLOT_WIDTH
from report.mermaid import mermaid
from report.picture import picture_of
from report.words import noun_of, service_of

WIDE, NARROW = 1040.0, 380.0
"""The widths of the two drawings of the architecture. The narrow one is legible at 400 px."""

TEMPLATES = Path(__file__).with_name("templates")

MOST_MARKDOWN = 60_000
"""Bytes. GitHub's limit for a comment is 65,536 characters; a job's summary may be longer."""

SPECIAL = re.compile(r"([\\`*_\[\]<>#|~&$])")
"""Characters with a meaning in Markdown, HTML or GitHub's formulas, within a line."""

MENTION = re.compile(r"(?<!\w)@(?=\w)")
"""A mention notifies somebody, even if the sign is escaped: a zero-width space is put after it."""


def page(report: Report) -> str:
    """The HTML page."""
    return (
        _environment(html=True)
        .get_template("page.html.j2")
        .render(
            report=report,
            tones=TONES,
            style=Markup("".join((TEMPLATES / name).read_text(encoding="utf-8") for name in ("palette.css", "style.css"))),
            wide=picture_of(report.layers, WIDE),
            narrow=picture_of(report.layers, NARROW),
            plot_width=PLOT_WIDTH,
            plot_height=PLOT_HEIGHT,
        )
    )


def summary(report: Report) -> str:
    """The Markdown summary in MOST_MARKDOWN bytes: without details if it is too long, and cut, with a note, if it still is."""
    template = _environment(html=False).get_template("summary.md.j2")
    text = ""
    for full in (True, False):
        text = re.sub(r"\n{3,}", "\n\n", template.render(report=report, mermaid=mermaid(report.layers), full=full))
        if len(text.encode()) <= MOST_MARKDOWN:
            return text
    end = "\n\nThe rest is too long for a summary: the page has it.\n"
    return text.encode()[: MOST_MARKDOWN - len(end)].decode(errors="ignore").rpartition("\n")[0] + end


def text_of(value: object) -> str:
    """A text as one line of Markdown, with all markup escaped."""
    return MENTION.sub("@\u200b", SPECIAL.sub(r"\\\1", " ".join(str(value).split())))


def code_of(value: object) -> str:
    """A text as Markdown code, with a fence longer than any in it. Bars are escaped, which would end a table's cell."""
    text = " ".join(str(value).split()).replace("|", "\\|")
    fence = "`" * (1 + max((len(run) for run in re.findall(r"`+", text)), default=0))
    pad = " " if text.startswith("`") or text.endswith("`") else ""
    return f"{fence}{pad}{text}{pad}{fence}"


def _environment(*, html: bool) -> Environment:
    environment = Environment(
        loader=FileSystemLoader(TEMPLATES),
        autoescape=html,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters.update(noun=noun_of, service=service_of, md=text_of, code=code_of)
    return environment
