import json
from dataclasses import replace
from pathlib import Path

from sensorium.compression.choice import Candidate, Cost
from sensorium.compression.figures import Compressed, figures, times
from sensorium.compression.proof import Proof
from sensorium.compression.quality import Quality
from sensorium.compression.settings import Compress
from sensorium.compression.whole_models import ONNX, SERVED, TORCH, WholeModel
from sensorium.report.compression import _trade_off, pareto_front, write_report


def candidate(variant: str, size: int, gain: float, low: float, slowdown: float = 1.0) -> Candidate:
    cost = Cost([2.0, 4.0], [8.0], slowdown, slowdown, slowdown, 300.0, 50_000_000)
    return Candidate("note", variant, size, 0.99, {"t": Quality("accuracy", 0.9 + gain, gain, low, 0.02)}, cost)


def found(rows: int = 400, larger: int = 1, max_drop: float = 0.01) -> Compressed:
    candidates = [
        candidate("fp32", larger * 10_000_000, 0.0, 0.0),
        candidate("int8", 4_000_000, 0.001, -0.004, 0.5),
        candidate("fp16", 5_000_000, 0.0, -0.001),
        candidate("int4", 2_000_000, -0.03, -0.06),
        candidate("slow", 3_000_000, 0.0, 0.0, 2.0),
        candidate("same", 9_900_000, 0.0, 0.0),
        candidate("unsure", 1_000_000, 0.0, -0.05),
    ]
    models = {
        TORCH: WholeModel(12_000_000, [20.0, 20.0], [400.0], 3000.0, 900_000_000),
        ONNX: WholeModel(10_500_000, [10.0, 10.0], [200.0], 500.0, 300_000_000),
        SERVED: WholeModel(4_000_000, [5.0, 5.0], [50.0], 400.0, 200_000_000),
    }
    refused = {"note": {"int8-static": "there are no rows", "fp8": "there are no rows", "words": "no words"}}
    chosen = {"note": "int8", "fusion": "fp32"}
    quality = {"t": Quality("accuracy", 0.901, 0.001, -0.004, 0.02)}
    proof = Proof(rows, "t", 0.95, Compress(max_drop=max_drop))
    return Compressed(chosen, quality, {"note": candidates}, refused, models, {"fusion": 1.2345e-6}, 400, proof)


def test_the_figures_are_those_that_gates_and_pages_ask_for() -> None:
    made = figures(found())
    assert (made["name"], made["megabytes"], made["smaller"]) == ("note int8", 4.0, 3.0)
    assert made["accuracy"] == {"t": 0.901}
    assert made["difference"] == {"t": {"value": 0.001, "interval": [-0.004, 0.02]}}
    assert made["drop"] == -0.001
    assert made["proof"] == {"rows": 400, "needed": 381}
    assert made["parity"] == {"fusion": 1.2e-6}
    assert made["candidates"]["note"]["int4"]["acceptable"] is False
    assert made["candidates"]["note"]["words"] == {"refused": "no words"}
    clock = times(found())
    assert (clock["p50_ms"], clock["faster"]) == (5.0, {"single": 4.0, "batch": 8.0})
    assert clock["candidates"]["note"]["int8"] == {
        "p50_ms": 3.0,
        "p95_ms": 3.9,
        "batch_p50_ms": 8.0,
        "batch_p95_ms": 8.0,
        "start_ms": 300,
        "memory_mb": 50.0,
        "slowdown": 0.5,
        "batch_slowdown": 0.5,
    }


def test_every_candidate_has_a_verdict() -> None:
    made = found()
    assert [made.verdict(one) for one in made.candidates["note"]] == [
        "uncompressed",
        "served",
        "kept the bounds",
        "loses too much",
        "too slow",
        "gains too little",
        "not proven",
    ]


def test_the_page_begins_with_the_answer_and_shows_losers(tmp_path: Path) -> None:
    write_report(found(), tmp_path)
    page = json.loads((tmp_path / "page.json").read_text())
    assert page["lead"] == (
        "Served is note int8: 4.0 MB instead of 12.0 MB, 3.0 times smaller than the trained model in torch, 4.0 "
        "times faster for one row and 8.0 times faster for a batch. Accuracy on the same 400 test rows: t +0.1 points "
        "[-0.4, +2.0]."
    )
    worth = next(part for part in page["parts"] if part["heading"] == "note: quality of each variant")
    assert worth["rows"][3] == ["int4", "2.00", "0.990", "-3.0 [-6.0, +2.0]", "loses too much"]
    assert "Could not be made: int8-static, fp8 (there are no rows); words (no words)." in worth["note"]
    assert "<svg" in (tmp_path / "index.html").read_text()


def test_sizes_and_bounds_are_said_in_plain_numbers(tmp_path: Path) -> None:
    write_report(found(larger=120, max_drop=0.0005), tmp_path)
    page = (tmp_path / "index.html").read_text()
    assert ">1200<" in page  # MB
    assert "below -0.05 points (compress.max_drop)" in page


def test_sizes_that_lie_close_together_are_told_apart() -> None:
    made = found()
    near = [
        replace(one, size=size) for one, size in zip(made.candidates["note"][:2], (90_330_000, 90_380_000), strict=True)
    ]
    figure = _trade_off(near, made)
    labels = [label.get_text() for label in figure.axes[0].get_xticklabels()]
    assert (labels[0], labels[-1]) == ("90.33", "90.38")


def test_what_could_not_be_proven_is_said_at_the_top(tmp_path: Path) -> None:
    write_report(found(rows=24), tmp_path)
    assert "24 test rows have t; it takes 381 to prove" in json.loads((tmp_path / "page.json").read_text())["lead"]


def test_the_front_is_what_nothing_beats_in_both() -> None:
    assert pareto_front([3, 1, 2, 2], [0.5, 0.1, 0.4, 0.2]) == [1, 2, 0]
    assert pareto_front([1, 2], [0.5, 0.5]) == [0]
    assert pareto_front([], []) == []
