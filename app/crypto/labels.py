"""Labels that keep derived keys apart. Every label ends with one NUL byte; a changed label is a new format."""

from typing import Final, Literal

AppLabel = Literal[
    "pepper-pw",
    "outbox",
    "review",
    "column",
    "blind-index",
    "doc-index",
    "net-hash",
    "form-nonce",
    "otp",
    "org-custody",
    "boot-verifier",
    "api-key",
]


def label(name: str) -> bytes:
    """`pli/v1/<name>` and a NUL byte."""
    return b"pli/v1/" + name.encode("ascii") + b"\x00"


LINK: Final = label("link")
PROOF: Final = label("proof")
UNWRAP: Final = label("unwrap")
DEK: Final = label("dek")
ORG_KEY: Final = label("org-key")
ORG_BOX: Final = label("org-box")
ORG_CUSTODY: Final = label("org-custody")
SESSION_ID: Final = label("sid")
SESSION: Final = label("session")
SESSION_DEK: Final = label("session-dek")
OUTBOX: Final = label("outbox")
OUTBOX_TEXT: Final = label("outbox-text")
REVIEW: Final = label("review")
REVIEW_BOX: Final = label("review-box")
COLUMN: Final = label("column")
EPOCH_CHECK: Final = label("check")


def app(name: AppLabel) -> bytes:
    """The label under which an application key yields the key of one purpose."""
    return label(f"app/{name}")
