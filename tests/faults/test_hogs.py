from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import pytest

from simian_army import marks
from simian_army.bearing import name_for
from simian_army.errors import Conflict, Refused
from simian_army.faults.k8s.cpu_hog import CpuHog
from simian_army.faults.k8s.memory_hog import MemoryHog
from simian_army.model import Fault, Json, Selector
from simian_army.standing import stops
from tests.faults.street import Street, street

PODS = "/api/v1/namespaces/shop/pods"
Make = type[CpuHog | MemoryHog]
both = pytest.mark.parametrize("make", [CpuHog, MemoryHog])


@pytest.fixture
def here() -> Iterator[Street]:
    with street() as made:
        yield made


def hog(here: Street, fault: Fault) -> Any:
    return next((pod for pod in here.objects("Pod") if pod["metadata"]["name"] == name_for(fault)), None)


@both
def test_a_limited_pod_is_made_beside_the_target_that_ends_by_itself(here: Street, make: Make) -> None:
    kind = make(here.cluster)
    fault, mark = here.prepared(kind)
    assert here.writes() == []
    kind.inject(fault, mark)
    made = hog(here, fault)
    spec, (container,) = made["spec"], made["spec"]["containers"]
    assert spec["nodeName"] == fault.target.facts["node"]
    assert spec["activeDeadlineSeconds"] == 305 and spec["restartPolicy"] == "Never"
    assert container["resources"]["limits"] == container["resources"]["requests"]
    assert {"cpu", "memory"} <= set(container["resources"]["limits"])
    assert made["metadata"]["ownerReferences"][0]["uid"] == fault.target.id
    assert marks.from_text(marks.found(made) or "") == mark and marks.labelled(made)
    assert here.writes() == ["POST pods"], "nothing of anybody else is written"


@both
def test_it_asks_for_nothing_that_a_restricted_namespace_denies(here: Street, make: Make) -> None:
    kind = make(here.cluster)
    fault, mark = here.prepared(kind)
    kind.inject(fault, mark)
    spec = hog(here, fault)["spec"]
    (container,) = spec["containers"]
    assert (
        spec["securityContext"]["runAsNonRoot"]
        and spec["securityContext"]["seccompProfile"]["type"] == "RuntimeDefault"
    )
    assert container["securityContext"] == {
        "allowPrivilegeEscalation": False,
        "readOnlyRootFilesystem": True,
        "capabilities": {"drop": ["ALL"]},
    }
    assert spec["automountServiceAccountToken"] is False


def test_what_each_of_them_uses_up(here: Street) -> None:
    cpu, memory = CpuHog(here.cluster), MemoryHog(here.cluster)
    for kind, params in ((cpu, {"millicores": 1500}), (memory, {"megabytes": 100, "image": "ours:1"})):
        kind.inject(*here.prepared(kind, params))
    busy, full = (hog(here, Fault(kind.name, here.pod())) for kind in (cpu, memory))
    (one,), (two,) = busy["spec"]["containers"], full["spec"]["containers"]
    assert one["resources"]["limits"]["cpu"] == "1500m"
    assert one["command"][-1].count("while") == 2, "one loop for each core it may use"
    assert two["resources"]["limits"]["memory"] == "132Mi" and two["image"] == "ours:1"
    filling, rest = two["command"][-1].split(" && ", 1)
    assert filling == "dd if=/dev/zero of=/hog/held bs=1048576 count=100"
    assert rest.startswith(": > /hog/full"), "told only once dd has written all, and ended well"
    assert two["readinessProbe"]["exec"]["command"] == ["/bin/sh", "-c", "[ -f /hog/full ]"]
    assert "readinessProbe" not in one, "its loops begin with it"
    assert full["spec"]["volumes"][0]["emptyDir"] == {"medium": "Memory", "sizeLimit": "101Mi"}


@pytest.mark.parametrize(("megabytes", "cpu"), [(1, "100m"), (1000, "100m"), (4096, "409m"), (100_000, "1000m")])
def test_it_may_compute_as_much_as_it_takes_to_fill_the_memory_in_time(here: Street, megabytes: int, cpu: str) -> None:
    kind = MemoryHog(here.cluster)
    fault, mark = here.prepared(kind, {"megabytes": megabytes})
    kind.inject(fault, mark)
    assert hog(here, fault)["spec"]["containers"][0]["resources"]["requests"]["cpu"] == cpu


@both
def test_the_effect_is_that_it_is_ready_and_no_less_than_that(here: Street, make: Make) -> None:
    kind = make(here.cluster)
    fault, mark = here.prepared(kind)
    assert not kind.observe(fault).holds and not kind.observe(fault).under_way
    kind.inject(fault, mark)
    first = kind.observe(fault)
    assert first.holds or first.under_way
    assert here.server.settle(20)
    assert kind.observe(fault).holds
    for phase, ready in (("Running", "False"), ("Pending", "False"), ("Running", "Unknown"), ("Running", None)):
        said(here, fault, phase, ready)
        seen = kind.observe(fault)
        assert (seen.holds, seen.under_way) == (False, True), seen.detail
    said(here, fault, "Running", "False")
    assert "is Running, not ready yet on n1" in kind.observe(fault).detail
    said(here, fault, "Running", "True")
    assert kind.observe(fault).holds
    said(here, fault, "Failed", "True")
    seen = kind.observe(fault)
    assert (seen.holds, seen.under_way) == (False, False), seen.detail


def said(here: Street, fault: Fault, phase: str, ready: str | None) -> None:
    conditions = [{"type": "Ready", "status": ready}] if ready else []
    status = {"phase": phase, "conditions": conditions}
    here.send("PATCH", f"{PODS}/{name_for(fault)}/status", {"status": status}, "merge")


@both
def test_one_that_its_node_refused_has_no_effect_and_says_why(here: Street, make: Make) -> None:
    kind = make(here.cluster)
    fault, mark = here.prepared(kind)
    kind.inject(fault, mark)
    assert here.server.settle(20)
    status = {"phase": "Failed", "reason": "OutOfcpu", "message": "Node didn't have enough resource"}
    here.send("PATCH", f"{PODS}/{name_for(fault)}/status", {"status": status}, "merge")
    seen = kind.observe(fault)
    assert not seen.holds and not seen.under_way and "OutOfcpu Node didn't have enough resource" in seen.detail


@both
def test_it_is_deleted_and_proved_gone_and_that_twice_is_once(here: Street, make: Make) -> None:
    kind = make(here.cluster)
    fault, mark = here.prepared(kind)
    assert kind.revert(fault, mark).holds and here.writes() == [], "what never was is not touched"
    kind.inject(fault, mark)
    assert here.server.settle(20)
    first = kind.revert(fault, mark)
    assert first.under_way or first.holds
    assert here.server.settle(20)
    proof = kind.revert(fault, mark)
    assert proof.holds and hog(here, fault) is None
    assert here.writes() == ["POST pods", f"DELETE pods/{name_for(fault)}"]


@both
def test_a_pod_of_another_run_under_that_name_is_kept(here: Street, make: Make) -> None:
    kind = make(here.cluster)
    fault, mark = here.prepared(kind)
    kind.inject(fault, mark)
    proof = kind.revert(fault, here.mark(fault, "run-2"))
    assert proof.holds and "no mark of this run: kept" in proof.detail
    assert hog(here, fault) is not None


@both
def test_there_is_one_at_a_time_beside_a_pod(here: Street, make: Make) -> None:
    kind = make(here.cluster)
    fault, mark = here.prepared(kind)
    kind.inject(fault, mark)
    with pytest.raises(Refused, match="is there already"):
        kind.prepare(fault)
    with pytest.raises(Conflict):
        kind.inject(fault, mark)


@both
def test_the_sweep_finds_it_by_its_own_mark_as_the_fault_on_the_target(here: Street, make: Make) -> None:
    kind = make(here.cluster)
    fault, mark = here.prepared(kind)
    kind.inject(fault, mark)
    assert [(one.id, str(one), found) for one, found in here.cluster.marked()] == [
        (fault.target.id, str(fault.target), mark)
    ]
    here.send("POST", PODS, {"metadata": {**copied(here, fault), "name": "theirs"}, "spec": hog(here, fault)["spec"]})
    assert {(one.name, found is None) for one, found in here.cluster.marked()} == {
        (fault.target.name, False),
        ("theirs", True),
    }, "a copy is told, and never taken for the fault"


def copied(here: Street, fault: Fault) -> Json:
    said = hog(here, fault)["metadata"]
    return {key: said[key] for key in ("labels", "annotations")}


@both
def test_it_reaches_every_pod_on_the_node_and_says_whom_it_stops(here: Street, make: Make) -> None:
    kind = make(here.cluster)
    fault, _ = here.prepared(kind)
    assert kind.reach(fault) == Selector("pod", fields=(("spec.nodeName", "n1"),))
    assert stops(kind) == {"cpu-hog": "nobody", "memory-hog": "target"}[kind.name]


@both
def test_a_target_that_is_gone_leaving_or_elsewhere_is_refused(here: Street, make: Make) -> None:
    kind = make(here.cluster)
    fault, mark = here.prepared(kind)
    moved = replace(fault, target=replace(fault.target, facts={"node": "n2"}))
    with pytest.raises(Refused, match="another than it was"):
        kind.inject(moved, mark)
    here.send("DELETE", f"{PODS}/{fault.target.name}", {"gracePeriodSeconds": 0})
    with pytest.raises(Refused, match="gone or being deleted"):
        kind.inject(fault, mark)


@pytest.mark.parametrize(
    ("make", "params"),
    [
        (CpuHog, {"millicores": 0}),
        (CpuHog, {"millicores": "1"}),
        (CpuHog, {"image": 1}),
        (CpuHog, {"megabytes": 1}),
        (MemoryHog, {"megabytes": 0}),
        (MemoryHog, {"megabytes": True}),
    ],
)
def test_parameters_that_make_no_sense_are_refused(here: Street, make: Make, params: Json) -> None:
    with pytest.raises(Refused, match=next(iter(params))):
        here.prepared(make(here.cluster), params)
