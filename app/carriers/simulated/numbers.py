"""Magic numbers: the last six digits of a phone number choose what goes wrong in the simulated network.

Six digits, so that an ordinary number meets a behaviour by chance about once in sixty thousand. Any number may be
used in front of them, for example 06 12 00 00 01.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field

from app.carriers.base import Channel, ReportState

BOTH: frozenset[Channel] = frozenset({"sms", "rcs"})
RCS: frozenset[Channel] = frozenset({"rcs"})


@dataclass(frozen=True)
class Receipt:
    """A report sent `after` seconds. `back` is by how many seconds its own time lies before that moment."""

    state: ReportState
    after: float = 0.0
    code: str = ""
    back: float = 0.0


@dataclass(frozen=True)
class Behaviour:
    """What the network does with a message. Durations are in seconds.

    `powered` and `rcs` describe a new phone. `refusals` gives the code of a refusal at once, by channel. `outage_once`
    fails the first try, whether the second is the same attempt again or another one. `lost_answer` takes the message
    but answers nothing. `delivery_after` None means never, and in silence. `failure` is the code of a failed report
    instead of the delivery. `on_the_way` counts from the acceptance, `receipts` from the delivery.
    `shown_all_the_same` is how long after giving up (revoked or expired) the phone shows the message nevertheless.
    `answers_revoke` False leaves a revocation without an answer.
    """

    powered: bool = True
    rcs: bool = True
    refusals: Mapping[Channel, str] = field(default_factory=dict)
    outage_once: bool = False
    lost_answer: bool = False
    delivery_after: float | None = 1.0
    failure: str = ""
    on_the_way: tuple[Receipt, ...] = ()
    receipts: tuple[Receipt, ...] = (Receipt("delivered"),)
    shown_all_the_same: float | None = None
    answers_revoke: bool = True


NORMAL = Behaviour()
READ_FIRST = Behaviour(receipts=(Receipt("read"), Receipt("delivered", after=2.0, back=2.0)))
ENROUTE_LAST = Behaviour(receipts=(Receipt("delivered"), Receipt("enroute", after=2.0, back=2.5)))


@dataclass(frozen=True)
class MagicNumber:
    """One behaviour, the six digits that call it, and a sentence for the page of the simulator.

    `by_channel` holds the channels it concerns; on the others the number is ordinary.
    """

    suffix: str
    key: str
    by_channel: Mapping[Channel, Behaviour]
    fr: str
    en: str


def _magic(
    suffix: str, key: str, behaviour: Behaviour, fr: str, en: str, on: frozenset[Channel] = BOTH
) -> MagicNumber:
    return MagicNumber(suffix, key, dict.fromkeys(on, behaviour), fr, en)


MAGIC_NUMBERS: tuple[MagicNumber, ...] = (
    _magic(
        "000001",
        "unknown_number",
        Behaviour(refusals={"rcs": "no_rcs", "sms": "unknown_number"}),
        "Numéro non attribué : refusé tout de suite, définitivement.",
        "Unassigned number: refused at once, for good.",
    ),
    _magic(
        "000002",
        "network_failure",
        Behaviour(failure="network_failure"),
        "Accepté, puis le réseau signale un échec.",
        "Accepted, then the network reports a failure.",
    ),
    _magic(
        "000003",
        "no_report",
        Behaviour(receipts=()),
        "Le téléphone reçoit le message, mais aucun accusé ne revient.",
        "The phone gets the message, but no report ever comes back.",
    ),
    _magic(
        "000004",
        "slow",
        Behaviour(delivery_after=30.0),
        "Remise lente : 30 secondes.",
        "Slow delivery: 30 seconds.",
    ),
    _magic(
        "000005",
        "duplicate_reports",
        Behaviour(
            receipts=(
                Receipt("delivered"),
                Receipt("delivered", 1.0, back=1.0),
                Receipt("delivered", 2.0, back=2.0),
            )
        ),
        "L’accusé de remise arrive trois fois.",
        "The delivery report comes three times.",
    ),
    MagicNumber(
        "000006",
        "reports_out_of_order",
        {"rcs": READ_FIRST, "sms": ENROUTE_LAST},
        "Accusés dans le désordre : « lu » avant « remis » (RCS), « en route » après « remis » (SMS).",
        "Reports out of order: “read” before “delivered” (RCS), “en route” after “delivered” (SMS).",
    ),
    _magic(
        "000007",
        "outage_once",
        Behaviour(outage_once=True),
        "Panne de l’opérateur au premier essai, accepté au second.",
        "Carrier outage on the first try, accepted on the second.",
    ),
    _magic(
        "000008",
        "lost_answer",
        Behaviour(lost_answer=True),
        "L’opérateur prend le message mais sa réponse se perd : l’envoi est en doute jusqu’à l’accusé.",
        "The carrier takes the message but its answer is lost: in doubt until the report.",
    ),
    _magic(
        "000009",
        "rcs_never_delivered",
        Behaviour(delivery_after=None),
        "RCS accepté mais jamais remis, sans un mot : le SMS part au bout du délai.",
        "RCS accepted but never delivered, without a word: the SMS leaves after the delay.",
        RCS,
    ),
    _magic(
        "000010",
        "delivered_after_revoke",
        Behaviour(delivery_after=None, shown_all_the_same=2.0),
        "RCS annulé avec succès, et pourtant remis ensuite : la personne reçoit les deux.",
        "RCS revoked successfully, yet delivered afterwards: the person gets both.",
        RCS,
    ),
    _magic(
        "000011",
        "blocked",
        Behaviour(failure="blocked"),
        "L’opérateur bloque ce numéro : échec définitif.",
        "The operator blocks this number: final failure.",
    ),
    _magic(
        "000012",
        "phone_full",
        Behaviour(delivery_after=20.0, on_the_way=(Receipt("enroute", 1.0, "memory_full"),)),
        "Mémoire du téléphone pleine : échec passager signalé, remis 20 secondes plus tard.",
        "Phone memory full: a temporary failure is reported, delivered 20 seconds later.",
    ),
    _magic(
        "000013",
        "revoke_unanswered",
        Behaviour(delivery_after=None, answers_revoke=False),
        "RCS jamais remis, et l’annulation reste sans réponse.",
        "RCS never delivered, and the revocation gets no answer.",
        RCS,
    ),
    _magic(
        "000014",
        "no_rcs",
        Behaviour(rcs=False),
        "Téléphone sans RCS : le SMS part tout de suite.",
        "Phone without RCS: the SMS leaves at once.",
    ),
    _magic(
        "000015",
        "phone_off",
        Behaviour(powered=False),
        "Téléphone éteint : le message attend qu’on l’allume ici.",
        "Phone switched off: the message waits until it is switched on here.",
    ),
)
SUFFIX_LENGTH = 6
_BY_SUFFIX = {magic.suffix: magic for magic in MAGIC_NUMBERS}


def magic_number(number: str) -> MagicNumber | None:
    """The magic number that `number` (E.164) is, if any."""
    return _BY_SUFFIX.get(number[-SUFFIX_LENGTH:])


def behaviour(number: str, channel: Channel) -> Behaviour:
    """What the network does with a message to `number` (E.164) on `channel`."""
    magic = magic_number(number)
    return magic.by_channel.get(channel, NORMAL) if magic else NORMAL
