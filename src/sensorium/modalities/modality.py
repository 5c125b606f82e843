"""What a kind of input must answer for; each kind is one file beside this one."""

import base64
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import Any, ClassVar

import numpy as np

from sensorium.data_root import Files
from sensorium.errors import BadInput, NothingIn, UserError
from sensorium.modalities.descriptors import Comparative, Descriptors
from sensorium.modalities.encoded import Encoded
from sensorium.modalities.sketch import Sketch
from sensorium.section import Section

STRENGTHS = ("mild", "medium", "severe")  # of every corruption
Corruption = Callable[[Any, int, np.random.Generator], Any]


class Modality(Encoded, ABC):
    """An input as params.yaml declares it (the fields), and how values of its kind are handled (the methods).

    A value goes ``raw -> decode -> check -> clean``; ``pack`` and ``unpack`` keep cleaned values in files. The same
    calls serve training and serving, and none of them needs torch. What reads cleaned values is in encoded.py.

    Attributes:
        is_file: whether the table's cell holds a path rather than the value.
        is_track: whether its files are tracks, of which one container holds several.
        is_cell: whether it is read from one cell of a row, which its value stands for from then on.
        describes_content: whether `describe` gives the value itself, which is not written down as it is.
        has_names: whether its values hold names, see `names`.
        max_bytes: the largest raw value that is looked at.
        media_types: of the files, where it reads files.
        control: what gives one on the page at /ui; where it is empty, a box for texts or a place for files.
        is_sketched: whether there is a `sketch` of its values.
        feature: what Hugging Face ``datasets`` calls such files; empty where it has no name for them.
        damage: the version of `corruptions`; damaged values' features are kept under it, so raise it when one changes.
        corruptions: what may befall a cleaned value in the world, by name: a function of the value, the strength
            (a place in `STRENGTHS`) and a random generator that gives a cleaned value.
        comparatives: what descriptors that are numbers measure, and how their changes are said.
    """

    is_file: ClassVar[bool] = False
    is_track: ClassVar[bool] = False
    is_cell: ClassVar[bool] = False
    describes_content: ClassVar[bool] = False
    has_names: ClassVar[bool] = False
    max_bytes: ClassVar[int] = 32 * 2**20
    media_types: ClassVar[tuple[str, ...]] = ()
    control: ClassVar[str] = ""
    is_sketched: ClassVar[bool] = False
    feature: ClassVar[str] = ""
    damage: ClassVar[int] = 1
    corruptions: ClassVar[dict[str, Corruption]] = {}
    comparatives: ClassVar[dict[str, Comparative]] = {}

    @abstractmethod
    def columns(self, name: str) -> list[str]:
        """The columns of the table that an input called ``name`` is read from."""

    def asked_as(self, name: str) -> str:
        """What requests call an input called ``name``; all that are called alike are given the same value."""
        return name

    def stands_for(self, name: str) -> list[str]:
        """Those of its columns that are not carried along beside its value."""
        return self.columns(name) if self.is_cell else []

    @abstractmethod
    def raw(self, row: Mapping[str, Any], name: str, files: Files) -> Any | None:
        """What a row of the table holds for this input, not looked into yet; ``None`` if it is missing.

        Raises:
            BadInput: if the cell names a file that is not among ``files``.
        """

    @abstractmethod
    def cells(self, name: str, kept: bytes) -> dict[str, Any]:
        """The cells of a table's row that hold what a request gave, where they are no files."""

    def in_json(self, value: Any) -> Any:
        """A cleaned value as a request in JSON gives it."""
        return base64.b64encode(self.file(value)).decode() if self.is_file else value

    def file(self, value: Any) -> bytes:
        """A cleaned value as a file to be given or played; it may be nearly the value, where that is much smaller."""
        return self.pack(value)

    def doubts(self, table: Mapping[str, Sequence[Any]]) -> Iterator[str]:
        """What may be meant otherwise in the cells of its columns (``None`` where one is missing), a sentence each."""
        return iter(())

    def openapi(self, file_format: str) -> dict[str, Any]:
        """The OpenAPI schema of a raw value in a request; ``file_format`` says how files are carried."""
        return {"type": "string", "format": file_format} if self.is_file else {"type": "string"}

    @abstractmethod
    def example(self) -> Any:
        """A small raw value that is accepted: bytes of a file, or what JSON can hold."""

    @abstractmethod
    def decode(self, raw: Any) -> Any:
        """The value in a raw cell, file or request.

        Raises:
            BadInput: if it cannot be read, whatever the bytes are.
        """

    @abstractmethod
    def check(self, value: Any) -> None:
        """Looks whether a decoded value says anything.

        Raises:
            BadInput: if it does not (too short, empty, ...).
        """

    @abstractmethod
    def clean(self, value: Any) -> Any:
        """The value in the one form that encoders read."""

    def accept(self, raw: Any) -> Any:
        """The cleaned value of a raw one.

        Raises:
            BadInput: if it cannot be read or used.
            NothingIn: if it holds nothing of what this input reads.
            UserError: if nothing can be read on this machine.
        """
        try:
            value = self.decode(raw)
            self.check(value)
            return self.clean(value)
        except (BadInput, UserError):
            raise
        except Exception as error:  # whatever hostile bytes make a library trip over, it is the input that is bad
            raise BadInput(f"it cannot be read ({type(error).__name__}: {error})") from error

    def example_value(self) -> Any:
        return self.accept(self.example())

    def value(self, row: Mapping[str, Any], name: str, files: Files) -> Any | None:
        """The cleaned value of a row of the table; ``None`` if it is missing.

        Raises:
            BadInput: if it cannot be read or used.
        """
        raw = self.raw(row, name, files)
        try:
            return None if raw is None else self.accept(raw)
        except NothingIn:
            return None

    @abstractmethod
    def pack(self, value: Any) -> bytes:
        """A cleaned value as bytes, without loss, which `decode` reads too; equal values give equal bytes."""

    @abstractmethod
    def unpack(self, packed: bytes) -> Any:
        """The cleaned value that `pack` was given."""

    @abstractmethod
    def describe(self, value: Any) -> Descriptors:
        """What a person would say of a cleaned value: its length, brightness, loudness, ... or its language."""

    def named(self) -> list[str]:
        """The columns of the table whose cells are names, so that equal ones are spelled alike."""
        return []

    def names(self, value: Any) -> list[str]:
        """The names in a cleaned value, such as words, of which new ones may be unknown to the model."""
        return []

    def choices(self, values: Iterable[Any]) -> dict[str, list[str]]:
        """Of columns that hold names, those to choose from: names that enough of these cleaned values have."""
        return {}

    @abstractmethod
    def occlusions(self, value: Any) -> list[tuple[Any, Any]]:
        """Parts of a cleaned value, which `show` is given again, each with the value that is left when it is hidden."""

    @abstractmethod
    def show(self, value: Any, weights: Sequence[tuple[Any, float]]) -> str:
        """A cleaned value as HTML to look at, without anything from outside.

        ``weights`` are of parts that `occlusions` named: what each did for the decision, from -1 to 1. The page colours
        classes ``for`` and ``against`` by the CSS variable ``--weight``.
        """

    def sketch(self, value: Any) -> Sketch:
        """A cleaned value as a picture on which its parts can be marked, where `is_sketched` says that there is one."""
        raise NotImplementedError(self.kind)

    def play(self, value: Any) -> str:
        """A player of a cleaned value as HTML, without anything from outside; empty of what does not move or sound."""
        return ""

    def as_known(self, checksums: np.ndarray) -> "Modality":
        """The same input for a model that knows names of these checksums: it reads names as the model spells them."""
        return self

    def learn(self, values: Iterable[Any]) -> Section | None:
        """What an encoder has to know of the cleaned values of training rows, one a row; most need nothing.

        What it gives is the field ``learnt`` of the same input, from `prepare` on.
        """
        return None

    def left_out(self) -> list[str]:
        """Its columns that say nothing in the training rows, and are not read."""
        return []
