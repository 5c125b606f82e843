"""Tux Paint stamps: hand-made pictures with an English text and, in several languages, a person saying it."""

from collections import Counter
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from pydantic import Field

from sensorium.data_root import DataRoot
from sensorium.decoding.limited import run
from sensorium.errors import BadInput, NotHere, UserError
from sensorium.fetch import tuxpaint_stamps
from sensorium.fingerprints import below, fingerprint
from sensorium.media import MediaWriter
from sensorium.modalities import Audio, Image, Modality
from sensorium.sources.source import Source

if TYPE_CHECKING:  # half the time that `sensorium source` would take, which `dvc repro` always runs
    import pandas as pd

FEWEST = 27  # items of a category that is kept
MOST_SPOKEN = "fr, ru, ro, ca, bg and es in about 900 clips each, be and el in about 690"
LARGEST = 8 * 2**20  # bytes of a drawing, or of a line of text


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

    def read(self, inputs: Mapping[str, Modality], media: MediaWriter) -> "pd.DataFrame":
        import pandas as pd

        stamps = self._stamps()
        rows = [row for item in _items(stamps) for row in self._rows(item, stamps)]
        if not rows:
            raise UserError(
                f"data.languages: no clip in {', '.join(self.languages)} below {stamps}; spoken are {MOST_SPOKEN}."
            )
        root = DataRoot(stamps)
        for name in dict.fromkeys(row["item"] for row in rows):
            try:
                media.add(Image.feature, _picture_path(name), _picture(root, stamps, name))
            except BadInput as problem:  # validation says so of the rows
                media.leave_out(_picture_path(name), str(problem))
        for row in rows:
            clip, row["text"] = row["speech"], _text(root, row["item"])
            row["image"] = _picture_path(row["item"])
            row["speech"] = f"speech/{_flat(row['item'])}.{row['language']}.ogg"
            try:
                media.add(Audio.feature, row["speech"], root.read(clip, Audio.max_bytes))
            except BadInput as problem:
                media.leave_out(row["speech"], str(problem))
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
        clips = {language: item.with_name(f"{item.name}_desc_{language}.ogg") for language in self.languages}
        return [
            {
                "id": f"{name}.{language}",
                "item": name,
                "text": "",
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


def _picture(root: DataRoot, stamps: Path, name: str) -> bytes:
    """The item's PNG, or its drawing as one.

    Raises:
        BadInput: if its file lies outside the folder, is too large, or cannot be rendered.
    """
    if _photograph(stamps / name).is_file():
        return root.read(f"{name}.png", Image.max_bytes)
    from sensorium.decoding import drawing

    svg = root.file(f"{name}.svg")
    if svg.stat().st_size > LARGEST:
        raise BadInput(f"the drawing is larger than {LARGEST // 2**20} MiB")
    return run(drawing.read, svg.read_bytes(), drawing.LIMITS)


def _text(root: DataRoot, name: str) -> str:
    """The first line of its text, which is the English one; nothing where the file lies outside the folder."""
    try:
        with root.file(f"{name}.txt").open(encoding="utf-8", errors="replace") as lines:
            return lines.readline(LARGEST).strip()
    except BadInput:
        return ""


def _flat(name: str) -> str:
    return name.replace("/", "-")


def _picture_path(name: str) -> str:
    return f"image/{_flat(name)}.png"
