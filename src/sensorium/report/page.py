"""A self-contained HTML page of text, tables and pictures, light or dark as the reader's screen is."""

import io
from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any

import matplotlib
from jinja2 import Environment, PackageLoader, Template, select_autoescape
from matplotlib.figure import Figure

from sensorium.files import replacing

INK = "#2b6cb0"
SECOND = "#c05621"
QUIET = "#a0aec0"


@dataclass
class Page:
    """What a page shows, top to bottom.

    Attributes:
        title: its heading.
        lead: the answer in a sentence.
    """

    title: str
    lead: str
    parts: list[dict[str, Any]] = field(default_factory=list)

    def table(self, heading: str, header: Sequence[str], rows: Sequence[Sequence[Any]], note: str = "") -> None:
        """Adds a table; numbers are aligned right."""
        self.parts.append({"heading": heading, "header": header, "rows": rows, "note": note})

    def picture(self, heading: str, figure: Figure, note: str = "") -> None:
        """Adds a plot, as a drawing inside the page."""
        self.parts.append({"heading": heading, "svg": drawing(figure), "note": note})

    def write(self, folder: Path) -> None:
        """Writes ``folder/index.html``."""
        with replacing(folder / "index.html") as beside:
            beside.write_text(_template().render(page=self), encoding="utf-8")


def drawing(figure: Figure) -> str:
    """A plot as an SVG element; the same plot gives the same text."""
    with matplotlib.rc_context({"svg.hashsalt": "sensorium", "svg.fonttype": "none"}):
        stream = io.StringIO()
        figure.savefig(stream, format="svg", metadata={"Date": None}, transparent=True, bbox_inches="tight")
    text = stream.getvalue()
    return text[text.index("<svg") :]


@cache
def _template() -> Template:
    loader = PackageLoader("sensorium", "report")
    return Environment(loader=loader, autoescape=select_autoescape(), trim_blocks=True).get_template("page.html")
