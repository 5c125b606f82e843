"""How tokens become one, and how a folder of sentence-transformers says it."""

from pathlib import Path

import numpy as np
import pytest
import torch
from safetensors.torch import save_file
from torch import Tensor, nn

from sensorium.encoders.encoder import encode
from sensorium.encoders.transformer.folder import Folder
from sensorium.encoders.transformer.readings import POOLS
from sensorium.encoders.transformer.sentence import recipe
from sensorium.errors import UserError
from sensorium.modalities import Text
from tests import folders

STATES = torch.tensor([[[1.0, -8.0], [3.0, -4.0], [9.0, 9.0]]])  # the third is padding
WEIGHTS = torch.tensor([[[1.0], [1.0], [0.0]]])
POOLED = {
    "cls": [1.0, -8.0],
    "max": [3.0, -4.0],
    "mean": [2.0, -6.0],
    "mean_sqrt_len_tokens": [4 / 2**0.5, -12 / 2**0.5],
    "weightedmean": [(1 + 2 * 3) / 3, (-8 + 2 * -4) / 3],
    "lasttoken": [3.0, -4.0],
}
TEXTS = ["a small green frog.", "a frog", "Frog " * 40]


@pytest.mark.parametrize("name", POOLS)
def test_tokens_are_pooled(name: str) -> None:
    np.testing.assert_allclose(POOLS[name](STATES, WEIGHTS)[0, 0], POOLED[name], rtol=1e-6)


@pytest.fixture(scope="module")
def bert(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return folders.make(tmp_path_factory.mktemp("bert"), "bert")


@pytest.fixture
def folder(bert: Path, tmp_path: Path) -> Path:
    return folders.copied(bert, tmp_path)


def features(folder: Path, texts: list[str] = TEXTS, **settings: int) -> np.ndarray:
    encoder = Text(encoder=str(folder), **settings).load_encoder()
    return encode(encoder.preprocess, encoder.network, texts)[:, 0]


def states(folder: Path, ids: list[int]) -> Tensor:
    from transformers import BertModel

    with torch.inference_mode():
        return BertModel.from_pretrained(folder)(torch.tensor([ids])).last_hidden_state[0]


def test_the_first_token_is_read_where_the_folder_says_so(folder: Path) -> None:
    folders.recipe(folder, Pooling={"pooling_mode_cls_token": True, "pooling_mode_mean_tokens": False})
    ids = [1, 4, 7, 2]  # [CLS] a frog [SEP]
    np.testing.assert_allclose(features(folder, ["a frog"])[0], states(folder, ids)[0], atol=1e-6)
    folders.write(folder, "1_Pooling/config.json", pooling_mode=["mean", "cls"])  # as sentence-transformers 6 says it
    both = torch.cat([states(folder, ids).mean(0), states(folder, ids)[0]])
    np.testing.assert_allclose(features(folder, ["a frog"])[0], both, atol=1e-6)


def test_the_keys_of_older_versions_are_known(folder: Path) -> None:
    keys = ["lasttoken", "weightedmean_tokens", "mean_sqrt_len_tokens", "mean_tokens", "max_tokens", "cls_token"]
    folders.recipe(folder, Pooling={f"pooling_mode_{key}": True for key in keys})
    assert recipe(Folder(folder)).pools == ["cls", "max", "mean", "mean_sqrt_len_tokens", "weightedmean", "lasttoken"]


def test_layers_behind_are_read(folder: Path) -> None:
    settings = {"in_features": 16, "out_features": 2, "activation_function": "torch.nn.modules.activation.ReLU"}
    folders.recipe(folder, Pooling={"pooling_mode": "mean"}, Dense=settings, Normalize={})
    layer = nn.Linear(16, 2)
    save_file({f"linear.{key}": one for key, one in layer.state_dict().items()}, folder / "2_Dense/model.safetensors")
    (folder / "3_Normalize/config.json").unlink()  # older versions write none
    with torch.inference_mode():
        wanted = nn.functional.normalize(layer(states(folder, [1, 4, 7, 2]).mean(0)).relu(), dim=0)
    np.testing.assert_allclose(features(folder, ["a frog"])[0], wanted, atol=1e-6)


def test_prompt_small_letters_and_length_are_the_folders(folder: Path) -> None:
    plain = features(folder, ["big green a frog", "a frog a frog"], max_tokens=5)
    folders.recipe(folder, Pooling={"pooling_mode": "mean"})
    settings = {"prompts": {"query": "big ", "other": "small "}, "default_prompt_name": "query"}
    folders.write(folder, "config_sentence_transformers.json", **settings)
    folders.write(folder, "sentence_bert_config.json", max_seq_length=5, do_lower_case=True)
    np.testing.assert_array_equal(features(folder, ["GREEN a frog frog"]), plain[:1])
    folders.write(folder, "config_sentence_transformers.json", default_prompt_name=None)
    folders.write(folder, "sentence_bert_config.json", max_seq_length=None)
    folders.write(folder, "tokenizer_config.json", model_max_length=5)  # where version 6 keeps it
    np.testing.assert_array_equal(features(folder, ["a FROG a frog frog"]), plain[1:])


def test_a_text_without_a_word_has_features(folder: Path) -> None:
    assert np.isfinite(features(folder, ["\u200b"])).all()


@pytest.mark.parametrize(
    ("modules", "sentence"),
    [
        ({"CNN": {}}, "its modules.json names a module 'sentence_transformers.models.CNN', which is not known here"),
        ({"Pooling": {"pooling_mode": "median"}}, "its 1_Pooling pools by 'median', which is not known here"),
        ({"Dense": {"use_residual": True}}, "its 1_Dense has a way past the layer"),
        ({"Dense": {"activation_function": "my.Own"}}, "its 1_Dense has an activation 'my.Own'"),
        ({"Dense": {"in_features": 16, "out_features": 2}}, "its 1_Dense has no model.safetensors; a pickle"),
        (
            {"Normalize": {"module_input_name": "token_embeddings"}},
            "its 1_Normalize works on sentence_embedding, token",
        ),
    ],
)
def test_what_is_not_known_is_refused_by_name(modules: dict[str, dict], sentence: str, folder: Path) -> None:
    folders.recipe(folder, **modules)
    with pytest.raises(UserError, match=f"encoder .*: {sentence}"):
        features(folder)


def test_a_prompt_that_is_left_out_again_is_refused(folder: Path) -> None:
    folders.recipe(folder, Pooling={"pooling_mode": "mean", "include_prompt": False})
    folders.write(folder, "config_sentence_transformers.json", prompts={"q": "big "}, default_prompt_name="q")
    with pytest.raises(UserError, match="its 1_Pooling leaves the prompt out"):
        features(folder)
