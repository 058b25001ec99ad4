"""Random configs, as people write them."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from random import Random
from typing import Any

from tests.oracle.words import Event, World

ZONES = ["UTC", "Europe/Berlin", "America/New_York", "Australia/Lord_Howe", "Asia/Kolkata", "Pacific/Auckland"]
MONKEYS: list[dict[str, Any]] = [
    {"name": "pods", "use": "chaos", "on": "kubernetes", "with": {"fault": "pod-evict"}},
    {"name": "drops", "use": "chaos", "on": "kubernetes", "with": {"fault": "pod-delete"}},
    {"name": "nodes", "use": "chaos", "on": "kubernetes", "with": {"fault": "node-cordon"}},
    {"name": "taints", "use": "chaos", "on": "kubernetes", "with": {"fault": "node-taint"}},
    {"name": "restarts", "use": "chaos", "on": "kubernetes", "with": {"fault": "rollout-restart"}},
    {"name": "hosts", "use": "chaos", "on": "aws", "with": {"fault": "instance-stop"}},
    {"name": "ends", "use": "chaos", "on": "aws", "with": {"fault": "instance-terminate"}},
    {"name": "groups", "use": "chaos", "on": "aws", "with": {"fault": "asg-suspend"}},
    {"name": "slow", "use": "latency", "on": "toxiproxy", "with": {}},
]
NAMES = [one["name"] for one in MONKEYS]
CALENDARS = ["audit", "trading"]
OWN = {"SIMIAN_POD_UID": "uid-us", "SIMIAN_NAMESPACE": "simian", "SIMIAN_NODE": "node-us", "SIMIAN_INSTANCE": "i-us"}
DAYS = ["mon", "tue", "wed", "thu", "fri", "sat", "sun"]
LOOKS: list[dict[str, Any]] = [
    {"prometheus": "http://prometheus.shop:9090", "query": "sum(errors)", "max": 0.5},
    {"prometheus": "http://prometheus.shop:9090", "query": "sum(up)", "min": 0.1, "max": 1},
    {"prometheus": "http://prometheus.shop:9090", "query": 'min(up{namespace="$namespace"})', "max": 0.5},
    {"prometheus": "http://prometheus.shop:9090", "query": 'min(up{pod=~"$group-.*",node="$node"})', "min": -1},
    {"alertmanager": "http://alerts.shop:9093", "matchers": ['severity="page"']},
    {"alertmanager": "http://alerts.shop:9093", "matchers": ['severity="page"'], "watchdog": 'alertname="Watchdog"'},
    {"alertmanager": "http://alerts.shop:9093", "matchers": ['severity="page"'], "silenced": True},
    {"alertmanager": "http://alerts.shop:9093", "matchers": ['severity="page"'], "inhibited": True, "silenced": True},
    {"cloudwatch": ["shop-cpu", "shop-d*"]},
    {"cloudwatch": "shop-*", "insufficient_data": True},
    {"http": "https://shop.example/health"},
    {"http": "https://shop.example/health", "status": [200, 204], "contains": "ok"},
    {"node_pressure": True},
]


def world(rng: Random, number: int) -> World:
    """A config in which some parts are quiet and others are not."""
    files = {f"free-{number}.ics": _events(rng)} if rng.random() < 0.5 else {}
    said: dict[str, Any] = {
        "fleet": "shop-eu",
        "leashed": False,
        "timezone": rng.choice(ZONES),
        "key": "0123456789abcdef0123456789abcdef",
        "platforms": _platforms(rng),
        "safety": _safety(rng, list(files)),
        "calendars": {name: [_window(rng, []) for _ in range(rng.randint(1, 2))] for name in CALENDARS},
        "monkeys": [_monkey(rng, dict(one)) for one in MONKEYS],
    }
    return World(said, {name: own for name, own in OWN.items() if rng.random() < 0.9}, files)


def _platforms(rng: Random) -> dict[str, Any]:
    told = rng.random() < 0.85
    kube: dict[str, Any] = {"context": "shop-eu", **({"cluster_uid": "5f1c"} if told else {})}
    kube |= {"server": "https://there:443"} if rng.random() < 0.4 else {}
    aws: dict[str, Any] = {"regions": ["eu-west-1"], "role": "arn:aws:iam::{account}:role/simian"}
    aws |= {"accounts": ["123456789012", "210987654321"]} if told else {}
    if not told:
        del aws["role"]
    names = rng.choice([["shop-*"], ["shop-*", "!shop-pay"], ["*"], ["!till-*", "*"]])
    toxi = {"endpoints": ["http://127.0.0.1:8474"], "opt_in": names}
    return {"kubernetes": kube, "aws": aws, "toxiproxy": toxi}


def _safety(rng: Random, files: list[str]) -> dict[str, Any]:
    said: dict[str, Any] = {
        "min_age": rng.choice(["0s", "0s", "10m", "1h30m", "2d"]),
        "protect_webhooks": rng.random() < 0.85,
        "max_stuck": rng.choice([1, 2, 3, 5]),
        "allow_irreversible": rng.choice([[], ["pod-evict"], ["pod-delete", "pod-evict"], ["instance-terminate"]]),
    }
    parts: dict[str, Callable[[], Any]] = {
        "protected": lambda: rng.choice([["kube-system"], ["kube-system", "simian", "shop-pay"], []]),
        "blackouts": lambda: [_blackout(rng, files) for _ in range(rng.randint(1, 4))],
        "budget": lambda: _budget(rng, fleet=True),
        "quorum": lambda: _quorum(rng),
        "look": lambda: [_look(rng) for _ in range(rng.randint(1, 3))],
        "opt_in": lambda: {"also": _also(rng)},
    }
    return said | {name: make() for name, make in parts.items() if rng.random() < 0.75}


def _also(rng: Random) -> list[dict[str, Any]]:
    known: list[dict[str, Any]] = [
        {"label": "kube-monkey/enabled", "value": "enabled"},
        {"annotation": "chaos.alpha.kubernetes.io/enabled".replace("kubernetes.io", "example.io"), "value": "true"},
        {"label": "example.com/stop", "value": "yes", "faults": ["instance-stop", "asg-suspend"]},
    ]
    return rng.sample(known, rng.randint(1, 3))


def _monkey(rng: Random, said: dict[str, Any]) -> dict[str, Any]:
    said["schedule"] = {"every": "2h"}
    if rng.random() < 0.3:
        said["budget"] = _budget(rng, fleet=False)
    if rng.random() < 0.4:
        said["segment"] = _segment(rng, str(said["on"]))
    return said


def _segment(rng: Random, on: str) -> dict[str, Any]:
    known: list[dict[str, Any]] = [{"percent": rng.choice([1, 30, 60, 100]), "salt": rng.choice(["", "autumn"])}]
    if on != "toxiproxy":
        known += [
            {"zones": rng.choice([["zone-a"], ["zone-*", "!zone-c"], ["zone-a", "zone-b"]])},
            {"version": rng.choice(["version=2.*", "version=1", "app=*"])},
        ]
    if on == "kubernetes":
        known.append({"namespaces": rng.choice([["shop"], ["shop*", "!shop-pay"], ["*", "!team-*"]])})
    return rng.choice(known)


def _budget(rng: Random, *, fleet: bool) -> dict[str, Any]:
    words: dict[str, list[Any]] = {
        "concurrent": [0, 1, 2, 3, 5, None],
        "per_hour": [1, 2, 4, None],
        "per_day": [0, 1, 3, 20, None, "1/3", 0.3, "1/7"],
        "per_group": [1, 2, None],
        "per_namespace": [1, 2, 3, None],
        "per_node": [1, 2, None],
        "per_zone": [1, 2, 3, None],
        "per_region": [1, 3, None],
        "max_percent": [25, 34, 50, 100, None],
        "max_percent_namespace": [10, 25, 50, None],
        "cooldown": ["0s", "30m", "1h", "4h", "1 working day", "2 working days", None],
    }
    said = {word: rng.choice(values) for word, values in words.items() if rng.random() < (0.35 if fleet else 0.2)}
    if fleet and rng.random() < 0.4:
        said["holidays"] = rng.choice(["DE", {"country": "DE", "subdivision": "BY"}, "US"])
    return said


def _quorum(rng: Random) -> dict[str, Any]:
    said: dict[str, Any] = {
        "keep": rng.choice([0, 1, 2, 3, "50%", "34%", "100%"]),
        "spare_lone": rng.random() < 0.6,
        "whole": rng.random() < 0.6,
    }
    if rng.random() < 0.5:
        said["spare"] = {"labels": "role in (leader,primary)", "ordinal_zero": rng.random() < 0.7}
    return {key: value for key, value in said.items() if rng.random() < 0.8}


def _look(rng: Random) -> dict[str, Any]:
    return {**rng.choice(LOOKS), **({"monkeys": rng.sample(NAMES, 2)} if rng.random() < 0.3 else {})}


def _blackout(rng: Random, files: list[str]) -> dict[str, Any]:
    window = _window(rng, files)
    if rng.random() < 0.15:
        window["calendar"] = rng.choice(CALENDARS)
    if rng.random() < 0.3:
        window["monkeys"] = rng.sample(NAMES, rng.randint(1, 3))
    return window


def _window(rng: Random, files: list[str]) -> dict[str, Any]:
    """Some joint of one to three words."""
    words: dict[str, Any] = {
        "weekdays": rng.sample(DAYS, rng.randint(1, 3)),
        "daily": rng.choice(["17:00-09:00", "09:00-17:00", "22:30-02:15", "01:30-02:30", "00:00-06:00", "02:00-03:00"]),
        "dates": rng.choice(["2026-12-20..2027-01-06", "2026-03-29", "2025-10-01..2025-11-30", "2028-02-29"]),
        "days": rng.choice([["12-24", "12-31", "02-29"], "12-20..01-06", "03-25..04-05", ["10-20..11-05"]]),
        "holidays": rng.choice(
            ["DE", "US", {"country": "DE", "subdivision": "BY", "categories": ["public", "catholic"]}]
        ),
    }
    said = {word: words[word] for word in rng.sample(sorted(words), rng.choice([1, 1, 1, 2, 2, 3]))}
    if files and rng.random() < 0.5:
        said = {**(said if rng.random() < 0.3 else {}), "ical": rng.choice(files)}
    elif files and rng.random() < 0.05:
        said = {"ical": "nowhere.ics"}
    if rng.random() < 0.3:
        said["zone"] = rng.choice(ZONES)
    return said


def _events(rng: Random) -> tuple[Event, ...]:
    found = []
    for _ in range(rng.randint(1, 5)):
        days = rng.random() < 0.4
        start = datetime(2025, 1, 1, tzinfo=UTC) + timedelta(
            days=rng.randint(0, 1300), hours=0 if days else rng.randint(0, 23)
        )
        length = timedelta(days=rng.randint(1, 9)) if days else timedelta(minutes=rng.choice([15, 60, 300, 3000]))
        weeks = rng.choice([1, 1, 10, 40]) if length <= timedelta(days=7) else 1
        found.append(Event(start, length, days, weeks, cancelled=rng.random() < 0.1))
    return tuple(found)
