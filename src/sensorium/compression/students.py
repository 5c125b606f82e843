"""Students: smaller networks made of a trained one, distilled and written as ONNX; each once, then cached."""

import hashlib
import json
import re
import shutil
import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property, partial
from pathlib import Path
from typing import Any, cast

import numpy as np
import torch
from torch import nn

from sensorium import paths
from sensorium.cached import made_once
from sensorium.compression import distil, shrink
from sensorium.compression.distil import DistillationSet, distil_encoder, distil_network
from sensorium.compression.export import export_network
from sensorium.compression.parts import Part, Reader
from sensorium.compression.settings import FUSION, Student
from sensorium.compression.trained import Trained
from sensorium.dataset.cache import fingerprint
from sensorium.encoders.encoder import encode_arrays
from sensorium.encoders.torch_network import TorchNetwork
from sensorium.errors import UserError, reason
from sensorium.models.network import Network
from sensorium.training import loop
from sensorium.training.data import Rows

MOST_SAMPLES = 4000  # of one encoder, values and changed forms of them
BATCH = 32
FUSION_EPOCHS = 40  # rows of features are quick
STRENGTHS = 2  # mild and medium damage still looks like data

Distil = Callable[[Student, Path], None]  # writes a student as ONNX


@dataclass(frozen=True)
class EncoderDistillation:
    """Distils students of one encoder.

    Attributes:
        name: the input.
        reader: its encoder is the teacher.
        read_values: gives the cleaned values of training rows by digest, of at most `MOST_SAMPLES` spread over them.
        rows: of every digest, the training rows that hold it.
        network: the fusion behind the encoder.
        train: the training rows.
        epochs: passes over all samples.
    """

    name: str
    reader: Reader
    read_values: Callable[[], Mapping[str, Any]]
    rows: Mapping[str, np.ndarray]
    network: Network
    train: Rows
    epochs: int

    def distil(self, student: Student, path: Path) -> None:
        """Writes a student as ONNX.

        Raises:
            UserError: if this encoder has no such student.
        """
        kept = paths.cache() / "students" / self._key(student) / "student.onnx"
        shutil.copyfile(made_once(kept, partial(self._distil, student)), path)

    def _distil(self, student: Student, path: Path) -> None:
        teacher = self.reader.encoder.network
        if self.reader.encoder.preprocess.most_tokens is not None:
            raise UserError("its values have differing numbers of tokens, which no student gives")
        if not isinstance(teacher, TorchNetwork):
            raise UserError("its encoder is an ONNX file, which cannot learn")
        dataset = self._dataset
        example = dataset.collate(dataset.samples[:2])
        tensors = {name: torch.from_numpy(array).to(teacher.device) for name, array in example.items()}
        try:
            smaller = shrink.SHRINKS[student.kind](teacher.module, student.keep, tensors)
            fits = smaller(**tensors).shape == dataset.features[:2].shape
        except UserError:
            raise
        except Exception as error:  # any module may come here, and not every one can be cut
            raise UserError(f"this network cannot be made smaller so: {reason(error)}") from error
        if not fits:
            raise UserError("this network cannot be made smaller so: its features change their shape")
        distil_encoder(smaller, dataset, self.network, self.train, self.epochs)
        TorchNetwork(smaller).export(path, example, self.reader.encoder.preprocess.axes)

    @cached_property
    def _dataset(self) -> DistillationSet:
        """Training values, and as many damaged or partly hidden forms of each as there is room for."""
        preprocess = self.reader.encoder.preprocess
        values = self.read_values()
        of_each = max(1, MOST_SAMPLES // len(values))
        samples, rows = [], []
        for digest, value in values.items():
            forms = [value, *self._changed(digest, value)[: of_each - 1]]
            samples += [preprocess(form) for form in forms]
            rows += [self.rows[digest]] * len(forms)
        network = self.reader.encoder.network
        batches = [samples[start : start + BATCH] for start in range(0, len(samples), BATCH)]
        features = torch.from_numpy(np.concatenate([encode_arrays(preprocess, network, batch) for batch in batches]))
        return DistillationSet(self.name, samples, preprocess.collate, features, rows)

    def _changed(self, digest: str, value: Any) -> list[Any]:
        kind = self.reader.kind
        random = np.random.default_rng(int(digest[:16], 16))
        forms = [
            change(value, strength, random) for change in kind.corruptions.values() for strength in range(STRENGTHS)
        ]
        forms += [left for _, left in kind.occlusions(value)]
        return [forms[place] for place in random.permutation(len(forms))]

    def _key(self, student: Student) -> str:
        """Changes with all that decides what a student becomes."""
        modules = (shrink, distil, loop, sys.modules[type(self.reader.kind).__module__])
        sources = [*(Path(module.__file__ or "") for module in modules), Path(__file__)]
        digest = hashlib.sha256(fingerprint(self.reader.encoder).encode())
        for source in sources:
            digest.update(source.read_bytes())
        digest.update(json.dumps([student.model_dump(), self.epochs, self.name, list(self.rows)]).encode())
        tensors = [*self.network.state_dict().values(), *self.train.items.values(), *self.train.features.values()]
        for tensor in tensors:
            digest.update(tensor.contiguous().numpy())
        return digest.hexdigest()


def distiller(trained: Trained, part: Part, epochs: int) -> Distil:
    """Writes students of a part of a model.

    Args:
        trained: the model.
        part: an input's encoder, or the fusion.
        epochs: passes of an encoder's student over its samples.
    """
    if part.name == FUSION:
        return lambda student, path: distil_fusion(student, trained.network, trained.tokens, trained.train_rows, path)
    return EncoderDistillation(
        part.name,
        trained.readers[part.name],
        partial(trained.training_values, part.name, MOST_SAMPLES),
        {str(digest): np.asarray(at) for digest, at in trained.train.groupby(part.name).indices.items()},
        trained.network,
        trained.train_rows,
        epochs,
    ).distil


def distil_fusion(student: Student, network: Network, tokens: Mapping[str, int], train: Rows, path: Path) -> None:
    """Writes a smaller fusion network as ONNX, taught by the trained one.

    Raises:
        UserError: if a fusion has no such student.
    """
    if student.kind not in FUSION_SHRINKS:
        raise UserError(f"a fusion has no {student.kind} to lose; {' and '.join(FUSION_SHRINKS)} make it smaller")
    smaller = FUSION_SHRINKS[student.kind](network, student.keep)
    distil_network(smaller, network, train, FUSION_EPOCHS)
    export_network(smaller, path, tokens)


def _narrower(network: Network, keep: float) -> Network:
    """A new network of the same sort with fewer numbers a token; it reads features on the same scale.

    Those beside it stay as they were solved.
    """
    torch.manual_seed(0)
    width = max(4, 4 * round(keep * network.config.width / 4))
    smaller = Network(replace(network.config, width=width))
    solved = {name: tensor for name, tensor in network.state_dict().items() if re.search(r"\.members\.[1-9]", name)}
    smaller.load_state_dict(dict(network.named_buffers()) | solved, strict=False)
    with torch.no_grad():
        for mine, one in zip(*(cast(Sequence[nn.Linear], of.heads) for of in (smaller, network)), strict=True):
            mine.weight[:, width:] = one.weight[:, network.config.width :]
    return smaller


def _sparser(network: Network, keep: float) -> Network:
    return cast(Network, shrink.sparse(network, keep, {}))


FUSION_SHRINKS: dict[str, Callable[[Network, float], Network]] = {"width": _narrower, "sparse": _sparser}
