"""The verbs before the first run: init and check."""

from __future__ import annotations

import secrets
from collections.abc import Iterator
from importlib.metadata import packages_distributions
from pathlib import Path
from typing import TYPE_CHECKING

from simian_army import wiring
from simian_army.cli import show
from simian_army.errors import SimianError, UsageError
from simian_army.model import Evidence

if TYPE_CHECKING:
    from config.load import Loaded

OURS = ("simian_army", "monkeys", "scheduler", "safety", "config")
TEMPLATE = """\
# What the fleet may do. Leashed it plans, asks and audits, and changes nothing.
fleet: my-fleet                # on every mark and event; one config, one ledger, one agent at a time
leashed: true
timezone: UTC                  # for schedules and blackouts, for instance Europe/Berlin
ledger: sqlite:///simian.db
key: ${file:simian.key}        # signs marks and the audit chain; keep it secret and safe
platforms:
  kubernetes:
    context: my-context        # as in `kubectl config get-contexts`, or in-cluster
    # cluster_uid: ...         # needed once leashed is false; `simian check` prints it
    namespaces: ["*"]          # patterns; a leading ! excludes
  # aws: {regions: [eu-west-1], accounts: ["123456789012"]}    # opt in by the same words as tags
  # toxiproxy: {endpoints: ["http://127.0.0.1:8474"], opt_in: [shop-*]}
safety:
  blackouts:
    - {weekdays: [sat, sun]}
    - {daily: "17:00-09:00"}
  budget: {concurrent: 3, per_day: 20, per_group: 1, max_percent: 34, cooldown: 1h}
  min_age: 0s
  protected: [kube-system, kube-public, kube-node-lease]
monkeys:
  # It strikes only what opted in: kubectl -n NAMESPACE label deployment NAME simian-army/chaos=enabled
  - name: pods
    use: chaos
    on: kubernetes
    schedule: {every: 2h}
    with: {fault: pod-evict, mode: {fixed: 1}}
  # It only looks: replicas, disruption budgets, readiness probes, resource requests
  - {name: rules, use: conformity, on: kubernetes, schedule: {cron: "0 8 * * mon-fri"}}
"""


def init(config: Path) -> None:
    """Write a config and a key; nothing that exists is touched."""
    key = config.parent / "simian.key"
    for file in (config, key):
        if file.exists():
            raise UsageError(f"{file} exists and is not overwritten; move it away or use -c FILE in another folder")
    config.parent.mkdir(parents=True, exist_ok=True)
    key.touch(mode=0o600)
    key.write_text(secrets.token_hex(32) + "\n")
    config.write_text(TEMPLATE)
    show.say(f"wrote {config} and {key} (mode 0600)")
    show.say("next: set platforms.kubernetes.context in it, then `simian check`, then `simian plan`")


def check(config: Path, *, as_json: bool) -> int:
    """Try everything a run needs; each line says what holds, or the fix."""
    bad = 0
    with show.working("asking ..."):
        for told in _tried(config):
            bad += not told.holds
            _tell(told, as_json=as_json)
    if not as_json:
        show.say("all is well" if not bad else f"{bad} to mend", "bold")
    return 1 if bad else 0


def _tried(config: Path) -> Iterator[Evidence]:
    yield from _packages()
    loaded = wiring.read_config(config)
    yield Evidence(holds=True, detail=f"config: {config} is right ({len(loaded.settings.monkeys)} monkeys)")
    for file in loaded.secrets:
        if file.exists() and file.stat().st_mode & 0o077:
            yield Evidence(holds=False, detail=f"others may read the secret {file}: chmod 600 {file}")
    with wiring.books(loaded) as books:
        yield Evidence(holds=True, detail=f"ledger: {books.ledger.last_seq()} events, written with this key")
        yield from _halts(loaded, books)
        with wiring.house(books) as house:
            for platform in house.platforms.values():
                entries = [entry for entry in house.entries.values() if entry.platform is platform]
                kinds = [house.kinds[name] for name in {fault for one in entries for fault in one.monkey.needs.faults}]
                yield from platform.check(kinds, [selector for entry in entries for selector in entry.selectors])
            yield from _place(house)
            yield from wiring.looked(house)
            yield from wiring.strangers(house)
            yield from wiring.calendars_read(house)


def _packages() -> Iterator[Evidence]:
    """Whether every import name of ours is ours alone: four of them are words others use too."""
    owners = packages_distributions()
    for name in OURS:
        others = sorted(set(owners.get(name, [])) - {"simian-army"})
        if others:
            fix = "install simian in its own environment"
            yield Evidence(holds=False, detail=f"the package {name} is also of {', '.join(others)}: {fix}")


def _halts(loaded: Loaded, books: wiring.Books) -> Iterator[Evidence]:
    """Whether everything that may halt the fleet can be read."""
    with wiring.halting(loaded, books) as halts:
        said = [one for one in halts.survey() if not one.source.platform]  # single scopes: see the permissions
    for one in said:
        state = one.trouble or "; ".join(str(halt) for halt in one.halts) or "can be read, and does not halt"
        yield Evidence(holds=not one.trouble, detail=f"halt: {one.source.where}: {state}")


def _place(house: wiring.House) -> Iterator[Evidence]:
    try:
        wiring.must_know_the_place(house)
    except SimianError as error:
        yield Evidence(holds=False, detail=str(error))


def _tell(told: Evidence, *, as_json: bool) -> None:
    if as_json:
        show.dump({"holds": told.holds, "detail": told.detail})
        return
    show.say(f"  {'ok ' if told.holds else 'NO '} {told.detail}", "green" if told.holds else "red")
