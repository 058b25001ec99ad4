"""What is counted, what it is called, and that no label grows without end."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from prometheus_client.parser import text_string_to_metric_families

from simian_army.model import AuditEvent, Phase
from simian_army.observe.metrics import Metrics
from simian_army.observe.pulse import Pulse

DOCS = Path(__file__).parents[2] / "docs" / "observing.md"
ROW = re.compile(r"^\| `(simian_\w+)` \| (\w+) \| (.*?) ?\| ", re.MULTILINE)
AT = datetime(2026, 11, 23, 12, 0, tzinfo=UTC)
PULSE = Pulse(lambda: 12.5, lambda: 0.4, lambda: False, lambda: {"pods": AT})


def event(phase: Phase, second: float = 0.0, target: str = "uid-1", **data: Any) -> AuditEvent:
    at = AT + timedelta(seconds=second)
    return AuditEvent(at, "run-1", phase, "ann@host", "pods", target, leashed=False, data=data)


def made() -> Metrics:
    return Metrics("shop-eu", "1.2.3", pulse=PULSE)


def samples(metrics: Metrics) -> dict[tuple[str, frozenset[tuple[str, str]]], float]:
    families = text_string_to_metric_families(metrics.reply().body.decode())
    return {(s.name, frozenset(s.labels.items())): s.value for family in families for s in family.samples}


def value(metrics: Metrics, name: str, **labels: str) -> float:
    return samples(metrics).get((name, frozenset(labels.items())), 0.0)


def life(metrics: Metrics) -> None:
    """One held fault, one momentary one, a firing that spared and one that refused."""
    metrics.hear(event(Phase.FIRED, target="", spared=[{"guard": "opt-in", "reason": "no", "count": 7}]))
    metrics.hear(event(Phase.INTENDED, 0, kind="node-cordon"))
    metrics.hear(event(Phase.INJECTED, 0.2, kind="node-cordon"))
    metrics.hear(event(Phase.REVERTED, 60.2, kind="node-cordon", took=2.0))
    metrics.hear(event(Phase.CLOSED, 9, kind="pod-evict", recovered=8.5))
    verdicts = [{"guard": "budget", "allowed": False}, {"guard": "halt", "allowed": True}]
    metrics.hear(event(Phase.DENIED, target="", drawn=[{"name": "pod shop/web-1", "verdicts": verdicts}]))
    metrics.hear(event(Phase.JUDGED, 10, kind="pod-evict", outcome="clean", recovered=8.5))
    metrics.count_notice("sent")


def test_every_metric_is_documented_and_every_documented_one_is_there() -> None:
    metrics = made()
    life(metrics)
    metrics.hear(event(Phase.INTENDED, kind="node-cordon"))
    shown: dict[str, tuple[str, set[str]]] = {}
    for family in text_string_to_metric_families(metrics.reply().body.decode()):
        name = f"{family.name}_total" if family.type == "counter" else family.name
        assert family.samples, f"{name} shows nothing, so its labels cannot be compared"
        shown[name] = (family.type, {label for s in family.samples for label in s.labels} - {"le"})
    said = {name: (kind, set(re.findall(r"`(\w+)`", labels))) for name, kind, labels in ROW.findall(DOCS.read_text())}
    assert shown == said


def test_events_are_counted_by_phase_monkey_and_fault() -> None:
    metrics = made()
    life(metrics)
    assert value(metrics, "simian_events_total", phase="injected", monkey="pods", fault="node-cordon") == 1
    assert value(metrics, "simian_events_total", phase="fired", monkey="pods", fault="none") == 1


def test_denials_are_counted_by_guard_for_candidates_and_for_the_drawn() -> None:
    metrics = made()
    life(metrics)
    assert value(metrics, "simian_denials_total", guard="opt-in") == 7
    assert value(metrics, "simian_denials_total", guard="budget") == 1
    assert ("simian_denials_total", frozenset({("guard", "halt")})) not in samples(metrics)


def test_a_life_is_timed_from_the_intent_to_the_proof() -> None:
    metrics = made()
    life(metrics)
    assert value(metrics, "simian_injection_seconds_sum") == 0.2
    assert value(metrics, "simian_hold_seconds_sum") == 58.0
    assert value(metrics, "simian_revert_seconds_sum") == 2.0
    assert value(metrics, "simian_recovery_seconds_sum") == 8.5


def test_what_is_read_at_the_scrape_is_what_is_so_then() -> None:
    left = [12.5]
    metrics = Metrics("shop-eu", "1", pulse=Pulse(lambda: left[0], lambda: None, lambda: True, dict[str, datetime]))
    assert value(metrics, "simian_leader") == 1
    left[0] = 0.0
    assert value(metrics, "simian_leader") == 0
    assert value(metrics, "simian_halted") == 1
    assert ("simian_heartbeat_age_seconds", frozenset()) not in samples(metrics), "no plan is at work"


def test_no_answer_of_the_ledger_is_seen() -> None:
    pulse = Pulse(lambda: 1.0, lambda: 0.1, lambda: False, dict[str, datetime], ledger_trouble=lambda: "away")
    assert value(Metrics("shop-eu", "1", pulse=pulse), "simian_ledger_reachable") == 0


def test_no_label_holds_a_target_and_none_grows_without_end() -> None:
    metrics = made()
    for number in range(1000):
        told = event(Phase.INTENDED, target=f"uid-{number}", kind=f"kind-{number}", name=f"web-{number}")
        metrics.hear(told)
    labels: dict[str, set[str]] = {}
    for name, value_of in (pair for _, pairs in samples(metrics) for pair in pairs):
        labels.setdefault(name, set()).add(value_of)
    assert len(labels["fault"]) == 101
    assert not [seen for all_seen in labels.values() for seen in all_seen if "uid-" in seen or "web-" in seen]
    assert value(metrics, "simian_open_faults", fault="other") == 900


def test_two_agents_in_one_process_share_nothing() -> None:
    one, other = made(), made()
    life(one)
    assert value(other, "simian_events_total", phase="fired", monkey="pods", fault="none") == 0


def test_a_stopped_line_is_seen_until_its_run_is_analysed_and_outcomes_are_counted() -> None:
    metrics = made()
    life(metrics)
    assert value(metrics, "simian_stopped_lines") == 0
    metrics.hear(event(Phase.JUDGED, 10, "uid-2", kind="pod-evict", outcome="bad", group="shop/Deployment/web"))
    metrics.hear(event(Phase.JUDGED, 10, "uid-3", kind="pod-evict", outcome="bad", group="shop/Deployment/web"))
    assert value(metrics, "simian_stopped_lines") == 1, "one group, whatever its faults"
    assert value(metrics, "simian_outcomes_total", outcome="bad") == 2
    assert value(metrics, "simian_outcomes_total", outcome="clean") == 1
    metrics.hear(event(Phase.ANALYSED, 20, target=""))
    assert value(metrics, "simian_stopped_lines") == 0
