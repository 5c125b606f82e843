"""The endpoint /metrics, and all that it shows.

The figures are in memory, since one process answers. BentoML would have them in files, for several: in a folder that
all services of a user share, and that each one empties when it starts.
"""

import os
from collections.abc import Iterable

os.environ.pop("PROMETHEUS_MULTIPROC_DIR", None)  # which prometheus_client looks for when it is imported
from prometheus_client import CONTENT_TYPE_LATEST, Counter, Gauge, Histogram, generate_latest
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import Response

SECONDS = (0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1, 2, 5, 10, 30)

REQUESTS = Counter("sensorium_requests", "Answered requests", ["endpoint", "status"])
LATENCY = Histogram("sensorium_request_seconds", "From first byte to answer", ["endpoint"], buckets=SECONDS)
IN_FLIGHT = Gauge("sensorium_requests_in_flight", "Requests worked on")
BODIES = Gauge("sensorium_bodies_coming", "Requests whose bodies are on their way")
STEP = Histogram(
    "sensorium_step_seconds", "Time in each step; encode and fuse of whole batches", ["step"], buckets=SECONDS
)
BATCH = Histogram("sensorium_batch_size", "Samples run together", ["role"], buckets=(1, 2, 4, 8, 16, 32, 64, 128, 256))

PREDICTIONS_MADE = Counter(
    "sensorium_predictions",
    "Answers by label: the likeliest class, abstained from or not, or how many tags",
    ["model_version", "target", "label"],
)
ABSTAINED = Counter("sensorium_abstained", "Predictions too unsure for a label", ["model_version", "target"])
CONFIDENCE = Histogram(
    "sensorium_confidence",
    "Probability of the likeliest class",
    ["target"],
    buckets=(0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9, 0.95, 0.99, 1),
)
MISSING = Counter("sensorium_missing_inputs", "Samples without this input", ["input"])
FEEDBACK = Counter(
    "sensorium_feedback", "True labels received for predictions remembered", ["model_version", "target", "outcome"]
)
DRIFT = Gauge(
    "sensorium_input_drift",
    "Population stability index of the latest samples against the training reference",
    ["input"],
)
MODEL = Gauge("sensorium_model", "1 for the models in service, 0 for those that were", ["role", "model_version"])
SWITCHES = Counter("sensorium_model_switches", "Attempts to serve another model", ["role", "outcome"])
SHADOW = Counter("sensorium_shadow", "The challenger beside the champion's answers", ["target", "outcome"])
STUCK = Gauge(
    "sensorium_model_stuck",
    "1 while a model stays in service because what should follow it, or the file that names that, cannot be used",
    ["role"],
)
CUT = Counter("sensorium_connections_cut", "Connections that the service ended, by what was wrong with them", ["why"])
LOST = Counter("sensorium_log_failures", "Records that could not be written")


def expect(version: str, inputs: Iterable[str], targets: Iterable[str]) -> None:
    """Shows the figures of a champion from its first moment, at zero: a counter that appears has no increase."""
    for name in inputs:
        MISSING.labels(name)
    for target in targets:
        ABSTAINED.labels(version, target)
        for outcome in ("right", "wrong"):
            FEEDBACK.labels(version, target, outcome)
        for outcome in ("agrees", "differs"):
            SHADOW.labels(target, outcome)
    for role in ("champion", "challenger"):
        STUCK.labels(role)
        for outcome in ("switched", "failed"):
            SWITCHES.labels(role, outcome)


async def metrics(request: Request) -> Response:
    """What Prometheus reads."""
    return Response(await run_in_threadpool(generate_latest), media_type=CONTENT_TYPE_LATEST)
