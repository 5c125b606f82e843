"""Encoders from folders as transformers saves them: what people bring."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
import transformers

from sensorium.compression.parity import difference, random_batches
from sensorium.dataset.cache import fingerprint
from sensorium.encoders.encoder import encode
from sensorium.errors import UserError
from sensorium.modalities import Audio, Image, Modality, Text, Video
from sensorium.models.onnx_network import OnnxNetwork
from tests import folders
from tests.clips import drawn, encoded
from tests.conftest import png, wav

Make = Callable[[str], Path]
RAWS: dict[type[Modality], list[object]] = {
    Text: ["A small green frog.", "a frog", "frog " * 100],
    Image: [png(), png((0, 90, 0), (64, 20)), png((9, 9, 9))],
    Audio: [wav(1.0), wav(2.0, pitch=200), wav(0.3)],
    Video: [encoded(), encoded("gif", "gif", "rgb8", drawn(3)), encoded("webm", "libvpx", frames=drawn(9, 30, 70))],
}
BESIDE = {
    "clip": {"preprocessor_config": folders.SQUARE},
    "siglip": {"preprocessor_config": folders.SQUARE},
    "vit": {"processor_config": {"image_processor": folders.SQUARE}},  # as transformers 5 saves it
    "vit classifier": {"preprocessor_config": folders.SQUARE},
    "deit classifier": {"preprocessor_config": folders.SQUARE},
    "beit classifier": {"preprocessor_config": folders.SQUARE},
    "swin classifier": {"preprocessor_config": folders.SQUARE},
    "convnext classifier": {"preprocessor_config": folders.SHORTER},
    "resnet classifier": {"preprocessor_config": folders.SHORTER},
    "vit that hides patches": {"preprocessor_config": folders.SQUARE},
    "videomae": {"preprocessor_config": folders.CLIPPED},
    "videomae classifier": {"preprocessor_config": folders.CLIPPED},
    "timesformer": {"preprocessor_config": folders.CLIPPED},
    "vivit": {"preprocessor_config": folders.SQUARE},
    "wav2vec2": {"preprocessor_config": folders.WAVES | {"sampling_rate": 8000}},
    "wav2vec2 in fp16": {"preprocessor_config": folders.WAVES},
    "whisper": {"preprocessor_config": {"feature_extractor_type": "WhisperFeatureExtractor", "chunk_length": 2}},
    "ast": {
        "preprocessor_config": {"feature_extractor_type": "ASTFeatureExtractor", "max_length": 128, "num_mel_bins": 64}
    },
    "clap": {"preprocessor_config": {"feature_extractor_type": "ClapFeatureExtractor"}},
    "hubert": {"processor_config": {"feature_extractor": folders.WAVES, "processor_class": "Wav2Vec2Processor"}},
}
SETTINGS: dict[type[Modality], dict[str, Any]] = {Audio: {"seconds": 2.0}}
SORTS = [
    (Text, "bert", 16), (Text, "bert with a head", 16), (Text, "bert in bf16", 16), (Text, "roberta", 16),
    (Text, "t5", 16), (Text, "clip", 8), (Text, "siglip", 16), (Image, "clip", 8), (Image, "siglip", 16),
    (Image, "vit", 16), (Image, "vit classifier", 16), (Image, "deit classifier", 16), (Image, "beit classifier", 16),
    (Image, "swin classifier", 16), (Image, "convnext classifier", 16), (Image, "resnet classifier", 16),
    (Audio, "wav2vec2", 16), (Audio, "wav2vec2 in fp16", 16), (Audio, "hubert", 16),
    (Video, "videomae", 16), (Video, "videomae classifier", 16), (Video, "timesformer", 16), (Video, "vivit", 16),
    (Audio, "whisper", 16), (Audio, "ast", 16), (Audio, "clap", 8),
]  # fmt: skip


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Make:
    """Gives the folder of a sort of model, made once; a test that changes it makes a copy."""
    root = tmp_path_factory.mktemp("folders")
    known: dict[str, Path] = {}

    def folder(sort: str) -> Path:
        if sort not in known:
            known[sort] = folders.make(root, sort, BESIDE.get(sort))
        return known[sort]

    return folder


def features(kind: Modality, raws: list[object] | None = None) -> np.ndarray:
    encoder = kind.load_encoder()
    raws = RAWS[type(kind)] if raws is None else raws
    return encode(encoder.preprocess, encoder.network, [kind.accept(raw) for raw in raws])


def problem(kind: type[Modality], folder: Path) -> str:
    with pytest.raises(UserError) as caught:
        kind(encoder=str(folder)).load_encoder()  # type: ignore[call-arg]
    assert str(caught.value).startswith(f"encoder {str(folder)!r}: ")
    return str(caught.value).removeprefix(f"encoder {str(folder)!r}: ")


@pytest.mark.parametrize(("kind", "sort", "dim"), SORTS, ids=[f"{kind.__name__} {sort}" for kind, sort, _ in SORTS])
def test_every_sort_is_the_same_at_every_load_and_in_serving(
    kind: type[Modality], sort: str, dim: int, made: Make, tmp_path: Path
) -> None:
    declared = kind(encoder=str(made(sort)), **SETTINGS.get(kind, {}))
    encoder = declared.load_encoder()
    values = [declared.accept(raw) for raw in RAWS[kind]]
    found = encode(encoder.preprocess, encoder.network, values)
    assert found.shape == (3, 1, dim)
    assert np.abs(found[0] - found[1]).max() > 1e-6
    assert np.array_equal(found, features(declared))
    batch = encoder.preprocess.collate([encoder.preprocess(value) for value in values[:2]])
    encoder.network.export(tmp_path / "out.onnx", batch, encoder.preprocess.axes)
    served = OnnxNetwork(tmp_path / "out.onnx")
    assert difference(found, encode(encoder.preprocess, served, values)) < 1e-4
    for one in random_batches(encoder.preprocess, batch):
        assert difference(encoder.network(one), served(one)) < 1e-4


def test_half_weights_are_read_in_full(made: Make) -> None:
    kind = Text(encoder=str(made("bert in bf16")))
    assert {weight.dtype for weight in kind.load_encoder().network.module.parameters()} == {torch.float32}  # type: ignore[attr-defined]


def test_a_classifier_without_a_pooler_gives_the_mean_over_its_tokens(made: Make) -> None:
    kind = Image(encoder=str(made("vit classifier")))
    preprocess = kind.load_encoder().preprocess
    pixels = torch.from_numpy(preprocess.collate([preprocess(kind.accept(png()))])["pixel_values"])
    with torch.inference_mode():
        states = (
            transformers.ViTForImageClassification.from_pretrained(made("vit classifier")).vit(pixels).last_hidden_state
        )
    np.testing.assert_allclose(features(kind, [png()])[0], states.mean(1).numpy(), atol=1e-6)


def test_clip_gives_a_text_and_a_picture_as_it_compares_them(made: Make) -> None:
    folder = made("clip")
    text, image = Text(encoder=str(folder)), Image(encoder=str(folder))
    arrays = {}
    for kind, raw in ((text, "a frog"), (image, png())):
        preprocess = kind.load_encoder().preprocess
        batch = preprocess.collate([preprocess(kind.accept(raw))])
        arrays |= {name: torch.from_numpy(array) for name, array in batch.items()}
    with torch.inference_mode():
        wanted = transformers.CLIPModel.from_pretrained(folder)(**arrays)
    for embeds, ours in (
        (wanted.text_embeds, features(text, ["a frog"])),
        (wanted.image_embeds, features(image, [png()])),
    ):
        np.testing.assert_allclose(ours[0] / np.linalg.norm(ours[0]), embeds.numpy(), atol=1e-6)


def test_a_model_of_robertas_sort_reads_two_tokens_fewer_than_its_table_has_rows(made: Make) -> None:
    kind = Text(encoder=str(made("roberta")), max_tokens=512)
    assert kind.load_encoder().preprocess.constants == {"max_tokens": 64, "pad_id": 1}
    assert features(kind, ["frog " * 1000]).shape == (1, 1, 16)


def test_a_prefix_of_something_the_model_was_wrapped_in_is_taken_off(made: Make, tmp_path: Path) -> None:
    wrapped = folders.copied(made("bert"), tmp_path, lambda d: {f"module.model.{key}": one for key, one in d.items()})
    assert np.array_equal(features(Text(encoder=str(wrapped))), features(Text(encoder=str(made("bert")))))


def test_weights_in_several_files_are_those_in_one(made: Make, tmp_path: Path) -> None:
    folder = folders.copied(made("bert"), tmp_path)
    model = transformers.BertModel.from_pretrained(folder)
    (folder / "model.safetensors").unlink()
    model.save_pretrained(folder, max_shard_size="10KB")
    assert len(list(folder.glob("*.safetensors"))) > 1
    assert np.array_equal(features(Text(encoder=str(folder))), features(Text(encoder=str(made("bert")))))


def test_two_networks_in_one_file_are_refused(made: Make, tmp_path: Path) -> None:
    both = folders.copied(
        made("bert"), tmp_path, lambda d: {f"{side}.{key}": one.clone() for side in "ab" for key, one in d.items()}
    )
    assert "39 of 39 weights of a model of the sort 'bert' are missing" in problem(Text, both)
    assert "The file's names begin with 'a.embeddings.LayerNorm.bias'" in problem(Text, both)


def test_a_missing_layer_or_one_of_another_shape_is_refused(made: Make, tmp_path: Path) -> None:
    def without(weights: dict[str, torch.Tensor]) -> dict[str, torch.Tensor]:
        return {key: one for key, one in weights.items() if "layer.1.output.dense" not in key}

    folder = folders.copied(made("bert"), tmp_path, without)
    assert problem(Text, folder).startswith(
        "model.safetensors lacks encoder.layer.1.output.dense.bias, encoder.layer.1.output.dense.weight, which its "
        "features depend on (2 of 39 weights of a model of the sort 'bert' are missing): they would be random"
    )
    folders.write(folder, "config.json", intermediate_size=24)
    assert "encoder.layer.0.intermediate.dense.bias is (32,) and not (24,) in model.safetensors" in problem(
        Text, folder
    )


@pytest.mark.parametrize(
    ("kind", "sort", "layer"), [(Text, "bert with a head", "encoder.layer.1."), (Image, "vit", "")]
)
def test_more_layers_than_the_config_knows_are_refused(
    kind: type[Modality], sort: str, layer: str, made: Make, tmp_path: Path
) -> None:
    folder = folders.copied(made(sort), tmp_path)
    folders.write(folder, "config.json", num_hidden_layers=1)
    assert problem(kind, folder).startswith(f"its weights have more layers than its config.json, such as {layer}")


def test_weights_that_are_not_read_may_be_missing(made: Make, tmp_path: Path) -> None:
    folder = folders.copied(
        made("bert"), tmp_path, lambda d: {key: one for key, one in d.items() if "pooler" not in key}
    )
    assert np.array_equal(features(Text(encoder=str(folder))), features(Text(encoder=str(made("bert")))))


def test_statistics_of_a_batch_that_are_missing_are_refused(made: Make, tmp_path: Path) -> None:
    folder = folders.copied(
        made("resnet classifier"), tmp_path, lambda d: {key: one for key, one in d.items() if "running_var" not in key}
    )
    assert "embedder.embedder.normalization.running_var" in problem(Image, folder)


def test_quantised_weights_are_refused(made: Make, tmp_path: Path) -> None:
    def quantised(weights: dict[str, Any]) -> dict[str, Any]:
        return {key: (one * 100).to(torch.int8) if one.ndim > 1 else one for key, one in weights.items()}

    folder = folders.copied(made("bert"), tmp_path, quantised)
    assert problem(Text, folder) == (
        "its weights are quantised (embeddings.position_embeddings.weight is I8), which is not read; fetch the model "
        "in its original form (`compress` makes it small)."
    )


def test_a_model_that_draws_at_random_is_refused(made: Make) -> None:
    assert "it draws at random" in problem(Image, made("vit that hides patches"))


def pointer(path: Path) -> None:
    path.write_text("version https://git-lfs.github.com/spec/v1\noid sha256:0\nsize 1\n")


def index(folder: Path) -> None:
    (folder / "model.safetensors").rename(folder / "model-00001-of-00002.safetensors")
    names = {"a": "model-00001-of-00002.safetensors", "b": "model-00002-of-00002.safetensors"}
    folders.write(folder, "model.safetensors.index.json", weight_map=names)


SPOILT: dict[str, tuple[Callable[[Path], object], str]] = {
    "cut": (
        lambda f: (f / "model.safetensors").write_bytes((f / "model.safetensors").read_bytes()[:5000]),
        "its model.safetensors is cut off or damaged (",
    ),
    "pointer": (
        lambda f: pointer(f / "model.safetensors"),
        "its model.safetensors is a pointer of git-lfs and not the file itself; run `git lfs pull` where it lies.",
    ),
    "pointer of the tokenizer": (lambda f: pointer(f / "tokenizer.json"), "its tokenizer.json is a pointer of git-lfs"),
    "shard": (index, "its weights are in 2 files, and model-00002-of-00002.safetensors is not there; fetch it."),
    "pickle": (
        lambda f: (f / "model.safetensors").rename(f / "pytorch_model.bin"),
        "its weights are pytorch_model.bin, and only model.safetensors is read (a pickle can run anything when it is "
        "opened); where you trust them, convert them: python -c ",
    ),
    "no weights": (lambda f: (f / "model.safetensors").unlink(), "it has no weights (model.safetensors)"),
    "code": (
        lambda f: folders.write(f, "config.json", auto_map={"AutoModel": "modeling_x.X"}),
        "its config.json asks for code of its own (auto_map: modeling_x.X), and code of a folder is never run",
    ),
    "unknown": (lambda f: folders.write(f, "config.json", model_type="odd"), "it cannot be loaded: The checkpoint you"),
    "no JSON": (lambda f: (f / "config.json").write_text("{"), "its config.json is no JSON ("),
    "a list": (lambda f: (f / "config.json").write_text("[1]"), "it cannot be read (AttributeError: "),
    "no config": (lambda f: (f / "config.json").unlink(), "it has no config.json, as a folder has that"),
    "adapter": (lambda f: folders.write(f, "adapter_config.json", r=8), "it holds an adapter (adapter_config.json)"),
    "no tokenizer": (
        lambda f: (f / "tokenizer.json").unlink(),
        "it has no tokenizer.json (a fast tokenizer), by which",
    ),
    "bad tokenizer": (lambda f: (f / "tokenizer.json").write_text("{}"), "its tokenizer.json is none (Model missing"),
    "empty": (lambda f: [file.unlink() for file in f.iterdir()], "the folder is empty; name the one that"),
}


@pytest.mark.parametrize("what", SPOILT)
def test_what_a_folder_lacks_is_said(what: str, made: Make, tmp_path: Path) -> None:
    spoil, sentence = SPOILT[what]
    folder = folders.copied(made("bert"), tmp_path)
    spoil(folder)
    assert problem(Text, folder).startswith(sentence)


def test_a_tokenizer_of_another_model_is_refused(made: Make, tmp_path: Path) -> None:
    folder = folders.copied(made("bert"), tmp_path)
    known = json.loads((folder / "tokenizer.json").read_text())
    known["model"]["vocab"] |= {"toad": 10}
    (folder / "tokenizer.json").write_text(json.dumps(known))
    assert problem(Text, folder) == (
        "its tokenizer.json has 'toad' as number 10, but its network knows 10 words (0 to 9): they do not belong "
        "together; fetch both again."
    )


def test_an_encoder_of_another_kind_is_refused(made: Make) -> None:
    assert "is it for sounds?" in problem(Audio, made("bert"))
    assert "is it for pictures?" in problem(Image, made("bert"))
    assert "is it for pictures?" in problem(Image, made("wav2vec2"))
    assert "is it for sounds?" in problem(Audio, made("vit"))
    assert "it has no tokenizer.json" in problem(Text, made("vit classifier"))


def test_pictures_of_another_size_than_the_network_reads_are_refused(made: Make, tmp_path: Path) -> None:
    folder = folders.copied(made("vit classifier"), tmp_path)
    folders.write(folder, "preprocessor_config.json", size=48)
    assert problem(Image, folder).startswith(
        "it does not run on its example (pixel_values [4, 3, 48, 48]): Input image size (48*48) doesn't match model "
        "(32*32); a model of the sort 'vit' may be for another kind of input"
    )


def test_a_sampling_rate_is_honoured(made: Make) -> None:
    kind = Audio(encoder=str(made("wav2vec2")), seconds=2)
    preprocess = kind.load_encoder().preprocess
    assert preprocess.constants == {"normalise": True, "samples": 16_000, "rate": 8000}
    arrays = preprocess(kind.accept(wav(0.5)))
    assert arrays["attention_mask"].sum() == 4000
    tone = np.sin(2 * np.pi * 440 * np.arange(4000) / 8000) * np.sqrt(2)
    np.testing.assert_allclose(arrays["input_values"][100:3900], tone[100:3900], atol=0.02)


def test_the_key_of_the_cache_changes_with_the_recipe(made: Make, tmp_path: Path) -> None:
    folder = folders.copied(made("bert"), tmp_path)
    keys = [fingerprint(Text(encoder=str(one)).load_encoder()) for one in (made("bert"), folder)]
    folders.recipe(folder, Pooling={"pooling_mode_cls_token": True})
    keys.append(fingerprint(Text(encoder=str(folder)).load_encoder()))
    folders.write(folder, "1_Pooling/config.json", pooling_mode_max_tokens=True)
    keys.append(fingerprint(Text(encoder=str(folder)).load_encoder()))
    assert [keys.index(key) for key in keys] == [0, 0, 2, 3]


def test_a_file_is_no_encoder(made: Make) -> None:
    with pytest.raises(ValueError, match=r"model.safetensors' is a file; name the folder that it lies in"):
        Text(encoder=str(made("bert") / "model.safetensors"))


def test_a_hub_id_that_cannot_be_had_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("huggingface_hub.constants.HF_HUB_OFFLINE", True)
    with pytest.raises(
        UserError, match="encoder 'nobody/nothing' is neither a local folder nor to be had from the hub"
    ):
        Text(encoder="nobody/nothing").fetch_encoder()
