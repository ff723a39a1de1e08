"""A carrier that is reached by HTTP: the provider's file builds the call and reads the answer, this one makes it."""

from collections.abc import Iterator
from datetime import datetime
from typing import Protocol
from urllib.parse import urlsplit
from uuid import UUID

import httpx

from app.carriers.base import (
    Accepted,
    CarrierError,
    Channel,
    Refused,
    Remark,
    RevokeOutcome,
    Submission,
    is_addressable,
)
from app.carriers.gate import Gate
from app.carriers.http.calls import Answer, Call, Callbacks, exchange
from app.carriers.http.sources import CallbackSources


class Provider(Protocol):
    """What one provider does its own way. Pure but for `check`, and for what OVH keeps of the provider's clock. `signs`
    says that it signs its callbacks."""

    signs: bool

    def prepare(self, client: httpx.Client, now: datetime, /) -> None:
        """Whatever must be known before a call can be built. Raises CarrierError, never in doubt."""

    def build(self, submission: Submission, now: datetime, /) -> Call:
        """The call that sends one message."""

    def read(self, answer: Answer) -> Accepted | Refused:
        """What the answer means. Raises CarrierError as `http_calls.failed_call` says."""

    def check(self, client: httpx.Client, now: datetime, /) -> Iterator[Remark]:
        """Ask the provider whether these settings work, without sending anything."""


class HttpCarrier:
    """A `Carrier` over one provider. Never idempotent: what was in doubt is not sent again."""

    channels: frozenset[Channel] = frozenset({"sms"})
    idempotent = False

    def __init__(
        self,
        name: str,
        provider: Provider,
        callbacks: Callbacks,
        client: httpx.Client,
        sources: CallbackSources | None = None,
    ) -> None:
        """`sources` None: callbacks may come from anywhere."""
        self.name = name
        self._sources = sources or CallbackSources()
        self._provider = provider
        self._callbacks = callbacks
        self._client = client
        self._gate = Gate(name, client)

    def submit(self, submission: Submission, now: datetime) -> Accepted | Refused:
        """Hand one message over. Raises CarrierError when there was no clear answer."""
        if not is_addressable(submission.to):
            return Refused("unknown_number")
        with self._gate.open():
            self._provider.prepare(self._client, now)
            answer = exchange(self._client, self._provider.build(submission, now))
            try:
                return self._provider.read(answer)
            except CarrierError as error:
                error.retry_after = answer.retry_after
                raise

    def revoke(self, attempt_id: UUID, to: str, now: datetime) -> RevokeOutcome:  # noqa: ARG002
        """None of these providers takes a message back."""
        return "unknown"

    def reaches_rcs(self, organisation_id: UUID, to: str) -> None:  # noqa: ARG002
        """Nobody knows here."""
        return

    def check(self, now: datetime) -> Iterator[Remark]:
        """Everything that can be looked at without sending a message, in the order in which it must be right."""
        yield callback_remark(self._callbacks.address)
        yield from sources_remarks(self._sources, signed=self._provider.signs)
        try:
            with self._gate.open():
                yield from self._provider.check(self._client, now)
        except CarrierError as error:
            yield remark_on(error)

    def close(self) -> None:
        """Give the connections back when the last call has its answer."""
        self._gate.close()


def callback_remark(address: str) -> Remark:
    """Whether a provider on the Internet can reach our callbacks, as far as their address tells."""
    parts = urlsplit(address)
    if parts.scheme != "https":
        return Remark(
            False,
            f"callbacks would come to {address}: not https, so delivery reports and answers would travel in clear and "
            "most providers refuse the address. Set PLI_PUBLIC_URL to the https address of this service.",
        )
    return Remark(True, f"callbacks come to {address}")


def sources_remarks(sources: CallbackSources, *, signed: bool) -> Iterator[Remark]:
    """Who can report and answer in the provider's name."""
    if networks := ", ".join(sources.callback_networks):
        yield Remark(
            True,
            f"its callbacks are taken from {networks} only, as callback_networks says. Behind a proxy PLI_TRUSTED_PROXIES "
            "must name it: otherwise each callback comes from the proxy and is refused.",
        )
    if not signed:
        advice = (
            "" if networks else " Where it calls from addresses of its own, give them as callback_networks."
        )
        yield Remark(
            True,
            "its callbacks are not signed: whoever reads their addresses in a log can report and answer in its name"
            f"{' from there' if networks else ''}. Keep them out of the logs of your proxy and of the carrier's "
            f"machine.{advice}",
        )


_WHAT_TO_DO = {
    "carrier_unreachable": "Check the address, the name server and the firewall; a provider that is down comes back.",
    "no_answer": "Try again; if it goes on, ask the provider.",
    "carrier_credentials": "Copy the credentials again from the provider's console: they may have been renewed.",
    "carrier_account": "Buy credit at the provider.",
    "carrier_misconfigured": "Check the address and the name of the account or service.",
    "carrier_throttled": "Lower the rate of the connection.",
    "carrier_busy": "Try again later.",
}


def remark_on(error: CarrierError) -> Remark:
    """A failed call in words."""
    advice = _WHAT_TO_DO.get(error.code, "Try again; if it goes on, ask the provider.")
    return Remark(False, f"{error.message}. {advice}")
