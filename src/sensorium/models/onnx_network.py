"""A network run by ONNX Runtime: how everything runs in serving, and some encoders in training too."""

import shutil
from collections.abc import Mapping
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np


class OnnxNetwork:
    """An ONNX file, opened at its first use.

    Args:
        path: the file.
        threads: threads of one call; one per process serves most requests on busy machines.
        rename: names in the file -> names that callers use, where they differ.
    """

    def __init__(self, path: Path, threads: int = 1, rename: Mapping[str, str] | None = None) -> None:
        self.path = path
        self.threads = threads
        self.rename = dict(rename or {})

    @cached_property
    def _session(self) -> Any:
        import onnxruntime

        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = self.threads
        options.inter_op_num_threads = 1
        return onnxruntime.InferenceSession(self.path, options, providers=["CPUExecutionProvider"])

    def outputs(self, batch: Mapping[str, np.ndarray]) -> dict[str, np.ndarray]:
        """All outputs by name; arrays of the batch that the network has no input for are left out."""
        named = {entry.name: batch[self.rename.get(entry.name, entry.name)] for entry in self._session.get_inputs()}
        names = [entry.name for entry in self._session.get_outputs()]
        return dict(zip(names, self._session.run(names, named), strict=True))

    def __call__(self, batch: Mapping[str, np.ndarray]) -> np.ndarray:
        """The first output."""
        return next(iter(self.outputs(batch).values()))

    def export(self, path: Path, example: Mapping[str, np.ndarray], axes: Mapping[str, Mapping[int, str]]) -> None:
        """Copies the file, with its inputs under the names callers use."""
        if not self.rename:
            shutil.copyfile(self.path, path)
            return
        import onnx

        model = onnx.load(self.path)
        for entry in model.graph.input:
            entry.name = self.rename.get(entry.name, entry.name)
        for node in model.graph.node:
            for place, name in enumerate(node.input):
                node.input[place] = self.rename.get(name, name)
        onnx.save(model, path)
