"""Encoders are tried before any work, once."""

import shutil
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from sensorium.dataset import frozen
from sensorium.dataset.cache import fingerprint
from sensorium.encoders.encoder import encode
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
    frozen.load(kind)
    code = "from sensorium.modalities import Text; from sensorium.dataset import frozen; import sys; "
    code += f"frozen.load(Text(encoder={str(bert)!r})); print('torch' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], capture_output=True, text=True).stdout == "False\n"
    (bert / "tokenizer.json").write_text("{}")
    for changed in (kind, Text(encoder=str(bert), max_tokens=8)):
        with pytest.raises(UserError, match=r"its tokenizer.json is none"):
            frozen.load(changed)


def test_an_encoder_is_read_without_torch_from_what_it_was_written_as(bert: Path) -> None:
    kind, weights = Text(encoder=str(bert)), bert / "model.safetensors"
    values = [kind.accept("A frog."), kind.accept("A much longer sentence about frogs.")]
    ours, torchs = frozen.load(kind), kind.load_encoder()
    features = encode(ours.preprocess, ours.network, values)
    np.testing.assert_allclose(features, encode(torchs.preprocess, torchs.network, values), atol=1e-5)
    assert frozen.load(kind.model_copy(update={"column": "another"})).weights == ours.weights
    code = "from sensorium.dataset import embedding; from sensorium.modalities import Text; import sys; "
    code += f"embedding.open_cache(Text(encoder={str(bert)!r})); print('torch' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], capture_output=True, text=True).stdout == "False\n"
    written = ours.weights[0]
    before, content = fingerprint(ours), written.read_bytes()
    written.write_bytes(content[:-1] + b"?")
    assert fingerprint(frozen.load(kind)) == before  # damaged, and so written again
    assert written.read_bytes() == content
    whole = weights.read_bytes()
    weights.write_bytes(whole[: len(whole) // 2] + bytes(400) + whole[len(whole) // 2 + 400 :])
    assert fingerprint(frozen.load(kind)) != before
