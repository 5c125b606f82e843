"""Forms of an ONNX file: networks that compute the same, or nearly, in fewer bytes or less time."""

import logging
import warnings
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import Any

from sensorium import disk
from sensorium.encoders.encoder import Arrays
from sensorium.errors import UserError, reason
from sensorium.files import remove, temporary

Form = Callable[[Path, Path, Sequence[Arrays]], None]  # reads, writes, may look at batches of training rows
TABLES = ("MatMul", "Gemm", "Gather")
PRODUCTS = ("MatMul", "Gemm")
BLOCK = 32  # weights that share a scale where there are few bits


def optimised(source: Path, target: Path, batches: Sequence[Arrays]) -> None:
    """fp32 with the graph's operators folded and fused once, rather than at every start."""
    import onnxruntime

    options = onnxruntime.SessionOptions()
    # The next level fits the graph to this very CPU.
    options.graph_optimization_level = onnxruntime.GraphOptimizationLevel.ORT_ENABLE_EXTENDED
    options.optimized_model_filepath = str(target)
    options.log_severity_level = 3
    onnxruntime.InferenceSession(source, options, providers=["CPUExecutionProvider"])


def dynamic(
    source: Path, target: Path, batches: Sequence[Arrays], operators: Sequence[str], per_channel: bool = True
) -> None:
    """int8 weights of these operators; activations are quantized as they come. Gains on transformers."""
    from onnx import TensorProto
    from onnxruntime.quantization import QuantType, quantize_dynamic

    with temporary() as folder:
        ready = folder / "optimised.onnx"
        optimised(source, ready, batches)  # once quantized, there is less that can be fused
        quantize_dynamic(
            ready,
            target,
            op_types_to_quantize=list(operators),
            per_channel=per_channel,
            weight_type=QuantType.QInt8,
            extra_options={"DefaultTensorType": TensorProto.FLOAT},  # of what fused operators return
        )
        _must_differ(ready, target)


def static(source: Path, target: Path, batches: Sequence[Arrays]) -> None:
    """int8 weights per channel and activations by the ranges seen on ``batches``. Gains on convolutions."""
    from onnxruntime.quantization import CalibrationDataReader, QuantFormat, QuantType, quantize_static
    from onnxruntime.quantization.shape_inference import quant_pre_process

    if not batches:
        raise UserError("there are no training rows to see the ranges of activations on")

    class Batches(CalibrationDataReader):
        def __init__(self) -> None:
            self._left = iter(batches)

        def get_next(self) -> Arrays | None:
            return next(self._left, None)

    with temporary() as folder:
        ready = folder / "ready.onnx"
        quant_pre_process(source, ready, skip_symbolic_shape=True)  # which leaves files behind where it fails
        quantize_static(
            ready,
            target,
            Batches(),
            quant_format=QuantFormat.QDQ,
            per_channel=True,
            activation_type=QuantType.QUInt8,
            weight_type=QuantType.QInt8,
        )


def half(source: Path, target: Path, batches: Sequence[Arrays]) -> None:
    """fp16 inside, fp32 outside."""
    import onnx
    from onnxruntime.transformers.float16 import convert_float_to_float16

    onnx.save(convert_float_to_float16(onnx.load(source), keep_io_types=True), target)


def weights(source: Path, target: Path, batches: Sequence[Arrays], operators: Sequence[str], bits: int) -> None:
    """Weights of these operators in 4 or 8 bits, a scale for every block of them; activations stay fp32."""
    import onnx
    from onnxruntime.quantization.matmul_nbits_quantizer import MatMulNBitsQuantizer

    quantizer = MatMulNBitsQuantizer(
        onnx.load(source),
        bits=bits,
        block_size=BLOCK,
        is_symmetric=True,
        accuracy_level=4,  # multiply in int8
        op_types_to_quantize=tuple(operators),
        quant_axes=(("MatMul", 0), ("Gather", 1)),
    )
    quantizer.process()
    quantizer.model.save_model_to_file(str(target), False)


def with_int4_tables(source: Path, target: Path, batches: Sequence[Arrays], first: Form) -> None:
    """Another form, and tables of embeddings in 4 bits."""
    with temporary() as folder:
        between = folder / "between.onnx"
        first(source, between, batches)
        _must_differ(source, between)
        weights(between, target, batches, ["Gather"], bits=4)
        _must_differ(between, target)


DYNAMIC = partial(dynamic, operators=PRODUCTS)
WEIGHTS = partial(weights, operators=["MatMul"], bits=8)


FORMS: dict[str, Form] = {
    "optimised": optimised,
    "int8": DYNAMIC,
    "int8-tensor": partial(dynamic, operators=PRODUCTS, per_channel=False),
    "int8-tables": partial(dynamic, operators=TABLES),
    "int8-tables-tensor": partial(dynamic, operators=TABLES, per_channel=False),
    "int8-int4-tables": partial(with_int4_tables, first=DYNAMIC),
    "int8-static": static,
    "fp16": half,
    "int8-weights": WEIGHTS,
    "int8-weights-int4-tables": partial(with_int4_tables, first=WEIGHTS),
    "int4-weights": partial(weights, operators=["MatMul", "Gather"], bits=4),
}


EXACT = ("optimised",)  # forms that compute what fp32 does, up to rounding
CALIBRATED = ("int8-static",)  # forms that look at training rows, which of clips are hundreds of megabytes


def make_form(name: str, source: Path, target: Path, batches: Sequence[Arrays]) -> None:
    """Writes the form of this name.

    Args:
        name: of `FORMS`.
        source: the fp32 file.
        target: the file to write.
        batches: arrays of training rows, for forms that look at them.

    Raises:
        UserError: saying why there is none; no file is left then.
    """
    try:
        with _quiet():
            FORMS[name](source, target, batches)
        _must_differ(source, target)
    except Exception as error:  # the libraries raise whatever they meet first
        disk.raise_if_full(target.parent, error)
        remove(target)
        if isinstance(error, UserError | OSError | ImportError):  # the last is an installation that lacks something
            raise
        raise UserError(reason(error)) from error


def _must_differ(source: Path, target: Path) -> None:
    if _kinds_of_nodes(source) == _kinds_of_nodes(target):
        raise UserError("it changes nothing in this network")


def _kinds_of_nodes(path: Path) -> Mapping[Any, int]:
    import onnx

    graph = onnx.load(path).graph
    return Counter([node.op_type for node in graph.node] + [tensor.data_type for tensor in graph.initializer])


@contextmanager
def _quiet() -> Iterator[None]:
    """Keeps the quantizers' advice, which does not apply, off the screen."""
    disabled = logging.root.manager.disable
    logging.disable(logging.ERROR)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # the 4-bit quantizer divides by the scale of zeros
            yield
    finally:
        logging.disable(disabled)
