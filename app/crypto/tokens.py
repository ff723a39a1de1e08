"""Random names, secrets, codes and keys, and what is stored of them."""

import hashlib
import secrets
from dataclasses import dataclass, field
from typing import Final, Literal

from app.crypto.derive import mac
from app.crypto.keyring import AppKeys, KeyRing
from app.crypto.passwords import CODE_LENGTH, CROCKFORD
from links.text import ALPHABET, REF_LENGTH, SecretLength

KeyMode = Literal["live", "test"]
API_KEY_SECRET: Final = 32
API_KEY_PUBLIC: Final = 7
OPT_OUT_LENGTH: Final = 10
_FAIR: Final = 256 - 256 % len(ALPHABET)
_LETTERS: Final = bytes(ord(ALPHABET[byte % len(ALPHABET)]) for byte in range(256))
_PASSED_OVER: Final = bytes(range(_FAIR, 256))


@dataclass(frozen=True, slots=True)
class ApiKeyText:
    """A new API key: `text` is shown once, `prefix` (16 characters) and `key_hash` are stored."""

    prefix: str
    key_hash: bytes
    text: str = field(repr=False)


def new_ref() -> str:
    """The public name of a link: 8 base58 characters, 46.9 bits."""
    return _base58(REF_LENGTH)


def new_link_secret(length: SecretLength) -> str:
    """The secret of a link: 16 base58 characters are 93.7 bits, 22 are 128.9."""
    return _base58(length)


def new_opt_out_token() -> str:
    """The name of an opt-out page: 10 base58 characters, 58.6 bits, so that nobody stops another's messages by guessing."""
    return _base58(OPT_OUT_LENGTH)


def new_salt() -> bytes:
    """16 random bytes."""
    return secrets.token_bytes(16)


def new_key() -> bytes:
    """32 random bytes: the key of one document."""
    return secrets.token_bytes(32)


def new_access_code() -> str:
    """Eight Crockford characters, 40 bits, as they are printed: `7K3M-9QXF`. The hyphen does not count."""
    code = "".join(secrets.choice(CROCKFORD) for _ in range(CODE_LENGTH))
    return f"{code[:4]}-{code[4:]}"


def new_token() -> str:
    """A cookie or CSRF value of 256 bits, 43 characters."""
    return secrets.token_urlsafe(32)


def token_hash(token: str) -> bytes:
    """What is stored of a token: its SHA-256, enough for 256 random bits."""
    return hashlib.sha256(token.encode()).digest()


def new_api_key(keys: AppKeys, mode: KeyMode) -> ApiKeyText:
    """`pli_live_` or `pli_test_`, 7 public characters, an underscore, 32 secret characters (187 bits)."""
    prefix = f"pli_{mode}_{_base58(API_KEY_PUBLIC)}"
    text = f"{prefix}_{_base58(API_KEY_SECRET)}"
    return ApiKeyText(prefix, _api_key_hash(keys, text), text)


def api_key_prefix(text: str) -> str | None:
    """The stored prefix of an API key; None when the text does not have the form of one."""
    match text.split("_"):
        case ["pli", "live" | "test" as mode, public, secret] if (
            len(public) == API_KEY_PUBLIC and len(secret) == API_KEY_SECRET
        ):
            return f"pli_{mode}_{public}"
    return None


def api_key_hashes(ring: KeyRing, text: str) -> list[bytes]:
    """What may be stored of an API key, under the current application key and the previous ones."""
    return [_api_key_hash(keys, text) for keys in ring.newest_first]


def _api_key_hash(keys: AppKeys, text: str) -> bytes:
    return mac(keys.purpose("api-key"), text.encode())


def _base58(length: int) -> str:
    """Random bytes as letters; bytes past the last whole multiple of 58 are passed over, so that none is likelier."""
    text = ""
    while len(text) < length:
        text += secrets.token_bytes(2 * length).translate(_LETTERS, _PASSED_OVER).decode("ascii")
    return text[:length]
