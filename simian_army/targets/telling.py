"""What the adapters tell the log; its library is loaded only when there is something to tell."""

from __future__ import annotations


def warn(event: str, **words: str) -> None:
    """Log what a person may have to look at."""
    # structlog brings rich and pygments: an eighth of the time to the first request, for commands that tell nothing
    import structlog

    structlog.get_logger().warning(event, **words)


def inform(event: str, **words: str) -> None:
    """Log what is worth knowing."""
    import structlog

    structlog.get_logger().info(event, **words)
