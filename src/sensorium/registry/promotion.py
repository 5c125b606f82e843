"""A promotion or a rollback: written down before it begins, so that whoever comes next completes one that was cut off.

It is a commit of models/champion.json and tags in git. Each of its steps may be done twice.
"""

import json
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import asdict, dataclass
from pathlib import Path

from filelock import FileLock, Timeout

from sensorium import paths
from sensorium.errors import UserError
from sensorium.files import remove, sweep, write_json
from sensorium.registry.champion import Champion, point_to
from sensorium.registry.git import commit_changed, git, restore
from sensorium.registry.locks import at_work
from sensorium.registry.versions import ARCHIVED, CHALLENGER, CHAMPION, assign, find, versions
from sensorium.serving import pointer

POINTERS = {CHAMPION: paths.CHAMPION, CHALLENGER: paths.CHALLENGER}
LOCK = Path(".dvc/tmp/registry.lock")


@dataclass(frozen=True)
class Promotion:
    """What is to become of a model.

    Attributes:
        stage: champion or challenger.
        model: its version, and what services and the gate are told of it.
        back_from: the champion that a rollback leaves; empty where it is none.
    """

    stage: str
    model: Champion
    back_from: str = ""


@contextmanager
def exclusive_access() -> Iterator[Promotion | None]:
    """Waits until no other command changes versions or retrains here, and completes a promotion that was cut off.

    Yields:
        that promotion.

    Raises:
        UserError: if it cannot be completed; all is then as it was before it.
    """
    if not LOCK.parents[1].is_dir():  # there is nothing to wait for, as the command will say
        yield _complete()
        return
    lock = FileLock(LOCK)
    try:
        lock.acquire(timeout=0)
    except Timeout:
        print("another `sensorium` command is at work in this folder; waiting for it to end", flush=True)
        lock.acquire()
    try:
        with at_work():
            media = paths.FEEDBACK.glob("*/*/")
            for folder in (paths.CHAMPION.parent, paths.FEEDBACK, *media, paths.MONITORING, paths.champions()):
                sweep(folder)
            yield _complete()
    finally:
        lock.release()


def carry_out(promotion: Promotion) -> None:
    """Writes and commits models/champion.json, by which services here switch and the gate judges; then sets the tags.

    Raises:
        UserError: if the model cannot be had or git does not commit; then all stays as it was.
    """
    if promotion.stage == CHAMPION:  # where git is locked, it says so before a service is told of another model
        _unstage()
    write_json(paths.PROMOTION, asdict(promotion), lasting=True)
    try:
        _point(promotion)
    except UserError:
        _take_back(promotion)
        remove(paths.PROMOTION)
        raise
    _tag(promotion)
    remove(paths.PROMOTION)


def _complete() -> Promotion | None:
    if not paths.PROMOTION.is_file():
        return None
    saved = json.loads(paths.PROMOTION.read_text(encoding="utf-8"))
    promotion = Promotion(**saved | {"model": Champion(**saved["model"])})
    carry_out(promotion)
    return promotion


def _point(promotion: Promotion) -> None:
    model = promotion.model
    point_to(model, POINTERS[promotion.stage])
    if promotion.stage == CHAMPION:
        back = f", rolled back from {promotion.back_from}" if promotion.back_from else ""
        commit_changed(paths.CHAMPION, f"Champion {model.version}{back}")
        with suppress(UserError):  # one that cannot be read names no challenger
            if (shadow := pointer.read(paths.CHALLENGER)) and shadow.version == model.version:
                remove(paths.CHALLENGER)


def _take_back(promotion: Promotion) -> None:
    if promotion.stage != CHAMPION:
        return
    _unstage()
    if git("ls-files", str(paths.CHAMPION)):
        restore(paths.CHAMPION)
    else:
        remove(paths.CHAMPION)


def _unstage() -> None:
    git("reset", "--quiet", "--", str(paths.CHAMPION))


def _tag(promotion: Promotion) -> None:
    name, stage, left = promotion.model.version, promotion.stage, promotion.back_from
    for other in versions():
        if other.stage == stage and other.name != name:
            assign(other.name, ARCHIVED, f"rolled back to {name}" if left else f"{name} is the {stage}")
    if find(name).stage != stage:
        assign(name, stage, f"rolled back from {left}" if left else f"{name} is the {stage}")
