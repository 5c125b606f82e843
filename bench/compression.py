"""Every sort of student beside every form, and the served model beside the trained one, in one run.

Takes the model that `dvc repro` left and tries more than params.yaml asks for: pruned and distilled encoders of texts
and pictures, each alone and in the form that suited its teacher. The students learn for as many epochs as said
(``--epochs``), so that of pictures takes minutes an epoch without a GPU; a student is taught once and cached.
"""

import argparse
import tempfile
from pathlib import Path

from rich.console import Console
from rich.table import Table

from sensorium.compression.bench import make_bench
from sensorium.compression.choice import Candidate
from sensorium.compression.latency import percentile
from sensorium.compression.quality import make_evaluator
from sensorium.compression.settings import FUSION, Compress, Student
from sensorium.compression.students import distiller
from sensorium.compression.trained import spread
from sensorium.compression.trials import try_parts
from sensorium.prepared import load_params
from sensorium.stages.compress import read_trained

SORTS = {  # of students, by what they read
    "text": ("layers", "width", "sparse", "words"),
    "image": ("layers", "width", "sparse"),
    FUSION: ("width", "sparse"),
}
COLUMNS = ("part", "variant", "MB", "alike", "p50 ms", "p50 ms of a batch", "points gained, per target")


def main() -> None:
    """Prints a table a part."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--epochs", type=int, default=2)
    parser.add_argument("--keep", type=float, default=0.5)
    options = parser.parse_args()
    declared = load_params()
    trained = read_trained(declared)
    students = {kind: [Student(kind=one, keep=options.keep) for one in several] for kind, several in SORTS.items()}
    settings = Compress(forms=declared.compress.forms, epochs=options.epochs, students=students)
    console = Console()
    with tempfile.TemporaryDirectory() as folder:
        test = spread(trained.test, settings.rows)
        draws, confidence = declared.evaluation.bootstrap, declared.evaluation.confidence
        evaluator = make_evaluator(trained, test, draws, confidence)
        bench = make_bench(trained, test, evaluator, settings.calibration_rows, Path(folder))
        teach = {name: distiller(trained, part, options.epochs) for name, part in bench.parts.items()}
        tried = try_parts(bench, settings, teach)
        for name, candidates in tried.items():
            part = bench.parts[name]
            table = Table(*COLUMNS, title=f"{name}, students taught for {options.epochs} epochs")
            for one in candidates:
                table.add_row(*_row(one))
            for variant, why in part.refused.items():
                table.add_row(name, variant, "", "", "", "", why)
            console.print(table)


def _row(one: Candidate) -> list[str]:
    gains = [f"{100 * q.gain:+.1f} [{100 * q.low:+.1f}, {100 * q.high:+.1f}]" for q in one.quality.values()]
    times = [f"{percentile(times, 50):.2f}" for times in (one.cost.single, one.cost.batch)]
    return [one.part, one.variant, f"{one.size / 1e6:.2f}", f"{one.similarity:.3f}", *times, "  ".join(gains)]


if __name__ == "__main__":
    main()
