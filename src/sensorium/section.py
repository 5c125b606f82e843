"""What every part of params.yaml has in common."""

import difflib
from typing import Any

from pydantic import BaseModel, ConfigDict, model_validator


class Section(BaseModel):
    """A part of params.yaml: it cannot be changed, and unknown keys and wrong types are errors."""

    model_config = ConfigDict(extra="forbid", strict=True, frozen=True)

    @model_validator(mode="before")
    @classmethod
    def _keys_are_known(cls, content: Any) -> Any:
        unknown = sorted(set(content) - set(cls.model_fields), key=str) if isinstance(content, dict) else []
        if unknown:
            near = difflib.get_close_matches(str(unknown[0]), cls.model_fields, n=1)
            meant = f" (did you mean {near[0]!r}?)" if near else ""
            raise ValueError(f"unknown key {str(unknown[0])!r}{meant}; allowed: {', '.join(cls.model_fields)}")
        return content
