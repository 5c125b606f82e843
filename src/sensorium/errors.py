"""The ways in which a person, or the outside world, can be wrong."""


class UserError(Exception):
    """Something the user can mend: one sentence saying what, where and what to do. Ends a command with status 2."""


class BadInput(ValueError):  # noqa: N818 - it is the input that is bad, not the program
    """A value of one input that cannot be used: a sentence without the row or request it came from.

    Validation turns it into a quarantined row's reason, serving into a 4xx answer.
    """


class NotHere(UserError):  # noqa: N818 - it may be elsewhere
    """What is asked for is not on this machine and cannot be brought, though nothing is wrong with it."""


def reason(error: Exception) -> str:
    """The first line of what a library says went wrong, at most 200 letters, without a full stop."""
    lines = str(error).strip().splitlines() or [type(error).__name__]
    return lines[0][:200].rstrip(". ")
