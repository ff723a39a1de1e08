"""Whether the settings of a connection work: each thing that can be wrong, in the order in which it must be right."""

import asyncio
import secrets
import time
from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Final

from app.carriers.base import Remark
from app.carriers.hosts import is_here
from app.carriers.smpp.codec import Command, Pdu
from app.carriers.smpp.dial import BindRefused, Dial, LinkFailed, open_session
from app.carriers.smpp.session import Session, Terms
from app.carriers.smpp.settings import SmppSettings
from app.carriers.smpp.statuses import bind_words, is_understood, link_words
from app.carriers.smpp.store import Lease, SmppStore
from app.carriers.smpp.submissions import Answer

LEASE: Final = timedelta(seconds=60)
ENQUIRE_SECONDS: Final = 5.0
RECEIPT_AFTER: Final = timedelta(minutes=15)
LOOK_BACK: Final = timedelta(days=1)
ENOUGH: Final = 5
MOST_NUMBERS: Final = 5
_COMMANDS: Final = {
    "transceiver": Command.BIND_TRANSCEIVER,
    "separate": Command.BIND_TRANSMITTER,
    "transmitter": Command.BIND_TRANSMITTER,
}


def check(
    settings: SmppSettings, store: SmppStore, terms: Terms, now: datetime, refused_seconds: float
) -> Iterator[Remark]:
    """Log in once and out again, or tell how the link of the process that holds the connection stands."""
    yield from _in_clear(settings)
    owner = f"check-{secrets.token_hex(4)}"
    with store.begin() as transaction:
        ours = transaction.take_lease(owner, now, now + LEASE)
        lease = transaction.lease()
    if not ours and lease is not None:
        yield _told_by(lease)
    else:
        if lease is not None and lease.state == "refused":
            # The carrier counts logins: one in five seconds at most, whoever tries.
            time.sleep(max(0.0, refused_seconds - (now - lease.state_at).total_seconds()))
        remark, state, reason = asyncio.run(_log_in(settings, terms))
        with store.begin() as transaction:
            transaction.note_link(owner, state, reason, now)
            transaction.give_lease_back(owner, now)
        yield remark
    yield from _receipts(settings, store, now)
    yield from _failures(settings, store, now)


def _in_clear(settings: SmppSettings) -> Iterator[Remark]:
    if not settings.tls and not is_here(settings.host):
        yield Remark(
            False,
            "without TLS the password and every text cross the network in clear. Set tls to true, or keep this link "
            "inside a VPN.",
        )


class _Deaf:
    """A check that hears a receipt leaves it to the link: it is not acknowledged, and comes again."""

    def inbound(self, session: Session, request: Pdu) -> None:
        """Not now."""
        session.respond([(request, 0x64)])

    def late(self, key: object, answer: Answer) -> None:
        """A check submits nothing."""


async def _log_in(settings: SmppSettings, terms: Terms) -> tuple[Remark, str, str]:
    try:
        session = await open_session(Dial.of(settings), _COMMANDS[settings.bind], terms, _Deaf())
    except LinkFailed as error:
        return (
            Remark(False, f"{settings.host}:{settings.port}: {link_words(error.reason)}"),
            "lost",
            error.reason,
        )
    except BindRefused as error:
        return Remark(False, bind_words(error.status)), "refused", f"0x{error.status:02x}"
    try:
        await session.ask(Command.ENQUIRE_LINK, b"", ENQUIRE_SECONDS)
    except (TimeoutError, ConnectionError):
        words = (
            "the login worked, and then the carrier did not answer enquire_link within 5 s. Ask the carrier."
        )
        return Remark(False, words), "lost", "silent"
    finally:
        await session.close(0)
    road = "over TLS, certificate checked" if settings.tls else "without TLS"
    words = f"logged in to {settings.host}:{settings.port} as {settings.system_id} {road}, answered, and logged out"
    return Remark(True, words), "lost", "closed"


def _told_by(lease: Lease) -> Remark:
    since = lease.state_at.isoformat(timespec="seconds")
    holder = f"the worker {lease.owner} holds the link"
    match lease.state:
        case "bound":
            return Remark(True, f"{holder}, logged in since {since}")
        case "refused":
            return Remark(False, f"{holder}: {bind_words(int(lease.reason, 16))}")
        case "lost":
            return Remark(False, f"{holder}, and has none since {since}: {link_words(lease.reason)}")
        case _:
            return Remark(False, f"{holder} and is still connecting. Look again in a minute.")


def _receipts(settings: SmppSettings, store: SmppStore, now: datetime) -> Iterator[Remark]:
    with store.read() as view:
        accepted, reported = view.count_reported(now - LOOK_BACK, now - RECEIPT_AFTER)
    if settings.bind == "transmitter":
        yield Remark(
            True, "a transmitter hears no receipts: no message on it will ever be shown as delivered"
        )
    elif accepted >= ENOUGH and reported == 0:
        yield Remark(
            False,
            f"the carrier took {accepted} messages in the last day and sent a receipt for none. Ask it to switch "
            "delivery receipts on for this account and to send them to this bind.",
        )
    elif accepted >= ENOUGH:
        yield Remark(True, f"receipts came for {reported} of the {accepted} messages taken in the last day")


def _failures(settings: SmppSettings, store: SmppStore, now: datetime) -> Iterator[Remark]:
    """What the carrier says in numbers of its own that nobody has told us the meaning of."""
    with store.read() as view:
        counted = view.count_failures(now - LOOK_BACK)
    unknown = [
        (number, times)
        for number, times in counted
        if not is_understood(number, settings.statuses, settings.error_codes)
    ]
    if not unknown:
        return
    told = ", ".join(f"{number} ({times} times)" for number, times in unknown[:MOST_NUMBERS])
    yield Remark(
        True,
        f"in the last day it refused or failed messages with numbers of its own: {told}. Pli shows them as refused or not "
        "delivered without the cause. Ask the carrier what they mean, and set statuses (0x401) or error_codes (027).",
    )
