"""Does config lead each process to the lease that all its fellows take, and does one last long enough for an act."""

from __future__ import annotations

from pathlib import Path

import pytest

from config.load import Loaded, load
from simian_army.engine import LEASE_MARGIN
from simian_army.errors import ConfigError, NotLeader
from simian_army.leader import Leader
from simian_army.leader.by_file import FileSeat
from simian_army.leader.by_kubernetes import LONGEST, KubernetesSeat
from simian_army.leader.by_postgres import PostgresSeat
from simian_army.wiring import leading
from simian_army.wiring.leading import Beside, lease_of
from tests.simian_army.leader.grounds import CLOCK

KUBERNETES = "{context: here, cluster_uid: u}"
SERVED = "postgresql://boss:open-sesame@db/simian"


def config(folder: Path, kubernetes: str = KUBERNETES, more: str = "") -> Loaded:
    file = folder / "simian.yaml"
    file.write_text(f"fleet: shop\nkey: {'k' * 32}\nplatforms:\n  kubernetes: {kubernetes}\n{more}")
    return load(file)


def lease(loaded: Loaded, ledger: str = "sqlite:///simian.db") -> Leader:
    return lease_of(loaded, Beside(ledger, loaded.file.with_name("simian.db.lock"), "me@here"), CLOCK)


@pytest.fixture(autouse=True)
def outside(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    """No pod: neither the environment nor the account's file tells a namespace."""
    monkeypatch.delenv("SIMIAN_NAMESPACE", raising=False)
    monkeypatch.setattr(leading, "ACCOUNT", tmp_path / "namespace")
    return tmp_path / "namespace"


def test_outside_a_cluster_it_is_beside_the_ledger(tmp_path: Path) -> None:
    loaded = config(tmp_path)
    assert lease(loaded).seat.place == str(tmp_path / "simian.db.lock")
    assert isinstance(lease(loaded).seat, FileSeat)
    served = lease(loaded, SERVED)
    assert isinstance(served.seat, PostgresSeat)
    assert served.seat.place == "the lock of fleet shop in postgresql://boss:***@db/simian"
    assert "open-sesame" not in repr(served)


@pytest.mark.parametrize("ledger", ["sqlite:///simian.db", SERVED])
def test_inside_a_cluster_and_wherever_config_says_so_it_is_a_lease(
    tmp_path: Path, outside: Path, monkeypatch: pytest.MonkeyPatch, ledger: str
) -> None:
    inside = config(tmp_path, "{context: in-cluster, cluster_uid: u}")
    outside.write_text("chaos\n")
    assert lease(inside, ledger).seat.place == "the Lease chaos/simian-army-shop"
    monkeypatch.setenv("SIMIAN_NAMESPACE", "told")
    assert lease(inside, ledger).seat.place == "the Lease told/simian-army-shop"
    said = config(tmp_path, more="leader: {namespace: said}\n")
    assert lease(said, ledger).seat.place == "the Lease said/simian-army-shop"


def test_two_processes_are_never_the_same_holder(tmp_path: Path) -> None:
    loaded = config(tmp_path, more="leader: {namespace: said}\n")
    one, two = lease(loaded).seat, lease(loaded).seat
    assert isinstance(one, KubernetesSeat) and isinstance(two, KubernetesSeat)
    assert one.identity != two.identity
    assert one.identity.startswith("me@here/")


def test_a_pod_that_does_not_know_its_namespace_is_told_so_when_it_is_to_lead_and_not_before(tmp_path: Path) -> None:
    made = lease(config(tmp_path, "{context: in-cluster, cluster_uid: u}"))
    with pytest.raises(NotLeader, match="write it, or set SIMIAN_NAMESPACE"):
        made.take()


@pytest.mark.parametrize(
    ("more", "duration", "every"),
    [
        ("", 15, 2),
        ("  aws: {regions: [eu-west-1]}\n", 18, 2),
        ("leader: {renew: 5s}\n", 15, 5),
        ("leader: {duration: 30s, renew: 3s}\n", 30, 3),
        ("  aws: {regions: [eu-west-1], timeout: 40s}\n", 48, 2),
    ],
)
def test_just_before_a_renewal_there_is_still_time_for_an_act(
    tmp_path: Path, more: str, duration: float, every: float
) -> None:
    loaded = config(tmp_path, more=more)
    made = lease(loaded)
    assert (made.duration, made.every) == (duration, every)
    assert made.duration - made.every > loaded.settings.platforms.timeout + LEASE_MARGIN


@pytest.mark.parametrize(
    ("kubernetes", "more", "expected"),
    [
        (KUBERNETES, "leader: {duration: 9s}\n", "leader.duration: an act may take 5 s, .* write 10s or more"),
        (KUBERNETES, "leader: {duration: 20s, renew: 10s}\n", "leader.duration: .* write 30s or more"),
        (KUBERNETES, "leader: {duration: 2m}\n", "leader.duration: .*1 minute|leader.duration: .*less than or equal"),
        (KUBERNETES, "leader: {renew: 0s}\n", "leader.renew: "),
        (KUBERNETES, "leader: {namespace: Chaos}\n", "leader.namespace: "),
        (KUBERNETES, "leader: {namespaces: chaos}\n", "unknown key, did you mean namespace"),
        ("{embedded: true}", "leader: {namespace: chaos}\n", "leader.namespace: a Lease needs a Kubernetes that stays"),
    ],
)
def test_what_could_never_lead_is_a_mistake_with_its_place_and_fix(
    tmp_path: Path, kubernetes: str, more: str, expected: str
) -> None:
    with pytest.raises(ConfigError, match=expected) as found:
        config(tmp_path, kubernetes, more)
    assert "simian.yaml:5 leader" in str(found.value)


def test_an_act_that_no_lease_could_outlast_is_a_mistake(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="platforms: an act may take 58 s, .* give each platform a shorter timeout"):
        config(tmp_path, more="  aws: {regions: [eu-west-1], timeout: 55s}\n")


def test_no_lease_may_last_longer_than_a_standby_believes(tmp_path: Path) -> None:
    assert lease(config(tmp_path, more="leader: {duration: 1m}\n")).duration == LONGEST
