"""The messages of tests/vectors/smpp, and the decoders of others that judge ours."""

import json
from pathlib import Path
from typing import Any

import smpp34
import smpplib.smpp

PDUS: dict[str, Any] = json.loads(
    (Path(__file__).resolve().parents[2] / "vectors" / "smpp" / "pdus.json").read_text(encoding="utf-8")
)


class _Client:
    """What smpplib wants around a message it reads."""

    def next_sequence(self) -> int:
        return 1


def smpplib_reads(frame: bytes) -> Any:
    """The message as python-smpplib reads it. Raises when it is malformed."""
    return smpplib.smpp.parse_pdu(frame, client=_Client(), allow_unknown_opt_params=False)


def smpp34_reads(frame: bytes) -> Any:
    """The message as the Rust library smpp34 reads it. Raises when it is malformed."""
    return smpp34.decode(frame)
