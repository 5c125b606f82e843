"""The routes of the service.

They are Starlette's rather than BentoML's own endpoints: those fetch any URL that stands where a file is expected.
"""

import asyncio
import gc
import os
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager, suppress
from pathlib import Path

from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import JSONResponse
from starlette.routing import Mount, Route

from sensorium import private
from sensorium.serving import journal, keys, logs, page, tracing
from sensorium.serving.concurrency import ConcurrencyLimit
from sensorium.serving.content import Content
from sensorium.serving.cores import cores
from sensorium.serving.decoding import Decoding
from sensorium.serving.deployment import Deployment
from sensorium.serving.description import examples, schema
from sensorium.serving.feedback import feedback
from sensorium.serving.guarding import Guard, Guarded
from sensorium.serving.journal import Journal
from sensorium.serving.live import Workers
from sensorium.serving.metrics import metrics
from sensorium.serving.observing import Observed
from sensorium.serving.openapi import docs
from sensorium.serving.pacing import Paced
from sensorium.serving.predictions import explain, predict, predict_batch
from sensorium.serving.recording import Memory
from sensorium.serving.refusal import Refused
from sensorium.serving.shadow import Shadow
from sensorium.serving.within import explain_within

AT_ONCE = 4  # samples of one key, where there are several keys: enough to keep the networks busy
TOGETHER = 64  # samples of all, or two batches where these are larger; each takes some megabytes


def create_app() -> Starlette:
    """The application; `start` must have run before the first request."""
    guarded = [Middleware(Guarded)]
    routes = [
        Route("/predict", predict, methods=["POST"], middleware=guarded),
        Route("/predict_batch", predict_batch, methods=["POST"], middleware=guarded),
        Route("/explain", explain, methods=["POST"], middleware=guarded),
        Route("/explain/{input}", explain_within, methods=["POST"], middleware=guarded),
        Route("/feedback", feedback, methods=["POST"], middleware=guarded),
        Route("/schema", schema, methods=["GET"], middleware=guarded),
        Route("/examples", examples, methods=["GET"], middleware=guarded),
        Route("/docs.json", docs, methods=["GET"], middleware=guarded),
        Route("/metrics", metrics, methods=["GET"]),
        Route("/docs", page.api, methods=["GET"]),
        Mount("/ui", page.Page(), name="ui"),
        Route("/", page.index, methods=["GET"]),
    ]
    return Starlette(
        routes=routes,
        middleware=[Middleware(Observed), Middleware(Paced)],
        exception_handlers={Refused: _refuse, HTTPException: _refuse_by_status},
        lifespan=_lifespan,
    )


def start(app: Starlette, deployment: Deployment, log_folder: Path, environment: Mapping[str, str]) -> None:
    """Loads the models and opens the log.

    Raises:
        UserError: if there is no model that can be served, the log cannot be written, or the API keys are not keys.
    """
    state = app.state
    names = keys.read(environment)
    state.guard = Guard(names)
    deployment.start()
    state.concurrency = ConcurrencyLimit(AT_ONCE, len(names) > 1, max(TOGETHER, 2 * deployment.champion.serve.batch))
    state.within = ConcurrencyLimit(1, shared=True, together=1)
    state.deployment = deployment
    state.journal = Journal(log_folder, deployment.champion.serve.log_megabytes)
    state.content = Content(log_folder)
    state.memory = Memory()
    state.decoding = Decoding("decoding", cores())
    state.reading = Decoding("reading", cores())  # of samples without files, which wait for none
    state.shadow = Shadow(state.journal)
    state.tracer, state.end_tracing = tracing.start()


def serve(app: Starlette) -> None:
    """Starts the application as the environment asks."""
    logs.own_stdout()
    os.umask(private.UMASK)  # of all that is ever written: logs that are rotated, content, temporary files
    gc.collect()
    gc.freeze()  # what was imported stays; looking through it again and again held up requests
    deployment = Deployment(Workers(1, "champion"), Workers(1, "challenger"))
    start(app, deployment, journal.folder(), os.environ)


@asynccontextmanager
async def _lifespan(app: Starlette) -> AsyncIterator[None]:
    watching = asyncio.create_task(app.state.deployment.watch())
    try:
        yield
    finally:
        watching.cancel()
        with suppress(asyncio.CancelledError):
            await watching
        await app.state.shadow.finish()
        app.state.content.close()
        app.state.journal.close()
        await asyncio.to_thread(app.state.end_tracing)


async def _refuse(_: Request, error: Exception) -> JSONResponse:
    """A bad request's answer: one sentence."""
    assert isinstance(error, Refused)
    return error.response()


async def _refuse_by_status(request: Request, error: Exception) -> JSONResponse:
    """Starlette's own refusals: no such path, another method."""
    assert isinstance(error, HTTPException)
    path = request.scope["path"]
    words = {404: f"there is nothing at {path}", 405: f"{request.method} is not for {path}"}
    return JSONResponse({"error": words.get(error.status_code, error.detail)}, error.status_code, error.headers)
