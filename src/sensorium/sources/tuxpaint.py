"""Tux Paint stamps: hand-made pictures with an English text and, in several languages, a person saying it."""

from collections import Counter
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from pydantic import Field

from sensorium.errors import NotHere, UserError
from sensorium.fetch import tuxpaint_stamps
from sensorium.fingerprints import below, fingerprint
from sensorium.modalities import Modality
from sensorium.sources.source import Source

if TYPE_CHECKING:  # half the time that `sensorium source` would take, which `dvc repro` always runs
    import pandas as pd

FEWEST = 27  # items of a category that is kept
MOST_SPOKEN = "fr, ru, ro, ca, bg and es in about 900 clips each, be and el in about 690"
CANVAS = 320  # pixels of the longer side of a rendered drawing


class TuxPaint(Source):
    """A row per item and language: ``text``, ``image``, ``speech``; targets ``category`` and ``language``.

    ``category`` is the item's first folder, of which only those with at least 27 items are kept. ``item`` is carried
    along to split by. Debian's package is fetched unless ``path`` names a stamps folder.
    """

    source: Literal["tuxpaint"] = "tuxpaint"
    languages: list[str] = Field(min_length=1, description="codes of the languages to hear: fr, ru, ro, ca, es, ...")
    path: str | None = Field(None, description="a stamps folder of a Tux Paint installation, instead of fetching it")

    @property
    def published_as(self) -> str:
        """A folder named by ``path`` may hold anything."""
        return "Tux Paint stamps" if self.path is None else ""

    def fetch(self) -> None:
        self._stamps()

    def read(self, inputs: Mapping[str, Modality], folder: Path) -> "pd.DataFrame":
        import pandas as pd

        stamps = self._stamps()
        rows = [row for item in _items(stamps) for row in self._rows(item, stamps)]
        if not rows:
            raise UserError(
                f"data.languages: no clip in {', '.join(self.languages)} below {stamps}; spoken are {MOST_SPOKEN}."
            )
        for media in ("image", "speech"):
            (folder / media).mkdir()
        for name in dict.fromkeys(row["item"] for row in rows):
            (folder / _picture_path(name)).write_bytes(_picture(stamps / name))
        for row in rows:
            row["image"] = _picture_path(row["item"])
            clip = stamps / row["speech"]
            row["speech"] = f"speech/{_flat(row['item'])}.{row['language']}.ogg"
            (folder / row["speech"]).write_bytes(clip.read_bytes())
        return pd.DataFrame(rows)

    def made_of(self, inputs: Mapping[str, Modality]) -> dict[str, Any]:
        try:
            return {"stamps": fingerprint(below(self._stamps()))}
        except UserError as problem:
            raise NotHere(str(problem)) from problem

    def _stamps(self) -> Path:
        if self.path is None:
            return tuxpaint_stamps()
        stamps = Path(self.path).expanduser()
        if not any(stamps.glob("*/**/*.txt")):
            raise UserError(
                f"data.path: {self.path} is not a stamps folder; /usr/share/tuxpaint/stamps is a usual one."
            )
        return stamps

    def _rows(self, item: Path, stamps: Path) -> list[dict[str, str]]:
        name = str(item.relative_to(stamps))
        text = item.with_name(item.name + ".txt").read_text(encoding="utf-8", errors="replace").split("\n", 1)[0]
        clips = {language: item.with_name(f"{item.name}_desc_{language}.ogg") for language in self.languages}
        return [
            {
                "id": f"{name}.{language}",
                "item": name,
                "text": text.strip(),
                "image": "",
                "speech": str(clip.relative_to(stamps)),
                "category": name.split("/", 1)[0],
                "language": language,
            }
            for language, clip in clips.items()
            if clip.is_file()
        ]


def _items(stamps: Path) -> list[Path]:
    """Items (paths without suffix) that have a text and a picture, of the categories with enough of them."""
    texts = sorted(path.with_suffix("") for path in stamps.glob("*/**/*.txt"))
    items = [item for item in texts if _drawing(item).is_file() or _photograph(item).is_file()]
    counts = Counter(item.relative_to(stamps).parts[0] for item in items)
    return [item for item in items if counts[item.relative_to(stamps).parts[0]] >= FEWEST]


def _photograph(item: Path) -> Path:
    return item.with_name(item.name + ".png")


def _drawing(item: Path) -> Path:
    return item.with_name(item.name + ".svg")


def _picture(item: Path) -> bytes:
    """The item's PNG, or its drawing rendered; one that cannot be rendered stays as it is, for validation to reject."""
    if _photograph(item).is_file():
        return _photograph(item).read_bytes()
    import resvg_py

    svg = _drawing(item).read_text(encoding="utf-8", errors="replace")
    try:
        return bytes(resvg_py.svg_to_bytes(svg_string=svg, width=CANVAS))
    except Exception:  # the binding raises bare exceptions
        try:  # drawings without a size of their own need both sides
            return bytes(resvg_py.svg_to_bytes(svg_string=svg, width=CANVAS, height=CANVAS))
        except Exception:
            return svg.encode()


def _flat(name: str) -> str:
    return name.replace("/", "-")


def _picture_path(name: str) -> str:
    return f"image/{_flat(name)}.png"
