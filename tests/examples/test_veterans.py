"""Does a third party's monkey, with its fault in one short file, work beside the built-in ones."""

from __future__ import annotations

import re
import sys
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from random import Random
from typing import Any

from examples.veterans.veterans import PowerCut, Veterans
from safety.controlled import Controlled
from safety.opt_in import OptIn
from simian_army import Fault, FaultKind, Json, Mark, Monkey, Scene, Target

EXAMPLE = Path(__file__).parents[2] / "examples" / "veterans"
NOW = datetime(2026, 3, 4, 12, 0, tzinfo=UTC)
MARK = Mark("shop-eu", "run", "power-cut", NOW, {}, "")


@dataclass
class Pods:
    """A Kubernetes of three pods, without the network."""

    names: set[str] = field(default_factory=lambda: {"web-1", "web-2", "web-3"})
    grace: list[int | None] = field(default_factory=list)

    def get(self, target: Target) -> dict[str, Any] | None:
        return {"metadata": {"name": target.name}} if target.name in self.names else None

    def evict(self, target: Target, grace: int | None = None) -> None:
        self.delete(target, grace)

    def delete(self, target: Target, grace: int | None = None, version: str = "") -> None:
        self.names.remove(target.name)
        self.grace.append(grace)

    def patch(self, target: Target, operations: Sequence[Json]) -> dict[str, Any]:
        raise AssertionError("nothing here is patched")

    def mark(self, obj: Json, mark: Mark) -> list[Json]:
        raise AssertionError("nothing here is held")

    def unmark(self, obj: Json, mark: Mark) -> list[Json]:
        raise AssertionError("nothing here is held")


def pod(number: int, days: int) -> Target:
    labels = {"simian-army/veterans.power-cut": "enabled"}
    group, born = "shop/Deployment/web", NOW - timedelta(days=days)
    return Target("kubernetes", "pod", f"uid-{number}", f"web-{number}", "shop", group, born, labels, replaced=True)


TROOP = [pod(1, days=3), pod(2, days=90), pod(3, days=9)]


def test_the_file_is_under_40_lines_and_imports_only_the_contract() -> None:
    text = (EXAMPLE / "veterans" / "__init__.py").read_text()
    assert len(text.splitlines()) < 40
    imported = re.findall(r"^(?:from|import) (\S+)", text, re.MULTILINE)
    assert [name for name in imported if name.partition(".")[0] not in sys.stdlib_module_names] == ["simian_army"]


def test_the_oldest_pod_is_proposed_first_and_one_is_wanted() -> None:
    monkey: Monkey = Veterans()
    assert [fault.target.name for fault in veterans_faults(monkey)] == ["web-2", "web-3", "web-1"]
    assert monkey.want(TROOP, Random("0")) == 1
    assert monkey.want([], Random("0")) == 0


def veterans_faults(monkey: Monkey) -> list[Fault]:
    return [fault for fault in monkey.propose(TROOP, Random("0")) if isinstance(fault, Fault)]


def test_its_fault_is_allowed_by_the_guards_and_seen_to_happen() -> None:
    pods = Pods()
    kind: FaultKind = PowerCut(pods)
    fault = veterans_faults(Veterans())[0]
    scene = Scene(NOW, "shop-eu", "veterans", "old-pods", fault)
    assert OptIn()(scene).allowed
    assert Controlled()(scene).allowed
    assert kind.prepare(fault) is None
    assert not kind.observe(fault).holds
    kind.inject(fault, MARK)
    assert kind.observe(fault).holds
    assert (pods.names, pods.grace) == ({"web-1", "web-3"}, [0])
    assert kind.revert(fault, MARK).holds
