"""package: a Bento of the compressed model, if the gate passed."""

import shutil
from pathlib import Path
from typing import Any

import yaml

from sensorium import params, paths
from sensorium.dataset.columns import TEST, TRAIN
from sensorium.dataset.examples import choose_examples, known_choices, read_rows
from sensorium.errors import UserError
from sensorium.evaluation.gates import OF_TARGETS
from sensorium.files import existing, read_json, replacing, write_json
from sensorium.media import Media
from sensorium.registry import bento
from sensorium.runtime import artefact
from sensorium.runtime import settings as serving

VALID, ROWS = paths.VALID / "manifest.parquet", paths.PREPARED / "rows.parquet"
EXAMPLES = 3  # of published data, where params.yaml does not say how many
PAGES = {  # where the figures of a file in metrics/ are explained
    "validate": "reports/data/index.html",
    **dict.fromkeys(OF_TARGETS, "reports/evaluation/index.html"),
    "compress": "reports/compression/index.html",
    "timings": "reports/compression/index.html",
}


def run() -> None:
    """Writes models/packaged and builds the Bento, whose tag goes into models/bento.json.

    Raises:
        UserError: with the failed rules, if the gate did not pass; what was packaged before stays.
    """
    verdict = read_json(paths.VERDICT, made_by="gate")
    if not verdict["passed"]:
        raise UserError(
            f"nothing is packaged, the gate did not pass: {'; '.join(_failures(verdict))}. "
            "reports/index.html has all of it on one page."
        )
    settings = params.load()
    model = artefact.read(existing(paths.COMPRESSED, made_by="compress"))["version"]
    served = what_is_served(settings)
    with replacing(paths.PACKAGED) as beside:
        shutil.copytree(paths.COMPRESSED, beside)
        serving.write(beside, served)
    tag, size = bento.build(model)
    write_json(paths.BENTO, {"tag": tag, "model_version": model, "bytes": size})
    print(f"package: {tag}, {size / 1e6:.1f} MB")
    if why := serving.why_not_learnt_from(served.keep):
        print(f"package: {why}")


def what_is_served(settings: params.Params) -> serving.Settings:
    """What is served beside the model; of data that is not published only what params.yaml asks for."""
    serve, published_as = settings.serve, settings.data.published_as
    rows = read_rows(existing(VALID, made_by="validate"), existing(ROWS, made_by="prepare"))
    count = (EXAMPLES if published_as else 0) if serve.examples is None else serve.examples
    offers = bool(published_as) if serve.choices is None else serve.choices
    media = Media.of_folder(paths.RAW)
    return serving.Settings(
        serve,
        serving.Keep(**settings.monitor.model_dump(include={*serving.Keep.model_fields})),
        _lineage(settings),
        serve.title or published_as,
        choose_examples(rows.get(TEST, []), settings.inputs, list(settings.labels.values()), media, count),
        known_choices(rows.get(TRAIN, []), settings.inputs, media) if offers else {},
    )


def _lineage(settings: params.Params) -> dict[str, Any]:
    """Where the model comes from: DVC's md5 of data/raw, and what params.yaml says of data and networks."""
    lock = Path("dvc.lock")
    stages = yaml.safe_load(lock.read_text(encoding="utf-8"))["stages"] if lock.is_file() else {}
    data = [out["md5"] for out in stages.get("ingest", {}).get("outs", []) if out["path"] == str(paths.RAW)]
    return {
        "data": data[0] if data else None,
        "source": settings.data.source,
        "encoders": {name: str(kind.encoder) for name, kind in settings.inputs.items()},
    }


def _failures(verdict: dict[str, Any]) -> list[str]:
    """Every failed rule, and the report to look at."""
    return [
        f"{rule['words']} (see {PAGES[rule['name'].split('.')[0]]})" for rule in verdict["rules"] if not rule["passed"]
    ]
