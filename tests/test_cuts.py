from sensorium.cuts import BYTES, MOST, MOST_BYTES, Cutter, pieces

NAMES = [f"r{number}" for number in range(20_000)]


def cut(names: list[str]) -> list[tuple[str, ...]]:
    return [tuple(names[piece]) for piece in pieces(names)]


def test_pieces_are_whole_and_neither_small_nor_large() -> None:
    found = cut(NAMES)
    assert [name for piece in found for name in piece] == NAMES
    assert all(64 <= len(piece) <= 256 for piece in found[:-1])
    assert 100 < len(found) < 160
    assert cut([]) == []
    assert cut(["a"]) == [("a",)]


def test_what_comes_or_goes_leaves_other_pieces_as_they_were() -> None:
    before = set(cut(NAMES))
    appended = cut([*NAMES, *(f"new{number}" for number in range(200))])
    inserted = cut([*NAMES[:9000], "new", *NAMES[9000:]])
    removed = cut([*NAMES[:9000], *NAMES[9001:]])
    assert len(set(appended) - before) <= 1 + 200 // 64
    assert len(set(inserted) - before) <= 4
    assert len(set(removed) - before) <= 4


def test_equal_names_do_not_make_a_piece_of_every_value() -> None:
    found = list(pieces(["x"] * 1000))
    assert {piece.stop - piece.start for piece in found[:-1]} <= {64, MOST}


def test_large_values_are_cut_by_their_bytes() -> None:
    cutter, held = Cutter(), 0
    for name in NAMES[:1000]:
        held += 3 * 2**20
        if cutter.cuts_behind(name, 3 * 2**20):
            assert BYTES <= held <= MOST_BYTES + 3 * 2**20
            held = 0
    assert held < 64 * 2**20
    assert Cutter().cuts_behind("video", BYTES)
