"""The BentoML service. It serves models/packaged, in a repository as in a Bento, and imports no torch."""

import os
from pathlib import Path

import bentoml

from sensorium import paths
from sensorium.errors import UserError
from sensorium.serving.app import create_app
from sensorium.serving.predictor import Predictor

app = create_app()


@bentoml.service(name="sensorium", traffic={"timeout": 30})
@bentoml.asgi_app(app, path="/")
class Sensorium:
    """Predicts every target from any subset of the model's inputs."""

    def __init__(self) -> None:
        try:
            app.state.predictor = Predictor(model_folder())
        except UserError as error:
            raise SystemExit(f"error: {error}") from error


def model_folder() -> Path:
    """``$SENSORIUM_MODEL``, else models/packaged of the Bento that holds this file, else of the working directory."""
    if chosen := os.environ.get("SENSORIUM_MODEL"):
        return Path(chosen)
    in_bento = Path(__file__).parents[2] / paths.PACKAGED
    return in_bento if in_bento.is_dir() else paths.PACKAGED
