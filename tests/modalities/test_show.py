"""What a person is told and shown of a value, and what may befall it."""

import base64
import io

import numpy as np
import pandas as pd
import pytest
import soundfile
from PIL import Image as Pillow

from sensorium.errors import BadInput
from sensorium.modalities import Audio, Image, Signal, Tabular, Text
from sensorium.monitoring.drift.effects import of_numbers
from tests.conftest import png, wav
from tests.extremes import saved

FACTS = Tabular(numbers=["age", "weight"], categories=["town"])


def test_texts() -> None:
    text = Text()
    assert text.describe("A green frog.") == {"characters": 13, "words": 3, "language": "en"}
    assert text.describe("Une petite grenouille verte.")["language"] == "fr"
    assert text.names("A green Frog, a toad.") == ["a", "green", "frog", "a", "toad"]
    assert text.occlusions("A green frog.") == [(0, "green frog."), (1, "A frog."), (2, "A green")]
    assert text.occlusions("frog") == []
    assert len(text.occlusions("word " * 100)) == 40
    assert text.show("<b> & c", []) == '<p class="words">&lt;b&gt; &amp; c</p>'
    random = np.random.default_rng(0)
    assert text.corruptions["truncation"]("one two three four five six seven eight nine ten", 0, random) == (
        "one two three four five six seven"
    )
    assert text.corruptions["truncation"]("frog", 2, random) == "frog"
    sentence = "the quick brown fox jumps over the lazy dog " * 20
    assert text.corruptions["typos"](sentence, 0, random) != sentence
    assert text.corruptions["typos"]("a", 2, np.random.default_rng(1)) != ""


def test_a_long_cell_is_shown_in_part() -> None:
    assert len(FACTS.show(FACTS.accept({"town": "U" * 1000}), [])) < 500


def test_pictures() -> None:
    image = Image()
    white = image.accept(png((255, 255, 255), (40, 20)))
    assert image.describe(white) == {"brightness": 1.0, "contrast": 0.0, "colour": 0.0, "aspect": 2.0, "size": 40.0}
    half = Pillow.new("RGB", (12, 12), (0, 0, 0))
    half.paste((255, 255, 255), (0, 0, 6, 12))
    assert image.describe(half)["contrast"] == 0.5
    parts = image.occlusions(half)
    assert len(parts) == 36
    assert parts[0][0] == (0, 0, 1 / 6, 1 / 6)
    assert np.asarray(parts[0][1])[:2, :2].tolist() == [[[128] * 3] * 2] * 2
    assert (np.asarray(parts[0][1])[2:] == np.asarray(half)[2:]).all()
    random = np.random.default_rng(0)
    assert image.corruptions["crop"](white, 1, random).size == (26, 13)
    assert image.describe(image.corruptions["darkness"](white, 0, random))["brightness"] == pytest.approx(
        0.55, abs=0.01
    )
    assert image.describe(image.corruptions["blur"](half, 2, random))["contrast"] < 0.5
    assert image.describe(image.corruptions["noise"](white, 2, random))["contrast"] > 0.05


def test_a_picture_of_two_pixels_bears_everything() -> None:
    image = Image()
    tiny = image.accept(png((9, 9, 9), (2, 2)))
    for corrupt in image.corruptions.values():
        for strength in range(3):
            image.check(corrupt(tiny, strength, np.random.default_rng(0)))
    assert len(image.occlusions(tiny)) == 36


def test_sounds() -> None:
    audio = Audio()
    tone = audio.accept(wav(1.0, pitch=1000))
    said = audio.describe(tone)
    assert said["seconds"] == 1.0
    assert said["loudness"] == pytest.approx(20 * np.log10(0.3 / np.sqrt(2)), abs=0.1)
    assert said["silence"] == 0
    assert said["centroid"] == pytest.approx(1000, abs=60)
    silence = np.zeros(16_000, np.int16)
    assert audio.describe(silence) == {"seconds": 1.0, "loudness": -100.0, "silence": 1.0, "centroid": 0.0}
    spans = audio.occlusions(tone)
    assert [part for part, _ in spans][:2] == [(0.0, 0.1), (0.1, 0.2)]
    assert (spans[1][1][1600:3200] == 0).all()
    assert (spans[1][1][:1600] == tone[:1600]).all()
    random = np.random.default_rng(0)
    assert len(audio.corruptions["cut"](tone, 1, random)) == 7200
    assert len(audio.corruptions["cut"](tone[:1700], 2, random)) == 1600
    assert audio.describe(audio.corruptions["silence"](tone, 1, random))["silence"] == pytest.approx(0.4, abs=0.05)
    quiet = audio.describe(audio.corruptions["gain"](tone, 0, random))["loudness"]
    assert quiet == pytest.approx(said["loudness"] - 12, abs=0.1)
    noisy = audio.corruptions["noise"](tone, 2, random)
    assert audio.describe(noisy)["loudness"] == pytest.approx(said["loudness"] + 3, abs=0.3)
    assert audio.describe(audio.corruptions["noise"](silence, 2, random))["silence"] == 1.0
    player = audio.play(tone).split("data:audio/ogg;base64,")[1].split('"')[0]
    heard, rate = soundfile.read(io.BytesIO(base64.b64decode(player)))
    assert (len(heard), rate) == (16_000, 16_000)


def test_columns() -> None:
    value = FACTS.accept({"age": 3, "town": "Ulm"})
    assert FACTS.describe(value) == {"age": 3.0}
    assert FACTS.occlusions(value) == [("age", {"town": "Ulm"}), ("town", {"age": 3.0})]
    assert FACTS.occlusions({"age": 3.0}) == []
    lost = FACTS.corruptions["lost columns"]
    assert [len(lost(value | {"weight": 1.0}, strength, np.random.default_rng(0))) for strength in range(3)] == [
        2,
        1,
        1,
    ]
    assert "Ulm &amp; Bonn" in FACTS.show({"town": "Ulm & Bonn"}, [])


def test_signals() -> None:
    signal = Signal(rate=100, channels=["x", "<b>"])
    times = np.arange(400) / 100
    waves = np.stack([3 + np.sin(2 * np.pi * 12.5 * times), np.cos(2 * np.pi * 12.5 * times)]).astype(np.float32)
    said = signal.describe(waves)
    assert said == pytest.approx(
        {"seconds": 4, "level": 1.5, "spread": np.sqrt(0.5), "frequency": 12.5, "missing": 0}, abs=1e-2
    )
    spans = signal.occlusions(waves)
    assert [part for part, _ in spans][:2] == [(0.0, 0.1), (0.1, 0.2)]
    assert np.isnan(spans[1][1][:, 40:80]).all()
    assert np.isnan(spans[1][1]).sum() == 80
    assert signal.describe(spans[1][1])["missing"] == 0.1
    damage = signal.corruptions
    assert list(damage) == ["noise", "gaps", "drift", "lost channel"]
    assert list(Signal(rate=1).corruptions) == ["noise", "gaps", "drift"]
    random = np.random.default_rng(0)
    noisy = signal.describe(damage["noise"](waves, 2, random))
    assert noisy["spread"] == pytest.approx(1, abs=0.05)
    assert [signal.describe(damage["gaps"](waves, strength, random))["missing"] for strength in range(3)] == (
        pytest.approx([0.1, 0.3, 0.6])
    )
    assert signal.describe(damage["drift"](waves, 2, random))["spread"] > 1
    assert np.isnan(damage["lost channel"](waves, 1, random)).all(1).sum() == 1
    shown = signal.show(waves, [])
    assert (shown.count("<path"), shown.count("&lt;b&gt;")) == (2, 1)
    broken = signal.show(spans[3][1], [])
    assert broken.count("M") == 4  # each line begins again behind the gap


def test_changes_of_signals_in_words() -> None:
    of = Signal.comparatives
    before, now = pd.Series(np.linspace(1.0, 1.2, 30)), pd.Series(np.linspace(1.3, 1.56, 30))
    assert of_numbers("frequency", before, now, of["frequency"]).words == "30% faster"
    assert of_numbers("level", now, before, of["level"]).words == "0.33 units lower in level"
    assert of_numbers("missing", before * 0, now / 10, of["missing"]).words == "more gaps (14%, was 0%)"


def test_a_signal_reads_what_is_told_in_lists() -> None:
    lists = Signal(columns=["a", "b"], rate=2, seconds=10)
    value = lists.accept({"a": ", ".join(map(str, range(30))), "b": None})
    assert value.shape == (2, 20)
    with pytest.raises(BadInput, match="the series is longer than 250,000 samples; cut it, or give `seconds`"):
        Signal(columns=["a", "b"], rate=2).accept({"a": [0] * 10**6})
    with pytest.raises(BadInput, match="the series has more than 500,000 samples; cut it"):
        lists.accept('{"a": [' + "0," * 500_001 + "0]}")
    assert lists.in_json(value) == {"a": [float(number) for number in range(20)]}
    with pytest.raises(BadInput, match="the series has more than 33,554,432 characters; cut it, or write fewer digits"):
        lists.accept('{"a": [' + " " * 2**25 + "0]}")
    assert lists.cells("it", b'{"a": [1, null], "b": "1 2", "gone": 1}') == {"a": "[1, null]", "b": "1 2"}
    line = np.arange(20.0)
    told = {"a": str(line.tolist()), "b": str((-line).tolist())}
    for array in (np.stack([line, -line]), np.stack([line, -line], 1)):
        assert lists.cells("it", saved(array)) == told
    assert Signal(columns=["a"], rate=2).cells("it", saved(line)) == {"a": told["a"]}
    assert lists.cells("it", saved(line)) == {}  # two channels are declared now


@pytest.mark.parametrize(
    "text",
    [
        b"         1      -20.5\n       300          4 \n" * 8,
        b"\xef\xbb\xbf  x     y\r\n" + b"  1   -20.5\r\n300       4\r\n" * 8,
    ],
    ids=["as numpy.savetxt writes them", "with names"],
)
def test_columns_are_aligned_by_any_number_of_blanks(text: bytes) -> None:
    assert Signal(rate=1, channels=["x", "y"]).accept(text).tolist() == [[1, 300] * 8, [-20.5, 4] * 8]


def test_gaps_are_spelt_alike_in_cells_and_in_files() -> None:
    gaps = ["n/a", "N/A", "?", "NaN", "none", "None", "NULL", "nA"]
    file = Signal(rate=1).accept("\n".join([*gaps, *map(str, range(20))]).encode())
    lists = Signal(rate=1, columns=["x"]).accept({"x": [*gaps, *range(20)]})
    for value in (file, lists):
        assert value.shape == (1, 28)
        assert np.isnan(value[0]).tolist() == [True] * 8 + [False] * 20
