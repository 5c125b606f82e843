import torch

from sensorium.models.fusion.attention import AttentionFusion, attend
from sensorium.models.fusion.concat import ConcatFusion
from sensorium.models.fusion.linear import LinearFusion, patterns


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
