"""The workers of a Dask cluster that is there already."""

from collections import deque
from collections.abc import Callable, Iterator
from concurrent.futures import CancelledError
from contextlib import AbstractContextManager, contextmanager, nullcontext
from typing import Any, Literal

from pydantic import Field

from sensorium import extras
from sensorium.engine.engine import AHEAD, KILLED, Engine
from sensorium.engine.shared_disk import SharedDisk
from sensorium.engine.shared_store import SharedStore
from sensorium.engine.worker import Workplace, work
from sensorium.errors import UserError, reason

PATIENCE = 60  # seconds that a scheduler, or a worker where there is none, is waited for


class Dask(Engine):
    """The workers of a Dask cluster, which share a disk with the command, or else a store.

    They may come and go meanwhile. A process works on one piece at a time, whatever its threads.
    """

    kind: Literal["dask"] = "dask"
    address: str = Field(pattern=r"^\w+://\S+$", description="of the scheduler, such as tcp://10.0.0.1:8786")
    share: str | None = Field(
        None,
        pattern=r"^[a-z0-9]+://[^\s@]+$",
        description="by which files come to workers, such as s3://bucket/prefix; else all share a disk",
    )

    def _results(
        self, function: Callable[[Any], Any], pieces: Iterator[Any], count: int, most: int | None
    ) -> Iterator[Any]:
        pending: deque[Any] = deque()
        with self._workplace() as workplace, self._client() as client:
            for piece in pieces:
                pending.append(client.submit(work, workplace, workplace.pack(function, piece), pure=False))
                while len(pending) >= AHEAD * self._workers(client):
                    yield workplace.take(self._result(client, pending.popleft()))
            while pending:
                yield workplace.take(self._result(client, pending.popleft()))

    def _workplace(self) -> AbstractContextManager[Workplace]:
        return nullcontext(SharedStore(self.share)) if self.share else SharedDisk.here()

    @contextmanager
    def _client(self) -> Iterator[Any]:
        """A connection; what is not done when it ends is not done at all."""
        distributed = extras.module("dask", "distributed")
        if self.address.startswith("tls:") and not distributed.Security().tls_ca_file:
            raise UserError(
                f"engine.address: {self.address} needs certificates; DASK_DISTRIBUTED__COMM__TLS__CA_FILE and "
                "DASK_DISTRIBUTED__COMM__TLS__CLIENT__CERT name them."
            )
        try:
            client = distributed.Client(self.address, timeout=PATIENCE, set_as_default=False)
        except (OSError, TimeoutError, ValueError, RuntimeError) as error:
            raise UserError(
                f"engine.address: no Dask scheduler answers at {self.address} ({reason(error)}); start one with "
                "`dask scheduler`, or write `engine: {kind: local}`."
            ) from error
        with client:
            yield client

    def _result(self, client: Any, future: Any) -> Any:
        distributed = extras.module("dask", "distributed")
        while not future.done():
            try:
                future.exception(PATIENCE)
            except TimeoutError:
                self._workers(client)
        try:
            return future.result()
        except distributed.KilledWorker as error:
            raise UserError(f"A worker at {self.address} was {KILLED}. Its log tells.") from error
        except (CancelledError, distributed.comm.CommClosedError) as error:
            raise self._lost() from error

    def _workers(self, client: Any) -> int:
        """How many there are now; if none, one is waited for.

        Raises:
            UserError: if none comes.
        """
        try:
            if not (count := len(client.nthreads())):
                client.wait_for_workers(1, timeout=PATIENCE)
        except TimeoutError as error:
            raise UserError(
                f"No worker is at the Dask scheduler {self.address}; start some with `dask worker {self.address} "
                "--nthreads 1 --nworkers -1` on every machine."
            ) from error
        except OSError as error:
            raise self._lost() from error
        return max(1, count)

    def _lost(self) -> UserError:
        return UserError(
            f"The Dask scheduler at {self.address} was lost in the middle of the work; start it again and type the "
            "same again."
        )
