"""A picture of a value, on which parts of it can be marked: reports have it as SVG, the page at /ui as JSON."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from html import escape
from typing import Any

from sensorium.modalities.weighted import weighted

Box = tuple[float, float, float, float]  # from the left, from above, width, height


@dataclass(frozen=True)
class Sketch:
    """A picture, in units of its own.

    Attributes:
        sort: what style sheets call it.
        label: what it shows.
        width: of all of it.
        height: likewise.
        parts: where each part lies that `Modality.occlusions` hides.
        image: the address of a picture that fills it, with all that it holds (``data:``).
        lines: paths, as SVG writes them.
        words: what stands where, from the left and from above.
    """

    sort: str
    label: str
    width: float
    height: float
    parts: Mapping[Any, Box]
    image: str = ""
    lines: Sequence[str] = ()
    words: Sequence[tuple[float, float, str]] = ()

    def svg(self, weights: Sequence[tuple[Any, float]]) -> str:
        """HTML with these parts marked by what each did for a decision."""
        drawn = f'<image href="{self.image}" width="{self.width:g}" height="{self.height:g}"/>' if self.image else ""
        for part, weight in weights:
            x, y, width, height = (f"{one:.1f}" for one in self.parts[part])
            drawn += f'<rect {weighted(weight)} x="{x}" y="{y}" width="{width}" height="{height}"/>'
        drawn += "".join(f'<path d="{line}"/>' for line in self.lines)
        drawn += "".join(f'<text x="{x:g}" y="{y:g}">{escape(words)}</text>' for x, y, words in self.words)
        box = f'viewBox="0 0 {self.width:g} {self.height:g}"'
        return f'<svg class="{self.sort}" {box} role="img" aria-label="{self.label}">{drawn}</svg>'

    def as_json(self) -> dict[str, Any]:
        """All of it, the parts in their order."""
        return {
            "sort": self.sort,
            "label": self.label,
            "width": self.width,
            "height": self.height,
            "parts": [[round(one, 1) for one in box] for box in self.parts.values()],
            "image": self.image,
            "lines": list(self.lines),
            "words": [list(one) for one in self.words],
        }
