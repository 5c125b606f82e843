"""A variant of a part made, started and run, in any process: all that need not be timed beside another."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from sensorium.compression import cold_start
from sensorium.compression.forms import make_form
from sensorium.dataset.served import encode_batches
from sensorium.encoders.encoder import Arrays, Preprocess
from sensorium.errors import BadInput, UserError, reason
from sensorium.models.onnx_network import OnnxNetwork


@dataclass(frozen=True)
class Job:
    """A variant of a part, to be run.

    Attributes:
        part: its name.
        form: made of the source first, by name; empty where the variant's file is there.
        source: a file of ONNX.
        path: the variant's file.
        batches: arrays of training rows, for forms that look at them.
        arrays: a file of arrays: what the network reads first in a process of its own.
        preprocess: of an encoder; none of a fusion.
        values: cleaned values that an encoder reads.
    """

    part: str
    form: str
    source: Path
    path: Path
    batches: Sequence[Arrays]
    arrays: Path
    preprocess: Preprocess | None
    values: Sequence[Any]


@dataclass(frozen=True)
class Ran:
    """What came of it.

    Attributes:
        start: milliseconds until the first answer in a new process.
        memory: bytes of that process at most.
        features: of the values ``[values, tokens, dim]``, of an encoder.
        problem: why there is nothing of this.
    """

    start: float = 0.0
    memory: int = 0
    features: np.ndarray | None = None
    problem: str = ""


def run(job: Job) -> Ran:
    """Makes the file and runs it: first in a process of its own, since some files end the process that opens them."""
    try:
        if job.form:
            make_form(job.form, job.source, job.path, job.batches)
        start, memory = cold_start.measure("network", job.path, job.arrays)
        if job.preprocess is None:
            return Ran(start, memory)
        return Ran(start, memory, encode_batches(job.preprocess, OnnxNetwork(job.path), job.values))
    except (UserError, BadInput) as error:
        return Ran(problem=reason(error))
