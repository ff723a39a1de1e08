"""The signed nonce of a form: it shows that a post comes from a page of ours, also where a browser sends no origin.

Nothing is stored. Form: key number (1), time in seconds (8), MAC over time and subject (16), as base64url text.
"""

import base64
import hmac
from datetime import datetime, timedelta
from typing import Final

from app.core.errors import KeysUnavailable
from app.crypto.derive import mac
from app.crypto.keyring import AppKeys, KeyRing

LIFE: Final = timedelta(minutes=30)
_SIZE = 25


def issue(ring: KeyRing, subject: str, now: datetime) -> str:
    """A nonce for one subject, for example the ref of a link; good for 30 minutes."""
    keys = ring.current
    moment = int(now.timestamp()).to_bytes(8, "big")
    return (
        base64.urlsafe_b64encode(bytes((keys.kid,)) + moment + _tag(keys, moment, subject))
        .decode()
        .rstrip("=")
    )


def is_valid(ring: KeyRing, subject: str, nonce: str, now: datetime) -> bool:
    """Whether we issued this nonce for this subject in the last 30 minutes."""
    try:
        raw = base64.urlsafe_b64decode(nonce.encode("ascii") + b"==")
    except ValueError:
        return False
    if len(raw) != _SIZE:
        return False
    try:
        keys = ring.get(raw[0])
    except KeysUnavailable:
        return False
    age = now.timestamp() - int.from_bytes(raw[1:9], "big")
    return hmac.compare_digest(raw[9:], _tag(keys, raw[1:9], subject)) and -60 <= age <= LIFE.total_seconds()


def _tag(keys: AppKeys, moment: bytes, subject: str) -> bytes:
    return mac(keys.purpose("form-nonce"), moment + subject.encode())[:16]
