"""Every setting of Pli, read from the environment in one place. Lower layers get small policies, never this object.

Each setting is described in docs/operations.md; a test keeps the two in step.
"""

import os
from pathlib import Path
from typing import Literal, Self
from urllib.parse import urlsplit

from pydantic import Field, SecretStr, model_validator
from pydantic_settings import BaseSettings, SettingsConfigDict

LOOPBACK = frozenset({"localhost", "127.0.0.1", "::1"})
ROOT = Path(__file__).resolve().parent.parent


class Settings(BaseSettings):
    """Settings with the prefix `PLI_`. A value may also lie in a file named by `PLI_<NAME>_FILE` (keys only)."""

    model_config = SettingsConfigDict(env_prefix="PLI_", extra="ignore")

    environment: Literal["development", "production"] = "development"
    data_dir: Path = Field(
        default=ROOT / "data", description="Folder for database, blobs, epoch keys and demo files."
    )
    database_url: str = Field(
        default="", description="SQLAlchemy address; empty means SQLite in the data folder."
    )
    blob_url: str = Field(
        default="", description="Object store address; empty means a folder in the data folder."
    )
    epoch_dir: Path | None = Field(default=None, description="Epoch keys; keep it on a volume of its own.")
    app_key: SecretStr = Field(default=SecretStr(""), description="Application key, 64 hexadecimal digits.")
    app_key_file: Path | None = Field(default=None, description="File that holds the application key.")
    app_key_id: int = Field(default=1, ge=1, le=255, description="Number of the application key.")
    port: int = Field(default=8000, ge=1, le=65535, description="Port of the HTTP service. PORT is an alias.")
    host: str = Field(default="127.0.0.1", description="Address the HTTP service binds to.")
    public_url: str = Field(default="", description="Address of console and API as people type it.")
    link_url: str = Field(
        default="", description="Address of the short links; empty means the public address."
    )
    allowed_hosts: str = Field(
        default="", description="Further host names to answer to, separated by commas."
    )
    trusted_proxies: str = Field(default="", description="Networks whose X-Forwarded-For is believed.")
    workers_slot: str = Field(
        default="0", description="Stable name of this process among workers of the host."
    )
    upload_max_mb: int = Field(default=200, ge=1, description="Largest upload, all files together, in MB.")
    pdf_max_pages: int = Field(default=20_000, ge=1, description="Most pages in one PDF.")
    pdf_memory_mb: int = Field(
        default=1_500, ge=256, description="Memory of the process that reads PDFs, in MB."
    )
    pdf_seconds: int = Field(default=600, ge=5, description="Longest time to read one PDF, in seconds.")
    sheet_max_rows: int = Field(default=100_000, ge=1, description="Most rows in a people sheet.")
    argon2_threads: int = Field(
        default=0, ge=0, description="Threads that derive passwords; 0 means one per core."
    )
    rcs_fallback_seconds: int = Field(
        default=900, ge=10, description="How long an RCS card may wait before the SMS."
    )
    text_max_segments: int = Field(
        default=10, ge=1, le=255, description="Most segments of one text; a longer one is refused."
    )
    demo: bool = Field(default=False, description="Serve the sample organisation; set by `pli demo`.")
    tls_cert: Path | None = Field(default=None, description="Certificate for HTTPS.")
    tls_key: Path | None = Field(default=None, description="Private key for HTTPS.")

    @model_validator(mode="before")
    @classmethod
    def port_alias(cls, values: dict[str, object]) -> dict[str, object]:
        """`PORT` is what hosting platforms set."""
        if "port" not in values and (port := os.environ.get("PORT")):
            values["port"] = port
        return values

    @model_validator(mode="after")
    def refuse_unsafe_production(self) -> Self:
        """Production needs real keys, real addresses and HTTPS links."""
        if self.environment == "production":
            if not (self.app_key.get_secret_value() or self.app_key_file):
                raise ValueError("PLI_APP_KEY or PLI_APP_KEY_FILE is required in production")
            if self.demo:
                raise ValueError("PLI_DEMO is not allowed in production")
            if not self.public.startswith("https://") or not self.links.startswith("https://"):
                raise ValueError("PLI_PUBLIC_URL and PLI_LINK_URL must be https addresses in production")
        return self

    @model_validator(mode="after")
    def refuse_clear_links(self) -> Self:
        """A link carries a secret, and phones refuse a card whose address is not https; one's own machine is exempt."""
        address = urlsplit(self.links)
        if address.scheme != "https" and address.hostname not in LOOPBACK:
            raise ValueError(
                "the address of the links must be https (PLI_LINK_URL, or PLI_PUBLIC_URL when it is empty)"
            )
        return self

    @property
    def public(self) -> str:
        """Address of console and API, without a final slash."""
        scheme = "https" if self.tls_cert else "http"
        return (self.public_url or f"{scheme}://localhost:{self.port}").rstrip("/")

    @property
    def links(self) -> str:
        """Address of the short links, without a final slash."""
        return (self.link_url or self.public).rstrip("/")

    @property
    def database(self) -> str:
        """SQLAlchemy address of the database."""
        return self.database_url or f"sqlite:///{self.data_dir / 'pli.db'}"

    @property
    def epochs(self) -> Path:
        """Folder of the epoch keys."""
        return self.epoch_dir or self.data_dir / "epochs"
