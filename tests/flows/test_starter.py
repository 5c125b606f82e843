import sys
from pathlib import Path

import pytest

from flows import commands, starter


def test_a_starter_that_has_ended_is_a_sentence(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "executable", "/bin/false")
    with pytest.raises(ChildProcessError) as ended:
        commands.run(["dvc", "repro"], tmp_path, print)
    assert str(ended.value) == (
        "`dvc repro` did not begin: the process that starts commands has ended; the output of the run has "
        "its last words."
    )
    starter.Starter._of[tmp_path]._process.wait()
    with pytest.raises(ChildProcessError, match="did not begin"):
        starter.Starter._of[tmp_path].start(["dvc", "repro"], tmp_path)
