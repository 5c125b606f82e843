"""evaluate: the trained network on the test rows."""

from sensorium import paths
from sensorium.dataset.columns import TEST
from sensorium.dataset.predictions import write_predictions
from sensorium.dataset.rows import of_split, read_table
from sensorium.evaluation.evidence import gather
from sensorium.evaluation.examples import explain
from sensorium.evaluation.gates import BRANCHES
from sensorium.evaluation.measure import measure
from sensorium.files import existing, rounded, write_json
from sensorium.models import network as networks
from sensorium.prepared import load_params
from sensorium.report.evaluation import write_report
from sensorium.report.words import bounds, findings

PREDICTIONS = paths.PREDICTIONS / "test.parquet"
INTERVAL = "{:.3f}, {:.3f}"


def run() -> None:
    """Writes metrics, predictions and the report."""
    settings = load_params()
    network = networks.load(existing(paths.TRAINED, made_by="train"))
    targets = network.targets
    table = read_table()
    test = of_split(table, TEST)
    damaged = settings.evaluation.robustness_rows
    evidence = gather(network, settings.inputs, table, damaged, paths.PREPARED, settings.engine)
    unread = sum(int(one.lost.sum()) for one in evidence.corrupted.values())
    if unread:
        print(f"evaluate: {unread:,} damaged values cannot be encoded; they are left out of the figures of robustness")
    draws, confidence = settings.evaluation.bootstrap, settings.evaluation.confidence
    measured = {name: measure(evidence, name, target, draws, confidence) for name, target in targets.items()}
    members = {target: {"members": network.config.shares_of(target)} for target in targets}
    found = rounded({target: one.figures | members[target] for target, one in measured.items()})
    small = {target: {key: v for key, v in tree.items() if key not in BRANCHES} for target, tree in found.items()}
    write_json(paths.METRICS / "evaluate.json", small)
    for branch in BRANCHES:
        write_json(paths.METRICS / f"{branch}.json", {target: tree[branch] for target, tree in found.items()})
    write_predictions(
        PREDICTIONS,
        test,
        {target: one.predictions for target, one in measured.items()},
        targets,
        {f"{target}.shapley.{name}": worth for target, one in measured.items() for name, worth in one.shapley.items()},
    )
    examples = {
        target: explain(network, settings.inputs, test, one, target, paths.PREPARED) for target, one in measured.items()
    }
    write_report(found, measured, examples, settings.inputs, paths.REPORTS / "evaluation")
    for name, target in targets.items():
        print(f"evaluate: {name} {target.summary(found[name], bounds(found[name], INTERVAL, target.main))}")
    for sentence in findings(found):
        print(f"evaluate: {sentence}")
