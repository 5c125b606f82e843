"""The BentoML service, which imports no torch. `sensorium.serving.deployment` says which model it serves."""

import os
import sys

import bentoml
from bentoml.exceptions import BentoMLException

from sensorium.errors import UserError
from sensorium.parent_death import end_with_parent
from sensorium.runtime import artefact, settings
from sensorium.runtime.settings import LONGEST
from sensorium.serving import app, connections, journal, keys, logs
from sensorium.serving.deployment import champion_folder
from sensorium.serving.pacing import PacedElsewhere

if logs.is_server():
    logs.configure()

SUPERVISOR = "SENSORIUM_SUPERVISOR"  # the process that starts workers, which inherit this
if sys.modules["__main__"].__spec__ and sys.modules["__main__"].__spec__.name == "_bentoml_impl.worker.service":
    end_with_parent(int(os.environ[SUPERVISOR]))  # else it would serve on, and hold the port
else:
    os.environ[SUPERVISOR] = str(os.getpid())

try:  # here rather than in a worker, which BentoML would start again and again
    keys.read(os.environ)
    folder = champion_folder()
    artefact.read(folder)
    settings.read(folder)
    journal.require_writable(journal.folder())
except UserError as problem:
    raise BentoMLException(str(problem)) from problem

application = app.create_app()
connections.limit(lambda scope: application.state.guard.knows(scope))


@bentoml.service(
    name="sensorium",
    workers=1,  # its threads use all cores; more replicas, not more workers, share keys' rates and batches fairly
    # Beyond `serve.timeout`, which is the one that answers; BentoML keeps a timer and some kilobytes so long for every
    # request, answered or not.
    traffic={"timeout": LONGEST + 5},
    logging={"access": {"enabled": False}},  # the service's own lines have the request's id
    metrics={"enabled": False},  # BentoML's remember every path that anybody ever asked for
)
@bentoml.asgi_app(application, path="/")
class Sensorium:
    """Predicts every target from any subset of the model's inputs."""

    def __init__(self) -> None:
        app.serve(application)


Sensorium.add_asgi_middleware(PacedElsewhere, application=application)  # type: ignore[attr-defined]  # of the Service
