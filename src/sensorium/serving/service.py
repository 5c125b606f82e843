"""The BentoML service. It serves models/packaged, in a repository as in a Bento, and imports no torch."""

import os
from pathlib import Path

import bentoml
from bentoml.exceptions import BentoMLException

from sensorium import paths
from sensorium.errors import UserError
from sensorium.serving import artefact
from sensorium.serving.app import create_app
from sensorium.serving.predictor import Predictor


def model_folder() -> Path:
    """``$SENSORIUM_MODEL``, else models/packaged of the Bento that holds this file, else of the working directory."""
    if chosen := os.environ.get("SENSORIUM_MODEL"):
        return Path(chosen)
    in_bento = Path(__file__).parents[2] / paths.PACKAGED
    return in_bento if in_bento.is_dir() else paths.PACKAGED


try:  # here rather than in a worker, which BentoML would start again and again
    artefact.read(model_folder())
except UserError as problem:
    raise BentoMLException(str(problem)) from problem

app = create_app()


@bentoml.service(name="sensorium", traffic={"timeout": 30})
@bentoml.asgi_app(app, path="/")
class Sensorium:
    """Predicts every target from any subset of the model's inputs."""

    def __init__(self) -> None:
        app.state.predictor = Predictor.load(model_folder())
