"""What carriers call things, as our columns take it."""

COLUMN_CHARACTERS = 80


def identifier(value: object) -> str:
    """A carrier's own id of something, or an address."""
    return "".join(filter(str.isprintable, str(value)))[:COLUMN_CHARACTERS]


def readable(text: str) -> str:
    """A text in which halves of a surrogate pair have found each other, or are replaced: nothing else can be stored."""
    return text.encode("utf-16", "surrogatepass").decode("utf-16", "replace")
