import io
import os
import subprocess
import sys

import pytest
from rich.markup import escape
from rich.table import Table

from sensorium import terminal
from sensorium.terminal import Console

STEERS = "a\x1b[2K\x1b]0;title\x07\r\x9b31m\u202eb\tc\nd é 👩‍👩‍👧"
PLAIN = "a\\x1b[2K\\x1b]0;title\\x07\\x0d\\x9b31m\\u202eb\tc\nd é 👩‍👩‍👧"


def test_what_would_steer_a_terminal_is_written_out() -> None:
    assert terminal.plain(STEERS) == PLAIN


def test_all_that_is_printed_is_plain_but_colours_are_richs(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(sys, "stdout", sys.stdout)  # put back at the end
    terminal.guard_stdout()
    print("gate: FAIL", "\x1b[31mred")
    Console(force_terminal=True, color_system="standard").print(
        f"[red]{escape('[bold]x' + chr(27) + '[0m')}[/]", highlight=False
    )
    assert capsys.readouterr().out == "gate: FAIL \\x1b[31mred\n\x1b[31m[bold]x\\x1b[0m\x1b[0m\n"


def test_a_table_of_somebodys_words_is_plain() -> None:
    table = Table("class")
    table.add_row("no\x1b]0;title\x07")
    printed = Console(file=io.StringIO(), width=40)
    printed.print(table)
    assert "│ no\\x1b]0;title\\x07" in printed.file.getvalue()  # type: ignore[attr-defined]


def test_an_error_repeats_no_words_that_steer() -> None:
    command = [sys.executable, "-m", "sensorium", "predict", "--table", "a.csv", "--out", "b.csv"]
    variables = os.environ | {"SENSORIUM_MODEL": "\x1b[31mmodel"}
    done = subprocess.run(command, env=variables, capture_output=True, text=True, check=False)
    assert (done.returncode, "\x1b" in done.stderr) == (2, False)
    assert "/\\x1b[31mmodel holds no model" in done.stderr
