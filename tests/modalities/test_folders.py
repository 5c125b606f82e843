"""Encoders from folders that transformers loads, made here with random weights."""

from pathlib import Path

import numpy as np
import pytest
import torch
from tokenizers import Tokenizer, models, pre_tokenizers
from transformers import (
    BertConfig,
    BertModel,
    PreTrainedModel,
    ViTConfig,
    ViTImageProcessorPil,
    ViTModel,
    Wav2Vec2Config,
    Wav2Vec2FeatureExtractor,
    Wav2Vec2Model,
)

from sensorium.errors import UserError
from sensorium.modalities import Audio, Image, Modality, Text
from sensorium.modalities.encoder import Encoder, encode
from sensorium.models.onnx_network import OnnxNetwork
from tests.conftest import png, wav

SMALL = {"hidden_size": 32, "num_hidden_layers": 1, "num_attention_heads": 2, "intermediate_size": 32}


def saved(model: PreTrainedModel, folder: Path) -> Path:
    model.save_pretrained(folder)
    return folder


@pytest.fixture
def bert(tmp_path: Path) -> Path:
    torch.manual_seed(0)
    words = {"[PAD]": 0, "[UNK]": 1, "a": 2, "green": 3, "frog": 4}
    tokenizer = Tokenizer(models.WordLevel(words, unk_token="[UNK]"))
    tokenizer.pre_tokenizer = pre_tokenizers.Whitespace()
    tokenizer.save(str(tmp_path / "tokenizer.json"))
    return saved(BertModel(BertConfig(vocab_size=5, max_position_embeddings=16, **SMALL)), tmp_path)


@pytest.fixture
def vit(tmp_path: Path) -> Path:
    torch.manual_seed(0)
    ViTImageProcessorPil(size={"height": 32, "width": 32}).save_pretrained(tmp_path)
    return saved(ViTModel(ViTConfig(image_size=32, patch_size=8, **SMALL)), tmp_path)


@pytest.fixture
def wav2vec2(tmp_path: Path) -> Path:
    torch.manual_seed(0)
    Wav2Vec2FeatureExtractor().save_pretrained(tmp_path)
    config = Wav2Vec2Config(
        conv_dim=(16, 16), conv_kernel=(10, 8), conv_stride=(80, 4), num_conv_pos_embeddings=4,
        num_conv_pos_embedding_groups=2, num_feat_extract_layers=2, **SMALL,
    )  # fmt: skip
    return saved(Wav2Vec2Model(config), tmp_path)


def exported(encoder: Encoder, values: list[object], path: Path) -> np.ndarray:
    """What the ONNX export gives, traced with one value and run with all."""
    preprocess = encoder.preprocess
    encoder.network.export(path, preprocess.collate([preprocess(values[0])]), preprocess.axes)
    return encode(preprocess, OnnxNetwork(path), values)


def check(kind: Modality, raws: list[object], path: Path) -> None:
    encoder = kind.load_encoder()
    values = [kind.accept(raw) for raw in raws]
    features = encode(encoder.preprocess, encoder.network, values)
    assert features.shape == (len(raws), 1, 32)
    np.testing.assert_allclose(exported(encoder, values, path), features, atol=1e-4)


def test_text(bert: Path) -> None:
    check(Text(encoder=str(bert)), ["a green frog", "a frog", "frog " * 40], bert / "out.onnx")


def test_image(vit: Path) -> None:
    check(Image(encoder=str(vit)), [png(), png((0, 90, 0), (64, 20)), png((9, 9, 9))], vit / "out.onnx")


def test_audio(wav2vec2: Path) -> None:
    check(Audio(encoder=str(wav2vec2), seconds=3), [wav(1.0), wav(2.0, pitch=200), wav(0.3)], wav2vec2 / "out.onnx")


def test_weights_that_would_need_pickle_are_refused(bert: Path) -> None:
    torch.save({}, bert / "pytorch_model.bin")
    (bert / "model.safetensors").unlink()
    with pytest.raises(UserError, match="cannot be loaded"):
        Text(encoder=str(bert)).load_encoder()


def test_an_encoder_of_another_kind_is_refused(bert: Path) -> None:
    with pytest.raises(UserError, match="does not read waveforms"):
        Audio(encoder=str(bert)).load_encoder()
    with pytest.raises(UserError, match=r"no preprocessor_config.json; is it for pictures\?"):
        Image(encoder=str(bert)).load_encoder()


def test_a_hub_id_that_cannot_be_had_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("huggingface_hub.constants.HF_HUB_OFFLINE", True)
    with pytest.raises(
        UserError, match="encoder 'nobody/nothing' is neither a local folder nor to be had from the hub"
    ):
        Text(encoder="nobody/nothing").fetch_encoder()
