"""Why a message did not arrive, as one list of codes: for good, for now, or nobody knows.

Carriers translate what their networks say into these codes; screens have one sentence for each (`reason.<code>` in
templates/texts). PERMANENT means that the same text to the same number fails again, TEMPORARY that it may work later,
UNKNOWN that it may have arrived.
"""

from enum import StrEnum


class Lasting(StrEnum):
    """How long a failure lasts."""

    PERMANENT = "permanent"
    TEMPORARY = "temporary"
    UNKNOWN = "unknown"


# The number itself takes no text: nobody has it, or it is no mobile.
DEAD_NUMBER = frozenset({"unknown_number", "not_mobile"})
# The number exists; sending it the same again is in vain or forbidden.
CLOSED_NUMBER = frozenset({"blocked", "carrier_stop", "phone_incompatible"})
# Another connection may carry what this one refused before it was sent.
ANOTHER_ROAD = frozenset({"sender_refused", "destination_closed"})

_BY_LASTING = {
    Lasting.PERMANENT: DEAD_NUMBER
    | CLOSED_NUMBER
    | ANOTHER_ROAD
    | {
        "bad_card",
        "content_refused",
        "failed",
        "no_rcs",
        "no_road",
        "refused",
        "spam_filtered",
        "text_too_long",
    },
    Lasting.TEMPORARY: frozenset(
        {
            "carrier_account",
            "carrier_busy",
            "carrier_clock",
            "carrier_credentials",
            "carrier_misconfigured",
            "carrier_throttled",
            "carrier_unreachable",
            "expired",
            "memory_full",
            "network_failure",
            "phone_absent",
            "phone_credit",
            "simulated_outage",
            "undelivered",
            "validity_over",
        }
    ),
    Lasting.UNKNOWN: frozenset(
        {
            "carrier_error",
            "confirmation_late",
            "deadline",
            "expiry_inconclusive",
            "interrupted",
            "never_answered",
            "no_answer",
            "no_receipts",
            "revoke_refused",
            "revoke_unavailable",
            "simulated_lost_answer",
            "unconfirmed",
            "unknown",
        }
    ),
}
LASTING = {code: lasting for lasting, codes in _BY_LASTING.items() for code in codes}


def lasting(code: str) -> Lasting | None:
    """How long the failure `code` lasts; None for a reason that is no failure, as an opt-out or a window."""
    return LASTING.get(code)
