"""compress: the trained model as ONNX, in the smallest form that is proven to lose too little."""

import shutil
from functools import partial
from pathlib import Path

from sensorium import params, paths
from sensorium.compression import whole_models
from sensorium.compression.bench import make_bench
from sensorium.compression.choice import choose
from sensorium.compression.exported import check_parity
from sensorium.compression.figures import Compressed, figures, times
from sensorium.compression.proof import proof
from sensorium.compression.quality import make_evaluator
from sensorium.compression.served import write_served
from sensorium.compression.students import distiller
from sensorium.compression.trained import Trained, spread
from sensorium.compression.trials import try_parts
from sensorium.compression.whole_models import SERVED
from sensorium.dataset.columns import SPLITS
from sensorium.dataset.predictions import write_predictions
from sensorium.dataset.rows import of_split, read_table
from sensorium.dataset.served import predict_rows
from sensorium.errors import UserError
from sensorium.files import existing, replacing, temporary, write_json
from sensorium.models import network as networks
from sensorium.prepared import load_params
from sensorium.report.compression import summary, write_report
from sensorium.runtime.predictor import Predictor
from sensorium.targets import scored_by

PREDICTIONS = paths.PREDICTIONS / "compressed.parquet"


def run() -> None:
    """Writes the chosen model, its predictions of the test rows, and the figures of all candidates."""
    declared = load_params()
    trained, settings = read_trained(declared), declared.compress
    grouped_by = [name for group in declared.split.groups if (name := declared.called(group)) in declared.inputs]
    test = spread(trained.test, settings.rows)
    evaluator = make_evaluator(trained, test, declared.evaluation.bootstrap, declared.evaluation.confidence)
    scores = scored_by(trained.network.targets.values())
    rows = proof(evaluator.labelled, evaluator.confidence, settings, evaluator.unjudged, scores)
    if not rows.is_possible:
        print(f"compress: {rows.words()}", flush=True)
    with temporary(paths.COMPRESSED.parent) as work:  # hundreds of megabytes
        bench = make_bench(trained, test, evaluator, settings.calibration_rows, work)
        parity = check_parity(trained.network, bench)
        students = {name: distiller(trained, part, settings.epochs) for name, part in bench.parts.items()}
        candidates = try_parts(bench, rows.tried, students)
        chosen = choose(candidates, settings, partial(bench.keeps, max_drop=settings.max_drop))
        write_served(trained, bench, chosen, grouped_by)
        found = Compressed(
            chosen,
            bench.quality(chosen),
            candidates,
            {name: part.refused for name, part in bench.parts.items()},
            whole_models.compare(trained.network, bench, paths.TRAINED),
            parity,
            len(bench.evaluator.groups),
            rows,
        )
        publish(trained, work / SERVED, found)
    print(f"compress: {summary(found)}")


def read_trained(settings: params.Params) -> Trained:
    """The model that was trained and the rows it was trained on."""
    network = networks.load(existing(paths.TRAINED, made_by="train"))
    if set(network.config.inputs) != set(settings.inputs):
        known, declared = ", ".join(network.config.inputs), ", ".join(settings.inputs)
        raise UserError(f"{paths.TRAINED} reads {known}, but params.yaml has {declared}; run `dvc repro`.")
    table = read_table()
    train, validation, test = (of_split(table, split) for split in SPLITS)
    return Trained(network, settings.inputs, train, validation, test, paths.PREPARED)


def publish(trained: Trained, folder: Path, found: Compressed) -> None:
    """Writes all that later stages read: models/compressed, its predictions, figures and the page."""
    predictor = Predictor.load(folder)
    predictions = predict_rows(predictor, trained.served_rows(trained.test))
    write_predictions(PREDICTIONS, trained.test, predictions, predictor.targets)
    write_report(found, paths.REPORTS / "compression")
    write_json(paths.METRICS / "compress.json", figures(found))
    write_json(paths.METRICS / "timings" / "compress.json", times(found))
    with replacing(paths.COMPRESSED) as beside:
        shutil.copytree(folder, beside)
