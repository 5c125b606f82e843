"""The people of the demo: a shop that asks, labellers who tell what is true, and a stranger who floods."""

from collections.abc import Mapping
from typing import Any

import pandas as pd

from sensorium.client import Client
from sensorium.serving.keys import digest, make

NAMES = ("shop", "labellers", "stranger")
TARGETS = ("category", "language")


class People:
    """Clients with keys of their own.

    Args:
        url: of the service.
        secrets: keys by name.
    """

    def __init__(self, url: str, secrets: Mapping[str, str]) -> None:
        self._clients = {name: Client(url, key) for name, key in secrets.items()}

    def ask(self, rows: pd.DataFrame, who: str = "shop") -> pd.DataFrame:
        """Asks about every row; returns the rows with ``request_id`` and ``said.TARGET`` (the likeliest class)."""
        client = self._clients[who]

        def one(row: dict[Any, Any]) -> dict[str, str]:
            answer = client.predict(text=row["text"], image=row["image"], speech=row["speech"])
            likeliest = {f"said.{name}": told["top"][0]["label"] for name, told in answer["targets"].items()}
            return {"request_id": answer["request_id"], **likeliest}

        # One after the other: the order in the log, and so what a check draws from it, is the same in every demo.
        answers = pd.DataFrame([one(row) for row in rows.to_dict("records")])
        return pd.concat([rows.reset_index(drop=True), answers], axis=1)

    def tell(self, answered: pd.DataFrame, who: str = "labellers") -> None:
        """Tells the truth about every answer."""
        for row in answered.to_dict("records"):
            self._clients[who].feedback(row["request_id"], **{target: row[target] for target in TARGETS})

    def flood(self, answered: pd.DataFrame, label: str, who: str = "stranger") -> None:
        """Tells the same label of every answer."""
        for request_id in answered["request_id"]:
            self._clients[who].feedback(request_id, category=label)

    def schema(self) -> dict[str, Any]:
        """What the service says of its model."""
        return self._clients["shop"].schema()


def make_keys() -> tuple[dict[str, str], str]:
    """Keys by name, and the entries by which the service knows them."""
    secrets = {name: make() for name in NAMES}
    return secrets, ",".join(f"{name}:{digest(key)}" for name, key in secrets.items())


def right(answered: pd.DataFrame, target: str) -> float:
    """The share of right answers."""
    return float((answered[target] == answered[f"said.{target}"]).mean())
