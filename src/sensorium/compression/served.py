"""The chosen model as the folder that serving loads, with the reference that drift is measured against."""

from collections.abc import Sequence

import pandas as pd

from sensorium.compression.bench import Bench
from sensorium.compression.choice import Chosen
from sensorium.compression.parts import write_model_files
from sensorium.compression.trained import Trained, spread
from sensorium.compression.whole_models import SERVED
from sensorium.monitoring.drift.reference import ReferenceContext, write_reference
from sensorium.runtime import artefact

REFERENCE_ROWS = 2000


def write_served(trained: Trained, bench: Bench, chosen: Chosen, grouped_by: Sequence[str]) -> None:
    """Writes the folder into ``bench.work``.

    Args:
        trained: the model.
        bench: its parts.
        chosen: the variant of each part.
        grouped_by: inputs by whose values rows are grouped.
    """
    folder = bench.work / SERVED
    description = write_model_files(bench.readers, bench.parts, chosen, trained.network, folder)
    rows = spread(trained.validation, REFERENCE_ROWS)
    context = _reference_context(trained, rows, grouped_by)
    write_reference(folder, bench.predictor(chosen), trained.served_rows(rows), context)
    artefact.seal(folder, description)


def _reference_context(trained: Trained, rows: pd.DataFrame, grouped_by: Sequence[str]) -> ReferenceContext:
    return ReferenceContext(
        rows["group"].to_numpy(),
        {target: rows[target].where(rows[target].notna(), None) for target in trained.network.config.targets},
        list(grouped_by),
        {name: trained.training_values(name).values() for name, kind in trained.inputs.items() if kind.has_names},
        {name: trained.training_features(name) for name in trained.inputs},
    )
