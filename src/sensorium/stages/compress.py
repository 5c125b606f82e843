"""compress: the trained model as ONNX, in the smallest form that is proven to lose too little."""

import shutil
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property, partial
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from sensorium import params, paths
from sensorium.compression import parity
from sensorium.compression.bench import Bench, WholeModel, compare
from sensorium.compression.choice import Chosen, choose
from sensorium.compression.figures import ONNX, SERVED, TORCH, Compressed, figures, times
from sensorium.compression.parts import FP32, Part, Reader, export_encoder, export_fusion, fusion_batches, lay_out
from sensorium.compression.proof import proof
from sensorium.compression.quality import Evaluator
from sensorium.compression.settings import FUSION
from sensorium.compression.students import MOST_SAMPLES, EncoderDistillation, distil_fusion
from sensorium.compression.trials import Distil, try_part
from sensorium.compression.uncompressed import size, uncompressed
from sensorium.dataset.items import read_items
from sensorium.dataset.predictions import write_predictions
from sensorium.dataset.rows import of_split, read_rows, read_table
from sensorium.dataset.served import ServedRows, encode_values, fuse_rows, read_served_rows
from sensorium.errors import UserError
from sensorium.files import existing, replacing, temporary, write_json
from sensorium.models import network as networks
from sensorium.models.network import Network
from sensorium.monitoring.drift.reference import ReferenceContext, write_reference
from sensorium.prepared import load_params
from sensorium.report.compression import summary, write_report
from sensorium.runtime import artefact
from sensorium.runtime.predictor import Predictor
from sensorium.targets import scored_by
from sensorium.training.data import Rows
from sensorium.training.forward import predict

PREDICTIONS = paths.PREDICTIONS / "compressed.parquet"
PARITY_VALUES = 24  # of every input
REFERENCE_ROWS = 2000
AXES_VALUES = 5000  # of every input, to fit its axes to
PARTS = "parts"


@dataclass(frozen=True)
class Trained:
    """What the stage reads: the trained model, and the rows of each split."""

    settings: params.Params
    network: Network
    train: pd.DataFrame
    validation: pd.DataFrame
    test: pd.DataFrame

    def rows(self, table: pd.DataFrame) -> Rows:
        """Rows of a table with the features that training used."""
        return read_rows(table, self.network.config.inputs, self.network.targets)

    def served_rows(self, table: pd.DataFrame) -> ServedRows:
        """Rows of a table with the values that serving reads."""
        return read_served_rows(table, {name: one.kind for name, one in self.readers.items()}, paths.PREPARED)

    @cached_property
    def train_rows(self) -> Rows:
        """The training rows with their features."""
        return self.rows(self.train)

    @cached_property
    def readers(self) -> dict[str, Reader]:
        """Every input with its encoder."""
        shapes = {name: features.shape[1:] for name, features in self.train_rows.features.items()}
        return {
            name: Reader(kind := self.settings.inputs[name], kind.load_encoder(), (int(tokens), int(dim)))
            for name, (tokens, dim) in shapes.items()
        }

    def training_values(self, name: str, count: int | None = None) -> dict[str, Any]:
        """Cleaned training values of an input by digest: all, or so many spread over the rows."""
        digests = pd.Series(self.train[name].dropna().unique())
        wanted = list(digests if count is None else spread(digests, count))
        kind = self.settings.inputs[name]
        return {digest: kind.unpack(packed) for digest, packed in read_items(paths.PREPARED / name, wanted)}


def run() -> None:
    """Writes the chosen model, its predictions of the test rows, and the figures of all candidates."""
    trained = read_trained()
    settings = trained.settings.compress
    test = spread(trained.test, settings.rows)
    evaluator = make_evaluator(trained, test)
    scores = scored_by(trained.network.targets.values())
    rows = proof(evaluator.labelled, evaluator.confidence, settings, evaluator.unjudged, scores)
    if not rows.is_possible:
        print(f"compress: {rows.words()}", flush=True)
    with temporary(paths.COMPRESSED.parent) as work:  # hundreds of megabytes
        bench = make_bench(trained, test, evaluator, work)
        same = check_parity(trained, bench)
        candidates = {
            name: try_part(part, bench, rows.tried, teacher(trained, part)) for name, part in bench.parts.items()
        }
        chosen = choose(candidates, settings, partial(bench.keeps, max_drop=settings.max_drop))
        write_served(trained, bench, chosen)
        found = Compressed(
            chosen,
            bench.quality(chosen),
            candidates,
            {name: part.refused for name, part in bench.parts.items()},
            compare_models(trained, bench),
            same,
            len(bench.evaluator.groups),
            rows,
        )
        publish(trained, work / SERVED, found)
    print(f"compress: {summary(found)}")


def read_trained() -> Trained:
    """The model that was trained and the rows it was trained on."""
    settings = load_params()
    network = networks.load(existing(paths.TRAINED, made_by="train"))
    if set(network.config.inputs) != set(settings.inputs):
        known, declared = ", ".join(network.config.inputs), ", ".join(settings.inputs)
        raise UserError(f"{paths.TRAINED} reads {known}, but params.yaml has {declared}; run `dvc repro`.")
    table = read_table()
    return Trained(settings, network, *(of_split(table, split) for split in ("train", "val", "test")))


def spread(rows: Any, count: int) -> Any:
    """At most so many rows of a table, evenly spread over it."""
    if len(rows) <= count:
        return rows
    return rows.iloc[np.linspace(0, len(rows) - 1, count).astype(int)].reset_index(drop=True)


def make_evaluator(trained: Trained, test: pd.DataFrame) -> Evaluator:
    """Compares with the trained model's answers for these test rows."""
    rows, settings = trained.rows(test), trained.settings.evaluation
    return Evaluator(
        trained.network.targets,
        {target: known.numpy() for target, known in rows.labels.items()},
        {target: logits.numpy() for target, logits in predict(trained.network, rows).items()},
        test["group"].to_numpy(),
        settings.bootstrap,
        settings.confidence,
    )


def make_bench(trained: Trained, test: pd.DataFrame, evaluator: Evaluator, work: Path) -> Bench:
    """The model's parts as fp32, and the rows they are measured on."""
    settings = trained.settings
    calibration = settings.compress.calibration_rows
    examples = {name: list(trained.training_values(name, calibration).values()) for name in trained.readers}
    parts: dict[str, Part] = {
        name: export_encoder(name, reader, examples[name], work / PARTS / name)
        for name, reader in trained.readers.items()
    }
    tokens = {name: reader.shape[0] for name, reader in trained.readers.items()}
    batches = fusion_batches(trained.train_rows, calibration)
    parts[FUSION] = export_fusion(trained.network, tokens, batches, work / PARTS / FUSION)
    return Bench(trained.readers, parts, trained.network.targets, trained.served_rows(test), evaluator, examples, work)


def check_parity(trained: Trained, bench: Bench) -> parity.Parity:
    """Holds a folder that serving loads against the trained model; it stays in the bench's folder."""
    plain = bench.work / ONNX
    artefact.seal(plain, lay_out(bench.readers, bench.parts, dict.fromkeys(bench.parts, FP32), trained.network, plain))
    values = {name: (several or bench.examples[name])[:PARITY_VALUES] for name, several in bench.rows.values.items()}
    found = parity.check(bench.readers, trained.network, Predictor.load(plain), values)
    for target, logits in bench.logits({}).items():
        found[f"logits.{target}"] = parity.difference(bench.evaluator.uncompressed[target], logits)
    return parity.kept(found)


def teacher(trained: Trained, part: Part) -> Distil:
    """Writes students of a part."""
    if part.name == FUSION:
        tokens = {name: reader.shape[0] for name, reader in trained.readers.items()}
        return lambda student, path: distil_fusion(student, trained.network, tokens, trained.train_rows, path)
    return EncoderDistillation(
        part.name,
        trained.readers[part.name],
        partial(trained.training_values, part.name, MOST_SAMPLES),
        {str(digest): np.asarray(at) for digest, at in trained.train.groupby(part.name).indices.items()},
        trained.network,
        trained.train_rows,
        trained.settings.compress.epochs,
    ).distil


def write_served(trained: Trained, bench: Bench, chosen: Chosen) -> None:
    """The folder that serving loads, in the bench's folder."""
    folder = bench.work / SERVED
    description = lay_out(bench.readers, bench.parts, chosen, trained.network, folder)
    rows = spread(trained.validation, REFERENCE_ROWS)
    write_reference(folder, bench.predictor(chosen), trained.served_rows(rows), known_of(trained, rows))
    artefact.seal(folder, description)


def known_of(trained: Trained, rows: pd.DataFrame) -> ReferenceContext:
    """What the reference says of rows besides their inputs."""
    inputs = trained.settings.inputs
    return ReferenceContext(
        rows["group"].to_numpy(),
        {target: rows[target].where(rows[target].notna(), None) for target in trained.network.config.targets},
        [name for group in trained.settings.split.groups if (name := trained.settings.called(group)) in inputs],
        {name: trained.training_values(name).values() for name, kind in inputs.items() if kind.has_names},
        {name: training_features(trained, name) for name in inputs},
    )


def training_features(trained: Trained, name: str) -> np.ndarray:
    """Features ``[values, tokens, dim]`` of an input in the training rows, as the uncompressed encoder gives them."""
    items = trained.train_rows.items[name].numpy()
    used = spread(pd.Series(np.unique(items[items >= 0])), AXES_VALUES).to_numpy()
    return trained.train_rows.features[name].numpy()[used]


def compare_models(trained: Trained, bench: Bench) -> Mapping[str, WholeModel]:
    """The trained model, the same in ONNX, and the served one, side by side."""
    folders = {name: bench.work / name for name in (ONNX, SERVED)}
    plain = uncompressed(bench.readers, trained.network)
    models = {TORCH: plain} | {name: Predictor.load(folder) for name, folder in folders.items()}
    sizes = {TORCH: size(bench.readers, trained.network)} | {name: artefact.size(at) for name, at in folders.items()}
    loads = {TORCH: ("uncompressed", paths.TRAINED)} | {name: ("served", at) for name, at in folders.items()}
    return compare(models, sizes, loads, bench.rows, bench.work / "samples")


def publish(trained: Trained, folder: Path, found: Compressed) -> None:
    """Writes all that later stages read: models/compressed, its predictions, figures and the page."""
    predictor = Predictor.load(folder)
    rows = trained.served_rows(trained.test)
    features = {name: encode_values(predictor, name, values) for name, values in rows.values.items()}
    outputs = fuse_rows(predictor, features, rows.items)
    predictions = {name: target.predict(outputs[name]) for name, target in predictor.targets.items()}
    write_predictions(PREDICTIONS, trained.test, predictions, predictor.targets)
    write_report(found, paths.REPORTS / "compression")
    write_json(paths.METRICS / "compress.json", figures(found))
    write_json(paths.METRICS / "timings" / "compress.json", times(found))
    with replacing(paths.COMPRESSED) as beside:
        shutil.copytree(folder, beside)
