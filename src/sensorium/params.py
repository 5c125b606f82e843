"""params.yaml, typed and checked once, before any work."""

from pathlib import Path
from typing import Annotated, Any, Literal, Self

import yaml
from pydantic import AfterValidator, Field, ValidationError, model_validator

from sensorium import paths
from sensorium.compression.settings import FUSION, Compress
from sensorium.dataset.columns import OWN
from sensorium.engine import HERE, EngineOfKind
from sensorium.errors import UserError
from sensorium.evaluation.addresses import figures, why_not
from sensorium.evaluation.gates import OF_TARGETS, Rule, backwards
from sensorium.evaluation.lookup import keys_of
from sensorium.mistakes import sentences
from sensorium.modalities import Input
from sensorium.modalities.request_fields import clashes
from sensorium.models.fusion import FUSIONS
from sensorium.monitoring.names import PRESENT
from sensorium.monitoring.settings import Monitor, Retrain
from sensorium.runtime.settings import Serve
from sensorium.section import Column, Section, one_of
from sensorium.sources import Data
from sensorium.targets import TargetOfKind
from sensorium.training.choices import Range
from sensorium.training.storage import checked

Name = Annotated[str, Field(pattern=r"^[A-Za-z][A-Za-z0-9_]*$", description="letters, digits and underscores")]
FusionKind = Annotated[str, *one_of(FUSIONS)]
Width = Annotated[int, Field(ge=4, le=4096, multiple_of=4)]
Layers = Annotated[int, Field(ge=1, le=12)]
Share = Annotated[float, Field(ge=0, lt=1)]
Positive = Annotated[float, Field(gt=0)]


class Validation(Section):
    """What rows must have to be used."""

    min_class_rows: int = Field(5, ge=3, description="labels of a class below this number are not used")
    bad_cell: Literal["cell", "row"] = Field(
        "cell", description="what a cell that cannot be used costs its row: its input or label, or all of the row"
    )


class Split(Section):
    """How rows are divided; rows that share a value of any ``group`` column stay together."""

    train: Share = Field(0.7, gt=0)
    val: Share = Field(0.15, gt=0)
    test: Share = Field(0.15, gt=0)
    stratify: Column | None = Field(
        None, description="a column whose values are spread evenly over the splits; all targets where it is not given"
    )
    group: Column | list[Column] = Field([], description="columns; rows that share a value are never split")
    seed: int = 0

    @model_validator(mode="after")
    def _adds_up(self) -> Self:
        if abs(self.train + self.val + self.test - 1) > 1e-6:
            raise ValueError(f"train, val and test add up to {self.train + self.val + self.test:g}, not to 1")
        return self

    @property
    def groups(self) -> list[str]:
        """The group columns as a list."""
        return [self.group] if isinstance(self.group, str) else list(self.group)


class ShareRange(Range):
    """All shares between two."""

    low: Share
    high: Share


class Fusion(Section):
    """How inputs meet. A list or a range is searched, a single value is fixed."""

    kind: FusionKind | Annotated[list[FusionKind], Field(min_length=1)] = "concat"
    width: Width | Annotated[list[Width], Field(min_length=1)] = 128
    layers: Layers | Annotated[list[Layers], Field(min_length=1)] = 1
    dropout: Share | Annotated[list[Share], Field(min_length=1)] | ShareRange = 0.2


class Training(Section):
    """How the network is fitted. A list or a range is searched, a single value is fixed."""

    learning_rate: Positive | Annotated[list[Positive], Field(min_length=1)] | Range = 1e-3
    weight_decay: Share | Annotated[list[Share], Field(min_length=1)] | ShareRange = 0.01
    input_dropout: Share | Annotated[list[Share], Field(min_length=1)] | ShareRange = Field(
        0.2, description="chance that a row loses an input in a step"
    )
    label_smoothing: Share | Annotated[list[Share], Field(min_length=1)] | ShareRange = 0.0
    target_weights: Literal["given", "learnt"] = Field(
        "given",
        description="what losses of several targets count: their weights, or those divided by each target's own loss",
        exclude_if=lambda weights: weights == "given",
    )
    batch_size: int = Field(64, ge=1)
    epochs: int = Field(60, ge=1)
    patience: int = Field(8, ge=1, description="epochs without a better validation loss before stopping")
    seed: int = 0


class Search(Section):
    """The budget of the hyper-parameter search; it ends with whichever comes first."""

    trials: int = Field(24, ge=1)
    minutes: float = Field(10.0, gt=0)
    seed: int = 0
    at_once: int = Field(4, ge=1, description="trials that may run at once; what is drawn depends on it")
    storage: Annotated[str, AfterValidator(checked)] | None = Field(
        None, description="where several machines keep the trials of one search: postgresql://... or grpc://HOST:PORT"
    )


class Evaluation(Section):
    """How sure the figures are, and how many rows are corrupted to see what the model bears."""

    bootstrap: int = Field(1000, ge=100, le=100_000, description="draws behind every interval")
    confidence: float = Field(0.95, gt=0.5, lt=1)
    robustness_rows: int = Field(300, ge=0, description="test rows whose inputs are corrupted; 0 leaves it out")


class Params(Section):
    """All of params.yaml."""

    data: Data
    inputs: dict[Name, Input] = Field(min_length=1)
    targets: dict[Name, TargetOfKind] = Field(min_length=1)
    validation: Validation = Validation()
    split: Split = Split()
    fusion: Fusion = Fusion()
    training: Training = Training()
    search: Search = Search()
    evaluation: Evaluation = Evaluation()
    compress: Compress = Compress()
    gate: list[Rule] = []
    serve: Serve = Serve()
    monitor: Monitor = Monitor()
    retrain: Retrain = Retrain()
    engine: EngineOfKind = HERE

    @property
    def labels(self) -> dict[str, str]:
        """The column that each target's labels stand in."""
        return {name: name if target.column is None else target.column for name, target in self.targets.items()}

    @property
    def stood_for(self) -> dict[str, str]:
        """By columns of the table, the input or target that stands for it in our own tables; of several the first."""
        cells: dict[str, str] = {}
        for name, kind in self.inputs.items():
            for column in kind.stands_for(name):
                cells.setdefault(column, name)
        return cells | {column: name for name, column in self.labels.items()}

    def called(self, name: str) -> str | None:
        """The input or target that ``split`` means by a name: its own, or that of its column."""
        return name if name in (*self.inputs, *self.targets) else self.stood_for.get(name)

    @model_validator(mode="after")
    def _fits_together(self) -> Self:
        if both := sorted(set(self.inputs) & set(self.targets)):
            raise ValueError(f"{both[0]!r} is both an input and a target")
        for name, kind in self.inputs.items():
            if leaked := sorted(set(kind.columns(name)) & set(self.labels.values())):
                raise ValueError(f"inputs.{name} reads the column {leaked[0]!r}, which is a target")
        if reserved := sorted({*OWN, PRESENT} & {*self.inputs, *self.targets}):
            raise ValueError(
                f"{reserved[0]!r} cannot be the name of an input or target; the tables use it: "
                f"choose another, which reads that column with `column: {reserved[0]}`"
            )
        for clash in clashes(self.inputs):
            raise ValueError(clash)
        if FUSION in self.inputs:
            raise ValueError(
                f"{FUSION!r} cannot be the name of an input; it is that of the network behind the encoders"
            )
        thresholds = set(self.serve.abstain) if isinstance(self.serve.abstain, dict) else set()
        if unknown := sorted(thresholds - set(self.targets)):
            raise ValueError(f"serve.abstain: there is no target {unknown[0]!r}; there is {', '.join(self.targets)}")
        for name in sorted(thresholds):
            if not self.targets[name].learnt.may_abstain:
                raise ValueError(
                    f"serve.abstain: {name} is a {self.targets[name].kind}, which is answered however unsure the model "
                    "is; take it out: only classes have a probability below which no label is given"
                )
        kinds = {name: target.learnt for name, target in self.targets.items()}
        measured = figures(self.inputs, self.targets, self.evaluation.robustness_rows > 0)
        for number, rule in enumerate(self.gate):
            for address in (rule.metric, rule.min, rule.max):
                parts = keys_of(address) if isinstance(address, str) else []
                if parts and parts[0] in OF_TARGETS and parts[1] not in (*self.targets, "*"):
                    raise ValueError(
                        f"gate[{number}]: {address!r} names the target {parts[1]!r}; there is {', '.join(self.targets)}"
                    )
                if isinstance(address, str) and (why := why_not(address, measured)):
                    raise ValueError(f"gate[{number}]: no run measures {address!r}: {why}")
            if why := backwards(rule, kinds):
                raise ValueError(f"gate[{number}]: {why}")
        return self


def load(path: Path = paths.PARAMS) -> Params:
    """Reads and checks the file.

    Raises:
        UserError: with a sentence for every mistake: the key, what was found and what is allowed.
    """
    if not path.is_file():
        raise UserError(f"{path} is not here; run this in the root of a Sensorium repository.")
    try:
        content = yaml.safe_load(path.read_text(encoding="utf-8"))
    except (yaml.YAMLError, UnicodeDecodeError) as error:
        raise UserError(f"{path} is not YAML: {' '.join(str(error).split())}.") from error
    if not isinstance(content, dict):
        raise UserError(f"{path} holds no keys; data, inputs and targets are needed.")
    try:
        return Params.model_validate(content)
    except ValidationError as error:
        raise UserError("\n".join(f"{path}: {sentence}" for sentence in sentences(error, content))) from error


def schema() -> dict[str, Any]:
    """The JSON schema of params.yaml, for editors."""
    return Params.model_json_schema() | {"title": "Sensorium params.yaml"}
