"""The sections of params.yaml that travel with a model: how the service answers, and what it keeps."""

import hashlib
import json
from collections.abc import Collection
from dataclasses import dataclass, field
from pathlib import Path
from typing import Annotated, Any, Self

from pydantic import Field, model_validator

from sensorium.errors import UserError, reason
from sensorium.section import Section

FILE = "serve.json"  # beside the sealed files of a model: other settings do not make it another model
LONGEST = 60.0  # seconds

Share = Annotated[float, Field(ge=0, lt=1)]


class Serve(Section):
    """How the service answers; it may change without a new model."""

    abstain: Share | dict[str, Share] = Field(
        0.0, description="below this probability no label is given; one number, or one for each target"
    )
    top: int = Field(3, ge=1, le=100, description="likeliest classes that an answer lists in order")
    batch: int = Field(
        8, ge=1, le=1024, description="samples that run through the networks together, at most; few fit a CPU's cache"
    )
    samples: int = Field(64, ge=1, le=10_000, description="samples in one request to /predict_batch, at most")
    in_flight: int = Field(128, ge=1, description="requests worked on at once; more are answered 503")
    rate: int = Field(6000, ge=1, description="samples a minute for every API key; more are answered 429")
    timeout: float = Field(30.0, gt=0, le=LONGEST, description="seconds that a request may take")
    log_megabytes: int = Field(1024, ge=2, description="disk that the log of predictions may take; the oldest go")
    title: str | None = Field(
        None,
        min_length=1,
        max_length=80,
        description="of the page at /ui; the data's or the targets' names if not given",
    )
    examples: int | None = Field(
        None, ge=0, le=12, description="test rows that the page offers to everybody who may ask; 3 of published data"
    )
    choices: bool | None = Field(
        None,
        description="the page offers everybody the categories that five training rows or more have; "
        "of published data if not given",
    )

    @model_validator(mode="after")
    def _a_batch_may_be_asked_for(self) -> Self:
        if self.samples > self.rate:
            raise ValueError(f"samples ({self.samples}) in a request are more than a key's rate a minute ({self.rate})")
        return self

    def threshold(self, target: str) -> float:
        """The probability below which a target gets no label."""
        return self.abstain.get(target, 0.0) if isinstance(self.abstain, dict) else self.abstain


class Keep(Section):
    """Whether the inputs of requests are kept."""

    keep_content: bool = Field(
        False, description="keep the inputs of requests themselves, so that feedback can be learnt from"
    )
    content_megabytes: int = Field(1024, ge=1, description="disk that kept inputs may take; the oldest go")


def why_not_learnt_from(keep: Keep, trusted: Collection[str] | None = None) -> str:
    """Why no retrain can learn from the feedback that a service receives, and what to do; empty if it can.

    Args:
        keep: what the service keeps of requests.
        trusted: the API keys whose labels are learnt from, where that is known.
    """
    reasons = [] if keep.keep_content else ["monitor.keep_content is off (set it in params.yaml, `dvc repro`, promote)"]
    reasons += ["retrain.trusted names no API key"] if trusted is not None and not trusted else []
    # Without API keys a service answers its own machine only, which is trusted.
    whose = "Feedback" if not keep.keep_content else "Feedback with an API key"
    return f"{whose} is taken, but cannot be learnt from: {' and '.join(reasons)}." if reasons else ""


@dataclass(frozen=True)
class Settings:
    """What is written beside a model's files.

    Attributes:
        serve: how it answers.
        keep: what it keeps of requests.
        lineage: where the model comes from.
        title: of the page at /ui; empty for the default.
        examples: requests to try, each as /predict reads it in JSON.
        choices: the categories that the page offers, by input and column.
    """

    serve: Serve = field(default_factory=Serve)
    keep: Keep = field(default_factory=Keep)
    lineage: dict[str, Any] = field(default_factory=dict)
    title: str = ""
    examples: list[dict[str, Any]] = field(default_factory=list)
    choices: dict[str, dict[str, list[str]]] = field(default_factory=dict)


def write(folder: Path, settings: Settings) -> None:
    """Writes settings into a model's folder."""
    content = {
        "settings": settings.serve.model_dump(mode="json"),
        "monitor": settings.keep.model_dump(mode="json"),
        "lineage": settings.lineage,
        "title": settings.title,
        "examples": settings.examples,
        "choices": settings.choices,
    }
    (folder / FILE).write_text(json.dumps(content, indent=2, default=str) + "\n", encoding="utf-8")


def digest(content: str) -> str:
    """Tells the content of a serve.json from others; empty where there is none, as beside a model of long ago."""
    return hashlib.sha256(content.encode()).hexdigest()[:6] if content else ""


def read(folder: Path) -> Settings:
    """Reads what `write` wrote; a folder without it has the defaults.

    Raises:
        UserError: if it cannot be read.
    """
    path = folder / FILE
    if not path.is_file():
        return Settings()
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
        keep = Keep.model_validate(content.get("monitor", {}))
        shown = {name: content[name] for name in ("title", "examples", "choices") if name in content}
        return Settings(Serve.model_validate(content["settings"]), keep, content["lineage"], **shown)
    except (ValueError, KeyError, TypeError) as error:
        raise UserError(f"{path} cannot be read ({reason(error)}); package it again (`dvc repro`).") from error
