"""A worker of this process that shares no disk with the command."""

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from sensorium.engine.shared_store import SharedStore


def away_from(root: Path, home: Path) -> Callable[..., Iterator[Any]]:
    """What takes the place of `Dask._results`.

    Args:
        root: of the project, which is not there while the worker is at work.
        home: where the worker stands, and has its cache; the store is there, too.
    """
    away = root.with_name("away")

    def results(_: Any, function: Callable[[Any], Any], pieces: Iterator[Any], *__: Any) -> Iterator[Any]:
        place = SharedStore(f"file://{home}")
        for piece in pieces:
            parcel = place.pack(function, piece)
            with pytest.MonkeyPatch.context() as patch:
                patch.chdir(home)
                root.rename(away)
                patch.setenv("SENSORIUM_CACHE", str(home / "cache"))
                try:
                    done = place.do(parcel)
                finally:
                    away.rename(root)
            yield place.take(done)

    return results
