"""README's "your own data, in five lines", on a fresh table, with all else as it is shipped, but fewer trials."""

import random
from pathlib import Path

import pandas as pd
import pytest

from tests.conftest import REPOSITORY, png
from tests.docs.blocks import read_blocks
from tests.docs.walk import Walk


def write_table(folder: Path) -> None:
    """Returned goods: what was said, a photograph, price and brand, each missing in some rows."""
    chance = random.Random(0)
    (folder / "photos").mkdir(parents=True)
    rows = []
    for number in range(120):
        returned = chance.random() < 0.5
        (folder / f"photos/{number}.png").write_bytes(
            png((200, 60 + number, 40) if returned else (40, 60 + number, 200))
        )
        row = {
            "review": f"It {'broke' if returned else 'works'} after {chance.randrange(2, 40)} days",
            "photo": f"photos/{number}.png",
            "price": round(chance.uniform(5, 90), 2),
            "brand": chance.choice(["Ada", "Bell", "Curie"]),
        }
        rows.append({name: cell for name, cell in row.items() if chance.random() < 0.9} | {
            "returned": "yes" if returned else "no", "customer": f"customer {chance.randrange(60)}",
        })  # fmt: skip
    pd.DataFrame(rows).to_csv(folder / "table.csv", index=False)


@pytest.mark.slow
@pytest.mark.minutes(2)
def test_five_lines_of_params_are_enough_for_a_table_of_ones_own(tmp_path: Path) -> None:
    (block,) = (one for one in read_blocks(REPOSITORY / "README.md", REPOSITORY) if one.language == "yaml")
    assert len(block.text.splitlines()) == 5
    with Walk(tmp_path / "reader", {}, {}) as walk:
        write_table(walk.root / "my")
        walk.type(block)
        walk.replace(search={"trials": 1, "minutes": 30, "seed": 0})  # every trial of so few rows is cross-validated
        assert "Running stage 'package'" in walk.shell("dvc repro")
        said = walk.shell("sensorium summary")
    assert "120 rows, 0 of them quarantined" in said
    assert "gate     passed" in said
