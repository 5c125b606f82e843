"""evaluate: the trained network on the test rows."""

from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd
import torch

from sensorium import params, paths
from sensorium.dataset.rows import of_split, read_rows, read_table
from sensorium.evaluation.metrics import Predictions, confusion, figures, intervals
from sensorium.evaluation.subsets import subsets
from sensorium.files import existing, replacing, write_json
from sensorium.models import network as networks
from sensorium.report.evaluation import write_report
from sensorium.training.loop import predict

DIGITS = 6  # of figures in metrics/


def run() -> None:
    """Writes metrics, predictions and the report."""
    settings = params.load()
    network = networks.load(existing(paths.TRAINED, made_by="train"))
    table = read_table()
    test = of_split(table, "test")
    rows = read_rows(test, network.config.inputs, network.config.targets)
    logits = predict(network, rows)
    groups = test["group"].to_numpy()
    found: dict[str, Any] = {}
    matrices: dict[str, np.ndarray] = {}
    for target, classes in network.config.targets.items():
        whole = _predictions(logits[target], rows.labels[target], groups, len(classes))
        bounds = intervals(whole, settings.evaluation.bootstrap, settings.evaluation.confidence)
        majority = table.loc[table["split"] == "train", target].value_counts().sort_index().idxmax()
        always = np.full_like(whole.labels, classes.index(str(majority)))
        found[target] = {
            **figures(whole),
            "rows": len(whole.labels),
            "intervals": bounds,
            "majority": {"accuracy": float((whole.labels == always).mean())},
        }
        matrices[target] = confusion(whole)
    for (how, name), absent in subsets(list(network.config.inputs)):
        fewer = rows.without(absent)
        answerable = torch.stack([items >= 0 for items in fewer.items.values()]).any(0)
        if answerable.any():
            kept = fewer.select(answerable.nonzero()[:, 0])
            partial = predict(network, kept)
            for target, classes in network.config.targets.items():
                some = _predictions(partial[target], kept.labels[target], groups[answerable.numpy()], len(classes))
                found[target].setdefault(how, {})[name] = {**figures(some), "rows": len(some.labels)}
    found = _rounded(found)
    write_json(paths.METRICS / "evaluate.json", found)
    _write_predictions(test, logits, network.config.targets)
    write_report(found, matrices, network.config.targets, settings.evaluation.confidence, paths.REPORTS / "evaluation")
    for target, values in found.items():
        low, high = values["intervals"]["accuracy"]
        print(
            f"evaluate: {target} accuracy {values['accuracy']:.3f} [{low:.3f}, {high:.3f}], macro F1 "
            f"{values['macro_f1']:.3f}; always the commonest class {values['majority']['accuracy']:.3f}"
        )


def _predictions(logits: torch.Tensor, labels: torch.Tensor, groups: np.ndarray, classes: int) -> Predictions:
    known = (labels >= 0).numpy()
    return Predictions(labels.numpy()[known], logits.argmax(1).numpy()[known], groups[known], classes)


def _write_predictions(
    test: pd.DataFrame, logits: Mapping[str, torch.Tensor], classes: Mapping[str, list[str]]
) -> None:
    columns: dict[str, Any] = {"id": test["id"], "group": test["group"]}
    for target, names in classes.items():
        probabilities = logits[target].softmax(1).numpy()
        columns[target] = test[target]
        columns[f"{target}.predicted"] = np.array(names, dtype=object)[probabilities.argmax(1)]
        columns |= {f"{target}.probability.{name}": probabilities[:, place] for place, name in enumerate(names)}
    with replacing(paths.PREDICTIONS / "test.parquet") as beside:
        pd.DataFrame(columns).to_parquet(beside, index=False)


def _rounded(figure: Any) -> Any:
    """The same tree with floats cut to digits that mean something."""
    if isinstance(figure, dict):
        return {name: _rounded(value) for name, value in figure.items()}
    if isinstance(figure, list):
        return [_rounded(value) for value in figure]
    return round(figure, DIGITS) if isinstance(figure, float) else figure
