"""Inputs are read once for validation and training, a piece of the rows at a time."""

from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from sensorium import paths
from sensorium.dataset.items import copy_shards, digest, digests, read_items, shard_files, write_shard
from sensorium.dataset.problems import Problem
from sensorium.dataset.reading import read_inputs
from sensorium.engine import HERE
from sensorium.media import Media, MediaWriter
from sensorium.modalities import Image, Text
from sensorium.stages import ingest, prepare, validate
from tests.conftest import Project, png


def make(project: Project, rows: int = 60) -> None:
    project.params["inputs"] = {"photo": {"kind": "image"}, "note": {"kind": "text"}}
    table = [
        {"id": f"r{number}", "photo": f"{number % 12}.png", "note": f"note {number}", "label": "xy"[number % 2]}
        for number in range(rows)
    ]
    table[3] |= {"photo": "broken.png", "note": None}  # a row that is set aside, and holds nothing else
    table[4]["photo"] = "absent.png"
    table[5] |= {"photo": "only.png", "label": None}
    files = {f"{number}.png": png((number, 0, 0)) for number in range(12)}
    project.write(table, {**files, "broken.png": b"no picture", "only.png": png((0, 0, 99))})


def test_every_input_is_read_once(project: Project, monkeypatch: pytest.MonkeyPatch) -> None:
    make(project)
    ingest.run()
    read: list[bytes] = []
    decode = Image.decode
    monkeypatch.setattr(Image, "decode", lambda self, raw: read.append(raw) or decode(self, raw))
    validate.run()
    prepare.run()
    assert sorted(read) == sorted({*read})
    assert len(read) == 14  # twelve, the one that is broken, and that of a row without a label
    rows = pd.read_parquet(paths.PREPARED / "rows.parquet").set_index("id")
    assert sorted({f"r{number}" for number in range(60)} - set(rows.index)) == ["r3", "r5"]
    assert rows["photo"].isna().sum() == 1
    assert rows.loc["r4", "note"] == digest(b"note 4")
    kept = dict(read_items(paths.PREPARED / "photo", digests(paths.PREPARED / "photo")))
    assert set(kept) == set(rows["photo"].dropna())  # not the picture of a row that is set aside
    value = Image().unpack(kept[rows.loc["r7", "photo"]])
    assert value.getpixel((0, 0)) == (7, 0, 0)
    reasons = pd.read_parquet(paths.VALID / "quarantine.parquet").set_index("id")["reason"]
    assert reasons["r4"] == "file 'absent.png' does not exist: paths are relative to the folder of the table"
    assert {path.suffix for path in Path("data").rglob("*") if path.is_file()} == {".parquet", ".json"}


def test_what_is_found_stands_in_the_order_of_the_rows(tmp_path: Path) -> None:
    with MediaWriter(tmp_path) as writer:
        writer.add("Image", "a.png", png())
    cells = ["a.png", None, "b.png"] * 200
    table = pa.table({"id": [f"r{number}" for number in range(600)], "photo": cells, "note": ["a", "", "b"] * 200})
    inputs = {"photo": Image(), "note": Text()}
    found, by_input = read_inputs(table, inputs, Media.of_folder(tmp_path), tmp_path / "values", HERE)
    assert [one["photo"] if one["photo"] in (True, False) else "bad" for one in found] == [True, False, "bad"] * 200
    assert isinstance(found[2]["photo"], Problem)
    assert found[0] is found[3]
    packed = digest(Image().pack(Image().accept(png())))
    assert by_input["photo"].to_pylist() == [packed, None, None] * 200
    assert by_input["note"].to_pylist() == [digest(b"a"), None, digest(b"b")] * 200
    assert digests(tmp_path / "values/photo") == [packed]
    assert len(shard_files(tmp_path / "values/photo")) > 2


def test_shards_are_copied_without_what_is_not_wanted(tmp_path: Path) -> None:
    names = [f"{number}" for number in range(4)]
    for folder in ("from", "to"):
        (tmp_path / folder).mkdir()
    for number, of_shard in enumerate((names[:2], names[2:])):
        write_shard(
            tmp_path / "from", number, {one: one.encode() for one in of_shard}, {one: {"words": 1} for one in of_shard}
        )
    copy_shards(tmp_path / "from", tmp_path / "to", {"0", "1", "3"})
    first, second = (path.read_bytes() for path in shard_files(tmp_path / "from"))
    assert (tmp_path / "to/part-00000.parquet").read_bytes() == first
    assert (tmp_path / "to/part-00001.parquet").read_bytes() != second
    assert dict(read_items(tmp_path / "to", names)) == {"0": b"0", "1": b"1", "3": b"3"}
    assert pq.read_schema(tmp_path / "to/part-00001.parquet").names == ["digest", "packed", "descriptor.words"]


def test_a_row_more_leaves_the_other_shards_of_values_as_they_were(tmp_path: Path) -> None:
    random = np.random.default_rng(0)
    words = [f"note {number} {random.integers(10**9)}" for number in range(3000)]
    ids = [f"r{number}" for number in range(3000)]

    def shards(ids: list[str], words: list[str], folder: Path) -> set[bytes]:
        read_inputs(pa.table({"id": ids, "note": words}), {"note": Text()}, Media(tmp_path, {}), folder, HERE)
        return {path.read_bytes() for path in shard_files(folder / "note")}

    before = shards(ids, words, tmp_path / "before")
    after = shards([*ids[:999], "new", *ids[999:]], [*words[:999], "new", *words[999:]], tmp_path / "after")
    assert len(before) > 12
    assert len(after - before) <= 4
