"""The routes of the service.

They are Starlette's rather than BentoML's own endpoints: those fetch any URL that stands where a file is expected.
"""

import uuid
from typing import Any

from starlette.applications import Starlette
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import JSONResponse
from starlette.routing import Route

from sensorium.errors import BadInput
from sensorium.serving.openapi import describe
from sensorium.serving.predictor import Predictor
from sensorium.serving.requests import Refused, read_inputs


def create_app() -> Starlette:
    """The application; ``app.state.predictor`` must be set before the first request."""
    routes = [Route("/predict", predict, methods=["POST"]), Route("/docs.json", docs, methods=["GET"])]
    return Starlette(routes=routes, exception_handlers={Refused: refuse})


async def predict(request: Request) -> JSONResponse:
    """Answers one sample given as JSON or as a multipart form."""
    predictor: Predictor = request.app.state.predictor
    raw = await read_inputs(request, predictor)
    answer = await run_in_threadpool(_answer, predictor, raw)
    return JSONResponse(answer)


def _answer(predictor: Predictor, raw: dict[str, Any]) -> dict[str, Any]:
    try:
        sample = predictor.accept(raw)
    except BadInput as problem:
        raise Refused(400, str(problem)) from problem
    probabilities = predictor.predict([sample])[0]
    targets = {}
    for target, classes in predictor.targets.items():
        by_class = {name: round(float(share), 6) for name, share in zip(classes, probabilities[target], strict=True)}
        targets[target] = {"label": classes[int(probabilities[target].argmax())], "probabilities": by_class}
    return {
        "request_id": uuid.uuid4().hex,
        "model_version": predictor.version,
        "inputs": [name for name in predictor.inputs if name in sample],
        "targets": targets,
    }


async def docs(request: Request) -> JSONResponse:
    """The OpenAPI description that the page at / shows."""
    return JSONResponse(describe(request.app.state.predictor))


async def refuse(_: Request, error: Exception) -> JSONResponse:
    """A bad request's answer: one sentence."""
    assert isinstance(error, Refused)
    return JSONResponse({"error": error.sentence}, error.status)
