"""Values of a row as a page shows them; a file that several inputs read is played once."""

from collections.abc import Mapping, Sequence
from typing import Any

from sensorium.modalities import Modality


def shown(
    inputs: Mapping[str, Modality], values: Mapping[str, Any], weights: Mapping[str, Sequence[tuple[Any, float]]]
) -> dict[str, str]:
    """HTML by input.

    Args:
        inputs: as declared.
        values: cleaned ones, by input.
        weights: of parts, by input.
    """
    html, played = {}, set()
    for name, value in values.items():
        kind, file = inputs[name], seen_as(inputs[name], name)
        html[name] = kind.show(value, weights.get(name, [])) + ("" if file in played else kind.play(value))
        played.add(file)
    return html


def seen_as(kind: Modality, name: str) -> tuple[str, str]:
    """What a person sees and hears of an input's value: inputs of which this is the same look alike."""
    return kind.asked_as(name), kind.kind
