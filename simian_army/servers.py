"""Do two URLs name the same server."""

from __future__ import annotations

from urllib.parse import urlsplit

USUAL = {"http": 80, "https": 443}


def server_of(url: str) -> str:
    """The URL of a server in the one form that all ways to write it share: lower case, with port, no slash at the end.

    Raises:
        ValueError: it is none.
    """
    parts = urlsplit(url)
    if parts.scheme not in USUAL or not parts.hostname or parts.query or parts.fragment or "@" in parts.netloc:
        raise ValueError(f"{url!r} is no server: write for instance https://shop-eu.example:6443")
    host = f"[{parts.hostname}]" if ":" in parts.hostname else parts.hostname
    return f"{parts.scheme}://{host}:{parts.port or USUAL[parts.scheme]}{parts.path.rstrip('/')}"


def same_server(one: str, other: str) -> bool:
    """Whether both lead to one place; what is no URL leads nowhere."""
    try:
        return server_of(one) == server_of(other)
    except ValueError:
        return False
