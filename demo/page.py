"""The story's page."""

from collections.abc import Sequence
from pathlib import Path

from demo.story import Step
from demo.world import NEW
from sensorium.plots import BLUE, GREY
from sensorium.report.page import environment
from sensorium.report.strips import bars

MOMENTS = {"new": "before", "recognised": "after the retrain", "rollback": "rolled back"}


def write(steps: Sequence[Step], folder: Path) -> Path:
    """Writes ``index.html``; returns it."""
    found = {step.name: step.figures["recognised"] for step in steps if step.name in MOMENTS}
    lead = (
        f"{NEW} was recognised in {found['new']:.0%} of clips before, and in {found['recognised']:.0%} after people "
        f"had labelled others, in {sum(step.seconds for step in steps) / 60:.0f} minutes on one machine."
    )
    shares = {f"{NEW} recognised, {MOMENTS[name]}": share for name, share in found.items()}
    plot = bars(shares, [GREY, BLUE, GREY], "{:.0%}")
    template = environment(Path(__file__).parent).get_template("page.html")
    html = template.render(steps=steps, lead=lead, plot=plot, workspace=folder / "clone/data/monitoring/workspace")
    path = folder / "index.html"
    path.write_text(html, encoding="utf-8")
    return path
