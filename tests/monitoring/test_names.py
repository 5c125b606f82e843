from sensorium.modalities import Tabular
from sensorium.monitoring import names
from sensorium.targets import LearntClass

COLUMNS = [
    "unit",
    "present.text",
    "text.words",
    "text.axis.0",
    "text.axis.1",
    "texts.words",
    "present.texts",
    "_hash.text",
]


def test_what_a_column_is_about() -> None:
    assert names.subject("present.text") == ("text", "presence")
    assert names.subject("text.axis.0") == ("text", "axis.0")
    assert names.subject("kind.predicted") == ("kind", "predicted")


def test_a_number_that_is_called_like_an_axis_is_none() -> None:
    (said,) = Tabular(numbers=["axis.0"]).describe({"axis.0": 3.0})
    assert [names.is_axis(column) for column in (names.descriptor("facts", said), "facts.x.axis.y", "text.axis.0")] == [
        False, False, True
    ]  # fmt: skip


def test_an_inputs_columns_are_its_own() -> None:
    assert names.inputs(COLUMNS) == ["text", "texts"]
    assert names.descriptors("text", COLUMNS) == ["text.words"]
    assert names.axes("text", COLUMNS) == ["text.axis.0", "text.axis.1"]
    assert names.of_input("text", COLUMNS) == ["text.words", "text.axis.0", "text.axis.1"]
    assert names.value_hashes(COLUMNS) == ["_hash.text"]


def test_columns_are_named_as_models_that_are_served_have_them() -> None:
    made = [
        names.present("a"), names.descriptor("a", "words"), names.axis("a", 2),
        names.answer("b", LearntClass), names.prediction("b", "confidence"), names.label("b"),
        names.prediction("b", "probability.x.y"),
    ]  # fmt: skip
    assert made == ["present.a", "a.words", "a.axis.2", "b.predicted", "b.confidence", "b.label", "b.probability.x.y"]
