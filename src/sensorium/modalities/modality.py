"""What a kind of input must answer for; each kind is one file beside this one."""

import base64
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import Any, ClassVar, Self

import numpy as np
from pydantic import field_validator

from sensorium.data_root import Files
from sensorium.encoders.by_name import fetch, made_of, reachable, resolve
from sensorium.encoders.encoder import Encoder, Packaged, Preprocess, encode
from sensorium.encoders.trainable import trained
from sensorium.encoders.trainable.trainable import EncoderChoice, EncoderTraining, Make, Trainable, Trained
from sensorium.errors import BadInput, NothingIn, UserError
from sensorium.modalities.descriptors import Comparative, Descriptors
from sensorium.section import Section

STRENGTHS = ("mild", "medium", "severe")  # of every corruption
Corruption = Callable[[Any, int, np.random.Generator], Any]


class Modality(Section, ABC):
    """An input as params.yaml declares it (the fields), and how values of its kind are handled (the methods).

    A value goes ``raw -> decode -> check -> clean``; ``pack`` and ``unpack`` keep cleaned values in files. The same
    calls serve training and serving, and none of them needs torch: only `load_encoder` does.

    Attributes:
        is_file: whether the table's cell holds a path rather than the value.
        is_track: whether its files are tracks, of which one container holds several.
        is_cell: whether it is read from one cell of a row, which its value stands for from then on.
        describes_content: whether `describe` gives the value itself, which is not written down as it is.
        has_names: whether its values hold names, see `names`.
        has_weights: whether its encoders have weights, and so may be unfit.
        max_bytes: the largest raw value that is looked at.
        media_types: of the files, where it reads files.
        feature: what Hugging Face ``datasets`` calls such files; empty where it has no name for them.
        packaged: encoders that Python packages carry, by name.
        trainable: encoders that are trained here, by name.
        preprocesses: the kinds of preprocessing this kind's encoders use, by the name stored with a model.
        damage: the version of `corruptions`; damaged values' features are kept under it, so raise it when one changes.
        corruptions: what may befall a cleaned value in the world, by name: a function of the value, the strength
            (a place in `STRENGTHS`) and a random generator that gives a cleaned value.
        comparatives: what descriptors that are numbers measure, and how their changes are said.
    """

    kind: str
    encoder: EncoderChoice

    is_file: ClassVar[bool] = False
    is_track: ClassVar[bool] = False
    is_cell: ClassVar[bool] = False
    describes_content: ClassVar[bool] = False
    has_names: ClassVar[bool] = False
    has_weights: ClassVar[bool] = True
    max_bytes: ClassVar[int] = 32 * 2**20
    media_types: ClassVar[tuple[str, ...]] = ()
    feature: ClassVar[str] = ""
    packaged: ClassVar[dict[str, Packaged]] = {}
    trainable: ClassVar[Mapping[str, Make]] = {}
    preprocesses: ClassVar[dict[str, type[Preprocess]]] = {}
    damage: ClassVar[int] = 1
    corruptions: ClassVar[dict[str, Corruption]] = {}
    comparatives: ClassVar[dict[str, Comparative]] = {}

    @field_validator("encoder", mode="before")
    @classmethod
    def _by_its_name_alone(cls, chosen: Any) -> Any:
        return {"name": chosen} if isinstance(chosen, str) and chosen in cls.trainable else chosen

    @field_validator("encoder")
    @classmethod
    def _encoder_may_exist(cls, chosen: EncoderChoice) -> EncoderChoice:
        if isinstance(chosen, EncoderTraining) and chosen.tune is None:
            if chosen.name not in cls.trainable:
                known = f"{', '.join(cls.trainable)} can" if cls.trainable else "none can"
                raise ValueError(f"{chosen.name!r} is not trained here, and has no settings; {known} be")
        elif isinstance(chosen, EncoderTraining) and not cls.has_weights:
            raise ValueError(f"{chosen.name!r} has no weights to tune; leave `tune` out")
        elif problem := reachable(str(chosen), {**cls.packaged, **cls.trainable}):
            raise ValueError(problem)
        return chosen

    @property
    def training(self) -> EncoderTraining | None:
        """How its encoder is trained here; ``None`` of one that is there already."""
        return self.encoder if isinstance(self.encoder, EncoderTraining) else None

    @property
    def begun(self) -> Self | None:
        """The same input with the encoder that is there before any training; ``None`` where a new one is trained."""
        if self.training is None:
            return self
        return self.model_copy(update={"encoder": self.training.name}) if self.training.tune else None

    def to_train(self, values: Iterable[Any], folder: Path) -> Trainable:
        """Its encoder before it is trained.

        Args:
            values: cleaned ones of training rows.
            folder: for files that are to travel along.

        Raises:
            UserError: if it cannot be had, or cannot be trained.
        """
        if self.training is None:
            raise ValueError(f"{self.encoder} is not trained here")
        if self.begun is None:
            return self.trainable[self.training.name](self, values, self.training.width, folder)
        from sensorium.encoders.trainable.tuned import tuned

        encoder = self.begun.load_encoder()
        features = encode(encoder.preprocess, encoder.network, [self.accept(self.example())])
        try:
            return tuned(encoder, self.training.tune or "all", features.shape[2], self.augment())
        except UserError as problem:
            raise UserError(f"encoder {str(self.encoder)!r}: {problem}.") from problem

    def augment(self) -> Any:
        """What is done to batches of what its encoders read while one of them is tuned; most are left as they are."""
        return None

    def with_trained(self, folder: Path) -> Self:
        """The same input with the encoder that was trained into a folder."""
        if self.training is None:
            return self
        there = Trained(folder=str(folder), digest=trained.digest(folder))
        return self.model_copy(update={"encoder": self.training.model_copy(update={"trained": there})})

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

    @abstractmethod
    def load_folder(self, folder: Path) -> Encoder:
        """An encoder from a folder that transformers can load."""

    def fetch_encoder(self) -> Path | None:
        """The folder of this input's encoder, brought if it is named by a hub id; ``None`` of a packaged one.

        Raises:
            UserError: if it cannot be had.
        """
        return fetch(str(self.encoder), self.packaged) if self.begun else None

    def encoder_made_of(self) -> dict[str, Any]:
        """What this input's encoder is read from now: as JSON that is the same for the same content everywhere.

        Raises:
            NotHere: if it cannot be had.
        """
        return made_of(str(self.encoder), self.packaged) if self.begun else {}

    def load_encoder(self) -> Encoder:
        """Loads this input's encoder, ready to run.

        Raises:
            UserError: if it cannot be had or is of a sort this kind cannot use.
        """
        if self.training is not None:
            if self.training.trained is None:
                raise UserError(f"the encoder {self.encoder} is not trained yet; run `dvc repro`.")
            return trained.read(self.training.trained, self.preprocesses)
        named = {name: partial(one.load, self) for name, one in self.packaged.items()}
        return resolve(str(self.encoder), named, self.load_folder)
