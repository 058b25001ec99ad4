"""Which faults are not judged yet, and which bad outcomes nobody analysed; what was begun before is neither."""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"

SEQ = sa.BigInteger().with_variant(sa.Integer, "sqlite")
TEXT = sa.Text().with_variant(sa.Text(collation="C"), "postgresql")


def upgrade() -> None:
    """Make the table."""
    op.create_table(
        "lines",
        sa.Column("run", TEXT, primary_key=True),
        sa.Column("target", TEXT, primary_key=True),
        sa.Column("seq", SEQ, nullable=False),
        sa.Column("judged", SEQ, nullable=False),
    )
