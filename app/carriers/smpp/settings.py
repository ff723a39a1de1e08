"""What an operator gives for one SMPP connection. Most of it is written in the carrier's contract."""

from typing import Annotated, Literal, Self

from pydantic import (
    AfterValidator,
    BaseModel,
    ConfigDict,
    Field,
    SecretStr,
    StringConstraints,
    field_validator,
    model_validator,
)

from app.messaging.sending.failures import LASTING
from app.messaging.texts.national_tables import BY_NAME

LONGEST_PASSWORD = 8
Ascii = StringConstraints(pattern=r"^[\x21-\x7e]*$")
HexStatus = Annotated[str, StringConstraints(pattern=r"^0x[0-9a-f]{1,8}$")]


def _known_code(code: str) -> str:
    if code not in LASTING:
        raise ValueError(f"not a reason of Pli's; there are {', '.join(sorted(LASTING))}")
    return code


Code = Annotated[str, AfterValidator(_known_code)]


class SmppSettings(BaseModel):
    """`host`, `system_id` and `password` are all a usual account needs.

    Link: `tls` is from the first octet, checked against `ca_file` (PEM; empty means the system's authorities) and
    `server_name` (empty means `host`); `client_cert` and `client_key` are files too. `bind` says whether one link does
    both ways, two links share them (`separate`), or nothing comes back (`transmitter`).
    Contract: `window` is the most unanswered submissions; `enquire_seconds` the idle check.
    Texts: `long_text` is how a text of several segments travels, `alphabet` what the SMSC's default alphabet is,
    `languages` national tables it passes on.
    Receipts: `id_form` says in which clothes an id comes back; `error_codes` (text of `err:`) and `statuses` (0x401)
    translate the vendor's numbers into codes of `app.messaging.sending.failures`.
    """

    model_config = ConfigDict(frozen=True, extra="forbid", hide_input_in_errors=True)

    host: str = Field(min_length=1, max_length=253)
    port: int = Field(default=2775, ge=1, le=65535)
    tls: bool = True
    ca_file: str = ""
    server_name: str = ""
    client_cert: str = ""
    client_key: str = ""
    system_id: Annotated[str, Ascii] = Field(min_length=1, max_length=15)
    password: SecretStr
    system_type: Annotated[str, Ascii] = Field(default="", max_length=12)
    bind: Literal["transceiver", "separate", "transmitter"] = "transceiver"
    window: int = Field(default=10, ge=1, le=1000)
    enquire_seconds: float = Field(default=30.0, gt=0, le=600)
    answer_seconds: float = Field(default=30.0, gt=0, le=300)
    long_text: Literal["udh8", "udh16", "sar", "payload"] = "udh8"
    alphabet: Literal["gsm", "gsm_packed", "latin1"] = "gsm"
    gsm_data_coding: int = Field(default=0, ge=0, le=255)
    languages: tuple[str, ...] = ()
    locking_shift: bool = False
    short_code_ton: int = Field(default=3, ge=0, le=7)
    short_code_npi: int = Field(default=0, ge=0, le=18)
    service_type: Annotated[str, Ascii] = Field(default="", max_length=5)
    id_form: Literal["any", "same", "decimal", "hexadecimal"] = "any"
    error_codes: dict[str, Code] = Field(default_factory=dict)
    statuses: dict[HexStatus, Code] = Field(default_factory=dict)

    @field_validator("languages")
    @classmethod
    def known_languages(cls, names: tuple[str, ...]) -> tuple[str, ...]:
        """Only tables that exist."""
        if unknown := [name for name in names if name not in BY_NAME]:
            raise ValueError(f"no national tables for {', '.join(unknown)}; known: {', '.join(BY_NAME)}")
        return names

    @field_validator("password")
    @classmethod
    def password_fits(cls, password: SecretStr) -> SecretStr:
        """Its field on the wire is that short."""
        value = password.get_secret_value()
        if len(value) > LONGEST_PASSWORD or not value.isascii() or not value.isprintable():
            raise ValueError("a password of SMPP has at most 8 characters, of ASCII")
        return password

    @model_validator(mode="after")
    def tables_need_headers(self) -> Self:
        """National tables are named in a header, which the other ways of long texts do not have."""
        if self.languages and (self.long_text not in ("udh8", "udh16") or self.alphabet == "latin1"):
            raise ValueError("languages need long_text udh8 or udh16 and a gsm alphabet")
        return self

    @model_validator(mode="after")
    def certificate_has_key(self) -> Self:
        """A client certificate without its key proves nothing."""
        if bool(self.client_cert) != bool(self.client_key):
            raise ValueError("client_cert and client_key belong together")
        return self

    @property
    def peer_name(self) -> str:
        """The name the server's certificate must bear."""
        return self.server_name or self.host
