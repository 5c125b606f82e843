"""Encoders are tried before any work, once."""

import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from sensorium.dataset import encoder_check
from sensorium.dataset.cache import fingerprint
from sensorium.errors import UserError
from sensorium.modalities import Text
from sensorium.stages import ingest
from tests import folders
from tests.conftest import Project


@pytest.fixture
def bert(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("SENSORIUM_CACHE", str(tmp_path / "cache"))
    return folders.make(tmp_path, "bert")


def test_ingest_names_the_input_whose_encoder_is_unfit(project: Project, bert: Path) -> None:
    project.params["inputs"]["note"]["encoder"] = str(bert)
    project.write([{"note": "a", "label": "x"}])
    ingest.run()
    shutil.rmtree("data")
    folders.write(bert, "config.json", num_hidden_layers=3)
    sentence = f"params.yaml: inputs.note.encoder: encoder '{bert}': model.safetensors lacks encoder.layer.2.attention"
    for _ in range(2):  # and remembers no failure
        with pytest.raises(UserError, match=sentence):
            ingest.run()
    assert not Path("data/raw").exists()


def test_an_encoder_is_tried_again_when_its_files_or_settings_change(bert: Path) -> None:
    kind = Text(encoder=str(bert))
    encoder_check.require(kind)
    code = "from sensorium.modalities import Text; from sensorium.dataset import encoder_check; import sys; "
    code += f"encoder_check.require(Text(encoder={str(bert)!r})); print('torch' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], capture_output=True, text=True).stdout == "False\n"
    (bert / "tokenizer.json").write_text("{}")
    for changed in (kind, Text(encoder=str(bert), max_tokens=8)):
        with pytest.raises(UserError, match=r"its tokenizer.json is none"):
            encoder_check.require(changed)


def test_what_is_embedded_with_is_remembered_until_something_changes(
    bert: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    kind = Text(encoder=str(bert))
    assert encoder_check.remembered(kind) is None
    encoder_check.require(kind)
    known = encoder_check.remembered(kind)
    assert known == fingerprint(kind.load_encoder())
    assert encoder_check.remembered(kind.model_copy(update={"column": "another"})) == known
    code = "from sensorium.dataset import embedding; from sensorium.modalities import Text; import sys; "
    code += f"embedding.open_cache(Text(encoder={str(bert)!r})); print('torch' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], capture_output=True, text=True).stdout == "False\n"
    with monkeypatch.context() as patch:
        patch.setattr("sensorium.dataset.cache.version", lambda _: "9.9")
        assert encoder_check.remembered(kind) is None
    assert encoder_check.remembered(kind) == known
    weights = bert / "model.safetensors"
    weights.write_bytes(weights.read_bytes()[:-4] + b"\0\0\0\0")
    assert encoder_check.remembered(kind) is None
