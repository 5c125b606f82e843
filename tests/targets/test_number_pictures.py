import re
from pathlib import Path

import numpy as np
import pandas as pd

from sensorium.report.page import Page
from sensorium.targets import Number
from sensorium.targets.number.pictures import stretches
from sensorium.targets.showing import TestRows as Rows

NUMBERS = pd.Series(np.linspace(0, 100, 60))
LEARNT = Number().learn(NUMBERS, np.ones(60, bool))


def test_an_interval_is_stretched_as_far_as_its_truth_lies() -> None:
    predictions = np.array([[10.0, 5, 20], [10, 5, 20], [10, 5, 20], [10, 10, 20], [10, 10, 10]])
    found = stretches(LEARNT.scale, predictions, np.array([20.0, 0, 10, 9, 10]))
    assert found[:3].round(9).tolist() == [1, 2, 0]  # at its end, twice as far, and at the number
    assert found[3:].tolist() == [np.inf, 0]  # an end without width holds nothing beyond it


def test_the_page_shows_numbers_and_says_what_its_plots_are(tmp_path: Path) -> None:
    truth = NUMBERS.to_numpy().copy()
    truth[7] = np.nan  # nobody knows it
    wide, narrow = (np.stack([NUMBERS + 3, NUMBERS + 3 - by, NUMBERS + 3 + by], axis=1) for by in (8, 1))
    judged = LEARNT.judged(wide, truth, np.arange(60))
    page = Page("Evaluation", "")
    LEARNT.pictures(page, "price", Rows({}, [], judged, wide, narrow, truth), tmp_path)
    page.write(tmp_path)
    html = (tmp_path / "index.html").read_text()
    assert re.findall(r'aria-label="(plot: [^"]*)"', html) == [
        "plot: predicted over true",
        "plot: predicted less true over predicted",
        "plot: hold the truth over promised: before calibration, as they are answered, perfect",
    ]
