import gc
import weakref

import pytest
import torch

from sensorium.training import loop
from sensorium.training.fit import fit
from sensorium.training.loop import Fitted
from sensorium.training.step import Recorded
from tests.training.test_loop import HOW, config, rows

on_gpu = pytest.mark.skipif(not torch.cuda.is_available(), reason="there is no GPU")


@pytest.fixture
def made(monkeypatch: pytest.MonkeyPatch) -> list[Recorded]:
    """What records steps."""
    found: list[Recorded] = []

    def kept(step: object) -> Recorded:
        found.append(Recorded(step))
        return found[-1]

    monkeypatch.setattr(loop, "Recorded", kept)
    return found


def fitted(kind: str, unknown: int) -> Fitted:
    train = rows(410, 0)
    train.labels["size"][:unknown] = -1
    return fit(config(kind), HOW, train, rows(100, 1))


@on_gpu
@pytest.mark.parametrize("kind", ["concat", "attention"])
def test_recorded_steps_learn_what_others_learn(kind: str, made: list[Recorded]) -> None:
    recorded = fitted(kind, 0)
    assert made[0]._next is Recorded._replay
    assert recorded.best_loss < 0.3
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(loop, "Recorded", lambda step: step)
        assert fitted(kind, 0).best_loss == pytest.approx(recorded.best_loss, rel=0.01)


@on_gpu
def test_a_step_that_waits_is_done_as_it_is(made: list[Recorded]) -> None:
    assert fitted("concat", 20).best_loss < 0.3
    assert made[0]._next is Recorded._as_it_is


def test_what_a_step_holds_goes_with_it() -> None:
    held = torch.zeros(3)
    known = weakref.ref(held)
    gc.disable()
    try:
        recorded = Recorded(lambda rows, drawn, held=held: held)
        del held, recorded
        assert known() is None
    finally:
        gc.enable()
