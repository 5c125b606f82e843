"""Fusion by self-attention over the tokens of all inputs."""

from collections.abc import Sequence
from typing import cast

import torch
from torch import Tensor, nn

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
        return cast(nn.LayerNorm, self.layers.norm)(_first_state(last, states, absent))


def _first_state(layer: nn.TransformerEncoderLayer, states: Tensor, absent: Tensor) -> Tensor:
    """What a layer makes of the first token ``[batch, width]``: of the last layer nobody asks for the others."""
    normal = layer.norm1(states)
    attended, _ = layer.self_attn(normal[:, :1], normal, normal, key_padding_mask=absent, need_weights=False)
    first = states[:, 0] + layer.dropout1(attended[:, 0])
    wide = layer.dropout(layer.activation(layer.linear1(layer.norm2(first))))
    return first + layer.dropout2(layer.linear2(wide))
