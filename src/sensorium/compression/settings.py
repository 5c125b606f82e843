"""The part of params.yaml that says what compression may try and what it may cost."""

from typing import Annotated, Literal

from pydantic import Field

from sensorium.compression.forms import FORMS
from sensorium.modalities import KINDS
from sensorium.section import Section, one_of

FUSION = "fusion"  # the network behind the encoders, where parts of a model are named
FormName = Annotated[str, *one_of(FORMS, "form")]
DEFAULT_FORMS = ["int8-tables", "int8-int4-tables", "int8-weights-int4-tables", "int8-static", "fp16"]


class Student(Section):
    """A smaller network that learns from the trained one before it is measured."""

    kind: Literal["layers", "width", "sparse", "words"] = Field(
        description="layers: fewer of them; width: fewer channels, neurons and heads; sparse: small weights are zero; "
        "words: word vectors in place of a transformer"
    )
    keep: float = Field(gt=0, lt=1, description="share of layers, width, weights, or numbers of a word vector")

    @property
    def name(self) -> str:
        """``words-0.25``"""
        return f"{self.kind}-{self.keep:g}"


StudentOf = Annotated[str, *one_of((*KINDS, FUSION), "kind of input")]


class Compress(Section):
    """What is tried to make the model smaller and faster, and which of it may win."""

    objective: Literal["size", "latency"] = Field("size", description="what the served model has least of")
    max_drop: float = Field(
        0.01, ge=0, lt=1, description="accuracy that no target may lose for certain: the interval of the loss ends here"
    )
    max_slowdown: float = Field(
        1.25,
        ge=1,
        allow_inf_nan=False,
        description="times the latency of fp32 that the model may have",
    )
    forms: list[FormName] = Field(DEFAULT_FORMS, description="forms tried of every network")
    students: dict[StudentOf, Annotated[list[Student], Field(min_length=1)]] = Field(
        {}, description="smaller networks taught, by kind of input, or fusion; a kind that no input has is not used"
    )
    epochs: int = Field(8, ge=1, description="passes of an encoder's student over its samples")
    rows: int = Field(2000, ge=10, description="test rows, at most, that candidates are measured on")
    calibration_rows: int = Field(96, ge=1, description="training rows that int8-static looks at")
