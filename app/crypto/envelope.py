"""Wraps of document keys and seals of texts, other than the link's own (see `linkkeys`).

review   from upload to release: parts, uploads and access codes of one batch
outbox   the text that holds a link, from release to its final status
org      the document key and the password key for the organisation, standard profile only
"""

from dataclasses import dataclass
from typing import Literal
from uuid import UUID

from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from app.crypto import boxes, labels
from app.crypto.derive import KEY_SIZE, gcm_open, gcm_seal, hkdf
from app.crypto.epochs import EpochName, EpochStore, require
from app.crypto.errors import SealBroken
from app.crypto.exchange import Exchange, exchanged_key
from app.crypto.keyring import AppKeys, KeyRing

ReviewPurpose = Literal["document-key", "upload-key", "access-code"]
OutboxChannel = Literal["sms", "rcs", "simulator"]
_CHANNEL_BYTE: dict[OutboxChannel, bytes] = {"sms": b"\x01", "rcs": b"\x02", "simulator": b"\x03"}
_NO_LINK = bytes(16)


class ReviewBox:
    """K_b: what waits for release in one batch. It is readable with the application key and the day's epoch key; when
    the epoch key is destroyed, a batch that nobody released is gone."""

    def __init__(self, ring: KeyRing, epoch: bytes, organisation_id: UUID, batch_id: UUID) -> None:
        self._ring = ring
        self._context = organisation_id.bytes + batch_id.bytes
        self._known: dict[int, AESGCM] = {}

        def derive(keys: AppKeys) -> AESGCM:
            if keys.kid not in self._known:
                key = hkdf(
                    keys.purpose("review") + epoch,
                    salt=batch_id.bytes,
                    info=labels.REVIEW + organisation_id.bytes,
                )
                self._known[keys.kid] = AESGCM(key)
            return self._known[keys.kid]

        self._cipher = derive
        self._box = boxes.BoxSealer(ring, derive)

    def seal(self, item_id: UUID, purpose: ReviewPurpose, data: bytes) -> bytes:
        """Seal a key or a code of one document or upload."""
        return self._box.seal(data, self._aad(item_id, purpose))

    def open(self, item_id: UUID, purpose: ReviewPurpose, sealed: bytes) -> bytes:
        """The key or code. Raises SealBroken."""
        return boxes.unseal(self._ring, self._cipher, sealed, self._aad(item_id, purpose))

    def _aad(self, item_id: UUID, purpose: ReviewPurpose) -> bytes:
        return labels.REVIEW_BOX + self._context + item_id.bytes + purpose.encode("ascii")


@dataclass(frozen=True, slots=True)
class OutboxPlace:
    """Where a sealed text belongs. `day` is the last day the text may be needed; its epoch key dies after it."""

    organisation_id: UUID
    message_id: UUID
    link_id: UUID | None
    channel: OutboxChannel
    day: int


class TextSealer:
    """Seals texts and cards of one last day, and holds that day's epoch key while it does. For one thread."""

    def __init__(self, ring: KeyRing, epoch: bytes, day: int) -> None:
        self._ring = ring
        self._epoch = epoch
        self._day = day
        self._nonces = boxes.nonces()
        self._message: tuple[UUID, boxes.BoxSealer] | None = None

    def seal(self, place: OutboxPlace, text: str) -> bytes:
        """Raises ValueError for a place of another day."""
        if place.day != self._day:
            raise ValueError("the text must be over by another day than the sealer's")
        # The text and the card of a message have one key, derived once when they follow each other.
        if self._message is None or self._message[0] != place.message_id:
            cipher = _outbox_cipher(place, self._epoch)
            self._message = place.message_id, boxes.BoxSealer(self._ring, cipher, self._nonces)
        return self._message[1].seal(text.encode(), _outbox_aad(place))


class Envelope:
    """Seals that need the key ring and the epoch store. A missing key raises KeysUnavailable."""

    def __init__(self, ring: KeyRing, epochs: EpochStore) -> None:
        self._ring = ring
        self._epochs = epochs

    def new_review_box(self, organisation_id: UUID, batch_id: UUID, day: int) -> ReviewBox:
        """For the upload: makes the day's epoch key when there is none."""
        return ReviewBox(
            self._ring, self._epochs.get_or_create(EpochName.out(day)), organisation_id, batch_id
        )

    def review_box(self, organisation_id: UUID, batch_id: UUID, day: int) -> ReviewBox:
        """For all later steps."""
        return ReviewBox(self._ring, require(self._epochs, EpochName.out(day)), organisation_id, batch_id)

    def text_sealer(self, day: int) -> "TextSealer":
        """Seals many texts of one last day; makes the day's epoch key when there is none."""
        return TextSealer(self._ring, self._epochs.get_or_create(EpochName.out(day)), day)

    def seal_text(self, place: OutboxPlace, text: str) -> bytes:
        """Seal one text or card."""
        return self.text_sealer(place.day).seal(place, text)

    def open_text(self, place: OutboxPlace, sealed: bytes) -> str:
        """The text. Raises SealBroken when it was sealed for another place."""
        epoch = require(self._epochs, EpochName.out(place.day))
        return boxes.unseal(self._ring, _outbox_cipher(place, epoch), sealed, _outbox_aad(place)).decode()


class OrganisationWrapper:
    """Wraps keys of one block for the holder of the organisation's private key, until the epoch key dies. `public` is
    the organisation's X25519 key. For one thread."""

    def __init__(self, public: bytes, epoch: bytes, organisation_id: UUID) -> None:
        self._exchange = Exchange(public)
        self._epoch = epoch
        self._organisation = organisation_id.bytes
        self._nonces = boxes.nonces()

    def wrap(self, document_id: UUID, *, dek: bytes, password_key: bytes) -> bytes:
        """124 bytes that hold the document key and the password key."""
        place = self._organisation + document_id.bytes
        key = self._exchange.key(labels.ORG_KEY + place, self._epoch)
        box = gcm_seal(key, next(self._nonces), dek + password_key, labels.ORG_BOX + place)
        return self._exchange.ephemeral_public + box


def unwrap_for_organisation(
    private: bytes, epoch: bytes, organisation_id: UUID, document_id: UUID, wrapped: bytes
) -> tuple[bytes, bytes]:
    """Document key and password key. Every use belongs in the journal. Raises SealBroken."""
    place = organisation_id.bytes + document_id.bytes
    key = exchanged_key(private, wrapped[:KEY_SIZE], labels.ORG_KEY + place, epoch)
    data = gcm_open(key, wrapped[KEY_SIZE:], labels.ORG_BOX + place)
    if data is None or len(data) != 2 * KEY_SIZE:
        raise SealBroken(
            "org_wrap_broken", "the organisation's copy of a document key does not open; upload it again"
        )
    return data[:KEY_SIZE], data[KEY_SIZE:]


def _outbox_cipher(place: OutboxPlace, epoch: bytes) -> boxes.CipherOf:
    def of(keys: AppKeys) -> AESGCM:
        return AESGCM(hkdf(keys.purpose("outbox") + epoch, salt=place.message_id.bytes, info=labels.OUTBOX))

    return of


def _outbox_aad(place: OutboxPlace) -> bytes:
    link = place.link_id.bytes if place.link_id else _NO_LINK
    return (
        labels.OUTBOX_TEXT
        + place.organisation_id.bytes
        + place.message_id.bytes
        + link
        + _CHANNEL_BYTE[place.channel]
    )
