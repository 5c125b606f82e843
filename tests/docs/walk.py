"""A reader who types what a page says, in a clone of the repository."""

import os
import re
import shlex
import sys
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import yaml

from demo.place import Place, free_port
from tests.conftest import REPOSITORY
from tests.docs.blocks import NAMED, Block

# Commands that go on until they are ended: how they take a port, where they usually answer, and what says ready.
SERVERS = {
    "make serve": ("PORT={}", "localhost:3000", "/readyz"),
    "bentoml serve": ("--port {}", "localhost:3000", "/readyz"),
    "prefect server start": ("--port {}", "localhost:4200", "/api/health"),
    "prefect worker start": ("", "worker", ""),
    "evidently ui": ("--port {}", "localhost:8000", "/"),
}
SERVICE, PREFECT = "localhost:3000", "localhost:4200"  # as the pages have them
OLD = 946_684_800  # a time before anything here was installed


class Walk:
    """A clone in which the blocks of pages are typed, one after the other.

    Args:
        folder: for the clone and what its servers keep.
        before: what a reader does first, by the command.
        words: what stands for the words in capitals that a reader replaces.
    """

    def __init__(self, folder: Path, before: Mapping[str, Callable[["Walk"], None]], words: dict[str, str]) -> None:
        self.place = Place(folder)
        self.root = self.place.clone
        self.before, self.words = before, words
        self.ports = {SERVICE: self.place.ports["service"], PREFECT: self.place.ports["prefect"]}
        self.done: dict[str, str] = {}
        self.told: dict[tuple[str, ...], str] = {}
        self.exports: list[str] = []
        self.servers: set[str] = set()
        self.place.environment |= {"SENSORIUM_URL": self.local(SERVICE), "PIP_NO_COMPILE": "1"}
        self.place.copy(REPOSITORY)
        (self.root / ".venv").symlink_to(sys.prefix)
        (self.root / ".git/info/exclude").write_text("/.venv\n")
        for name in ("pyproject.toml", "constraints.txt", "params.yaml"):  # what is installed is newer, says make
            os.utime(self.root / name, (OLD, OLD))

    def __enter__(self) -> "Walk":
        return self

    def __exit__(self, *_: object) -> None:
        self.place.__exit__()

    def local(self, address: str) -> str:
        return f"http://127.0.0.1:{self.ports[address]}"

    def type(self, block: Block) -> None:
        """Types a block, and remembers what it printed."""
        try:
            self.done[block.text] = LANGUAGES[block.language](self, block.text)
        except Exception as error:
            raise AssertionError(f"{block.place}: {block.text}\n{error}") from error

    def shell(self, text: str) -> str:
        """Types a command; returns what it printed, of a server nothing."""
        if text in self.before:
            self.before[text](self)
        command = text
        for word, value in self.words.items():
            command = re.sub(rf"(?<![$\w]){word}\b(?!=)", value, command)
        for address in self.ports:
            command = command.replace(address, self.local(address).removeprefix("http://"))
        if server := next((one for one in SERVERS if one in command), None):
            first, _, command = command.rpartition(" && ")
            said = self.place.run("bash", "-c", first) if first else ""
            self._serve(command, *SERVERS[server])
            self.done |= dict.fromkeys(text.split(" && "), said)
            return said
        if re.match(r"(export )?\w+=[^ ]*$|(export )?\w+=\$\(.*\)$", command):
            self.exports.append(command)
        command = command.replace("curl ", "curl --silent --show-error --fail ")
        return self.place.run("bash", "-c", "; ".join([*self.exports, command]))

    def _serve(self, command: str, port: str, usual: str, ready: str) -> None:
        """Starts a server; one whose usual port is taken has another one, and is ended as soon as it answers."""
        alone = usual not in self.servers
        number = self.ports.get(usual, 0) if alone else 0
        number = number or free_port()
        name = usual if alone else f"{usual} again"
        address = f"http://127.0.0.1:{number}{ready}" if ready else None
        self.place.start(name, "bash", "-c", f"{command} {port.format(number)}", ready=address)
        if alone:
            self.servers.add(usual)
        else:
            self.place.end(name)

    def edit(self, text: str) -> str:
        """Replaces keys of params.yaml by those of a block."""
        wanted = yaml.safe_load(text)
        return self.replace(**wanted)

    def replace(self, **keys: Any) -> str:
        path = self.root / "params.yaml"
        path.write_text(yaml.safe_dump(yaml.safe_load(path.read_text()) | keys, sort_keys=False))
        os.utime(path, (OLD, OLD))
        return ""

    def python(self, text: str) -> str:
        """Saves a script that begins with its file's name; runs any other."""
        for address in self.ports:
            text = text.replace(address, self.local(address).removeprefix("http://"))
        if named := re.match(r"# (\S+\.py)\n", text):
            script = self.root / named.group(1)
            script.parent.mkdir(parents=True, exist_ok=True)
            script.write_text(text)
            return ""
        return self.place.run(sys.executable, "-c", text)

    def exists(self, text: str) -> str:
        """Asks a command that a sentence names for its help, which must have its options; make, what it would do."""
        words = [word for word in shlex.split(text) if not word.startswith("SENSORIUM_")]
        if words[0] == "make":
            return self.place.run("make", "--dry-run", *words[1:])
        known = next((number for number, word in enumerate(words) if number and not word.isalpha()), len(words))
        if words[0] == "python":
            known = 3 if words[1] == "-m" else 2
        told = self.help(*words[:known])
        for option in (word for word in words[known:] if word.startswith("-")):
            assert option in told, f"{option} is no option of {' '.join(words[:known])}"
        return told

    def help(self, *command: str) -> str:
        """What a command says of itself; it is asked once."""
        if command not in self.told:
            self.told[command] = self.place.run(*command, "--help")
        return self.told[command]


LANGUAGES = {"bash": Walk.shell, "yaml": Walk.edit, "python": Walk.python, NAMED: Walk.exists}
