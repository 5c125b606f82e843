"""Encoders as params.yaml names them: by a packaged name, a local folder, or a hub id."""

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from sensorium.encoders.encoder import Encoder, Packaged
from sensorium.errors import NotHere, UserError, reason


def resolve(name: str, packaged: Mapping[str, Callable[[], Encoder]], load: Callable[[Path], Encoder]) -> Encoder:
    """Finds an encoder by a packaged name, a local folder, or a hub id, in this order.

    Raises:
        UserError: if it cannot be had.
    """
    folder = fetch(name, packaged)
    if folder is None:
        return packaged[name]()
    try:
        return load(folder)
    except UserError as problem:
        raise UserError(f"encoder {name!r}: {problem}") from problem
    except (ArithmeticError, AttributeError, LookupError, RuntimeError, TypeError, ValueError) as error:  # of odd files
        raise UserError(
            f"encoder {name!r}: it cannot be read ({type(error).__name__}: {reason(error)}); fetch it again, or choose "
            "another."
        ) from error


def fetch(name: str, packaged: Mapping[str, Any]) -> Path | None:
    """The folder of an encoder, brought into the local cache if it is named by a hub id; ``None`` of a packaged one.

    Raises:
        UserError: if it cannot be had.
    """
    if name in packaged:
        return None
    folder = Path(name).expanduser()
    return folder if folder.is_dir() else _download(name)


def made_of(name: str, packaged: Mapping[str, Packaged]) -> dict[str, Any]:
    """What an encoder is read from now: as JSON that is the same for the same content on every machine.

    Args:
        name: as for `resolve`.
        packaged: encoders by name.

    Raises:
        NotHere: if it cannot be had.
    """
    from sensorium.fetch import version_of
    from sensorium.fingerprints import below, fingerprint

    if name in packaged:
        return {"packages": {package: version_of(package) for package in packaged[name].packages}}
    folder = Path(name).expanduser()
    if folder.is_dir():
        return {"folder": fingerprint(below(folder))}
    try:
        return {"revision": _download(name).name}
    except UserError as problem:
        raise NotHere(str(problem)) from problem


def reachable(name: str, packaged: Mapping[str, Any]) -> str | None:
    """Says, without loading anything, what is wrong with an encoder's name; ``None`` if it may exist."""
    if name in packaged or Path(name).expanduser().is_dir():
        return None
    if Path(name).expanduser().is_file():
        return f"{name!r} is a file; name the folder that it lies in, with all that `save_pretrained` wrote"
    if "/" not in name or name.startswith((".", "/", "~")):
        return f"there is no encoder {name!r}; known: {', '.join(packaged)}, a local folder, or a hub id like org/name"
    return None


def _download(hub_id: str) -> Path:
    from huggingface_hub import snapshot_download
    from huggingface_hub.errors import HfHubHTTPError, HFValidationError, LocalEntryNotFoundError

    try:
        return Path(snapshot_download(hub_id, allow_patterns=["*.json", "*.safetensors", "*.txt", "*.model"]))
    except (HfHubHTTPError, HFValidationError, LocalEntryNotFoundError, OSError) as error:
        raise UserError(
            f"encoder {hub_id!r} is neither a local folder nor to be had from the hub ({reason(error)}); "
            "check the name and the connection, or give a local folder."
        ) from error
