"""What README and docs tell a reader to type: fenced blocks, commands in tables, and commands named in the text."""

import re
from dataclasses import dataclass
from pathlib import Path

FENCE = re.compile(r"^( *)```(\w+)\n(.*?)^\1```", re.DOTALL | re.MULTILINE)
PROGRAMS = "bentoml|dvc|evidently|make|prefect|pytest|python|sensorium"
COMMAND = re.compile(rf"`((?:[A-Z_]+=\S+ )*(?:{PROGRAMS}) [^`\n]+)`")
NAMED = "named"  # in a sentence: it need only exist


@dataclass(frozen=True)
class Block:
    """Something to type.

    Attributes:
        place: the file and the line in it.
        language: of the fenced block; ``bash`` for a command in a table, ``named`` for one in a sentence.
        text: of a command, without comments and in one line; else of the block.
    """

    place: str
    language: str
    text: str


def read_blocks(path: Path, root: Path) -> list[Block]:
    """Every command and every other fenced block of a page, in order."""
    content = path.read_text(encoding="utf-8")
    found: list[tuple[int, str, str]] = []
    for fence in FENCE.finditer(content):
        _, language, text = fence.groups()
        if language == "bash":
            found += [(fence.start(3), language, command) for command in _commands(text)]
        else:
            found.append((fence.start(3), language, text))
    outside = FENCE.sub(lambda fence: re.sub(r"[^\n]", " ", fence.group()), content)
    for match in COMMAND.finditer(outside):
        line = outside[outside.rfind("\n", 0, match.start()) + 1 : match.start()]
        cell = line.rpartition("| ")[2]
        found.append(
            (match.start(), "bash" if line.startswith("|") and cell[:1] in ("", "`") else NAMED, match.group(1))
        )
    found.sort(key=lambda one: one[0])
    return [
        Block(f"{path.relative_to(root)}:{content.count(chr(10), 0, position) + 1}", language, text)
        for position, language, text in found
    ]


def _commands(text: str) -> list[str]:
    """The commands of a shell block: comments left out, continued lines joined."""
    joined = re.sub(r" *\\\n *", " ", text)
    lines = (re.sub(r"(^|\s)#( .*)?$", "", line).strip() for line in joined.splitlines())
    return [line for line in lines if line]
