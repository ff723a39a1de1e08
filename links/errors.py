"""The errors of links. Ordinary outcomes (expired, wrong password, too many tries) are values, not errors."""


class LinkError(Exception):
    """Base. `code` is stable and short; `message` says what happened and what to do next, without any secret."""

    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.code = code
        self.message = message


class PolicyRefused(LinkError):
    """The organisation's policy does not allow such a link."""
