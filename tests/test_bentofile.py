import yaml

from tests.conftest import REPOSITORY


def test_a_bento_pins_the_versions_that_were_tested() -> None:
    bentofile = yaml.safe_load((REPOSITORY / "bentofile.yaml").read_text())
    tested = {line.strip().lower().replace("_", "-") for line in (REPOSITORY / "constraints.txt").open()}
    assert set(bentofile["python"]["packages"]) <= tested
