"""A machine of a shared search, which searches a formula."""

import os
import signal
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from optuna.trial import FrozenTrial

from sensorium.training.choices import Range
from sensorium.training.search import Draft, Plan, Space, Watch, ended, finished, open_study
from sensorium.training.shared_search import search_together

PLAN = Plan(
    Space({"kind": ["linear", "concat", "attention"]}, {"learning_rate": Range(low=0.01, high=1.0, log=True)}),
    trials=14,
    seconds=60,
    seed=0,
    at_once=4,
)


def run(draft: Draft) -> FrozenTrial:
    """A trial of six epochs, all as bad as the last; the linear one tells nothing on the way."""
    loss = (draft.settings["training"]["learning_rate"] - 0.1) ** 2 + (draft.settings["fusion"]["kind"] == "concat")

    def watched(watch: Watch) -> float:
        for epoch in range(1, 7) if draft.settings["fusion"]["kind"] != "linear" else ():
            watch(epoch, loss)
        return loss

    time.sleep(0.1)
    return ended(draft, watched)


def run_for_ever(draft: Draft) -> FrozenTrial:
    time.sleep(600)
    return run(draft)


def run_and_be_killed_once(draft: Draft) -> FrozenTrial:
    mark = Path("killed")
    if draft.place == 1 and not mark.exists():
        mark.touch()
        os.kill(os.getpid(), signal.SIGKILL)
    return run(draft)


def search(journal: Path, address: str, how: str = "run") -> list[FrozenTrial]:
    """All trials at the end, as this machine has them; a thread works, since processes would take longer to start."""
    quick = {"processes": lambda: 1, "started": ThreadPoolExecutor, "POLL": 0.1, "BEAT": 0.2, "LOST": 2.0}
    with pytest.MonkeyPatch.context() as patch:
        for name, value in quick.items():
            patch.setattr(f"sensorium.training.shared_search.{name}", value)
        study = open_study(journal, "s")
        list(search_together(study, PLAN, globals()[how], address, "s"))
        return finished(study)


if __name__ == "__main__":
    search(Path(sys.argv[1]), *sys.argv[2:])
