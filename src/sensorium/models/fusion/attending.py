"""A layer in which some states attend to tokens, of which some are not there."""

import math

from torch import Tensor, nn

HIDDEN = 16.0  # below others' logits are those of tokens that are not there: in reach of eight bits, as infinity is not
LEAST = 1e-6  # that weights are divided by, where no token is there


class Attending(nn.Module):
    """A transformer layer of states that attend to tokens: normalised before, as Xiong et al. 2020 (arXiv:2002.04745).

    Args:
        width: of states and tokens; a multiple of 4, the number of heads.
        dropout: share of units dropped.
    """

    heads = 4

    def __init__(self, width: int, dropout: float) -> None:
        super().__init__()
        self.of_states, self.of_tokens = nn.LayerNorm(width), nn.LayerNorm(width)
        self.queries, self.keys, self.values = (nn.Linear(width, width) for _ in range(3))
        self.attended = nn.Sequential(nn.Linear(width, width), nn.Dropout(dropout))
        wide = [nn.Linear(width, 2 * width), nn.GELU(), nn.Dropout(dropout), nn.Linear(2 * width, width)]
        self.alone = nn.Sequential(nn.LayerNorm(width), *wide, nn.Dropout(dropout))

    def forward(self, states: Tensor, tokens: Tensor, mask: Tensor) -> Tensor:
        """New states ``[batch, states, width]``.

        Args:
            states: ``[batch, states, width]``.
            tokens: to attend to ``[batch, tokens, width]``; finite also where they are not there.
            mask: of those that are there ``[batch, tokens]``, 1 or 0.
        """
        tokens, here = self.of_tokens(tokens * mask[..., None]), mask[:, None, None]
        queries, keys = self._of_heads(self.queries(self.of_states(states))), self._of_heads(self.keys(tokens))
        logits = queries @ keys.transpose(2, 3) / math.sqrt(queries.shape[3])
        weights = (logits - HIDDEN * (1 - here)).softmax(3) * here
        weights = weights / weights.sum(3, keepdim=True).clamp(min=LEAST)
        states = states + self.attended((weights @ self._of_heads(self.values(tokens))).transpose(1, 2).flatten(2))
        return states + self.alone(states)

    def _of_heads(self, states: Tensor) -> Tensor:
        """``[batch, heads, states, width / heads]``."""
        return states.unflatten(2, (self.heads, -1)).transpose(1, 2)
