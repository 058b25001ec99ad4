"""The first schema: events, open faults, and triggers that refuse to change what was written."""

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None

SEQ = sa.BigInteger().with_variant(sa.Integer, "sqlite")


def text(length: int = 0) -> sa.types.TypeEngine[str]:
    """Text ordered by its bytes on both: no language's rules, and no index that a new C library breaks."""
    bytewise = sa.String(length, collation="C") if length else sa.Text(collation="C")
    return (sa.String(length) if length else sa.Text()).with_variant(bytewise, "postgresql")


INDICES = {
    "ix_events_attempt": ["run", "target", "seq"],
    "ix_events_phase": ["phase", "seq"],
    "ix_events_phase_at": ["phase", "at"],
    "ix_events_at": ["at"],
    "ix_events_entry": ["entry", "seq"],
    "ix_events_target": ["target", "seq"],
    "ix_events_name": ["name"],
}
LITE = "CREATE TRIGGER events_no_{0} BEFORE {0} ON events BEGIN SELECT RAISE(ABORT, 'the ledger is append-only'); END"
REFUSE = """
CREATE FUNCTION events_append_only() RETURNS trigger LANGUAGE plpgsql AS
$$ BEGIN RAISE EXCEPTION 'the ledger is append-only'; END $$
"""
SERVED = """
CREATE TRIGGER events_no_change BEFORE UPDATE OR DELETE OR TRUNCATE ON events
FOR EACH STATEMENT EXECUTE FUNCTION events_append_only()
"""
REFUSALS = {"sqlite": [LITE.format("update"), LITE.format("delete")], "postgresql": [REFUSE, SERVED]}


def upgrade() -> None:
    """Make the tables."""
    words = ("run", "actor", "entry", "target", "name", "scope", "config", "data")
    op.create_table(
        "events",
        sa.Column("seq", SEQ, primary_key=True, autoincrement=False),
        sa.Column("at", text(32), nullable=False),
        sa.Column("phase", text(16), nullable=False),
        *(sa.Column(word, text(), nullable=False) for word in words),
        sa.Column("leashed", sa.SmallInteger, nullable=False),
        sa.Column("embedded", sa.SmallInteger, nullable=False),
        sa.Column("key", text(), nullable=True),
        sa.Column("previous", text(64), nullable=False),
        sa.Column("hash", text(64), nullable=False),
    )
    op.create_index("ix_events_key", "events", ["key"], unique=True)
    for name, columns in INDICES.items():
        op.create_index(name, "events", columns)
    op.create_table(
        "open_faults",
        sa.Column("run", text(), primary_key=True),
        sa.Column("target", text(), primary_key=True),
        sa.Column("seq", SEQ, nullable=False),
        sa.Column("phase", text(16), nullable=False),
    )
    op.create_index("ix_open_faults_target", "open_faults", ["target"], unique=True)
    for statement in REFUSALS[op.get_bind().dialect.name]:
        op.execute(statement)
