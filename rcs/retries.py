"""How long to wait before the same message is sent again, if at all. Pure."""

from dataclasses import dataclass

from rcs.outcomes import InDoubt, SendOutcome, Throttled, Unavailable


@dataclass(frozen=True)
class Patience:
    """At most `tries` sends and `seconds` of waiting in all; the pauses start at `first` second and double."""

    tries: int = 4
    first: float = 1.0
    seconds: float = 10.0


def pause(outcome: SendOutcome, tries: int, waited: float, spread: float, patience: Patience) -> float | None:
    """Seconds before the next try after `tries` of them, or None when there is none.

    Only what may pass another time is tried again; the platform knows the message by its id. A pause is what the
    platform asked for, at least, else a doubling one; `spread` (0 to 1) makes it up to half as long again, so that many
    senders do not come back together.
    """
    match outcome:
        case Throttled(retry_after) | InDoubt(retry_after=retry_after):
            least = patience.first * 2 ** (tries - 1) if retry_after is None else retry_after
        case Unavailable():
            least = patience.first * 2 ** (tries - 1)
        case _:
            return None
    seconds = least * (1 + spread / 2)
    return None if tries >= patience.tries or waited + seconds > patience.seconds else seconds
