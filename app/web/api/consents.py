"""Consent through the API: lists of refusals, one consent with its proof, and the opt-out address of a number."""

from typing import Annotated, Literal

from fastapi import APIRouter
from pydantic import AwareDatetime, BaseModel, ConfigDict, Field
from starlette.responses import Response

from app.messaging.permission.consent import Fact
from app.messaging.permission.consent_proof import LONGEST, How, Proof, SaleFacts
from app.usecases.consents.give_opt_out_link import give_opt_out_link
from app.usecases.consents.import_opt_outs import import_opt_outs
from app.usecases.consents.record_consent import NewConsent, record_consent
from app.web.auth import LiveClient
from app.web.deps import RuntimeDep

router = APIRouter(tags=["consents"])

Number = Annotated[str, Field(max_length=60, description="A mobile number as people write it.")]


class OptOutsIn(BaseModel):
    """Numbers that refused. Sending the same list again changes nothing."""

    model_config = ConfigDict(extra="forbid")

    numbers: Annotated[list[Number], Field(min_length=1, max_length=10_000)]
    everything: Annotated[bool, Field(description="Close every message, not only marketing.")] = False


class UnreadableOut(BaseModel):
    """A number that could not be used: its place in the list, from 1, and why."""

    place: int
    problem: str


class OptOutsOut(BaseModel):
    """How many numbers were added, how many were closed already, and which could not be read."""

    added: int
    known: int
    unreadable: list[UnreadableOut]


class SaleIn(BaseModel):
    """What a soft opt-in stands on; all of it must hold."""

    model_config = ConfigDict(extra="forbid")

    reference: Annotated[str, Field(max_length=LONGEST["sale_reference"])]
    given_by_the_person: bool
    at_a_sale: bool
    same_company: bool
    similar_products: bool
    told_at_collection: bool
    could_refuse: bool


class ConsentIn(BaseModel):
    """What a person said, with its proof."""

    model_config = ConfigDict(extra="forbid")

    number: Number
    fact: Literal["opt_in", "soft_opt_in", "stop", "objection_all", "objection_lifted"]
    happened_at: Annotated[AwareDatetime | None, Field(description="With offset; now when left out.")] = None
    purpose: Annotated[str, Field(max_length=LONGEST["purpose"])] = ""
    form_version: Annotated[str, Field(max_length=LONGEST["form_version"])] = ""
    text_shown: Annotated[str, Field(max_length=LONGEST["text_shown"])] = ""
    action_trace: Annotated[str, Field(max_length=LONGEST["action_trace"])] = ""
    evidence_file: Annotated[str, Field(max_length=LONGEST["evidence_file"])] = ""
    sale: SaleIn | None = None

    def to_use_case(self) -> NewConsent:
        """Facts about a sale count only when they were given."""
        sale = self.sale
        facts = SaleFacts(**sale.model_dump(exclude={"reference"})) if sale else SaleFacts()
        proof = Proof(
            self.purpose,
            self.form_version,
            self.text_shown,
            self.action_trace,
            self.evidence_file,
            sale.reference if sale else "",
            facts,
        )
        return NewConsent(self.number, Fact(self.fact), proof, self.happened_at)


class NumberIn(BaseModel):
    """A number, in the body so that no log holds it."""

    model_config = ConfigDict(extra="forbid")

    number: Number


class OptOutLinkOut(BaseModel):
    """The address of the one-tap page."""

    url: str


@router.post("/opt-outs", summary="Import refusals", operation_id="importOptOuts")
def post_opt_outs(body: OptOutsIn, client: LiveClient, rt: RuntimeDep) -> OptOutsOut:
    """Closes marketing, or everything, for each number, and cancels what waits for it."""
    done = import_opt_outs(
        rt, client.organisation_id, body.numbers, How.API, client.actor, everything=body.everything
    )
    unreadable = [UnreadableOut(place=place, problem=problem) for place, problem in done.unreadable]
    return OptOutsOut(added=done.added, known=done.known, unreadable=unreadable)


@router.post("/consents", status_code=204, summary="Record a consent", operation_id="recordConsent")
def post_consent(body: ConsentIn, client: LiveClient, rt: RuntimeDep) -> Response:
    """Adds one line to the ledger. 422 `proof_missing` when the line would prove nothing."""
    record_consent(rt, client.organisation_id, body.to_use_case(), How.API, client.actor)
    return Response(status_code=204)


@router.post("/opt-out-links", summary="Get an opt-out address", operation_id="getOptOutLink")
def post_opt_out_link(body: NumberIn, client: LiveClient, rt: RuntimeDep) -> OptOutLinkOut:
    """The page on which one tap ends marketing for this number; the same address every time."""
    return OptOutLinkOut(url=give_opt_out_link(rt, client.organisation_id, body.number))
