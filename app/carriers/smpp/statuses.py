"""What the numbers of SMPP mean: in our codes for messages, in words for whoever sets a connection up."""

from collections.abc import Mapping
from typing import Final

from app.carriers.smpp.codec import Status

# SMPP 3.4, 5.1.3 -> codes of app.messaging.sending.failures.
_REFUSALS: Final[Mapping[int, str]] = {
    Status.BAD_LENGTH: "text_too_long",
    Status.SYSTEM_ERROR: "network_failure",
    Status.BAD_SOURCE: "sender_refused",
    Status.BAD_DESTINATION: "unknown_number",
    Status.BAD_BIND_STATE: "carrier_unreachable",
    Status.QUEUE_FULL: "carrier_throttled",
    Status.THROTTLED: "carrier_throttled",
    Status.SUBMIT_FAILED: "refused",
    0x48: "sender_refused",  # source type of number
    0x49: "sender_refused",  # source numbering plan
    0x50: "unknown_number",  # destination type of number
    0x51: "unknown_number",  # destination numbering plan
}
CREDENTIALS: Final = frozenset({Status.BIND_FAILED, Status.BAD_PASSWORD, Status.BAD_SYSTEM_ID})

_BIND_WORDS: Final[Mapping[int, str]] = {
    Status.ALREADY_BOUND: "the account is bound already, and allows no more links (0x05). Stop the other program that "
    "uses it, or ask the carrier for one more bind.",
    Status.SYSTEM_ERROR: "the carrier has a fault of its own (0x08). Try again later, then ask the carrier.",
    Status.BIND_FAILED: "the carrier refused the login without saying why (0x0D). Compare system_id, password, "
    "system_type and the kind of bind with the contract, and ask whether this machine's address is allowed.",
    Status.BAD_PASSWORD: "the password is wrong (0x0E). Enter it again with `pli carrier password`; SMPP allows 8 "
    "characters.",
    Status.BAD_SYSTEM_ID: "the system_id is not known there (0x0F). Compare it with the contract: upper and lower case "
    "count.",
    Status.BAD_SYSTEM_TYPE: "the system_type is wrong (0x53). Many carriers want it empty; otherwise it is in the "
    "contract.",
    Status.THROTTLED: "the carrier asks to slow down already at the login (0x58). Wait a few minutes; something may be "
    "binding again and again.",
    Status.BAD_BIND_STATE: "the carrier does not take this kind of bind (0x04). Set bind to separate or transmitter.",
    Status.BAD_COMMAND: "the carrier does not take this kind of bind (0x03). Set bind to separate or transmitter.",
}
_LINK_WORDS: Final[Mapping[str, str]] = {
    "dns": "the host name is not known. Check host, and the name server of this machine.",
    "refused": "the host answers, and nothing listens on that port. Check port, and whether TLS has another one.",
    "unreachable": "the host cannot be reached. A firewall, a VPN that is down, or an address the carrier must allow "
    "first.",
    "silent": "the host takes the connection and says nothing. Usually the port does not fit the setting tls, or a "
    "firewall swallows what follows.",
    "tls_files": "ca_file, client_cert or client_key cannot be read. Check the paths and that Pli may read them.",
    "tls_name": "the certificate is for another host name. Set host to the name in it, or server_name when the carrier "
    "says so. Nothing was sent.",
    "tls_authority": "nobody we trust has signed the certificate. Set ca_file to the carrier's authority (PEM). Nothing "
    "was sent.",
    "tls": "the host does not speak TLS there, or not a version we accept. Check port; set tls to false only inside a "
    "VPN. Nothing was sent.",
    "closed": "the host closed the connection before it answered the login. Usually this machine's address is not "
    "allowed yet: give it to the carrier.",
}


def refusal(status: int, vendors: Mapping[str, str]) -> str:
    """Our code for the status of a submit_sm_resp. `vendors` translates the numbers of one carrier, as 0x401."""
    return vendors.get(f"0x{status:x}") or _REFUSALS.get(status, "refused")


def is_understood(number: str, statuses: Mapping[str, str], errors: Mapping[str, str]) -> bool:
    """Whether we know what a carrier means by the number of a refusal (0x401) or of a receipt's `err:`; one of zeros says
    nothing. `statuses` and `errors` translate those of one carrier."""
    if number.startswith("0x"):
        return number in statuses or int(number, 16) in _REFUSALS
    return number in errors or not number.strip("0")


def bind_words(status: int) -> str:
    """Why a login was refused, and what to do."""
    return _BIND_WORDS.get(
        status, f"the carrier refused the login with status 0x{status:02X}. Ask the carrier what it means."
    )


def link_words(reason: str) -> str:
    """Why there is no link (`dial.LinkFailed.reason`), and what to do."""
    return _LINK_WORDS[reason]
