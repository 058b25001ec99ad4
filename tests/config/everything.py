"""A config that writes every key there is, to write something else at each of them."""

from __future__ import annotations

import copy
import json
from collections.abc import Iterator
from functools import lru_cache
from pathlib import Path
from typing import Any

from config.load import load
from config.text import parse
from simian_army.errors import ConfigError
from simian_army.wiring.vetting import vet

EVERYTHING = """\
fleet: shop-eu
leashed: false
timezone: Europe/Berlin
ledger: sqlite:///simian.db
key: 0123456789abcdef0123456789abcdef
seed: s
platforms:
  kubernetes: {context: shop-eu, embedded: false, cluster_uid: 5f1c, server: "https://k.example:6443", namespaces: [shop-*],
    page_size: 500, timeout: 5s, exec: true}
  aws: {regions: [eu-west-1], accounts: ["123456789012"], role: "arn:aws:iam::{account}:role/simian", external_id: x,
    scheduler_role: "arn:aws:iam::{account}:role/starter", profile: p, endpoint: "https://aws.example", embedded: false,
    group_tag: g, page_size: 200, connect_timeout: 3s, timeout: 10s}
  toxiproxy: {endpoints: ["http://127.0.0.1:8474"], opt_in: [shop-*], embedded: false, timeout: 3s}
safety:
  opt_in:
    also:
      - {label: kube-monkey/enabled, value: enabled, faults: [pod-evict]}
      - {annotation: chaos.alpha.kubernetes.io/enabled, value: "true"}
  blackouts:
    - {weekdays: [sat, sun], daily: "22:00-06:00", zone: Europe/Berlin, monkeys: [pods]}
    - {dates: 2026-12-20..2027-01-06, days: [12-24, 12-20..01-06]}
    - {holidays: {country: DE, subdivision: BY, categories: [public]}}
    - {ical: freeze.ics, refresh: 1m, stale: 10m}
    - {calendar: freeze}
  budget: {concurrent: 3, per_hour: 2, per_day: 1/3, per_group: 1, per_namespace: 5, per_node: 6, per_zone: 7, per_region: 8,
    max_percent: 34, max_percent_namespace: 10, cooldown: 1h, due_after: 14d, holidays: DE}
  min_age: 1h
  protected: [kube-system]
  protect_webhooks: true
  allow_irreversible: [pod-delete]
  quorum: {keep: 1, spare_lone: true, whole: true, pdb: true, hpa: true, min_size: true,
    spare: {labels: "app=db", ordinal_zero: false}}
  max_stuck: 3
  recovery_limit: 5m
  look:
    - {prometheus: "http://p.example:9090", query: up, min: 0.5, max: 1, bearer: b, ca: ca.pem, timeout: 2s, monkeys: [pods],
       held: true}
    - {alertmanager: "http://a.example:9093", matchers: ['a="b"'], silenced: true, inhibited: true, watchdog: 'a="w"'}
    - {cloudwatch: [shop-*], regions: [123456789012/eu-west-1], insufficient_data: true}
    - {http: "https://shop.example", status: [200, 204], contains: ok}
    - {node_pressure: true}
calendars: {freeze: [{weekdays: [fri]}]}
halt: {file: simian.halt, namespace: simian, configmap: halted}
leader: {namespace: simian, duration: 30s, renew: 2s}
observe: {token: 0123456789abcdef, listen: "127.0.0.1:9105"}
notices:
  - {use: apprise, on: [stuck], timeout: 10s, with: {urls: ["json://localhost"]}}
undertaker: {namespace: simian}
monkeys:
  - {name: pods, use: chaos, on: kubernetes, schedule: {every: 2h, between: "09:00-16:00", jitter: 5m}, hold: 5m, leashed: false,
     select: {labels: app=web, annotations: a=b, names: [web-*], namespaces: [shop], namespace_labels: team=shop,
       owners: [Deployment], min_age: 1h, nodes: [n], zones: [z]},
     budget: {per_day: 1/2}, stages: {steps: [1, 5%], widen_after: 5}, segment: {percent: 10, salt: x},
     approval: {expires: 4h}, each_group: {mean: 5 working days, min: 2 working days},
     with: {faults: [{fault: pod-evict, weight: 2, params: {}}], mode: {fixed: 1}}}
  - {name: hard, use: chaos, on: kubernetes, schedule: {mtbf: 2d, between: "09:00-16:00"}, segment: {version: a=b},
     with: {fault: pod-delete, params: {grace: 3}, mode: {fixed-percent: 10}}}
  - {name: late, use: chaos, on: aws, select: {regions: [123456789012/eu-west-1]}, schedule: {cron: "0 8 * * mon-fri"},
     segment: {zones: [a]}, with: {fault: instance-stop}}
  - {name: slow, use: latency, on: toxiproxy, select: {endpoints: ["127.0.0.1:8474"]}, schedule: {every: 2h}}
"""

Path_ = tuple[str | int, ...]


def everything() -> Any:
    """The values, as they are read."""
    return copy.deepcopy(_read())


@lru_cache(maxsize=1)
def _read() -> Any:
    return parse(Path("simian.yaml"), EVERYTHING)[0]


def places(value: Any, above: Path_ = ()) -> Iterator[Path_]:
    """Where something stands: keys, and the first of each list."""
    if above:
        yield above
    if isinstance(value, dict):
        for key, inner in value.items():
            yield from places(inner, (*above, key))
    if isinstance(value, list):
        for number, inner in enumerate(value):
            yield from places(inner, (*above, number))


def instead(place: Path_, value: Any) -> Any:
    """Everything, with this there."""
    made = everything()
    put(made, place, value)
    return made


def put(made: Any, place: Path_, value: Any) -> None:
    """Write this there."""
    for step in place[:-1]:
        made = made[step]
    made[place[-1]] = value


def is_leaf(place: Path_) -> bool:
    """Whether a single value stands there."""
    found = everything()
    for step in place:
        found = found[step]
    return not isinstance(found, dict | list)


def said(folder: Path, made: Any) -> list[str]:
    """Every mistake in it; none when it loads."""
    file = folder / "simian.yaml"
    file.write_text(json.dumps(made))  # which is YAML
    try:
        load(file, vet)
    except ConfigError as error:
        return [str(mistake).removeprefix(f"{folder}/") for mistake in error.mistakes]
    return []
