"""What must be kept with a line of the consent ledger so that it proves something later.

Fields: ours, after the GDPR's article 7 as lawyers read it (time stamp, version of the form, copy of the text shown,
trace of the action). The conditions of the soft opt-in are those of CPCE L34-5 and the CNIL, all together.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

from app.core.texts import keepable
from app.messaging.permission.consent import Fact


class How(StrEnum):
    """The way a line came in."""

    FORM = "form"
    REPLY = "reply"  # a keyword or a sentence by text message
    URL = "url"  # the page of the opt-out link
    BUTTON = "button"  # a button of an RCS card
    STAFF = "staff"
    API = "api"
    IMPORT = "import"
    CARRIER = "carrier"


class Basis(StrEnum):
    """Why processing is lawful, as the organisation declares it."""

    CONSENT = "consent"
    SOFT_OPT_IN = "soft_opt_in"
    OBJECTION = "objection"
    LEGITIMATE_INTEREST = "legitimate_interest"


@dataclass(frozen=True, slots=True)
class SaleFacts:
    """What a soft opt-in stands on, each declared by whoever records it."""

    given_by_the_person: bool = False
    at_a_sale: bool = False
    same_company: bool = False
    similar_products: bool = False
    told_at_collection: bool = False
    could_refuse: bool = False


@dataclass(frozen=True, slots=True)
class Proof:
    """What is kept beside a fact. `text_shown` is what the person read, `action_trace` what they did (a box ticked, an
    address clicked), `evidence_file` where a paper or a recording lies, `sale_reference` the sale behind a soft
    opt-in."""

    purpose: str = ""
    form_version: str = ""
    text_shown: str = ""
    action_trace: str = ""
    evidence_file: str = ""
    sale_reference: str = ""
    sale: SaleFacts = SaleFacts()


# The longest each text may be, in characters.
LONGEST = {
    "purpose": 60,
    "form_version": 40,
    "text_shown": 2_000,
    "action_trace": 200,
    "evidence_file": 200,
    "sale_reference": 80,
}


def basis_of(fact: Fact) -> Basis:
    """The legal ground a line stands for."""
    if fact is Fact.SOFT_OPT_IN:
        return Basis.SOFT_OPT_IN
    if fact in {Fact.OPT_IN, Fact.UNSTOP}:
        return Basis.CONSENT
    if fact in {Fact.STOP, Fact.OBJECTION_ALL, Fact.DOUBTFUL_ANSWER}:
        return Basis.OBJECTION
    return Basis.LEGITIMATE_INTEREST


SALE_CONDITIONS = (
    "given_by_the_person",
    "at_a_sale",
    "same_company",
    "similar_products",
    "told_at_collection",
    "could_refuse",
)


def missing_proof(fact: Fact, how: How, proof: Proof) -> Sequence[str]:
    """Names of the fields without which the line would prove nothing; empty when it may be written.

    An opt-in needs what the person read and did. A soft opt-in needs its sale and all its conditions. Whoever closes
    something needs to prove nothing.
    """
    if fact is Fact.OPT_IN and how is not How.REPLY:
        needed = ["purpose", "text_shown", "action_trace"]
        if how is How.FORM:
            needed.append("form_version")
        return [name for name in needed if not getattr(proof, name).strip()]
    if fact is Fact.SOFT_OPT_IN:
        missing = [] if proof.sale_reference.strip() else ["sale_reference"]
        return missing + [name for name in SALE_CONDITIONS if not getattr(proof.sale, name)]
    return []


def unkeepable_proof(proof: Proof) -> Sequence[str]:
    """Names of the texts that are too long or hold what no database keeps. A proof is refused then, never cut."""
    texts = {name: getattr(proof, name) for name in LONGEST}
    return [name for name, text in texts.items() if len(text) > LONGEST[name] or not keepable(text)]
