"""The ways in which a person, or the outside world, can be wrong."""

from dataclasses import dataclass


class UserError(Exception):
    """Something the user can mend: one sentence saying what, where and what to do. Ends a command with status 2."""


@dataclass(frozen=True)
class Cause:
    """What several values that cannot be used have in common.

    Attributes:
        subject: what is wrong, such as ``the file`` or ``column 'age'``.
        what: what of it, such as ``does not exist``.
        example: what this value has there.
        mend: what to do about it.
        most: what to do where most values are so, if that is something else.
    """

    subject: str
    what: str
    example: str
    mend: str = ""
    most: str = ""


class BadInput(ValueError):  # noqa: N818 - it is the input that is bad, not the program
    """A value of one input that cannot be used: a sentence without the row or request it came from.

    Validation turns it into a quarantined row's reason, serving into a 4xx answer.

    Args:
        sentence: it.
        cause: what it shares with other values, where the sentence is of this one alone.
    """

    def __init__(self, sentence: str, cause: Cause | None = None) -> None:
        super().__init__(sentence)
        self.cause = cause

    @property
    def advised(self) -> str:
        """The sentence with what to do, for who can change the table."""
        return f"{self}: {self.cause.mend}" if self.cause and self.cause.mend else str(self)


class NothingIn(BadInput):
    """A value that holds nothing of what an input reads, such as a clip without sound: the input is missing there."""


class NotHere(UserError):  # noqa: N818 - it may be elsewhere
    """What is asked for is not on this machine and cannot be brought, though nothing is wrong with it."""


def reason(error: BaseException) -> str:
    """The first line of what a library says went wrong, at most 200 letters, without a full stop."""
    lines = str(error).strip().splitlines() or [type(error).__name__]
    return lines[0][:200].rstrip(". ")
