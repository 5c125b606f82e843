"""What a person would write by hand to serve the trained model: FastAPI, torch in fp32, each request by itself."""

from typing import Annotated, Any

import torch
import uvicorn
from fastapi import Depends, FastAPI, Request
from starlette.datastructures import UploadFile

from sensorium import params, paths
from sensorium.encoders.encoder import encode_arrays
from sensorium.models import network as networks

inputs = params.load().inputs
encoders = {name: kind.load_encoder() for name, kind in inputs.items()}
network = networks.load(paths.TRAINED)
app = FastAPI()


async def read_form(request: Request) -> dict[str, Any]:
    """The fields of a form, files as bytes."""
    form = await request.form()
    return {name: await value.read() if isinstance(value, UploadFile) else value for name, value in form.items()}


@app.post("/predict")
def predict(raw: Annotated[dict[str, Any], Depends(read_form)]) -> dict[str, Any]:
    """Every target's probabilities; FastAPI runs this in a thread of its pool."""
    features, masks = {}, {}
    with torch.inference_mode():
        for name, kind in inputs.items():
            tokens, dim = 1, network.config.inputs[name]
            features[name], masks[name] = torch.zeros(1, tokens, dim), torch.zeros(1, tokens)
            if name in raw:
                preprocess, encoder = encoders[name].preprocess, encoders[name].network
                arrays = [preprocess(kind.accept(raw[name]))]
                features[name] = torch.as_tensor(encode_arrays(preprocess, encoder, arrays))
                masks[name] = torch.ones(1, tokens)
        logits = network(features, masks)
    answers = {}
    for target, classes in network.config.targets.items():
        probabilities = logits[target][0].softmax(0).tolist()
        by_class = dict(zip(classes, probabilities, strict=True))
        answers[target] = {"label": classes[probabilities.index(max(probabilities))], "probabilities": by_class}
    return {"targets": answers}


if __name__ == "__main__":
    import sys

    uvicorn.run(app, host="127.0.0.1", port=int(sys.argv[1]), log_level="warning")
