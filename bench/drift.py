"""How often a check of drift finds what there is, and what there is not.

Test rows, changed or not, are sent to the service in this process; of what it logs, many windows of requests are drawn
(with replacement, so that some are repeated) and checked as `sensorium monitor` does.

    python bench/drift.py --markdown table.md
"""

import argparse
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
import pandas as pd
from rich.console import Console
from rich.progress import track
from rich.table import Table
from traffic import STRANGE, logs

from sensorium import params
from sensorium.monitoring import names
from sensorium.monitoring.drift.detection import FEWEST, SMALLEST, Reference, detect_drift, independent, read_reference
from sensorium.monitoring.log.independent import one_per_unit, units_of
from sensorium.runtime.predictor import Predictor
from sensorium.serving.deployment import champion_folder

SIZES = (50, 100, 200, 400)
NOTHING = 5  # times as many draws where there is nothing to find
HEADS = ("what was changed", "requests", "compared", "drift found", "by Bonferroni", "named right", "named wrong")
Random = np.random.Generator
Requests = Callable[[int, Random], pd.DataFrame]
Draw = Callable[[int, Random], tuple[Reference, pd.DataFrame]]


@dataclass(frozen=True)
class Scenario:
    """A change of the requests.

    Attributes:
        name: in words.
        draw: the reference and so many requests.
        right: inputs and targets that the change is about; none where nothing is changed.
        wrong: inputs that it leaves as they are.
    """

    name: str
    draw: Draw
    right: frozenset[str] = frozenset()
    wrong: frozenset[str] = frozenset()


def scenarios(reference: Reference, log: Mapping[str, pd.DataFrame]) -> list[Scenario]:
    """What is tried, the requests without any change first."""
    plain, inputs = log["plain"], frozenset({"text", "image", "speech"})

    def nothing(name: str, draw: Draw) -> Scenario:
        return Scenario(f"nothing, {name}", draw, wrong=inputs)

    def change(name: str, draw: Requests, *right: str) -> Scenario:
        named = frozenset(right)
        return Scenario(name, lambda count, random: (reference, draw(count, random)), named, inputs - named)

    def some(of: str, share: float) -> Requests:
        return partial(_mixed, plain, log[of], share)

    return [
        nothing("units redrawn", partial(_redrawn, reference, plain, _some)),
        nothing("units redrawn, few asked about often", partial(_redrawn, reference, plain, _popular)),
        nothing("the test rows", lambda count, random: (reference, _some(plain, count, random))),
        change(f"speech in a new language ({STRANGE})", some("strange", 1), "speech", "language"),
        change("25% in a new language", some("strange", 0.25), "speech", "language"),
        change("pictures at 55% of the light", some("dim", 1), "image", "category"),
        change("pictures at 30% of the light", some("dark", 1), "image", "category"),
        change("texts cut to 70% of their words", some("shortened", 1), "text", "category"),
        change("texts cut to 45% of their words", some("truncated", 1), "text", "category"),
        change("clips quieter by 12 dB", some("quiet", 1), "speech", "language"),
        change("speech missing in 10%", some("without speech", 0.1), "speech", "language"),
        change("speech missing in 30%", some("without speech", 0.3), "speech", "language"),
        change("text missing in 30%", some("without text", 0.3), "text", "category"),
        change("60% animals", partial(_mostly, plain, "animals", 0.6), "category", "text", "image"),
    ]


def _mixed(plain: pd.DataFrame, other: pd.DataFrame, share: float, count: int, random: Random) -> pd.DataFrame:
    """Requests, a share of them from another log."""
    others = random.binomial(count, share)
    parts = [_some(plain, count - others, random), _some(other, others, random)]
    return pd.concat([part for part in parts if len(part)]).sample(frac=1, random_state=random, ignore_index=True)


def _mostly(plain: pd.DataFrame, category: str, share: float, count: int, random: Random) -> pd.DataFrame:
    """Requests about so few items of other categories that a category has its share of all items."""
    of_category = plain["category"] == category
    items, others = (plain.loc[chosen, "item"].unique() for chosen in (of_category, ~of_category))
    kept = random.permutation(others)[: round(len(items) * (1 - share) / share)]
    return _some(plain[of_category | plain["item"].isin(kept)], count, random)


def _some(rows: pd.DataFrame, count: int, random: Random) -> pd.DataFrame:
    return rows.iloc[random.integers(0, len(rows), count)].reset_index(drop=True)


def _popular(rows: pd.DataFrame, count: int, random: Random) -> pd.DataFrame:
    """Requests of which some units get many and most get few, as Zipf has it: the n-th commonest 1/n of the first's."""
    units = rows[names.UNIT]
    ranked = random.permutation(units.unique())
    rank = pd.Series(np.arange(1, len(ranked) + 1), index=ranked)
    weights = 1 / (units.map(rank) * units.map(units.value_counts()))
    return rows.sample(count, replace=True, weights=weights, random_state=random, ignore_index=True)


def _redrawn(
    reference: Reference, plain: pd.DataFrame, draw: Callable[[pd.DataFrame, int, Random], pd.DataFrame], count: int,
    random: Random,
) -> tuple[Reference, pd.DataFrame]:  # fmt: skip
    """Units of reference and test rows dealt anew, half to a reference and half to the requests: nothing can differ."""
    known, new = reference.everything.copy(), plain.reset_index(drop=True)
    known[names.UNIT] = "r" + known[names.UNIT].astype(str)
    known[names.mark("text")] = known[names.mark("image")] = known[names.UNIT]
    known[names.mark("speech")] = np.arange(len(known)).astype(str)
    new[names.UNIT] = [f"t{unit}" for unit in units_of(new, reference.grouped_by, {})]
    both = pd.concat([known, new], ignore_index=True)
    units = both[names.UNIT].unique()
    first = both[names.UNIT].isin(random.permutation(units)[: len(units) // 2])
    before, now = both[first], both[~first]
    of_each = one_per_unit(before, before[names.UNIT].to_numpy(), len(before))
    return replace(reference, rows=of_each, everything=before), draw(now, count, random)


def main() -> None:
    """Prints the table, and writes it where asked."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--draws", type=int, default=100, help="of every change and size; five times as many without")
    parser.add_argument("--logs", type=Path, help="a folder where what the service logged is kept, for another run")
    parser.add_argument("--markdown", type=Path, help="a file that the table is written to")
    parser.add_argument("--unthinned", action="store_true", help="take all requests for independent, to see the harm")
    asked = parser.parse_args()
    with TemporaryDirectory() as folder:
        kept = logs(asked.logs or Path(folder))
    lines = list(measure(kept, asked.draws, asked.unthinned))
    table = Table(title=f"{asked.draws} draws each")
    for head in HEADS:
        table.add_column(head, no_wrap=True)
    for line in lines:
        table.add_row(*line)
    Console(width=140).print(table)
    if asked.markdown:
        asked.markdown.write_text(_markdown(lines), encoding="utf-8")


def measure(log: Mapping[str, pd.DataFrame], draws: int, unthinned: bool) -> Iterator[Sequence[str]]:
    """Lines of the table."""
    predictor = Predictor.load(champion_folder())
    reference = read_reference(champion_folder(), predictor.targets)
    false_alarms = params.load().monitor.false_alarms
    if unthinned:
        reference = replace(reference, rows=reference.everything)
    for scenario in scenarios(reference, log):
        for size in SIZES:
            compared, found, by_bonferroni = [], [], []
            seeds = range(draws if scenario.right else NOTHING * draws)
            for seed in track(seeds, f"{scenario.name}, {size}", transient=True):
                before, rows = scenario.draw(size, np.random.default_rng([size, seed]))
                now = rows if unthinned else independent(rows, before)
                compared.append(len(now))
                if len(now) < FEWEST:
                    found.append(set())
                    by_bonferroni.append(False)
                    continue
                outcome = detect_drift(before, now, predictor.inputs, predictor.targets, false_alarms)
                found.append({one.about for one in outcome.findings if one.drifted})
                # With all tests given an equal share of the false alarms.
                bound = false_alarms / len(outcome.p_values)
                by_bonferroni.append(any(one.p_value < bound and one.effect >= SMALLEST for one in outcome.findings))
            alarms = _share(map(bool, found)), _share(by_bonferroni)
            right = _share(bool(about & scenario.right) for about in found) if scenario.right else ""
            wrong = _share(bool(about & scenario.wrong) for about in found)
            yield scenario.name, str(size), f"{np.mean(compared):.0f}", *alarms, right, wrong


def _share(answers: Iterable[bool]) -> str:
    return f"{np.mean([*answers]):.0%}"


def _markdown(lines: Iterable[Sequence[str]]) -> str:
    rows = [HEADS, ["---", *["---:"] * (len(HEADS) - 1)], *lines]
    return "".join(f"| {' | '.join(row)} |\n" for row in rows)


if __name__ == "__main__":
    main()
