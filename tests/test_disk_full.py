"""A full disk, by whatever a library raises of it."""

import sqlite3
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from sensorium.disk_full import explain
from sensorium.errors import UserError
from sensorium.files import replacing, temporary
from tests.conftest import fill

NUMBERS = np.random.default_rng(0).random(100_000)


def by_numpy(path: Path) -> None:
    np.save(path.with_suffix(".npy"), NUMBERS)


def by_arrow(path: Path) -> None:
    pq.write_table(pa.table({"a": NUMBERS}), path)


def by_sqlite(path: Path) -> None:
    with sqlite3.connect(path) as base:
        base.execute("CREATE TABLE features (bytes BLOB)")
        base.execute("INSERT INTO features VALUES (?)", (NUMBERS.tobytes(),))


def by_torch(path: Path) -> None:
    import torch

    torch.save(torch.from_numpy(NUMBERS), path)


def by_safetensors(path: Path) -> None:
    from safetensors.numpy import save_file

    save_file({"a": NUMBERS}, path)


def by_onnxruntime(path: Path) -> None:
    import onnx
    import onnxruntime

    weights = onnx.numpy_helper.from_array(NUMBERS.reshape(250, 400), "w")
    ends = [onnx.helper.make_tensor_value_info(name, onnx.TensorProto.DOUBLE, None) for name in "xy"]
    product = onnx.helper.make_node("MatMul", ["x", "w"], ["y"])
    graph = onnx.helper.make_graph([product], "product", ends[:1], ends[1:], [weights])
    model = onnx.helper.make_model(graph, opset_imports=[onnx.helper.make_opsetid("", 17)], ir_version=9)
    options = onnxruntime.SessionOptions()
    options.optimized_model_filepath, options.log_severity_level = str(path), 4
    onnxruntime.InferenceSession(model.SerializeToString(), options)


SLOW = [pytest.param(way, marks=pytest.mark.slow) for way in (by_torch, by_safetensors, by_onnxruntime)]


@pytest.mark.parametrize("write", [by_numpy, by_arrow, by_sqlite, *SLOW])
def test_a_full_disk_is_told_whatever_the_library(write: Callable[[Path], None], small_disk: Path) -> None:
    filler = fill(small_disk, 200)
    with pytest.raises(OSError) as failed, replacing(small_disk / "out") as beside:
        write(beside)
    assert explain(failed.value) == f"No space left on device: {small_disk}; make room, and run it again."
    filler.unlink()
    with temporary(small_disk) as folder:
        write(folder / "out")
    assert list(small_disk.iterdir()) == []


def test_what_is_wrong_with_the_users_data_is_told_on_a_full_disk_as_well(small_disk: Path) -> None:
    fill(small_disk, 200)
    with pytest.raises(UserError, match="a row is wrong"), replacing(small_disk / "out"):
        raise UserError("a row is wrong")


def test_what_has_to_do_with_no_disk_is_not_told_so() -> None:
    try:
        try:
            raise OSError(5, "the disk is broken")
        except OSError as error:
            raise ValueError("a number is wrong") from error
    except ValueError as error:
        assert explain(error) == ""
