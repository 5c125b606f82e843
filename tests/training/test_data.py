import torch

from sensorium.training.data import Rows

ROWS = Rows(
    features={"a": torch.tensor([[[1.0]], [[2.0]]]), "b": torch.tensor([[[5.0, 6.0]]])},
    items={"a": torch.tensor([1, 0, 1]), "b": torch.tensor([0, -1, 0])},
    labels={"y": torch.tensor([0, 1, -1])},
)


def test_rows_share_items_and_missing_ones_are_zeros() -> None:
    features, masks, labels = ROWS.batch(torch.tensor([0, 1]))
    assert features["a"].flatten().tolist() == [2, 1]
    assert features["b"].tolist() == [[[5, 6]], [[0, 0]]]
    assert (masks["a"].tolist(), masks["b"].tolist()) == ([[1], [1]], [[1], [0]])
    assert labels["y"].tolist() == [0, 1]


def test_without_takes_an_input_away_everywhere() -> None:
    fewer = ROWS.without({"a"})
    assert fewer.items["a"].tolist() == [-1, -1, -1]
    assert fewer.items["b"].tolist() == ROWS.items["b"].tolist()
    assert len(ROWS.select(torch.tensor([2]))) == 1
