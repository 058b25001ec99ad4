"""What is there: get, and list with selectors, pages and a snapshot that holds while one turns them."""

from __future__ import annotations

import base64
import binascii
import json
from collections.abc import Mapping
from typing import Any

from simian_army.embedded.kube.cluster import Cluster
from simian_army.embedded.kube.forms import listed
from simian_army.embedded.kube.request import Route, number
from simian_army.embedded.kube.selectors import selects
from simian_army.embedded.kube.status import Problem, bad_request, expired
from simian_army.embedded.kube.store import Row, TooOld

Json = dict[str, Any]
Query = Mapping[str, str]

TOO_OLD = (
    "The provided continue parameter is too old to display a consistent list result. You can start a new list without "
    "the continue parameter, or use the continue token in this response to retrieve the remainder of the results."
)


def token(version: int, row: Row) -> str:
    """The opaque mark of where a page ended: the snapshot's version (-1: whatever is there) and the last row."""
    text = json.dumps({"v": "meta.k8s.io/v1", "rv": version, "start": f"{row[0]}/{row[1]}"})
    return base64.urlsafe_b64encode(text.encode()).decode().rstrip("=")


def _opened(text: str) -> tuple[int, Row]:
    try:
        content = json.loads(base64.urlsafe_b64decode(text + "=" * (-len(text) % 4)))
        space, _, name = content["start"].partition("/")
        return int(content["rv"]), (space, name)
    except (binascii.Error, ValueError, KeyError, TypeError, AttributeError) as error:
        raise bad_request("invalid continue token: it is not one of this server's") from error


def _from(query: Query) -> tuple[int, Row]:
    version, match = query.get("resourceVersion", ""), query.get("resourceVersionMatch", "")
    if query.get("sendInitialEvents"):
        raise _invalid_options("sendInitialEvents is for a watch")
    if query.get("continue"):
        if version not in ("", "0"):
            raise bad_request("specifying resource version is not allowed when using continue")
        return _opened(query["continue"])
    if match not in ("", "Exact", "NotOlderThan") or (match and not version) or (match == "Exact" and version == "0"):
        raise _invalid_options("resourceVersionMatch must be Exact or NotOlderThan, beside a resourceVersion")
    exact = version_asked(query) if match == "Exact" else 0
    return exact, ("", "")


def _invalid_options(why: str) -> Problem:
    return Problem(422, "Invalid", f'ListOptions.meta.k8s.io "" is invalid: {why}', {})


def version_asked(query: Query) -> int:
    """The resourceVersion asked for; 0 when there is none.

    Raises:
        Problem: 400, it is no number.
    """
    said = query.get("resourceVersion", "")
    if said and not said.isdigit():
        raise bad_request(f'resourceVersion: Invalid value: "{said}": must be a number')
    return int(said or 0)


def must_be_reached(cluster: Cluster, version: int) -> None:
    """Raise when the server is not yet at that version.

    Raises:
        Problem: 504.
    """
    current = cluster.store.version
    if version > current:
        raise Problem(504, "Timeout", f"Too large resource version: {version}, current: {current}", {})


def page(cluster: Cluster, route: Route, query: Query) -> tuple[list[Json], Json]:
    """The objects asked for and the metadata of their list.

    Raises:
        Problem: 400, the question makes no sense; 410, the snapshot is no longer remembered.
    """
    match = selects(route.resource, query.get("labelSelector", ""), query.get("fieldSelector", ""))
    limit = max(number(query, "limit") or 0, 0)
    version, after = _from(query)
    with cluster.lock:
        current = cluster.store.version
        must_be_reached(cluster, max(version, 0 if query.get("continue") else version_asked(query)))
        try:
            rows = cluster.store.rows(route.resource.id, route.namespace, after, max(version, 0))
        except TooOld as error:
            raise expired(TOO_OLD, token(-1, after)) from error
    head: Json = {"resourceVersion": str(version if version > 0 else current)}
    if query.get("labelSelector") or query.get("fieldSelector"):
        rows = [obj for obj in rows if match(obj)]
    if not limit or len(rows) <= limit:
        return rows, head
    last = rows[limit - 1]["metadata"]
    head["continue"] = token(
        version if version < 0 else int(head["resourceVersion"]), (last.get("namespace", ""), last["name"])
    )
    if not query.get("labelSelector") and not query.get("fieldSelector"):
        head["remainingItemCount"] = len(rows) - limit
    return rows[:limit], head


def listing(cluster: Cluster, route: Route, query: Query, wanted: str) -> Json:
    """The answer to a list.

    Raises:
        Problem: as ``page``; 406.
    """
    items, head = page(cluster, route, query)
    return listed(items, wanted, route.resource, head)
