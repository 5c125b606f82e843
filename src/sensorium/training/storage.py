"""Where machines that search together keep their trials: PostgreSQL, or Optuna's proxy before it."""

import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING
from urllib.parse import SplitResult, urlsplit

from sensorium import extras
from sensorium.errors import UserError, reason

if TYPE_CHECKING:
    import optuna
    from optuna.storages import BaseStorage

PATIENCE = 30  # seconds that a first answer is waited for
TRIES = 3  # of machines that begin at once, one can make the tables; the others find them when they ask again


@dataclass(frozen=True)
class Kind:
    """A kind of storage, by the scheme of its address.

    Attributes:
        example: of an address.
        opened: the storage at an address.
        errors: what it raises when nobody answers there.
    """

    example: str
    opened: Callable[[SplitResult], "BaseStorage"]
    errors: Callable[[], tuple[type[Exception], ...]]


def checked(address: str) -> str:
    """An address of params.yaml, if it can be one.

    Raises:
        ValueError: if not.
    """
    try:
        parts = urlsplit(address)
        complete = parts.hostname and (parts.port or parts.scheme != "grpc")
    except ValueError as error:
        raise ValueError(f"the address cannot be read ({reason(error)})") from None
    if parts.password is not None:
        raise ValueError("a password has no place in params.yaml; the variable PGPASSWORD of the environment has it")
    if parts.scheme not in KINDS or not complete:
        raise ValueError(f"{address!r} is no address such as {' or '.join(one.example for one in KINDS.values())}")
    return address


def open_shared(address: str, name: str) -> "optuna.Study":
    """The study of this name at an address, made where there is none.

    Raises:
        UserError: if nobody answers there.
    """
    import optuna

    parts = urlsplit(address)
    kind = KINDS[parts.scheme]
    optuna.logging.set_verbosity(optuna.logging.ERROR)
    for left in reversed(range(TRIES)):
        try:
            storage = kind.opened(parts)
            return optuna.create_study(storage=storage, study_name=name, direction="minimize", load_if_exists=True)
        except kind.errors():
            if not left:
                raise
    raise AssertionError("the last try returns or raises")


@contextmanager
def explained(address: str) -> Iterator[None]:
    """What goes wrong between here and a storage, in a sentence."""
    try:
        yield
    except KINDS[urlsplit(address).scheme].errors() as error:
        raise UserError(
            f"search.storage: {address} does not answer, or not as it should ({_words(error)}); what has ended is kept "
            "there, and the same command goes on with what has not."
        ) from error


def _words(error: BaseException) -> str:
    details: Callable[[], str] | None = getattr(error, "details", None)  # of gRPC, whose errors are long
    return details() if details else reason(error.__cause__ or error)


def _postgresql(parts: SplitResult) -> "BaseStorage":
    from optuna.storages import RDBStorage

    extras.module("search", "psycopg")
    how = {"pool_pre_ping": True, "connect_args": {"connect_timeout": PATIENCE}}
    return RDBStorage(parts._replace(scheme="postgresql+psycopg").geturl(), engine_kwargs=how)


def _errors_of_postgresql() -> tuple[type[Exception], ...]:
    from optuna.exceptions import StorageInternalError
    from sqlalchemy.exc import SQLAlchemyError

    return (StorageInternalError, SQLAlchemyError)


def _proxy(parts: SplitResult) -> "BaseStorage":
    from optuna.exceptions import ExperimentalWarning
    from optuna.storages import GrpcStorageProxy

    extras.module("search", "grpc")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ExperimentalWarning)
        found = GrpcStorageProxy(host=str(parts.hostname), port=parts.port or 0)
    found.wait_server_ready(PATIENCE)
    return found


def _errors_of_a_proxy() -> tuple[type[Exception], ...]:
    return (ConnectionError, extras.module("search", "grpc").RpcError)


KINDS = {
    "postgresql": Kind("postgresql://sensorium@10.0.0.1/optuna", _postgresql, _errors_of_postgresql),
    "grpc": Kind("grpc://10.0.0.1:13000", _proxy, _errors_of_a_proxy),
}
