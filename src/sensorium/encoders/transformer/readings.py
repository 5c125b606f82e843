"""What is read from a model of transformers: features ``[batch, tokens, dim]``, by its own recipe if it has one.

Several readings of a model stand in the order of preference: the first is taken that does not depend on weights which
the files lack, such as those of a pooler that a classifier never had.
"""

from collections.abc import Callable, Sequence
from typing import Any

import torch
from torch import Tensor, nn

Pool = Callable[
    [Tensor, Tensor], Tensor
]  # of states [batch, tokens, dim] and weights [batch, tokens, 1]: [batch, 1, dim]


def _first(states: Tensor, weights: Tensor) -> Tensor:
    return states[:, :1]


def _largest(states: Tensor, weights: Tensor) -> Tensor:
    return states.masked_fill(weights == 0, float("-inf")).amax(1, keepdim=True)


def mean(states: Tensor, weights: Tensor) -> Tensor:
    """Mean over the tokens that are not padding."""
    return (states * weights).sum(1, keepdim=True) / weights.sum(1, keepdim=True)


def _mean_by_root(states: Tensor, weights: Tensor) -> Tensor:
    return (states * weights).sum(1, keepdim=True) / weights.sum(1, keepdim=True).sqrt()


def _later_more(states: Tensor, weights: Tensor) -> Tensor:
    places = torch.arange(1, states.shape[1] + 1, device=states.device, dtype=states.dtype)
    return mean(states, weights * places[None, :, None])


def _last(states: Tensor, weights: Tensor) -> Tensor:
    place = weights.sum(1, keepdim=True).long() - 1
    return states.gather(1, place.expand(-1, 1, states.shape[2]))


# By the names of sentence-transformers.
POOLS: dict[str, Pool] = {
    "cls": _first,
    "max": _largest,
    "mean": mean,
    "mean_sqrt_len_tokens": _mean_by_root,
    "weightedmean": _later_more,
    "lasttoken": _last,
}


class PooledTokens(nn.Module):
    """States of a text's tokens, pooled in one way or several side by side, and what lies behind."""

    def __init__(self, model: Any, pools: Sequence[str] = ("mean",), behind: Sequence[nn.Module] = ()) -> None:
        super().__init__()
        self.model, self.pools = _reading_half(model), pools
        self.behind = nn.Sequential(*behind)

    def forward(self, input_ids: Tensor, attention_mask: Tensor) -> Tensor:
        output = self.model(input_ids=input_ids, attention_mask=attention_mask)
        if (states := getattr(output, "last_hidden_state", None)) is None:
            return self.behind(_summed_up(output, "text_embeds"))
        weights = attention_mask[..., None].to(states.dtype)
        return self.behind(torch.cat([POOLS[name](states, weights) for name in self.pools], -1))


class OwnText(nn.Module):
    """A text as the model itself sums it up: projected to where it can be compared with pictures, or pooled."""

    def __init__(self, model: Any, behind: Sequence[nn.Module] = ()) -> None:
        super().__init__()
        self.model: Any = model
        self.behind = nn.Sequential(*behind)

    def forward(self, input_ids: Tensor, attention_mask: Tensor) -> Tensor:
        read = getattr(self.model, "get_text_features", self.model)
        return self.behind(_summed_up(read(input_ids=input_ids, attention_mask=attention_mask), "text_embeds"))


class OwnPicture(nn.Module):
    """A picture as the model itself sums it up: projected, pooled, or else the mean over its patches."""

    def __init__(self, model: Any) -> None:
        super().__init__()
        self.model = _reading_half(model)

    def forward(self, pixel_values: Tensor) -> Tensor:
        read = getattr(self.model, "get_image_features", self.model)
        output = read(pixel_values=pixel_values)
        summed = _summed_up(output, "image_embeds")
        return _mean_of_patches(output) if summed is None else summed


class MeanOfPatches(nn.Module):
    """The mean over all tokens of a picture, of models without a trained pooler."""

    def __init__(self, model: Any) -> None:
        super().__init__()
        self.model = _reading_half(model)

    def forward(self, pixel_values: Tensor) -> Tensor:
        return _mean_of_patches(self.model(pixel_values=pixel_values))


class MeanOfFrames(nn.Module):
    """Mean over the frames of a waveform model that lie inside the clip."""

    def __init__(self, model: Any) -> None:
        super().__init__()
        self.model: Any = model

    def forward(self, input_values: Tensor, attention_mask: Tensor) -> Tensor:
        states = self.model(input_values=input_values, attention_mask=attention_mask).last_hidden_state
        return _mean_of_heard(states, attention_mask)


class OwnSound(nn.Module):
    """A spectrogram as the model itself sums it up, projected or pooled; else the mean over frames inside the clip."""

    def __init__(self, model: Any) -> None:
        super().__init__()
        self.model = _reading_half(model)

    def forward(self, spectrum: Tensor, attention_mask: Tensor) -> Tensor:
        if hasattr(self.model, "get_audio_features"):
            whole = torch.zeros(len(spectrum), 1, dtype=torch.bool, device=spectrum.device)
            output = self.model.get_audio_features(input_features=spectrum, is_longer=whole)
        else:
            output = self.model(**{self.model.main_input_name: spectrum})
        summed = _summed_up(output, "audio_embeds")
        return _mean_of_heard(output.last_hidden_state, attention_mask) if summed is None else summed


def texts(model: Any) -> list[nn.Module]:
    """Readings of a text by a model that says nothing of how its tokens are pooled.

    A model that pools without a layer of its own for it, such as CLIP's, was trained with that; the pooler of a BERT
    was trained to tell whether one sentence follows another.
    """
    own = hasattr(model, "get_text_features") or hasattr(model, "text_projection")
    pools_by_itself = getattr(model.config, "model_type", "").endswith("_text_model")
    return [OwnText(model)] if own or pools_by_itself else [PooledTokens(model)]


def pictures(model: Any) -> list[nn.Module]:
    """Readings of a picture."""
    return [OwnPicture(model), MeanOfPatches(model)]


def waveforms(model: Any) -> list[nn.Module]:
    """Readings of a waveform."""
    return [MeanOfFrames(model)]


def spectrograms(model: Any) -> list[nn.Module]:
    """Readings of a spectrogram."""
    return [OwnSound(model)]


def _summed_up(output: Any, projected: str) -> Tensor | None:
    """One token of what a model gives for a whole value, if it gives that."""
    if isinstance(output, Tensor):
        return output.flatten(1)[:, None]
    found = getattr(output, projected, None)
    found = getattr(output, "pooler_output", None) if found is None else found
    return None if found is None else found.flatten(1)[:, None]


def _mean_of_patches(output: Any) -> Tensor:
    states = output.last_hidden_state
    return (states.mean(1) if states.dim() == 3 else states.mean((2, 3)))[:, None]


def _mean_of_heard(states: Tensor, mask: Tensor) -> Tensor:
    """The mean over the states of frames that a mask of finer frames says are inside the clip."""
    place = torch.arange(states.shape[1], device=states.device) * mask.shape[1] // states.shape[1]
    return mean(states, (place[None] < mask.sum(1, keepdim=True))[..., None].to(states.dtype))


def _reading_half(model: Any) -> Any:
    """The half of a model that reads, of those that write too."""
    return model.get_encoder() if getattr(model.config, "is_encoder_decoder", False) else model
