"""The endpoint /schema: what this model reads, predicts and allows, and where it comes from."""

from typing import Any

from starlette.requests import Request
from starlette.responses import JSONResponse

from sensorium.modalities import Modality
from sensorium.serving.answers import MOST_EXPLAINED
from sensorium.serving.live import Live
from sensorium.serving.requests import body_limit

INTERNAL = {"kind", "encoder"}


async def schema(request: Request) -> JSONResponse:
    """Describes the model in service."""
    return JSONResponse(describe(request.app.state.deployment.champion))


def describe(live: Live) -> dict[str, Any]:
    """The description, from the model itself."""
    predictor, serve = live.predictor, live.serve
    return {
        "model_version": live.version,
        "lineage": dict(live.lineage),
        "inputs": {name: _of_input(kind) for name, kind in predictor.inputs.items()},
        "targets": {
            target: {"kind": "class", "classes": classes, "abstain": serve.threshold(target)}
            for target, classes in predictor.targets.items()
        },
        "limits": {
            "body_bytes": body_limit(predictor),
            "samples": serve.samples,
            "samples_per_minute": serve.rate,
            "seconds": serve.timeout,
            "explained": MOST_EXPLAINED,
            "top": serve.top,
        },
    }


def _of_input(kind: Modality) -> dict[str, Any]:
    return {
        "kind": kind.kind,
        "encoder": kind.encoder,
        "is_file": kind.is_file,
        "media_types": list(kind.media_types),
        "max_bytes": kind.max_bytes,
        "settings": kind.model_dump(mode="json", exclude=INTERNAL),
        "value": kind.openapi("byte"),
    }
