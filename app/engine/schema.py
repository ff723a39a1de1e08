"""The tables of the job engine: in the schema `dbos` on PostgreSQL, beside ours on SQLite.

The engine's own start would migrate too, but a process that only enqueues never starts it; and on SQLite it says
`BEGIN IMMEDIATE` by itself, which an engine opened with our rules has already said. So migrating is a step of its own.
"""

from dbos._serialization import DBOSPortableJSON
from dbos._sys_db import SystemDatabase

from app.engine.logs import quiet_library

SCHEMA = "dbos"
LISTEN_NOTIFY = False  # queues are polled anyway; a listener would cost a connection and rule out PgBouncer
TABLES = frozenset(
    {
        "application_versions",
        "dbos_migrations",
        "event_dispatch_kv",  # PostgreSQL only
        "notifications",
        "operation_outputs",
        "queues",
        "streams",
        "workflow_events",
        "workflow_events_history",
        "workflow_input",
        "workflow_output",
        "workflow_schedules",
        "workflow_status",
    }
)


def migrate(url: str) -> None:
    """Create or upgrade the engine's tables in our database. Every process does so before it enqueues or works."""
    quiet_library()
    system = SystemDatabase.create(
        system_database_url=url,
        engine_kwargs={"pool_size": 2, "max_overflow": 0, "hide_parameters": True},
        engine=None,
        schema=SCHEMA,
        serializer=DBOSPortableJSON,
        executor_id=None,
        use_listen_notify=LISTEN_NOTIFY,
    )
    try:
        system.run_migrations()
    finally:
        system.destroy()
