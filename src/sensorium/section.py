"""What every part of params.yaml has in common."""

import difflib
import unicodedata
from collections.abc import Collection, Iterable
from typing import Annotated, Any

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field, model_validator


def _as_written(name: Any) -> Any:
    """YAML reads 2019, yes and 2019-01-01 as something else than letters, and not as they are written."""
    if name is None or isinstance(name, str | list | dict):
        return name
    raise ValueError(f"{name!r} was found, which YAML reads as no text; put the column's name in quotes")


Column = Annotated[str, BeforeValidator(_as_written)]  # a column of the table: whatever letters its name has


def meant(name: str, known: Iterable[str]) -> str:
    """`` (did you mean ...?)`` with the likest of the known names; nothing where none is like it."""
    shapes = {_plain(one): one for one in known}
    near = difflib.get_close_matches(_plain(name), shapes, n=1)
    if not near or shapes[near[0]] == name:
        return ""
    found = shapes[near[0]]
    if unicodedata.normalize("NFC", found) == unicodedata.normalize("NFC", name):
        return f" (did you mean {found!r}? It looks the same, but is written with other characters: copy it)"
    return f" (did you mean {found!r}?)"


def _plain(name: str) -> str:
    return " ".join(unicodedata.normalize("NFKC", name).casefold().replace("_", " ").split())


def one_of(names: Collection[str], what: str = "kind") -> tuple[Any, ...]:
    """Annotations of a string that is one of the names that a table has when it is checked."""
    known: list[Any] = list(names)

    def check(name: str) -> str:
        if name not in names:
            raise ValueError(f"there is no {what} {name!r}{meant(name, names)}; known: {', '.join(names)}")
        return name

    return AfterValidator(check), Field(json_schema_extra={"enum": known})


class Section(BaseModel):
    """A part of params.yaml: it cannot be changed, and unknown keys and wrong types are errors."""

    model_config = ConfigDict(extra="forbid", strict=True, frozen=True)

    @model_validator(mode="before")
    @classmethod
    def _keys_are_known(cls, content: Any) -> Any:
        keys = [field.alias or name for name, field in cls.model_fields.items()]
        unknown = sorted(set(content) - set(keys), key=str) if isinstance(content, dict) else []
        if unknown:
            raise ValueError(
                f"unknown key {str(unknown[0])!r}{meant(str(unknown[0]), keys)}; allowed: {', '.join(keys)}"
            )
        return content
