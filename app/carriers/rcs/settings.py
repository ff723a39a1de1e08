"""What an operator gives of one RCS agent. The key file and the token of the webhook are secrets, sealed with the rest."""

from functools import cached_property
from typing import Self

from pydantic import ConfigDict, Field, SecretStr, model_validator

from app.carriers.http.sources import CallbackSources
from app.crypto.signing import Rs256
from rcs.client import Addresses, Region
from rcs.token import KeyFile, read_key_file


class RcsSettings(CallbackSources):
    """`region` is where the agent was created, and never changes. `service_account` is the JSON key file of the service
    account that may send for the agent; `client_token` the one under which the webhook is saved in the platform's console.
    `address` and `token_address` replace the platform's own, for a test double."""

    model_config = ConfigDict(frozen=True, extra="forbid", hide_input_in_errors=True)

    agent_id: str = Field(pattern=r"^[A-Za-z0-9@._-]{1,80}$")
    region: Region
    service_account: SecretStr = Field(json_schema_extra={"from_file": True})
    client_token: SecretStr = Field(min_length=8)
    address: str = ""
    token_address: str = ""

    @model_validator(mode="after")
    def usable(self) -> Self:
        """An address, a key file or a key that cannot be used is said before anything is stored."""
        _ = self.addresses, self.signer
        return self

    @cached_property
    def addresses(self) -> Addresses:
        """Where the platform and its tokens are."""
        own = Addresses.of(self.region)
        return Addresses(self.address or own.api, self.token_address or own.token)

    @cached_property
    def key_file(self) -> KeyFile:
        """Who asks for tokens, and the private key."""
        return read_key_file(self.service_account.get_secret_value())

    @cached_property
    def signer(self) -> Rs256:
        """Signs what is exchanged for a token."""
        return Rs256(self.key_file.private_key)
