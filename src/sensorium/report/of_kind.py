"""Pictures and tables that only one kind of target has on its page."""

from functools import singledispatch
from pathlib import Path
from typing import cast

from sensorium.evaluation.measure import Measured
from sensorium.report import calibration, confusion
from sensorium.report.page import Page
from sensorium.report.subsets import MOST_BARS, named_subsets
from sensorium.targets import Learnt, LearntClass
from sensorium.targets.class_figures import Predictions


@singledispatch
def write(target: Learnt, page: Page, name: str, measured: Measured, folder: Path) -> None:
    """Adds them to a page, and writes files for DVC's plots.

    Args:
        target: whose kind it is.
        page: to add to.
        name: of the target.
        measured: its figures and predictions.
        folder: of the page.
    """


@write.register
def _of_classes(target: LearntClass, page: Page, name: str, measured: Measured, folder: Path) -> None:
    classes, judged = list(target.classes), cast(Predictions, measured.judged)
    calibration.write(page, name, measured, measured.figures, named_subsets(measured.figures)[:MOST_BARS])
    page.picture(f"{name}: confusion", confusion.draw(judged, classes), confusion.note(classes))
    if worst := confusion.pairs(judged, classes):
        page.table(
            f"{name}: the commonest mistakes",
            ["class", "predicted as", "test rows", "of the class"],
            [[label, predicted, f"{count:,}", f"{share:.0%}"] for label, predicted, count, share in worst],
            "All answers are in predictions/test.parquet.",
            texts=2,
        )
    confusion.write(judged, classes, folder, name)
