"""Rules that a trained model must pass; they are data in params.yaml."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Annotated, Any, Self

from pydantic import Field, model_validator

from sensorium.errors import UserError
from sensorium.section import Section

TIMINGS = "timings"

ADDRESS = r"^(validate|evaluate|compress|timings)(\.[^.]+)+$"
Bound = float | Annotated[str, Field(pattern=ADDRESS)]


class Rule(Section):
    """A figure and the bounds it must keep.

    A figure is addressed by the file in metrics/ that holds it and its keys: ``evaluate.category.accuracy`` is
    ``category.accuracy`` in metrics/evaluate.json. A bound is a number or the address of another figure.
    """

    metric: str = Field(pattern=ADDRESS, description="address of a figure")
    min: Bound | None = Field(None, description="a number, or the address of the figure that it must reach")
    max: Bound | None = Field(None, description="a number, or the address of the figure that it must not exceed")

    @model_validator(mode="after")
    def _one_bound(self) -> Self:
        if (self.min is None) == (self.max is None):
            raise ValueError("a rule has either min or max")
        return self


@dataclass(frozen=True)
class Judged:
    """A rule with what was found.

    Attributes:
        name: the figure's address.
        value: what it is.
        bound: what it was held against.
        sense: ``>=`` or ``<=``.
        passed: whether it kept the bound.
    """

    name: str
    value: float
    bound: float
    sense: str
    passed: bool

    @property
    def is_timing(self) -> bool:
        """Whether the figure is a wall-clock time, which differs from run to run."""
        return self.name.startswith(f"{TIMINGS}.")


def judge(rules: list[Rule], figures: Mapping[str, Any]) -> list[Judged]:
    """Holds every rule against the figures: a tree by file name, then keys.

    Raises:
        UserError: if a rule names a figure that there is none of.
    """
    judged = []
    for number, rule in enumerate(rules):
        sense, bound = (">=", rule.min) if rule.min is not None else ("<=", rule.max)
        where = f"gate[{number}]"
        value = look_up(rule.metric, figures, where)
        limit = look_up(bound, figures, where) if isinstance(bound, str) else float(bound or 0)
        keeps: Callable[[float, float], bool] = float.__ge__ if sense == ">=" else float.__le__
        judged.append(Judged(rule.metric, value, limit, sense, keeps(value, limit)))
    return judged


def look_up(address: str, figures: Mapping[str, Any], where: str) -> float:
    """The figure at an address."""
    found: Any = figures
    for key in address.split("."):
        if not isinstance(found, Mapping) or key not in found:
            known = ", ".join(found) if isinstance(found, Mapping) else "nothing"
            raise UserError(f"params.yaml: {where}: {address!r} is no figure: there is no {key!r}; here are {known}.")
        found = found[key]
    if isinstance(found, bool) or not isinstance(found, int | float):
        keys = f": it holds {', '.join(found)}" if isinstance(found, Mapping) else ""
        raise UserError(f"params.yaml: {where}: {address!r} is no number{keys}.")
    return float(found)
