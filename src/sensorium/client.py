"""A client of the service, for other programs.

```python
from sensorium.client import Client

with Client("http://localhost:3000") as sensorium:
    answer = sensorium.predict(text="A small green frog.", image=Path("frog.png"))
    print(answer["targets"]["category"]["label"])
    sensorium.feedback(answer["request_id"], category="animals")
```
"""

import base64
import json
import os
from collections.abc import Mapping, Sequence
from datetime import date, time, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any, Self

import httpx
import numpy as np

from sensorium.errors import UserError
from sensorium.renamed import EXPLANATION, with_new_keys
from sensorium.spelling import is_missing, spelled

URL, KEY = "SENSORIUM_URL", "SENSORIUM_API_KEY"
Value = str | bytes | Path | Mapping[str, Any]
Label = str | float | bool


class ServiceError(UserError):
    """The service refused, or did not answer.

    Attributes:
        status: of the answer; ``None`` if there was none.
        retry_after: seconds after which the same request may be served.
    """

    def __init__(self, sentence: str, status: int | None = None, retry_after: float | None = None) -> None:
        super().__init__(sentence)
        self.status, self.retry_after = status, retry_after


class Client:
    """Asks a running service.

    Values are keyword arguments by the model's own names of columns (`schema` tells them), whichever inputs read them:
    a text is a ``str``, a file ``bytes`` or a ``Path``, the columns of a tabular input a mapping under its name.

    Args:
        url: of the service; ``$SENSORIUM_URL`` or this machine's port 3000 if it is not given.
        key: API key; ``$SENSORIUM_API_KEY`` if it is not given.
        timeout: seconds to wait for an answer.
    """

    def __init__(self, url: str | None = None, key: str | None = None, timeout: float = 60.0) -> None:
        self.url = (url or os.environ.get(URL) or "localhost:3000").rstrip("/")
        if "://" not in self.url:
            self.url = f"http://{self.url}"
        key = key or os.environ.get(KEY)
        headers = {"Authorization": f"Bearer {key}"} if key else {}
        try:
            self._http = httpx.Client(base_url=self.url, headers=headers, timeout=timeout)
        except UnicodeEncodeError as error:
            raise ServiceError(f"the API key holds a letter that none has; look at {KEY}.") from error
        except (httpx.InvalidURL, ValueError) as error:
            raise ServiceError(f"{self.url} is no address of a service: {error}") from error

    def predict(self, /, **inputs: Value | None) -> dict[str, Any]:
        """The answer for one sample; any subset of the columns.

        Raises:
            ServiceError: if the service refuses it or cannot be reached.
        """
        return self._ask("POST", "/predict", **_form(inputs))

    def explain(self, /, **inputs: Value | None) -> dict[str, Any]:
        """The answer for one sample, with what each input contributed.

        Raises:
            ServiceError: as for `predict`.
        """
        answer = self._ask("POST", "/explain", **_form(inputs))
        targets = {target: with_new_keys(one, EXPLANATION) for target, one in answer["targets"].items()}
        return answer | {"targets": targets}

    def predict_batch(self, samples: Sequence[Mapping[str, Value | None]]) -> list[dict[str, Any]]:
        """An answer for every sample, in their order; one that cannot be used has ``error`` instead of ``targets``.

        Raises:
            ServiceError: as for `predict`.
        """
        encoded = []
        for sample in samples:
            given = {name: _bytes(value) for name, value in sample.items() if value is not None}
            encoded.append({k: base64.b64encode(v).decode() if isinstance(v, bytes) else v for k, v in given.items()})
        return self._ask("POST", "/predict_batch", json={"samples": encoded})["answers"]

    def feedback(self, request_id: str, /, **labels: Label) -> dict[str, Any]:
        """Tells the true label of one or more targets of an earlier answer.

        Raises:
            ServiceError: as for `predict`.
        """
        cells = {target: _cell(target, label) for target, label in labels.items()}
        return self._ask("POST", "/feedback", json={"request_id": request_id, "labels": cells})

    def schema(self) -> dict[str, Any]:
        """What the model reads, predicts and allows, and where it comes from.

        Raises:
            ServiceError: as for `predict`.
        """
        return self._ask("GET", "/schema")

    def close(self) -> None:
        """Closes the connections."""
        self._http.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def _ask(self, method: str, path: str, **content: Any) -> Any:
        try:
            answer = self._http.request(method, path, **content)
        except (ValueError, TypeError) as error:
            raise ServiceError(f"this cannot be sent: {error}") from error
        except httpx.HTTPError as error:
            raise ServiceError(
                f"no service answers at {self.url} ({error}); `make serve` starts one; {URL} names another."
            ) from error
        try:
            content = answer.json()
            sentence = "" if answer.is_success else content["error"]
        except (ValueError, KeyError, TypeError) as error:
            raise ServiceError(
                f"{self.url} answered {answer.status_code} and is no Sensorium service, or something stands before it.",
                answer.status_code,
            ) from error
        if answer.is_success:
            return content
        if answer.status_code == 401:
            sentence += f" (this client takes it from {KEY})"
        wait = answer.headers.get("retry-after", "")
        raise ServiceError(sentence, answer.status_code, float(wait) if wait.isdecimal() else None)


def _form(inputs: Mapping[str, Value | None]) -> dict[str, Any]:
    """What httpx makes a multipart form of; names without a file name are plain fields."""
    fields: dict[str, tuple[str | None, str | bytes]] = {}
    for name, value in inputs.items():
        if value is None:
            continue
        raw = _bytes(value)
        fields[name] = (
            ("file", raw) if isinstance(raw, bytes) else (None, raw if isinstance(raw, str) else json.dumps(raw))
        )
    return {"files": fields} if fields else {"json": {}}


def _bytes(value: Value) -> str | bytes | Mapping[str, Any]:
    """A value with the content of its file in place of the path, and columns as JSON can hold them.

    Raises:
        ServiceError: if the file cannot be read.
    """
    if isinstance(value, Mapping):
        return {column: _cell(column, cell) for column, cell in value.items()}
    if not isinstance(value, Path):
        return value
    try:
        return value.read_bytes()
    except OSError as error:
        raise ServiceError(f"{value} cannot be read: {error.strerror}.") from error


def _cell(name: str, cell: Any) -> Any:
    """A cell as JSON can hold it: of NumPy a Python value, of a date or an exact number its spelling.

    Raises:
        ServiceError: if it is none.
    """
    if is_missing(cell):
        return None
    if isinstance(cell, list | tuple | np.ndarray):
        return [_cell(name, one) for one in cell]
    if isinstance(cell, np.generic):
        cell = cell.item()
    if isinstance(cell, Decimal | date | time | timedelta):
        return spelled(cell)
    if not isinstance(cell, str | int | float | dict):
        raise ServiceError(f"this cannot be sent: {name} is of the type {type(cell).__name__}.")
    return cell
