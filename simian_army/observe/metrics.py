"""What is counted: every metric of an agent, in a registry of its own; docs/observing.md says what each means."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from http import HTTPStatus

from prometheus_client import CollectorRegistry, Counter, Histogram
from prometheus_client.exposition import CONTENT_TYPE_PLAIN_0_0_4, generate_latest
from prometheus_client.metrics_core import GaugeMetricFamily, Metric
from prometheus_client.registry import Collector

from simian_army.judgement import GROUPS
from simian_army.model import AuditEvent, Json, Phase
from simian_army.observe.few import Few
from simian_army.observe.pulse import Pulse
from simian_army.observe.server import Reply
from simian_army.observe.tally import Tally

QUICK = (0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60)
LONG = (1, 5, 15, 30, 60, 120, 300, 600, 1800, 3600, 14400, 43200)


@dataclass(slots=True)
class Metrics:
    """Counts what it hears and asks ``pulse`` at each scrape; no label ever holds a target's name."""

    fleet: str
    version: str
    tally: Tally = field(default_factory=Tally)
    pulse: Pulse | None = None
    registry: CollectorRegistry = field(default_factory=lambda: CollectorRegistry(auto_describe=False))
    _few: Few = field(default_factory=Few)
    _monkeys: Few = field(default_factory=Few)
    _guards: Few = field(default_factory=Few)
    _counters: dict[str, Counter] = field(init=False)
    _histograms: dict[str, Histogram] = field(init=False)

    def __post_init__(self) -> None:
        def counter(name: str, text: str, *labels: str) -> Counter:
            return Counter(f"simian_{name}", text, labels, registry=self.registry)

        def histogram(name: str, text: str, buckets: tuple[float, ...]) -> Histogram:
            return Histogram(f"simian_{name}_seconds", text, registry=self.registry, buckets=buckets)

        self._counters = {
            "events": counter("events", "Events written down", "phase", "monkey", "fault"),
            "denials": counter("denials", "Times a guard spared or denied a target", "guard"),
            "outcomes": counter("outcomes", "What faults came to: clean or bad", "outcome"),
            "notices": counter("notices", "Notices by what became of them", "result"),
        }
        self._histograms = {
            "injection": histogram("injection", "From the durable intent to the fault being there", QUICK),
            "hold": histogram("hold", "From the fault being there to its revert being begun", LONG),
            "revert": histogram("revert", "From a revert being begun to its proof", QUICK),
            "recovery": histogram("recovery", "From the end of a fault to a group it struck being whole again", LONG),
        }
        self.registry.register(_Now(self._now))

    def hear(self, event: AuditEvent) -> None:
        """Count one event."""
        labels = str(event.phase), self._monkeys(event.entry), self._few(event.data.get("kind"))
        self._counters["events"].labels(*labels).inc()
        for guard, count in _denials(event):
            self._counters["denials"].labels(self._guards(guard)).inc(count)
        if event.phase is Phase.JUDGED:
            self._counters["outcomes"].labels("clean" if event.data.get("outcome") == "clean" else "bad").inc()
        self._time(self.tally.hear(event), event)

    def count_notice(self, result: str) -> None:
        """Count what became of a notice: sent, retried, failed or dropped."""
        self._counters["notices"].labels(result).inc()

    def reply(self) -> Reply:
        """Everything, in Prometheus' text format."""
        return Reply(HTTPStatus.OK, CONTENT_TYPE_PLAIN_0_0_4, generate_latest(_Plain(self.registry)))

    def _time(self, seconds: Mapping[str, float], event: AuditEvent) -> None:
        if "injection" in seconds:
            self._histograms["injection"].observe(seconds["injection"])
        took = _number(event.data.get("took"))
        if event.phase is Phase.REVERTED and took is not None:
            self._histograms["revert"].observe(took)
            if "held" in seconds:
                self._histograms["hold"].observe(max(0.0, seconds["held"] - took))
        for recovered in _recoveries(event):
            self._histograms["recovery"].observe(recovered)

    def _now(self) -> Iterator[Metric]:
        about = GaugeMetricFamily("simian_build_info", "Always 1", labels=("version", "fleet"))
        about.add_metric((self.version, self.fleet), 1)
        yield about
        kinds = GaugeMetricFamily("simian_open_faults", "Faults that are open", labels=("fault",))
        for kind, count in self._grouped().items():
            kinds.add_metric((kind,), count)
        yield kinds
        yield GaugeMetricFamily("simian_stuck_faults", "Of these, those not reverted so far", self.tally.stuck())
        yield GaugeMetricFamily("simian_stopped_lines", "Groups whose line is stopped", self.tally.lines())
        if self.pulse:
            yield from _pulse(self.pulse, self._monkeys)

    def _grouped(self) -> Mapping[str, int]:
        counts: dict[str, int] = {}
        for kind, count in self.tally.by_kind().items():
            counts[self._few(kind)] = counts.get(self._few(kind), 0) + count
        return counts


@dataclass(frozen=True, slots=True)
class _Now(Collector):
    """What is read at each scrape."""

    read: Callable[[], Iterator[Metric]]

    def collect(self) -> Iterable[Metric]:
        return self.read()


@dataclass(frozen=True, slots=True)
class _Plain(Collector):
    """The registry without the times at which each counter was made: nobody asks for them."""

    registry: CollectorRegistry

    def collect(self) -> Iterator[Metric]:
        for family in self.registry.collect():
            family.samples = [sample for sample in family.samples if not sample.name.endswith("_created")]
            yield family


def _pulse(pulse: Pulse, monkeys: Few) -> Iterator[Metric]:
    left, age = pulse.lease(), pulse.heartbeat()
    yield GaugeMetricFamily("simian_leader", "Whether this agent leads", int(left > 0))
    yield GaugeMetricFamily("simian_lease_left_seconds", "For how long it surely does", left)
    beat = GaugeMetricFamily("simian_heartbeat_age_seconds", "Since the plan's last heartbeat", labels=())
    if age is not None:
        beat.add_metric((), age)
    yield beat
    yield GaugeMetricFamily("simian_halted", "Whether the fleet is halted, or nobody can say", int(pulse.halted()))
    yield GaugeMetricFamily("simian_ledger_reachable", "Whether the ledger answers", int(not pulse.ledger_trouble()))
    fires = GaugeMetricFamily("simian_next_fire_timestamp_seconds", "When each fires next", labels=("monkey",))
    for monkey, at in pulse.fires().items():
        fires.add_metric((monkeys(monkey),), at.timestamp())
    yield fires


def _denials(event: AuditEvent) -> Iterator[tuple[str, float]]:
    """Guard and count: of the candidates spared when it fired, and of the targets drawn and then refused."""
    if event.phase is Phase.FIRED:
        for row in event.data.get("spared", ()):
            yield row.get("guard", ""), float(row.get("count", 0))
    if event.phase is Phase.DENIED:
        for verdict in (verdict for draw in event.data.get("drawn", ()) for verdict in draw.get("verdicts", ())):
            yield from _denied(verdict)


def _denied(verdict: Json) -> Iterator[tuple[str, float]]:
    if not verdict.get("allowed", True):
        yield verdict.get("guard", ""), 1.0


def _recoveries(event: AuditEvent) -> Iterator[float]:
    """The seconds that each group needed, as the outcome tells them."""
    if event.phase is not Phase.JUDGED:
        return
    groups = event.data.get(GROUPS)
    said = [event.data.get("recovered"), *(groups.values() if isinstance(groups, Mapping) else ())]
    yield from (number for one in said if (number := _number(one)) is not None)


def _number(value: object) -> float | None:
    return float(value) if isinstance(value, int | float) else None
