"""The service described in OpenAPI, made from the model that it serves."""

from typing import Any

from sensorium.serving.predictor import Predictor


def describe(predictor: Predictor) -> dict[str, Any]:
    """An OpenAPI 3 document."""
    form = {name: kind.openapi("binary") for name, kind in predictor.inputs.items()}
    encoded = {name: kind.openapi("byte") for name, kind in predictor.inputs.items()}
    refused = {
        "description": "what is wrong, in a sentence",
        "content": _json({"type": "object", "required": ["error"]}),
    }
    targets = {
        target: {
            "type": "object",
            "properties": {
                "label": {"type": "string", "enum": classes},
                "probabilities": {"type": "object", "additionalProperties": {"type": "number"}},
            },
        }
        for target, classes in predictor.targets.items()
    }
    answer = {
        "type": "object",
        "properties": {
            "request_id": {"type": "string"},
            "model_version": {"type": "string"},
            "inputs": {"type": "array", "items": {"type": "string"}},
            "targets": {"type": "object", "properties": targets},
        },
    }
    return {
        "openapi": "3.0.3",
        "info": {"title": "Sensorium", "version": predictor.version, "description": "Any subset of inputs is enough."},
        "paths": {
            "/predict": {
                "post": {
                    "summary": "Predict every target of one sample",
                    "requestBody": {
                        "required": True,
                        "content": {
                            "multipart/form-data": {"schema": {"type": "object", "properties": form}},
                            "application/json": {"schema": {"type": "object", "properties": encoded}},
                        },
                    },
                    "responses": {
                        "200": {"description": "the prediction", "content": _json(answer)},
                        "400": refused,
                        "413": refused,
                        "415": refused,
                    },
                }
            }
        },
    }


def _json(schema: dict[str, Any]) -> dict[str, Any]:
    return {"application/json": {"schema": schema}}
