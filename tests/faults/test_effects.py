"""When each kind that changes an object in place says that its effect is there, and what it refuses."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from simian_army.errors import Refused
from simian_army.faults.k8s.config_fault import ConfigFault
from simian_army.faults.k8s.dns_fault import DnsFault
from simian_army.faults.k8s.job_suspend import JobSuspend
from simian_army.faults.k8s.pod_failure import NOWHERE, PodFailure
from simian_army.model import Json, Selector
from simian_army.standing import stops
from tests.faults.nearby import NearPort
from tests.faults.objects import HELD, Held, mark_of


def of(make: Any, **spec: Any) -> Held:
    held = next(one for one in HELD if one.make is make)
    return Held(make, held.strikes, {**held.obj, **spec}, held.path, held.others, held.params)


def refused(held: Held, params: Json | None = None, **metadata: Any) -> str:
    with pytest.raises(Refused) as raised:
        held.prepared(held.port(**metadata), params)
    return str(raised.value)


def status(port: NearPort, **said: Any) -> None:
    assert port.obj is not None
    port.obj.setdefault("status", {}).update(said)


def container(name: str, restarts: int, reason: str = "") -> dict[str, Any]:
    state = {"waiting": {"reason": reason}} if reason else {"running": {}}
    return {"name": name, "restartCount": restarts, "state": state}


class TestJobSuspend:
    def test_it_stops_nobody_who_serves_and_reaches_its_pods(self) -> None:
        kind, fault = of(JobSuspend).prepared(of(JobSuspend).port())
        assert stops(kind, fault) == "nobody"
        assert kind.reach(fault) == Selector("pod", ("shop",), "app=one")

    @pytest.mark.parametrize("ended", ["Complete", "Failed"])
    def test_what_is_over_or_suspended_is_refused(self, ended: str) -> None:
        conditions = {"conditions": [{"type": ended, "status": "True"}]}
        assert f"it is over ({ended})" in refused(of(JobSuspend, status=conditions))
        assert "suspended already" in refused(of(JobSuspend, spec={"suspend": True}))
        assert "knows no parameter for" in refused(of(JobSuspend), {"for": "5m"})

    def test_the_effect_is_that_no_pod_is_active(self) -> None:
        held = of(JobSuspend)
        port = held.port()
        kind, fault = held.prepared(port)
        assert not kind.observe(fault).holds
        status(port, active=2)
        kind.inject(fault, mark_of(fault))
        seen = kind.observe(fault)
        assert (seen.holds, seen.under_way, seen.detail) == (False, True, "suspended, 2 pods are active")
        status(port, active=0, conditions=[{"type": "Suspended", "status": "True"}])
        assert kind.observe(fault).holds


class TestPodFailure:
    def test_it_stops_its_target_and_harms_nobody_else(self) -> None:
        kind, fault = of(PodFailure).prepared(of(PodFailure).port())
        assert stops(kind, fault) == "target"
        assert kind.reach(fault) is None

    def test_every_container_fails_unless_one_is_named(self) -> None:
        held = of(PodFailure)
        port = held.port()
        status(port, containerStatuses=[container("app", 2), container("side", 0)])
        _, fault = held.prepared(port, {})
        images, restarts = {"app": "app:1", "side": "side:1"}, {"app": 2, "side": 0}
        assert fault.undo == {"images": images, "image": NOWHERE, "restarts": restarts}

    @pytest.mark.parametrize(
        ("params", "why"),
        [
            ({"container": "other"}, "it has no container other; it has app, side"),
            ({"image": "side:1"}, "is no other image"),
            ({"image": " "}, "or none at all"),
            ({"image": 1}, "image is 1, give text"),
            ({"images": "a"}, "knows no parameter images"),
        ],
    )
    def test_what_makes_no_sense_is_refused(self, params: Json, why: str) -> None:
        assert why in refused(of(PodFailure), params)

    def test_what_leaves_or_stands_for_a_file_is_refused(self) -> None:
        assert "deleted already" in refused(of(PodFailure), deletionTimestamp="2026-01-01T00:00:00Z")
        assert "a file on its node" in refused(of(PodFailure), annotations={"kubernetes.io/config.mirror": "x"})

    def test_the_effect_is_that_each_container_was_taken_down(self) -> None:
        held = of(PodFailure)
        port = held.port()
        status(port, containerStatuses=[container("app", 2), container("side", 0)])
        kind, fault = held.prepared(port, {})
        assert not kind.observe(fault).holds
        kind.inject(fault, mark_of(fault))
        seen = kind.observe(fault)
        assert (seen.holds, seen.under_way) == (False, True), seen.detail
        status(port, containerStatuses=[container("app", 2, "ErrImagePull"), container("side", 0)])
        assert "side: its kubelet has not made it stop yet" in kind.observe(fault).detail
        status(port, containerStatuses=[container("app", 2, "ImagePullBackOff"), container("side", 1)])
        seen = kind.observe(fault)
        assert seen.holds
        assert seen.detail == "app waits (ImagePullBackOff); side was started anew (1 restarts)"

    def test_one_image_that_another_changed_is_kept_and_the_others_are_given_back(self) -> None:
        held = of(PodFailure)
        port = held.port()
        kind, fault = held.prepared(port, {})
        kind.inject(fault, mark_of(fault))
        assert port.obj is not None
        port.obj["spec"]["containers"][1]["image"] = "side:2"
        proof = kind.revert(fault, mark_of(fault))
        assert proof.detail == "1 of 2 images given back; side changed by someone: kept, mark removed; read back"
        assert [one["image"] for one in port.obj["spec"]["containers"]] == ["app:1", "side:2"]


class TestDnsFault:
    def test_it_reaches_every_pod_of_the_namespace(self) -> None:
        kind, fault = of(DnsFault).prepared(of(DnsFault).port())
        assert kind.reach(fault) == Selector("pod", ("shop",))
        assert stops(kind, fault) == "nobody"
        assert (fault.undo or {})["to"] == "simian-army.invalid"

    @pytest.mark.parametrize("to", ["Db.example", "a b", "-a", "a..b", "x" * 64, ".".join(["x" * 60] * 5), "", 7])
    def test_only_the_name_of_a_host_will_do(self, to: object) -> None:
        assert "give" in refused(of(DnsFault), {"to": to})

    def test_a_service_that_leads_to_pods_or_there_already_is_refused(self) -> None:
        assert "not to a host by its name" in refused(of(DnsFault, spec={"type": "ClusterIP", "clusterIP": "10.0.0.1"}))
        assert "leads to db.example already" in refused(of(DnsFault), {"to": "db.example"})

    def test_the_effect_is_the_name_with_our_mark(self) -> None:
        held = of(DnsFault)
        port = held.port()
        kind, fault = held.prepared(port)
        assert not kind.observe(fault).holds
        kind.inject(fault, mark_of(fault))
        assert kind.observe(fault).holds


class TestConfigFault:
    def test_it_reaches_the_pods_that_use_it(self) -> None:
        kind, fault = of(ConfigFault).prepared(of(ConfigFault).port())
        assert kind.reach(fault) == Selector("pod", ("shop",), fields=(("uses", "configmap/one"),))

    @pytest.mark.parametrize(
        ("params", "why"),
        [
            ({}, "name the key"),
            ({"key": "z"}, "it has no key z"),
            ({"key": "a", "change": "break"}, "give set, remove, empty or dns"),
            ({"key": "a", "change": "set"}, "value belongs to `change: set`"),
            ({"key": "a", "change": "remove", "value": "x"}, "value belongs to `change: set`"),
            ({"key": "a", "value": "1"}, "says so already"),
            ({"key": "a", "value": 2}, "value is 2, give text"),
            ({"key": "a", "change": "dns"}, "no host is named in that key"),
            ({"key": "a", "keys": "b"}, "knows no parameter keys"),
        ],
    )
    def test_what_makes_no_sense_is_refused(self, params: Json, why: str) -> None:
        assert why in refused(of(ConfigFault), params)

    def test_what_is_immutable_or_kept_by_kubernetes_is_refused(self) -> None:
        assert "it is immutable" in refused(of(ConfigFault, immutable=True))
        held = of(ConfigFault)
        kind, fault = held.prepared(held.port())
        with pytest.raises(Refused, match="Kubernetes keeps it"):
            kind.prepare(replace(fault, target=replace(fault.target, name="kube-root-ca.crt")))

    @pytest.mark.parametrize(
        ("before", "after"),
        [
            ("db.example", "X"),
            ("db", "X"),
            ("db:5432", "X:5432"),
            ("postgres://u:p@db.shop.svc:5432/shop?a=b.c", "postgres://u:p@X:5432/shop?a=b.c"),
            ("http://api/v1 and http://b.example.", "http://X/v1 and http://X"),
            ("a.example, b.example", "X, X"),
            (
                "url: https://a.example/x.html\nfile: conf.d/app.yaml\n",
                "url: https://X/x.html\nfile: conf.d/app.yaml\n",
            ),
        ],
    )
    def test_every_host_named_in_a_key_becomes_one_that_is_nowhere(self, before: str, after: str) -> None:
        held = of(ConfigFault, data={"a": before})
        _, fault = held.prepared(held.port(), {"key": "a", "change": "dns"})
        assert (fault.undo or {})["after"] == after.replace("X", "simian-army.invalid")

    @pytest.mark.parametrize("before", ["10.0.0.1", "http://10.0.0.1:80", "a: b", "12:30", "", "two words."])
    def test_what_names_no_host_is_refused(self, before: str) -> None:
        held = of(ConfigFault, data={"a": before})
        assert "no host is named" in refused(held, {"key": "a", "change": "dns"})

    def test_a_binary_value_is_given_as_text_and_no_name_is_looked_for_in_it(self) -> None:
        held = of(ConfigFault, data={}, binaryData={"a": "AAEC"})
        _, fault = held.prepared(held.port(), {"key": "a", "value": "wrong"})
        assert ((fault.undo or {})["part"], (fault.undo or {})["after"]) == ("binaryData", "d3Jvbmc=")
        assert "give set, remove or empty" in refused(held, {"key": "a", "change": "dns"})
