import shutil
from pathlib import Path

import pytest

from sensorium import fetch
from sensorium.errors import UserError


def test_without_apt_the_sentence_says_what_to_do(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("SENSORIUM_CACHE", str(tmp_path))
    monkeypatch.setenv("PATH", "")
    with pytest.raises(UserError, match="set data.path in params.yaml to the stamps folder"):
        fetch.tuxpaint_stamps()


def test_a_failed_fetch_leaves_nothing_half_made(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("SENSORIUM_CACHE", str(tmp_path))
    monkeypatch.setattr(fetch, "SPEECH_PACKAGE", "openwakeword==0.0.0.dev999")
    monkeypatch.setenv("PIP_NO_INDEX", "1")
    with pytest.raises(UserError, match="which carries the speech encoder: ERROR: No matching distribution"):
        fetch.speech_embedding_models()
    assert [path.name for path in tmp_path.rglob("*")] == ["weights"]


def test_weights_that_are_not_what_was_fetched_are_fetched_again(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, capsys: pytest.CaptureFixture
) -> None:
    whole = fetch.speech_embedding_models()
    monkeypatch.setenv("SENSORIUM_CACHE", str(tmp_path))
    folder = tmp_path / "weights/speech-embedding"
    shutil.copytree(whole, folder)
    assert fetch.speech_embedding_models() == folder
    with (folder / "embedding_model.onnx").open("r+b") as file:
        file.seek(700_000)
        file.write(b"x")
    monkeypatch.setattr(fetch, "SPEECH_PACKAGE", "openwakeword==0.0.0.dev999")
    monkeypatch.setenv("PIP_NO_INDEX", "1")
    with pytest.raises(UserError, match="No matching distribution"):
        fetch.speech_embedding_models()
    assert "speech-embedding was damaged; it is kept as speech-embedding.damaged, and is" in capsys.readouterr().err
