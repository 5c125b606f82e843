"""compress: the trained model as ONNX, in the smallest form that loses too little."""

import shutil
import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path

import pandas as pd
from scipy.special import softmax

from sensorium import params, paths
from sensorium.compression.bench import Bench, relative_difference
from sensorium.compression.candidates import Part, export_part
from sensorium.compression.choice import Measured, acceptable, choose
from sensorium.dataset.items import read_items
from sensorium.dataset.predictions import write_predictions
from sensorium.dataset.rows import of_split, read_rows, read_table
from sensorium.dataset.served import read_served_rows
from sensorium.errors import UserError
from sensorium.files import existing, replacing, write_json
from sensorium.models import network as networks
from sensorium.models.network import Network
from sensorium.report.compression import write_report
from sensorium.training.data import Rows
from sensorium.training.loop import predict

PREDICTIONS = paths.PREDICTIONS / "compressed.parquet"
TIMED_ROWS = 40
SAME = 1e-3  # largest relative difference between torch and ONNX Runtime that counts as none


def run() -> None:
    """Writes the chosen model, the figures of all candidates, and how long they take."""
    settings = params.load()
    network = networks.load(existing(paths.TRAINED, made_by="train"))
    table = read_table()
    test = of_split(table, "test")
    rows = read_rows(test, network.config.inputs, network.config.targets)
    bounds = settings.compress.max_drop, settings.compress.max_slowdown
    with tempfile.TemporaryDirectory() as folder:
        work = Path(folder)
        parts = {name: _part(name, settings, table, rows, work) for name in network.config.inputs}
        served = read_served_rows(test, {name: settings.inputs[name] for name in parts}, paths.PREPARED)
        labels = {target: known.numpy() for target, known in rows.labels.items()}
        bench = Bench(parts, network, served, labels, served.fullest(TIMED_ROWS), work)
        parity = _parity(bench, rows, network)
        smallest_first = sorted((name for name in parts if parts[name].has_int8), key=lambda name: -parts[name].saved)
        tried = choose(smallest_first, bench.measure, *bounds)
        chosen = next(one for one in reversed(tried) if acceptable(one, tried[0], *bounds))
        with replacing(paths.COMPRESSED) as beside:
            shutil.copytree(bench.folder(chosen.int8), beside)
        chances = {target: softmax(logits, axis=1) for target, logits in bench.logits(chosen.int8).items()}
        write_predictions(PREDICTIONS, test, chances, network.config.targets)
    fp32 = tried[0]
    fits = {one.name: acceptable(one, fp32, *bounds) for one in tried}
    _write_metrics(tried, chosen, fits, parity)
    write_report(tried, chosen, fits, paths.REPORTS / "compression")
    print(
        f"compress: {chosen.name} of {len(tried)} candidates: {chosen.megabytes:.1f} MB (fp32 {fp32.megabytes:.1f}), "
        f"{chosen.percentile(50):.1f} ms a prediction (fp32 {fp32.percentile(50):.1f})"
    )


def _part(name: str, settings: params.Params, table: pd.DataFrame, rows: Rows, work: Path) -> Part:
    """An input's encoder, exported; int8 is calibrated on training rows, spread over the table."""
    kind = settings.inputs[name]
    digests = table.loc[table["split"] == "train", name].dropna().unique()
    step = max(1, len(digests) // settings.compress.calibration_rows)
    wanted = list(digests[::step][: settings.compress.calibration_rows])
    values = [kind.unpack(packed) for _, packed in read_items(paths.PREPARED / name, wanted)]
    _, tokens, dim = rows.features[name].shape
    return export_part(kind, kind.load_encoder(), (tokens, dim), values, work / name)


def _parity(bench: Bench, rows: Rows, network: Network) -> dict[str, float]:
    """How far ONNX Runtime in fp32 is from what training used, as relative differences.

    Raises:
        UserError: if an export does not compute what its original does.
    """
    uncompressed: frozenset[str] = frozenset()
    found = {}
    for name, items in rows.items.items():
        places = bench.rows.items[name][items.numpy() >= 0]
        original = rows.features[name][items[items >= 0]].numpy()
        found[name] = relative_difference(original, bench.features(name, uncompressed)[places])
    logits = bench.logits(uncompressed)
    for target, original_logits in predict(network, rows).items():
        found[f"logits.{target}"] = relative_difference(original_logits.numpy(), logits[target])
    if wrong := [name for name, difference in found.items() if difference > SAME]:
        raise UserError(
            f"compress: the ONNX export of {wrong[0]} differs from the original by {found[wrong[0]]:.2g} of its "
            f"largest number, more than {SAME:g}; this encoder cannot be served."
        )
    return found


def _write_metrics(
    tried: Sequence[Measured], chosen: Measured, fits: Mapping[str, bool], parity: Mapping[str, float]
) -> None:
    """What repeats from run to run in metrics/compress.json, wall-clock times in metrics/timings/compress.json."""
    candidates = [
        {
            "name": one.name,
            "megabytes": one.megabytes,
            "accuracy": {target: round(value, 6) for target, value in one.accuracy.items()},
            "drop": round(one.drop(tried[0]), 6),
            "acceptable": fits[one.name],
        }
        for one in tried
    ]
    chosen_one = next(entry for entry in candidates if entry["name"] == chosen.name)
    write_json(
        paths.METRICS / "compress.json",
        {
            **chosen_one,
            "parity": {name: float(f"{value:.2g}") for name, value in parity.items()},
            "candidates": candidates,
        },
    )
    times = {
        one.name: {"p50_ms": one.percentile(50), "p95_ms": one.percentile(95), "slowdown": round(one.slowdown, 2)}
        for one in tried
    }
    write_json(paths.METRICS / "timings" / "compress.json", {**times[chosen.name], "candidates": times})
