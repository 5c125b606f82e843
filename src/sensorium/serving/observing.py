"""The outermost layer of every request: its id, its time, its line in the log, and headers that keep browsers safe."""

import logging
import re
import time
import uuid

from opentelemetry import trace
from opentelemetry.propagate import extract
from opentelemetry.trace import SpanKind, Status, StatusCode
from starlette.datastructures import Headers, MutableHeaders
from starlette.requests import ClientDisconnect
from starlette.responses import JSONResponse, Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from sensorium.serving.logs import whereabouts
from sensorium.serving.metrics import LATENCY, REQUESTS
from sensorium.serving.refusal import ACCIDENT
from sensorium.serving.steps import Steps

ID = re.compile(r"[A-Za-z0-9._-]{1,64}")
SAFE = {
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "no-referrer",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Permissions-Policy": "camera=(self), microphone=(self), geolocation=()",
    "Content-Security-Policy": "default-src 'none'; frame-ancestors 'none'",
    "Cache-Control": "no-store",
}
GONE = 499  # nginx's number for a client that did not wait for its answer
log = logging.getLogger("sensorium.serving.access")


class Observed:
    """Gives every request an id and tells logs, metrics and traces how it went; accidents are answered without detail.

    A client may choose the id by ``X-Request-ID``; it stands in the answer, in the logs, and names what feedback is
    about.
    """

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serves a request."""
        if scope["type"] != "http" or scope["path"] == "/metrics":  # looking does not count
            await self.app(scope, receive, send)
            return
        headers, began, steps = Headers(scope=scope), time.perf_counter(), Steps()
        asked = headers.get("x-request-id", "")
        request_id = asked if ID.fullmatch(asked) else uuid.uuid4().hex
        about: dict[str, object] = {}  # what the endpoint adds to the line in the log: never content
        scope["state"] = {**scope.get("state", {}), "request_id": request_id, "steps": steps, "about": about}
        status = 500

        async def sending(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
                out = MutableHeaders(scope=message)
                for name, value in SAFE.items():
                    out.setdefault(name, value)
                out["X-Request-ID"] = request_id
                if steps.taken:
                    out["Server-Timing"] = steps.header()
            await send(message)

        tracer: trace.Tracer = scope["app"].state.tracer
        with tracer.start_as_current_span(scope["method"], extract(headers), SpanKind.SERVER) as span:
            try:
                await self.app(scope, receive, sending)
            except ClientDisconnect:  # an answer nobody hears: without one BentoML would wait until its timeout
                await Response(status_code=GONE)(scope, receive, sending)
            except Exception as error:
                log.error("accident", extra={"request_id": request_id} | whereabouts(error))
                await JSONResponse({"error": ACCIDENT.format(request_id)}, 500)(scope, receive, sending)
            endpoint = getattr(scope.get("endpoint"), "__name__", "other")
            span.update_name(f"{scope['method']} {endpoint}")
            span.set_attributes({"http.response.status_code": status, "sensorium.request_id": request_id})
            if status >= 500:
                span.set_status(Status(StatusCode.ERROR))
            steps.trace(tracer)
        seconds = time.perf_counter() - began
        REQUESTS.labels(endpoint, str(status)).inc()
        LATENCY.labels(endpoint).observe(seconds)
        facts = {"request_id": request_id, "endpoint": endpoint, "status": status, "ms": round(1000 * seconds, 1)}
        log.info("answered", extra=facts | about)
