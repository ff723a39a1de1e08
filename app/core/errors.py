"""The errors Pli raises. None of them knows HTTP: `app/web/problems.py` gives each one a status and a sentence.

`code` is stable and short, for machines and for translated screens; `message` tells a developer what happened
and what to do next. Neither ever holds a name, a phone number, a password, a link secret or file content.
"""


class PliError(Exception):
    """Base of every expected failure that crosses a layer."""

    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.code = code
        self.message = message


class InvalidInput(PliError):
    """What was given cannot be used; giving it again unchanged will fail again."""


class TooLarge(InvalidInput):
    """The input is over a limit that a setting holds."""


class NotFound(PliError):
    """Nothing with that id exists for this caller."""


class Forbidden(PliError):
    """The caller is known, and may not do this."""


class Unauthenticated(PliError):
    """The caller is not known, or the credentials are wrong."""


class Conflict(PliError):
    """The thing is in a state that does not allow this; load it again before trying."""


class TooMany(PliError):
    """Asked too often. `retry_after` is in seconds."""

    def __init__(self, code: str, message: str, retry_after: int) -> None:
        super().__init__(code, message)
        self.retry_after = retry_after


class KeysUnavailable(PliError):
    """A key that should exist is missing or wrong: an operator's matter, never counted against a reader."""


class Overloaded(PliError):
    """A bounded pool is full; the same request may succeed in a few seconds."""
