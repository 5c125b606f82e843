"""Fusion by self-attention over the tokens of all inputs."""

from collections.abc import Sequence
from typing import cast

import torch
from torch import Tensor, nn
from torch.nn.functional import dropout

from sensorium.models.fusion.fusion import Fusion


class AttentionFusion(Fusion):
    """A learned query token attends, with all inputs' tokens, through transformer layers; missing tokens are masked.

    A small form of the modality-token transformers of Nagrani et al. 2021 (arXiv:2107.00135).

    Args:
        inputs: names of the inputs.
        width: size of every token and of the fused vector; a multiple of 4, the number of heads.
        layers: transformer layers.
        dropout: share of units dropped inside every layer.
    """

    heads = 4

    def __init__(self, inputs: Sequence[str], width: int, layers: int, dropout: float) -> None:
        super().__init__()
        self.query = nn.Parameter(torch.randn(1, 1, width) * 0.02)
        self.origins = nn.Parameter(torch.randn(len(inputs), width) * 0.02)
        layer = nn.TransformerEncoderLayer(
            width, self.heads, 2 * width, dropout, activation="gelu", batch_first=True, norm_first=True
        )
        self.layers = nn.TransformerEncoder(layer, layers, nn.LayerNorm(width), enable_nested_tensor=False)

    def forward(self, tokens: dict[str, Tensor], masks: dict[str, Tensor]) -> Tensor:
        """Fuses tokens ``[batch, tokens, width]``, there where ``[batch, tokens]`` is 1, to ``[batch, width]``."""
        first = next(iter(tokens.values()))
        parts = [self.query.expand(first.shape[0], -1, -1)]
        hidden = [first.new_zeros(first.shape[0], 1, dtype=torch.bool)]
        for origin, (name, states) in zip(self.origins, tokens.items(), strict=True):
            parts.append(states + origin)
            hidden.append(masks[name] == 0)
        states, absent = torch.cat(parts, dim=1), torch.cat(hidden, dim=1)
        *layers, last = cast(Sequence[nn.TransformerEncoderLayer], self.layers.layers)
        for layer in layers:
            states = layer(states, src_key_padding_mask=absent)
        first = self.query if self.training and not layers else states[:, :1]  # the same for every row, or its own
        return cast(nn.LayerNorm, self.layers.norm)(_first_state(last, first, states, absent))


def _first_state(layer: nn.TransformerEncoderLayer, first: Tensor, states: Tensor, absent: Tensor) -> Tensor:
    """What a layer makes of the first token ``[batch, width]``: of the last layer nobody asks for the others.

    Args:
        layer: the last.
        first: the first token of every row, or of all ``[batch or 1, 1, width]``.
        states: all tokens ``[batch, tokens, width]``.
        absent: those that are not attended to ``[batch, tokens]``.
    """
    normal = layer.norm1(states)
    if layer.training:
        attended = attend(layer.self_attn, layer.norm1(first), normal, absent)
    else:  # in the products that compressed forms know
        asking = normal[:, :1]
        attended = layer.self_attn(asking, normal, normal, key_padding_mask=absent, need_weights=False)[0][:, 0]
    state = first[:, 0] + layer.dropout1(attended)
    wide = layer.dropout(layer.activation(layer.linear1(layer.norm2(state))))
    return state + layer.dropout2(layer.linear2(wide))


def attend(attention: nn.MultiheadAttention, asking: Tensor, tokens: Tensor, absent: Tensor) -> Tensor:
    """What one token ``[batch or 1, 1, width]`` gets of others ``[batch, width]``, as the module itself gives it.

    The weights of keys are applied to the token that asks, and those of values to what it gets: in this order it is a
    fourth of the products. A bias of keys adds the same to all scores, and so nothing.
    """
    heads, size = attention.num_heads, attention.head_dim
    weights = cast(Tensor, attention.in_proj_weight).unflatten(0, (3, heads, size))
    biases = cast(Tensor, attention.in_proj_bias).unflatten(0, (3, heads, size))
    query = torch.einsum("bw,hdw->bhd", asking[:, 0], weights[0]) + biases[0]
    turned = torch.einsum("bhd,hdw->bhw", query, weights[1]) / size**0.5
    scores = (tokens @ turned.transpose(1, 2)).masked_fill(absent[..., None], float("-inf"))
    attended = dropout(scores.softmax(1), attention.dropout, attention.training).transpose(1, 2)
    values = torch.einsum("bhw,hdw->bhd", attended @ tokens, weights[2]) + attended.sum(2, keepdim=True) * biases[2]
    return attention.out_proj(values.flatten(1))
