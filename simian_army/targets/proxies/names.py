"""How a toxic tells that it is ours: its name is the mark, signed under the fleet key."""

from __future__ import annotations

import hashlib
import hmac
import json
import re
from datetime import UTC, datetime

from simian_army.errors import UsageError
from simian_army.model import Mark

_MAC = 16
_LAST = 253402300799  # the last second that a datetime knows
_NAME = re.compile(
    r"simian-(?P<fleet>[a-z0-9][a-z0-9-]{0,39})-(?P<run>[a-z2-7]{10})-(?P<deadline>0|[1-9][0-9]{0,11})-(?P<mac>[0-9a-f]{16})"
)


def prefix(fleet: str) -> str:
    """What the names of a fleet's toxics begin with. Those of ``shop-eu`` begin with the prefix of ``shop``, too."""
    return f"simian-{fleet}-"


def toxic_name(key: bytes, endpoint: str, proxy: str, mark: Mark) -> str:
    """``simian-<fleet>-<run>-<deadline>-<mac>``: the deadline in whole seconds of the epoch, the mac over the rest of
    the name, the endpoint and the proxy.

    Raises:
        UsageError: the key is empty, or the mark's fleet, run or deadline do not fit into a name.
    """
    rest = f"{prefix(mark.fleet)}{mark.run}-{int(mark.deadline.timestamp())}"
    name = f"{rest}-{_mac(key, endpoint, proxy, rest)}"
    if parse(name) is None:
        raise UsageError(
            f"{rest!r} is no name for a toxic: a run is 10 characters of base32, a fleet as in simian.yaml"
        )
    return name


def parse(name: str) -> Mark | None:
    """The mark that a name says, without its kind; None when it is no such name. It proves nothing: ask ``genuine``."""
    found = _NAME.fullmatch(name)
    if found is None or int(found["deadline"]) > _LAST:
        return None
    deadline = datetime.fromtimestamp(int(found["deadline"]), UTC)
    return Mark(found["fleet"], found["run"], "", deadline, {}, found["mac"])


def genuine(key: bytes, endpoint: str, proxy: str, name: str) -> bool:
    """Whether the holder of the key gave this very name, for this very proxy. An empty key proves nothing."""
    mark = parse(name)
    if mark is None or not key:
        return False
    return hmac.compare_digest(_mac(key, endpoint, proxy, name.rpartition("-")[0]), mark.mac)


def _mac(key: bytes, endpoint: str, proxy: str, rest: str) -> str:
    if not key:
        raise UsageError("the fleet key is empty: make one with `simian init` and name it as `key` in simian.yaml")
    text = json.dumps(["simian-army toxic 1", endpoint, proxy, rest])
    return hmac.new(key, text.encode(), hashlib.sha256).hexdigest()[:_MAC]
