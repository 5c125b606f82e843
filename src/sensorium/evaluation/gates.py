"""Rules that a trained model must pass; they are data in params.yaml."""

import difflib
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Annotated, Any, Literal, Self

from pydantic import AfterValidator, Field, model_validator

from sensorium.evaluation.lookup import Unmeasured, find, keys_of, look_up, matches
from sensorium.renamed import VALIDATED
from sensorium.section import Section
from sensorium.targets import KINDS, Learnt

TIMINGS = "timings"


FIGURES = tuple(dict.fromkeys(name for kind in KINDS.values() for name in kind.learnt.figure_names))
ERRORS = {name for kind in KINDS.values() for name in kind.learnt.lower_is_better}
BRANCHES = ("slices", "robustness", "subsets")  # with a file of their own, so that DVC's tables stay readable
OF_TARGETS = ("evaluate", *BRANCHES)  # files whose first keys are targets
FILES = ("validate", *OF_TARGETS, "compress", TIMINGS)


def _address(text: str) -> str:
    """An address that names a file in metrics/ and something in it; figures of targets are known by name.

    What the last version called otherwise is given its name of today.
    """
    file, *keys = keys_of(text)
    if file == "validate" and keys and keys[0] in VALIDATED:
        return _address(".".join([file, VALIDATED[keys[0]], *keys[1:]]))
    if file not in FILES or not all(keys) or not keys:
        near = difflib.get_close_matches(file, FILES, n=1)
        meant = f" (did you mean {near[0]!r}?)" if near and near[0] != file else ""
        raise ValueError(f"{text!r} is no figure's address: it is FILE.KEY.KEY, of {', '.join(FILES)}{meant}")
    if file == "evaluate" and len(keys) == 2 and keys[1] not in (*FIGURES, "rows", "*"):
        near = difflib.get_close_matches(keys[1].lower(), FIGURES, n=1)
        meant = f" (did you mean {near[0]!r}?)" if near else ""
        raise ValueError(f"{text!r}: there is no figure {keys[1]!r}{meant}; there are {', '.join(FIGURES)}")
    return text


def _of_one(text: str) -> str:
    """An address without ``*``: of several figures it would not be clear which is the bound."""
    if "*" in keys_of(text):
        raise ValueError(f"{text!r}: a bound is one figure, without *")
    if keys_of(text)[0] not in FILES:
        raise ValueError(f"{text!r} is neither a number (which has no quotes) nor a figure's address, FILE.KEY.KEY")
    return _address(text)


Address = Annotated[str, AfterValidator(_address)]
Bound = Annotated[float, Field(allow_inf_nan=False)] | Annotated[str, AfterValidator(_of_one)]


class NotWorse(Section):
    """No worse than the champion on the same test rows, both as they are served."""

    margin: float = Field(0.0, ge=0, description="how much worse it may be")
    confidence: float = Field(0.95, gt=0.5, lt=1, description="how sure that must be, by paired bootstrap")


class Rule(Section):
    """A figure and the bounds it must keep.

    A figure is addressed by the file in metrics/ that holds it and its keys: ``evaluate.category.accuracy`` is
    ``category.accuracy`` in metrics/evaluate.json. ``*`` stands for any key, and the worst figure that fits is judged.
    A bound is a number, the address of another figure, or what the champion reaches.
    """

    metric: Address = Field(description="address of a figure; * stands for any key")
    min: Bound | None = Field(None, description="a number, or the address of the figure that it must reach")
    max: Bound | None = Field(None, description="a number, or the address of the figure that it must not exceed")
    champion: NotWorse | None = Field(None, description="no worse than the champion")
    if_missing: Literal["fail", "pass"] = Field("fail", description="the verdict where there is nothing to judge")

    @model_validator(mode="after")
    def _one_bound(self) -> Self:
        given = [name for name in ("min", "max", "champion") if getattr(self, name) is not None]
        if len(given) != 1:
            found = " and ".join(given) if given else "none of them"
            raise ValueError(f"the rule on {self.metric} has {found}; one of min, max and champion is needed")
        if self.champion and self.target is None:
            raise ValueError(
                f"a rule against the champion is about evaluate.TARGET.FIGURE, which {self.metric!r} is not"
            )
        return self

    @property
    def target(self) -> str | None:
        """The target whose figure this is, if it is one of ``evaluate.TARGET.FIGURE``."""
        parts = keys_of(self.metric)
        return parts[1] if len(parts) == 3 and parts[0] == "evaluate" and "*" not in parts else None


def backwards(rule: Rule, kinds: Mapping[str, type[Learnt]]) -> str:
    """What is wrong with a rule that bounds a figure where it is best; empty if nothing is.

    A figure of honesty, such as the coverage of intervals, may be too high or too low, and so may a baseline's: where
    that is high there is little to learn.

    Args:
        rule: one.
        kinds: the learnt half's class of every target.
    """
    file, *keys = keys_of(rule.metric)
    if rule.champion or file not in (*OF_TARGETS, "compress") or len(keys) < 2:
        return ""
    target, figure = (keys[0], keys[-1]) if file in OF_TARGETS else (keys[-1], keys[0])
    meant = [kinds[target]] if target in kinds else list(kinds.values())
    able = [kind for kind in meant if figure in kind.figure_names and not kind.baselines.keys() & set(keys)]
    if rule.min is not None and able and all(figure in kind.lower_is_better for kind in able):
        return f"{rule.metric!r} is an error, which is better low: write `max:` for its bound, not `min:`"
    one_way = all(figure not in (*kind.lower_is_better, *kind.honesty_figures) for kind in able)
    if rule.max is not None and able and one_way:
        return f"{rule.metric!r} is better high: write `min:` for its bound, not `max:`"
    return ""


@dataclass(frozen=True)
class RuleResult:
    """A rule with what was found.

    Attributes:
        name: the figure's address as the rule has it.
        value: what it is; ``None`` if it could not be measured.
        bound: what it was held against.
        sense: ``>=`` or ``<=``.
        passed: whether it kept the bound.
        at: the address of the worst figure, where the rule's has a ``*``.
        margin: how much worse than the champion it may be.
        low: the least that it gains on the champion, at the rule's confidence.
        reason: why it could not be judged.
    """

    name: str
    value: float | None
    bound: float | None
    sense: str
    passed: bool
    at: str | None = None
    margin: float | None = None
    low: float | None = None
    reason: str | None = None

    @property
    def slack(self) -> float | None:
        """How far inside its bound it is, below zero how far outside; ``None`` where there was nothing to judge."""
        if self.margin is not None and self.low is not None:
            return self.low + self.margin
        if self.value is None or self.bound is None:
            return None
        return self.value - self.bound if self.sense == ">=" else self.bound - self.value

    @property
    def is_timing(self) -> bool:
        """Whether the figure is a wall-clock time, which differs from run to run."""
        return self.name.startswith(f"{TIMINGS}.")


@dataclass(frozen=True)
class Comparison:
    """A figure of two models on the same rows.

    Attributes:
        challenger: of the new one.
        champion: of the old one.
        low: the least that the new one gains, at the confidence asked for; a loss is below zero.
    """

    challenger: float
    champion: float
    low: float


Compare = Callable[[Rule], Comparison]


def check_rules(rules: list[Rule], figures: Mapping[str, Any], compare: Compare) -> list[RuleResult]:
    """Holds every rule against the figures.

    Args:
        rules: those of params.yaml.
        figures: a tree by file name, then keys.
        compare: measures a rule against the champion; raises `Unmeasured` if it cannot.
    """
    results = []
    for rule in rules:
        try:
            results.append(_against_champion(rule, compare) if rule.champion else _against_bound(rule, figures))
        except Unmeasured as why:
            sense = "<=" if rule.max is not None else ">="
            results.append(RuleResult(rule.metric, None, None, sense, rule.if_missing == "pass", reason=str(why)))
    return results


def _against_bound(rule: Rule, figures: Mapping[str, Any]) -> RuleResult:
    at_least = rule.min is not None
    bound = rule.min if at_least else rule.max
    limit = look_up(bound, figures)[1] if isinstance(bound, str) else float(bound or 0)
    worst = min if at_least else max
    found = matches(rule.metric, figures)
    at, value = worst(found, key=lambda found: found[1])
    passed = value >= limit if at_least else value <= limit
    if passed:
        _require_judged(rule.metric, figures)
    return RuleResult(rule.metric, value, limit, ">=" if at_least else "<=", passed, at if at != rule.metric else None)


def _require_judged(address: str, figures: Mapping[str, Any]) -> None:
    """A figure that breaks a bound decides, but among those that keep it none may be left out."""
    left_out = [(at, why) for at, _, why in find(address, figures) if why]
    if left_out:
        at, why = left_out[0]
        more = f" ({len(left_out)} such figures)" if len(left_out) > 1 else ""
        raise Unmeasured(f"{at}: {why}{more}; those that can be judged keep the bound")


def _against_champion(rule: Rule, compare: Compare) -> RuleResult:
    assert rule.champion is not None
    found, margin = compare(rule), rule.champion.margin
    sense = "<=" if keys_of(rule.metric)[-1] in ERRORS else ">="
    return RuleResult(
        rule.metric, found.challenger, found.champion, sense, found.low >= -margin, margin=margin, low=found.low
    )


def with_its_time(rule: Mapping[str, Any], times: Mapping[str, Any]) -> dict[str, Any]:
    """A rule of metrics/gate.json with its value, which is in the file of times where it differs from run to run."""
    if "measured_in" not in rule:
        return {**rule}
    return {**rule, "value": look_up(rule.get("at", rule["name"]), {TIMINGS: {"compress": times}})[1]}
