"""The endpoints /schema: what this model reads, predicts and allows, and where it comes from; and /examples."""

from collections.abc import Mapping, Sequence
from typing import Any

from starlette.requests import Request
from starlette.responses import JSONResponse

from sensorium.modalities import Modality
from sensorium.modalities.request_fields import RequestField
from sensorium.runtime.answers import MOST_EXPLAINED
from sensorium.serving.live import Live
from sensorium.serving.requests import body_limit

INTERNAL = {"kind", "encoder", "column", "learnt"}
OF_INPUT = ("encoder", "column")  # what is said of an input, and not of the column that it reads


async def schema(request: Request) -> JSONResponse:
    """Describes the model in service."""
    return JSONResponse(describe(request.app.state.deployment.champion))


async def examples(request: Request) -> JSONResponse:
    """Requests to try."""
    return JSONResponse({"examples": request.app.state.deployment.champion.examples})


def describe(live: Live) -> dict[str, Any]:
    """The description, from the model itself."""
    predictor, serve = live.predictor, live.serve
    encoders = live.lineage.get("encoders", {})  # a packaged input's own is the default, whatever it was made with
    inputs = {
        name: _of_input(kind, name, live.choices.get(name, {})) | {"encoder": encoders.get(name, kind.encoder)}
        for name, kind in predictor.inputs.items()
    }
    return {
        "title": live.title,
        "model_version": live.version,
        "lineage": dict(live.lineage),
        "inputs": inputs,
        "columns": {name: _of_column(field, inputs) for name, field in predictor.fields.items()},
        "targets": {name: one.description(serve.threshold(name)) for name, one in predictor.targets.items()},
        "limits": {
            "body_bytes": body_limit(predictor),
            "samples": serve.samples,
            "samples_per_minute": serve.rate,
            "seconds": serve.timeout,
            "explained": MOST_EXPLAINED,
            "top": serve.top,
        },
        "examples": len(live.examples),
    }


def _of_input(kind: Modality, name: str, choices: Mapping[str, Sequence[str]]) -> dict[str, Any]:
    value = kind.openapi("byte")
    for column, known in choices.items():
        value["properties"][column]["examples"] = known  # of JSON Schema: others are accepted, too
    return {
        "kind": kind.kind,
        "column": kind.asked_as(name),
        "control": kind.control,
        "is_sketched": kind.is_sketched,
        "is_file": kind.is_file,
        "media_types": list(kind.media_types),
        "max_bytes": kind.max_bytes,
        "settings": kind.model_dump(mode="json", exclude=INTERNAL),
        "value": value,
    }


def _of_column(field: RequestField, inputs: Mapping[str, Mapping[str, Any]]) -> dict[str, Any]:
    """What requests give under one name, as the widest of its inputs takes it."""
    widest = next(name for name, kind in field.inputs.items() if kind is field.widest)
    given = {key: of_input for key, of_input in inputs[widest].items() if key not in OF_INPUT}
    return given | {"inputs": list(field.inputs), "media_types": field.media_types}
