"""What writing a prediction down costs, beside the prediction itself: processor time of real test rows, in turns.

python bench/log.py --rows 300
"""

import argparse
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
from rich.console import Console
from rich.table import Table
from traffic import complete_rows

from sensorium import paths
from sensorium.serving.content import Content, as_bytes
from sensorium.serving.journal import Journal
from sensorium.serving.live import CHALLENGER, Accepted, Live, Outputs, Workers
from sensorium.serving.recording import Origin, record


def main(count: int) -> None:
    """Prints milliseconds a row of each part, and its share of the whole."""
    live = Live.load(paths.PACKAGED, CHALLENGER, Workers(1, "bench"))  # a challenger's is logged without metrics
    rows = complete_rows()[:count]
    with tempfile.TemporaryDirectory() as folder:
        taken = measure(live, rows, Path(folder))
        size = sum(path.stat().st_size for path in Path(folder).glob("predictions.jsonl*")) / len(rows)
    table = Table("part", "ms a row", "of the prediction")
    for name, seconds in taken.items():
        table.add_row(name, f"{1000 * seconds / len(rows):.3f}", f"{seconds / taken['predict']:.1%}")
    Console().print(table)
    print(f"{size:.0f} bytes a line; {len(rows)} rows with all inputs, a sample at a time")


def measure(live: Live, rows: list[dict[str, Any]], folder: Path) -> dict[str, float]:
    """Processor seconds of each part for all rows.

    Each part goes over all rows by itself: ONNX Runtime's threads spin for a while after a prediction.
    """
    taken: dict[str, float] = {}

    def time_of(name: str, call: Callable[[int], Any]) -> list[Any]:
        began = time.process_time()
        found = [call(place) for place in range(len(rows))]
        taken[name] = time.process_time() - began
        return found

    predictor, kinds = live.predictor, live.predictor.inputs.items()
    every = [np.ones((1, len(predictor.inputs)), bool)]

    def predict(place: int) -> tuple[Any, ...]:
        sample = predictor.accept(rows[place])
        prepared = predictor.prepare(sample)
        features = predictor.features([prepared])
        return sample, prepared, features, predictor.predictions(features, every)[0]

    def describe(place: int) -> dict[str, Any]:
        return {name: live.profile.describe(name, kind, done[place][0][name]) for name, kind in kinds}

    journal, content = Journal(folder, 64), Content(folder)
    predict(0)
    done = time_of("predict", predict)
    time.sleep(1)
    values = [{name: as_bytes(value) for name, value in row.items()} for row in rows]
    descriptors = time_of("describe", describe)
    hashes = time_of("mark", lambda place: {name: journal.hash_of(value) for name, value in values[place].items()})
    axes = time_of(
        "place on axes", lambda place: {n: live.profile.onto_axes(n, array)[0] for n, array in done[place][2].items()}
    )

    def write(place: int) -> None:
        origin, outputs = Origin("a" * 32, "bench", hashes[place], {}), Outputs(done[place][3], axes[place], {})
        record(journal, origin, live, Accepted(done[place][1], descriptors[place]), outputs)
        if place == len(rows) - 1:
            journal.close()

    time_of("write", write)

    def keep(place: int) -> None:
        content.keep(values[place], 64)
        if place == len(rows) - 1:
            content.close()

    time_of("keep content, if asked for", keep)
    return taken


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rows", type=int, default=300)
    main(parser.parse_args().rows)
