"""A setting in params.yaml is one value, a list of values, or a range: what is not one value is searched."""

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Self

from pydantic import Field, model_validator

from sensorium.section import Section

if TYPE_CHECKING:
    import optuna


class Range(Section):
    """All numbers between two."""

    low: float
    high: float
    log: bool = Field(False, description="draw evenly on the logarithmic scale")

    @model_validator(mode="after")
    def _ordered(self) -> Self:
        if not self.low < self.high or (self.log and self.low <= 0):
            raise ValueError("a range needs low < high, and low > 0 where log is true")
        return self


def suggest(trial: "optuna.Trial", section: str, settings: Mapping[str, Any]) -> dict[str, Any]:
    """One value for every setting, drawn by the trial where it is a list or a range."""
    return {name: _one(trial, f"{section}.{name}", setting) for name, setting in settings.items()}


def _one(trial: "optuna.Trial", name: str, setting: Any) -> Any:
    if isinstance(setting, list):
        return trial.suggest_categorical(name, setting)
    if isinstance(setting, Range):
        return trial.suggest_float(name, setting.low, setting.high, log=setting.log)
    return setting


def first(settings: Mapping[str, Any]) -> dict[str, Any]:
    """A value for every setting where none of them matters: the first of a list, the low end of a range."""
    return {
        name: setting[0] if isinstance(setting, list) else setting.low if isinstance(setting, Range) else setting
        for name, setting in settings.items()
    }


def is_open(setting: Any) -> bool:
    """Whether there is something to search."""
    return isinstance(setting, Range) or (isinstance(setting, list) and len(setting) > 1)
