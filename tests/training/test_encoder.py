from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest
import torch

from sensorium.errors import UserError
from sensorium.modalities import Audio, Image, Modality, Text
from sensorium.targets import learnt
from sensorium.training.data import Rows
from sensorium.training.encoder import INPUT, EncoderTrainer, _a_row_each
from tests.conftest import wav

pytestmark = pytest.mark.slow
TEXTS = ["a red car", "a blue boat", "one red train", "two blue birds", "the red house", "his blue hat"] * 2


def trainer_of(kind: Modality, values: Sequence[Any], folder: Path) -> tuple[EncoderTrainer, Rows]:
    """One whose values are of two classes by turns."""
    trainable = kind.to_train(values, folder)
    samples = {place: trainable.preprocess(value) for place, value in enumerate(values)}
    labels = {"colour": torch.tensor([1, 0] * (len(values) // 2))}
    rows = Rows({}, {INPUT: torch.arange(len(values))}, labels)
    return EncoderTrainer(trainable, samples, {"colour": learnt(["blue", "red"])}), rows


def test_small_matrices_learn_beside_a_network_that_stays_as_it_was(tmp_path: Path) -> None:
    trainer, rows = trainer_of(Text(encoder={"name": "minilm", "tune": "lora", "epochs": 3}), TEXTS, tmp_path)  # type: ignore[arg-type]
    before = {name: weights.clone() for name, weights in trainer.module.named_parameters()}
    loss = trainer.fit(rows, rows)
    changed = {name for name, weights in trainer.module.named_parameters() if not weights.equal(before[name])}
    assert loss < 0.6
    assert {name for name in changed if "lora_" not in name} <= {
        "network.layers.0.weight", "network.layers.0.bias", "head.weight", "head.bias",
    }  # fmt: skip
    assert any("lora_B" in name for name in changed)
    learning = sum(one.numel() for one in trainer.module.parameters() if one.requires_grad)
    assert learning < 0.05 * sum(one.numel() for one in trainer.module.parameters())


def test_the_last_layers_are_a_quarter_of_the_weights() -> None:
    trainable = Image(encoder={"name": "efficientnet-lite0", "tune": "last"}).to_train((), Path())  # type: ignore[arg-type]
    weights = dict(trainable.network.pretrained.model.named_parameters())  # type: ignore[union-attr, operator]
    read = {name: one for name, one in weights.items() if not name.startswith("_fc")}  # the classifier is not
    learning = [name for name, one in weights.items() if one.requires_grad]
    assert 0.15 < sum(read[name].numel() for name in learning) / sum(map(torch.numel, read.values())) <= 0.25
    assert [*read][-1] in learning
    assert next(iter(read)) not in learning


def test_an_onnx_file_cannot_be_tuned() -> None:
    kind = Audio(encoder={"name": "speech-embedding", "tune": "all"})  # type: ignore[arg-type]
    with pytest.raises(
        UserError, match="encoder 'speech-embedding': it is an ONNX file, which cannot be tuned; leave "
    ):
        kind.to_train([kind.accept(wav())], Path())


def test_an_epoch_reads_a_value_once_in_one_of_its_rows() -> None:
    items, order = torch.tensor([3, 3, 5, 7, 7, 7, 9]), torch.Generator().manual_seed(0)
    drawn = [_a_row_each(items, order) for _ in range(20)]
    assert all(sorted(items[rows].tolist()) == [3, 5, 7, 9] for rows in drawn)
    assert {row for rows in drawn for row in rows.tolist()} == set(range(7))
