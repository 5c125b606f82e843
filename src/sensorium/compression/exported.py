"""The model as plain ONNX, held against the trained one before anything of it is made smaller."""

from sensorium.compression import parity
from sensorium.compression.bench import Bench
from sensorium.compression.parity import Parity
from sensorium.compression.parts import FP32, write_model_files
from sensorium.compression.whole_models import ONNX
from sensorium.models.network import Network
from sensorium.runtime import artefact
from sensorium.runtime.predictor import Predictor

VALUES = 24  # of every input


def check_parity(network: Network, bench: Bench) -> Parity:
    """Writes the model in fp32 as serving loads it, and checks every step of it against its original.

    Args:
        network: the trained one.
        bench: its parts and test rows; the folder stays in ``bench.work``.

    Raises:
        UserError: naming the step, if it does not compute what its original does.
    """
    folder = bench.work / ONNX
    artefact.seal(
        folder, write_model_files(bench.readers, bench.parts, dict.fromkeys(bench.parts, FP32), network, folder)
    )
    values = {name: (several or bench.examples[name])[:VALUES] for name, several in bench.rows.values.items()}
    found = parity.check(bench.readers, network, Predictor.load(folder), values)
    for target, logits in bench.logits({}).items():
        found[f"logits.{target}"] = parity.difference(bench.evaluator.uncompressed[target], logits)
    return parity.require(found)
