"""collect: begins a retrain by making a new data version from feedback."""

from collections.abc import Iterator
from contextlib import contextmanager, suppress
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pandas as pd

from sensorium import params, paths, private
from sensorium.errors import UserError
from sensorium.files import remove, write_json
from sensorium.monitoring import retrains
from sensorium.monitoring.feedback import collected
from sensorium.monitoring.feedback.labels import read_feedback
from sensorium.monitoring.feedback.selection import Selection, select
from sensorium.monitoring.log.lines import counted
from sensorium.registry.git import commit_changed, git, refuse_dirty, restore
from sensorium.registry.locks import of_dvc
from sensorium.registry.promotion import exclusive_access
from sensorium.serving import journal
from sensorium.sources.feedback import read_collected


def run(reason: str, check: str | None = None) -> None:
    """Collects feedback into data/feedback, unless it is too soon for a retrain or there are too few labels.

    Args:
        reason: drift, feedback or by hand.
        check: the id of the check that asked for it.

    Raises:
        UserError: if the tree is dirty, or git or DVC refuse.
    """
    if reason not in retrains.REASONS:
        raise UserError(f"there is no reason {reason!r} for a retrain; there is {', '.join(retrains.REASONS)}.")
    with exclusive_access():
        _collect(reason, check, params.load(), datetime.now(UTC))


def _collect(reason: str, check: str | None, settings: params.Params, now: datetime) -> None:
    retrain: dict[str, Any] = {
        "id": retrains.interrupted() or retrains.new_id(now),
        "time": now.isoformat(timespec="seconds"),
        "reason": reason,
        "check": check,
        "begun": False,
        "approval": settings.retrain.approval,
        "approval_hours": settings.retrain.approval_hours,
        "rows": 0,
        "new": 0,
    }
    if why := retrains.refusal(reason, settings.retrain, now):
        unfinished = retrains.read_current() if reason == retrains.BY_HAND else None
        _report(retrain | {"unfinished": unfinished}, f"no retrain: {why}")
        return
    found = _select(settings, now)
    retrain |= {"rows": len(found.earlier) + len(found.new), "new": found.untrained, "rejected": len(found.rejected)}
    needed = retrains.needed_labels(reason, settings.retrain)
    if found.untrained < needed:
        _report(
            retrain,
            f"no retrain: {counted(found.untrained, 'new labelled prediction')} can be learnt from, {needed} are "
            f"needed on {reason}{_because(found)}",
        )
        return
    if not (found.has_changes or retrains.interrupted()):
        _report(retrain, f"no retrain: there is no label to learn from that is new{_because(found)}")
        return
    retrains.prepare(retrain)
    with private.writing(paths.FEEDBACK):
        collected.collect(found, retrain["id"])
    _commit(len(found.new))
    new = counted(found.untrained, "new labelled prediction")
    why = f"{new} to learn from, {retrain['rows']:,} in all{_because(found)}"
    retrain |= {"begun": True, "why": f"{why}."}
    _report(retrain, why)
    retrains.begin(retrain)


def _select(settings: params.Params, now: datetime) -> Selection:
    """Selects the feedback to learn from, after undoing what an interrupted run left."""
    git("var", "GIT_COMMITTER_IDENT")  # without a name nothing can be committed
    if retrains.read_current():
        restore(Path("dvc.lock"))  # of a run that was killed
    earlier = _earlier()
    refuse_dirty("a retrain")
    _require_visible()
    log, trusted = journal.folder(), settings.retrain.trusted
    feedback = read_feedback(log, trusted, now)
    return select(feedback, log, earlier, trusted, settings.targets)


def _earlier() -> pd.DataFrame:
    """The rows of the last collection that came to its end."""
    if not (retrains.interrupted() or git("status", "--porcelain", "--", str(paths.FEEDBACK))):
        with suppress(UserError):  # rows that are not those of git are brought
            return read_collected()
    _undo_interrupted()
    return read_collected()


def _undo_interrupted() -> None:
    """Undoes a collection that was interrupted before its commit; everything is collected again.

    Rows that are neither here nor in DVC's cache stay missing; reading them raises the error.
    """
    from dvc.exceptions import CheckoutError

    pointers = [path.with_name(f"{path.name}.dvc") for path in collected.VERSIONED]
    ignored = paths.FEEDBACK / ".gitignore"
    for left in paths.FEEDBACK.rglob(".*.tmp"):  # of a killed DVC
        remove(left)
    git("reset", "--quiet", "--", str(paths.FEEDBACK))
    known = [path for path in (*pointers, ignored) if git("ls-files", str(path))]
    for path in {*pointers, ignored, *collected.VERSIONED} - {*known, *(path.with_suffix("") for path in known)}:
        remove(path)
    for path in known:
        restore(path)
    if committed := [str(path) for path in pointers if path in known]:
        with suppress(CheckoutError), _dvc() as repository:
            repository.checkout(committed, force=True)


def _require_visible() -> None:
    """Makes sure that .gitignore does not hide data/feedback from DVC, which would then neither push nor keep it.

    Raises:
        UserError: naming the folder that .gitignore hides from it.
    """
    with _dvc() as repository:
        for folder in [*reversed(paths.FEEDBACK.parents[:-1]), paths.FEEDBACK]:
            if repository.scm.is_ignored(f"{folder}/"):
                raise UserError(
                    f".gitignore ignores {folder}/ but for exceptions, so DVC does not see {paths.FEEDBACK} there and "
                    "would lose its labels; name each ignored folder instead, as Sensorium's own .gitignore does "
                    f"(/{paths.RAW}, /{paths.VALID}, ...)."
                )


def _commit(new: int) -> None:
    """Commits the collected rows as a new data version."""
    with _dvc() as repository:
        repository.add([str(path) for path in collected.VERSIONED])
    commit_changed(paths.FEEDBACK, f"Feedback: {counted(new, 'new labelled prediction')}")


@contextmanager
def _dvc() -> Iterator[Any]:
    """DVC's repository, with its errors as user errors."""
    from dvc.exceptions import CheckoutError, DvcException

    try:
        with of_dvc() as repository:
            repository.scm_context.quiet = True  # what to type next is done here
            yield repository
    except CheckoutError:
        raise
    except DvcException as error:
        raise UserError(f"DVC does not take {paths.FEEDBACK}: {error}") from error


def _because(found: Selection) -> str:
    """The rejected labels, with the commonest reason."""
    if found.rejected.empty:
        return ""
    reasons = found.rejected["reason"].value_counts()
    more = f" and {counted(len(reasons) - 1, 'other reason')}" if len(reasons) > 1 else ""
    return f"; {counted(len(found.rejected), 'label')} rejected: {reasons.index[0]} ({reasons.iloc[0]}){more}"


def _report(retrain: dict[str, Any], why: str) -> None:
    private.close(paths.FEEDBACK)  # DVC put it there under the umask of a team
    with private.writing(paths.MONITORING):
        write_json(retrains.COLLECTED, retrain | {"why": f"{why}."})
    print(f"collect: {why}")
