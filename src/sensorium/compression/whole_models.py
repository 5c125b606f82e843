"""Whole models side by side: the trained one, the same in ONNX, and the served one."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from sensorium.compression import cold_start
from sensorium.compression.bench import BATCHES, SINGLES, Bench
from sensorium.compression.cold_start import BATCH
from sensorium.compression.latency import interleaved
from sensorium.compression.uncompressed import one_thread, size, uncompressed
from sensorium.models.network import Network
from sensorium.runtime import artefact
from sensorium.runtime.predictor import Predictor

TORCH, ONNX, SERVED = "torch fp32", "ONNX fp32", "served"


@dataclass(frozen=True)
class WholeModel:
    """A whole model, measured beside others.

    Attributes:
        size: bytes.
        single: milliseconds of one sample with all its inputs, preprocessing included, every time.
        batch: milliseconds of a batch of them.
        start: milliseconds from starting a process to the first answer.
        memory: bytes of that process at most.
    """

    size: int
    single: Sequence[float]
    batch: Sequence[float]
    start: float
    memory: int


def compare(network: Network, bench: Bench, trained: Path) -> dict[str, WholeModel]:
    """Measures the models `TORCH`, `ONNX` and `SERVED` in turns, with one thread.

    Args:
        network: the trained one.
        bench: with the encoders and rows; the folders of the other two models are in ``bench.work``.
        trained: the folder that the trained one is loaded from.
    """
    folders = {name: bench.work / name for name in (ONNX, SERVED)}
    plain = uncompressed(bench.readers, network)
    models = {TORCH: plain} | {name: Predictor.load(folder) for name, folder in folders.items()}
    sizes = {TORCH: size(bench.readers, network)} | {name: artefact.size(at) for name, at in folders.items()}
    loads = {TORCH: ("uncompressed", trained)} | {name: ("served", at) for name, at in folders.items()}
    samples = bench.rows.fullest(BATCH)
    written = bench.work / "samples"
    cold_start.write_samples(written, plain, samples)
    calls = {name: model.predict for name, model in models.items()}
    with one_thread():
        single = interleaved(calls, [[one] for one in samples], SINGLES)
        batch = interleaved(calls, [samples], BATCHES, warm=False)
    started = {name: cold_start.measure(*what, written) for name, what in loads.items()}
    return {name: WholeModel(sizes[name], single[name], batch[name], *started[name]) for name in models}
