import pytest
import torch

from sensorium.models.fusion import FUSIONS
from sensorium.models.fusion.concat import ConcatFusion


@pytest.mark.parametrize("kind", FUSIONS)
def test_what_stands_in_for_a_missing_input_does_not_matter(kind: str) -> None:
    torch.manual_seed(0)
    fusion = FUSIONS[kind](["a", "b"], width=8, layers=2, dropout=0.5).eval()
    token_map = FUSIONS[kind].token_map(2, 5, width=8, dropout=0.5).eval().requires_grad_(False)
    tokens = {"a": token_map(torch.randn(3, 1, 5)), "b": token_map(torch.randn(3, 2, 5))}
    present = {"a": torch.ones(3), "b": torch.tensor([1.0, 0.0, 0.0])}
    fused = fusion(tokens, present)
    assert fused.shape == (3, 8)
    other = fusion(tokens | {"b": tokens["b"] + 100 * (1 - present["b"])[:, None, None]}, present)
    torch.testing.assert_close(other, fused)
    changed = fusion(tokens | {"b": tokens["b"].flip(2)}, present)
    assert (changed[0] - fused[0]).abs().max() > 1e-3


@pytest.mark.parametrize("kind", FUSIONS)
def test_a_row_without_any_input_gives_numbers(kind: str) -> None:
    fusion = FUSIONS[kind](["a"], width=8, layers=1, dropout=0.0).eval()
    tokens = FUSIONS[kind].token_map(1, 5, width=8, dropout=0.0)(torch.zeros(1, 1, 5))
    assert fusion({"a": tokens}, {"a": torch.zeros(1)}).isfinite().all()


def test_concat_lays_means_and_flags_side_by_side() -> None:
    fusion = ConcatFusion(["a", "b"], width=2, layers=1, dropout=0.0)
    fusion.perceptron = torch.nn.Identity()
    tokens = {"a": torch.tensor([[[1.0, 2.0], [3.0, 4.0]]]), "b": torch.tensor([[[9.0, 9.0]]])}
    assert fusion(tokens, {"a": torch.ones(1), "b": torch.zeros(1)}).tolist() == [[2, 3, 1, 0, 0, 0]]
