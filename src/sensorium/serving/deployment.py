"""Which models are in service, and the switch to others while requests run."""

import asyncio
import logging
import os
import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any

from sensorium import paths
from sensorium.errors import UserError
from sensorium.runtime import artefact, settings
from sensorium.serving import pointer
from sensorium.serving.live import CHALLENGER, CHAMPION, Live, Workers
from sensorium.serving.metrics import DRIFT, MODEL, STUCK, SWITCHES, expect

POLL = 1.0  # seconds between two checks
RETRY = 10.0  # seconds until files that could not be loaded are tried again
VARIABLE, CHALLENGER_VARIABLE = "SENSORIUM_MODEL", "SENSORIUM_CHALLENGER"
log = logging.getLogger("sensorium.serving")


def champion_folder() -> Path:
    """The model to serve.

    ``$SENSORIUM_MODEL``, else the one in the Bento that holds this file, else the champion of the repository that is
    the working directory, else what `dvc repro` has packaged there.
    """
    if chosen := os.environ.get(VARIABLE):
        return Path(chosen)
    in_bento = Path(__file__).parents[2] / paths.PACKAGED
    return in_bento if in_bento.is_dir() else promoted(paths.CHAMPION) or paths.PACKAGED


def challenger_folder() -> Path | None:
    """The model that runs in shadow, if there is one."""
    if chosen := os.environ.get(CHALLENGER_VARIABLE):
        return Path(chosen)
    return promoted(paths.CHALLENGER)


def promoted(path: Path) -> Path | None:
    """The folder of the model that `sensorium promote` wrote down, if it did.

    Raises:
        UserError: if what it wrote cannot be read, or that model is not on this machine: another one is not served in
            its place.
    """
    named = pointer.read(path)
    if named is None:
        return None
    folder = paths.promoted(named.model_version, named.settings)
    if not (folder / artefact.MANIFEST).is_file():
        raise UserError(
            f"{path} names {named.version}, which is not on this machine; `sensorium promote {named.version}` brings "
            f"it, {VARIABLE}={paths.PACKAGED} serves what was packaged last."
        )
    return folder


def registered(folder: Path) -> dict[str, str]:
    """Version and commit of a model's folder, if it is one that was promoted in this repository."""
    for path in (paths.CHAMPION, paths.CHALLENGER):
        with suppress(UserError):  # one that cannot be read names no folder
            named = pointer.read(path)
            if named and paths.promoted(named.model_version, named.settings) == folder:
                return {"version": named.version, "commit": named.commit}
    return {}


def _stamp(folder: Path) -> tuple[Any, ...]:
    """Differs when another model, or other settings, stand in the folder."""
    found: list[Any] = [str(folder)]
    for name in (artefact.MANIFEST, settings.FILE):
        try:
            status = (folder / name).stat()
            found.append((status.st_ino, status.st_ctime_ns))  # unlike mtime, no copy keeps it
        except OSError:
            found.append(None)
    return tuple(found)


class Deployment:
    """The champion, which answers, and perhaps a challenger, which is only logged.

    A request keeps the model it began with, so that a switch drops none.

    Args:
        champions: who runs the champion's batches.
        challengers: who runs the challenger's.
        champion: says where the model to serve lies, each time it is asked.
        challenger: says where the challenger lies, or that there is none.
    """

    def __init__(
        self,
        champions: Workers,
        challengers: Workers,
        champion: Callable[[], Path] = champion_folder,
        challenger: Callable[[], Path | None] = challenger_folder,
    ) -> None:
        self._find: dict[str, Callable[[], Path | None]] = {CHAMPION: champion, CHALLENGER: challenger}
        self._workers = {CHAMPION: champions, CHALLENGER: challengers}
        self._stamps: dict[str, tuple[Any, ...] | None] = {CHAMPION: None, CHALLENGER: None}
        self._problems: dict[str, str] = {}  # each is logged once
        self._failed: dict[str, tuple[tuple[Any, ...], float, Exception]] = {}  # what stood there, when to try again
        self._live: dict[str, Live] = {}
        self._was_promoted = False  # the champion: once one was, none that was not takes its place

    @property
    def champion(self) -> Live:
        """The model that answers."""
        return self._live[CHAMPION]

    @property
    def challenger(self) -> Live | None:
        """The model in shadow."""
        return self._live.get(CHALLENGER)

    def start(self) -> None:
        """Loads the models.

        Raises:
            UserError: if there is no champion that can be served; a challenger that cannot is only logged.
        """
        folder = self._find[CHAMPION]()
        assert folder is not None
        self._stamps[CHAMPION] = _stamp(folder)
        self._put(CHAMPION, Live.load(folder, CHAMPION, self._workers[CHAMPION]), folder)
        self.refresh(CHALLENGER)

    async def watch(self) -> None:
        """Checks for other models for ever."""
        while True:
            await asyncio.sleep(POLL)
            for role in (CHAMPION, CHALLENGER):
                await asyncio.to_thread(self.refresh, role)
            self.champion.show_drift()

    def refresh(self, role: str) -> None:
        """Serves the model that is to be found now; one that cannot be loaded leaves the old one in service."""
        try:
            self._refresh(role)
        except Exception as error:  # whatever a file makes a library trip over; some may still be on their way
            if str(error) != self._problems.get(role):
                self._problems[role] = str(error)
                SWITCHES.labels(role, "failed").inc()
                log.error("the %s is not served: %s", role, error, extra=self._staying(role))
        else:
            if self._problems.pop(role, None):
                log.info("the %s is followed again", role, extra=self._staying(role))
        STUCK.labels(role).set(role in self._problems)

    def _staying(self, role: str) -> dict[str, str]:
        return {"model_version": self._live[role].version} if role in self._live else {}

    def _refresh(self, role: str) -> None:
        folder = self._find[role]()
        if folder is None:
            self._stamps[role] = None
            if gone := self._live.pop(role, None):
                MODEL.labels(role, gone.version).set(0)
                log.info("no %s any more", role, extra={"model_version": gone.version})
            return
        stamp = _stamp(folder)
        if stamp[1] is None and role not in self._live:
            raise UserError(f"{folder} holds no model ({artefact.MANIFEST} is missing)")
        if stamp == self._stamps[role]:
            return
        if role == CHAMPION and self._was_promoted and not registered(folder):
            raise UserError(f"{paths.CHAMPION} names no model any more; promote one, or start the service again.")
        if stamp[1] is None:  # on its way
            return
        failed, until, problem = self._failed.get(role, (None, 0.0, None))
        if failed == stamp and problem and time.monotonic() < until:
            raise problem
        try:
            live = Live.load(folder, role, self._workers[role])
        except Exception as error:
            self._failed[role] = stamp, time.monotonic() + RETRY, error
            raise
        self._failed.pop(role, None)
        self._stamps[role] = stamp
        self._put(role, live, folder)
        SWITCHES.labels(role, "switched").inc()

    def _put(self, role: str, live: Live, folder: Path) -> None:
        live.lineage = {**live.lineage, **registered(folder)}
        if before := self._live.get(role):
            MODEL.labels(role, before.version).set(0)
        self._live[role] = live
        if role == CHAMPION:
            self._was_promoted = bool(registered(folder))
            if before:  # what came to it says nothing of the new one's reference
                for name in before.predictor.inputs:
                    DRIFT.labels(name).set(float("nan"))
            expect(live.version, live.predictor.inputs, live.predictor.targets)
        MODEL.labels(role, live.version).set(1)
        log.info("%s in service", role, extra={"model_version": live.version} | registered(folder))
        if role == CHAMPION and (why := settings.why_not_learnt_from(live.keep)):
            log.warning(why)
