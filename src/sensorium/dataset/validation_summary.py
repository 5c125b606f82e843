"""What validation found, in figures (metrics/validate.json) and in sentences."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

import pandas as pd

from sensorium.dataset.problems import InputChecks, Problem, Reason, nothing_to_learn
from sensorium.dataset.validation import Loss
from sensorium.errors import UserError
from sensorium.modalities import Modality
from sensorium.spelling import is_missing
from sensorium.targets import Target


def counts(
    checks: Sequence[InputChecks],
    valid: pd.DataFrame,
    losses: Sequence[Loss],
    inputs: Iterable[str],
    targets: Mapping[str, Target],
) -> dict[str, Any]:
    """How many rows, inputs and labels can be used.

    Args:
        checks: of every row, what was found in its inputs.
        valid: the rows that are used, a column a target.
        losses: what rows lose.
        inputs: by name.
        targets: as declared.
    """
    used = [checks[row] for row in valid.index]
    tallies: dict[str, Any] = {}
    for name, target in targets.items():
        tallies.setdefault(target.tally, {})[name] = target.count(valid[name])
    return {
        "rows": len(checks),
        "valid": len(valid),
        "quarantined": len(checks) - len(valid),
        "partly_quarantined": len({loss.row for loss in losses if loss.about}),
        "inputs": {
            name: {
                "present": sum(found[name] is True for found in used),
                "unreadable": sum(isinstance(found[name], Problem) for found in checks),
            }
            for name in inputs
        },
        **tallies,
    }


def doubts(
    table: pd.DataFrame, inputs: Mapping[str, Modality], targets: Mapping[str, Target], labels: Mapping[str, str]
) -> Iterator[str]:
    """What may be meant otherwise than params.yaml says it, a sentence each.

    Args:
        table: as it was ingested.
        inputs: as declared.
        targets: as declared.
        labels: by target, the column that its labels stand in.
    """
    of_inputs = [column for name, kind in inputs.items() for column in kind.columns(name)]
    read = dict.fromkeys([*of_inputs, *labels.values()])
    cells = {name: [None if is_missing(cell) else cell for cell in table[name]] for name in read}
    for name, target in targets.items():
        given = cells[labels[name]]
        known = [cell for cell in given if cell is not None]
        yield from (f"targets.{name}: {words}" for words in target.doubts(known, len(given) - len(known)))
    for name, kind in inputs.items():
        yield from (f"inputs.{name}: {words}" for words in kind.doubts(cells))


def require_learnable(
    checks: Sequence[InputChecks],
    labels: pd.DataFrame,
    valid: pd.DataFrame,
    reasons: Sequence[Reason],
    targets: Mapping[str, Target],
    enough: int,
    where: str,
) -> None:
    """Stops where nothing can be learnt from what is left, and says the first cause of that.

    Args:
        checks: of every row, what was found in its inputs.
        labels: of all rows, a column a target.
        valid: the same of the rows that are used.
        reasons: why rows lose something, the commonest first.
        targets: as declared.
        enough: rows that a class must have.
        where: what the sentence ends with.

    Raises:
        UserError: if no row has some input, or a target has fewer than two values.
    """
    for name in checks[0] if checks else ():
        found = [one[name] for one in checks]
        if True not in found and (first := next((one for one in reasons if one.about == name), None)):
            raise UserError(f"{first.words}. No row is left that has this input; {where}.")
    for name, target in targets.items():
        if target.learnable(valid[name], enough) < 2:
            first = next((one for one in reasons if one.about not in targets), None)
            raise UserError(f"{nothing_to_learn(name, target, labels[name], first, enough)}; {where}.")
