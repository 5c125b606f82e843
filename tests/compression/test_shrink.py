import pytest
import torch
from torch import nn

from sensorium.compression import shrink
from sensorium.errors import UserError
from tests.compression.conftest import SIZE, WORDS, Picture, Sentence, pictures, sentences


def weights(module: nn.Module) -> int:
    return sum(parameter.numel() for parameter in module.parameters())


def test_layers_keeps_the_first_and_the_last() -> None:
    teacher = Sentence()
    student = shrink.layers(teacher, 0.5, sentences(2))
    assert isinstance(student, Sentence)
    assert [len(teacher.layers), len(student.layers)] == [4, 2]
    for kept, place in zip(student.layers, (0, 3), strict=True):
        assert torch.equal(kept[0].weight, teacher.layers[place][0].weight)
    assert len(shrink.layers(teacher, 0.01, {}).layers) == 1  # type: ignore[arg-type]


def test_what_has_no_layers_says_so() -> None:
    with pytest.raises(UserError, match="no stack of layers"):
        shrink.layers(Picture(), 0.5, pictures(2))


def test_width_keeps_the_features_and_drops_channels() -> None:
    teacher = Picture().eval()
    student = shrink.width(teacher, 0.5, pictures(2)).eval()
    assert student(**pictures(2)).shape == (2, 1, 24)
    assert [student.body[0].out_channels, student.body[3].in_channels] == [16, 16]  # type: ignore[union-attr,index]
    assert weights(student) < 0.55 * weights(teacher)


def test_sparse_keeps_the_largest_weights() -> None:
    teacher = nn.Sequential(nn.Embedding(4, 2), nn.Linear(2, 2), nn.MultiheadAttention(2, 1))
    student = shrink.sparse(teacher, 0.5, {})
    layer, attention = student.get_submodule("1"), student.get_submodule("2")
    kept = teacher[1].weight.abs() > teacher[1].weight.abs().flatten().sort().values[1]
    assert torch.equal(layer.weight != 0, kept)
    assert [int((weight == 0).sum()) for weight in (attention.in_proj_weight, attention.out_proj.weight)] == [6, 2]
    assert torch.equal(student[0].weight, teacher[0].weight)  # rows of a table are looked up, not multiplied by
    assert (teacher[1].weight != 0).all()


def test_zeros_stay_where_the_layer_that_holds_them_is_never_called() -> None:
    torch.manual_seed(0)
    student = shrink.sparse(nn.MultiheadAttention(4, 2, batch_first=True), 0.25, {})
    optimiser = torch.optim.AdamW(student.parameters(), 0.1, weight_decay=0.1)
    before = student.out_proj.weight.clone()
    for _ in range(5):
        values = torch.randn(3, 2, 4)
        optimiser.zero_grad()
        student(values, values, values)[0].square().sum().backward()
        optimiser.step()
    assert int((student.out_proj.weight == 0).sum()) == 12
    assert int((student.out_proj.weight != before).sum()) == 4


def test_words_answer_for_each_word_as_the_teacher_does_for_it_alone() -> None:
    torch.manual_seed(0)
    teacher = Sentence().eval()
    ends = torch.tensor([[0, 1]])
    student = shrink.words(teacher, 0.999, {"input_ids": ends, "attention_mask": torch.ones_like(ends)})
    alone = torch.stack([torch.tensor([0, word, 1]) for word in range(WORDS)])
    wanted = teacher(alone, torch.ones_like(alone))
    words = torch.arange(WORDS)[:, None]
    torch.testing.assert_close(student(words, torch.ones_like(words)), wanted, atol=1e-4, rtol=1e-4)
    both, mask = torch.tensor([[3, 5, 9]]), torch.tensor([[1, 1, 0]])
    torch.testing.assert_close(student(both, mask)[0, 0], (wanted[3, 0] + wanted[5, 0]) / 2, atol=1e-4, rtol=1e-4)
    assert weights(shrink.words(teacher, 0.25, sentences(2))) == WORDS * (SIZE // 4 + 1) + SIZE * (SIZE // 4 + 1)


def test_only_text_has_words() -> None:
    with pytest.raises(UserError, match="only encoders of text have words"):
        shrink.words(Picture(), 0.5, pictures(2))
