"""The page at /ui in a real browser, against the real application."""

import io
import json
import os
import re
import shutil
import time
from base64 import b64encode
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import bentoml
import httpx
import pytest
from PIL import Image

from sensorium.runtime import settings
from sensorium.serving import keys
from tests.browser import browsing
from tests.conftest import png, wav
from tests.serving.conftest import listening, serving

pytestmark = pytest.mark.slow
PHOTO = {"name": "frog.png", "mimeType": "image/png", "buffer": png()}
PATIENCE = 30  # seconds
KEY = "sk_a-key-for-the-page"
COLOURS = ["blue", "red"]
EXAMPLES = [
    {
        "note": "a red car",
        "photo": b64encode(png()).decode(),
        "sound": b64encode(wav()).decode(),
        "car": {"age": 3, "colour": "red"},
    },
    {"note": "a car <b>heard</b>", "sound": b64encode(wav()).decode()},
]
LIMITS = {"body_bytes": 9, "samples": 1, "samples_per_minute": 9, "seconds": 9, "top": 3}
FOCUSED = "(one => (one.ariaLabel || one.labels?.[0]?.textContent || one.textContent).trim())(document.activeElement)"
DROP = """([name, type]) => {
  const given = new DataTransfer();
  given.items.add(new File([name], name, {type}));
  return given;
}"""

KEPT = """globalThis.kept = new Set(); const {createObjectURL, revokeObjectURL} = URL;
URL.createObjectURL = (of) => { const address = createObjectURL(of); kept.add(address); return address; };
URL.revokeObjectURL = (address) => { kept.delete(address); revokeObjectURL(address); };"""


@contextmanager
def served(folder: Path, log: Path, **environment: str) -> Iterator[str]:
    """The address of the application, on a port of its own."""
    with serving(folder, log, **environment) as client, listening(client) as address:
        yield address


@pytest.fixture(scope="module")
def log(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("log")


@pytest.fixture(scope="module")
def address(model_folder: Path, log: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """A model with two examples, known colours and a title of its own."""
    folder = tmp_path_factory.mktemp("shown") / "model"
    shutil.copytree(model_folder, folder, copy_function=os.link)
    settings.write(
        folder, settings.Settings(title="Cars of Lyon", examples=EXAMPLES, choices={"car": {"colour": COLOURS}})
    )
    with served(folder, log) as one:
        yield one


@pytest.fixture(scope="module")
def browser() -> Iterator[Any]:
    with browsing("--use-fake-device-for-media-stream", "--use-fake-ui-for-media-stream") as chromium:
        yield chromium


@pytest.fixture
def page(browser: Any) -> Iterator[Any]:
    """A tab that may say nothing in its console and ask nobody but the service; refusals are the service's right."""
    context = browser.new_context(viewport={"width": 390, "height": 844}, reduced_motion="reduce")
    one = context.new_page()
    one.set_default_timeout(1000 * PATIENCE)
    said: list[str] = []
    hosts: set[str] = set()
    one.on("console", lambda message: said.append(message.text))
    one.on("pageerror", lambda error: said.append(str(error)))
    one.on("request", lambda request: hosts.add(re.sub(r"^(blob:)?\w+://([^:/]*).*", r"\2", request.url)))
    yield one
    assert [words for words in said if "the server responded with a status of 4" not in words] == []
    assert hosts == {"127.0.0.1"}
    context.close()


def answered(page: Any) -> dict[str, Any]:
    """Asks by the keyboard's shortcut; the service's answer, once it is shown."""
    with page.expect_response("**/explain") as waiting:
        page.keyboard.press("Control+Enter")
    content = waiting.value.json()
    page.wait_for_selector("#answer:not([aria-busy]) :is(.answered, .problem)")
    return content


def opened(page: Any, address: str) -> Any:
    page.goto(f"{address}/ui/")
    page.wait_for_selector("#inputs form, #inputs .problem")
    return page


def shows(page: Any, selector: str, expected: list[str]) -> None:
    """Waits until the page has drawn what is expected: it draws after what it waits for itself."""
    end = time.monotonic() + PATIENCE
    while texts(page, selector) != expected and time.monotonic() < end:
        page.wait_for_timeout(20)
    assert texts(page, selector) == expected


def texts(page: Any, selector: str) -> list[str]:
    return [" ".join(one.split()) for one in page.locator(selector).all_inner_texts()]


def test_form_has_a_control_for_every_input_and_no_sideways_scrolling(page, address):
    opened(page, address)
    kinds = page.eval_on_selector_all(".card", "all => all.map((one) => [one.dataset.input, one.dataset.kind])")
    assert kinds == [["note", "text"], ["photo", "image"], ["sound", "audio"], ["car", "tabular"]]
    shows(page, ".card h2", ["Note", "Photo", "Sound", "Car"])
    shows(page, "[data-input=photo] button", ["Choose", "Take a photo"])
    shows(page, "[data-input=sound] button", ["Record", "Choose"])
    shows(page, "[data-input=car] label", ["age", "colour"])
    page.set_viewport_size({"width": 320, "height": 640})
    assert page.evaluate("document.documentElement.scrollWidth") == 320


def test_answer_shows_what_the_service_says(page, address):
    opened(page, address).get_by_role("textbox", name="note").fill("a frog")
    page.set_input_files("[data-input=photo] input", PHOTO)
    answered(page)
    files = {"photo": ("frog.png", png(), "image/png")}
    expected = httpx.post(f"{address}/explain", data={"note": "a frog"}, files=files).json()
    for name in ("label", "size"):
        target, within = expected["targets"][name], f"[data-target={name}]"
        best, other = (one["label"] for one in target["top"][:2])
        shows(page, f"{within} .label", [f"{target['label']} {100 * target['confidence']:.1f}%"])
        shown = [f"{one['label']} {100 * one['probability']:.1f}%" for one in target["top"]]
        shows(page, f"{within} .classes li", shown)
        for chosen in (best, other):
            page.click(f"{within} [data-name={chosen}] button")
            base, attribution = f"{100 * target['base'][chosen]:.1f}%", target["attribution"]
            note, photo = (signed(attribution[one][chosen]) for one in ("note", "photo"))
            total = f"{chosen} {100 * target['probabilities'][chosen]:.1f}%"
            rows = [f"Knowing nothing {base}", f"Note {note}", f"Photo {photo}", "Sound not given", "Car not given"]
            shows(page, f"{within} .attribution li", [*rows, total])
    assert re.search(r"ms there and back, .* ms of it in the service", page.inner_text(".latency"))


def signed(contribution: float) -> str:
    return (
        "0.0"
        if f"{abs(100 * contribution):.1f}" == "0.0"
        else f"{100 * contribution:+.1f}".replace("-", "\N{MINUS SIGN}")
    )


def test_sound_is_recorded_as_wav(page, address):
    opened(page, address).click("button:text-is('Record')")
    page.wait_for_selector(".live .time:text-matches('^0.[5-9]|^1')")
    page.click("button:text-is('Stop')")
    page.wait_for_selector("[data-input=sound] .player")
    shows(page, "[data-input=sound] .name", ["recording.wav"])
    assert answered(page)["inputs"] == ["sound"]


def test_recording_ends_by_itself_when_the_model_hears_no_more(page, address):
    opened(page, address).click("button:text-is('Record')")
    page.wait_for_selector("[data-input=sound] .player .time:text-is('2.0 s')")
    page.click("button:text-is('Remove')")
    page.wait_for_selector("text=Record or drop a sound")


def test_camera_gives_a_photo(page, address):
    opened(page, address).click("button:text-is('Take a photo')")
    page.click("button:text-is('Take the photo')")
    page.wait_for_selector("[data-input=photo] img")
    assert answered(page)["inputs"] == ["photo"]


def test_dropped_file_is_taken_and_a_wrong_one_gets_a_sentence(page, address):
    opened(page, address)
    for name, media_type, said in (
        ("notes.pdf", "application/pdf", ["notes.pdf is PDF. PNG, JPEG, WebP, GIF, BMP or TIFF can be read."]),
        ("a.png", "image/png", ["a.png", ""]),
    ):
        files = page.evaluate_handle(DROP, [name, media_type])
        page.dispatch_event("[data-input=photo] h2", "drop", {"dataTransfer": files})
        shows(page, "[data-input=photo] :is(.message, .line .name)", said)
    error = answered(page)["error"]  # a PNG that is none
    shows(page, ".problem p", [error[0].upper() + error[1:].rstrip(".") + "."])


def test_nothing_given_and_a_busy_service_are_said(page, address):
    opened(page, address).keyboard.press("Control+Enter")
    shows(page, ".send .message", ["Give note, photo, sound or car first."])
    busy = {"status": 429, "headers": {"Retry-After": "7"}, "json": {"error": "more than 9 samples in a minute"}}
    page.route("**/explain", lambda route: route.fulfill(**busy))
    page.get_by_label("age").fill("3")
    answered(page)
    shows(page, ".problem h2, .problem p", ["Too many requests", "More than 9 samples in a minute."])
    assert re.fullmatch("Try again in [67] s", page.inner_text(".problem button"))


def test_feedback_reaches_the_log(page, address, log):
    opened(page, address).get_by_role("textbox", name="note").fill("a frog")
    content = answered(page)
    page.click("[data-target=label] button:text-is('Right')")
    page.wait_for_selector("[data-target=label] .thanks")
    page.click("[data-target=size] button:text-is('Wrong')")
    page.get_by_label("Something else").fill("xl")
    page.click("button:text-is('Tell')")
    page.wait_for_selector("[data-target=size] .thanks")
    said = f"Thank you. Noted as {content['targets']['label']['label']}."
    shows(page, ".thanks", [said, "Thank you. Noted as xl. The model does not know this one yet."])
    end, told = time.monotonic() + PATIENCE, []
    while len(told) < 2 and time.monotonic() < end:  # the log is written by a thread of its own
        lines = [json.loads(line) for line in (log / "feedback.jsonl").read_text().splitlines(True) if line[-1] == "\n"]
        told = [line["labels"] for line in lines if line["request_id"] == content["request_id"]]
    assert told == [{"label": content["targets"]["label"]["label"]}, {"size": "xl"}]


def test_keyboard_alone_is_enough(page, address):
    opened(page, address).wait_for_selector(".example")
    reached = []
    for _ in range(13):
        page.keyboard.press("Tab")
        reached.append(page.evaluate(FOCUSED))
        assert page.evaluate("getComputedStyle(document.activeElement).outlineStyle") == "solid"
    assert reached[:2] == ["Example 1: a red car  sound age 3, colour red", "Example 2: a car <b>heard</b> sound"]
    form = ["note", "Choose", "Take a photo", "Record", "Choose", "age", "colour", "Ask the modelCtrl ↵", "Clear"]
    assert [*reached[2:11], reached[11][:5], reached[12]] == [*form, "Model", "API"]
    page.focus("textarea")
    page.keyboard.type("a frog")
    for _ in range(7):
        page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    page.wait_for_selector(".answered")
    page.wait_for_selector("#status:text-matches('^label: ')")
    for _ in range(3):
        page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    pressed = "[...document.querySelectorAll('[data-target=label] .classes button')].map((one) => one.ariaPressed)"
    page.wait_for_function(f"{pressed}.join() == 'false,true'")
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    page.wait_for_selector("[data-target=label] .thanks")


def test_another_schema_gets_another_form(page, address):
    common = {"encoder": "e", "media_types": [], "max_bytes": 2**20, "value": {}, "settings": {}}
    facts = common | {
        "kind": "facts",
        "control": "tabular",
        "is_file": False,
        "settings": {"numbers": ["price"], "categories": ["brand"]},
    }
    cloud = common | {"kind": "points", "control": "", "is_file": True, "media_types": ["model/ply"]}
    lists = common | {
        "kind": "signal",
        "control": "signal",
        "is_file": False,
        "settings": {"columns": ["left", "right"]},
    }
    trace = common | {
        "kind": "signal",
        "control": "signal",
        "is_file": True,
        "media_types": ["text/csv", "application/octet-stream"],
    }
    inputs = {"facts": facts, "cloud": cloud, "code": common | {"kind": "code", "control": "", "is_file": False}}
    inputs |= {"hands": lists, "trace": trace}
    columns = {name: one | {"inputs": [name]} for name, one in inputs.items()}
    targets = {"returned": {"kind": "class", "classes": ["no", "yes"], "abstain": 0}}
    given = {"inputs": inputs, "columns": columns}
    schema = {"model_version": "v", "lineage": {}, **given, "targets": targets, "limits": LIMITS}
    page.route("**/schema", lambda route: route.fulfill(json=schema))
    opened(page, address)
    shows(page, ".card h2", ["Facts", "Cloud", "Code", "Hands", "Trace"])
    assert page.get_by_label("price").get_attribute("type") == "number"
    assert page.locator("[data-input=cloud] input[type=file]").get_attribute("accept") == "model/ply"
    assert page.locator("[data-input=code] textarea").count() == 1
    page.get_by_label("left").fill("[1, 2, null, 2.5, 3]")
    path = page.get_attribute("[data-input=hands] svg.plot path", "d")
    assert (path.count("M"), path.count("L")) == (2, 2)  # broken at the gap
    page.locator("[data-input=trace] input[type=file]").set_input_files(
        {"name": "t.csv", "mimeType": "text/csv", "buffer": b"a,b\n" + b"1,2\n3,1\n" * 9}
    )
    page.wait_for_function("document.querySelectorAll('[data-input=trace] svg.plot').length == 2")
    page.get_by_role("button", name="Remove trace").click()
    page.get_by_label("trace as numbers").fill("1\n2\n1\n")
    page.get_by_label("trace as numbers").blur()
    shows(page, "[data-input=trace] .name", ["pasted.csv"])


def test_an_example_is_given_whole_and_asked_by_one_click(page, address):
    page.add_init_script(KEPT)
    opened(page, address).get_by_label("age").fill("9")
    page.wait_for_function("document.querySelector('.example img')?.naturalWidth == 24")
    page.wait_for_function("kept.size == 0")  # a picture that is drawn needs its address no more
    shows(page, "#examples h2", ["Try one"])
    with page.expect_response("**/explain") as waiting:
        page.get_by_role("button", name="Example 2").click()
    expected = httpx.post(f"{address}/explain", json=EXAMPLES[1]).json()
    answer = waiting.value.json()
    assert answer["inputs"] == ["note", "sound"]  # and not the age that was there before
    assert answer["targets"] == expected["targets"]
    page.wait_for_selector(".answered")
    with page.expect_response("**/explain") as waiting:
        page.get_by_role("button", name="Example 1").click()
    assert waiting.value.json()["inputs"] == ["note", "photo", "sound", "car"]
    page.wait_for_selector(".answered")
    assert page.get_by_label("colour").input_value() == "red"
    assert page.eval_on_selector("[data-input=photo] img", "one => one.decode().then(() => one.naturalWidth)") == 24
    assert page.eval_on_selector_all("datalist option", "all => all.map((one) => one.value)") == COLOURS


def test_the_title_is_the_projects_own(page, address):
    opened(page, address)
    assert (page.title(), texts(page, "h1")) == ("Cars of Lyon", ["Cars of Lyon"])


@pytest.mark.parametrize("width", [1280, 900, 390])
def test_nothing_is_covered_and_one_target_has_the_whole_width(page, address, width):
    page.set_viewport_size({"width": width, "height": 700})
    opened(page, address).get_by_role("textbox", name="note").fill("a frog")
    answer = answered(page)
    one = answer | {"targets": {"label": answer["targets"]["label"]}}
    for control in page.locator("#inputs :is(textarea, input:not([hidden]), button)").all():
        control.scroll_into_view_if_needed()
        hit = "one => { const box = one.getBoundingClientRect(); return one.contains("
        hit += "document.elementFromPoint(box.x + box.width / 2, box.y + box.height / 2)); }"
        assert control.evaluate(hit)
    page.route("**/explain", lambda route: route.fulfill(json=one))
    answered(page)
    widths = page.evaluate("['.target', '#answer'].map((one) => document.querySelector(one).clientWidth)")
    assert widths[1] - widths[0] <= 2  # the card's border
    page.locator("footer summary").click()
    assert page.locator("footer .brand").bounding_box()["height"] < 30  # in one line, however much is told of the model
    assert page.evaluate("document.documentElement.scrollWidth") == width


def test_a_telephone_has_no_hint_of_keys(browser, address):
    shown = []
    for of_telephone in (False, True):
        context = browser.new_context(
            viewport={"width": 900, "height": 844}, has_touch=of_telephone, is_mobile=of_telephone
        )
        one = opened(context.new_page(), address)
        shown.append(one.is_visible("kbd"))
        context.close()
    assert shown == [True, False]


def test_the_description_of_the_api_follows_the_screen(browser, address):
    swagger = Path(bentoml.__file__).parent / "_internal/server"
    colours = {}
    for scheme in ("light", "dark"):
        tab = browser.new_page(color_scheme=scheme)
        files = lambda route: route.fulfill(path=swagger / urlsplit(route.request.url).path[1:])  # noqa: E731
        tab.route("**/static_content/*", files)  # which BentoML serves
        tab.goto(f"{address}/docs")
        tab.wait_for_selector(".opblock")
        seen = Image.open(io.BytesIO(tab.screenshot())).convert("L")
        colours[scheme] = sorted(seen.getdata())[seen.width * seen.height // 2]  # the median
        tab.close()
    assert colours["dark"] < 40 < 240 < colours["light"]


def test_key_is_asked_for_and_used(page, model_folder, tmp_path):
    with served(model_folder, tmp_path, SENSORIUM_API_KEYS=f"alice:{keys.digest(KEY)}") as address:
        opened(page, address)
        shows(page, ".problem h2", ["An API key is needed"])
        page.get_by_label("API key").fill("sk_wrong")
        page.keyboard.press("Enter")
        page.wait_for_selector("text=This API key is not known, or was revoked.")
        page.get_by_label("API key").fill(KEY)
        page.click("button:text-is('Use this key')")
        page.get_by_role("textbox", name="note").fill("a frog")
        assert answered(page)["inputs"] == ["note"]
        assert page.evaluate("Object.values(sessionStorage)") == [KEY]
        assert page.evaluate("localStorage.length") == 0
