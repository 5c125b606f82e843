"""A self-contained HTML page of tables, plots and examples, light or dark as the reader's screen is."""

import io
import json
import re
from base64 import b64encode
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field, replace
from functools import cache
from hashlib import sha256
from pathlib import Path
from typing import Any

import matplotlib
from jinja2 import ChoiceLoader, Environment, FileSystemLoader, PackageLoader, select_autoescape
from markupsafe import Markup, escape
from matplotlib.figure import Figure

from sensorium.files import existing, replacing
from sensorium.plots import MIDDLING, NARROW, WIDE, shortened

DATA = "page.json"
MOST_BYTES = 4_800_000  # of a page, which a mail still takes
MOST_ROWS = 200  # of a table
ELSEWHERE = "the files that it is drawn from have it"
POLICY = (  # a content security policy: a browser loads and runs only what is in the page
    "default-src 'none'; style-src 'unsafe-inline'; img-src data:; media-src data:; font-src data:; base-uri 'none'; "
    "form-action 'none'"
)
RUN = ("The whole run", "../index.html")  # the way back from a page in a folder of reports/


@dataclass
class Page:
    """What a page shows, top to bottom.

    Attributes:
        title: its heading.
        lead: the answer in a sentence.
        parts: tables, plots and the like, as the template reads them.
        good: whether the answer is good news; ``None`` if it is neither.
        trail: links to the pages above this one, each a text and an address.
    """

    title: str
    lead: str
    parts: list[dict[str, Any]] = field(default_factory=list)
    good: bool | None = None
    trail: Sequence[tuple[str, str]] = ()

    def table(
        self,
        heading: str,
        header: Sequence[str],
        rows: Sequence[Sequence[Any]],
        note: str = "",
        texts: int = 1,
        whole: str = "metrics/",
    ) -> None:
        """Adds a table; columns of numbers are aligned right, but the first columns hold texts in any case.

        Long cells are cut, and of a long table the first rows are shown; ``whole`` is where all of it can be read.
        """
        cells = [[shortened(cell) if type(cell) is str else cell for cell in row] for row in rows[:MOST_ROWS]]
        if len(rows) > MOST_ROWS:
            note = f"{note.rstrip('.')}. " if note else ""
            note += f"{len(rows) - MOST_ROWS:,} more rows are in {whole}."
        columns = zip(*cells, strict=True)
        numbers = [place >= texts and any(map(_is_number, column)) for place, column in enumerate(columns)]
        self.parts.append({"heading": heading, "note": note, "header": [*header], "rows": cells, "numbers": numbers})

    def picture(self, heading: str, figure: Figure | Markup | Sequence[Figure], note: str = "") -> None:
        """Adds a plot, as a drawing inside the page; several stand side by side where there is room."""
        figures = [figure] if isinstance(figure, Figure | Markup) else figure
        drawn = [
            one if isinstance(one, Markup) else drawing(one, f"{heading} {number}")
            for number, one in enumerate(figures)
        ]
        self.parts.append({"heading": heading, "note": note, "drawn": drawn})

    def examples(self, heading: str, cards: Sequence[Mapping[str, Any]], note: str = "") -> None:
        """Adds rows of the data to look at; each card is what the template's ``example`` reads."""
        self.parts.append({"heading": heading, "note": note, "cards": [*cards]})

    def rules(self, heading: str, rules: Sequence[Mapping[str, Any]], note: str = "") -> None:
        """Adds rules of the gate; each is what the template's ``rule`` reads."""
        self.parts.append({"heading": heading, "note": note, "rules": [*rules]})

    def lines(self, heading: str, lines: Sequence[str]) -> None:
        """Adds sentences, if there are any."""
        if lines:
            self.parts.append({"heading": heading, "lines": [*lines]})

    def links(self, heading: str, links: Sequence[tuple[str, str]], note: str = "") -> None:
        """Adds a list of texts with the addresses they lead to; an empty address leads nowhere."""
        self.parts.append({"heading": heading, "note": note, "links": [*links]})

    def requests(self, heading: str, cards: Sequence[Mapping[str, Any]], note: str = "") -> None:
        """Adds requests to look at; each card is what the template's ``request`` reads."""
        self.parts.append({"heading": heading, "note": note, "requests": [*cards]})

    def frame(self, heading: str, page: str, note: str = "") -> None:
        """Adds a page made by another tool, isolated from this one."""
        self.parts.append({"heading": heading, "note": note, "frame": page})

    def html(self) -> str:
        """The page; it needs no other file."""
        where = [ELSEWHERE] * len(self.parts)
        return render("templates/page.html", page=replace(self, parts=within_size(self.parts, MOST_BYTES, where)))

    def write(self, folder: Path) -> None:
        """Writes ``folder/index.html``, and the same as data for the report of the whole run."""
        with replacing(folder / DATA) as beside:
            beside.write_text(json.dumps(asdict(self), ensure_ascii=False, default=str), encoding="utf-8")
        with replacing(folder / "index.html") as beside:
            beside.write_text(self.html(), encoding="utf-8")


def within_size(parts: Sequence[dict[str, Any]], most: int, elsewhere: Sequence[str]) -> list[dict[str, Any]]:
    """The parts with the largest replaced by a sentence that says where they are, until all are within a size.

    So a page can be mailed and opened, whatever the data.

    Args:
        parts: of one page or of several.
        most: bytes of all parts together.
        elsewhere: for every part, the end of the sentence that says where it is.
    """
    macro = environment().get_template("templates/parts.html").module.part  # type: ignore[attr-defined]
    sizes = [len(str(macro(part)).encode()) for part in parts]
    kept = [*parts]
    for place in sorted(range(len(parts)), key=lambda place: -sizes[place]):
        if sum(sizes) <= most:
            break
        sentence = f"{sizes[place] / 1e6:.1f} MB are too much for this page; {elsewhere[place]}."
        kept[place], sizes[place] = {"heading": parts[place]["heading"], "note": "", "lines": [sentence]}, 0
    return kept


def _is_number(cell: Any) -> bool:
    return re.match(r"[-+\[]*\d", str(cell)) is not None


def read_page(folder: Path, made_by: str) -> Page:
    """The page that `Page.write` left in a folder.

    Raises:
        UserError: if there is none, naming the stage that makes it.
    """
    return Page(**json.loads(existing(folder / DATA, made_by).read_text(encoding="utf-8")))


def drawing(figure: Figure, name: str = "") -> Markup:
    """A plot as SVG in the colour of the text around it; equal plots give equal SVG.

    Args:
        figure: one as wide as a page is drawn a second time, for a telephone, which shows that instead; a large one
            of another width scrolls there.
        name: tells its parts from those of other plots in the page.
    """
    if figure.get_figwidth() != WIDE:
        return _svg(figure, name, "plot" if figure.get_figwidth() < MIDDLING else "plot large")
    wide = _svg(figure, name, "plot on-screens")
    figure.set_figwidth(NARROW)
    return wide + _svg(figure, f"narrow {name}", "plot on-phones")


def _svg(figure: Figure, name: str, classes: str) -> Markup:
    with matplotlib.rc_context({"svg.hashsalt": f"sensorium {name}", "svg.fonttype": "none"}):
        stream = io.StringIO()
        figure.savefig(stream, format="svg", metadata={"Date": None}, transparent=True, bbox_inches="tight")
    text = stream.getvalue()
    text = text[text.index("<svg") :].replace("#000000", "currentColor")
    text = text.replace("<svg ", f'<svg class="{classes}" role="img" aria-label="{escape(_described(figure))}" ', 1)
    return Markup(re.sub(r"<metadata>.*?</metadata>", "", text, flags=re.DOTALL))


def _described(figure: Figure) -> str:
    """What a plot shows, for those who cannot see it: its title, its axes and its lines."""
    words = []
    for axes in figure.axes:
        across, up, title = axes.get_xlabel(), axes.get_ylabel(), axes.get_title(loc="left")
        lines = ", ".join(axes.get_legend_handles_labels()[1])
        words += [title, " over ".join(filter(None, [up, across])), lines]
    return ": ".join(["plot", *filter(None, words)])


def render(template: str, **content: Any) -> str:
    """The text of a template in this folder."""
    return environment().get_template(template).render(**content)


@cache
def environment(*folders: Path) -> Environment:
    """Templates of these folders and of this one, of which they can extend ``templates/base.html``."""
    loader = ChoiceLoader([*map(FileSystemLoader, folders), PackageLoader("sensorium", "report")])
    made = Environment(loader=loader, autoescape=select_autoescape(), trim_blocks=True, lstrip_blocks=True)
    made.filters["code"] = _code
    made.globals["policy"] = policy
    return made


def policy(parts: Sequence[Mapping[str, Any]]) -> str:
    """The content security policy of a page: the only scripts are those of embedded pages, and ours that sizes them.

    An embedded page is under the same policy. Escaping should suffice; this is the second line of defence against
    names in the data.
    """
    frames = [part["frame"] for part in parts if part.get("frame")]
    if not frames:
        return POLICY
    scripts = [render("templates/frame.js"), *(script for page in frames for script in _scripts(page))]
    digests = (b64encode(sha256(script.encode()).digest()).decode() for script in scripts)
    return " ".join([f"{POLICY}; script-src", *(f"'sha256-{digest}'" for digest in digests)])


def _scripts(page: str) -> list[str]:
    return re.findall("<script>(.*?)</script>", page, re.DOTALL)


def _code(words: str) -> Markup:
    """A sentence, escaped, in which what stands between backticks is code."""
    return Markup(re.sub("`([^`]+)`", r"<code>\1</code>", str(escape(words))))
