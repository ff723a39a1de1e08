"""What a text must be before anything keeps it."""

import re

# PostgreSQL keeps no NUL, and half of a surrogate pair has no bytes.
_UNKEEPABLE = re.compile("[\0\ud800-\udfff]")


def keepable(text: str) -> bool:
    """Whether every database keeps the text as it is."""
    return _UNKEEPABLE.search(text) is None
