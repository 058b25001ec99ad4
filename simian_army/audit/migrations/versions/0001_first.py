"""The first schema: events, open faults, and triggers that refuse to change what was written."""

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None


def upgrade() -> None:
    """Make the tables."""
    op.create_table(
        "events",
        sa.Column("seq", sa.Integer, primary_key=True, autoincrement=False),
        sa.Column("at", sa.String(32), nullable=False),
        sa.Column("run", sa.String(64), nullable=False),
        sa.Column("phase", sa.String(16), nullable=False),
        sa.Column("actor", sa.Text, nullable=False),
        sa.Column("entry", sa.Text, nullable=False),
        sa.Column("target", sa.Text, nullable=False),
        sa.Column("leashed", sa.Boolean, nullable=False),
        sa.Column("embedded", sa.Boolean, nullable=False),
        sa.Column("config", sa.String(64), nullable=False),
        sa.Column("key", sa.Text, nullable=True, unique=True),
        sa.Column("data", sa.Text, nullable=False),
        sa.Column("previous", sa.String(64), nullable=False),
        sa.Column("hash", sa.String(64), nullable=False),
    )
    op.create_index("ix_events_at", "events", ["at"])
    op.create_index("ix_events_run", "events", ["run"])
    op.create_index("ix_events_phase_seq", "events", ["phase", "seq"])
    op.create_table(
        "open_faults",
        sa.Column("run", sa.String(64), primary_key=True),
        sa.Column("target", sa.Text, primary_key=True),
        sa.Column("seq", sa.Integer, nullable=False),
        sa.Column("phase", sa.String(16), nullable=False),
        sa.UniqueConstraint("target", name="one_open_fault_per_target"),
    )
    if op.get_bind().dialect.name == "sqlite":
        for verb in ("UPDATE", "DELETE"):
            op.execute(
                f"CREATE TRIGGER events_no_{verb.lower()} BEFORE {verb} ON events "
                "BEGIN SELECT RAISE(ABORT, 'the ledger is append-only'); END"
            )


def downgrade() -> None:
    """Refuse: a ledger is never made smaller."""
    raise NotImplementedError("a ledger has no way back")
