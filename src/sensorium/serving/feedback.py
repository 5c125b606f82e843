"""The endpoint /feedback: true labels for what was predicted."""

import asyncio
import queue
import re
from typing import Any

from starlette.requests import Request
from starlette.responses import JSONResponse

from sensorium.errors import BadInput
from sensorium.runtime.predictor import Predictor
from sensorium.runtime.settings import why_not_learnt_from
from sensorium.serving import journal
from sensorium.serving.metrics import FEEDBACK
from sensorium.serving.refusal import Refused
from sensorium.serving.requests import read_object

ID = re.compile(r"[A-Za-z0-9._-]{1,80}")  # of a request, or of a sample in one
LARGEST = 2**16  # bytes of a body


async def feedback(request: Request) -> JSONResponse:
    """Writes true labels down, and answers when they are on the disk.

    A class that the model does not know is welcome, since that is news.
    A prediction that this process does not remember (it was long ago, or another replica's) is written down as well.
    """
    app = request.app.state
    live = app.deployment.champion
    app.guard.count(request.state.key, 1, live.serve)
    content = await read_object(request, LARGEST)
    request_id, labels = _checked(content, live.predictor)
    version, predicted = app.memory.recall(request.state.key, request_id)
    targets = live.predictor.targets
    correct = {
        name: targets[name].agrees(predicted[name], label) for name, label in labels.items() if name in predicted
    }
    for target, is_right in correct.items():
        FEEDBACK.labels(version, target, "right" if is_right else "wrong").inc()
        app.memory.forget(request.state.key, request_id, target)
    record = {"request_id": request_id, "labels": labels, "predicted_by": version, "correct": correct}
    try:
        await asyncio.wrap_future(app.journal.keep(journal.FEEDBACK, record | {"key": request.state.key}))
    except (OSError, queue.Full) as error:
        raise Refused(503, "the labels could not be written down; send them again", 5) from error
    request.state.about["about"] = request_id
    why = why_not_learnt_from(live.keep)
    return JSONResponse(record | ({"note": why} if why else {}), 202)


def _checked(content: dict[str, Any], predictor: Predictor) -> tuple[str, dict[str, Any]]:
    if unknown := sorted(set(content) - {"request_id", "labels"}):
        raise Refused(400, f"unknown key {unknown[0][:40]!r}; request_id and labels are expected")
    request_id, labels = content.get("request_id"), content.get("labels")
    if not isinstance(request_id, str) or not ID.fullmatch(request_id):
        raise Refused(400, "request_id is expected: the one in the answer that this is about")
    if not isinstance(labels, dict) or not labels:
        raise Refused(400, f"labels are expected: an object of {', '.join(predictor.targets)}")
    accepted = {}
    for name, label in labels.items():
        if name not in predictor.targets:
            raise Refused(400, f"there is no target {name[:40]!r}; this model predicts {', '.join(predictor.targets)}")
        try:
            accepted[name] = predictor.targets[name].read_label(label)
        except BadInput as problem:
            raise Refused(400, f"{name}: {problem}") from problem
    return request_id, accepted
