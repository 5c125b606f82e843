"""int8 forms of an exported encoder."""

import logging
import tempfile
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path

import onnx
from onnxruntime.quantization import CalibrationDataReader, QuantFormat, QuantType, quantize_dynamic, quantize_static
from onnxruntime.quantization.shape_inference import quant_pre_process

from sensorium.modalities.encoder import Arrays

Quantizer = Callable[[Path, Path, Iterable[Arrays]], None]


def dynamic(source: Path, target: Path, batches: Iterable[Arrays]) -> None:
    """Weights of matrix products and tables as int8, activations quantized as they come; gains on transformers."""
    with _quiet():
        quantize_dynamic(
            source, target, op_types_to_quantize=["MatMul", "Gather"], per_channel=True, weight_type=QuantType.QInt8
        )


def static(source: Path, target: Path, batches: Iterable[Arrays]) -> None:
    """Weights per channel and activations as int8 by ranges seen on ``batches``; gains on convolutional networks."""
    with tempfile.TemporaryDirectory() as folder, _quiet():
        ready = Path(folder) / "ready.onnx"
        quant_pre_process(source, ready)
        quantize_static(
            ready,
            target,
            _Batches(batches),
            quant_format=QuantFormat.QDQ,
            per_channel=True,
            activation_type=QuantType.QUInt8,
            weight_type=QuantType.QInt8,
        )
    model = onnx.load(target)
    onnx.checker.check_model(model)


QUANTIZERS: dict[str, Quantizer] = {"dynamic": dynamic, "static": static}


class _Batches(CalibrationDataReader):
    """Batches one after the other, as the calibration wants them."""

    def __init__(self, batches: Iterable[Arrays]) -> None:
        self._batches: Iterator[Arrays] = iter(batches)

    def get_next(self) -> Arrays | None:
        return next(self._batches, None)


@contextmanager
def _quiet() -> Iterator[None]:
    """Keeps the quantizer's advice, which does not apply, off the screen."""
    level = logging.getLogger().level
    logging.getLogger().setLevel(logging.ERROR)
    try:
        yield
    finally:
        logging.getLogger().setLevel(level)
