import yaml

from tests.conftest import REPOSITORY
from tests.pins import declared, needed, pinned

PINS = REPOSITORY / "src/sensorium/serving/requirements.txt"


def test_a_bento_pins_all_that_it_needs_as_it_was_tested() -> None:
    pins, tested = pinned(PINS), pinned(REPOSITORY / "constraints.txt")
    assert needed(declared("serve")) <= pins.keys()
    assert {name: pin.specifier for name, pin in pins.items()} == {name: tested[name].specifier for name in pins}
    assert not {"torch", "pandas", "dvc"} & pins.keys()


def test_the_bento_is_built_from_these_pins() -> None:
    bentofile = yaml.safe_load((REPOSITORY / "bentofile.yaml").read_text())
    assert REPOSITORY / bentofile["python"]["requirements_txt"] == PINS
