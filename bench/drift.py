"""How often a check of drift finds what there is, and what there is not.

Test rows, changed or not, are sent to the service in this process; of what it logs, many windows of requests are drawn
(with replacement, so that some are repeated) and checked as `sensorium monitor` does. ``--log LINES`` instead times
`sensorium monitor` over a log of so many predictions.

    python bench/drift.py --markdown table.md
"""

import argparse
import json
import os
import resource
import shutil
import subprocess
import sys
import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
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
from sensorium.monitoring.drift.check import FEWEST, Finding, Reference, independent, judge, read_reference
from sensorium.monitoring.log.independent import one_of_each, units_of
from sensorium.serving.deployment import VARIABLE as MODEL
from sensorium.serving.deployment import champion_folder
from sensorium.serving.journal import PREDICTIONS
from sensorium.serving.journal import VARIABLE as LOG
from sensorium.serving.predictor import Predictor

SIZES = (50, 100, 200, 400)
NOTHING = 5  # times as many draws where there is nothing to find
HEADS = ("what was changed", "requests", "compared", "drift found", "named right", "named wrong")
Random = np.random.Generator
Draw = Callable[[int, Random], tuple[Reference, pd.DataFrame]]


@dataclass(frozen=True)
class Scenario:
    """A change of the requests.

    Attributes:
        name: in words.
        draw: the reference and so many requests.
        right: inputs and targets that the change is about.
        wrong: inputs that it leaves as they are.
    """

    name: str
    draw: Draw
    right: frozenset[str] = frozenset()
    wrong: frozenset[str] = frozenset()


def scenarios(reference: Reference, log: Mapping[str, pd.DataFrame]) -> list[Scenario]:
    """What is tried, the requests without any change first."""
    plain, inputs = log["plain"], frozenset({"text", "image", "speech"})

    def case(name: str, draw: Callable[[int, Random], pd.DataFrame], right: str, also: str = "") -> Scenario:
        named = frozenset([right, *also.split()])
        return Scenario(name, lambda count, random: (reference, draw(count, random)), named, inputs - named)

    def some(of: str, share: float) -> Callable[[int, Random], pd.DataFrame]:
        return partial(_mixed, plain, log[of], share)

    return [
        Scenario("nothing, units redrawn", partial(_redrawn, reference, plain), wrong=inputs),
        case("nothing, the test rows", some("plain", 0), "", ""),
        case(f"speech in a new language ({STRANGE})", some("strange", 1), "speech", "language"),
        case("25% in a new language", some("strange", 0.25), "speech", "language"),
        case("pictures at 55% of the light", some("dim", 1), "image", "category"),
        case("pictures at 30% of the light", some("dark", 1), "image", "category"),
        case("texts cut to 70% of their words", some("shortened", 1), "text", "category"),
        case("texts cut to 45% of their words", some("truncated", 1), "text", "category"),
        case("clips quieter by 12 dB", some("quiet", 1), "speech", "language"),
        case("speech missing in 10%", some("without speech", 0.1), "speech", "language"),
        case("speech missing in 30%", some("without speech", 0.3), "speech", "language"),
        case("text missing in 30%", some("without text", 0.3), "text", "category"),
        case("60% animals", partial(_mostly, plain, "animals", 0.6), "category", "text image"),
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


def _redrawn(reference: Reference, plain: pd.DataFrame, count: int, random: Random) -> tuple[Reference, pd.DataFrame]:
    """Units of reference and test rows dealt anew, half to a reference and half to the requests: nothing can differ."""
    known, new = reference.everything, plain.reset_index(drop=True)
    units = "r" + known["unit"].astype(str)
    rows = np.arange(len(known)).astype(str)
    known = known.assign(unit=units, **{"mark.text": units, "mark.image": units, "mark.speech": rows})
    new = new.assign(unit="t" + pd.Series(units_of(new, reference.grouped_by, {})).astype(str))
    both = pd.concat([known, new], ignore_index=True)
    names = both["unit"].unique()
    first = both["unit"].isin(random.permutation(names)[: len(names) // 2])
    before, now = both[first], both[~first]
    of_each = one_of_each(before, before["unit"].to_numpy(), len(before))
    return replace(reference, rows=of_each, everything=before), _some(now, count, random)


def main() -> None:
    """Prints the table, and writes it where asked."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--draws", type=int, default=100, help="of every change and size; five times as many without")
    parser.add_argument("--logs", type=Path, help="a folder where what the service logged is kept, for another run")
    parser.add_argument("--markdown", type=Path, help="a file that the table is written to")
    parser.add_argument("--unthinned", action="store_true", help="take all requests for independent, to see the harm")
    parser.add_argument("--log", type=int, metavar="LINES", help="time `sensorium monitor` over so many predictions")
    asked = parser.parse_args()
    with TemporaryDirectory() as folder:
        kept = logs(asked.logs or Path(folder))
        if asked.log:
            time_monitor((asked.logs or Path(folder)) / "plain" / PREDICTIONS, asked.log)
            return
    lines = list(measure(kept, asked.draws, asked.unthinned))
    table = Table(title=f"{asked.draws} draws each")
    for head in HEADS:
        table.add_column(head, no_wrap=True)
    for line in lines:
        table.add_row(*line)
    Console(width=120).print(table)
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
            found, compared = [], []
            seeds = range(draws if scenario.right - {""} else NOTHING * draws)
            for seed in track(seeds, f"{scenario.name}, {size}", transient=True):
                before, rows = scenario.draw(size, np.random.default_rng([size, seed]))
                now = rows if unthinned else independent(rows, before)
                compared.append(len(now))
                tests: Sequence[Finding] = []
                if len(now) >= FEWEST:
                    tests = judge(before, now, predictor.inputs, list(predictor.targets), false_alarms).findings
                found.append({test.about for test in tests if test.drifted})
            shares = [np.mean([bool(named & of) for named in found]) if of else None
                      for of in (frozenset().union(*found) or {""}, scenario.right - {""}, scenario.wrong)]  # fmt: skip
            shown = ["" if share is None else f"{100 * share:.0f}%" for share in shares]
            yield scenario.name, str(size), f"{np.mean(compared):.0f}", *shown


def _markdown(lines: Iterable[Sequence[str]]) -> str:
    rows = [HEADS, ["---", *["---:"] * (len(HEADS) - 1)], *lines]
    return "".join(f"| {' | '.join(row)} |\n" for row in rows)


def time_monitor(log: Path, lines: int) -> None:
    """Copies lines of a real log under new ids, marks and times, and runs the command in a folder of its own."""
    real = [json.loads(line) for line in log.read_text(encoding="utf-8").splitlines()]
    now = datetime.now(UTC)
    with TemporaryDirectory() as folder:
        shutil.copy("params.yaml", folder)
        with (Path(folder) / PREDICTIONS).open("w", encoding="utf-8") as file:
            for number in range(lines):
                record = real[number % len(real)]
                marks = {name: f"{mark}.{number // len(real)}" for name, mark in record["marks"].items()}
                at = now - timedelta(hours=20 * (1 - number / lines))
                new = {"request_id": f"copy-{number}", "marks": marks, "time": at.isoformat(timespec="milliseconds")}
                file.write(json.dumps(record | new, ensure_ascii=False) + "\n")
        size = (Path(folder) / PREDICTIONS).stat().st_size
        environment = os.environ | {MODEL: str(champion_folder().resolve()), LOG: folder}
        command = [str(Path(sys.executable).with_name("sensorium")), "monitor"]
        began = time.perf_counter()
        subprocess.run(command, cwd=folder, env=environment, check=True)
        seconds = time.perf_counter() - began
    peak = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss / 1e6
    print(f"{lines:,} predictions, {size / 1e6:.0f} MB: {seconds:.1f} s, at most {peak:.2f} GB of memory")


if __name__ == "__main__":
    main()
