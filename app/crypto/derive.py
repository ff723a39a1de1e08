"""Derivations, all with SHA-256 and fields of fixed width."""

import hmac

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from app.crypto import labels
from links.ports import Binding

KEY_SIZE = 32
NONCE_SIZE = 12
TAG_SIZE = 16


def hkdf(key: bytes, *, salt: bytes | None, info: bytes, size: int = KEY_SIZE) -> bytes:
    """HKDF-SHA-256."""
    return HKDF(algorithm=SHA256(), length=size, salt=salt, info=info).derive(key)


def mac(key: bytes, data: bytes) -> bytes:
    """HMAC-SHA-256, 32 bytes."""
    return hmac.digest(key, data, "sha256")


def pack_ids(binding: Binding) -> bytes:
    """The 54 bytes that tie a wrap to one organisation, document, link, last day, password scheme and version."""
    return b"".join(
        (
            binding.organisation_id.bytes,
            binding.document_id.bytes,
            binding.link_id.bytes,
            binding.hard_day.to_bytes(4, "big"),
            bytes((binding.kdf, binding.version)),
        )
    )


def link_key(secret: str, salt: bytes, ref: str) -> bytes:
    """K_s: what the secret in the link is worth on the server."""
    return hkdf(secret.encode("ascii"), salt=salt, info=labels.LINK + ref.encode("ascii"))


def link_proof(key: bytes) -> bytes:
    """The stored proof that somebody holds the secret: 16 bytes that open nothing."""
    return mac(key, labels.PROOF)[:16]


def unwrap_key(key: bytes, password_key: bytes, epoch: bytes, salt: bytes, ids: bytes) -> bytes:
    """K_u: secret, password and epoch together."""
    return hkdf(key + password_key + epoch, salt=salt, info=labels.UNWRAP + ids)


def gcm_seal(key: bytes, nonce: bytes, data: bytes, aad: bytes) -> bytes:
    """`nonce || ciphertext || tag`."""
    return nonce + AESGCM(key).encrypt(nonce, data, aad)


def gcm_open(key: bytes, sealed: bytes, aad: bytes) -> bytes | None:
    """What `gcm_seal` was given; None when key, bytes or context differ, without saying which."""
    return cipher_open(AESGCM(key), sealed, aad)


def cipher_open(cipher: AESGCM, sealed: bytes, aad: bytes) -> bytes | None:
    """`gcm_open` with a cipher that holds its key already."""
    if len(sealed) < NONCE_SIZE + TAG_SIZE:
        return None
    try:
        return cipher.decrypt(sealed[:NONCE_SIZE], sealed[NONCE_SIZE:], aad)
    except InvalidTag:
        return None
