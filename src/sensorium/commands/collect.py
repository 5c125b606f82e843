"""collect: begin a retrain, by making a new data version of the labels that people gave."""

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
from sensorium.monitoring.feedback.choice import Choice, choose
from sensorium.monitoring.feedback.judged import read_feedback
from sensorium.monitoring.log.lines import counted
from sensorium.registry.git import commit_changed, git, refuse_dirty, restore
from sensorium.registry.locks import of_dvc
from sensorium.registry.promotion import turn
from sensorium.serving import journal
from sensorium.sources.feedback import read_collected


def run(reason: str, check: str | None = None) -> None:
    """Collects feedback into data/feedback, unless it is too soon or too little was told.

    Args:
        reason: drift, feedback or by hand.
        check: the id of the check that asked for it.

    Raises:
        UserError: if the tree is dirty, or git or DVC refuse.
    """
    if reason not in retrains.REASONS:
        raise UserError(f"there is no reason {reason!r} for a retrain; there is {', '.join(retrains.REASONS)}.")
    with turn():
        _collect(reason, check, params.load(), datetime.now(UTC))


def _collect(reason: str, check: str | None, settings: params.Params, now: datetime) -> None:
    said: dict[str, Any] = {
        "id": retrains.cut_off() or retrains.new_id(now),
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
        _answer(said | {"unfinished": unfinished}, f"no retrain: {why}")
        return
    found = _choose(settings, now)
    said |= {"rows": len(found.earlier) + len(found.new), "new": found.fresh, "rejected": len(found.rejected)}
    wanted = retrains.needed(reason, settings.retrain)
    if found.fresh < wanted:
        _answer(
            said,
            f"no retrain: {counted(found.fresh, 'new labelled prediction')} can be learnt from, {wanted} are "
            f"needed on {reason}{_because(found)}",
        )
        return
    if not (found.changes or retrains.cut_off()):
        _answer(said, f"no retrain: there is no label to learn from that is new{_because(found)}")
        return
    retrains.prepare(said)
    with private.writing(paths.FEEDBACK):
        collected.collect(found, said["id"])
    _commit(len(found.new))
    why = f"{counted(found.fresh, 'new labelled prediction')} to learn from, {said['rows']:,} in all{_because(found)}"
    said |= {"begun": True, "why": f"{why}."}
    _answer(said, why)
    retrains.begin(said)


def _choose(settings: params.Params, now: datetime) -> Choice:
    """What there is to learn from, when all that a run before left half done is taken back."""
    git("var", "GIT_COMMITTER_IDENT")  # without a name nothing can be committed
    if retrains.read_current():
        restore(Path("dvc.lock"))  # of a run that was killed
    earlier = _earlier()
    refuse_dirty("a retrain")
    _require_seen()
    log, trusted = journal.folder(), settings.retrain.trusted
    feedback = read_feedback(log, trusted, now)
    return choose(feedback, log, earlier, trusted, list(settings.targets))


def _earlier() -> pd.DataFrame:
    """The rows of the last collection that came to its end."""
    if not (retrains.cut_off() or git("status", "--porcelain", "--", str(paths.FEEDBACK))):
        with suppress(UserError):  # rows that are not those of git are brought
            return read_collected()
    _take_back()
    return read_collected()


def _take_back() -> None:
    """Takes back what a collection left that was cut off before its commit: it is all collected again.

    Rows that are neither here nor in DVC's cache stay away, which whoever reads them says.
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


def _require_seen() -> None:
    """Makes sure that DVC looks into data/feedback: what it does not see it neither pushes nor spares.

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
    """Makes what was collected a version of the data."""
    with _dvc() as repository:
        repository.add([str(path) for path in collected.VERSIONED])
    commit_changed(paths.FEEDBACK, f"Feedback: {counted(new, 'new labelled prediction')}")


@contextmanager
def _dvc() -> Iterator[Any]:
    """DVC's repository; what it refuses is a sentence."""
    from dvc.exceptions import CheckoutError, DvcException

    try:
        with of_dvc() as repository:
            repository.scm_context.quiet = True  # what to type next is done here
            yield repository
    except CheckoutError:
        raise
    except DvcException as error:
        raise UserError(f"DVC does not take {paths.FEEDBACK}: {error}") from error


def _because(found: Choice) -> str:
    """What was set aside, by the commonest reason."""
    if found.rejected.empty:
        return ""
    reasons = found.rejected["reason"].value_counts()
    more = f" and {counted(len(reasons) - 1, 'other reason')}" if len(reasons) > 1 else ""
    return f"; {counted(len(found.rejected), 'label')} set aside: {reasons.index[0]} ({reasons.iloc[0]}){more}"


def _answer(said: dict[str, Any], why: str) -> None:
    private.close(paths.FEEDBACK)  # DVC put it there under the umask of a team
    with private.writing(paths.MONITORING):
        write_json(retrains.COLLECTED, said | {"why": f"{why}."})
    print(f"collect: {why}")
