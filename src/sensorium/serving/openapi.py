"""The service described in OpenAPI, made from the model that it serves, with examples that work."""

import base64
from typing import Any

from starlette.requests import Request
from starlette.responses import JSONResponse

from sensorium.renamed import EXPLANATION
from sensorium.runtime.predictor import Predictor
from sensorium.serving.live import Live
from sensorium.targets import Learnt

Schema = dict[str, Any]

REFUSALS = {
    400: "the request cannot be used",
    401: "no API key, or one that is not known",
    403: "it comes from a web page of another site",
    408: "the body did not come in time",
    413: "too large, or too many samples",
    415: "the body is of another type, compressed, or in a charset that is not read",
    429: "more samples in a minute than the key may ask for; Retry-After says when to come again",
    500: "the service failed; its log says why under the request id",
    503: "the service is busy; Retry-After says when to come again",
}
ERROR: Schema = {"type": "object", "required": ["error"], "properties": {"error": {"type": "string"}}}
NUMBER: Schema = {"type": "number"}
STRING: Schema = {"type": "string"}


async def docs(request: Request) -> JSONResponse:
    """The document that the page at /docs shows."""
    return JSONResponse(describe(request.app.state.deployment.champion))


def describe(live: Live) -> Schema:
    """An OpenAPI 3.1 document."""
    predictor = live.predictor
    one = _answer(predictor, _decision)
    samples = {"type": "array", "minItems": 1, "maxItems": live.serve.samples, "items": _in_json(predictor)}
    batch = {
        "type": "object",
        "required": ["request_id", "model_version", "answers"],
        "properties": {
            "request_id": STRING,
            "model_version": STRING,
            "answers": {"type": "array", "items": {"anyOf": [one, ERROR]}},
        },
    }
    return {
        "openapi": "3.1.0",
        "info": {
            "title": live.title or "Sensorium",
            "version": live.version,
            "description": "Any subset of the inputs is enough; the others are missing to the model.",
        },
        "security": [{}, {"key": []}],
        "components": {"securitySchemes": {"key": {"type": "http", "scheme": "bearer"}}},
        "paths": {
            "/predict": {"post": _operation("Predict every target of one sample", _bodies(predictor), one)},
            "/predict_batch": {
                "post": _operation(
                    "Predict many samples; one that cannot be used has an error in its place",
                    _json(
                        {"type": "object", "required": ["samples"], "properties": {"samples": samples}},
                        {"samples": [_example(predictor), dict([next(iter(_example(predictor).items()))])]},
                    ),
                    batch,
                )
            },
            "/explain": {
                "post": _operation(
                    "Predict one sample and say what each input did (Shapley values)",
                    _bodies(predictor),
                    _answer(predictor, _explained),
                )
            },
            **{
                f"/explain/{name}": {
                    "post": _operation(f"Say which parts of {name} mattered", _bodies(predictor), _within(predictor))
                }
                for name, kind in predictor.inputs.items()
                if kind.is_sketched
            },
            "/feedback": {"post": _feedback(predictor)},
            "/examples": {
                "get": {
                    "summary": "Requests to try, each as /predict reads it in JSON",
                    "responses": _responses(
                        200,
                        {
                            "type": "object",
                            "required": ["examples"],
                            "properties": {"examples": {"type": "array", "items": _in_json(predictor)}},
                        },
                        (401, 403, 503),
                    ),
                }
            },
            "/schema": {
                "get": {
                    "summary": "What this model reads, predicts and allows, and where it comes from",
                    "responses": _responses(200, {"type": "object", "required": ["model_version"]}, (401, 403, 503)),
                }
            },
        },
    }


def _operation(summary: str, content: Schema, answer: Schema, status: int = 200) -> Schema:
    return {
        "summary": summary,
        "requestBody": {"required": True, "content": content},
        "responses": _responses(status, answer, tuple(REFUSALS)),
    }


def _responses(status: int, answer: Schema, refusals: tuple[int, ...]) -> Schema:
    refused = {str(code): {"description": REFUSALS[code], "content": _json(ERROR)} for code in refusals}
    return {str(status): {"description": "the answer", "content": _json(answer)}} | refused


def _bodies(predictor: Predictor) -> Schema:
    return {
        "multipart/form-data": {
            "schema": _sample({name: field.openapi("binary") for name, field in predictor.fields.items()}, predictor)
        },
        **_json(_in_json(predictor), _example(predictor)),
    }


def _in_json(predictor: Predictor) -> Schema:
    schemas = {name: field.openapi("byte") for name, field in predictor.fields.items()}
    return _sample({name: schema | {"type": [schema["type"], "null"]} for name, schema in schemas.items()}, predictor)


def _sample(fields: Schema, predictor: Predictor) -> Schema:
    old = {called: fields[name] | {"deprecated": True} for called, name in predictor.names.items() if called != name}
    return {"type": "object", "minProperties": 1, "additionalProperties": False, "properties": fields | old}


def _example(predictor: Predictor) -> dict[str, Any]:
    raws = {name: field.widest.example() for name, field in predictor.fields.items()}
    return {name: base64.b64encode(raw).decode() if isinstance(raw, bytes) else raw for name, raw in raws.items()}


def _answer(predictor: Predictor, of_target: Any) -> Schema:
    targets = {name: of_target(predictor, target) for name, target in predictor.targets.items()}
    unread = {
        "type": "object",
        "description": "why inputs cannot use what other inputs of the same column can",
        "properties": dict.fromkeys(predictor.inputs, STRING),
    }
    return {
        "type": "object",
        "required": ["request_id", "model_version", "inputs", "targets"],
        "properties": {
            "request_id": STRING,
            "model_version": STRING,
            "inputs": {"type": "array", "items": {"type": "string", "enum": list(predictor.inputs)}},
            "unread": unread,
            "targets": {"type": "object", "required": list(targets), "properties": targets},
        },
    }


def _decision(predictor: Predictor, target: Learnt) -> Schema:
    return target.openapi()


def _explained(predictor: Predictor, target: Learnt) -> Schema:
    schema, contribution = target.openapi(), target.openapi_of_contribution()
    attribution = {"type": "object", "properties": dict.fromkeys(predictor.inputs, contribution)}
    schema["required"] = [*schema["required"], "base", "attribution"]
    schema["properties"] |= {
        "base": contribution,
        "attribution": attribution,
        **dict.fromkeys(EXPLANATION, attribution | {"deprecated": True}),
    }
    return schema


def _within(predictor: Predictor) -> Schema:
    weights = {
        "type": "array",
        "items": {"type": ["number", "null"]},
        "description": "what hiding each part takes from the answer; null where the rest cannot be read",
    }
    box = {"type": "array", "minItems": 4, "maxItems": 4, "items": NUMBER, "description": "x, y, width, height"}
    return {
        "type": "object",
        "required": ["request_id", "model_version", "input", "picture", "targets"],
        "properties": {
            "request_id": STRING,
            "model_version": STRING,
            "input": STRING,
            "picture": {
                "type": "object",
                "required": ["label", "width", "height", "parts", "image", "lines", "words"],
                "properties": {"width": NUMBER, "height": NUMBER, "parts": {"type": "array", "items": box}},
            },
            "targets": {"type": "object", "properties": dict.fromkeys(predictor.targets, weights)},
        },
    }


def _feedback(predictor: Predictor) -> Schema:
    labels = {
        "type": "object",
        "minProperties": 1,
        "additionalProperties": False,
        "properties": {name: target.openapi_of_label() for name, target in predictor.targets.items()},
    }
    body = {
        "type": "object",
        "required": ["request_id", "labels"],
        "additionalProperties": False,
        "properties": {"request_id": {"type": "string", "pattern": "^[A-Za-z0-9._-]{1,80}$"}, "labels": labels},
    }
    answer = {
        "type": "object",
        "required": ["request_id", "labels", "correct"],
        "properties": {
            "request_id": STRING,
            "labels": {"type": "object"},
            "predicted_by": {"type": ["string", "null"]},
            "correct": {"type": "object", "additionalProperties": {"type": "boolean"}},
            "note": STRING,
        },
    }
    example = {
        "request_id": "0123456789abcdef0123456789abcdef",
        "labels": {name: target.example_label() for name, target in predictor.targets.items()},
    }
    return _operation("Tell the true labels of a prediction", _json(body, example), answer, 202)


def _json(schema: Schema, example: Any = None) -> Schema:
    return {"application/json": {"schema": schema} | ({"example": example} if example is not None else {})}
