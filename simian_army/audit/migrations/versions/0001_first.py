"""The first schema: events, open faults, and triggers that refuse to change what was written."""

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None

SEQ = sa.BigInteger().with_variant(sa.Integer, "sqlite")
INDICES = {
    "ix_events_attempt": ["run", "target", "seq"],
    "ix_events_phase": ["phase", "seq"],
    "ix_events_phase_at": ["phase", "at"],
    "ix_events_at": ["at"],
    "ix_events_entry": ["entry", "seq"],
    "ix_events_target": ["target", "seq"],
    "ix_events_name": ["name"],
}


def upgrade() -> None:
    """Make the tables."""
    words = ("run", "actor", "entry", "target", "name", "scope", "config", "data")
    op.create_table(
        "events",
        sa.Column("seq", SEQ, primary_key=True, autoincrement=False),
        sa.Column("at", sa.String(32), nullable=False),
        sa.Column("phase", sa.String(16), nullable=False),
        *(sa.Column(word, sa.Text, nullable=False) for word in words),
        sa.Column("leashed", sa.SmallInteger, nullable=False),
        sa.Column("embedded", sa.SmallInteger, nullable=False),
        sa.Column("key", sa.Text, nullable=True),
        sa.Column("previous", sa.String(64), nullable=False),
        sa.Column("hash", sa.String(64), nullable=False),
    )
    op.create_index("ix_events_key", "events", ["key"], unique=True)
    for name, columns in INDICES.items():
        op.create_index(name, "events", columns)
    op.create_table(
        "open_faults",
        sa.Column("run", sa.Text, primary_key=True),
        sa.Column("target", sa.Text, primary_key=True),
        sa.Column("seq", SEQ, nullable=False),
        sa.Column("phase", sa.String(16), nullable=False),
    )
    op.create_index("ix_open_faults_target", "open_faults", ["target"], unique=True)
    if op.get_bind().dialect.name == "sqlite":
        for verb in ("UPDATE", "DELETE"):
            op.execute(
                f"CREATE TRIGGER events_no_{verb.lower()} BEFORE {verb} ON events "
                "BEGIN SELECT RAISE(ABORT, 'the ledger is append-only'); END"
            )
