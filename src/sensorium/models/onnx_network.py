"""A network run by ONNX Runtime: how everything runs in serving, and some encoders in training too."""

import shutil
from collections.abc import Mapping
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np

from sensorium.errors import UserError, reason


class OnnxNetwork:
    """An ONNX file, opened at its first use.

    Args:
        path: the file.
        threads: threads of one call; one per process serves most requests on busy machines.
    """

    def __init__(self, path: Path, threads: int = 1) -> None:
        self.path = path
        self.threads = threads

    @cached_property
    def _session(self) -> Any:
        import onnxruntime

        onnxruntime.disable_telemetry_events()
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = self.threads
        options.inter_op_num_threads = 1
        options.log_severity_level = 3  # errors
        try:
            return onnxruntime.InferenceSession(self.path, options, providers=["CPUExecutionProvider"])
        except Exception as error:  # its exceptions share no base of their own
            raise UserError(f"{self.path} is no network that ONNX Runtime can run: {reason(error)}.") from error

    @property
    def inputs(self) -> dict[str, tuple[int | str, ...]]:
        """The shape of every input by name; an axis that varies is a name."""
        return {entry.name: tuple(entry.shape) for entry in self._session.get_inputs()}

    def outputs(self, batch: Mapping[str, np.ndarray]) -> dict[str, np.ndarray]:
        """All outputs by name; arrays of the batch that the network has no input for are left out."""
        named = {entry.name: batch[entry.name] for entry in self._session.get_inputs()}
        names = [entry.name for entry in self._session.get_outputs()]
        try:
            return dict(zip(names, self._session.run(names, named), strict=True))
        except Exception as error:  # as above
            raise UserError(f"{self.path} fails in ONNX Runtime: {reason(error)}.") from error

    def __call__(self, batch: Mapping[str, np.ndarray]) -> np.ndarray:
        """The first output."""
        return next(iter(self.outputs(batch).values()))

    def export(self, path: Path, example: Mapping[str, np.ndarray], axes: Mapping[str, Mapping[int, str]]) -> None:
        """Copies the file."""
        shutil.copyfile(self.path, path)
