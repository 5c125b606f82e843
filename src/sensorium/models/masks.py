"""Which tokens of a batch are there: float masks ``[batch, tokens]``, 1 or 0. Of a missing input none is."""

from collections.abc import Mapping

import torch
from torch import Tensor


def is_there(features: Tensor) -> Tensor:
    """Whether a value has a token ``[values, tokens]``; in features, one that is not there is not-a-number."""
    return ~torch.isnan(features[..., 0])


def tokens_of(features: Tensor) -> Tensor:
    """All tokens ``[tokens, dim]`` that values ``[values, tokens, dim]`` have."""
    return features[is_there(features)]


def presence(mask: Tensor) -> Tensor:
    """1 for each row ``[batch]`` that has the input, else 0."""
    return mask.amax(1)


def mean_token(states: Tensor, mask: Tensor) -> Tensor:
    """The mean ``[batch, numbers]`` of the tokens that are there; zeros where none is."""
    return (states * mask[..., None]).sum(1) / mask.sum(1, keepdim=True).clamp(min=1)


def mean_tokens(tokens: Mapping[str, Tensor], masks: Mapping[str, Tensor]) -> tuple[Tensor, Tensor]:
    """The `mean_token` of every input ``[batch, inputs, numbers]``, and its `presence` ``[batch, inputs]``."""
    means = torch.stack([mean_token(states, masks[name]) for name, states in tokens.items()], dim=1)
    return means, torch.stack([presence(masks[name]) for name in tokens], dim=1)
