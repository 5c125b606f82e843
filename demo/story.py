"""What happened, step by step, for the screen and for the page."""

import json
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from rich.console import Console

from demo.place import STORY


@dataclass
class Step:
    """A step of the story.

    Attributes:
        name: for programs.
        title: what is done.
        words: what came of it, sentences.
        seconds: it took.
        figures: numbers to compare, and what tests look at.
        links: addresses by text, relative to the page.
        output: what a command printed.
    """

    name: str
    title: str
    words: list[str] = field(default_factory=list)
    seconds: float = 0.0
    figures: dict[str, Any] = field(default_factory=dict)
    links: dict[str, str] = field(default_factory=dict)
    output: str = ""


class Story:
    """All steps so far.

    Args:
        folder: where ``story.json`` is kept.
    """

    def __init__(self, folder: Path) -> None:
        self.steps: list[Step] = []
        self._file = folder / STORY
        self._console = Console(highlight=False)

    @contextmanager
    def step(self, name: str, title: str) -> Iterator[Step]:
        """A step that is told while it goes on."""
        step, began = Step(name, title), time.monotonic()
        with self._console.status(f"{len(self.steps) + 1}. {title}"):
            yield step
        step.seconds = round(time.monotonic() - began, 1)
        self.steps.append(step)
        self._console.print(f"[bold]{len(self.steps)}. {title}[/]  [dim]{step.seconds:.0f} s[/]", markup=True)
        for sentence in step.words:
            self._console.print(f"   {sentence}", markup=False)
        self._file.write_text(json.dumps([asdict(one) for one in self.steps], indent=2), encoding="utf-8")
