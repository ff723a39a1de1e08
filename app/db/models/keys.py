"""What the database knows of keys it does not hold: enough to notice a wrong one."""

from sqlmodel import Field, SQLModel


class KeyVerifier(SQLModel, table=True):
    """A keyed hash per application key id: a wrong key stops the start."""

    __tablename__ = "key_verifier"

    kid: int = Field(primary_key=True)
    verifier: bytes


class DatabaseName(SQLModel, table=True):
    """One row: what this database is called in the blob store that it points into."""

    __tablename__ = "database_name"

    id: int = Field(primary_key=True)
    name: str = Field(max_length=32)


class EpochCheck(SQLModel, table=True):
    """A keyed hash per epoch key. `name` is the key's name in the epoch store."""

    __tablename__ = "epoch_check"

    name: str = Field(primary_key=True, max_length=80)
    check_value: bytes
