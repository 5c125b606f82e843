"""The story's page."""

from collections.abc import Sequence
from pathlib import Path

from jinja2 import ChoiceLoader, Environment, FileSystemLoader, PackageLoader, select_autoescape

from demo.story import Step
from demo.world import NEW
from sensorium.report.page import drawing
from sensorium.report.plots import BLUE, GREY, bars

MOMENTS = {"new": "before", "recognised": "after the retrain", "rollback": "rolled back"}


def write(steps: Sequence[Step], folder: Path) -> Path:
    """Writes ``index.html``; returns it."""
    found = {step.name: step.figures["recognised"] for step in steps if step.name in MOMENTS}
    lead = (
        f"{NEW} was recognised in {found['new']:.0%} of clips before, and in {found['recognised']:.0%} after people "
        f"had told of others, in {sum(step.seconds for step in steps) / 60:.0f} minutes on one machine."
    )
    shares = {f"{NEW} recognised, {MOMENTS[name]}": share for name, share in found.items()}
    loaders = [FileSystemLoader(Path(__file__).parent), PackageLoader("sensorium", "report")]
    environment = Environment(
        loader=ChoiceLoader(loaders), autoescape=select_autoescape(), trim_blocks=True, lstrip_blocks=True
    )
    path = folder / "index.html"
    path.write_text(
        environment.get_template("page.html").render(
            steps=steps,
            lead=lead,
            plot=drawing(bars(shares, [GREY, BLUE, GREY], "{:.0%}")),
            workspace=folder / "clone/data/monitoring/workspace",
        ),
        encoding="utf-8",
    )
    return path
