"""Which files a table's cells may name: links that DVC made are trusted, others are told by their name and target."""

import io
import zipfile
from pathlib import Path

import pytest

from sensorium import frame_files
from sensorium.data_root import DataRoot
from sensorium.errors import BadInput, NothingIn
from sensorium.files import detach, remove, replacing
from sensorium.media import Media, MediaWriter
from sensorium.modalities import Audio, Image, Video
from sensorium.registry.own_data import keep_out_of_git
from sensorium.sources import Manifest
from tests.conftest import png

PUT = "put the files themselves in its place (`cp --recursive --dereference`)"


def refusal(root: Path, cell: str) -> str:
    with pytest.raises(BadInput) as refused:
        DataRoot(root).file(cell)
    return str(refused.value)


@pytest.fixture
def mine(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder with a picture, beside another disk."""
    monkeypatch.chdir(tmp_path)
    for name in ("mine/p/0.png", "disk/q/1.png"):
        (tmp_path / name).parent.mkdir(parents=True)
        (tmp_path / name).write_bytes(png())
    return tmp_path / "mine"


def test_links_inside_are_followed(mine: Path) -> None:
    (mine / "front.png").symlink_to("p/0.png")
    (mine / "r").symlink_to("p")
    (mine.parent / "elsewhere").symlink_to(mine)
    root = DataRoot(mine.parent / "elsewhere")
    assert [root.file(cell) for cell in ("p/0.png", "./p//0.png", "front.png", "r/0.png", "p/../r/0.png")] == [
        mine / "p/0.png"
    ] * 5


def test_a_link_that_leads_outside_is_told_with_its_target(mine: Path) -> None:
    disk = mine.parent / "disk"
    (mine / "1.png").symlink_to("../disk/q/1.png")
    (mine / "big").symlink_to(disk)
    (mine / "chain").symlink_to("big/q")
    (mine / "away").symlink_to("/no/such/disk")
    outside = "leads outside the data root through a link"
    assert refusal(mine, "1.png") == f"'1.png' {outside}: 1.png leads to ../disk/q/1.png; {PUT}"
    assert refusal(mine, "big/q/1.png") == f"'big/q/1.png' {outside}: big leads to {disk}; {PUT}"
    assert refusal(mine, "chain/1.png") == f"'chain/1.png' {outside}: chain leads to big/q; {PUT}"
    assert refusal(mine, "big/2.png") == (
        f"file 'big/2.png' does not exist: big is a link to {disk}, and it is not there"
    )
    assert refusal(mine, "away/2.png") == (
        "file 'away/2.png' does not exist: away is a link to /no/such/disk, and it is not there"
    )
    for cell in ("../disk/q/1.png", str(disk / "q/1.png"), "p/../../disk/q/1.png", ".."):
        assert refusal(mine, cell) == f"'{cell}' lies outside the data root"
    for cell in ("p", "", ".", "p/9.png", "p/0.png/x"):
        assert refusal(mine, cell) == f"file '{cell}' does not exist"


def test_a_folder_or_a_list_of_pictures_is_a_clip(mine: Path) -> None:
    named = {name: png((shade, 0, 0)) for name, shade in (("2.PNG", 2), ("10.png", 10), ("1.png", 1))}
    for folder in ("walk", "empty"):
        (mine / folder).mkdir()
        (mine / folder / "notes.txt").write_text("no frame")
    for name, content in named.items():
        (mine / "walk" / name).write_bytes(content)
    root, most = DataRoot(mine), 2**20
    walk = root.read("walk", most)
    with zipfile.ZipFile(io.BytesIO(walk)) as archive:
        assert archive.namelist() == ["00000.png", "00001.png", "00002.png"]
        assert [archive.read(name) for name in archive.namelist()] == [named[n] for n in ("1.png", "2.PNG", "10.png")]
    (mine / "walk/2.PNG").rename(mine / "walk/3.png")
    assert root.read("./walk/", most) == walk  # nothing but their order counts
    assert root.read('["walk/1.png", "walk/3.png", "walk/10.png"]', most) == walk
    assert root.read('["walk/1.png", "walk/1.png"]', most).count(named["1.png"]) == 2
    assert len(Video().accept(walk).frames) == 3
    with pytest.raises(NothingIn, match="an archive of frames has no sound"):
        Audio().accept(walk)

    (mine / "walk/4.png").symlink_to("../../disk/q/1.png")
    (mine / "away").symlink_to("../disk/q")
    outside = "leads outside the data root through a link"
    cannot = "cannot be had:"
    refused = {
        "empty": "'empty' is a folder without pictures; as a clip it has a picture a frame",
        "walk": f"a frame of 'walk' {cannot} 'walk/4.png' {outside}: walk/4.png leads to ../../disk/q/1.png; {PUT}",
        "away": f"'away' {outside}: away leads to ../disk/q; {PUT}",
        "../disk": "'../disk' lies outside the data root",
        ".": "file '.' does not exist",
        '["../a.png"]': f"a frame of '[\"../a.png\"]' {cannot} '../a.png' lies outside the data root",
        "[1]": "file '[1]' does not exist",
    }
    for cell, why in refused.items():
        with pytest.raises(BadInput) as caught:
            root.read(cell, most)
        assert str(caught.value) == why
    with pytest.raises(BadInput, match="file 'p' is larger than 0 MiB"):
        root.read("p", 30)


def test_frames_of_a_table_are_kept_as_one_file_and_watched(mine: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (mine / "p/1.png").write_bytes(png((1, 1, 1)))
    listed = '["p/1.png", "p/0.png"]'
    table = mine / "t.jsonl"
    table.write_text(f'{{"clip": "p"}}\n{{"clip": {listed}}}\n{{"clip": "q"}}\n')
    source, inputs = Manifest(path=str(table)), {"clip": Video()}
    (mine / "q").mkdir()
    copies = mine.parent / "raw"
    copies.mkdir()
    with MediaWriter(copies) as media:
        rows = source.read(inputs, media)
    kept = Media.of_folder(copies)
    assert rows["clip"].tolist() == ["p", listed, "q"]
    seconds = [Video().raw({"clip": cell}, "clip", kept) for cell in ("p", listed)]
    assert [Video().accept(raw).frames[0, 0, 0].tolist() for raw in seconds] == [[200, 30, 30], [1, 1, 1]]
    with pytest.raises(BadInput, match="'q' is a folder without pictures"):
        kept.read("q", 2**20)
    before = source.made_of(inputs)["media"]
    (mine / "p/1.png").write_bytes(png((2, 2, 2)))
    after = source.made_of(inputs)["media"]
    assert (before["files"], before["absent"], before == after) == (2, 1, False)
    files = source.own_files(inputs, rows)
    assert files and set(files.media) == {mine / "p/0.png", mine / "p/1.png"}
    monkeypatch.setattr(frame_files, "MOST", 1)
    with pytest.raises(BadInput, match="'p' has more than 1 frames"):
        DataRoot(mine).read("p", 2**20)


def test_copies_say_why_a_file_is_not_among_them(mine: Path, tmp_path: Path) -> None:
    (mine / "big").symlink_to("../disk")
    (mine / "t.csv").write_text("photo\nbig/q/1.png\np/0.png\np/9.png\n")
    copies = tmp_path / "raw"
    copies.mkdir()
    with MediaWriter(copies) as media:
        Manifest(path=str(mine / "t.csv")).read({"photo": Image()}, media)
    kept = Media.of_folder(copies)
    assert kept.read("p/0.png", 1000) == png()
    for cell, why in {
        "p/9.png": "file 'p/9.png' does not exist",
        "big/q/1.png": f"'big/q/1.png' leads outside the data root through a link: big leads to ../disk; {PUT}",
    }.items():
        with pytest.raises(BadInput) as refused:
            kept.read(cell, 1000)
        assert str(refused.value) == why


@pytest.mark.parametrize("where", ["", "shared/cache"])
def test_links_into_the_cache_of_dvc_are_trusted(mine: Path, where: str) -> None:
    from dvc.repo import Repo

    with Repo.init(no_scm=True) as repository, repository.config.edit("repo") as config:
        config["cache"] = {"type": ["symlink"], **({"dir": str(mine.parent / where)} if where else {})}
    with Repo() as repository:
        repository.add(["mine/p"])
    assert (mine / "p/0.png").is_symlink()
    (mine / "t.csv").write_text("photo\np/0.png\n")
    assert DataRoot(mine).file("p/0.png") == mine / "p/0.png"
    (mine / "theirs.png").symlink_to(mine.parent / "disk/q/1.png")
    assert "leads outside the data root through a link" in refusal(mine, "theirs.png")
    files = Manifest(path="mine/t.csv").own_files({"photo": Image()}, {"photo": ["p/0.png"]})  # type: ignore[arg-type]
    assert files and files.media == [mine / "p/0.png"]
    assert keep_out_of_git(files) == []


def test_what_is_written_in_place_is_no_link_any_more(mine: Path) -> None:
    for link in ("symlink_to", "hardlink_to"):
        path = mine / link
        getattr(path, link)(mine.parent / "disk/q/1.png")
        (mine.parent / "disk/q/1.png").chmod(0o444)  # as DVC leaves what it keeps
        detach(path)
        with path.open("ab") as stream:
            stream.write(b"more")
        assert (mine.parent / "disk/q/1.png").read_bytes() == png()
    detach(mine / "absent")


def test_a_link_to_a_folder_is_replaced_and_not_what_it_leads_to(mine: Path) -> None:
    for act in (remove, lambda path: write(path)):
        (mine / "models").symlink_to(mine.parent / "disk")
        act(mine / "models")
        assert (mine.parent / "disk/q/1.png").is_file()
    assert (mine / "models").read_text() == "new"


def write(path: Path) -> None:
    with replacing(path) as beside:
        beside.write_text("new")
