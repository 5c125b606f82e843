import numpy as np
import torch

from sensorium.compression import shrink
from sensorium.compression.distil import DistillationSet, distil_encoder, distil_network, divergence
from sensorium.compression.students import _narrower
from sensorium.models.network import Network, NetworkConfig
from sensorium.targets import LearntClass
from sensorium.training.data import Rows
from sensorium.training.forward import predict
from tests.compression.conftest import SIZE, Sentence, Toy, sentences


def distillation() -> tuple[Sentence, DistillationSet, Network, Rows]:
    torch.manual_seed(0)
    teacher = Sentence().eval().requires_grad_(False)
    batch = sentences(96)
    features = teacher(**batch)
    samples = [{name: array[row].numpy() for name, array in batch.items()} for row in range(96)]
    rows = Rows({"note": features}, {"note": torch.arange(96)}, {"label": torch.zeros(96, dtype=torch.long)})
    network = Network(NetworkConfig({"note": SIZE}, {"label": ["a", "b"]}, "concat", 8, 1, 0.0)).eval()
    dataset = DistillationSet(
        "note",
        samples,
        lambda several: {name: np.stack([one[name] for one in several]) for name in several[0]},
        features,
        [np.array([row]) for row in range(96)],
    )
    return teacher, dataset, network, rows


def test_an_encoder_learns_to_do_without_its_layers() -> None:
    teacher, dataset, network, rows = distillation()
    before = {name: value.clone() for name, value in network.state_dict().items()}
    distances = []
    for epochs in (1, 12):
        student = shrink.layers(teacher, 0.5, {})
        start = (student(**sentences(96)) - dataset.features).square().mean()
        distil_encoder(student, dataset, network, rows, epochs)
        distances.append(float((student(**sentences(96)) - dataset.features).square().mean() / start))
    assert distances[1] < distances[0] < 1
    assert distances[1] < 0.7
    assert all(torch.equal(value, before[name]) for name, value in network.state_dict().items())
    assert all(parameter.requires_grad for parameter in network.parameters())


def test_the_same_samples_teach_the_same() -> None:
    taught = []
    for _ in range(2):
        teacher, dataset, network, rows = distillation()
        student = shrink.layers(teacher, 0.5, {})
        distil_encoder(student, dataset, network, rows, 1)
        taught.append(student.state_dict())
    assert all(torch.equal(taught[0][name], taught[1][name]) for name in taught[0])


def test_zeros_stay_zero_while_a_student_learns() -> None:
    teacher, dataset, network, rows = distillation()
    student = shrink.sparse(teacher, 0.25, {})
    distil_encoder(student, dataset, network, rows, 2)
    shares = [float((layer.weight == 0).float().mean()) for layer in student.modules() if hasattr(layer, "in_features")]
    assert shares == [0.75] * 8


def test_a_narrower_fusion_answers_like_its_teacher(toy: Toy) -> None:
    student = _narrower(toy.network, 0.5)
    assert student.config.width == 8
    wanted = predict(toy.network, toy.rows)
    before = float(divergence(toy.network.targets, predict(student, toy.rows), wanted))
    distil_network(student, toy.network, toy.rows, 60)
    assert float(divergence(toy.network.targets, predict(student, toy.rows), wanted)) < 0.2 * before


def test_divergence_is_none_between_equals() -> None:
    logits = {"t": torch.tensor([[1.0, 2.0]]), "u": torch.tensor([[0.0, 3.0, 1.0]])}
    targets = {"t": LearntClass(("a", "b")), "u": LearntClass(("a", "b", "c"))}
    assert float(divergence(targets, logits, logits)) == 0
    other = {"t": torch.tensor([[0.0, 0.0]]), "u": logits["u"]}
    shares = torch.tensor([0.268941, 0.731059])
    assert round(float(divergence(targets, other, logits)), 5) == round(float((shares * (shares / 0.5).log()).sum()), 5)


def test_any_number_of_steps_will_do(toy: Toy) -> None:
    for rows, epochs in ((1, 1), (10, 10), (60, 1)):
        distil_network(_narrower(toy.network, 0.5), toy.network, toy.rows.select(torch.arange(rows)), epochs)


def test_a_narrower_network_keeps_the_linear_one_beside_it() -> None:
    torch.manual_seed(0)
    config = NetworkConfig({"a": 3, "b": 5}, {"y": ["no", "yes"]}, "concat", 16, 1, 0.0, beside={"linear": 8})
    network = Network(config).eval()
    smaller = _narrower(network, 0.25).eval()
    features = {"a": torch.randn(7, 1, 3), "b": torch.randn(7, 1, 5)}
    masks = {"a": torch.ones(7, 1), "b": (torch.arange(7) % 2).float()[:, None]}
    with torch.no_grad():
        for one in (network, smaller):
            one.heads[0].weight[:, : one.config.width] = 0  # what the other half says
            one.heads[0].bias[:] = 0
        torch.testing.assert_close(smaller(features, masks), network(features, masks))
