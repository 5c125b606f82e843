"""What compression found, for metrics/: figures that repeat in compress.json, times in timings/compress.json."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sensorium.compression.choice import Candidate, Chosen, acceptable, gains
from sensorium.compression.latency import percentile, ratio
from sensorium.compression.parity import Parity
from sensorium.compression.parts import FP32
from sensorium.compression.proof import Proof
from sensorium.compression.quality import Quality
from sensorium.compression.settings import Compress
from sensorium.compression.whole_models import SERVED, TORCH, WholeModel
from sensorium.files import rounded


@dataclass(frozen=True)
class Compressed:
    """All that compression found.

    Attributes:
        chosen: the variant of each part that is served.
        quality: of the served model, by target.
        candidates: of every part, fp32 first.
        refused: of every part, why other variants are not to be had.
        models: the whole models `TORCH`, `ONNX` and `SERVED`.
        parity: how far the ONNX model is from the trained one.
        rows: test rows measured on.
        proof: what the test rows can prove.
    """

    chosen: Chosen
    quality: Mapping[str, Quality]
    candidates: Mapping[str, Sequence[Candidate]]
    refused: Mapping[str, Mapping[str, str]]
    models: Mapping[str, WholeModel]
    parity: Parity
    rows: int
    proof: Proof

    @property
    def settings(self) -> Compress:
        """The bounds."""
        return self.proof.settings

    @property
    def name(self) -> str:
        """``text int8, image int8-static``; ``fp32`` if nothing was compressed."""
        smaller = [f"{part} {variant}" for part, variant in self.chosen.items() if variant != FP32]
        return ", ".join(smaller) or FP32

    @property
    def smaller(self) -> float:
        """How many times fewer bytes the served model has than the uncompressed one."""
        return self.models[TORCH].size / self.models[SERVED].size

    def faster(self, name: str = SERVED) -> dict[str, float]:
        """How many times less time a model needs than the uncompressed one, for one row and for a batch."""
        model, reference = self.models[name], self.models[TORCH]
        return {"single": 1 / ratio(model.single, reference.single), "batch": 1 / ratio(model.batch, reference.batch)}

    def verdict(self, one: Candidate) -> str:
        """Why a candidate is served or not."""
        original = self.candidates[one.part][0]
        if self.chosen[one.part] == one.variant:
            return "served"
        if one.variant == FP32:
            return "uncompressed"
        if any(quality.gain < -self.settings.max_drop for quality in one.quality.values()):
            return "loses too much"
        if not acceptable(one.quality, self.settings.max_drop):
            return "not proven"
        if one.cost.whole_slowdown > self.settings.max_slowdown:
            return "too slow"
        return "kept the bounds" if gains(one, original, self.settings) else "gains too little"


def figures(found: Compressed) -> dict[str, Any]:
    """What metrics/compress.json holds."""
    parity = {step: float(f"{value:.2g}") for step, value in found.parity.items()}
    return {"parity": parity} | rounded(
        {
            "name": found.name,
            "megabytes": _mb(found.models[SERVED].size),
            "smaller": round(found.smaller, 3),
            "rows": found.rows,
            "proof": {"rows": found.proof.rows, "needed": found.proof.needed},
            "unjudged": dict(found.proof.unjudged),
            **_by_figure(found.quality),
            "difference": {target: _difference(quality) for target, quality in found.quality.items()},
            "drop": max((-quality.gain for quality in found.quality.values()), default=0.0) + 0.0,
            "uncompressed_megabytes": _mb(found.models[TORCH].size),
            "chosen": found.chosen,
            "candidates": {
                part: {one.variant: _candidate(one, found) for one in several} | _refusals(found.refused[part])
                for part, several in found.candidates.items()
            },
        }
    )


def _candidate(one: Candidate, found: Compressed) -> dict[str, Any]:
    return {
        "megabytes": _mb(one.size),
        "similarity": round(one.similarity, 4),
        **_by_figure(one.quality),
        "difference": {target: _difference(quality) for target, quality in one.quality.items()},
        "acceptable": acceptable(one.quality, found.settings.max_drop),
    }


def _by_figure(quality: Mapping[str, Quality]) -> dict[str, dict[str, float]]:
    """The main figure of every target, by the figure's name: ``accuracy`` of classes."""
    found: dict[str, dict[str, float]] = {}
    for target, one in quality.items():
        found.setdefault(one.name, {})[target] = one.figure
    return found


def _refusals(refused: Mapping[str, str]) -> dict[str, Any]:
    return {name: {"refused": why} for name, why in refused.items()}


def _difference(quality: Quality) -> dict[str, Any]:
    return {"value": quality.gain, "interval": [quality.low, quality.high]}


def times(found: Compressed) -> dict[str, Any]:
    """What metrics/timings/compress.json holds: milliseconds, megabytes of memory, and ratios."""
    models = {name: _times(one) for name, one in found.models.items()}
    for name, model in models.items():
        model["faster"] = {size: round(times, 2) for size, times in found.faster(name).items()}
    candidates = {
        part: {
            one.variant: _times(one.cost)
            | {"slowdown": round(one.cost.slowdown, 2), "batch_slowdown": round(one.cost.batch_slowdown, 2)}
            for one in several
        }
        for part, several in found.candidates.items()
    }
    return {**models[SERVED], "models": models, "candidates": candidates}


def _times(one: Any) -> dict[str, Any]:
    return {
        "p50_ms": percentile(one.single, 50),
        "p95_ms": percentile(one.single, 95),
        "batch_p50_ms": percentile(one.batch, 50),
        "batch_p95_ms": percentile(one.batch, 95),
        "start_ms": round(one.start),
        "memory_mb": _mb(one.memory),
    }


def _mb(count: int) -> float:
    return round(count / 1e6, 2)
