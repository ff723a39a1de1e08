"""What a use case may use. Built once by `app/wiring.py`, passed explicitly, never looked up by name."""

from collections.abc import Callable, Mapping
from concurrent.futures import Executor
from contextlib import AbstractContextManager
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from app.carriers.base import Carrier, options_of
from app.core.clock import Timepiece
from app.core.jobs import Jobs
from app.crypto.passwords import Argon2Pool
from app.crypto.vault import Vault
from app.db.sending import text_checks
from app.db.sending.text_checks import TextRules
from app.db.session import Database, Session
from app.documents.pdf.limits import PdfLimits
from app.documents.pdf.renderer import PageRenderer
from app.documents.people.model import SheetLimits
from app.messaging.texts.segmentation import CarrierOptions
from app.storage.blobs import BlobStore


@dataclass(frozen=True)
class Policies:
    """Limits and addresses, already checked. Sizes in bytes; `text_segments` is the longest text that may leave."""

    public_url: str
    link_url: str
    upload_bytes: int
    pdf: PdfLimits
    sheet: SheetLimits
    rcs_fallback: timedelta
    text_segments: int = 10

    @property
    def opt_out_url(self) -> str:
        """How addresses of the opt-out page begin."""
        return f"{self.link_url}/o/"


@dataclass(frozen=True)
class Runtime:
    """Ports and policies; no concrete carrier, store or engine is named here.

    `timepiece` paces the calls to carriers, which run on `threads(how_many)`; `now` is the instant of the rules.
    """

    database: Database
    now: Callable[[], datetime]
    timepiece: Timepiece
    threads: Callable[[int], Executor]
    vault: Vault
    passwords: Argon2Pool
    blobs: BlobStore
    renderer: PageRenderer
    carriers: Mapping[str, Carrier]
    jobs: Jobs
    policies: Policies

    def begin(self) -> AbstractContextManager[Session]:
        """The one transaction of a use case's act."""
        return self.database.begin()

    def read(self) -> AbstractContextManager[Session]:
        """A consistent view for loading."""
        return self.database.read()

    def text_options(self, carrier: str) -> CarrierOptions:
        """How texts that leave by this carrier are cut into segments; the plain way for one that is not there."""
        return options_of(self.carriers.get(carrier))

    def text_rules(self, session: Session, organisation_id: UUID) -> TextRules:
        """What the texts of an organisation are held to, for every door that takes one. Raises NotFound."""
        return text_checks.text_rules(
            session,
            organisation_id,
            self.policies.opt_out_url,
            self.policies.text_segments,
            self.text_options,
            self.now(),
        )
