"""Where a released document stands, from its row and its newest message. One rule for pages, figures and exports."""

from collections.abc import Iterable
from dataclasses import dataclass, field

from app.db.queries.watching import Tally
from app.messaging.sending.failures import CLOSED_NUMBER, DEAD_NUMBER

RELEASED = frozenset({"releasing", "sealed", "revoked", "expired"})
# Lines of a released batch that did not leave with it.
LEFT_OUT = "left_out"
STAYED = frozenset({"excluded", "in_review"})
# Nothing more comes by itself, and the person was not reached.
FAILED = frozenset({"failed", "expired", "refused"})
# Where a person asks why.
EXPLAINED = FAILED | {"held", "unknown"}
# The number is to be corrected: the same text to the same number fails again.
HOPELESS = DEAD_NUMBER | CLOSED_NUMBER
WAITING = frozenset({"releasing", "queued", "held", "submitting"})
# What a figure counts: a document that was opened has been delivered too.
REACHED = {
    "submitted": frozenset({"submitted", "delivered", "opened", "downloaded"}),
    "delivered": frozenset({"delivered", "opened", "downloaded"}),
    "opened": frozenset({"opened", "downloaded"}),
    "downloaded": frozenset({"downloaded"}),
}
FIGURES = (*REACHED, "failed")
_OF_MESSAGES = {"cancelled": "refused", "read": "delivered"}
# The order in which screens list stages.
STAGES = (
    "releasing",
    "queued",
    "held",
    "submitting",
    "submitted",
    "delivered",
    "opened",
    "downloaded",
    "failed",
    "refused",
    "expired",
    "unknown",
    "revoked",
)


def stage(document_state: str, message_state: str | None, *, opened: bool, downloaded: bool) -> str:
    """One of STAGES. What a person decided comes first, then what the reader did, then what the network says."""
    if document_state == "revoked":
        return "revoked"
    if downloaded:
        return "downloaded"
    if opened:
        return "opened"
    if message_state is None:
        return "releasing"
    return _OF_MESSAGES.get(message_state, message_state)


def is_counted(
    figure: str,
    document_state: str,
    message_state: str | None,
    *,
    opened: bool,
    downloaded: bool,
    handed: bool,
) -> bool:
    """Whether a document is one of those that one of FIGURES counts. `handed` as in `watching.Tally`: what failed on its
    way had left all the same."""
    if figure == "failed":
        return stage(document_state, message_state, opened=opened, downloaded=downloaded) in FAILED
    happened = stage("sealed", message_state, opened=opened, downloaded=downloaded)
    return happened in REACHED[figure] or (figure == "submitted" and handed and happened in FAILED)


@dataclass
class Counts:
    """Figures of one batch or several. `submitted`, `delivered`, `opened` and `downloaded` say what happened: each includes
    those after it, and documents that were revoked later; `submitted` those that failed on their way too. `waiting`, `failed`, `unknown` and `revoked` are of the stage
    at present. `excluded` lines, those of a released batch that did not leave, are not in `total`.

    `by_stage` has every stage that occurs.
    """

    total: int = 0
    waiting: int = 0
    submitted: int = 0
    delivered: int = 0
    opened: int = 0
    downloaded: int = 0
    failed: int = 0
    unknown: int = 0
    revoked: int = 0
    excluded: int = 0
    prepared: int = 0
    by_stage: dict[str, int] = field(default_factory=dict)

    def add(self, tally: Tally) -> None:
        """Count one group of documents."""
        count = tally.documents
        if tally.document_state in STAYED:
            self.excluded += count
        if tally.document_state not in RELEASED:
            return
        at = stage(
            tally.document_state, tally.message_state, opened=tally.opened, downloaded=tally.downloaded
        )
        self.total += count
        self.by_stage[at] = self.by_stage.get(at, 0) + count
        self.prepared += count if tally.document_state != "releasing" else 0
        self.waiting += count if at in WAITING else 0
        for figure in FIGURES:
            if is_counted(
                figure,
                tally.document_state,
                tally.message_state,
                opened=tally.opened,
                downloaded=tally.downloaded,
                handed=tally.handed,
            ):
                setattr(self, figure, getattr(self, figure) + count)
        self.unknown += count if at == "unknown" else 0
        self.revoked += count if at == "revoked" else 0

    @property
    def parts(self) -> dict[str, int]:
        """Every document once, by where it stands: what a bar of the whole batch is drawn from."""
        alone = {
            name: self.by_stage.get(name, 0) for name in ("downloaded", "opened", "delivered", "submitted")
        }
        return {
            **alone,
            "failed": self.failed,
            "unknown": self.unknown,
            "waiting": self.waiting,
            "revoked": self.revoked,
        }


def count(tallies: Iterable[Tally]) -> Counts:
    """The figures of some groups together."""
    counts = Counts()
    for tally in tallies:
        counts.add(tally)
    return counts
