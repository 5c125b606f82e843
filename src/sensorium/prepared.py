"""params.yaml, each input with what `prepare` had it learn from the training rows."""

from sensorium import params
from sensorium.dataset.learnt import taught


def load_params() -> params.Params:
    """What stages after `prepare` read.

    Raises:
        UserError: if params.yaml, or what was learnt, cannot be read.
    """
    settings = params.load()
    return settings.model_copy(update={"inputs": taught(settings.inputs)})
