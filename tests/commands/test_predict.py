import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from sensorium.commands import key, predict
from sensorium.errors import UserError
from sensorium.serving import keys
from tests.conftest import png
from tests.serving.conftest import listening, model_folder, serving

__all__ = ["model_folder"]  # the fixture


@pytest.fixture(scope="module")
def address(model_folder: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    with serving(model_folder, tmp_path_factory.mktemp("log")) as client, listening(client) as url:
        yield url


def test_the_answer_is_printed_for_a_person(
    address: str, tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COLUMNS", "80")
    (tmp_path / "frog.png").write_bytes(png())
    predict.run(["--note", "a frog", f"--photo={tmp_path / 'frog.png'}", "--car", '{"age": 3}'], address)
    told = capsys.readouterr().out
    assert re.search(r"^label: (no|yes)$", told, re.MULTILINE)
    assert re.search(r"class +probability +base +note +photo +car", told)
    assert re.search(r"^ *yes +0\.\d{3} +█* +0\.\d{3} +[+-]0\.\d{3} +[+-]0\.\d{3} +[+-]0\.\d{3}", told, re.MULTILINE)
    assert "given    note, photo, car; missing sound" in told
    predict.run(["--note", "--a=[b]b[/b]"], address)
    assert "given    note; missing photo, sound, car" in capsys.readouterr().out
    assert re.search(r"^request  [0-9a-f]{32}$", told, re.MULTILINE)


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        ([], "nothing is given; give one or more of --note, --photo, --sound, --car, each with a value"),
        (["--smell", "x"], "'--smell' is no input of this model; give one or more of --note"),
        (["frog"], "frog has no value"),
        (["a", "frog"], "'a' is no input of this model"),
        (["--note"], "--note has no value"),
        (["--note", "a", "--note", "b"], "--note is given twice"),
        (["--photo", "/nothing.png"], "/nothing.png cannot be read: No such file or directory"),
        (["--note", " "], "note: the text is empty"),
    ],
)
def test_mistakes_get_a_sentence(address: str, arguments: list[str], sentence: str) -> None:
    with pytest.raises(UserError, match=re.escape(sentence)):
        predict.run(arguments, address)


def test_a_new_key_and_its_entry(capsys: pytest.CaptureFixture[str]) -> None:
    key.run("ada")
    told = capsys.readouterr().out
    made, entry = (line.rsplit(": ", 1)[1] for line in told.splitlines())
    assert keys.read({keys.VARIABLE: entry}) == {keys.digest(made): "ada"}
    with pytest.raises(UserError, match="'a b' cannot be the name of a key"):
        key.run("a b")
