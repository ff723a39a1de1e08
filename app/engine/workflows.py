"""How a handler becomes one of the library's workflows, named by its kind so that moving it renames no stored job."""

from collections.abc import Callable

from dbos import DBOS

from app.core.jobs import Handler
from app.engine.handlers import HandlerRunner

TICK = "tick:"


def add_job(runner: HandlerRunner, kind: str, handler: Handler) -> None:
    """A workflow of exactly one step, the handler: code outside a step would run again after a crash."""

    def step(*ids: str) -> None:
        status = DBOS.get_workflow_status(DBOS.workflow_id or "")
        runner.run(kind, handler, ids, (status and status.recovery_attempts) or 1)

    def workflow(*ids: str) -> None:
        DBOS.run_step({"name": kind}, step, *ids)

    _register(runner, kind, workflow)


def add_tick(runner: HandlerRunner, kind: str, handler: Handler) -> None:
    """A workflow without a step, for a tick that may as well run twice. It ignores the library's two arguments."""

    def workflow(_at: object, _context: object) -> None:
        runner.tick(kind, handler)

    _register(runner, TICK + kind, workflow)


def _register(runner: HandlerRunner, name: str, workflow: Callable[..., None]) -> None:
    # Our own count ends a job that kills its worker; the library's would, later, if ours were never reached.
    DBOS.workflow(name=name, max_recovery_attempts=runner.policy.max_recoveries + 5)(workflow)
