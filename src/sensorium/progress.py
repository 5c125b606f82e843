"""The progress bar of whatever takes long."""

from datetime import timedelta

from rich.progress import (
    BarColumn,
    MofNCompleteColumn,
    Progress,
    ProgressColumn,
    Task,
    TextColumn,
    TimeElapsedColumn,
)
from rich.text import Text


def progress(*more: ProgressColumn) -> Progress:
    """A progress bar of the house's make."""
    return Progress(TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn(), *more)


class Pace(ProgressColumn):
    """How many a second, and the time that is left."""

    def render(self, task: Task) -> Text:
        if not task.completed or not task.elapsed:
            return Text()
        speed = task.completed / task.elapsed
        left = timedelta(seconds=round((task.remaining or 0) / speed))
        return Text(f"{speed:,.1f}/s" + (f", {left} left" if task.remaining else ""))
