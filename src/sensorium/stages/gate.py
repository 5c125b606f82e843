"""gate: the metrics, held against the rules in params.yaml and against the champion."""

from typing import Any

import pandas as pd

from sensorium import params, paths
from sensorium.evaluation.gates import BRANCHES, OF_TARGETS, TIMINGS, check_rules
from sensorium.evaluation.lookup import UNJUDGED
from sensorium.evaluation.verdict import entry, headline, words
from sensorium.files import existing, read_json, rounded, write_json
from sensorium.registry.champion_comparison import ChampionComparison
from sensorium.renamed import VALIDATED, with_new_keys
from sensorium.runtime import artefact
from sensorium.targets import learnt

MADE_BY = dict.fromkeys(OF_TARGETS, "evaluate") | {"validate": "validate", "compress": "compress"}


def run() -> None:
    """Writes metrics/gate.json and metrics/headline.json; a failed rule is a result, not an error."""
    settings = params.load()
    figures: dict[str, Any] = {
        name: read_json(paths.METRICS / f"{name}.json", stage) for name, stage in MADE_BY.items()
    }
    figures["validate"] = with_new_keys(figures["validate"], VALIDATED)
    unjudged = {target: tree[UNJUDGED] for target, tree in figures["evaluate"].items() if UNJUDGED in tree}
    for branch in BRANCHES:
        figures[branch] = figures[branch] | {UNJUDGED: unjudged}
    figures[TIMINGS] = {"compress": read_json(paths.METRICS / TIMINGS / "compress.json", "compress")}
    predictions = pd.read_parquet(existing(paths.PREDICTIONS / "compressed.parquet", made_by="compress"))
    manifest = artefact.read(existing(paths.COMPRESSED, made_by="compress"))
    targets = {name: learnt(state) for name, state in manifest["targets"].items()}
    draws = settings.evaluation.bootstrap
    comparison = ChampionComparison(manifest["version"], targets, predictions, settings.inputs, draws)
    results = check_rules(settings.gate, figures, comparison.compare)
    passed = all(rule.passed for rule in results)
    verdict = {
        "passed": passed,
        "champion": {
            "version": comparison.version,
            "model_version": comparison.champion_model_version,
            **rounded(comparison.overview(settings.evaluation.confidence)),
        },
    }
    write_json(paths.VERDICT, verdict | {"rules": [entry(rule) for rule in results]})
    write_json(paths.HEADLINE, headline(figures, passed))
    for rule in results:
        print(f"gate: {'pass' if rule.passed else 'FAIL'} {words(rule)}")
