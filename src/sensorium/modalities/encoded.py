"""What reads the cleaned values of an input: an encoder that is there already, or one that is trained here."""

from abc import ABC, abstractmethod
from collections.abc import Iterable, Mapping
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any, ClassVar, Self

from pydantic import field_validator

from sensorium.encoders.by_name import fetch, made_of, reachable, resolve
from sensorium.encoders.encoder import Encoder, Packaged, Preprocess
from sensorium.encoders.trainable import trained
from sensorium.encoders.trainable.trainable import EncoderChoice, EncoderTraining, Make, Trainable, Trained
from sensorium.errors import UserError
from sensorium.section import Section


class Encoded(Section, ABC):
    """An input's encoder. Nothing here needs torch but `load_encoder` and `to_train`.

    Attributes:
        has_weights: whether its encoders have weights, and so may be unfit.
        packaged: encoders that Python packages carry, by name.
        trainable: encoders that are trained here, by name.
        preprocesses: the kinds of preprocessing this kind's encoders use, by the name stored with a model.
    """

    kind: str
    encoder: EncoderChoice

    has_weights: ClassVar[bool] = True
    packaged: ClassVar[dict[str, Packaged]] = {}
    trainable: ClassVar[Mapping[str, Make]] = {}
    preprocesses: ClassVar[dict[str, type[Preprocess]]] = {}

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
    def pretrained(self) -> Self | None:
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
        made = self._tuned(self.training) if self.pretrained else self._new(self.training, values, folder)
        return replace(made, epochs=self.training.epochs or made.epochs)

    def _new(self, training: EncoderTraining, values: Iterable[Any], folder: Path) -> Trainable:
        return self.trainable[training.name](self, values, training.width, folder)

    def _tuned(self, training: EncoderTraining) -> Trainable:
        from sensorium.encoders.trainable.tuned import tuned

        named = self.model_copy(update={"encoder": training.name})
        try:
            return tuned(named.load_encoder(), training.tune or "all", self.example_value(), self.augment())
        except UserError as problem:
            raise UserError(f"encoder {training.name!r}: {problem}.") from problem

    def augment(self) -> Any:
        """What is done to batches of what its encoders read while one of them is tuned; most are left as they are."""
        return None

    @property
    def trained_files(self) -> list[Path]:
        """Of its encoder, where that was trained here."""
        there = self.training.trained if self.training else None
        return sorted(there.folder.iterdir()) if there else []

    def with_trained(self, folder: Path) -> Self:
        """The same input with the encoder that was trained into a folder."""
        if self.training is None:
            return self
        there = Trained(folder=folder, digest=trained.digest(folder))
        return self.model_copy(update={"encoder": self.training.model_copy(update={"trained": there})})

    @abstractmethod
    def example_value(self) -> Any:
        """A cleaned value."""

    @abstractmethod
    def load_folder(self, folder: Path) -> Encoder:
        """An encoder from a folder that transformers can load."""

    def fetch_encoder(self) -> Path | None:
        """The folder of this input's encoder, brought if it is named by a hub id; ``None`` of a packaged one.

        Raises:
            UserError: if it cannot be had.
        """
        return fetch(str(self.encoder), self.packaged) if self.pretrained else None

    def encoder_made_of(self) -> dict[str, Any]:
        """What this input's encoder is read from now: as JSON that is the same for the same content everywhere.

        Raises:
            NotHere: if it cannot be had.
        """
        return made_of(str(self.encoder), self.packaged) if self.pretrained else {}

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
