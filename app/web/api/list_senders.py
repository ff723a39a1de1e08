"""GET /v1/senders: what messages of the organisation may come from."""

from datetime import datetime
from typing import Literal, Self
from uuid import UUID

from fastapi import APIRouter
from pydantic import BaseModel

from app.usecases.senders.show_senders import SenderShown, show_senders
from app.web.auth import ApiClient
from app.web.deps import RuntimeDep

router = APIRouter(tags=["senders"])


class LastSecondOut(BaseModel):
    """What left in the last second, of all workers together."""

    messages: int
    segments: int


class SenderOut(BaseModel):
    """One sender. Only an `approved` one is used. `countries` are territory codes it serves, null for all but those of
    `not_in`; `rate` is its limit in segments a second. Without `receipts` no report can come, and an answer is the only
    proof that a message arrived."""

    id: UUID
    kind: Literal["short_code_36", "short_code_38", "long_code_06", "long_code_09", "name", "rcs_agent"]
    address: str
    channel: Literal["sms", "rcs"]
    state: Literal["asked", "waiting", "approved", "refused", "disabled"]
    state_since: datetime
    categories: list[Literal["marketing", "transactional", "conversational", "alert"]]
    countries: list[str] | None
    not_in: list[str]
    rate: float
    receipts: bool
    replies: bool
    last_second: LastSecondOut

    @classmethod
    def of(cls, sender: SenderShown) -> Self:
        """Shown as the console shows it."""
        profile = sender.kind.profile
        return cls.model_validate(
            {
                "id": sender.id,
                "kind": profile.kind.value,
                "address": sender.address,
                "channel": profile.channel,
                "state": sender.state.value,
                "state_since": sender.since,
                "categories": [category.value for category in sender.kind.categories],
                "countries": None if profile.countries is None else sorted(profile.countries),
                "not_in": sorted(profile.not_in),
                "rate": sender.rate,
                "receipts": profile.receipts,
                "replies": profile.replies,
                "last_second": {"messages": sender.messages, "segments": sender.segments},
            }
        )


class SenderList(BaseModel):
    """All of them, oldest first."""

    data: list[SenderOut]


@router.get("/senders", summary="List senders", operation_id="listSenders")
def get_senders(client: ApiClient, rt: RuntimeDep) -> SenderList:
    """What messages may come from, what each may carry and where, and how fast it works right now."""
    shown = show_senders(rt, client.organisation_id)
    return SenderList(data=[SenderOut.of(sender) for sender in shown.senders])
