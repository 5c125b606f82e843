"""The endpoint /explain/INPUT: which parts of one input mattered, such as frames of a clip or spans of a series."""

import asyncio
from collections.abc import Callable, Mapping
from functools import partial
from typing import Any, TypeVar

import numpy as np
from starlette.requests import Request
from starlette.responses import JSONResponse

from sensorium.errors import BadInput
from sensorium.runtime.answers import TOO_FAR, are_finite
from sensorium.runtime.occlusion import worth_of_parts
from sensorium.runtime.predictor import Sample
from sensorium.serving.live import Live
from sensorium.serving.refusal import Refused
from sensorium.serving.requests import read_inputs

COST = 10  # samples that one request counts as: the parts of an input are about as many
DIGITS = 4
Result = TypeVar("Result")


async def explain_within(request: Request) -> JSONResponse:
    """Answers one sample, given as to /predict, by how much each part of one of its inputs mattered."""
    app, state = request.app.state, request.state
    live, name = app.deployment.champion, request.path_params["input"]
    if not (kind := live.predictor.inputs.get(name)) or not kind.is_sketched:
        known = [one for one, kind in live.predictor.inputs.items() if kind.is_sketched]
        raise Refused(
            404, f"there are no parts of {name[:40]!r} to explain; there are of: {', '.join(known) or 'none'}"
        )
    app.guard.count(state.key, min(COST, live.serve.rate), live.serve)
    with state.steps.time("read"):
        raw = await read_inputs(request, live.predictor)
    try:
        async with app.within.of(state.key):  # one at a time, as it holds an input as often as that has parts
            content = await _explained(request, live, name, raw)
    except BadInput as problem:
        raise Refused(400, str(problem)) from problem
    state.about |= {"model_version": live.version, "inputs": [name]}
    return JSONResponse({"request_id": state.request_id, "model_version": live.version, "input": name} | content)


async def _explained(request: Request, live: Live, name: str, raw: Mapping[str, Any]) -> dict[str, Any]:
    predictor, steps, kind = live.predictor, request.state.steps, live.predictor.inputs[name]
    decoded = partial(request.app.state.decoding.run, request.state.key)
    with steps.time("decode"):
        taken = await decoded(partial(predictor.take, raw))
        if name not in taken.sample:
            raise BadInput(f"{name}: {taken.unread.get(name, 'it is not given')}")
        picture = await decoded(partial(kind.sketch, taken.sample[name]))
        hidden = await decoded(partial(kind.occlusions, taken.sample[name]))
    with steps.time("encode"):  # part by part, so that others' batches run between them
        features = await _in_turn(live, partial(_features, live, taken.sample))
        left = [await _in_turn(live, partial(_left, live, name, value)) for _, value in hidden]
    known = [place for place, one in enumerate(left) if one is not None]
    with steps.time("fuse"):
        rows = [one for one in left if one is not None]
        predictions, lost = await _in_turn(live, partial(worth_of_parts, predictor, features, name, rows))
    if not are_finite(predictions):
        raise BadInput(TOO_FAR)
    weights = {target: dict(zip(known, numbers, strict=True)) for target, numbers in lost.items()}
    targets = {
        target: [round(of[place], DIGITS) if place in of else None for place in range(len(hidden))]
        for target, of in weights.items()
    }
    return {"picture": picture.as_json(), "targets": targets}


async def _in_turn(live: Live, run: Callable[[], Result]) -> Result:
    """What comes of work for the networks, where batches run, one after another."""
    return await asyncio.get_running_loop().run_in_executor(live.threads, run)


def _features(live: Live, sample: Sample) -> dict[str, np.ndarray]:
    return live.predictor.features([live.predictor.prepare(sample)])


def _left(live: Live, name: str, value: Any) -> np.ndarray | None:
    """Features of what is left without a part; ``None`` where that cannot be encoded."""
    try:
        return _features(live, {name: value})[name]
    except BadInput:
        return None
