"""How a folder of sentence-transformers says that its texts are read: honoured, or refused by name."""

import math
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from torch import Tensor, nn

from sensorium.encoders.transformer.folder import CONFIG, WEIGHTS, Folder, shapes
from sensorium.encoders.transformer.readings import POOLS, OwnText, PooledTokens, texts
from sensorium.errors import UserError, reason

NETWORKS = ("Transformer", "CLIPModel")  # modules that hold a model of transformers
DEFAULTS = "config_sentence_transformers.json"
TOKENIZER = "tokenizer_config.json"
OLD_NAMES = {  # keys that were true or false before there was `pooling_mode`
    "pooling_mode_cls_token": "cls",
    "pooling_mode_max_tokens": "max",
    "pooling_mode_mean_tokens": "mean",
    "pooling_mode_mean_sqrt_len_tokens": "mean_sqrt_len_tokens",
    "pooling_mode_weightedmean_tokens": "weightedmean",
    "pooling_mode_lasttoken": "lasttoken",
}


@dataclass
class Recipe:
    """What is done to a text beside running the network.

    Attributes:
        prompt: what stands before every text.
        lower: whether texts are read in small letters.
        longest: tokens that are read.
        pools: names of `POOLS`; none where the network sums its texts up itself.
        behind: layers behind that.
    """

    prompt: str = ""
    lower: bool = False
    longest: float = math.inf
    pools: list[str] = field(default_factory=list)
    behind: list[nn.Module] = field(default_factory=list)

    def readings(self, model: Any) -> list[nn.Module]:
        """The readings of a model by this recipe."""
        if self.pools:
            return [PooledTokens(model, self.pools, self.behind)]
        return [OwnText(model, self.behind)] if self.behind else texts(model)


def recipe(folder: Folder) -> Recipe:
    """The recipe of a folder; little more than an empty one where sentence-transformers did not write it.

    Raises:
        UserError: naming the module or setting that is not known here.
    """
    found = Recipe()
    if (file := folder.path / TOKENIZER).is_file():
        found.longest = folder.json(file).get("model_max_length") or math.inf
    if not folder.modules:
        return found
    first, *others = folder.modules
    if _sort(first) not in NETWORKS:
        raise _unknown(first)
    for file in folder.path.glob("sentence_*_config.json"):  # the star: bert, whatever the model is
        settings = folder.json(file)
        found.lower = bool(settings.get("do_lower_case"))
        found.longest = min(found.longest, settings.get("max_seq_length") or math.inf)
    if (folder.root / DEFAULTS).is_file():
        settings = folder.json(folder.root / DEFAULTS)
        found.prompt = settings.get("prompts", {}).get(settings.get("default_prompt_name")) or ""
    for module in others:
        if _sort(module) not in STEPS:
            raise _unknown(module)
        place = folder.root / module["path"] / CONFIG
        STEPS[_sort(module)](found, folder.json(place) if place.is_file() else {}, place.parent)
    return found


def _sort(module: dict[str, Any]) -> str:
    return str(module.get("type", "")).rpartition(".")[2]


def _unknown(module: dict[str, Any]) -> UserError:
    return UserError(
        f"its modules.json names a module {module.get('type')!r}, which is not known here "
        f"({', '.join([*NETWORKS, *STEPS])} are); choose another encoder."
    )


def _pooling(found: Recipe, config: dict[str, Any], place: Path) -> None:
    named = config.get("pooling_mode") or [name for key, name in OLD_NAMES.items() if config.get(key)] or ["mean"]
    modes = [named] if isinstance(named, str) else list(named)
    if unknown := [mode for mode in modes if mode not in POOLS]:
        raise UserError(f"its {place.name} pools by {unknown[0]!r}, which is not known here ({', '.join(POOLS)} are).")
    if found.prompt and not config.get("include_prompt", True):
        raise UserError(f"its {place.name} leaves the prompt out (include_prompt: false), which is not known here.")
    found.pools = modes


def _dense(found: Recipe, config: dict[str, Any], place: Path) -> None:
    _only_sentences(config, place)
    if config.get("use_residual"):
        raise UserError(f"its {place.name} has a way past the layer (use_residual), which is not known here.")
    name = config.get("activation_function", "torch.nn.modules.activation.Tanh")
    activation = getattr(nn, name.rpartition(".")[2], None) if name.startswith("torch.nn.") else None
    if activation is None:
        raise UserError(f"its {place.name} has an activation {name!r}, which is not known here; those of torch.nn are.")
    layer = nn.Linear(config["in_features"], config["out_features"], bias=config.get("bias", True))
    found.behind += [_filled(layer, "linear", place), activation()]


def _layer_norm(found: Recipe, config: dict[str, Any], place: Path) -> None:
    found.behind.append(_filled(nn.LayerNorm(config["dimension"]), "norm", place))


def _normalize(found: Recipe, config: dict[str, Any], place: Path) -> None:
    _only_sentences(config, place)
    found.behind.append(UnitLength())


def _dropout(found: Recipe, config: dict[str, Any], place: Path) -> None:
    """Nothing: it was for training."""


STEPS: dict[str, Callable[[Recipe, dict[str, Any], Path], None]] = {
    "Pooling": _pooling,
    "Dense": _dense,
    "LayerNorm": _layer_norm,
    "Normalize": _normalize,
    "Dropout": _dropout,
}


class UnitLength(nn.Module):
    """Features of length one, so that their product is their cosine."""

    def forward(self, features: Tensor) -> Tensor:
        return nn.functional.normalize(features, dim=-1)


def _only_sentences(config: dict[str, Any], place: Path) -> None:
    read = {config.get(key) or "sentence_embedding" for key in ("module_input_name", "module_output_name")}
    if read != {"sentence_embedding"}:
        raise UserError(f"its {place.name} works on {', '.join(sorted(read))}, which is not known here.")


def _filled(layer: nn.Module, name: str, place: Path) -> nn.Module:
    """The layer with its weights from a module's folder, where they are called by ``name``."""
    from safetensors.torch import load_file

    file = place / WEIGHTS
    if not file.is_file():
        raise UserError(f"its {place.name} has no {WEIGHTS}; a pickle (pytorch_model.bin) is never opened.")
    shapes(file)  # whether it is whole
    try:
        layer.load_state_dict({key.removeprefix(f"{name}."): tensor for key, tensor in load_file(file).items()})
    except RuntimeError as error:
        raise UserError(f"its {place.name}/{WEIGHTS} does not fit its {CONFIG} ({reason(error)}).") from error
    return layer.float()
