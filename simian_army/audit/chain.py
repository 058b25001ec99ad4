"""What makes the rows a chain: each carries an HMAC over all it says and over the row before."""

from __future__ import annotations

import hmac
from typing import Any

from simian_army.audit.rows import Row, canonical

START = "0" * 64
"""What the first row names as the hash before it."""


def hash_of(key: bytes, row: Row) -> str:
    """HMAC-SHA256, in hex, over the canonical JSON of every column but ``hash``; empty for what cannot be hashed."""
    said = {column: value for column, value in row.items() if column != "hash"}
    try:
        return hmac.digest(key, canonical(said).encode(), "sha256").hex()
    except (TypeError, ValueError):
        # a tampered column may hold bytes; no hash of ours is empty, so it fits none
        return ""


def sealed(key: bytes, row: Row, seq: int, previous: str) -> dict[str, Any]:
    """The row in its place of the chain, with its hash."""
    placed = {**row, "seq": seq, "previous": previous}
    return {**placed, "hash": hash_of(key, placed)}


def fits(key: bytes, row: Row) -> bool:
    """Whether the row's hash was made with this key over what the row says."""
    return hmac.compare_digest(hash_of(key, row).encode(), str(row["hash"]).encode(errors="replace"))
