import threading
from collections.abc import Iterator
from decimal import Decimal
from http.server import BaseHTTPRequestHandler, HTTPServer, SimpleHTTPRequestHandler
from pathlib import Path

import numpy as np
import pytest

from sensorium.client import Client, ServiceError
from sensorium.serving import keys
from tests.conftest import free_port, png
from tests.serving.conftest import listening, model_folder, serving

__all__ = ["model_folder"]  # the fixture


@pytest.fixture(scope="module")
def address(model_folder: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    with serving(model_folder, tmp_path_factory.mktemp("log")) as client, listening(client) as url:
        yield url


def test_every_call_reaches_its_endpoint(address: str, tmp_path: Path) -> None:
    photo = tmp_path / "frog.png"
    photo.write_bytes(png())
    with Client(address) as sensorium:
        assert list(sensorium.schema()["inputs"]) == ["note", "photo", "sound", "car"]
        answer = sensorium.predict(note="a frog", photo=photo, car={"age": 3}, sound=None)
        assert answer["inputs"] == ["note", "photo", "car"]
        assert set(sensorium.explain(photo=png())["targets"]["label"]["attribution"]) == {"photo"}
        first, second = sensorium.predict_batch([{"photo": photo, "car": {"age": 3}}, {"note": " "}])
        assert first["inputs"] == ["photo", "car"]
        assert second["error"] == "note: the text is empty"
        label = answer["targets"]["label"]["label"]
        assert sensorium.feedback(answer["request_id"], label=label)["correct"] == {"label": True}


class Earlier(BaseHTTPRequestHandler):
    """A service of the version before."""

    def do_POST(self) -> None:
        self.rfile.read(int(self.headers["content-length"]))
        self.send_response(200)
        self.end_headers()
        self.wfile.write(b'{"targets": {"label": {"base": {"yes": 0.5}, "shares": {"note": {"yes": 0.25}}}}}')


def test_an_explanation_of_the_version_before_is_understood() -> None:
    with HTTPServer(("localhost", 0), Earlier) as server, Client(f"localhost:{server.server_port}") as sensorium:
        threading.Thread(target=server.handle_request).start()
        assert sensorium.explain(note="a")["targets"]["label"]["attribution"] == {"note": {"yes": 0.25}}


def test_cells_and_labels_of_numpy_and_pandas_are_sent_as_what_they_are(address: str) -> None:
    with Client(address) as sensorium:
        plain = sensorium.predict(car={"age": 3, "colour": 1})
        for age, colour in [
            (np.int64(3), np.float32(1)),
            (Decimal("3.0"), Decimal("1.00")),
            (np.float64(3), np.str_("1.0")),
        ]:
            car = {"age": age, "colour": colour}
            said = [sensorium.predict(car=car), *sensorium.predict_batch([{"car": car}])]
            assert [one["targets"] for one in said] == [plain["targets"]] * 2
        alone = sensorium.predict(car={"age": 3})["targets"]
        assert sensorium.predict(car={"age": 3, "colour": float("nan")})["targets"] == alone
        assert sensorium.feedback(plain["request_id"], label=np.bool_(True))["labels"] == {"label": "true"}


def test_refusals_are_errors_with_the_services_own_sentence(address: str, tmp_path: Path) -> None:
    with Client(address) as sensorium:
        with pytest.raises(ServiceError, match="note: the text is empty") as refused:
            sensorium.predict(note=" ")
        assert refused.value.status == 400
        with pytest.raises(ServiceError, match="no input was given; give one or more of note"):
            sensorium.predict()
        with pytest.raises(ServiceError, match=r"nothing.png cannot be read: No such file or directory"):
            sensorium.predict(photo=tmp_path / "nothing.png")
    with (
        pytest.raises(ServiceError, match=r"no service answers at http://localhost:\d+ .*`make serve` starts one"),
        Client(f"http://localhost:{free_port()}") as nobody,
    ):
        nobody.schema()


def test_what_is_no_sensorium_gets_a_sentence(address: str, monkeypatch: pytest.MonkeyPatch) -> None:
    with HTTPServer(("127.0.0.1", 0), SimpleHTTPRequestHandler) as other:  # which answers with a page
        threading.Thread(target=other.handle_request, daemon=True).start()
        somewhere = Client(f"http://127.0.0.1:{other.server_port}")
        with somewhere, pytest.raises(ServiceError, match="answered 404 and is no Sensorium service"):
            somewhere.schema()
    with Client(address) as sensorium:
        with pytest.raises(ServiceError, match="this cannot be sent: "):
            sensorium.predict_batch([{"car": {"age": object()}}])
        with pytest.raises(ServiceError, match="this cannot be sent: age is of the type object"):
            sensorium.predict(car={"age": object()})
        with pytest.raises(ServiceError, match=r"there is no input 'self'"):
            sensorium.predict(**{"self": "x"})
    monkeypatch.setenv("SENSORIUM_API_KEY", "caf\xe9\u2603")
    with pytest.raises(ServiceError, match="the API key holds a letter that none has; look at SENSORIUM_API_KEY"):
        Client(address)


def test_a_key_comes_from_the_environment(model_folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    key = keys.make()
    entry = {keys.VARIABLE: f"ada:{keys.digest(key)}"}
    with serving(model_folder, tmp_path, **entry) as client, listening(client) as url:
        monkeypatch.setenv("SENSORIUM_URL", url)
        with (
            Client(url.removeprefix("http://")) as without,
            pytest.raises(ServiceError, match="from SENSORIUM_API_KEY"),
        ):
            without.schema()
        monkeypatch.setenv("SENSORIUM_API_KEY", key)
        with Client() as sensorium:
            assert sensorium.predict(note="a frog")["inputs"] == ["note"]
