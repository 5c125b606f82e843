"""Files by content in an object store, by which machines that share no disk hand them to each other."""

import platform
from collections.abc import Collection, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import NamedTuple

from sensorium import extras
from sensorium.errors import UserError, reason
from sensorium.files import sha256


class Content(NamedTuple):
    """What a file holds: the name of an object, too."""

    digest: str
    size: int

    @classmethod
    def of(cls, path: Path) -> "Content":
        """That of a file."""
        return cls(sha256(path), path.stat().st_size)


class Store:
    """Files by content. Whoever fetches one looks at what came, so that nothing that is half there is ever used.

    Args:
        address: such as ``s3://bucket/prefix``; each machine has the keys to it in its environment.

    Raises:
        UserError: if there are no such stores.
    """

    def __init__(self, address: str) -> None:
        self._address = address
        try:
            self._objects, self._root = extras.module("dask", "fsspec").url_to_fs(address)
        except (ImportError, ValueError) as error:  # a library is missing, or none knows such an address
            raise UserError(f"engine.share: {address} is no store that is known here ({reason(error)}).") from error
        self._known: dict[tuple[Path, int, int], Content] = {}

    def put(self, files: Collection[Path]) -> dict[Path, Content]:
        """Puts files there, of which only what is new is sent.

        Returns:
            What each holds.
        """
        contents = {path: self._content(path) for path in files}
        with self._used():
            absent = {content: path for path, content in contents.items() if not self._has(content)}
            if absent:
                self._objects.put([str(path) for path in absent.values()], [self._place(content) for content in absent])
        return contents

    def get(self, wanted: Mapping[Path, Content]) -> None:
        """Writes files side by side.

        Args:
            wanted: by place, where nothing is yet, what each holds.

        Raises:
            UserError: if one cannot be had as it was put.
        """
        if not wanted:
            return
        with self._used():
            places = [self._place(content) for content in wanted.values()]
            if self._objects.sizes(places) != [
                content.size for content in wanted.values()
            ]:  # before they fill the disk
                raise self._damaged()
            self._objects.get(places, [str(path) for path in wanted])
        if any(Content.of(path) != content for path, content in wanted.items()):
            raise self._damaged()

    def _content(self, path: Path) -> Content:
        status = path.stat()
        version = path, status.st_mtime_ns, status.st_size
        if version not in self._known:
            self._known[version] = Content.of(path)
        return self._known[version]

    def _has(self, content: Content) -> bool:
        try:
            return bool(self._objects.size(self._place(content)) == content.size)
        except FileNotFoundError:
            return False

    def _place(self, content: Content) -> str:
        return f"{self._root}/{content.digest}"

    @contextmanager
    def _used(self) -> Iterator[None]:
        try:
            yield
        except FileNotFoundError as error:
            raise UserError(
                f"engine.share: {platform.node()} finds no such bucket, or no longer what was put there: "
                f"{self._address} ({reason(error)}). Remove nothing there while a command runs; type the same again."
            ) from error
        except UserError:
            raise
        except Exception as error:  # each kind of store has errors of its own
            raise UserError(
                f"engine.share: {platform.node()} cannot use {self._address} ({reason(error)}); its keys and its "
                "address have to be in the environment of every machine (docs/scaling.md)."
            ) from error

    def _damaged(self) -> UserError:
        return UserError(f"engine.share: {self._address} does not keep what is put there; empty it, and look at it.")
