"""Encoders made smaller: the same arrays in, features of the same shape out, fewer weights or multiplications between.

Each is a copy that has to learn to do without what it lost (`distil`).
"""

import copy
from collections.abc import Callable, Mapping
from functools import partial

import torch
from torch import Tensor, nn

from sensorium.errors import UserError

Example = Mapping[str, Tensor]
Shrink = Callable[[nn.Module, float, Example], nn.Module]
ROUND_TO = 8  # widths, so that vector units are full


def layers(module: nn.Module, keep: float, example: Example) -> nn.Module:
    """Every other layer (or so) of the longest stack of equal layers; the first and the last stay.

    Source: Sanh et al. 2019, arXiv:1910.01108, whose student starts from its teacher's layers.
    """
    student = copy.deepcopy(module)
    stacks = {name: part for name, part in student.named_modules() if isinstance(part, nn.ModuleList)}
    name, stack = max(stacks.items(), key=lambda entry: len(entry[1]), default=("", nn.ModuleList()))
    if len(stack) < 2:
        raise UserError("it has no stack of layers to take some from")
    count = max(1, round(keep * len(stack)))
    places = torch.linspace(0, len(stack) - 1, count).round().int().tolist()
    owner, _, attribute = name.rpartition(".")
    setattr(student.get_submodule(owner), attribute, nn.ModuleList(stack[place] for place in places))
    return student


def width(module: nn.Module, keep: float, example: Example) -> nn.Module:
    """The channels, neurons and attention heads with the largest weights, in every layer the same share.

    Where layers share one stream of tokens (a transformer's), the stream keeps its width. Source: Fang et al. 2023,
    arXiv:2301.12900, as the library torch-pruning does it.
    """
    import torch_pruning

    student = copy.deepcopy(module).requires_grad_(True)
    heads = {
        projection: part.num_attention_heads
        for part in student.modules()
        if hasattr(part, "num_attention_heads")
        for projection in part.children()
        if isinstance(projection, nn.Linear)
    }
    fixed = [part for part in student.modules() if isinstance(part, nn.LayerNorm | nn.Embedding)]
    pruner = torch_pruning.BasePruner(
        student,
        dict(example),
        importance=torch_pruning.importance.GroupMagnitudeImportance(),
        pruning_ratio=1 - keep,
        ignored_layers=[*fixed, _last(student, example)],
        num_heads=heads,
        prune_num_heads=True,
        head_pruning_ratio=1 - keep,
        round_to=ROUND_TO,
    )
    pruner.step()
    return student


def _last(module: nn.Module, example: Example) -> nn.Module:
    """The layer with weights that runs last: its width is that of the features.

    Attention counts as one layer, since it does not call those it holds.
    """
    ran: list[nn.Module] = []
    hooks = [
        part.register_forward_hook(lambda part, *_: ran.append(part))
        for part in module.modules()
        if isinstance(part, nn.Linear | nn.modules.conv._ConvNd | nn.MultiheadAttention)
    ]
    with torch.inference_mode():
        module(**example)
    for hook in hooks:
        hook.remove()
    return ran[-1]


def sparse(module: nn.Module, keep: float, example: Example) -> nn.Module:
    """The largest weights of every matrix and kernel; the others are zero and stay so while the student learns.

    Source: Han et al. 2015, arXiv:1506.02626.
    """
    student = copy.deepcopy(module).requires_grad_(True)
    for weight in products(student):
        count = round((1 - keep) * weight.numel())
        smallest = weight.detach().abs().flatten().topk(count, largest=False).indices
        mask = torch.ones(weight.numel(), device=weight.device).index_fill(0, smallest, 0).view_as(weight)
        weight.data *= mask
        # A weight of zero whose gradient is zero stays zero, whoever reads it: torch's own pruning needs the layer that
        # holds the weight to be called, and attention reads the weights of a layer that it never calls.
        weight.register_hook(partial(_masked, mask))
    return student


def _masked(mask: torch.Tensor, gradient: torch.Tensor) -> torch.Tensor:
    """The gradient of what is kept, wherever the student has been moved since."""
    return gradient * mask.to(gradient.device)


def products(module: nn.Module) -> list[nn.Parameter]:
    """The matrices and kernels that values are multiplied by; not tables, of which rows are looked up."""
    tables = {part.weight for part in module.modules() if isinstance(part, nn.Embedding)}
    return [
        parameter
        for name, parameter in module.named_parameters()
        if parameter.ndim > 1 and "weight" in name.rpartition(".")[2] and parameter not in tables
    ]


class WordVectors(nn.Module):
    """A vector for every token of a vocabulary, their weighted mean mapped to features: no layers, no order."""

    learning_rate = 3e-3  # its tables see each token seldom

    def __init__(self, vectors: Tensor, to_features: Tensor) -> None:
        super().__init__()
        self.vectors = nn.Embedding.from_pretrained(vectors, freeze=False)
        self.weights = nn.Embedding.from_pretrained(torch.zeros(len(vectors), 1), freeze=False)
        self.to_features = nn.Linear(*to_features.T.shape)
        self.to_features.weight.data = to_features
        nn.init.zeros_(self.to_features.bias)

    def forward(self, input_ids: Tensor, attention_mask: Tensor) -> Tensor:
        weights = self.weights(input_ids).exp() * attention_mask[..., None].to(self.vectors.weight.dtype)
        mean = (self.vectors(input_ids) * weights).sum(1, keepdim=True) / weights.sum(1, keepdim=True)
        return self.to_features(mean)


@torch.no_grad()
def words(module: nn.Module, keep: float, example: Example) -> nn.Module:
    """Static word vectors in place of a transformer: what it makes of each token alone, in fewer dimensions.

    Source: Tulkens and van Dongen 2024, Model2Vec.
    """
    tables = [part for part in module.modules() if isinstance(part, nn.Embedding)]
    if set(example) != {"input_ids", "attention_mask"} or not tables:
        raise UserError("only encoders of text have words")
    vocabulary = max(table.num_embeddings for table in tables)
    length = int(example["attention_mask"][0].sum())
    ids = example["input_ids"][:1, :length]  # what begins and ends a text stays around every token
    vectors = []
    for tokens in torch.arange(vocabulary, device=ids.device).split(512):
        alone = torch.stack([ids[0, :1].expand(len(tokens)), tokens, ids[0, -1:].expand(len(tokens))], 1)
        vectors.append(module(alone, torch.ones_like(alone))[:, 0])
    table = torch.cat(vectors).float()
    mean = table.mean(0)
    size = max(1, round(keep * table.shape[1]))
    axes = torch.linalg.eigh((table - mean).T @ (table - mean)).eigenvectors[:, -size:]
    student = WordVectors(((table - mean) @ axes).clone(), axes.clone())
    student.to_features.bias.data = mean.clone()
    return student


SHRINKS: dict[str, Shrink] = {"layers": layers, "width": width, "sparse": sparse, "words": words}
