"""Where the ledger is kept: its tables."""

from __future__ import annotations

from typing import Final

from sqlalchemy import BigInteger, Column, Index, Integer, MetaData, SmallInteger, String, Table, Text

# SQLite keeps rows by seq only when the type is INTEGER to the letter
SEQ: Final = BigInteger().with_variant(Integer, "sqlite")

metadata = MetaData()

events = Table(
    "events",
    metadata,
    Column("seq", SEQ, primary_key=True, autoincrement=False),
    Column("at", String(32), nullable=False),
    Column("run", Text, nullable=False),
    Column("phase", String(16), nullable=False),
    Column("actor", Text, nullable=False),
    Column("entry", Text, nullable=False),
    Column("target", Text, nullable=False),
    Column("name", Text, nullable=False),
    Column("scope", Text, nullable=False),
    # not Boolean: a tampered 2 must not read as true
    Column("leashed", SmallInteger, nullable=False),
    Column("embedded", SmallInteger, nullable=False),
    Column("config", Text, nullable=False),
    Column("key", Text, nullable=True),
    Column("data", Text, nullable=False),
    Column("previous", String(64), nullable=False),
    Column("hash", String(64), nullable=False),
    Index("ix_events_key", "key", unique=True),
    Index("ix_events_attempt", "run", "target", "seq"),
    Index("ix_events_phase", "phase", "seq"),
    Index("ix_events_phase_at", "phase", "at"),
    Index("ix_events_at", "at"),
    Index("ix_events_entry", "entry", "seq"),
    Index("ix_events_target", "target", "seq"),
    Index("ix_events_name", "name"),
)
"""The chain, append-only."""

open_faults = Table(
    "open_faults",
    metadata,
    Column("run", Text, primary_key=True),
    Column("target", Text, primary_key=True),
    Column("seq", SEQ, nullable=False),
    Column("phase", String(16), nullable=False),
    Index("ix_open_faults_target", "target", unique=True),
)
"""The attempts not yet ended: ``seq`` is the row of INTENDED, ``phase`` the latest. It follows from the chain."""

lines = Table(
    "lines",
    metadata,
    Column("run", Text, primary_key=True),
    Column("target", Text, primary_key=True),
    Column("seq", SEQ, nullable=False),
    Column("judged", SEQ, nullable=False),
)
"""What waits for its outcome (``judged`` is 0), or came out badly and waits for an analysis (``judged`` is the row that
says so); ``seq`` is the row that began it. It follows from the chain."""
