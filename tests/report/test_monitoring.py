"""The pages of checks, of a model that reads texts and pictures and a log that a real service wrote."""

import io
import re
from collections.abc import Iterable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from PIL import Image as Pillow

from sensorium import params
from sensorium.commands.monitor import run_check
from sensorium.modalities import Image, Text
from sensorium.monitoring.check_result import CheckResult, to_json
from sensorium.report import monitoring
from sensorium.report.monitoring import write_index, write_report
from sensorium.runtime import settings
from sensorium.serving import content
from tests import model
from tests.conftest import Project, png
from tests.monitoring.referenced import add_reference
from tests.serving.conftest import serving

WORDS = ("a", "big", "small", "red", "old", "cat", "dog", "house", "tree", "sees", "eats", "likes", "near", "under")
KINDS = {"note": Text(), "photo": Image()}
NOON = datetime(2026, 5, 4, 12, tzinfo=UTC)


def samples(count: int, seed: int) -> list[dict[str, Any]]:
    """Notes of some words, and pictures of one light colour each."""
    random = np.random.default_rng(seed)
    return [
        {
            "note": " ".join(random.choice(WORDS, random.integers(4, 10))),
            "photo": png(tuple(int(value) for value in random.integers(120, 220, 3))),
        }
        for _ in range(count)
    ]


def values(count: int, seed: int) -> dict[str, list[Any]]:
    """The same as the model reads them."""
    return {name: [kind.accept(raw[name]) for raw in samples(count, seed)] for name, kind in KINDS.items()}


@pytest.fixture(scope="module")
def watched(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A model that keeps what it is asked, with a reference of 60 rows."""
    folder = tmp_path_factory.mktemp("watched") / "model"
    first = {name: found[0] for name, found in values(1, 0).items()}
    readers = model.read(KINDS, first)
    torch.manual_seed(0)
    model.write(readers, first, model.small_network(readers, {"label": ["no", "yes"]}), folder)
    add_reference(folder, values(60, 0), values(60, 1))
    settings.write(folder, settings.Settings(keep=settings.Keep(keep_content=True)))
    return folder


@pytest.fixture
def place(project: Project, watched: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    project.params["inputs"] = {"note": {"kind": "text"}, "photo": {"kind": "image"}}
    project.write()
    monkeypatch.setenv("SENSORIUM_MODEL", str(watched))
    monkeypatch.setenv("SENSORIUM_LOG", str(project.root / "log"))
    return project.root


def ask(watched: Path, log: Path, raws: Iterable[dict[str, Any]]) -> list[str]:
    """Sends requests called 0, 1 and so on; returns the labels."""
    labels = []
    with serving(watched, log) as client:
        for number, raw in enumerate(raws):
            files = {"photo": raw["photo"]} if "photo" in raw else None
            headers = {"X-Request-ID": str(number)}
            answer = client.post("/predict", data={"note": raw["note"]}, files=files, headers=headers)
            assert answer.status_code == 200, answer.text
            labels.append(answer.json()["targets"]["label"]["label"])
    return labels


def checked(hours: float = 24) -> CheckResult:
    return run_check(params.load(), hours, datetime.now(UTC) + timedelta(seconds=1))


def written(found: CheckResult, at: datetime = NOON) -> dict[str, Any]:
    """The check's data, and its page."""
    check = to_json(replace(found, now=at), params.load().retrain)
    write_report(found, check, Path("log"), Path("pages") / check["id"])
    return check


def page(check: dict[str, Any]) -> str:
    return Path("pages", check["id"], "index.html").read_text()


def cards(html: str) -> list[str]:
    return [" ".join(card.split()) for card in re.findall(r'<article class="card">(.*?)</article>', html, re.DOTALL)]


def test_the_requests_that_lie_farthest_are_shown_as_far_as_they_are_kept(place: Path, watched: Path) -> None:
    dark = [raw | {"photo": png((number, 0, 0), (48, 16))} for number, raw in enumerate(samples(6, 3))]
    dark[0]["note"] = "<b>old</b> cat near a house"
    log = place / "log/replica-1"
    labels = ask(watched, log, [*dark, *samples(34, 2)])
    found = checked()
    check = written(found)
    assert (check["drifted"], check["predictions"], check["independent"]) == (["photo"], 40, 40)
    shown = cards(page(check))
    assert {re.findall('class="id">(.*?) ', card)[0] for card in shown} == set("012345")
    first = next(card for card in shown if '<p class="id">0 ' in card)
    assert first.startswith(
        f'<h4>label: {labels[0]}</h4> <p class="id">0 · {found.rows["time"][0]:%Y-%m-%d %H:%M:%S}</p> '
        '<div class="input"> <span>note</span> '
        '<p class="words">&lt;b&gt;old&lt;/b&gt; cat near a house</p> '
        '<p class="note">characters 27, words 5, language en</p> </div> '
        '<div class="input"> <span>photo</span> '
        '<svg class="picture" viewBox="0 0 48 16"'
    )
    assert first.endswith('<p class="note">brightness 0, contrast 0, colour 0, aspect 3, size 48</p> </div>')
    content.file(log / "content", found.rows["_content.note"][0]).unlink()
    content.file(log / "content", found.rows["_content.photo"][0]).write_bytes(b"no picture")
    gone = '<p class="note">not kept (monitor.keep_content)</p>'
    assert sorted(card.count(gone) for card in cards(page(written(found)))) == [0, 0, 0, 0, 0, 2]
    nothing = found.rows.drop(columns=[name for name in found.rows if name.startswith("_content")])
    html = page(written(replace(found, rows=nothing)))  # one table rather than six empty cards
    assert (cards(html), html.count("not kept (monitor.keep_content)")) == ([], 1)
    *_, farthest = re.findall(r"<tbody>(.*?)</tbody>", html, re.DOTALL)
    assert set(re.findall(r"<td[^>]*>(\d+)<br>", farthest)) == set("012345")
    assert (
        len(re.findall(r">note: characters \d+, words \d, language \w+; photo: brightness 0[.0-9]*, ", farthest)) == 6
    )


def test_the_page_says_what_was_found_and_how(place: Path, watched: Path) -> None:
    raws = samples(40, 2)
    for raw in raws:
        dark = np.asarray(Pillow.open(io.BytesIO(raw["photo"])))[0, 0] // 3
        raw["photo"] = png(tuple(int(value) for value in dark))
    ask(watched, place / "log", raws)
    found = checked()
    check = written(found)
    assert check["words"].startswith("Photo drifted: ") and check["words"].endswith("; note did not.")
    html = page(check)
    assert '<div class="verdict failed">' in html
    facts = dict(re.findall(r"<tr><td>([^<]*)</td><td[^>]*>([^<]*)</td></tr>", html))
    assert facts == {
        "verdict": "drift",
        "time": "2026-05-04 12:00 UTC",
        "model": found.predictor.version,
        "looked at": "the last 24 hours",
        "predictions": "40, 40 of them independent",
        "feedback": "0 new predictions to learn from, 0 labels rejected",
    }
    assert '<tr><td>photo: brightness</td><td>67% darker</td><td>drifted</td><td class="number">1.00</td>' in html
    assert re.findall(r"<h1>(.*?)</h1>", html) == ["Drift"]
    assert '<a href="../index.html">All checks</a>' in html.replace("\u2190 ", "")
    assert re.findall(r"<h3>(.*?)</h3>", html) == [
        "The check", "To know", "photo: brightness", "photo: embedding",
        "Everything that was compared", "How well it does", "Column by column", "The farthest from the reference",
    ]  # fmt: skip
    assert "brightness (0 is black, 1 is white)" in html
    assert "share of rows" in html
    assert html.count('<iframe sandbox="allow-scripts"') == 1


def test_an_input_that_no_request_had(place: Path, watched: Path) -> None:
    ask(watched, place / "log", [{"note": raw["note"]} for raw in samples(40, 2)])
    check = written(checked())
    assert check["words"] == "Photo drifted: missing in 100% of requests (was 0%); note did not."
    shown = cards(page(check))
    assert len(shown) == 6
    assert not any("<span>photo</span>" in card for card in shown)


def test_the_page_of_a_check_of_too_few(place: Path, watched: Path) -> None:
    ask(watched, place / "log", samples(2, 2))
    html = page(written(checked()))
    assert '<p class="lead">2 predictions in the last 24 hours; 30 are needed to tell drift from chance.</p>' in html
    assert re.findall(r"<h1>(.*?)</h1>", html) == ["Too few requests to tell"]
    assert re.findall(r"<h3>(.*?)</h3>", html) == ["The check", "To know", "How well it does"]


def test_the_oldest_pages_go_and_the_index_links_those_that_stay(
    place: Path, watched: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(monitoring, "KEPT", 2)
    ask(watched, place / "log", samples(1, 2))
    found = checked()
    checks = [written(found, NOON + timedelta(hours=hour)) for hour in range(3)]
    assert sorted(path.name for path in Path("pages").iterdir()) == ["20260504T130000Z", "20260504T140000Z"]
    write_index(checks, Path("pages"))
    rows = re.findall(
        r"<tr><td>(.*?)</td><td>(.*?)</td><td>(.*?)</td><td class=\"number\">(.*?)</td></tr>", text("pages")
    )
    chip = '<span class="chip open">\u2013</span> too few'
    assert rows == [
        ('<a href="20260504T140000Z/index.html">2026-05-04 14:00</a>', chip, "", "1"),
        ('<a href="20260504T130000Z/index.html">2026-05-04 13:00</a>', chip, "", "1"),
        ("2026-05-04 12:00", chip, "", "1"),
    ]
    assert '<p class="note">the pages of the last 2 are kept</p>' in text("pages")


def text(folder: Path | str) -> str:
    return Path(folder, "index.html").read_text()


def test_the_index_shows_the_last_verdict(tmp_path: Path) -> None:
    def check(verdict: str) -> dict[str, Any]:
        drifted = ["note", "photo"] if verdict == "drift" else []
        time = "2026-05-04T12:00:00"
        return {
            "id": "a",
            "time": time,
            "predictions": 40,
            "words": "As it is.",
            "verdict": verdict,
            "drifted": drifted,
        }

    shown = {}
    for verdict in ("drift", "no drift", "too few"):
        write_index([check("drift"), check(verdict)], tmp_path)
        shown[verdict] = re.findall(r'<div class="verdict (\w+)">', text(tmp_path))
        assert "note and photo" in text(tmp_path)
    assert shown == {"drift": ["failed"], "no drift": ["passed"], "too few": []}
