import pytest
import torch
from torch import Tensor, nn

from sensorium.models.fusion.attention import AttentionFusion, attend
from sensorium.models.fusion.average import AverageFusion
from sensorium.models.fusion.bottleneck import BottleneckFusion
from sensorium.models.fusion.concat import ConcatFusion
from sensorium.models.fusion.cross_attention import CrossAttentionFusion
from sensorium.models.fusion.gated import GatedFusion
from sensorium.models.fusion.linear import LinearFusion, patterns
from sensorium.models.fusion.low_rank import LowRankFusion
from sensorium.models.fusion.pairs import PairsFusion
from sensorium.models.fusion.weighted import WeightedFusion

ONE = {name: torch.full((4, 1, 1), number) for name, number in {"a": 2.0, "b": 3.0, "c": 5.0}.items()}  # a token each
LACKING = {"a": [1, 1, 0, 0], "b": [1, 1, 1, 0], "c": [1, 0, 0, 0]}
MASKS = {name: torch.tensor(here, dtype=torch.float)[:, None] for name, here in LACKING.items()}


class Sum(nn.Module):
    """In place of attention: the states, and the sum of the tokens that are there."""

    def forward(self, states: Tensor, tokens: Tensor, mask: Tensor) -> Tensor:
        return states + (tokens * mask[..., None]).sum(1, keepdim=True)


def test_concat_lays_means_and_flags_side_by_side() -> None:
    fusion = ConcatFusion(["a", "b"], width=2, layers=1, dropout=0.0)
    fusion.perceptron = torch.nn.Identity()
    tokens = {"a": torch.tensor([[[1.0, 2.0], [3.0, 4.0]]]), "b": torch.tensor([[[9.0, 9.0]]])}
    assert fusion(tokens, {"a": torch.ones(1, 2), "b": torch.zeros(1, 1)}).tolist() == [[2, 3, 1, 0, 0, 0]]
    assert fusion(tokens, {"a": torch.tensor([[0.0, 1]]), "b": torch.ones(1, 1)}).tolist() == [[3, 4, 1, 9, 9, 1]]


def test_linear_adds_up_what_a_rows_pattern_has() -> None:
    fusion = LinearFusion(["a", "b"], width=1, layers=1, dropout=0.0).requires_grad_(False)
    fusion.biases[:, 0] = torch.tensor([10, 20, 30, 40])
    tokens = {"a": torch.tensor([[[1.0, 2.0]]]).expand(4, 1, 2), "b": torch.tensor([[[5.0, 6.0]]]).expand(4, 1, 2)}
    masks = {"a": torch.tensor([[1.0], [0], [1], [0]]), "b": torch.tensor([[0.0], [1], [1], [0]])}
    assert fusion(tokens, masks)[:, 0].tolist() == [10 + 1, 20 + 5, 30 + 2 + 6, 40]


def test_of_many_inputs_linear_has_one_pattern_for_all_rows_that_lack_several() -> None:
    names = ["a", "b", "c", "d", "e"]
    assert patterns(5) == [
        (0,),
        (1,),
        (2,),
        (3,),
        (4,),
        *[tuple(set(range(5)) - {n}) for n in (4, 3, 2, 1, 0)],
        (0, 1, 2, 3, 4),
    ]
    fusion = LinearFusion(names, width=1, layers=1, dropout=0.0).requires_grad_(False)
    fusion.biases[:, 0] = torch.arange(12) * 100
    token = torch.tensor([1.0, 2, 3, 4, 5, 6, 7])  # alone, beside all but each of the four others, all, several missing
    tokens = {name: token.expand(3, 1, 7) for name in names}
    lists = [[1.0, 0, 0, 0, 0], [1, 1, 0, 0, 0], [1, 1, 1, 1, 1]]
    masks = dict(zip(names, torch.tensor(lists)[..., None].unbind(1), strict=True))
    assert fusion(tokens, masks)[:, 0].tolist() == [0 + 1, 1100 + 7 + 7, 1000 + 5 * 6]


def test_in_training_attention_is_reckoned_in_another_order_and_gives_the_same() -> None:
    torch.manual_seed(0)
    attention = torch.nn.MultiheadAttention(8, 2, batch_first=True).train()
    torch.nn.init.normal_(attention.in_proj_bias)
    asking, tokens, absent = torch.randn(3, 1, 8), torch.randn(3, 4, 8), torch.eye(3, 4) > 0
    wanted = attention(asking, tokens, tokens, key_padding_mask=absent)[0][:, 0]
    torch.testing.assert_close(attend(attention, asking, tokens, absent), wanted)
    for layers in (1, 2):
        fusion = AttentionFusion(["a", "b"], width=8, layers=layers, dropout=0.0)
        inputs = (
            {"a": tokens, "b": asking},
            {"a": torch.tensor([[1.0, 1, 0, 1]] * 3), "b": torch.tensor([[1.0], [0], [1]])},
        )
        torch.testing.assert_close(fusion.train()(*inputs), fusion.eval()(*inputs))


def test_average_is_the_mean_of_what_present_inputs_say() -> None:
    fusion = AverageFusion(list(ONE), width=1, layers=1, dropout=0.0)
    fusion.perceptrons = nn.ModuleList([nn.Identity()] * 3)
    assert fusion(ONE, MASKS)[:, 0].tolist() == pytest.approx([10 / 3, 5 / 2, 3, 0])


def test_weights_are_shared_out_among_present_inputs() -> None:
    fusion = WeightedFusion(list(ONE), width=1, layers=1, dropout=0.0).requires_grad_(False)
    fusion.weights[:], fusion.perceptron = torch.tensor([4.0, 1.0, 5.0]).log(), nn.Identity()
    assert fusion(ONE, MASKS)[:, 0].tolist() == pytest.approx([3.6, (4 * 2 + 3) / 5, 3, 0])


def test_gates_read_all_inputs_and_a_learnt_token_for_one_that_is_missing() -> None:
    fusion = GatedFusion(["a", "b"], width=1, layers=1, dropout=0.0).requires_grad_(False)
    fusion.says, fusion.perceptron = nn.ModuleList([nn.Identity()] * 2), nn.Identity()
    fusion.gates.weight[:], fusion.gates.bias[:] = torch.tensor([[0.0, 1.0], [1.0, 0.0]]), 0
    fusion.missing[:] = torch.tensor([[7.0], [-1.0]])
    tokens, masks = ({name: of[name][:3] for name in "ab"} for of in (ONE, MASKS))
    masks["b"] = torch.tensor([[1.0], [0], [1]])
    says_a, says_b = torch.tensor([2.0, 3.0]).tanh().tolist()
    gate = {reads: torch.tensor(reads).sigmoid().item() for reads in (2.0, 3.0, -1.0, 7.0)}
    wanted = [gate[3.0] * says_a + gate[2.0] * says_b, gate[-1.0] * says_a, gate[7.0] * says_b]
    assert fusion(tokens, masks)[:, 0].tolist() == pytest.approx(wanted)


def test_a_missing_input_leaves_its_learnt_factor_in_a_low_rank_product() -> None:
    fusion = LowRankFusion(list(ONE), width=1, layers=1, dropout=0.0).requires_grad_(False)
    fusion.perceptron = nn.Identity()
    for factor in fusion.factors:
        factor.weight[:] = torch.tensor([[1.0], [0], [0], [2]])
    sums = [3 * 4 * 6 + 2 + 5 * 7 * 11, 3 * 4 + 2 + 5 * 7, 4 + 2 + 7, 1 + 2 + 1]
    assert fusion(ONE, MASKS)[:, 0].tolist() == [one / 4 for one in sums]


def test_pairs_adds_up_inputs_and_the_products_of_every_two() -> None:
    fusion = PairsFusion(list(ONE), width=1, layers=1, dropout=0.0)
    fusion.perceptron = nn.Identity()
    assert fusion(ONE, MASKS).tolist() == [[10, 6 + 10 + 15], [5, 6], [3, 0], [0, 0]]


def test_in_cross_attention_an_input_attends_to_the_others_alone() -> None:
    fusion = CrossAttentionFusion(list(ONE), width=4, layers=1, dropout=0.0).requires_grad_(False)
    fusion.layers = nn.ModuleList(nn.ModuleList([Sum()]) for _ in ONE)
    fusion.missing, fusion.norm, fusion.fused = nn.Parameter(torch.full((3, 1), 100.0)), nn.Identity(), nn.Identity()
    wanted = [[10, 10, 10], [2 + 3, 3 + 2, 100 + 5], [100 + 3, 3, 100 + 3], [100, 100, 100]]
    assert fusion(ONE, MASKS).tolist() == wanted


def test_a_bottleneck_is_averaged_over_the_inputs_that_a_row_has() -> None:
    fusion = BottleneckFusion(list(ONE), width=4, layers=1, dropout=0.0).requires_grad_(False)
    fusion.layers, fusion.norm = nn.ModuleList([nn.ModuleList([Sum()] * 3)]), nn.Identity()
    fusion.shared = nn.Parameter(torch.full((1, 4, 1), 10.0))
    # Each of the four shared tokens, 10, takes in all four and the input's own.
    assert fusion(ONE, MASKS)[:, 0].tolist() == pytest.approx([50 + 10 / 3, 50 + 5 / 2, 50 + 3, 0])
