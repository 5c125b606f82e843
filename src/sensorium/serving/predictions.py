"""The endpoints that predict: /predict, /predict_batch and /explain."""

import asyncio
import logging
from collections.abc import Mapping
from functools import partial
from typing import Any

from starlette.requests import Request
from starlette.responses import JSONResponse

from sensorium import renamed
from sensorium.errors import BadInput
from sensorium.renamed import with_old_keys
from sensorium.runtime.answers import (
    MOST_EXPLAINED,
    TOO_FAR,
    answer,
    are_finite,
    presence_masks,
)
from sensorium.serving.content import as_bytes
from sensorium.serving.live import Accepted, Live, Query
from sensorium.serving.logs import whereabouts
from sensorium.serving.recording import Origin, record
from sensorium.serving.refusal import ACCIDENT, Refused
from sensorium.serving.requests import read_inputs, read_samples

log = logging.getLogger("sensorium.serving")


async def predict(request: Request) -> JSONResponse:
    """Answers one sample given as JSON or as a multipart form."""
    return await _one(request, explained=False)


async def explain(request: Request) -> JSONResponse:
    """Answers one sample, and says what each of its inputs did for every probability."""
    return await _one(request, explained=True)


async def predict_batch(request: Request) -> JSONResponse:
    """Answers many samples; one that cannot be used has an error in its place."""
    live, state = _champion(request), request.state
    with state.steps.time("read"):
        samples = await read_samples(request, live.predictor, live.serve.samples)
    request.app.state.guard.count(state.key, len(samples), live.serve)
    ids = [f"{state.request_id}.{number}" for number in range(len(samples))]
    tried = await asyncio.gather(*(_tried(request, live, *pair) for pair in zip(ids, samples, strict=True)))
    accidents = [one for one in tried if isinstance(one, Exception)]
    if len(accidents) == len(tried):
        raise accidents[0]  # the service fails, not a sample: who watches its answers is to see that
    answers = [_in_its_place(*pair) for pair in zip(ids, tried, strict=True)]
    state.about |= {"model_version": live.version, "samples": len(samples)}
    return JSONResponse({"request_id": state.request_id, "model_version": live.version, "answers": answers})


async def _one(request: Request, explained: bool) -> JSONResponse:
    live, state = _champion(request), request.state
    request.app.state.guard.count(state.key, 1, live.serve)
    with state.steps.time("read"):
        raw = await read_inputs(request, live.predictor)
    content = await _answer(request, live, state.request_id, raw, explained)
    state.about |= {"model_version": live.version, "inputs": content["inputs"]}
    return JSONResponse(content)


async def _tried(
    request: Request, live: Live, request_id: str, raw: dict[str, Any] | Refused
) -> dict[str, Any] | Exception:
    """A sample's answer, or why there is none; an accident is logged and returned, so that it takes no other along."""
    try:
        if isinstance(raw, Refused):
            raise raw
        return await _answer(request, live, request_id, raw, explained=False)
    except Refused as refused:
        return {"request_id": request_id, "error": refused.sentence}
    except Exception as accident:
        log.error("accident", extra={"request_id": request_id} | whereabouts(accident))
        return accident


def _in_its_place(request_id: str, tried: dict[str, Any] | Exception) -> dict[str, Any]:
    """What stands in the answer for a sample: of an accident no detail."""
    return {"request_id": request_id, "error": ACCIDENT.format(request_id)} if isinstance(tried, Exception) else tried


async def _answer(
    request: Request, live: Live, request_id: str, raw: Mapping[str, Any], explained: bool
) -> dict[str, Any]:
    """Decodes a sample, waits for its batch, writes it down and says what came out, when it is its key's turn.

    Raises:
        Refused: if an input cannot be used.
    """
    async with request.app.state.concurrency.of(request.state.key):
        return await _answer_now(request, live, request_id, raw, explained)


async def _answer_now(
    request: Request, live: Live, request_id: str, raw: Mapping[str, Any], explained: bool
) -> dict[str, Any]:
    app, steps = request.app.state, request.state.steps
    with steps.time("decode"):
        try:
            has_file = any(live.predictor.fields[name].is_file for name in raw)
            threads = app.decoding if has_file else app.reading
            accepted, origin = await threads.run(request.state.key, partial(_take, request, live, request_id, raw))
        except BadInput as problem:
            raise Refused(400, str(problem)) from problem
    prepared = accepted.prepared
    if explained and len(prepared) > MOST_EXPLAINED:
        raise Refused(400, f"{len(prepared)} inputs are given; decisions over up to {MOST_EXPLAINED} are explained")
    given = [name in prepared for name in live.predictor.inputs]
    try:
        outputs, waited = await live.ask(Query(prepared, presence_masks(given, explained)))
    except BadInput as problem:
        raise Refused(400, str(problem)) from problem
    steps.add_batch(waited, outputs.seconds)
    if not are_finite(outputs.predictions):
        raise Refused(400, TOO_FAR)
    inputs = list(prepared)
    remembered = record(app.journal, origin, live, accepted, outputs)
    app.memory.remember(request.state.key, request_id, live.version, remembered)
    if challenger := app.deployment.challenger:
        app.shadow.follow(challenger, origin, raw, remembered)
    targets = {}
    for name, target in live.predictor.targets.items():
        predictions = outputs.predictions[name]
        targets[name] = dict(target.answer(predictions[-1], live.serve.threshold(name), live.serve.top))
        if explained:
            explanation = target.attribution(inputs, predictions)
            targets[name] |= with_old_keys(explanation, renamed.EXPLANATION)
    return answer(request_id, live.version, inputs, targets, accepted.unread)


def _take(request: Request, live: Live, request_id: str, raw: Mapping[str, Any]) -> tuple[Accepted, Origin]:
    """All that is done with a sample's raw values, in a thread of its own."""
    app, keep = request.app.state, live.keep
    accepted = live.accept(raw)
    values = {name: as_bytes(value) for name, value in raw.items()}
    hashes = {name: app.journal.hash_of(value) for name, value in values.items()}
    kept = app.content.keep(values, keep.content_megabytes) if keep.keep_content else {}
    return accepted, Origin(request_id, request.state.key, hashes, kept)


def _champion(request: Request) -> Live:
    return request.app.state.deployment.champion
