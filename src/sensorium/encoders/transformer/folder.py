"""A folder that transformers saved, looked through before anything is loaded: what is missing ends here, in words."""

import json
from functools import cached_property
from pathlib import Path
from typing import Any

from sensorium.errors import UserError, reason

CONFIG = "config.json"
WEIGHTS = "model.safetensors"
INDEX = f"{WEIGHTS}.index.json"
ADAPTER = "adapter_config.json"
MODULES = "modules.json"  # of sentence-transformers: what a text goes through, each in a folder of its own
FLOATS = ("F64", "F32", "F16", "BF16")  # as safetensors calls them
POINTER = b"version https://git-lfs"  # what git has in place of a large file that was not fetched
OTHERS = ("*.bin", "*.pt", "*.pth", "*.ckpt", "*.h5", "*.msgpack", "*.gguf", "*.onnx", "*.safetensors")  # weights


class Folder:
    """A folder with a network in it.

    Attributes:
        root: the folder that was named.
        path: the one of the network: the same, or the one that modules.json names first.

    Raises:
        UserError: if something is missing or is not what its name says.
    """

    def __init__(self, root: Path) -> None:
        self.root = root
        self.path = self._first_module()
        if not any(root.iterdir()):
            raise UserError("the folder is empty; name the one that `save_pretrained` wrote.")
        if (self.path / ADAPTER).is_file():
            raise UserError(
                f"it holds an adapter ({ADAPTER}), and the model that it adapts is not read with it; merge them "
                "(peft's `merge_and_unload`), save that with `save_pretrained`, and name its folder."
            )
        if not (self.path / CONFIG).is_file():
            raise UserError(_without_config(self.path))
        if code := next(iter(self.config.get("auto_map", {}).values()), None):
            raise UserError(
                f"its {CONFIG} asks for code of its own (auto_map: {code}), and code of a folder is never run; choose "
                "a model that transformers has itself."
            )

    @cached_property
    def config(self) -> dict[str, Any]:
        """What config.json holds."""
        return self.json(self.path / CONFIG)

    @cached_property
    def modules(self) -> list[dict[str, Any]]:
        """The modules that sentence-transformers put behind one another; none where they did not write the folder."""
        return self.json(self.root / MODULES) if (self.root / MODULES).is_file() else []

    @cached_property
    def weights(self) -> list[Path]:
        """The files of the network's weights, all of them there and whole."""
        if (self.path / WEIGHTS).is_file():
            files = [self.path / WEIGHTS]
        elif (self.path / INDEX).is_file():
            listed = self.json(self.path / INDEX).get("weight_map", {})
            files = [self.path / name for name in sorted(set(listed.values()))]
        else:
            files = []
        if not files:
            raise UserError(_without_weights(self.path))
        if absent := [file.name for file in files if not file.is_file()]:
            raise UserError(f"its weights are in {len(files)} files, and {', '.join(absent)} is not there; fetch it.")
        return files

    @cached_property
    def shapes(self) -> dict[str, tuple[int, ...]]:
        """The shape of every tensor in the files of weights by its name."""
        return {name: shape for file in self.weights for name, shape in shapes(file).items()}

    @property
    def decisive(self) -> tuple[Path, ...]:
        """The files that decide what the network computes."""
        own = (*sorted(self.path.glob("*.safetensors")), self.path / CONFIG)
        behind = [self.root / module["path"] for module in self.modules if module["path"]]
        files = [self.root / MODULES] if self.modules else []
        files += [file for folder in behind if folder != self.path for file in sorted(folder.rglob("*"))]
        return (*own, *(file for file in files if file.is_file()))

    def json(self, path: Path) -> Any:
        """What a file of JSON holds.

        Raises:
            UserError: if it is none.
        """
        _fetched(path)
        try:
            return json.loads(path.read_text(encoding="utf-8"))
        except ValueError as error:
            raise UserError(f"its {path.relative_to(self.root)} is no JSON ({reason(error)}).") from error

    def _first_module(self) -> Path:
        try:
            path = self.root / self.modules[0]["path"] if self.modules else self.root
        except (KeyError, TypeError) as error:
            raise UserError(f"its {MODULES} is no list of modules as sentence-transformers write it.") from error
        if not path.resolve().is_relative_to(self.root.resolve()):
            raise UserError(f"its {MODULES} names {self.modules[0]['path']!r}, which leads out of the folder.")
        return path


def shapes(path: Path) -> dict[str, tuple[int, ...]]:
    """The shape of every tensor in a safetensors file by its name; their numbers are not read.

    Raises:
        UserError: if the file is none, or is not whole, or its weights are quantised.
    """
    from safetensors import safe_open

    _fetched(path)
    try:
        with safe_open(path, "numpy") as file:
            slices = {name: file.get_slice(name) for name in file.keys()}  # noqa: SIM118 - no dict
            sorts = {name: one.get_dtype() for name, one in slices.items()}
            found = {name: tuple(one.get_shape()) for name, one in slices.items()}
    except Exception as error:  # its exceptions share no base of their own
        raise UserError(f"its {path.name} is cut off or damaged ({reason(error)}); fetch it again.") from error
    if quantised := [name for name in sorts if name.endswith("weight") and sorts[name] not in FLOATS]:
        name = quantised[0]
        raise UserError(
            f"its weights are quantised ({name} is {sorts[name]}), which is not read; fetch the model in its original "
            "form (`compress` makes it small)."
        )
    return found


def _fetched(path: Path) -> None:
    with path.open("rb") as stream:
        if stream.read(len(POINTER)) == POINTER:
            raise UserError(
                f"its {path.name} is a pointer of git-lfs and not the file itself; run `git lfs pull` where it lies."
            )


def _without_config(path: Path) -> str:
    below = sorted(found.parent.name for found in path.glob(f"*/{CONFIG}")) if path.is_dir() else []
    return f"it has no {CONFIG}, as a folder has that `save_pretrained` wrote" + (
        f"; its folder {below[0]!r} has one." if below else "."
    )


def _without_weights(path: Path) -> str:
    found = sorted({file.name for pattern in OTHERS for file in path.glob(pattern)})
    if not found:
        return f"it has no weights ({WEIGHTS}); those in a pickle (pytorch_model.bin) are never opened, nor fetched."
    convert = f"from transformers import AutoModel; AutoModel.from_pretrained({str(path)!r}).save_pretrained('NEW')"
    return (
        f"its weights are {', '.join(found[:3])}, and only {WEIGHTS} is read (a pickle can run anything when it is "
        f'opened); where you trust them, convert them: python -c "{convert}", copy its other files to NEW, and name '
        "that."
    )
