"""Whose number an answer came from, when the network wrote it in its own way.

A refusal that is written down for another spelling of the number holds for nobody, so each spelling that can be read
becomes E.164. Which readings are tried, and in which order, is our choice: carriers mostly give the country code.
"""

from app.messaging.numbers.phone import Phone, PhoneProblem, read_phone

# Numbers that exist and take no text: known by the same spelling as any other.
_EXISTING = frozenset(
    {PhoneProblem.LANDLINE, PhoneProblem.PREMIUM, PhoneProblem.SPECIAL_RATE, PhoneProblem.VOIP}
)


def number_of(written: str, region: str, *, national: bool = False) -> str:
    """E.164 of a number as a network gave it, else what it gave without spaces around it: a short code or a name.

    `region` is where a number without a country code belongs; `national` says that it has none. Raises
    InvalidInput("unknown_region").
    """
    bare = written.strip()
    for spelling in _spellings(bare, national=national):
        read = read_phone(spelling, region)
        if isinstance(read, Phone):
            return read.e164
        if read.problem in _EXISTING and spelling.startswith("+"):
            return spelling
    return bare


def _spellings(bare: str, *, national: bool) -> tuple[str, ...]:
    if national or not bare.isascii() or not bare.isdecimal():
        return (bare,)
    if bare.startswith("00"):
        return (f"+{bare[2:]}", bare)
    return (bare,) if bare.startswith("0") else (f"+{bare}", bare)
