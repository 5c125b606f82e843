"""What an encoder is before it is trained, and how params.yaml asks for one."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from pydantic import Field
from pydantic.json_schema import SkipJsonSchema

from sensorium.encoders.encoder import Preprocess
from sensorium.section import Section

if TYPE_CHECKING:
    from torch import nn


Tune = Literal["last", "lora", "all"]  # what learns of an encoder that is there already


class Trained(Section):
    """Where an encoder is, once it is trained.

    Attributes:
        folder: of its files.
        digest: of them.
    """

    folder: Path = Field(strict=False)  # in JSON it is a text
    digest: str


class EncoderTraining(Section):
    """An encoder that is trained on the labels of the training rows, before its input is embedded.

    It is one of the names that a kind of input has for new ones or, with ``tune``, one that is there already.
    """

    name: str
    width: int = Field(64, ge=8, le=1024, multiple_of=4, description="numbers of a new one's hidden states")
    epochs: int | None = Field(
        None, ge=1, le=1000, description="passes over the training rows, at most; 30, or 6 of one that is tuned"
    )
    tune: Tune | None = Field(
        None, description="of an encoder that is there already: its last layers, small matrices beside all, or all"
    )
    trained: SkipJsonSchema[Trained | None] = None  # by `embed`

    def __str__(self) -> str:
        return self.name


EncoderChoice = str | EncoderTraining  # as params.yaml gives it: one that is there already, or one to be trained


@dataclass(frozen=True)
class Trainable:
    """An encoder before it is trained.

    Attributes:
        preprocess: from cleaned values to what the network reads.
        network: a torch module from that to a hidden state ``[batch, width]``. While it is trained it may change what
            it reads at random (augmentation), and no more afterwards.
        version: as of an `Encoder`; raise its number where the same training gives another one.
        width: of the hidden state.
        frozen: a module before the network, which reads what it gives; it is not trained.
        rate: of learning.
        epochs: passes over the training rows, at most; another number where params.yaml gives one.
        merge: what is done to the network once it is trained.
    """

    preprocess: Preprocess
    network: "nn.Module"
    version: str
    width: int
    frozen: "nn.Module | None" = None
    rate: float = 2e-3
    epochs: int = 30
    merge: Callable[[], None] = lambda: None


# From the input as declared, the cleaned values of training rows, the width, and a folder for files to travel along.
Make = Callable[[Any, Iterable[Any], int, Path], Trainable]
