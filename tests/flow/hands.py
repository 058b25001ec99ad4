"""What people, and whoever wishes us ill, do to the marks of a cluster, past us and by the API alone."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from datetime import UTC, datetime, timedelta
from typing import Any

from simian_army import marks, wiring
from simian_army.due import OPTED_IN, OPTED_OUT
from simian_army.embedded.kube.request import Request
from simian_army.model import Fault, Phase, Target
from tests.cluster.waiting import NeverError, until
from tests.flow.ground import KEY, Ground


def patch(shop: Ground, path: str, change: dict[str, Any]) -> None:
    """A merge patch, which must be taken."""
    headers = {"content-type": "application/merge-patch+json"}
    code, answer = shop.server.answer(Request("PATCH", path, json.dumps(change).encode(), headers))
    assert code == 200, answer


def put_mark(shop: Ground, node: str, text: str | None, *, label: bool = True, cordon: bool = True) -> None:
    """Have a node bear this text as its mark, and be cordoned; without a text, only the label."""
    notes = {} if text is None else {"annotations": {marks.FAULT: text}}
    labels = {"labels": {marks.HELD: "true"}} if label else {}
    spec = {"spec": {"unschedulable": True}} if cordon else {}
    patch(shop, f"/api/v1/nodes/{node}", {"metadata": {**notes, **labels}, **spec})


def take_mark(shop: Ground, node: str, *, label: bool = True, annotation: bool = True) -> None:
    """Take one half of its mark from a node, or both."""
    change: dict[str, Any] = {}
    if label:
        change["labels"] = {marks.HELD: None}
    if annotation:
        change["annotations"] = {marks.FAULT: None}
    patch(shop, f"/api/v1/nodes/{node}", {"metadata": change})


def signed(shop: Ground, node: str, *, run: str = "strange", key: str = KEY, fleet: str = "test") -> str:
    """A cordon's mark as a fleet writes it for that node."""
    found = shop.node(node)["metadata"]
    target = Target("kubernetes", "node", found["uid"], node, "", "", None, {})
    fault = Fault("node-cordon", target, undo={"unschedulable": False})
    return marks.to_text(marks.sign(key.encode(), fleet, run, fault, datetime(2026, 11, 23, 13, 0, tzinfo=UTC)))


def mark_on(shop: Ground, node: str) -> str:
    """The text of the mark on a node."""
    return str(shop.node(node)["metadata"]["annotations"][marks.FAULT])


def is_cordoned(shop: Ground, node: str) -> bool:
    return shop.node(node)["spec"].get("unschedulable") is True


def is_bare(shop: Ground, node: str) -> bool:
    """Whether nothing of ours is on it."""
    return "simian-army/" not in json.dumps(shop.node(node)["metadata"])


def end_all(house: wiring.House) -> None:
    """Let the keeper end everything, here and now."""
    house.keeper.end("", "the test ends it")
    carry_out(house)


def carry_out(house: wiring.House) -> None:
    """Let the keeper end what it has to; what the platform is still carrying out may take its time."""
    for _ in range(3):
        house.keeper.tick()
    with suppress(NeverError):
        until("what is under way", lambda: not _under_way(house), seconds=30)


def _under_way(house: wiring.House) -> bool:
    house.keeper.tick()
    return any(watch.ending and not watch.tries for watch in house.keeper._open.values())


def recover(house: wiring.House) -> int:
    """Recover, telling at once what may be told, and end what then has to be."""
    house.recovery.sweep.orphans.alarms.settle = timedelta(0)
    count = house.recovery.recover()
    carry_out(house)
    return count


def alarms(house: wiring.House) -> list[tuple[str, str]]:
    """Rule and target of each alarm, in order."""
    found = house.books.ledger.query(phase=Phase.FOUND)
    told = [event for event in found if event.data["rule"] not in (OPTED_IN, OPTED_OUT)]
    return [(event.data["rule"], event.data.get("target", {}).get("name", "")) for event in told]


@contextmanager
def nothing_is_written(shop: Ground, house: wiring.House) -> Iterator[None]:
    """Neither to the ledger nor to any target."""
    seq, writes = house.books.ledger.last_seq(), shop.writes()
    yield
    assert house.books.ledger.last_seq() == seq
    assert shop.writes() == writes
