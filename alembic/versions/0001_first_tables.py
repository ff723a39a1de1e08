"""First tables."""

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "callback_event",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("carrier", sa.String(20), nullable=False),
        sa.Column("event_key", sa.String(80), nullable=False),
        sa.Column("kind", sa.String(10), nullable=False),
        sa.Column("reference", sa.String(80), nullable=False),
        sa.Column("state", sa.String(12), nullable=False),
        sa.Column("code", sa.String(40), nullable=False),
        sa.Column("content_sealed", sa.LargeBinary(), nullable=True),
        sa.Column("received_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_callback_event")),
        sa.UniqueConstraint("carrier", "event_key", name=op.f("uq_callback_event_carrier_event_key")),
    )
    with op.batch_alter_table("callback_event", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_callback_event_kind"), ["kind"], unique=False)
        batch_op.create_index(batch_op.f("ix_callback_event_received_at"), ["received_at"], unique=False)

    op.create_table(
        "carrier_health",
        sa.Column("carrier", sa.String(20), nullable=False),
        sa.Column("since", sa.DateTime(timezone=True), nullable=True),
        sa.Column("calls", sa.Integer(), nullable=False),
        sa.Column("failed", sa.Integer(), nullable=False),
        sa.Column("slow", sa.Integer(), nullable=False),
        sa.Column("pauses", sa.Integer(), nullable=False),
        sa.Column("paused_until", sa.DateTime(timezone=True), nullable=True),
        sa.Column("slow_until", sa.DateTime(timezone=True), nullable=True),
        sa.Column("probed_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("rests_until", sa.DateTime(timezone=True), nullable=True),
        sa.Column("rest_reason", sa.String(40), nullable=False),
        sa.Column("seen_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("carrier", name=op.f("pk_carrier_health")),
    )
    op.create_table(
        "database_name",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("name", sa.String(32), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_database_name")),
    )
    op.create_table(
        "epoch_check",
        sa.Column("name", sa.String(80), nullable=False),
        sa.Column("check_value", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("name", name=op.f("pk_epoch_check")),
    )
    op.create_table(
        "executor_beat",
        sa.Column("executor_id", sa.String(120), nullable=False),
        sa.Column("instance", sa.String(32), nullable=False),
        sa.Column("beat", sa.Double(), nullable=False),
        sa.PrimaryKeyConstraint("executor_id", name=op.f("pk_executor_beat")),
    )
    op.create_table(
        "key_verifier",
        sa.Column("kid", sa.Integer(), nullable=False),
        sa.Column("verifier", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("kid", name=op.f("pk_key_verifier")),
    )
    op.create_table(
        "link",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("ref", sa.String(8), nullable=False),
        sa.Column("organisation_id", sa.Uuid(), nullable=False),
        sa.Column("document_id", sa.Uuid(), nullable=False),
        sa.Column("recipient", sa.LargeBinary(), nullable=True),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("kid", sa.Integer(), nullable=False),
        sa.Column("kdf", sa.Integer(), nullable=False),
        sa.Column("salt", sa.LargeBinary(), nullable=False),
        sa.Column("salt_password", sa.LargeBinary(), nullable=False),
        sa.Column("proof", sa.LargeBinary(), nullable=False),
        sa.Column("hard_day", sa.Integer(), nullable=False),
        sa.Column("epoch_check", sa.LargeBinary(), nullable=False),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("wrapped_link", sa.LargeBinary(), nullable=True),
        sa.Column("wrapped_org", sa.LargeBinary(), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("released_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("revoked_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("revoked_reason", sa.String(10), nullable=False),
        sa.Column("frozen_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("wiped_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("bad", sa.Integer(), nullable=False),
        sa.Column("day_bad", sa.Integer(), nullable=False),
        sa.Column("day_ends_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("blocked_until", sa.DateTime(timezone=True), nullable=True),
        sa.Column("openings", sa.Integer(), nullable=False),
        sa.Column("first_opened_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("last_opened_at", sa.DateTime(timezone=True), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_link")),
        sa.UniqueConstraint("ref", name=op.f("uq_link_ref")),
    )
    with op.batch_alter_table("link", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_link_document_id"), ["document_id"], unique=False)
        batch_op.create_index(batch_op.f("ix_link_hard_day"), ["hard_day"], unique=False)
        batch_op.create_index(batch_op.f("ix_link_organisation_id"), ["organisation_id"], unique=False)

    op.create_table(
        "link_throttle",
        sa.Column("bucket", sa.LargeBinary(), nullable=False),
        sa.Column("wrong", sa.Integer(), nullable=False),
        sa.Column("window_ends_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("blocked_until", sa.DateTime(timezone=True), nullable=True),
        sa.PrimaryKeyConstraint("bucket", name=op.f("pk_link_throttle")),
    )
    with op.batch_alter_table("link_throttle", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_link_throttle_window_ends_at"), ["window_ends_at"], unique=False)

    op.create_table(
        "login_throttle",
        sa.Column("bucket", sa.LargeBinary(), nullable=False),
        sa.Column("failures", sa.Integer(), nullable=False),
        sa.Column("window_ends_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("bucket", name=op.f("pk_login_throttle")),
    )
    op.create_table(
        "organisation",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("name", sa.String(120), nullable=False),
        sa.Column("slug", sa.String(40), nullable=False),
        sa.Column("timezone", sa.String(64), nullable=False),
        sa.Column("region", sa.String(2), nullable=False),
        sa.Column("language", sa.String(2), nullable=False),
        sa.Column("profile", sa.String(10), nullable=False),
        sa.Column("staff_pattern", sa.String(400), nullable=False),
        sa.Column("sender_name", sa.String(11), nullable=False),
        sa.Column("contact", sa.String(200), nullable=False),
        sa.Column("contact_phone", sa.String(16), nullable=False),
        sa.Column("brand_colour", sa.String(7), nullable=False),
        sa.Column("password_policy", sa.String(10), nullable=False),
        sa.Column("link_days", sa.Integer(), nullable=False),
        sa.Column("rcs_enabled", sa.Boolean(), nullable=False),
        sa.Column("simulator_only", sa.Boolean(), nullable=False),
        sa.Column("custody", sa.String(10), nullable=False),
        sa.Column("public_key", sa.LargeBinary(), nullable=False),
        sa.Column("private_key_sealed", sa.LargeBinary(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_organisation")),
        sa.UniqueConstraint("slug", name=op.f("uq_organisation_slug")),
    )
    op.create_table(
        "pace",
        sa.Column("owner_id", sa.Uuid(), nullable=False),
        sa.Column("log", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("owner_id", name=op.f("pk_pace")),
    )
    op.create_table(
        "smpp_part",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("connection_id", sa.Uuid(), nullable=False),
        sa.Column("attempt_id", sa.Uuid(), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("total", sa.Integer(), nullable=False),
        sa.Column("to_index", sa.LargeBinary(), nullable=False),
        sa.Column("reference", sa.String(64), nullable=False),
        sa.Column("state", sa.String(10), nullable=False),
        sa.Column("code", sa.String(40), nullable=False),
        sa.Column("vendor", sa.String(20), nullable=False),
        sa.Column("body_sealed", sa.LargeBinary(), nullable=True),
        sa.Column("leaves_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("sent_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("done_at", sa.DateTime(timezone=True), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_smpp_part")),
    )
    with op.batch_alter_table("smpp_part", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_smpp_part_attempt_id"), ["attempt_id"], unique=False)
        batch_op.create_index(
            "ix_smpp_part_open",
            ["connection_id", "state"],
            unique=False,
            sqlite_where=sa.text("state IN ('offered', 'sent')"),
            postgresql_where=sa.text("state IN ('offered', 'sent')"),
        )
        batch_op.create_index("ix_smpp_part_reference", ["connection_id", "reference"], unique=False)
        batch_op.create_index("ix_smpp_part_sent_at", ["sent_at"], unique=False)
        batch_op.create_index("ix_smpp_part_to", ["connection_id", "to_index", "sent_at"], unique=False)

    op.create_table(
        "smpp_piece",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("connection_id", sa.Uuid(), nullable=False),
        sa.Column("series", sa.LargeBinary(), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("total", sa.Integer(), nullable=False),
        sa.Column("content_sealed", sa.LargeBinary(), nullable=False),
        sa.Column("received_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_smpp_piece")),
        sa.UniqueConstraint(
            "connection_id", "series", "number", name=op.f("uq_smpp_piece_connection_id_series_number")
        ),
    )
    op.create_table(
        "smpp_receipt",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("connection_id", sa.Uuid(), nullable=False),
        sa.Column("reference", sa.String(64), nullable=False),
        sa.Column("to_index", sa.LargeBinary(), nullable=False),
        sa.Column("state", sa.String(10), nullable=False),
        sa.Column("code", sa.String(40), nullable=False),
        sa.Column("vendor", sa.String(20), nullable=False),
        sa.Column("received_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_smpp_receipt")),
        sa.UniqueConstraint(
            "connection_id",
            "reference",
            "to_index",
            "state",
            name=op.f("uq_smpp_receipt_connection_id_reference_to_index_state"),
        ),
    )
    with op.batch_alter_table("smpp_receipt", schema=None) as batch_op:
        batch_op.create_index("ix_smpp_receipt_received_at", ["received_at"], unique=False)

    op.create_table(
        "api_key",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("organisation_id", sa.Uuid(), nullable=False),
        sa.Column("name", sa.String(120), nullable=False),
        sa.Column("mode", sa.String(4), nullable=False),
        sa.Column("prefix", sa.String(16), nullable=False),
        sa.Column("key_hash", sa.LargeBinary(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("revoked_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(
            ["organisation_id"], ["organisation.id"], name=op.f("fk_api_key_organisation_id_organisation")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_api_key")),
        sa.UniqueConstraint("key_hash", name=op.f("uq_api_key_key_hash")),
    )
    with op.batch_alter_table("api_key", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_api_key_organisation_id"), ["organisation_id"], unique=False)

    op.create_table(
        "batch",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("organisation_id", sa.Uuid(), nullable=False),
        sa.Column("title", sa.String(120), nullable=False),
        sa.Column("kind", sa.String(20), nullable=False),
        sa.Column("period", sa.String(7), nullable=False),
        sa.Column("printed_period", sa.String(7), nullable=False),
        sa.Column("state", sa.String(16), nullable=False),
        sa.Column("failure", sa.JSON(), nullable=False),
        sa.Column("expires_on", sa.String(10), nullable=False),
        sa.Column("password_policy", sa.String(10), nullable=False),
        sa.Column("profile", sa.String(10), nullable=False),
        sa.Column("channels", sa.JSON(), nullable=False),
        sa.Column("mapping", sa.JSON(), nullable=True),
        sa.Column("sheet_warnings", sa.JSON(), nullable=False),
        sa.Column("page_count", sa.Integer(), nullable=False),
        sa.Column("pages_read", sa.Integer(), nullable=False),
        sa.Column("review_day", sa.Integer(), nullable=False),
        sa.Column("release_before", sa.DateTime(timezone=True), nullable=False),
        sa.Column("idempotency_key", sa.String(200), nullable=True),
        sa.Column("request_hash", sa.LargeBinary(), nullable=True),
        sa.Column("same_files_as", sa.Uuid(), nullable=True),
        sa.Column("confirmed", sa.JSON(), nullable=False),
        sa.Column("created_by", sa.String(80), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("released_by", sa.String(80), nullable=False),
        sa.Column("released_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("finished_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("packs_deleted_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(
            ["organisation_id"], ["organisation.id"], name=op.f("fk_batch_organisation_id_organisation")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_batch")),
        sa.UniqueConstraint(
            "organisation_id", "idempotency_key", name=op.f("uq_batch_organisation_id_idempotency_key")
        ),
    )
    with op.batch_alter_table("batch", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_batch_organisation_id"), ["organisation_id"], unique=False)
        batch_op.create_index(batch_op.f("ix_batch_state"), ["state"], unique=False)

    op.create_table(
        "carrier_connection",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("name", sa.String(20), nullable=False),
        sa.Column("kind", sa.String(12), nullable=False),
        sa.Column("organisation_id", sa.Uuid(), nullable=True),
        sa.Column("settings_sealed", sa.LargeBinary(), nullable=False),
        sa.Column("rate", sa.Float(), nullable=False),
        sa.Column("channels", sa.JSON(), nullable=False),
        sa.Column("destinations", sa.JSON(), nullable=False),
        sa.Column("senders", sa.JSON(), nullable=False),
        sa.Column("rank", sa.Integer(), nullable=False),
        sa.Column("weight", sa.Integer(), nullable=False),
        sa.Column("enabled", sa.Boolean(), nullable=False),
        sa.Column("renewals", sa.Integer(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("changed_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["organisation_id"],
            ["organisation.id"],
            name=op.f("fk_carrier_connection_organisation_id_organisation"),
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_carrier_connection")),
        sa.UniqueConstraint("name", name=op.f("uq_carrier_connection_name")),
    )
    with op.batch_alter_table("carrier_connection", schema=None) as batch_op:
        batch_op.create_index(
            batch_op.f("ix_carrier_connection_organisation_id"), ["organisation_id"], unique=False
        )

    op.create_table(
        "consent_record",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("organisation_id", sa.Uuid(), nullable=False),
        sa.Column("subject_index", sa.LargeBinary(), nullable=False),
        sa.Column("number_sealed", sa.LargeBinary(), nullable=True),
        sa.Column("person_id", sa.Uuid(), nullable=True),
        sa.Column("fact", sa.String(20), nullable=False),
        sa.Column("sender", sa.String(40), nullable=False),
        sa.Column("channels", sa.JSON(), nullable=False),
        sa.Column("purpose", sa.String(60), nullable=False),
        sa.Column("legal_basis", sa.String(20), nullable=False),
        sa.Column("how", sa.String(12), nullable=False),
        sa.Column("happened_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("recorded_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("recorded_by", sa.String(80), nullable=False),
        sa.Column("form_version", sa.String(40), nullable=False),
        sa.Column("text_shown", sa.String(2000), nullable=False),
        sa.Column("text_hash", sa.LargeBinary(), nullable=True),
        sa.Column("action_trace", sa.String(200), nullable=False),
        sa.Column("evidence_file", sa.String(200), nullable=False),
        sa.Column("sale_reference", sa.String(80), nullable=False),
        sa.Column("sale_conditions", sa.JSON(), nullable=False),
        sa.Column("raw_text_sealed", sa.LargeBinary(), nullable=True),
        sa.ForeignKeyConstraint(
            ["organisation_id"],
            ["organisation.id"],
            name=op.f("fk_consent_record_organisation_id_organisation"),
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_consent_record")),
    )
    with op.batch_alter_table("consent_record", schema=None) as batch_op:
        batch_op.create_index("ix_consent_record_subject", ["organisation_id", "subject_index"], unique=False)

    op.create_table(
        "console_user",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("organisation_id", sa.Uuid(), nullable=False),
        sa.Column("email", sa.String(254), nullable=False),
        sa.Column("name", sa.String(120), nullable=False),
        sa.Column("password_hash", sa.String(255), nullable=False),
        sa.Column("role", sa.String(10), nullable=False),
        sa.Column("language", sa.String(2), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("disabled_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(
            ["organisation_id"],
            ["organisation.id"],
            name=op.f("fk_console_user_organisation_id_organisation"),
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_console_user")),
        sa.UniqueConstraint("email", name=op.f("uq_console_user_email")),
    )
    with op.batch_alter_table("console_user", schema=None) as batch_op:
        batch_op.create_index(
            batch_op.f("ix_console_user_organisation_id"), ["organisation_id"], unique=False
        )

    op.create_table(
        "dated_rule",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("organisation_id", sa.Uuid(), nullable=False),
        sa.Column("kind", sa.String(10), nullable=False),
        sa.Column("rule_id", sa.String(60), nullable=False),
        sa.Column("value", sa.JSON(), nullable=False),
        sa.Column("valid_from", sa.Date(), nullable=True),
        sa.Column("valid_to", sa.Date(), nullable=True),
        sa.Column("enabled", sa.Boolean(), nullable=False),
        sa.Column("source", sa.String(200), nullable=False),
        sa.Column("certainty", sa.String(12), nullable=False),
        sa.Column("note", sa.String(400), nullable=False),
        sa.Column("changed_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("changed_by", sa.String(80), nullable=False),
        sa.ForeignKeyConstraint(
            ["organisation_id"], ["organisation.id"], name=op.f("fk_dated_rule_organisation_id_organisation")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_dated_rule")),
        sa.UniqueConstraint(
            "organisation_id", "kind", "rule_id", name=op.f("uq_dated_rule_organisation_id_kind_rule_id")
        ),
    )
    op.create_table(
        "dead_number",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("organisation_id", sa.Uuid(), nullable=False),
        sa.Column("phone_index", sa.LargeBinary(), nullable=False),
        sa.Column("code", sa.String(40), nullable=False),
        sa.Column("failures", sa.Integer(), nullable=False),
        sa.Column("last_failed_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["organisation_id"], ["organisation.id"], name=op.f("fk_dead_number_organisation_id_organisation")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_dead_number")),
        sa.UniqueConstraint(
            "organisation_id", "phone_index", name=op.f("uq_dead_number_organisation_id_phone_index")
        ),
    )
    with op.batch_alter_table("dead_number", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_dead_number_last_failed_at"), ["last_failed_at"], unique=False)

    op.create_table(
        "journal_event",
        sa.Column("organisation_id", sa.Uuid(), nullable=False),
        sa.Column("seq", sa.BigInteger(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("tag", sa.String(40), nullable=False),
        sa.Column("subject_id", sa.Uuid(), nullable=False),
        sa.Column("salt", sa.LargeBinary(), nullable=True),
        sa.Column("body_sealed", sa.LargeBinary(), nullable=True),
        sa.Column("commitment", sa.LargeBinary(), nullable=False),
        sa.Column("chain", sa.LargeBinary(), nullable=False),
        sa.ForeignKeyConstraint(
            ["organisation_id"],
            ["organisation.id"],
            name=op.f("fk_journal_event_organisation_id_organisation"),
        ),
        sa.PrimaryKeyConstraint("organisation_id", "seq", name=op.f("pk_journal_event")),
    )
    with op.batch_alter_table("journal_event", schema=None) as batch_op:
        batch_op.create_index("ix_journal_subject", ["organisation_id", "subject_id", "seq"], unique=False)
        batch_op.create_index("ix_journal_tag_at", ["tag", "at"], unique=False)

    op.create_table(
        "journal_head",
        sa.Column("organisation_id", sa.Uuid(), nullable=False),
        sa.Column("seq", sa.BigInteger(), nullable=False),
        sa.Column("head", sa.LargeBinary(), nullable=False),
        sa.ForeignKeyConstraint(
            ["organisation_id"],
            ["organisation.id"],
            name=op.f("fk_journal_head_organisation_id_organisation"),
        ),
        sa.PrimaryKeyConstraint("organisation_id", name=op.f("pk_journal_head")),
    )
    op.create_table(
        "link_session",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("sid", sa.LargeBinary(), nullable=False),
        sa.Column("link_id", sa.Uuid(), nullable=False),
        sa.Column("kind", sa.String(6), nullable=False),
        sa.Column("state", sa.String(4), nullable=False),
        sa.Column("sealed_dek", sa.LargeBinary(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["link_id"], ["link.id"], name=op.f("fk_link_session_link_id_link")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_link_session")),
        sa.UniqueConstraint("sid", name=op.f("uq_link_session_sid")),
    )
    with op.batch_alter_table("link_session", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_link_session_expires_at"), ["expires_at"], unique=False)
        batch_op.create_index(batch_op.f("ix_link_session_link_id"), ["link_id"], unique=False)

    op.create_table(
        "mapping_memory",
        sa.Column("organisation_id", sa.Uuid(), nullable=False),
        sa.Column("headings", sa.JSON(), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["organisation_id"],
            ["organisation.id"],
            name=op.f("fk_mapping_memory_organisation_id_organisation"),
        ),
        sa.PrimaryKeyConstraint("organisation_id", name=op.f("pk_mapping_memory")),
    )
    op.create_table(
        "messaging_choices",
        sa.Column("organisation_id", sa.Uuid(), nullable=False),
        sa.Column("stop_code", sa.String(5), nullable=False),
        sa.Column("stop_scope", sa.String(12), nullable=False),
        sa.Column("one_segment_marketing", sa.Boolean(), nullable=False),
        sa.Column("segment_micro", sa.Integer(), nullable=False),
        sa.Column("kinds_on", sa.JSON(), nullable=False),
        sa.ForeignKeyConstraint(
            ["organisation_id"],
            ["organisation.id"],
            name=op.f("fk_messaging_choices_organisation_id_organisation"),
        ),
        sa.PrimaryKeyConstraint("organisation_id", name=op.f("pk_messaging_choices")),
    )
    op.create_table(
        "objection",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("organisation_id", sa.Uuid(), nullable=False),
        sa.Column("subject_index", sa.LargeBinary(), nullable=False),
        sa.Column("kind", sa.String(20), nullable=False),
        sa.Column("withdrawn", sa.Boolean(), nullable=False),
        sa.Column("how", sa.String(20), nullable=False),
        sa.Column("recorded_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["organisation_id"], ["organisation.id"], name=op.f("fk_objection_organisation_id_organisation")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_objection")),
    )
    with op.batch_alter_table("objection", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_objection_subject_index"), ["subject_index"], unique=False)

    op.create_table(
        "opt_out_link",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("token", sa.String(12), nullable=False),
        sa.Column("organisation_id", sa.Uuid(), nullable=False),
        sa.Column("subject_index", sa.LargeBinary(), nullable=False),
        sa.Column("number_sealed", sa.LargeBinary(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["organisation_id"],
            ["organisation.id"],
            name=op.f("fk_opt_out_link_organisation_id_organisation"),
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_opt_out_link")),
        sa.UniqueConstraint(
            "organisation_id", "subject_index", name=op.f("uq_opt_out_link_organisation_id_subject_index")
        ),
        sa.UniqueConstraint("token", name=op.f("uq_opt_out_link_token")),
    )
    op.create_table(
        "person",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("organisation_id", sa.Uuid(), nullable=False),
        sa.Column("staff_sealed", sa.LargeBinary(), nullable=False),
        sa.Column("staff_index", sa.LargeBinary(), nullable=False),
        sa.Column("name_sealed", sa.LargeBinary(), nullable=False),
        sa.Column("phone_sealed", sa.LargeBinary(), nullable=True),
        sa.Column("phone_index", sa.LargeBinary(), nullable=True),
        sa.Column("language", sa.String(2), nullable=False),
        sa.Column("objected_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("password_key_sealed", sa.LargeBinary(), nullable=True),
        sa.Column("updated_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["organisation_id"], ["organisation.id"], name=op.f("fk_person_organisation_id_organisation")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_person")),
        sa.UniqueConstraint(
            "organisation_id", "staff_index", name=op.f("uq_person_organisation_id_staff_index")
        ),
    )
    with op.batch_alter_table("person", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_person_organisation_id"), ["organisation_id"], unique=False)

    op.create_table(
        "sender",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("organisation_id", sa.Uuid(), nullable=False),
        sa.Column("kind", sa.String(16), nullable=False),
        sa.Column("address", sa.String(40), nullable=False),
        sa.Column("carrier", sa.String(20), nullable=False),
        sa.Column("rate", sa.Float(), nullable=False),
        sa.Column("state", sa.String(10), nullable=False),
        sa.Column("state_since", sa.DateTime(timezone=True), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["organisation_id"], ["organisation.id"], name=op.f("fk_sender_organisation_id_organisation")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_sender")),
    )
    with op.batch_alter_table("sender", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_sender_organisation_id"), ["organisation_id"], unique=False)

    op.create_table(
        "simulated_handset",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("organisation_id", sa.Uuid(), nullable=False),
        sa.Column("phone_sealed", sa.LargeBinary(), nullable=False),
        sa.Column("phone_index", sa.LargeBinary(), nullable=False),
        sa.Column("powered", sa.Boolean(), nullable=False),
        sa.Column("rcs", sa.Boolean(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["organisation_id"],
            ["organisation.id"],
            name=op.f("fk_simulated_handset_organisation_id_organisation"),
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_simulated_handset")),
        sa.UniqueConstraint(
            "organisation_id", "phone_index", name=op.f("uq_simulated_handset_organisation_id_phone_index")
        ),
    )
    op.create_table(
        "template",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("organisation_id", sa.Uuid(), nullable=False),
        sa.Column("key", sa.String(40), nullable=False),
        sa.Column("channel", sa.String(4), nullable=False),
        sa.Column("language", sa.String(2), nullable=False),
        sa.Column("category", sa.String(16), nullable=False),
        sa.Column("kind", sa.String(20), nullable=False),
        sa.Column("title", sa.String(200), nullable=False),
        sa.Column("text", sa.String(2000), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["organisation_id"], ["organisation.id"], name=op.f("fk_template_organisation_id_organisation")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_template")),
        sa.UniqueConstraint(
            "organisation_id",
            "key",
            "channel",
            "language",
            name=op.f("uq_template_organisation_id_key_channel_language"),
        ),
    )
    with op.batch_alter_table("template", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_template_organisation_id"), ["organisation_id"], unique=False)

    op.create_table(
        "block",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("organisation_id", sa.Uuid(), nullable=False),
        sa.Column("batch_id", sa.Uuid(), nullable=True),
        sa.Column("sender_id", sa.Uuid(), nullable=True),
        sa.Column("kind", sa.String(10), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("run", sa.Uuid(), nullable=True),
        sa.Column("done_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(["batch_id"], ["batch.id"], name=op.f("fk_block_batch_id_batch")),
        sa.ForeignKeyConstraint(
            ["organisation_id"], ["organisation.id"], name=op.f("fk_block_organisation_id_organisation")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_block")),
    )
    with op.batch_alter_table("block", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_block_batch_id"), ["batch_id"], unique=False)

    op.create_table(
        "connection_lease",
        sa.Column("connection_id", sa.Uuid(), nullable=False),
        sa.Column("owner", sa.String(80), nullable=False),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("state", sa.String(12), nullable=False),
        sa.Column("reason", sa.String(40), nullable=False),
        sa.Column("state_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["connection_id"],
            ["carrier_connection.id"],
            name=op.f("fk_connection_lease_connection_id_carrier_connection"),
        ),
        sa.PrimaryKeyConstraint("connection_id", name=op.f("pk_connection_lease")),
    )
    op.create_table(
        "console_session",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("user_id", sa.Uuid(), nullable=False),
        sa.Column("token_hash", sa.LargeBinary(), nullable=False),
        sa.Column("csrf_token", sa.String(64), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["user_id"], ["console_user.id"], name=op.f("fk_console_session_user_id_console_user")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_console_session")),
        sa.UniqueConstraint("token_hash", name=op.f("uq_console_session_token_hash")),
    )
    with op.batch_alter_table("console_session", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_console_session_user_id"), ["user_id"], unique=False)

    op.create_table(
        "document",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("organisation_id", sa.Uuid(), nullable=False),
        sa.Column("batch_id", sa.Uuid(), nullable=False),
        sa.Column("person_id", sa.Uuid(), nullable=True),
        sa.Column("block_id", sa.Uuid(), nullable=True),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("match", sa.String(20), nullable=False),
        sa.Column("state", sa.String(12), nullable=False),
        sa.Column("row_key", sa.String(24), nullable=False),
        sa.Column("conflict", sa.Boolean(), nullable=False),
        sa.Column("findings", sa.JSON(), nullable=False),
        sa.Column("confirmed", sa.JSON(), nullable=False),
        sa.Column("details_sealed", sa.LargeBinary(), nullable=True),
        sa.Column("sheet_row", sa.Integer(), nullable=True),
        sa.Column("pages", sa.JSON(), nullable=False),
        sa.Column("period", sa.String(7), nullable=False),
        sa.Column("language", sa.String(2), nullable=False),
        sa.Column("staff_sealed", sa.LargeBinary(), nullable=True),
        sa.Column("staff_index", sa.LargeBinary(), nullable=True),
        sa.Column("name_sealed", sa.LargeBinary(), nullable=True),
        sa.Column("phone_sealed", sa.LargeBinary(), nullable=True),
        sa.Column("phone_index", sa.LargeBinary(), nullable=True),
        sa.Column("access_code_review", sa.LargeBinary(), nullable=True),
        sa.Column("blob_key", sa.String(120), nullable=False),
        sa.Column("blob_offset", sa.Integer(), nullable=False),
        sa.Column("blob_size", sa.Integer(), nullable=False),
        sa.Column("plain_size", sa.Integer(), nullable=False),
        sa.Column("content_index", sa.LargeBinary(), nullable=True),
        sa.Column("content_hash_sealed", sa.LargeBinary(), nullable=True),
        sa.Column("key_review", sa.LargeBinary(), nullable=True),
        sa.Column("opened_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("downloaded_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("revoked_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["batch_id"], ["batch.id"], name=op.f("fk_document_batch_id_batch")),
        sa.ForeignKeyConstraint(
            ["organisation_id"], ["organisation.id"], name=op.f("fk_document_organisation_id_organisation")
        ),
        sa.ForeignKeyConstraint(["person_id"], ["person.id"], name=op.f("fk_document_person_id_person")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_document")),
        sa.UniqueConstraint("batch_id", "position", name=op.f("uq_document_batch_id_position")),
    )
    with op.batch_alter_table("document", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_document_batch_id"), ["batch_id"], unique=False)
        batch_op.create_index(batch_op.f("ix_document_block_id"), ["block_id"], unique=False)
        batch_op.create_index(batch_op.f("ix_document_content_index"), ["content_index"], unique=False)
        batch_op.create_index(batch_op.f("ix_document_organisation_id"), ["organisation_id"], unique=False)
        batch_op.create_index(batch_op.f("ix_document_person_id"), ["person_id"], unique=False)
        batch_op.create_index(batch_op.f("ix_document_phone_index"), ["phone_index"], unique=False)
        batch_op.create_index(batch_op.f("ix_document_staff_index"), ["staff_index"], unique=False)

    op.create_table(
        "simulated_message",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("organisation_id", sa.Uuid(), nullable=False),
        sa.Column("handset_id", sa.Uuid(), nullable=False),
        sa.Column("attempt_id", sa.Uuid(), nullable=True),
        sa.Column("channel", sa.String(4), nullable=False),
        sa.Column("sender", sa.String(40), nullable=False),
        sa.Column("body_sealed", sa.LargeBinary(), nullable=True),
        sa.Column("state", sa.String(10), nullable=False),
        sa.Column("due_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("delivered_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("read_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(
            ["handset_id"],
            ["simulated_handset.id"],
            name=op.f("fk_simulated_message_handset_id_simulated_handset"),
        ),
        sa.ForeignKeyConstraint(
            ["organisation_id"],
            ["organisation.id"],
            name=op.f("fk_simulated_message_organisation_id_organisation"),
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_simulated_message")),
        sa.UniqueConstraint("attempt_id", name=op.f("uq_simulated_message_attempt_id")),
    )
    with op.batch_alter_table("simulated_message", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_simulated_message_created_at"), ["created_at"], unique=False)
        batch_op.create_index(batch_op.f("ix_simulated_message_due_at"), ["due_at"], unique=False)
        batch_op.create_index(batch_op.f("ix_simulated_message_expires_at"), ["expires_at"], unique=False)
        batch_op.create_index(batch_op.f("ix_simulated_message_handset_id"), ["handset_id"], unique=False)

    op.create_table(
        "stalled_job",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("job_id", sa.String(200), nullable=False),
        sa.Column("kind", sa.String(40), nullable=False),
        sa.Column("ids", sa.JSON(), nullable=False),
        sa.Column("partition", sa.String(80), nullable=False),
        sa.Column("code", sa.String(80), nullable=False),
        sa.Column("organisation_id", sa.Uuid(), nullable=True),
        sa.Column("batch_id", sa.Uuid(), nullable=True),
        sa.Column("stalled_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("resolved_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(["batch_id"], ["batch.id"], name=op.f("fk_stalled_job_batch_id_batch")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_stalled_job")),
        sa.UniqueConstraint("job_id", name=op.f("uq_stalled_job_job_id")),
    )
    with op.batch_alter_table("stalled_job", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_stalled_job_batch_id"), ["batch_id"], unique=False)
        batch_op.create_index(batch_op.f("ix_stalled_job_resolved_at"), ["resolved_at"], unique=False)

    op.create_table(
        "upload",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("organisation_id", sa.Uuid(), nullable=False),
        sa.Column("batch_id", sa.Uuid(), nullable=False),
        sa.Column("role", sa.String(10), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("name_sealed", sa.LargeBinary(), nullable=False),
        sa.Column("size", sa.Integer(), nullable=False),
        sa.Column("content_index", sa.LargeBinary(), nullable=False),
        sa.Column("blob_key", sa.String(120), nullable=False),
        sa.Column("key_wrapped", sa.LargeBinary(), nullable=True),
        sa.ForeignKeyConstraint(["batch_id"], ["batch.id"], name=op.f("fk_upload_batch_id_batch")),
        sa.ForeignKeyConstraint(
            ["organisation_id"], ["organisation.id"], name=op.f("fk_upload_organisation_id_organisation")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_upload")),
    )
    with op.batch_alter_table("upload", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_upload_batch_id"), ["batch_id"], unique=False)
        batch_op.create_index(batch_op.f("ix_upload_content_index"), ["content_index"], unique=False)
        batch_op.create_index(batch_op.f("ix_upload_organisation_id"), ["organisation_id"], unique=False)

    op.create_table(
        "inbound_message",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("organisation_id", sa.Uuid(), nullable=False),
        sa.Column("event_key", sa.String(80), nullable=False),
        sa.Column("from_sealed", sa.LargeBinary(), nullable=False),
        sa.Column("from_index", sa.LargeBinary(), nullable=False),
        sa.Column("text_sealed", sa.LargeBinary(), nullable=False),
        sa.Column("to_sender", sa.String(40), nullable=False),
        sa.Column("pictures", sa.Integer(), nullable=False),
        sa.Column("intent", sa.String(10), nullable=False),
        sa.Column("batch_id", sa.Uuid(), nullable=True),
        sa.Column("document_id", sa.Uuid(), nullable=True),
        sa.Column("received_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["batch_id"], ["batch.id"], name=op.f("fk_inbound_message_batch_id_batch")),
        sa.ForeignKeyConstraint(
            ["document_id"], ["document.id"], name=op.f("fk_inbound_message_document_id_document")
        ),
        sa.ForeignKeyConstraint(
            ["organisation_id"],
            ["organisation.id"],
            name=op.f("fk_inbound_message_organisation_id_organisation"),
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_inbound_message")),
        sa.UniqueConstraint(
            "organisation_id", "event_key", name=op.f("uq_inbound_message_organisation_id_event_key")
        ),
    )
    with op.batch_alter_table("inbound_message", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_inbound_message_batch_id"), ["batch_id"], unique=False)
        batch_op.create_index(batch_op.f("ix_inbound_message_document_id"), ["document_id"], unique=False)
        batch_op.create_index(batch_op.f("ix_inbound_message_from_index"), ["from_index"], unique=False)

    op.create_table(
        "message",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("organisation_id", sa.Uuid(), nullable=False),
        sa.Column("batch_id", sa.Uuid(), nullable=True),
        sa.Column("document_id", sa.Uuid(), nullable=True),
        sa.Column("link_id", sa.Uuid(), nullable=True),
        sa.Column("block_id", sa.Uuid(), nullable=True),
        sa.Column("sender_id", sa.Uuid(), nullable=False),
        sa.Column("priority", sa.SmallInteger(), nullable=False),
        sa.Column("category", sa.String(16), nullable=False),
        sa.Column("kind", sa.String(20), nullable=False),
        sa.Column("template_key", sa.String(40), nullable=False),
        sa.Column("language", sa.String(2), nullable=False),
        sa.Column("plan", sa.JSON(), nullable=False),
        sa.Column("channel", sa.String(4), nullable=False),
        sa.Column("state", sa.String(12), nullable=False),
        sa.Column("reason", sa.String(60), nullable=False),
        sa.Column("to_sealed", sa.LargeBinary(), nullable=False),
        sa.Column("to_index", sa.LargeBinary(), nullable=False),
        sa.Column("text_sealed", sa.LargeBinary(), nullable=True),
        sa.Column("card_sealed", sa.LargeBinary(), nullable=True),
        sa.Column("outbox_day", sa.Integer(), nullable=False),
        sa.Column("territory", sa.String(8), nullable=False),
        sa.Column("ground", sa.String(16), nullable=False),
        sa.Column("segments", sa.Integer(), nullable=False),
        sa.Column("encoding", sa.String(6), nullable=False),
        sa.Column("not_before", sa.DateTime(timezone=True), nullable=False),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("finished_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("wiped_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("double", sa.Boolean(), nullable=False),
        sa.ForeignKeyConstraint(["batch_id"], ["batch.id"], name=op.f("fk_message_batch_id_batch")),
        sa.ForeignKeyConstraint(
            ["document_id"], ["document.id"], name=op.f("fk_message_document_id_document")
        ),
        sa.ForeignKeyConstraint(
            ["organisation_id"], ["organisation.id"], name=op.f("fk_message_organisation_id_organisation")
        ),
        sa.ForeignKeyConstraint(["sender_id"], ["sender.id"], name=op.f("fk_message_sender_id_sender")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_message")),
    )
    with op.batch_alter_table("message", schema=None) as batch_op:
        batch_op.create_index(
            "ix_message_answers",
            ["organisation_id", "created_at"],
            unique=False,
            sqlite_where=sa.text("template_key IN ('stop_done', 'start_done', 'contact_answer')"),
            postgresql_where=sa.text("template_key IN ('stop_done', 'start_done', 'contact_answer')"),
        )
        batch_op.create_index(batch_op.f("ix_message_batch_id"), ["batch_id"], unique=False)
        batch_op.create_index(batch_op.f("ix_message_document_id"), ["document_id"], unique=False)
        batch_op.create_index(
            "ix_message_held",
            ["not_before"],
            unique=False,
            sqlite_where=sa.text("state = 'held'"),
            postgresql_where=sa.text("state = 'held'"),
        )
        batch_op.create_index(batch_op.f("ix_message_link_id"), ["link_id"], unique=False)
        batch_op.create_index(
            "ix_message_queued",
            ["sender_id", "priority", "created_at", "id"],
            unique=False,
            sqlite_where=sa.text("state = 'queued'"),
            postgresql_where=sa.text("state = 'queued'"),
        )
        batch_op.create_index(
            "ix_message_submitting",
            ["block_id"],
            unique=False,
            sqlite_where=sa.text("state = 'submitting'"),
            postgresql_where=sa.text("state = 'submitting'"),
        )
        batch_op.create_index(batch_op.f("ix_message_to_index"), ["to_index"], unique=False)

    op.create_table(
        "simulated_report",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("message_id", sa.Uuid(), nullable=False),
        sa.Column("state", sa.String(12), nullable=False),
        sa.Column("code", sa.String(40), nullable=False),
        sa.Column("occurred_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("due_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("tries", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(
            ["message_id"],
            ["simulated_message.id"],
            name=op.f("fk_simulated_report_message_id_simulated_message"),
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_simulated_report")),
    )
    with op.batch_alter_table("simulated_report", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_simulated_report_due_at"), ["due_at"], unique=False)
        batch_op.create_index(batch_op.f("ix_simulated_report_message_id"), ["message_id"], unique=False)

    op.create_table(
        "attempt",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("message_id", sa.Uuid(), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("channel", sa.String(4), nullable=False),
        sa.Column("sender_id", sa.Uuid(), nullable=False),
        sa.Column("carrier", sa.String(20), nullable=False),
        sa.Column("carrier_reference", sa.String(80), nullable=False),
        sa.Column("state", sa.String(12), nullable=False),
        sa.Column("reason", sa.String(60), nullable=False),
        sa.Column("segments", sa.Integer(), nullable=False),
        sa.Column("tries", sa.Integer(), nullable=False),
        sa.Column("confirming", sa.Boolean(), nullable=False),
        sa.Column("started_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("submitted_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("deadline_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("finished_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(["message_id"], ["message.id"], name=op.f("fk_attempt_message_id_message")),
        sa.ForeignKeyConstraint(["sender_id"], ["sender.id"], name=op.f("fk_attempt_sender_id_sender")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_attempt")),
        sa.UniqueConstraint("message_id", "number", name=op.f("uq_attempt_message_id_number")),
    )
    with op.batch_alter_table("attempt", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_attempt_carrier_reference"), ["carrier_reference"], unique=False)
        batch_op.create_index(batch_op.f("ix_attempt_deadline_at"), ["deadline_at"], unique=False)
        batch_op.create_index(batch_op.f("ix_attempt_message_id"), ["message_id"], unique=False)

    op.create_table(
        "inbox_decision",
        sa.Column("inbound_id", sa.Uuid(), nullable=False),
        sa.Column("decision", sa.String(12), nullable=False),
        sa.Column("decided_by", sa.String(80), nullable=False),
        sa.Column("decided_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["inbound_id"], ["inbound_message.id"], name=op.f("fk_inbox_decision_inbound_id_inbound_message")
        ),
        sa.PrimaryKeyConstraint("inbound_id", name=op.f("pk_inbox_decision")),
    )
    op.create_table(
        "message_request",
        sa.Column("message_id", sa.Uuid(), nullable=False),
        sa.Column("organisation_id", sa.Uuid(), nullable=False),
        sa.Column("idempotency_key", sa.String(200), nullable=True),
        sa.Column("request_hash", sa.LargeBinary(), nullable=False),
        sa.Column("asked_by", sa.String(80), nullable=False),
        sa.Column("asked_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["message_id"], ["message.id"], name=op.f("fk_message_request_message_id_message")
        ),
        sa.ForeignKeyConstraint(
            ["organisation_id"],
            ["organisation.id"],
            name=op.f("fk_message_request_organisation_id_organisation"),
        ),
        sa.PrimaryKeyConstraint("message_id", name=op.f("pk_message_request")),
        sa.UniqueConstraint(
            "organisation_id",
            "idempotency_key",
            name=op.f("uq_message_request_organisation_id_idempotency_key"),
        ),
    )
    op.create_table(
        "staff_reply",
        sa.Column("message_id", sa.Uuid(), nullable=False),
        sa.Column("organisation_id", sa.Uuid(), nullable=False),
        sa.Column("inbound_id", sa.Uuid(), nullable=False),
        sa.Column("form_key", sa.Uuid(), nullable=False),
        sa.Column("to_index", sa.LargeBinary(), nullable=False),
        sa.Column("text_sealed", sa.LargeBinary(), nullable=False),
        sa.Column("written_by", sa.String(80), nullable=False),
        sa.Column("written_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["inbound_id"], ["inbound_message.id"], name=op.f("fk_staff_reply_inbound_id_inbound_message")
        ),
        sa.ForeignKeyConstraint(
            ["message_id"], ["message.id"], name=op.f("fk_staff_reply_message_id_message")
        ),
        sa.ForeignKeyConstraint(
            ["organisation_id"], ["organisation.id"], name=op.f("fk_staff_reply_organisation_id_organisation")
        ),
        sa.PrimaryKeyConstraint("message_id", name=op.f("pk_staff_reply")),
        sa.UniqueConstraint("form_key", name=op.f("uq_staff_reply_form_key")),
    )
    with op.batch_alter_table("staff_reply", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_staff_reply_inbound_id"), ["inbound_id"], unique=False)
        batch_op.create_index(batch_op.f("ix_staff_reply_to_index"), ["to_index"], unique=False)

    op.create_table(
        "delivery_report",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("attempt_id", sa.Uuid(), nullable=False),
        sa.Column("event_key", sa.String(80), nullable=False),
        sa.Column("state", sa.String(12), nullable=False),
        sa.Column("code", sa.String(40), nullable=False),
        sa.Column("occurred_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("received_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["attempt_id"], ["attempt.id"], name=op.f("fk_delivery_report_attempt_id_attempt")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_delivery_report")),
        sa.UniqueConstraint("attempt_id", "event_key", name=op.f("uq_delivery_report_attempt_id_event_key")),
    )
    with op.batch_alter_table("delivery_report", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_delivery_report_attempt_id"), ["attempt_id"], unique=False)


def downgrade() -> None:
    with op.batch_alter_table("delivery_report", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_delivery_report_attempt_id"))

    op.drop_table("delivery_report")
    with op.batch_alter_table("staff_reply", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_staff_reply_to_index"))
        batch_op.drop_index(batch_op.f("ix_staff_reply_inbound_id"))

    op.drop_table("staff_reply")
    op.drop_table("message_request")
    op.drop_table("inbox_decision")
    with op.batch_alter_table("attempt", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_attempt_message_id"))
        batch_op.drop_index(batch_op.f("ix_attempt_deadline_at"))
        batch_op.drop_index(batch_op.f("ix_attempt_carrier_reference"))

    op.drop_table("attempt")
    with op.batch_alter_table("simulated_report", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_simulated_report_message_id"))
        batch_op.drop_index(batch_op.f("ix_simulated_report_due_at"))

    op.drop_table("simulated_report")
    with op.batch_alter_table("message", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_message_to_index"))
        batch_op.drop_index(
            "ix_message_submitting",
            sqlite_where=sa.text("state = 'submitting'"),
            postgresql_where=sa.text("state = 'submitting'"),
        )
        batch_op.drop_index(
            "ix_message_queued",
            sqlite_where=sa.text("state = 'queued'"),
            postgresql_where=sa.text("state = 'queued'"),
        )
        batch_op.drop_index(batch_op.f("ix_message_link_id"))
        batch_op.drop_index(
            "ix_message_held",
            sqlite_where=sa.text("state = 'held'"),
            postgresql_where=sa.text("state = 'held'"),
        )
        batch_op.drop_index(batch_op.f("ix_message_document_id"))
        batch_op.drop_index(batch_op.f("ix_message_batch_id"))
        batch_op.drop_index(
            "ix_message_answers",
            sqlite_where=sa.text("template_key IN ('stop_done', 'start_done', 'contact_answer')"),
            postgresql_where=sa.text("template_key IN ('stop_done', 'start_done', 'contact_answer')"),
        )

    op.drop_table("message")
    with op.batch_alter_table("inbound_message", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_inbound_message_from_index"))
        batch_op.drop_index(batch_op.f("ix_inbound_message_document_id"))
        batch_op.drop_index(batch_op.f("ix_inbound_message_batch_id"))

    op.drop_table("inbound_message")
    with op.batch_alter_table("upload", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_upload_organisation_id"))
        batch_op.drop_index(batch_op.f("ix_upload_content_index"))
        batch_op.drop_index(batch_op.f("ix_upload_batch_id"))

    op.drop_table("upload")
    with op.batch_alter_table("stalled_job", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_stalled_job_resolved_at"))
        batch_op.drop_index(batch_op.f("ix_stalled_job_batch_id"))

    op.drop_table("stalled_job")
    with op.batch_alter_table("simulated_message", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_simulated_message_handset_id"))
        batch_op.drop_index(batch_op.f("ix_simulated_message_expires_at"))
        batch_op.drop_index(batch_op.f("ix_simulated_message_due_at"))
        batch_op.drop_index(batch_op.f("ix_simulated_message_created_at"))

    op.drop_table("simulated_message")
    with op.batch_alter_table("document", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_document_staff_index"))
        batch_op.drop_index(batch_op.f("ix_document_phone_index"))
        batch_op.drop_index(batch_op.f("ix_document_person_id"))
        batch_op.drop_index(batch_op.f("ix_document_organisation_id"))
        batch_op.drop_index(batch_op.f("ix_document_content_index"))
        batch_op.drop_index(batch_op.f("ix_document_block_id"))
        batch_op.drop_index(batch_op.f("ix_document_batch_id"))

    op.drop_table("document")
    with op.batch_alter_table("console_session", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_console_session_user_id"))

    op.drop_table("console_session")
    op.drop_table("connection_lease")
    with op.batch_alter_table("block", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_block_batch_id"))

    op.drop_table("block")
    with op.batch_alter_table("template", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_template_organisation_id"))

    op.drop_table("template")
    op.drop_table("simulated_handset")
    with op.batch_alter_table("sender", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_sender_organisation_id"))

    op.drop_table("sender")
    with op.batch_alter_table("person", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_person_organisation_id"))

    op.drop_table("person")
    op.drop_table("opt_out_link")
    with op.batch_alter_table("objection", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_objection_subject_index"))

    op.drop_table("objection")
    op.drop_table("messaging_choices")
    op.drop_table("mapping_memory")
    with op.batch_alter_table("link_session", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_link_session_link_id"))
        batch_op.drop_index(batch_op.f("ix_link_session_expires_at"))

    op.drop_table("link_session")
    op.drop_table("journal_head")
    with op.batch_alter_table("journal_event", schema=None) as batch_op:
        batch_op.drop_index("ix_journal_tag_at")
        batch_op.drop_index("ix_journal_subject")

    op.drop_table("journal_event")
    with op.batch_alter_table("dead_number", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_dead_number_last_failed_at"))

    op.drop_table("dead_number")
    op.drop_table("dated_rule")
    with op.batch_alter_table("console_user", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_console_user_organisation_id"))

    op.drop_table("console_user")
    with op.batch_alter_table("consent_record", schema=None) as batch_op:
        batch_op.drop_index("ix_consent_record_subject")

    op.drop_table("consent_record")
    with op.batch_alter_table("carrier_connection", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_carrier_connection_organisation_id"))

    op.drop_table("carrier_connection")
    with op.batch_alter_table("batch", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_batch_state"))
        batch_op.drop_index(batch_op.f("ix_batch_organisation_id"))

    op.drop_table("batch")
    with op.batch_alter_table("api_key", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_api_key_organisation_id"))

    op.drop_table("api_key")
    with op.batch_alter_table("smpp_receipt", schema=None) as batch_op:
        batch_op.drop_index("ix_smpp_receipt_received_at")

    op.drop_table("smpp_receipt")
    op.drop_table("smpp_piece")
    with op.batch_alter_table("smpp_part", schema=None) as batch_op:
        batch_op.drop_index("ix_smpp_part_to")
        batch_op.drop_index("ix_smpp_part_sent_at")
        batch_op.drop_index("ix_smpp_part_reference")
        batch_op.drop_index(
            "ix_smpp_part_open",
            sqlite_where=sa.text("state IN ('offered', 'sent')"),
            postgresql_where=sa.text("state IN ('offered', 'sent')"),
        )
        batch_op.drop_index(batch_op.f("ix_smpp_part_attempt_id"))

    op.drop_table("smpp_part")
    op.drop_table("pace")
    op.drop_table("organisation")
    op.drop_table("login_throttle")
    with op.batch_alter_table("link_throttle", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_link_throttle_window_ends_at"))

    op.drop_table("link_throttle")
    with op.batch_alter_table("link", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_link_organisation_id"))
        batch_op.drop_index(batch_op.f("ix_link_hard_day"))
        batch_op.drop_index(batch_op.f("ix_link_document_id"))

    op.drop_table("link")
    op.drop_table("key_verifier")
    op.drop_table("executor_beat")
    op.drop_table("epoch_check")
    op.drop_table("database_name")
    op.drop_table("carrier_health")
    with op.batch_alter_table("callback_event", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_callback_event_received_at"))
        batch_op.drop_index(batch_op.f("ix_callback_event_kind"))

    op.drop_table("callback_event")
