"""The platform's calls, version 1. One method makes one call and says what became of it; nothing here waits or repeats,
but for one new token after a 401."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final, Literal
from urllib.parse import urlsplit
from uuid import UUID, uuid4

import httpx

from rcs.content import HostedFile
from rcs.limits import LOOPBACK, RcsError, check_count, check_media_file, check_phone
from rcs.message import AgentMessage
from rcs.outcomes import (
    Answer,
    Capability,
    Done,
    Failure,
    Reachable,
    RevokeOutcome,
    SendOutcome,
    Unauthorized,
    Unreachable,
    Uploaded,
    read_capability,
    read_done,
    read_reachable,
    read_revoke,
    read_send,
    read_upload,
)
from rcs.token import TokenSource
from rcs.transport import exchange

BATCH: Final = (500, 10_000)
_HOST = "rcsbusinessmessaging.googleapis.com"
_TOKEN_ADDRESS: Final = "https://oauth2.googleapis.com/token"
Region = Literal["global", "europe", "us", "asia"]


@dataclass(frozen=True)
class Addresses:
    """Where the platform and its tokens are. The region is where the agent was created, and never changes."""

    api: str
    token: str = _TOKEN_ADDRESS

    def __post_init__(self) -> None:
        for address in (self.api, self.token):
            try:
                parts = urlsplit(address)
                _ = parts.port
            except ValueError:
                raise RcsError("platform_address", "the platform's addresses cannot be read") from None
            plain = parts.scheme == "http" and parts.hostname in LOOPBACK
            if not parts.hostname or not (parts.scheme == "https" or plain) or parts.username:
                raise RcsError("platform_address", "the platform's addresses start with https://")
            if parts.query or parts.fragment or address.endswith("/"):
                raise RcsError("platform_address", "the platform's addresses end without a slash or a query")

    @classmethod
    def of(cls, region: Region) -> "Addresses":
        """The platform's own."""
        return cls(f"https://{'' if region == 'global' else f'{region}-'}{_HOST}")


class Client:
    """One agent at the platform. For several threads; `http` is the caller's, who also closes it."""

    def __init__(self, agent_id: str, addresses: Addresses, tokens: TokenSource, http: httpx.Client) -> None:
        if not agent_id or not agent_id.isascii() or not agent_id.isprintable():
            raise RcsError("agent_id", "the agent has an id of plain characters")
        self.agent_id = agent_id
        self._api = addresses.api
        self._tokens = tokens
        self._http = http

    def send(self, to: str, message_id: UUID, message: AgentMessage, now: datetime) -> SendOutcome:
        """Hand one message over. The platform ignores an id it has had, so a doubt may be sent again with the same one.
        Raises RcsError for a number that is not E.164."""
        query = {"messageId": str(message_id), "agentId": self.agent_id}
        answer = self._call("POST", f"{_phone(to)}/agentMessages", now, query, message.text.encode())
        return read_send(answer, message_id, now) if isinstance(answer, Answer) else answer

    def revoke(self, to: str, message_id: UUID, now: datetime) -> RevokeOutcome:
        """Ask that a message be shown no more. After a doubt a second call proves nothing when it says NotRevocable: the
        first may have been heard."""
        path = f"{_phone(to)}/agentMessages/{message_id}"
        answer = self._call("DELETE", path, now, {"agentId": self.agent_id})
        return read_revoke(answer, now) if isinstance(answer, Answer) else answer

    def capability(self, to: str, now: datetime) -> Capability | Failure:
        """What a phone can do: it was connected within the last 31 days, which does not say that it is now."""
        query = {"requestId": str(uuid4()), "agentId": self.agent_id}
        answer = self._call("GET", f"{_phone(to)}/capabilities", now, query)
        return read_capability(answer, now) if isinstance(answer, Answer) else answer

    def reachable(self, numbers: Sequence[str], now: datetime) -> Reachable | Failure:
        """Which of 500 to 10,000 distinct numbers take RCS. Raises RcsError for another count, or a number twice."""
        lowest, highest = BATCH
        check_count("batch_size", "numbers of a batch", len(set(numbers)), highest, lowest)
        if len(set(numbers)) != len(numbers):
            raise RcsError("batch_repeats", "a batch names each number once")
        for number in numbers:
            check_phone(number)
        body = {"agentId": self.agent_id, "users": list(numbers)}
        answer = self._call("POST", "/v1/users:batchGet", now, content=_json(body))
        return read_reachable(answer, now) if isinstance(answer, Answer) else answer

    def show_typing(self, to: str, now: datetime) -> Done | Unreachable | Failure:
        """Let the person see that somebody is writing."""
        return self._tell(to, {"eventType": "IS_TYPING"}, now)

    def show_read(self, to: str, their_message_id: str, now: datetime) -> Done | Unreachable | Failure:
        """Let the person see that their message was read."""
        return self._tell(to, {"eventType": "READ", "messageId": their_message_id}, now)

    def create_file(self, file: HostedFile, now: datetime) -> Uploaded | Failure:
        """Have the platform fetch a file once, for use in many cards. Not to be repeated after a doubt without need: each
        call makes a file."""
        body = {"agentId": self.agent_id, "fileUrl": file.url}
        if file.thumbnail_url:
            body["thumbnailUrl"] = file.thumbnail_url
        answer = self._call("POST", "/v1/files", now, content=_json(body))
        return read_upload(answer, now) if isinstance(answer, Answer) else answer

    def upload_file(
        self, data: bytes, content_type: str, now: datetime, *, thumbnail: bool = False
    ) -> Uploaded | Failure:
        """Hand the bytes of a file over. As `create_file` for doubts. Raises RcsError for a file no card can show."""
        check_media_file(len(data), content_type, thumbnail=thumbnail)
        query = {"agentId": self.agent_id}
        answer = self._call("POST", "/upload/v1/files", now, query, data, content_type)
        return read_upload(answer, now) if isinstance(answer, Answer) else answer

    def invite_tester(self, to: str, now: datetime) -> Done | Unreachable | Failure:
        """Ask a phone to become a tester of an agent that is not launched yet; its owner must agree on the phone."""
        answer = self._call("POST", f"{_phone(to)}/testers", now, {"agentId": self.agent_id}, b"{}")
        return read_done(answer, now) if isinstance(answer, Answer) else answer

    def _tell(self, to: str, event: Mapping[str, str], now: datetime) -> Done | Unreachable | Failure:
        query = {"eventId": str(uuid4()), "agentId": self.agent_id}
        answer = self._call("POST", f"{_phone(to)}/agentEvents", now, query, _json(event))
        return read_done(answer, now) if isinstance(answer, Answer) else answer

    def _call(
        self,
        method: str,
        path: str,
        now: datetime,
        query: Mapping[str, str] | None = None,
        content: bytes = b"",
        content_type: str = "application/json",
    ) -> Answer | Failure:
        """The answer to one call. A 401 gets one new token and one more try."""
        for _ in range(2):
            token = self._tokens.token(now)
            if not isinstance(token, str):
                return token
            headers = {"Authorization": f"Bearer {token}"} | (
                {"Content-Type": content_type} if content else {}
            )
            answer = exchange(
                self._http, method, self._api + path, params=query, headers=headers, content=content
            )
            if not isinstance(answer, Answer) or answer.status != 401:
                return answer
            self._tokens.discard(token)
        return Unauthorized("401: the platform refuses also a new token")


def _phone(number: str) -> str:
    check_phone(number)
    return f"/v1/phones/{number}"


def _json(body: Mapping[str, Any]) -> bytes:
    return json.dumps(body, separators=(",", ":")).encode()
