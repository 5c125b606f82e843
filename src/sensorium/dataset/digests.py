"""Which cleaned value every input of every valid row has, as `validate` writes it and `prepare` reads it."""

import json
from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from sensorium import paths
from sensorium.errors import UserError
from sensorium.files import existing
from sensorium.modalities import Modality

DECLARED = b"inputs"  # in the metadata: what params.yaml said of them


def write_digests(
    path: Path, digests: Mapping[str, pa.Array], rows: Sequence[int] | np.ndarray, inputs: Mapping[str, Modality]
) -> None:
    """Writes the digests of some rows.

    Args:
        path: of a new file.
        digests: of every input, of every row.
        rows: which of them.
        inputs: as declared.
    """
    table = pa.table(dict(digests)).take(rows)
    pq.write_table(table.replace_schema_metadata({DECLARED: _declared(inputs)}), path)


def read_digests(inputs: Mapping[str, Modality]) -> dict[str, list[str | None]]:
    """The digests of every input, null where it is missing.

    Raises:
        UserError: if there are none of inputs that are declared so.
    """
    table = pq.read_table(existing(paths.DIGESTS, made_by="validate"))
    if (table.schema.metadata or {}).get(DECLARED) != _declared(inputs):
        raise UserError(f"{paths.DIGESTS} is of other inputs than {paths.PARAMS} has now; run `dvc repro`.")
    found: dict[str, list[str | None]] = table.to_pydict()
    return found


def _declared(inputs: Mapping[str, Modality]) -> bytes:
    return json.dumps({name: kind.model_dump(mode="json") for name, kind in inputs.items()}).encode()
