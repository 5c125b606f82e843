import json
import shutil
import subprocess
import sys
from dataclasses import replace
from itertools import combinations
from pathlib import Path

import numpy as np
import pytest

from sensorium.errors import BadInput, UserError
from sensorium.modalities import Tabular, Text
from sensorium.runtime import artefact, profile
from sensorium.runtime.predictor import Predictor
from tests import model
from tests.serving.conftest import RAWS


@pytest.fixture(scope="module")
def predictor(model_folder: Path) -> Predictor:
    return Predictor.load(model_folder)


def test_any_subset_gets_probabilities_and_batches_change_nothing(predictor: Predictor) -> None:
    subsets = [names for count in range(1, 5) for names in combinations(RAWS, count)]
    samples = [predictor.accept({name: RAWS[name] for name in names}) for names in subsets]
    together = predictor.predict(samples)
    for sample, answer in zip(samples, together, strict=True):
        assert [round(float(values.sum()), 5) for values in answer.values()] == [1.0, 1.0]
        for target, alone in predictor.predict([sample])[0].items():
            np.testing.assert_allclose(alone, answer[target], atol=1e-3)
    assert not np.allclose(together[0]["label"], together[1]["label"], atol=1e-4)


def test_a_bad_input_is_named(predictor: Predictor) -> None:
    with pytest.raises(BadInput, match=r"^photo: not a picture"):
        predictor.accept({"note": "fine", "photo": b"hello"})
    with pytest.raises(BadInput, match="there is no input 'video'; this model reads note, photo, sound, car"):
        predictor.accept({"video": b""})
    with pytest.raises(BadInput, match="no input was given"):
        predictor.accept({})


def test_one_value_under_an_old_and_a_new_name_is_refused(predictor: Predictor) -> None:
    renamed = replace(predictor, inputs=dict(predictor.inputs) | {"note": Text(column="head line")})
    assert renamed.accept({"note": "a frog"}) == {"note": "a frog"}
    with pytest.raises(BadInput, match="^head line: given more than once$"):
        renamed.accept({"note": "a frog", "head line": "a toad"})


def test_it_needs_neither_torch_nor_transformers(model_folder: Path) -> None:
    code = (
        "import sys; from pathlib import Path; from sensorium.runtime.predictor import Predictor\n"
        f"p = Predictor.load(Path({str(model_folder)!r}))\n"
        "p.predict([p.accept({'note': 'a frog', 'car': {'age': 1}})])\n"
        "print(*{'torch', 'transformers', 'pandas', 'optuna'} & set(sys.modules))"
    )
    assert subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout == "\n"


def test_networks_that_do_not_fit_together_are_refused(tmp_path: Path) -> None:
    values = {"facts": {"a": 1.0, "b": 2.0}}
    folders = []
    for number, columns in enumerate((["a"], ["a", "b"])):
        readers = model.read({"facts": Tabular(numbers=columns)}, values)
        network = model.small_network(readers, {"label": ["no", "yes"]})
        folders.append(model.write(readers, values, network, tmp_path / str(number)))
    assert Predictor.load(folders[0]).shapes == {"facts": (1, 2)}
    shutil.copyfile(folders[1] / artefact.FUSION, folders[0] / artefact.FUSION)
    reseal(folders[0])
    with pytest.raises(UserError, match=r"fusion.onnx does not fit the encoders: it reads .*\(1, 4\)"):
        Predictor.load(folders[0])
    (folders[0] / artefact.FUSION).write_bytes(b"no network")
    reseal(folders[0])
    with pytest.raises(UserError, match="fusion.onnx is no network that ONNX Runtime can run"):
        Predictor.load(folders[0])


def reseal(folder: Path) -> None:
    manifest = json.loads((folder / "manifest.json").read_text())
    (folder / "manifest.json").unlink()
    artefact.seal(folder, {key: value for key, value in manifest.items() if key not in ("version", "files")})


def test_a_model_of_another_version_is_refused(model_folder: Path, tmp_path: Path) -> None:
    odd: list[dict[str, object]] = [
        {"preprocess": "mel-windows"}, {"settings": {"kind": "audio", "loud": True}}, {"constants": None}
    ]  # fmt: skip
    for change in odd:
        folder = tmp_path / "-".join(change)
        shutil.copytree(model_folder, folder)
        manifest = json.loads((folder / "manifest.json").read_text())
        manifest["inputs"]["sound"] |= change
        (folder / "manifest.json").write_text(json.dumps(manifest))
        reseal(folder)
        with pytest.raises(UserError, match="was made by another version of Sensorium"):
            Predictor.load(folder)


def test_a_category_is_read_as_the_model_spells_it(tmp_path: Path) -> None:
    facts = Tabular(categories=["c", "price"])
    values = {"facts": {"c": "1", "price": "2"}}
    readers = model.read({"facts": facts}, values)
    folder = model.write(readers, values, model.small_network(readers, {"t": ["a", "b"]}), tmp_path / "model")
    known = ["c=1.0", "c=True", "c=new", "price=1.50", "price=3.10"]  # by an earlier version, and of a table of text
    np.savez(folder / profile.FILE, **{"facts.names": profile.checksums(known)})
    predictor = Predictor.load(folder)

    def read(**cells: object) -> dict[str, str]:
        return predictor.accept({"facts": cells})["facts"]

    assert [read(c=cell)["c"] for cell in (1, 1.0, "1", "1.0", " 1.0")] == ["1.0"] * 5
    assert [read(c=cell)["c"] for cell in (True, "true", "True")] == ["True"] * 3
    assert [read(c=cell)["c"] for cell in (7, 7.0, "7.0", "new\n")] == ["7", "7", "7", "new"]
    assert [read(price=cell)["price"] for cell in (1.5, "1.50", 3.1)] == ["1.50", "1.50", "3.10"]
    assert read(price="3.1") == {"price": "3.1"}  # a version that the model has not seen
    prepared = facts.pack(facts.accept({"c": 1.0}))  # by this version, for a champion of an earlier one
    assert predictor.inputs["facts"].unpack(prepared) == {"c": "1.0"}
