"""A model written as serving loads it, from untrained or hand-made networks."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from sensorium.compression.forms import make_form
from sensorium.compression.parts import FP32, Reader, export_encoder, export_fusion, write_model_files
from sensorium.compression.settings import FUSION
from sensorium.encoders.encoder import encode
from sensorium.modalities import Modality
from sensorium.models.network import Network, NetworkConfig
from sensorium.runtime import artefact


def read(kinds: Mapping[str, Modality], values: Mapping[str, Any]) -> dict[str, Reader]:
    """Every input with its encoder; a cleaned value of each shows the shape of its features."""
    readers = {}
    for name, kind in kinds.items():
        encoder = kind.load_encoder()
        _, tokens, dim = encode(encoder.preprocess, encoder.network, [values[name]]).shape
        readers[name] = Reader(kind, encoder, (tokens, dim))
    return readers


def small_network(readers: Mapping[str, Reader], targets: dict[str, list[str]], kind: str = "concat") -> Network:
    """An untrained fusion."""
    dims = {name: reader.shape[1] for name, reader in readers.items()}
    return Network(NetworkConfig(dims, targets, kind, 16, 1, 0.0)).eval()


def write(
    readers: Mapping[str, Reader],
    values: Mapping[str, Any],
    network: Network,
    folder: Path,
    forms: Mapping[str, str] | None = None,
) -> Path:
    """The model's folder; ``forms`` of parts that are not fp32."""
    work = folder.with_name(f"{folder.name}-parts")
    parts = {name: export_encoder(name, one, [values[name]] * 2, work / name) for name, one in readers.items()}
    parts[FUSION] = export_fusion(network, {name: one.shape[0] for name, one in readers.items()}, [], work / FUSION)
    chosen = dict.fromkeys(parts, FP32) | dict(forms or {})
    for name, form in (forms or {}).items():
        part = parts[name]
        part.make(form, lambda path, part=part, form=form: make_form(form, part.files[FP32], path, part.batches))
    artefact.seal(folder, write_model_files(readers, parts, chosen, network, folder))
    return folder
