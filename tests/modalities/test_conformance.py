"""What every kind of input must do, run over every kind: a new one is a case in `CASES`."""

import hashlib
import json
import math
import pickle
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import jsonschema
import numpy as np
import pytest

from sensorium.data_root import DataRoot
from sensorium.errors import BadInput
from sensorium.modalities import KINDS, Modality, declared
from sensorium.modalities.modality import STRENGTHS
from tests.extremes import ACCEPTED, REFUSED
from tests.modalities.cases import CASES, Case

HOSTILE = [b"", b"\0" * 64, b"\xff" * 300, b"[" * 5000, "", "\ud800", 5, -0.0, True, [], {"\0": {}}, object(), range(9)]

DAMAGED = {  # by kind and its `damage`: a digest of all forms of an example; who changes them raises it
    ("text", 1): "7048d7bf89fa",
    ("image", 1): "7faa947637da",
    ("audio", 1): "c0a022b358e9",
    ("video", 1): "e7707c5b5d6e",
    ("signal", 1): "ef34b15b97d8",
    ("tabular", 1): "36502fd84ce2",
}


class Conformance:
    """Of the kind of the fixture ``case``."""

    @pytest.fixture
    def kind(self, case: Case) -> Modality:
        return case.kind

    @pytest.fixture
    def value(self, case: Case) -> Any:
        return case.kind.accept(case.raws[0])

    def test_it_is_read_from_a_row_of_a_table(self, case: Case, kind: Modality, tmp_path: Path) -> None:
        for raw in case.raws:
            found = kind.raw(case.row(raw, tmp_path) | {"other": 1}, "it", DataRoot(tmp_path))
            assert kind.pack(kind.accept(found)) == kind.pack(kind.accept(raw))

    @pytest.mark.parametrize("nothing", [None, float("nan"), ""], ids=str)
    def test_it_is_missing_where_its_cells_are(self, kind: Modality, nothing: Any, tmp_path: Path) -> None:
        assert kind.raw(dict.fromkeys(kind.columns("it"), nothing), "it", DataRoot(tmp_path)) is None
        assert kind.raw({}, "it", DataRoot(tmp_path)) is None

    def test_a_file_is_looked_for_below_the_table_only(self, kind: Modality, tmp_path: Path) -> None:
        (tmp_path / "secret").write_bytes(b"of others")
        root = tmp_path / "data"
        root.mkdir()
        (root / "large").touch()
        (root / "large").open("r+b").truncate(kind.max_bytes + 1)
        for path in ("../secret", "nowhere", "large", str(tmp_path / "secret")) if kind.is_file else ():
            with pytest.raises(BadInput, match=path):
                kind.raw({"it": path}, "it", DataRoot(root))

    def test_what_cannot_be_read_says_why(self, case: Case, kind: Modality) -> None:
        raw, sentence = case.bad
        with pytest.raises(BadInput) as caught:
            kind.accept(raw)
        assert str(caught.value) == sentence

    @pytest.mark.parametrize("number", range(len(HOSTILE)))
    def test_a_hostile_value_gets_one_sentence(self, kind: Modality, number: int) -> None:
        try:
            accepted = kind.accept(HOSTILE[number])
        except BadInput as problem:
            assert 10 < len(str(problem)) < 300
            assert str(problem).isprintable()
        else:
            kind.pack(accepted)

    def test_its_extremes_are_known(self, kind: Modality) -> None:
        assert any(type(one) is type(kind) for one, *_ in ACCEPTED.values())
        assert any(type(one) is type(kind) for one, *_ in REFUSED.values())

    def test_packing_loses_nothing_and_equal_values_pack_equal(self, case: Case, kind: Modality) -> None:
        packed = [kind.pack(value) for value in case.values]
        assert len(set(packed)) == len(packed)
        for value, one in zip(case.values, packed, strict=True):
            assert kind.pack(kind.unpack(one)) == one
            np.testing.assert_array_equal(np.asarray(kind.unpack(one)), np.asarray(value))
            assert kind.pack(kind.accept(one)) == one  # as what is kept of a request comes back
            assert kind.describe(kind.accept(kind.file(value))).keys() == kind.describe(value).keys()
        assert kind.pack(kind.accept(case.again)) == packed[0]

    def test_what_a_request_gave_makes_a_row_again(self, case: Case, kind: Modality, tmp_path: Path) -> None:
        for value in case.values if not kind.is_file else []:
            row = kind.cells("it", kind.pack(value))
            assert kind.pack(kind.accept(kind.raw(row, "it", DataRoot(tmp_path)))) == kind.pack(value)

    def test_it_is_declared_in_json_and_travels_to_other_processes(self, kind: Modality) -> None:
        assert declared(json.loads(kind.model_dump_json())) == kind
        assert pickle.loads(pickle.dumps(kind)) == kind

    def test_its_example_is_accepted_and_as_openapi_has_it(self, kind: Modality) -> None:
        example = kind.example()
        assert len(kind.pack(kind.accept(example))) < 10_000
        schema = kind.openapi("base64")
        if kind.is_file:
            assert (schema, isinstance(example, bytes)) == ({"type": "string", "format": "base64"}, True)
            assert kind.media_types
        else:
            jsonschema.validate(json.loads(json.dumps(example)), schema)

    def test_what_is_said_of_a_value_has_words_for_its_changes(self, case: Case, kind: Modality) -> None:
        for value in case.values:
            said = kind.describe(value)
            numbers = {name: number for name, number in said.items() if not isinstance(number, str)}
            assert all(math.isfinite(number) for number in numbers.values())
            assert kind.describes_content or numbers.keys() <= kind.comparatives.keys()
        for words in kind.comparatives.values():
            assert words.less != words.more

    def test_names_are_those_of_a_value(self, case: Case, kind: Modality) -> None:
        names = [name for value in case.values for name in kind.names(value)]
        assert all(isinstance(name, str) and name for name in names)
        assert bool(names) == kind.has_names
        assert type(kind.as_known(np.array([], np.uint32))) is type(kind)
        assert set(kind.named()) <= set(kind.columns("it"))

    def test_every_corruption_gives_a_value_that_is_clean_and_the_same_again(self, kind: Modality, value: Any) -> None:
        assert kind.corruptions
        before = kind.pack(value)
        for corrupt in kind.corruptions.values():
            packed, again = (
                {kind.pack(corrupt(value, strength, np.random.default_rng(5))) for strength in range(len(STRENGTHS))}
                for _ in range(2)
            )
            assert packed == again
            for one in packed:
                assert kind.pack(kind.accept(one)) == one
                assert set(kind.describe(kind.unpack(one))) <= set(kind.describe(value))
        assert kind.pack(value) == before

    def test_parts_are_hidden_one_by_one_and_shown_by_weight(self, kind: Modality, value: Any) -> None:
        before = kind.pack(value)
        parts = kind.occlusions(value)
        assert len({str(part) for part, _ in parts}) == len(parts) > 1
        assert {kind.pack(left) for _, left in parts} - {before}
        assert kind.pack(value) == before
        if kind.is_sketched:
            assert [*kind.sketch(value).parts] == [part for part, _ in parts]
            json.dumps(kind.sketch(value).as_json())
        shown = kind.show(value, [(part, weight) for (part, _), weight in zip(parts, [0.5, -0.25], strict=False)])
        assert 'class="for" style="--weight:0.50"' in shown
        assert 'class="against" style="--weight:0.25"' in shown
        assert "http" not in shown
        assert "<b>" not in shown and "<here>" not in shown
        HTMLParser().feed(shown)

    def test_what_training_rows_teach_travels_as_json(self, case: Case, kind: Modality) -> None:
        learnt = kind.learn(case.values)
        if learnt is not None:
            taught = kind.model_copy(update={"learnt": learnt})
            assert declared(json.loads(taught.model_dump_json())) == taught
            assert set(taught.left_out()) <= set(kind.columns("it"))


class TestConformance(Conformance):
    @pytest.fixture(params=CASES)
    def case(self, request: pytest.FixtureRequest) -> Case:
        return CASES[request.param]

    def test_every_kind_has_a_case(self) -> None:
        assert {case.kind.kind for case in CASES.values()} == set(KINDS)

    @pytest.mark.parametrize("kind", [CASES[name].kind for name in KINDS], ids=KINDS)
    def test_a_version_of_damage_gives_these_values(self, kind: Modality) -> None:
        value, digest = kind.accept(kind.example()), hashlib.sha256()
        for damage in kind.corruptions.values():
            for strength in range(len(STRENGTHS)):
                damaged = damage(value, strength, np.random.default_rng(0))
                digest.update(np.asarray(damaged).tobytes() if kind.is_file else repr(damaged).encode())
        assert digest.hexdigest()[:12] == DAMAGED[kind.kind, kind.damage]
