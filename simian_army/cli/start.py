"""The verbs before the first run: init and check."""

from __future__ import annotations

import secrets
from importlib.metadata import packages_distributions
from pathlib import Path

from simian_army import wiring
from simian_army.cli import show
from simian_army.errors import SimianError, UsageError

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


def check(config: Path) -> int:
    """Try everything a run needs; each line says what holds, or the fix."""
    bad = 0
    for name in OURS:
        owners = set(packages_distributions().get(name, ["simian-army"]))
        if owners != {"simian-army"}:
            bad += _say(
                f"the package {name} belongs to {', '.join(sorted(owners))}: install simian in its own environment"
            )
    loaded = wiring.read_config(config)
    _say(f"config: {config} is right ({len(loaded.settings.monkeys)} monkeys)", holds=True)
    key = config.parent / "simian.key"
    if key.exists() and key.stat().st_mode & 0o077:
        bad += _say(f"key: others may read {key}: chmod 600 {key}")
    with wiring.books(loaded) as books:
        _say(f"ledger: {books.ledger.last_seq()} events, written with this key", holds=True)
        with wiring.house(books) as house:
            for name, platform in house.platforms.items():
                used = [kind for kind in house.kinds.values() if kind.platform == name]
                bad += sum(_say(told.detail, holds=told.holds) for told in platform.check(used))
            try:
                wiring.must_know_the_place(house)
            except SimianError as error:
                bad += _say(str(error))
    show.say("all is well" if not bad else f"{bad} to mend", "bold")
    return 1 if bad else 0


def _say(words: str, *, holds: bool = False) -> int:
    show.say(f"  {'ok ' if holds else 'NO '} {words}", "green" if holds else "red")
    return 0 if holds else 1
