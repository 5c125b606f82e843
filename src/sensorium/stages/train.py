"""train: the network with the best settings and the linear one beside it, fitted on the training rows."""

import csv

import yaml

from sensorium import params, paths
from sensorium.dataset.columns import TRAIN, VAL
from sensorium.dataset.learnt_targets import learn
from sensorium.dataset.rows import of_split, read_rows, read_table
from sensorium.evaluation.calibration import calibrate
from sensorium.files import existing, replacing
from sensorium.models.network import save
from sensorium.models.shares import mean_of
from sensorium.training.fit import configured
from sensorium.training.folds import divisions
from sensorium.training.loop import Fitted
from sensorium.training.stacking import Divisions, Stacked
from sensorium.training.team import join


def run() -> None:
    """Writes models/trained and the learning curve; of several processes, which fit together, one does."""
    together = join()
    settings = params.load()
    best = yaml.safe_load(existing(paths.BEST, made_by="search").read_text())
    table = read_table()
    targets = learn(table, settings.targets)
    train, validation = (read_rows(of_split(table, name), settings.inputs, targets) for name in (TRAIN, VAL))
    config, how = configured(best, train, targets)
    stacked = Divisions(divisions(train, validation, targets)).fit(config, how)
    fitted = stacked.fitted_to(config, how, train, validation)
    calibrate(fitted.network, stacked.judged)
    if together.leads:
        _write(fitted, stacked)
    together.leave()


def _write(fitted: Fitted, stacked: Stacked) -> None:
    with replacing(paths.TRAINED) as beside:
        beside.mkdir()
        save(fitted.network, beside)
    with replacing(paths.CURVE) as beside, beside.open("w", newline="") as stream:
        writer = csv.DictWriter(stream, ["epoch", "train", "validation"])
        writer.writeheader()
        writer.writerows(fitted.curve)
    weights = sum(parameter.numel() for parameter in fitted.network.parameters())
    print(f"train: {weights:,} weights, {len(fitted.curve)} epochs, validation loss {fitted.best_loss:.4f}")
    for name, shares in stacked.shares.items():
        print(f"train: {name} is answered by {mean_of(shares)}")
