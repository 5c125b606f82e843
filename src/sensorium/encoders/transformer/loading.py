"""Models and processors of a folder, loaded by transformers: in fp32, and no code of the folder is run."""

import math
import re
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import torch

from sensorium.encoders.transformer.folder import Folder
from sensorium.errors import UserError, reason

# End the names of architectures that the general class of their kind would load with too few layers, or too many.
OWN_CLASSES = ("WithProjection", "EncoderModel", "ContextEncoder")
NUMBER = re.compile(r"\d+")
PROCESSORS = ("processor_config.json", "preprocessor_config.json")  # the later says more of what both say


@dataclass(frozen=True)
class Loaded:
    """A model, and what of it is random.

    Attributes:
        folder: it was loaded from.
        model: of transformers.
        missing: names of its weights that the files do not have, or have in another shape.
        odd: of these, the ones in another shape: the shape in the files and the shape in the model.
    """

    folder: Folder
    model: Any
    missing: list[str]
    odd: dict[str, tuple[tuple[int, ...], tuple[int, ...]]]


def load(folder: Folder, prefix: str = "") -> Loaded:
    """The model of a folder.

    Args:
        folder: looked through already.
        prefix: to take off the names of the weights in the files.

    Raises:
        UserError: if transformers cannot load it.
    """
    import transformers

    folder.shapes  # noqa: B018 - whether all weights are there and whole
    named = (folder.config.get("architectures") or [""])[0]
    kind = getattr(transformers, named, None) if named.endswith(OWN_CLASSES) else None
    with _library("cannot be loaded"):
        model, info = (kind or transformers.AutoModel).from_pretrained(
            folder.path,
            use_safetensors=True,
            attn_implementation="eager",
            dtype=torch.float32,
            trust_remote_code=False,
            local_files_only=True,
            ignore_mismatched_sizes=True,  # they count as missing
            output_loading_info=True,
            **({"key_mapping": {f"^{re.escape(prefix)}": ""}} if prefix else {}),
        )
    _require_all_layers(model, info["unexpected_keys"])
    odd = {name: (tuple(found), tuple(wanted)) for name, found, wanted in info["mismatched_keys"]}
    return Loaded(folder, model, sorted({*info["missing_keys"], *odd}), odd)


def _require_all_layers(model: Any, unread: Iterable[str]) -> None:
    """Says so if the files have more layers of a sort that the model has: its config would cut the network short."""
    sorts = {NUMBER.sub("#", name) for name in model.state_dict()}
    names = sorted(name.removeprefix(f"{model.base_model_prefix}.") for name in unread)
    if cut := next((name for name in names if NUMBER.sub("#", name) in sorts), None):
        raise UserError(
            f"its weights have more layers than its config.json, such as {cut}: features would be those of half a "
            "network; fetch both again, from one place."
        )


def wrapper(loaded: Loaded) -> str | None:
    """The prefix under which the files have all that is missing: of something the model was wrapped in.

    ``None`` if there is no such prefix, or more than one: then it is not certain which network is meant.
    """
    names = loaded.folder.shapes
    lost = [name for name in loaded.missing if any(found.endswith(f".{name}") for found in names)]
    prefixes = {found.removesuffix(lost[0]) for found in names if found.endswith(f".{lost[0]}")} if lost else set()
    fitting = [prefix for prefix in prefixes if all(prefix + name in names for name in lost)]
    return fitting[0] if len(fitting) == 1 else None


def longest(model: Any) -> float:
    """How many tokens a model of text can read; infinite if nothing bounds it.

    Models of RoBERTa's sort count places from behind their padding, so that their table has more rows than places.
    """
    stated = getattr(model.config.get_text_config(), "max_position_embeddings", None) or 0
    tables = [
        table.num_embeddings - (0 if table.padding_idx is None else table.padding_idx + 1)
        for name, table in model.named_modules()
        if isinstance(table, torch.nn.Embedding) and "position" in name.rpartition(".")[2] and "vision" not in name
    ]
    return min([stated if stated > 0 else math.inf, *tables])


def image_processor(folder: Folder) -> tuple[dict[str, Any], Any]:
    """What pictures go through before a folder's network: its settings, and the processor itself as Pillow computes it.

    The settings are those of the folder and, where it leaves some out, the defaults of the processor's class. There is
    no processor where this installation has no such class, or none that does without torchvision.

    Raises:
        UserError: if the folder has no settings of an image processor.
    """
    from transformers import AutoImageProcessor

    stated = _stated(folder, "image_processor", "sampling_rate")
    if not stated:
        raise UserError(
            "it has no preprocessor_config.json (or processor_config.json with an image_processor), by which pictures "
            "are made into numbers; is it for pictures? If so, fetch that file from where the weights are from."
        )
    options = {"backend": "pil", "local_files_only": True, "trust_remote_code": False}
    with _quiet():
        try:
            processor = AutoImageProcessor.from_pretrained(folder.path, **options)
            settings = processor.to_dict()
            size, crop = dict(settings.get("size") or {}), settings.get("crop_size") or {}
            if "crop_size" not in stated and crop and min(crop.values()) > max(size.values(), default=0):
                # The class would crop by its own default to more than the folder resizes to: black around the picture.
                side = min(size.values())
                options["crop_size"] = {"height": side, "width": side}
                processor = AutoImageProcessor.from_pretrained(folder.path, **options)
                settings = processor.to_dict()
        except Exception:  # no such class, code of its own, settings that the class does not know
            return stated, None
    return settings, processor


def feature_extractor(folder: Folder) -> Any:
    """What the folder's sounds go through, with the defaults of its class.

    Raises:
        UserError: if the folder has none.
    """
    from transformers import AutoFeatureExtractor

    if not _stated(folder, "feature_extractor", "image_mean"):
        raise UserError(
            "it has no preprocessor_config.json (or processor_config.json with a feature_extractor), by which sounds "
            "are made into numbers; is it for sounds? If so, fetch that file from where the weights are from."
        )
    with _library("has a feature extractor that cannot be loaded"):
        return AutoFeatureExtractor.from_pretrained(folder.path, local_files_only=True, trust_remote_code=False)


def _stated(folder: Folder, part: str, other: str) -> dict[str, Any]:
    """What the files of a folder say of its image processor or feature extractor; nothing if they are of the other."""
    found: dict[str, Any] = {}
    for name in PROCESSORS:
        if (file := folder.path / name).is_file():
            settings = folder.json(file)
            found |= settings.get(part) or ({} if name == PROCESSORS[0] else settings)
    return {} if other in found else found


@contextmanager
def _quiet() -> Iterator[None]:
    """Keeps the library's advice off the screen."""
    from transformers.utils import logging

    logging.set_verbosity_error()
    logging.disable_progress_bar()
    yield


@contextmanager
def _library(failure: str) -> Iterator[None]:
    """Turns whatever the library raises into a sentence."""
    with _quiet():
        try:
            yield
        except Exception as error:  # whatever a file makes it trip over
            raise UserError(f"it {failure}: {reason(error)}.") from error
