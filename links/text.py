"""The text of a link, `https://host/<ref>#<secret>`: one builder, one parser.

Both parts are base58, without 0, O, I and l. The parser mends what mail programs, message apps and hands do to a link.
It never guesses a character and never changes case: what does not come out at the exact length is incomplete.
"""

import re
from dataclasses import dataclass, field
from typing import Final, Literal

ALPHABET: Final = "123456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz"
REF_LENGTH: Final = 8
SHORT_SECRET: Final = 16
LONG_SECRET: Final = 22
SecretLength = Literal[16, 22]

_CHAR = f"[{ALPHABET}]"
_REF = f"(?P<ref>{_CHAR}{{{REF_LENGTH}}})"
_SECRET = f"(?P<secret>{_CHAR}{{{LONG_SECRET}}}|{_CHAR}{{{SHORT_SECRET}}})"
_HASH = "(?:#|%(?:25)*23)"
_QUERY = r"(?:\?[^#%\s]*)?"
_BETWEEN = f"(?:/?{_QUERY}{_HASH}|/)"

_INVISIBLE = dict.fromkeys(
    [
        0x00AD,
        0x034F,
        0x061C,
        0x180E,
        *range(0x200B, 0x2010),
        *range(0x202A, 0x202F),
        *range(0x2060, 0x2070),
        0xFEFF,
    ]
)
_LEADING = "<([{\"'«“‘„‹ "
_TRAILING = "/.,;:!?)]}>»›”“’‘\"'* "

_REF_ONLY = re.compile(_REF)
_SECRET_FORM = re.compile(_SECRET)
_SECRET_ONLY = re.compile(f"{_HASH}?{_SECRET}")
_BARE = re.compile(f"{_REF}{_BETWEEN}?{_SECRET}")
_WHOLE = re.compile(f"(?:^|/){_REF}{_BETWEEN}{_SECRET}$")
_WITHIN = re.compile(f"(?:^|[/\\s]){_REF}{_BETWEEN}{_SECRET}(?![A-Za-z0-9])")
_URL_REF = re.compile(f"(?:^|[/\\s]){_REF}(?![A-Za-z0-9])")


@dataclass(frozen=True, slots=True)
class LinkText:
    """A link that was read. `ref` is public; `secret` never goes into a log."""

    ref: str
    secret: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class Incomplete:
    """Not a whole link. `ref` is there when that much could be read."""

    ref: str | None = None


def build(base: str, ref: str, secret: str) -> str:
    """The link as it is sent. `base` is the address of the link host, with or without a final slash."""
    if not is_ref(ref) or not is_secret(secret):
        raise ValueError("a link needs a ref of 8 and a secret of 16 or 22 base58 characters")
    return f"{base.rstrip('/')}/{ref}#{secret}"


def is_ref(text: str) -> bool:
    """Whether the text has the form of a ref."""
    return _REF_ONLY.fullmatch(text) is not None


def is_secret(text: str) -> bool:
    """Whether the text has the form of a link secret."""
    return _SECRET_FORM.fullmatch(text) is not None


def parse(text: str) -> LinkText | Incomplete:
    """Read a link out of what somebody pasted: a URL, `ref secret`, a mangled form of either, or a whole message."""
    spaced = _visible(text)
    joined = "".join(spaced.split()).strip(_LEADING + _TRAILING)
    # Joined first: a line break inside the secret must not make a long secret look like a short one.
    found = _BARE.fullmatch(joined) or _WHOLE.search(joined) or _WITHIN.search(spaced)
    if found:
        return LinkText(found["ref"], found["secret"])
    partial = _URL_REF.search(spaced)
    return Incomplete(partial["ref"] if partial else None)


def parse_for(ref: str, text: str) -> LinkText | Incomplete:
    """Read what was given on the page of `ref`: the secret alone, as a script finds it after `#`, or a pasted link.

    A link with another ref is returned as it is, so that the page can lead there.
    """
    joined = "".join(_visible(text).split()).strip(_LEADING + _TRAILING)
    alone = _SECRET_ONLY.fullmatch(joined)
    if alone:
        return LinkText(ref, alone["secret"])
    parsed = parse(text)
    return Incomplete(ref) if isinstance(parsed, Incomplete) else parsed


def _visible(text: str) -> str:
    """Without zero-width and direction marks; every kind of space as one that `split` knows."""
    return text.translate(_INVISIBLE).strip()
