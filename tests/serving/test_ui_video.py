"""Clips in a real browser: recorded on the page, and shown as reports show them."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import torch

from sensorium.modalities import Audio, Modality, Video
from sensorium.report.page import policy
from tests import model
from tests.browser import browsing
from tests.clips import encoded
from tests.serving.conftest import listening, serving

pytestmark = pytest.mark.slow
KEPT = """const {createObjectURL} = URL;
URL.createObjectURL = (file) => { globalThis.kept = file; return createObjectURL(file); };"""
LOADED = "one.readyState > 1 ? seen() : (one.onloadeddata = seen)"
PLAYED = "(one) => new Promise((ended) => { one.onended = ended; one.play(); })"
CLIP = encoded(sound="aac")


@pytest.fixture(scope="module")
def page() -> Iterator[Any]:
    with browsing("--use-fake-device-for-media-stream", "--use-fake-ui-for-media-stream") as chromium:
        one = chromium.new_page()
        one.set_default_timeout(30_000)
        yield one


def test_a_clip_is_recorded_with_its_sound_and_asked_about(page: Any, tmp_path: Path) -> None:
    kinds: dict[str, Modality] = {
        "motion": Video(column="clip", encoder="motion", seconds=5),
        "sound": Audio(column="clip", seconds=2),
    }
    values = {name: kind.accept(CLIP) for name, kind in kinds.items()}
    readers = model.read(kinds, values)
    torch.manual_seed(0)
    folder = model.write(readers, values, model.small_network(readers, {"label": ["no", "yes"]}), tmp_path / "model")
    with serving(folder, tmp_path / "log") as client, listening(client) as address:
        page.add_init_script(KEPT)
        page.goto(f"{address}/ui/")
        animation = {"name": "a.png", "mimeType": "image/png", "buffer": encoded("apng", "apng", "rgba")}
        page.locator("[data-input=clip] input[type=file]").first.set_input_files(animation)
        page.click("[data-input=clip] button:text-is('Remove')")  # it was taken
        page.click("[data-input=clip] button:text-is('Record')")
        page.click("dialog button:text-is('Record')")
        page.wait_for_selector("dialog .time:text-matches('^1')")
        page.click("dialog button:text-is('Stop')")
        page.locator("[data-input=clip] video").evaluate(f"(one) => new Promise((seen) => {LOADED})")
        with page.expect_response("**/explain") as waiting:
            page.keyboard.press("Control+Enter")
        assert waiting.value.json()["inputs"] == ["motion", "sound"]
        recorded = bytes(page.evaluate("kept.arrayBuffer().then((all) => [...new Uint8Array(all)])"))
    heard = Audio().accept(recorded)
    seen = kinds["motion"].accept(recorded)
    assert (0.5 < len(heard) / 16_000 < 6, 0.5 < seen.seconds <= 5, len(seen.frames) > 3) == (True, True, True)


def test_a_clip_is_shown_with_a_strip_of_frames_and_a_player_that_plays(page: Any, tmp_path: Path) -> None:
    kind = Video()
    value = kind.accept(CLIP)
    shown = kind.show(value, [(part, 0.5) for part, _ in kind.occlusions(value)]) + kind.play(value)
    (tmp_path / "page.html").write_text(f'<meta http-equiv="Content-Security-Policy" content="{policy([])}">{shown}')
    page.goto((tmp_path / "page.html").as_uri())
    page.locator("video").evaluate(PLAYED)
    assert page.evaluate("document.querySelector('video').videoWidth") == 64
    assert page.evaluate("document.querySelectorAll('svg rect').length") == 8
