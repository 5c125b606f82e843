"""Processes that fit a network together."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
import torch

from tests.conftest import REPOSITORY
from tests.training.fits import CASES, fits


@pytest.mark.slow
def test_two_processes_fit_the_network_that_one_fits(tmp_path: Path) -> None:
    launch = [sys.executable, "-m", "torch.distributed.run", "--standalone", "--nproc-per-node", "2"]
    environment = os.environ | {"OMP_NUM_THREADS": "1"}
    command = [*launch, "-m", "tests.training.fits", str(tmp_path / "fits.json")]
    subprocess.run(command, cwd=REPOSITORY, env=environment, check=True, timeout=300)
    told = json.loads((tmp_path / "fits.json").read_text())
    assert told["processes"] == 2
    together, alone = told["fits"], fits()
    assert together.keys() == alone.keys() == CASES.keys()
    for name, numbers in alone.items():
        for one, other in zip(together[name], numbers, strict=True):
            assert torch.allclose(torch.tensor(one), torch.tensor(other), atol=1e-4), name
