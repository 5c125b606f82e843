"""The page about compression: size, time and score of all candidates."""

from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np
from matplotlib.figure import Figure
from matplotlib.ticker import NullLocator

from sensorium.compression.bench import BATCH
from sensorium.compression.choice import Candidate
from sensorium.compression.figures import Compressed, figures
from sensorium.compression.latency import percentile
from sensorium.compression.quality import ANYTHING, Quality
from sensorium.compression.whole_models import SERVED, TORCH, WholeModel
from sensorium.plots import BLUE, GREY, ORANGE, WIDE, canvas
from sensorium.report.page import RUN, Page
from sensorium.report.words import POINTS, changes, megabytes, points, times_faster, times_smaller
from sensorium.targets import Learnt, kind_of, scored_by

COLOURS = {"served": ORANGE, "kept the bounds": BLUE, "uncompressed": BLUE}  # of a verdict; others are grey
TICKS = 5  # of sizes
OFFSETS = (8, -15)  # of the names of dots, in turns, so that those of neighbours do not overlap
LEGEND = {"served": ORANGE, "kept the bounds": BLUE, "ruled out": GREY}
TIMES = ("1: p50 ms", "p95 ms", f"{BATCH}: p50 ms", "p95 ms")


def write_report(found: Compressed, folder: Path) -> None:
    """Writes ``folder/index.html``: whole models side by side, then every candidate of every part, losers too."""
    scores = _scores(found)
    page = Page("Compression", f"{summary(found)} {found.proof.words()}".rstrip(), trail=[RUN])
    page.table(
        "The model before and after",
        ["model", "MB", *TIMES, "start s", "memory MB", "smaller", "faster: 1", str(BATCH)],
        [_model_row(name, one, found) for name, one in found.models.items()],
        f"Side by side in one run with one thread: one row with all its inputs, and a batch of up to {BATCH}, "
        "preprocessing included. Start is from a new process to its first answer, memory is that process at most; "
        "smaller and faster are times.",
    )
    page.table(
        f"What it costs in {scores}",
        ["target", scores, "difference in points", "interval"],
        [[target, _figure(one), points(one.gain), _interval(one)] for target, one in found.quality.items()],
        f"The served model less the uncompressed one on the same {found.rows:,} test rows, paired, whole groups "
        f"resampled; a model that computes the same needs no interval. None may reach below "
        f"{0 - POINTS * found.settings.max_drop:g} points (compress.max_drop).{_points(found)}",
    )
    for part, candidates in found.candidates.items():
        _part(page, part, candidates, found)
    page.write(folder)


def summary(found: Compressed) -> str:
    """Size, time and score of the served model beside the trained one, in two sentences."""
    served, before, faster = found.models[SERVED], found.models[TORCH], found.faster()
    size_and_time = (
        f"Served is {found.name}: {megabytes(served.size)} instead of {megabytes(before.size)}, "
        f"{times_smaller(found.smaller)} than the trained model in torch, {times_faster(faster['single'])} for one "
        f"row and {times_faster(faster['batch'])} for a batch."
    )
    changed = changes(figures(found)["difference"])
    return f"{size_and_time} {_scores(found).capitalize()} on the same {found.rows:,} test rows: {changed}."


def _kinds(found: Compressed) -> list[type[Learnt]]:
    return [kind_of({one.name: one.figure}) for one in found.quality.values()]


def _scores(found: Compressed) -> str:
    return scored_by(_kinds(found))


def _points(found: Compressed) -> str:
    """What points are of targets whose scores are no shares."""
    return "".join(dict.fromkeys(f" {kind.words.point}" for kind in _kinds(found) if kind.words.point))


def _model_row(name: str, one: WholeModel, found: Compressed) -> list[str]:
    faster = found.faster(name)
    return [
        name,
        f"{one.size / 1e6:.1f}",
        *_times(one.single, one.batch),
        f"{one.start / 1000:.1f}",
        f"{one.memory / 1e6:,.0f}",
        f"{found.models[TORCH].size / one.size:.1f}",
        f"{faster['single']:.1f}",
        f"{faster['batch']:.1f}",
    ]


def _part(page: Page, part: str, candidates: Sequence[Candidate], found: Compressed) -> None:
    """A plot and two tables of a part's candidates, and what could not be tried."""
    targets = list(found.quality)
    page.picture(
        f"{part}: size against {_scores(found)}",
        _trade_off(candidates, found),
        f"A dot is the whole model with another variant of this part. Its height is the change of {_scores(found)}, "
        "with its interval, of the target that loses most.",
    )
    refused = _by_reason(found.refused[part])
    page.table(
        f"{part}: quality of each variant",
        ["variant", "MB", "similarity", *targets, "verdict"],
        [_quality_row(one, found, targets) for one in candidates],
        f"Similarity is the cosine of the part's output and that of fp32; then the points of {_scores(found)} that the "
        "whole model gains, with their interval." + (f" Could not be made: {refused}." if refused else ""),
    )
    page.table(
        f"{part}: time and memory of each variant",
        ["variant", *TIMES, "1: of fp32", f"{BATCH}: of fp32", "start s", "memory MB"],
        [_cost_row(one) for one in candidates],
        "Of this part alone, without preprocessing. Each variant is timed in turns with fp32, so compare the ratios to "
        "fp32 rather than the milliseconds of two rows.",
    )


def _by_reason(refused: Mapping[str, str]) -> str:
    """``int8, int8-tensor (it changes nothing in this network)``"""
    names: dict[str, list[str]] = {}
    for name, why in refused.items():
        names.setdefault(why, []).append(name)
    return "; ".join(f"{', '.join(several)} ({why})" for why, several in names.items())


def _quality_row(one: Candidate, found: Compressed, targets: Sequence[str]) -> list[str]:
    gains = [f"{points(one.quality[target].gain)} {_interval(one.quality[target])}" for target in targets]
    return [one.variant, f"{one.size / 1e6:.2f}", f"{one.similarity:.3f}", *gains, found.verdict(one)]


def _cost_row(one: Candidate) -> list[str]:
    cost = one.cost
    ratios = [f"{ratio:.2f}" for ratio in (cost.slowdown, cost.batch_slowdown)]
    started = [f"{cost.start / 1000:.2f}", f"{cost.memory / 1e6:,.0f}"]
    return [one.variant, *_times(cost.single, cost.batch), *ratios, *started]


def _times(single: Sequence[float], batch: Sequence[float]) -> list[str]:
    ones, several = ([percentile(times, share) for share in (50, 95)] for times in (single, batch))
    return [*(f"{time:.2f}" for time in ones), *(f"{time:,.1f}" for time in several)]


def _figure(one: Quality) -> str:
    """The main figure of a target: a share, or a number in its own unit."""
    kind = kind_of({one.name: one.figure})
    return f"{one.figure:.4g}" if kind.main in kind.unbounded else f"{one.figure:.1%}"


def _interval(one: Quality) -> str:
    return "cannot be judged" if (one.low, one.high) == ANYTHING else f"[{points(one.low)}, {points(one.high)}]"


def _trade_off(candidates: Sequence[Candidate], found: Compressed) -> Figure:
    """The change of the score over size; those on the front and the served one have names."""
    figure, axes = canvas(WIDE, 3.0)
    known = [one for one in candidates if one.quality]
    worst = [min(one.quality.values(), key=lambda quality: quality.low) for one in known]
    sizes = [one.size / 1e6 for one in known]
    front = pareto_front(sizes, [quality.gain for quality in worst])
    heights = [POINTS * quality.gain for quality in worst]
    always = [place for place, one in enumerate(known) if found.verdict(one) in ("served", "uncompressed")]
    named = sorted({*front, *always}, key=lambda place: sizes[place])
    for place, (one, size, quality) in enumerate(zip(known, sizes, worst, strict=True)):
        verdict = found.verdict(one)
        colour = COLOURS.get(verdict, GREY)
        axes.plot([size, size], [POINTS * quality.low, POINTS * quality.high], color=colour, linewidth=3, alpha=0.35)
        axes.scatter([size], [heights[place]], color=colour, s=42, zorder=3)
        if place in named:
            offset = (7, OFFSETS[named.index(place) % 2])
            axes.annotate(
                one.variant, (size, heights[place]), offset, textcoords="offset points", fontsize=9, color=colour
            )
    for meaning, colour in LEGEND.items():
        axes.scatter([], [], color=colour, s=42, label=meaning)
    joined = [[of[at] for at in front] for of in (sizes, heights)]
    axes.plot(*joined, color=BLUE, linewidth=1, alpha=0.5, zorder=0, label="nothing is smaller and better")
    bound = -POINTS * found.settings.max_drop
    axes.axhline(bound, color=GREY, linestyle=":", label="the most that may be lost")
    axes.legend(frameon=False, fontsize=8, loc="lower left", bbox_to_anchor=(0, 1), ncols=2)
    axes.set_xscale("log")
    ticks = np.geomspace(min(sizes), max(sizes), TICKS)
    axes.set_xticks(ticks, [f"{size:.4g}" for size in ticks])  # sizes may lie as near as 90.33 and 90.38
    axes.xaxis.set_minor_locator(NullLocator())
    axes.margins(x=0.12)
    axes.set_xlabel("MB")
    axes.set_ylabel(f"points of {_scores(found)}")
    axes.grid(axis="y", alpha=0.15)
    return figure


def pareto_front(costs: Sequence[float], gains: Sequence[float]) -> list[int]:
    """Places of those that none beats in both, by rising cost."""
    front: list[int] = []
    best = -np.inf
    for place in sorted(range(len(gains)), key=lambda place: (costs[place], -gains[place])):
        if gains[place] > best:
            front.append(place)
            best = gains[place]
    return front
