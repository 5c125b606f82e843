import json
from pathlib import Path

import jsonschema
import pytest
import yaml

from sensorium import params
from sensorium.errors import UserError
from tests.conftest import REPOSITORY, Project


def complaint(project: Project, **changes: object) -> str:
    project.params |= changes
    project.write()
    with pytest.raises(UserError) as caught:
        params.load()
    return str(caught.value)


def test_the_projects_own_file_is_sound() -> None:
    loaded = params.load(REPOSITORY / "params.yaml")
    assert list(loaded.inputs) == ["text", "image", "speech"]
    assert loaded.split.groups == ["item", "text", "image", "speech"]


@pytest.mark.parametrize("example", sorted((REPOSITORY / "examples").glob("*.yaml")), ids=lambda path: path.stem)
def test_an_example_is_sound_and_has_all_that_dvc_asks_for(example: Path) -> None:
    params.load(example)
    stages = yaml.safe_load((REPOSITORY / "dvc.yaml").read_text())["stages"].values()
    keys = [key for stage in stages for key in stage.get("do", stage).get("params", []) if isinstance(key, str)]
    assert {key.split(".")[0] for key in keys} <= set(yaml.safe_load(example.read_text()))


def test_an_unknown_key_is_named_with_its_likest_neighbour(project: Project) -> None:
    assert complaint(project, fusion={"knd": "concat"}) == (
        "params.yaml: fusion: unknown key 'knd' (did you mean 'kind'?); allowed: kind, width, layers, dropout."
    )


def test_an_unknown_section_is_named(project: Project) -> None:
    assert complaint(project, fusoin={}).startswith("params.yaml: unknown key 'fusoin' (did you mean 'fusion'?)")


def test_a_wrong_type_says_what_was_found(project: Project) -> None:
    assert complaint(project, search={"trials": "many"}) == (
        "params.yaml: search.trials: 'many' was found; input should be a valid integer."
    )


def test_a_value_out_of_bounds_says_the_bound(project: Project) -> None:
    assert complaint(project, search={"trials": 0}) == (
        "params.yaml: search.trials: 0 was found; input should be greater than or equal to 1."
    )


@pytest.mark.parametrize(
    ("storage", "why"),
    [
        ("postgresql://ada:secret@db/x", "a password has no place in params.yaml; the variable PGPASSWORD of the"),
        (
            "grpc://db",
            "'grpc://db' is no address such as postgresql://sensorium@10.0.0.1/optuna or grpc://10.0.0.1:13000",
        ),
        ("mysql://db/x", "'mysql://db/x' is no address such as"),
        ("postgresql://[db/x", "the address cannot be read"),
    ],
)
def test_where_a_search_is_not_shared(project: Project, storage: str, why: str) -> None:
    said = complaint(project, search={"storage": storage})
    assert said.startswith(f"params.yaml: search.storage: {why}")
    assert "secret" not in said


def test_an_encoder_that_does_not_exist(project: Project) -> None:
    assert complaint(project, inputs={"note": {"kind": "text", "encoder": "minilmm"}}) == (
        "params.yaml: inputs.note.encoder: there is no encoder 'minilmm'; "
        "known: minilm, bag, convolutions, gru, lstm, transformer, a local folder, or a hub id like org/name."
    )


def test_an_encoder_folder_that_does_not_exist(project: Project) -> None:
    assert "there is no encoder './mine/bert'" in complaint(
        project, inputs={"note": {"kind": "text", "encoder": "./mine/bert"}}
    )


def test_an_unknown_kind_lists_the_known_ones(project: Project) -> None:
    assert complaint(project, inputs={"note": {"kind": "smell"}}) == (
        "params.yaml: inputs.note: 'kind' 'smell' is not known; allowed: 'text', 'image', 'audio', 'video', 'signal', "
        "'tabular'."
    )


@pytest.mark.parametrize(
    ("keys", "sentence"),
    [
        ({}, "inputs.pulse.rate: missing, but needed."),
        ({"rate": 50, "columns": ["a"], "channels": ["b"]}, "columns hold lists, while column and channels tell of a"),
        ({"rate": 50, "columns": ["a", "a"]}, "'a' is listed twice"),
        ({"rate": 50, "seconds": 0.1}, "at this rate they are 5 samples over all channels; 16 a channel, and at most"),
        (
            {"rate": 50, "column": "a", "chanels": ["b"]},
            "unknown key 'chanels' (did you mean 'channels'?); allowed: kind",
        ),
        ({"rate": 50, "encoder": "bert"}, "'bert' was found"),
    ],
)
def test_a_signal_that_cannot_be(project: Project, keys: dict[str, object], sentence: str) -> None:
    assert sentence in complaint(project, inputs={"pulse": {"kind": "signal"} | keys})


def test_an_unknown_source_lists_the_known_ones(project: Project) -> None:
    assert "allowed: 'tuxpaint', 'manifest'" in complaint(project, data={"source": "kaggle"})


def test_a_missing_key_is_named(project: Project) -> None:
    assert complaint(project, data={"source": "manifest"}) == "params.yaml: data.path: missing, but needed."


def test_shares_that_do_not_add_up(project: Project) -> None:
    assert complaint(project, split={"train": 0.9, "val": 0.2, "test": 0.1}) == (
        "params.yaml: split: train, val and test add up to 1.2, not to 1."
    )


def test_a_gate_on_a_figure_that_no_run_measures(project: Project) -> None:
    assert complaint(project, gate=[{"metric": "compress.megabyte", "max": 5}]).startswith(
        "params.yaml: gate[0]: no run measures 'compress.megabyte': there is no 'megabyte' (did you mean 'megabytes'?)"
    )


PRICE = {"price": {"kind": "number"}, "tags": {"kind": "multilabel"}, "label": {"kind": "class"}}


@pytest.mark.parametrize(
    ("figure", "bound", "write"),
    [
        ("evaluate.price.mae", "min", "max"),
        ("evaluate.*.mae", "min", "max"),
        ("evaluate.label.calibration.after.log_loss", "min", "max"),
        ("slices.price.*.*.mae", "min", "max"),
        ("compress.mae.price", "min", "max"),
        ("evaluate.price.r2", "max", "min"),
        ("evaluate.tags.map", "max", "min"),
        ("compress.accuracy.label", "max", "min"),
    ],
)
def test_a_rule_that_bounds_a_figure_where_it_is_best(project: Project, figure: str, bound: str, write: str) -> None:
    low = "an error, which is better low" if write == "max" else "better high"
    assert complaint(project, targets=PRICE, gate=[{"metric": figure, bound: 0.5}]) == (
        f"params.yaml: gate[0]: {figure!r} is {low}: write `{write}:` for its bound, not `{bound}:`."
    )
    rules = [{"metric": figure, write: 0.5}, {"metric": "evaluate.price.coverage", "max": 0.97}]
    rules += [
        {"metric": "evaluate.price.median.rmse", "min": 2},
        {"metric": "evaluate.label.majority.accuracy", "max": 0.9},
    ]
    project.params |= {"gate": [*rules, {"metric": "evaluate.price.coverage", "min": 0.8}]}
    project.write()
    assert len(params.load().gate) == 5  # intervals may be too wide as well as too narrow, and a task too easy


def test_a_number_is_never_too_unsure_to_be_answered(project: Project) -> None:
    assert complaint(project, targets=PRICE, serve={"abstain": {"label": 0.4, "price": 0.4}}) == (
        "params.yaml: serve.abstain: price is a number, which is answered however unsure the model is; take it out: "
        "only classes have a probability below which no label is given."
    )
    project.params |= {"serve": {"abstain": 0.4}}  # one for all is for those that it means something to
    project.write()
    assert params.load().serve.threshold("label") == 0.4


def test_a_gate_on_a_target_that_is_not_declared(project: Project) -> None:
    assert complaint(project, gate=[{"metric": "evaluate.colour.accuracy", "min": 0.5}]) == (
        "params.yaml: gate[0]: 'evaluate.colour.accuracy' names the target 'colour'; there is label."
    )


@pytest.mark.parametrize("bound", ["0.8", "high"])
def test_a_bound_that_is_neither_number_nor_address(project: Project, bound: str) -> None:
    found = complaint(project, gate=[{"metric": "evaluate.label.accuracy", "min": bound}])
    assert found.startswith(f"params.yaml: gate[0].min: {bound!r} is neither a number (which has no quotes) nor a ")


def test_a_target_among_the_columns_of_an_input(project: Project) -> None:
    facts = {"kind": "tabular", "categories": ["brand", "label"]}
    assert complaint(project, inputs={"facts": facts}) == (
        "params.yaml: inputs.facts reads the column 'label', which is a target."
    )


def test_a_range_keeps_the_bounds_of_its_values(project: Project) -> None:
    assert "fusion.dropout.high: 3 was found; input should be less than 1" in complaint(
        project, fusion={"dropout": {"low": 0.1, "high": 3}}
    )


def test_every_mistake_gets_its_sentence(project: Project) -> None:
    sentences = complaint(project, search={"trials": 0, "minutes": -1}).splitlines()
    assert [sentence.split(":")[1] for sentence in sentences] == [" search.trials", " search.minutes"]


def test_a_file_that_is_no_yaml(project: Project) -> None:
    (project.root / "params.yaml").write_text("inputs: {")
    with pytest.raises(UserError, match="is not YAML"):
        params.load()


def test_no_file(project: Project) -> None:
    with pytest.raises(UserError, match=r"params.yaml is not here; run this in the root"):
        params.load()


def test_a_list_or_a_range_is_searched_and_a_value_fixed(project: Project) -> None:
    project.params["fusion"] = {"kind": "attention", "width": [64, 128], "dropout": {"low": 0.1, "high": 0.5}}
    project.write()
    fusion = params.load().fusion
    assert (fusion.kind, fusion.width) == ("attention", [64, 128])
    assert complaint(project, fusion={"dropout": {"low": 0.5, "high": 0.1}}).startswith(
        "params.yaml: fusion.dropout: a range needs low < high"
    )


def test_the_committed_schema_is_current_and_accepts_the_file() -> None:
    committed = json.loads((REPOSITORY / "params.schema.json").read_text())
    assert committed == params.schema(), "run `sensorium schema`"
    jsonschema.validate(yaml.safe_load((REPOSITORY / "params.yaml").read_text()), committed)


@pytest.mark.parametrize(
    ("compress", "sentence"),
    [
        (
            {"students": {"note": [{"kind": "width", "keep": 0.5}]}},
            "compress.students.note: there is no kind of input 'note'; known: text, image, audio, video, signal, "
            "tabular, fusion.",
        ),
        ({"students": {"text": [{"kind": "deep", "keep": 0.5}]}}, "compress.students.text[0].kind: 'deep' was found"),
        ({"students": {"text": [{"kind": "words", "keep": 1.0}]}}, "input should be less than 1"),
        ({"students": {"text": []}}, "compress.students.text: [] was found"),
        (
            {"forms": ["int9"]},
            "compress.forms[0]: there is no form 'int9' (did you mean 'int8'?); known: optimised, int8, ",
        ),
        ({"objective": "beauty"}, "compress.objective: 'beauty' was found; input should be 'size' or 'latency'"),
    ],
)
def test_compression_that_cannot_be(project: Project, compress: dict[str, object], sentence: str) -> None:
    assert sentence in complaint(project, compress=compress)


def test_students_of_a_kind_that_no_input_has_are_not_used(project: Project) -> None:
    project.params["compress"] = {"students": {"image": [{"kind": "width", "keep": 0.5}]}}
    project.write()
    assert list(params.load().inputs) == ["note"]


@pytest.mark.parametrize("name", ["id", "split", "group", "present"])
def test_names_that_the_tables_use(project: Project, name: str) -> None:
    sentence = (
        f"params.yaml: {name!r} cannot be the name of an input or target; the tables use it: choose another, which "
        f"reads that column with `column: {name}`."
    )
    assert complaint(project, inputs={name: {"kind": "text"}}) == sentence
    assert complaint(project, inputs={"note": {"kind": "text"}}, targets={name: {"kind": "class"}}) == sentence


@pytest.mark.parametrize(
    ("inputs", "sentence"),
    [
        (
            {"look": {"kind": "image", "column": "note"}, "note": {"kind": "text"}},
            "inputs 'look' and 'note' read the column 'note', 'look' as the path of a file and the others as what "
            "stands in it; take one side out.",
        ),
        (
            {"facts": {"kind": "tabular", "numbers": ["age"]}, "note": {"kind": "text", "column": "facts"}},
            "inputs 'facts' and 'note' would all be given as 'facts' in requests; give one another name.",
        ),
    ],
)
def test_names_by_which_a_request_cannot_tell_what_is_meant(
    project: Project, inputs: dict[str, object], sentence: str
) -> None:
    assert complaint(project, inputs=inputs) == f"params.yaml: {sentence}"


def test_inputs_may_share_a_column(project: Project) -> None:
    project.params["inputs"] = {"long": {"kind": "text", "column": "note"}, "note": {"kind": "text", "max_tokens": 8}}
    project.write()
    assert params.load().stood_for == {"note": "long", "label": "label"}


def test_an_input_called_fusion(project: Project) -> None:
    assert "'fusion' cannot be the name of an input" in complaint(project, inputs={"fusion": {"kind": "text"}})


@pytest.mark.parametrize("path", sorted((REPOSITORY / "examples").glob("*.yaml")), ids=lambda path: path.stem)
def test_examples_are_sound(path: Path) -> None:
    assert params.load(path).inputs
