"""What of the service does not answer, by name."""

from app.core.errors import PliError
from app.crypto.epochs import EpochName, day_of
from app.db.queries import keys
from app.runtime import Runtime


def check_health(rt: Runtime) -> list[str]:
    """Names of what is out of order; empty when all is well. Reads only."""
    problems = []
    try:
        with rt.read() as session:
            keys.verifiers(session)
    except Exception:  # whatever a driver raises, the answer is the same
        problems.append("database")
    try:
        rt.vault.epochs.get(EpochName.out(day_of(rt.now())))
    except (OSError, PliError):
        problems.append("epoch_store")
    return problems
