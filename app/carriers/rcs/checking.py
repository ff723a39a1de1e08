"""Whether an agent works, in plain words and in the order in which things must be right. No message is sent."""

import json
import secrets
from collections.abc import Iterator
from datetime import datetime
from typing import Final

import httpx

from app.carriers.base import Remark
from app.carriers.http.carrier import callback_remark, sources_remarks
from app.carriers.rcs.settings import RcsSettings
from rcs.client import Client
from rcs.outcomes import (
    Answer,
    Capability,
    Done,
    Failure,
    InDoubt,
    Invalid,
    NotPermitted,
    Throttled,
    Unauthorized,
    Unavailable,
    Unreachable,
)
from rcs.token import TokenSource
from rcs.transport import exchange

# A number that Arcep keeps for fiction (decision 2018-0881): it belongs to nobody, and the platform says so to an agent it knows.
NOBODY: Final = "+33639980001"


def check_agent(
    settings: RcsSettings,
    client: Client,
    tokens: TokenSource,
    callback: str,
    http: httpx.Client,
    now: datetime,
) -> Iterator[Remark]:
    """The credentials, the agent, the webhook."""
    token = tokens.token(now)
    if isinstance(token, str):
        yield Remark(True, f"the service account {settings.key_file.account.email} gets a token")
        told = client.capability(NOBODY, now)
        if isinstance(told, Capability):
            yield Remark(True, f"the agent {settings.agent_id} is known and may ask")
        else:
            yield Remark(False, _words(told, settings))
    else:
        yield Remark(False, _no_token(token))
    yield callback_remark(callback)
    yield from sources_remarks(settings, signed=True)
    yield _webhook(callback, settings, http)


def check_phone(client: Client, to: str, now: datetime, *, invite: bool) -> Iterator[Remark]:
    """One phone. Raises RcsError for a number that is not E.164."""
    told = client.capability(to, now)
    match told:
        case Capability(True, features):
            named = ", ".join(sorted(features or ())) or "nothing it tells of"
            yield Remark(True, f"the phone takes RCS, with {named}")
            if features is not None and "RICHCARD_STANDALONE" not in features:
                yield Remark(True, "it draws no cards: it gets the words and the link as a text")
        case Capability():
            yield Remark(
                False,
                "the phone gets an SMS and no card: it has no RCS, RCS is switched off or was off for a month, the agent is "
                "not launched at its operator, or the agent is not launched at all and the phone is no tester of it.",
            )
            if invite:
                yield _invited(client.invite_tester(to, now))
        case _:
            yield Remark(False, f"nobody can tell about the phone: {_reason(told)}")


def _invited(outcome: Done | Unreachable | Failure) -> Remark:
    match outcome:
        case Done():
            return Remark(
                True, "its owner was asked to become a tester: agree on the phone, then check again"
            )
        case Unreachable():
            return Remark(False, "it cannot be asked to become a tester: it takes no RCS at all")
        case _:
            return Remark(False, f"it was not asked to become a tester: {_reason(outcome)}")


def _no_token(failure: Unauthorized | Unavailable | Throttled) -> str:
    if isinstance(failure, Unauthorized):
        return (
            f"the service account gets no token: {failure.reason}. Make a new key in the console and give it with "
            "`pli carrier password`; when the platform speaks of the time, mend the clock of this machine."
        )
    return f"no token: {_reason(failure)}. Check the name server, the firewall and `token_address`."


def _words(failure: Failure, settings: RcsSettings) -> str:
    match failure:
        case NotPermitted(reason):
            return (
                f"the platform does not let this account send for {settings.agent_id}: {reason}. Compare agent_id with the "
                "console, and give the service account access to the agent."
            )
        case Invalid(reason):
            return (
                f"the platform does not know {settings.agent_id}: {reason}. Copy agent_id from the console."
            )
        case Unauthorized(reason):
            return f"the platform refuses the token: {reason}. The RCS API must be switched on for the account's project."
        case _:
            return (
                f"the platform was not asked about the agent: {_reason(failure)}. Check the region ({settings.region}), the "
                "firewall and `address`."
            )


def _webhook(callback: str, settings: RcsSettings, http: httpx.Client) -> Remark:
    """Greet our own webhook from outside, as the platform does when its address is saved."""
    secret = secrets.token_hex(8)
    greeting = {"clientToken": settings.client_token.get_secret_value(), "secret": secret}
    headers = {"Content-Type": "application/json"}
    answer = exchange(http, "POST", callback, headers=headers, content=json.dumps(greeting).encode())
    match answer:
        case Answer(status=200, body=echo) if echo == secret.encode():
            return Remark(
                True, f"the webhook answers a greeting: save {callback} in the console with the same token"
            )
        case Answer(status=403) if settings.callback_networks:
            return Remark(
                True,
                f"{callback} answers, and refuses a greeting from here: this machine is not in callback_networks",
            )
        case Answer(status=status):
            return Remark(
                False,
                f"{callback} answered a greeting with {status}: a proxy may change the body, or PLI_PUBLIC_URL leads to "
                "another service.",
            )
        case _:
            return Remark(
                False,
                f"{callback} did not answer from here: {_reason(answer)}. Start `pli serve`, and let the platform through "
                "to /callbacks/; if this machine cannot see its own public address, save it in the console and look there.",
            )


def _reason(failure: Failure) -> str:
    match failure:
        case Throttled():
            return "it asks us to slow down"
        case (
            InDoubt(reason)
            | Unavailable(reason)
            | Unauthorized(reason)
            | NotPermitted(reason)
            | Invalid(reason)
        ):
            return reason
