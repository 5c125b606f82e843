"""The one seam where heavy work over many pieces is spread."""

from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator, Sequence
from typing import Any

from sensorium.progress import Pace, progress
from sensorium.section import Section

AHEAD = 4  # pieces for each worker, that wait or are done: one that takes long holds the others up only then
KILLED = "killed again and again at work on the same pieces; most likely it had too little memory"


class Engine(Section, ABC):
    """Who does the work on pieces, as ``engine`` in params.yaml declares it.

    All kinds give the same: results in the order of the pieces, few of which are held at a time; errors of the function
    as they are; and of a worker that is killed nothing but its time, since what it worked on is done again. So the
    function may run twice for a piece, even at once: what it writes has to be the same each time, and to come to its
    place at one stroke. Function and pieces are pickled. Relative paths in them are relative to the folder of the
    project, wherever a worker runs, and `paths.cache` is the same folder as here.
    """

    kind: str

    def map(self, function: Callable[[Any], Any], pieces: Sequence[Any], most: int | None = None) -> Iterator[Any]:
        """Yields ``function(piece)`` in the order of the pieces.

        Args:
            function: importable, since it runs in other processes.
            pieces: its arguments; of those that are made when they are asked for, few are held at a time.
            most: processes of this machine that may be at work; else there are as many as cores.

        Raises:
            UserError: if there is nobody to do the work.
        """
        if pieces:
            yield from self._results(function, (pieces[number] for number in range(len(pieces))), len(pieces), most)

    def map_with_progress(
        self,
        function: Callable[[Any], Any],
        pieces: Sequence[Any],
        doing: str,
        sizes: Sequence[int] | None = None,
        most: int | None = None,
    ) -> Iterator[Any]:
        """The same as `map`, showing progress.

        Args:
            function: as for `map`.
            pieces: likewise.
            doing: what the bar says.
            sizes: of the pieces, such as rows, for the bar to count; else it counts pieces.
            most: as for `map`.
        """
        if not pieces:
            return
        sizes = sizes or [1] * len(pieces)
        with progress(Pace()) as bar:
            tracked = bar.add_task(doing, total=sum(sizes))
            for result, size in zip(self.map(function, pieces, most), sizes, strict=True):
                yield result
                bar.advance(tracked, size)

    @abstractmethod
    def _results(
        self, function: Callable[[Any], Any], pieces: Iterator[Any], count: int, most: int | None
    ) -> Iterator[Any]:
        """As `map`; of the pieces, at least one, some `AHEAD` for each worker are taken at a time."""
