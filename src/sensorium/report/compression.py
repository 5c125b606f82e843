"""What compression gained and cost, as a page."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from sensorium.compression.bench import BATCH, Whole
from sensorium.compression.choice import Candidate
from sensorium.compression.figures import SERVED, TORCH, Compressed
from sensorium.compression.latency import percentile
from sensorium.compression.quality import Quality
from sensorium.report.page import Page
from sensorium.report.plots import BLUE, GREY, ORANGE, WIDE, canvas

COLOURS = {"served": ORANGE, "kept the bounds": BLUE, "uncompressed": BLUE}  # of a verdict; others are grey
POINTS = 100


def write_report(found: Compressed, folder: Path) -> None:
    """Writes ``folder/index.html``: whole models side by side, then every candidate of every part, losers too."""
    page = Page("Compression", _lead(found))
    targets = list(found.quality)
    page.table(
        "The model before and after",
        ["model", "MB", *_TIMES, "start s", "memory MB", "times smaller", "times faster: 1", f"{BATCH}"],
        [_whole(name, one, found) for name, one in found.wholes.items()],
        f"Side by side in one run with one thread: a row with all its inputs, and a batch of up to {BATCH}, "
        f"preprocessing included. Start is from a new process to its first answer; memory is that process at most.",
    )
    page.table(
        "What it costs in accuracy",
        ["target", "accuracy", "difference in points", "interval"],
        [[target, f"{one.accuracy:.1%}", _points(one.gain), _interval(one)] for target, one in found.quality.items()],
        f"The served model less the uncompressed one on the same {found.rows:,} test rows, paired, whole groups "
        f"resampled. No interval may reach below {-POINTS * found.settings.max_drop:g} points (compress.max_drop).",
    )
    page.picture(
        "Every candidate",
        _trade_offs(found),
        "Size of one part, the others in fp32, against the accuracy of the target that loses most, with its interval. "
        "The line joins those that nothing beats in both; orange is served, grey lost.",
    )
    for part, candidates in found.candidates.items():
        page.table(
            f"Candidates: {part}",
            ["variant", "MB", "alike", *_TIMES, "start s", "memory MB", *targets, "verdict"],
            [_candidate(one, found, targets) for one in candidates]
            + [
                [name, *["" for _ in range(8 + len(targets))], f"refused: {why}"]
                for name, why in found.refused[part].items()
            ],
            "Times and memory are of this part alone, without preprocessing; alike is the cosine of its output with "
            "that of fp32; under the targets, points of accuracy gained by the whole model and their interval.",
        )
    page.write(folder)


_TIMES = ("p50 ms", "p95 ms", f"p50 ms of {BATCH}", f"p95 ms of {BATCH}")


def _lead(found: Compressed) -> str:
    served, before, faster = found.wholes[SERVED], found.wholes[TORCH], found.faster()
    worst = min(found.quality.items(), key=lambda entry: entry[1].low, default=None)
    said = (
        f"Served is {found.name}: {_mb(served.size)} MB instead of {_mb(before.size)}, {found.smaller:.1f} times "
        f"smaller than the trained model in torch, {faster['single']:.1f} times faster for one row and "
        f"{faster['batch']:.1f} times for a batch."
    )
    if worst:
        target, quality = worst
        said += f" What changes most is the accuracy of {target}: {_points(quality.gain)} points, {_interval(quality)}."
    return said


def _whole(name: str, one: Whole, found: Compressed) -> list[str]:
    faster = found.faster(name)
    return [
        name,
        _mb(one.size),
        *_times(one.single, one.batch),
        f"{one.start / 1000:.1f}",
        f"{one.memory / 1e6:,.0f}",
        f"{found.wholes[TORCH].size / one.size:.1f}",
        f"{faster['single']:.1f}",
        f"{faster['batch']:.1f}",
    ]


def _candidate(one: Candidate, found: Compressed, targets: Sequence[str]) -> list[str]:
    cost = one.cost
    return [
        one.variant,
        f"{one.size / 1e6:.2f}",
        f"{one.similarity:.3f}",
        *_times(cost.single, cost.batch),
        f"{cost.start / 1000:.2f}",
        f"{cost.memory / 1e6:,.0f}",
        *(f"{_points(one.quality[target].gain)} {_interval(one.quality[target])}" for target in targets),
        found.verdict(one),
    ]


def _times(single: Sequence[float], batch: Sequence[float]) -> list[str]:
    return [f"{percentile(times, share):.2f}" for times in (single, batch) for share in (50, 95)]


def _mb(count: int) -> str:
    return f"{count / 1e6:.1f}"


def _points(gain: float) -> str:
    return f"{POINTS * gain + 0.0:+.1f}"


def _interval(one: Quality) -> str:
    return f"[{_points(one.low)}, {_points(one.high)}]"


def _trade_offs(found: Compressed) -> Figure:
    """A panel a part."""
    figure, every = canvas(WIDE, 3.4, len(found.candidates))
    for axes, (part, candidates) in zip(every, found.candidates.items(), strict=True):
        axes.set_title(part, fontsize=11, loc="left")
        axes.axhline(-POINTS * found.settings.max_drop, color=GREY, linestyle=":", linewidth=1)
        _trade_off(axes, candidates, found)
        axes.set_xlabel("MB", fontsize=9)
        axes.tick_params(labelsize=8)
        axes.grid(axis="y", alpha=0.15)
    every[0].set_ylabel("points of accuracy", fontsize=9)
    return figure


def _trade_off(axes: Axes, candidates: Sequence[Candidate], found: Compressed) -> None:
    worst = [min(one.quality.values(), key=lambda quality: quality.gain) for one in candidates if one.quality]
    sizes = [one.size / 1e6 for one in candidates]
    for one, size, quality in zip(candidates, sizes, worst, strict=False):
        colour = COLOURS.get(found.verdict(one), GREY)
        axes.plot([size, size], [POINTS * quality.low, POINTS * quality.high], color=colour, linewidth=2, alpha=0.35)
        axes.scatter([size], [POINTS * quality.gain], color=colour, s=36, zorder=3)
        axes.annotate(
            one.variant,
            (size, POINTS * quality.gain),
            xytext=(5, 4),
            textcoords="offset points",
            fontsize=6.5,
            color=colour,
        )
    front = pareto_front(sizes, [quality.gain for quality in worst])
    axes.plot(
        [sizes[at] for at in front], [POINTS * worst[at].gain for at in front], color=BLUE, linewidth=1, alpha=0.5
    )
    axes.set_xlim(0, 1.3 * max(sizes))


def pareto_front(costs: Sequence[float], gains: Sequence[float]) -> list[int]:
    """Places of those that none beats in both, by rising cost."""
    front: list[int] = []
    best = -np.inf
    for place in sorted(range(len(gains)), key=lambda place: (costs[place], -gains[place])):
        if gains[place] > best:
            front.append(place)
            best = gains[place]
    return front
