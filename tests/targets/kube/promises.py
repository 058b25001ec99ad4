"""The promises that every Kubernetes keeps towards us; test_contract.py says on which grounds they are asked."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest

from simian_army import marks
from simian_army.errors import Conflict, Gone, PlatformError, Refused
from simian_army.faults.k8s.node_cordon import NodeCordon
from simian_army.faults.k8s.pod_delete import PodDelete
from simian_army.faults.k8s.pod_evict import PodEvict
from simian_army.model import Fault, Mark, Selector, Target
from simian_army.targets.k8s import Kubernetes
from tests.targets.kube.forecasts import Forecasts
from tests.targets.kube.grounds import Ground, wait_until

POD = Selector("pod")
LATER = datetime(2030, 1, 1, tzinfo=UTC)


def mark_of(fault: Fault) -> Mark:
    return marks.sign(b"contract", "contract", "run-1", fault, LATER)


def node_of(cluster: Kubernetes, name: str) -> Target:
    (found,) = cluster.find(Selector("node", names=(name,)))
    target = cluster.read(found)
    assert target is not None
    return target


def frozen(obj: dict[str, Any]) -> dict[str, Any]:
    kept = {key: value for key, value in obj.items() if key != "status"}
    kept["metadata"] = {k: v for k, v in obj["metadata"].items() if k not in ("resourceVersion", "managedFields")}
    return kept


class Contract(Forecasts):
    """The promises; each subclass gives the ground."""

    @pytest.mark.parametrize("page_size", [2, 500])
    def test_a_find_is_complete_however_it_is_paged(self, ground: Ground, page_size: int) -> None:
        ground.deploy("web", 5)
        with ground.connected(page_size=page_size) as cluster:
            found = cluster.find(Selector("pod", labels="app=web,simian-army/chaos in (enabled)"))
            assert {target.id for target in found} == {pod["metadata"]["uid"] for pod in ground.pods()}
            assert cluster.find(Selector("pod", labels="app!=web")) == []
            assert {target.group for target in found} == {f"{ground.scope}/Deployment/web"}
            kinds = [(level.kind, level.labels is not None) for level in found[0].levels]
            assert kinds == [("ReplicaSet", True), ("Deployment", True), ("Namespace", True)]
            assert dict(found[0].levels[1].labels or {})["tier"] == "front"
            assert dict(found[0].levels[2].labels or {})["team"] == "contract"
            assert cluster.unreadable == 0

    def test_patterns_find_the_same_as_names(self, ground: Ground) -> None:
        ground.deploy("web", 2)
        with ground.connected(namespaces=(f"{ground.scope[:-1]}?", "!kube-*")) as cluster:
            assert len(cluster.find(POD)) == 2
            assert len(cluster.find(Selector("pod", scopes=("nothing-*",)))) == 0

    def test_only_running_pods_are_found(self, ground: Ground) -> None:
        ground.api.create(
            f"/api/v1/namespaces/{ground.scope}/pods",
            {
                "apiVersion": "v1",
                "kind": "Pod",
                "metadata": {"name": "pending"},
                "spec": {"containers": [{"name": "a", "image": "a"}], "nodeSelector": {"nowhere": "at-all"}},
            },
        )
        with ground.connected() as cluster:
            assert cluster.find(POD) == []

    def test_a_target_read_again_is_fresh_and_a_group_is_whole(self, ground: Ground) -> None:
        ground.deploy("web", 2)
        with ground.connected() as cluster:
            found = cluster.find(POD)[0]
            target = cluster.read(found)
            assert target is not None
            assert replace(target, facts={}) == found
            assert (target.facts["phase"], target.facts["ready"]) == ("Running", True)
            assert target.facts["resourceVersion"]
            health = cluster.health(target)
            assert (health.whole, health.ready, health.wanted) == (True, 2, 2)

    @pytest.mark.parametrize("make", [PodEvict, PodDelete])
    def test_an_act_hits_exactly_its_target_and_its_group_recovers(
        self, ground: Ground, make: type[PodEvict | PodDelete]
    ) -> None:
        ground.deploy("web", 3)
        before = {pod["metadata"]["uid"] for pod in ground.pods()}
        with ground.connected() as cluster:
            target = cluster.read(cluster.find(POD)[0])
            assert target is not None
            kind, fault = make(cluster), Fault("pod", target, {"grace": 0})
            kind.prepare(fault)
            kind.inject(fault, mark_of(fault))
            wait_until(lambda: kind.observe(fault).holds)
            wait_until(lambda: cluster.health(target).whole is True)
            after = {found.id for found in cluster.find(POD)}
            assert before - after == {target.id}
            assert cluster.read(target) is None

    def test_a_namesake_with_another_uid_is_never_hit(self, ground: Ground) -> None:
        ground.bound("twin", ground.node())
        wait_until(lambda: ground.pods()[0].get("status", {}).get("phase") == "Running")
        with ground.connected() as cluster:
            (found,) = cluster.find(POD)
            stranger = replace(found, id="00000000-0000-4000-8000-000000000000", facts={})
            assert cluster.read(stranger) is None
            with pytest.raises(Gone):
                cluster.evict(stranger)
            with pytest.raises(Gone):
                cluster.delete(stranger)
            with pytest.raises(Gone):
                cluster.patch(stranger, [{"op": "add", "path": "/metadata/labels", "value": {"hit": "yes"}}])
            assert cluster.find(POD) == [found]
            assert "hit" not in found.labels

    def test_an_act_on_an_older_version_is_a_conflict(self, ground: Ground) -> None:
        ground.bound("old", ground.node())
        wait_until(lambda: ground.pods()[0].get("status", {}).get("phase") == "Running")
        with ground.connected() as cluster:
            target = cluster.read(cluster.find(POD)[0])
            assert target is not None
            version = target.facts["resourceVersion"]
            cluster.patch(target, [{"op": "add", "path": "/metadata/labels", "value": {"simian-army/opt-out": "true"}}])
            with pytest.raises(Conflict):
                cluster.delete(target, version=version)
            with pytest.raises(Conflict):
                cluster.evict(target)
            with pytest.raises(Conflict):
                cluster.patch(target, [{"op": "test", "path": "/metadata/resourceVersion", "value": version}])
            assert cluster.read(target) is not None

    def test_what_is_gone_is_gone(self, ground: Ground) -> None:
        nothing = Target("kubernetes", "pod", "u", "nothing", ground.scope, "", LATER, {})
        with ground.connected() as cluster:
            assert cluster.get(nothing) is None
            for act in (cluster.evict, cluster.delete):
                with pytest.raises(Gone):
                    act(nothing)
            with pytest.raises(Gone):
                cluster.patch(nothing, [])

    def test_a_disruption_budget_refuses_by_name(self, ground: Ground) -> None:
        ground.deploy("web", 2)
        budget = ground.protect("web", 2)
        with ground.connected() as cluster:
            target = cluster.find(POD)[0]
            with pytest.raises(Refused, match=budget):
                cluster.evict(target)
            assert not PodEvict(cluster).observe(Fault("pod-evict", target)).holds

    def test_a_cordon_is_held_under_a_mark_and_wholly_undone(self, ground: Ground) -> None:
        name = ground.node()
        with ground.connected() as cluster:
            target = node_of(cluster, name)
            kind, fault = NodeCordon(cluster), Fault("node-cordon", target, undo={"unschedulable": False})
            before = cluster.get(target)
            assert kind.prepare(fault) == fault.undo
            mark = mark_of(fault)
            kind.inject(fault, mark)
            assert kind.observe(fault).holds
            held = cluster.get(target)
            assert before is not None
            assert held is not None
            assert held["spec"]["unschedulable"] is True
            assert (target.id, mark) in [(found.id, there) for found, there in cluster.marked()]
            with pytest.raises(Refused):
                kind.prepare(fault)
            proof = kind.revert(fault, mark)
            assert proof.holds, proof.detail
            # the taint that the cluster itself puts on a cordoned node goes a moment later
            wait_until(lambda: frozen(cluster.get(target) or {"metadata": {}}) == frozen(before))
            assert kind.revert(fault, mark).holds
            assert target.id not in [found.id for found, _ in cluster.marked()]

    def test_a_cordon_reaches_every_pod_on_the_node_whatever_config_says(self, ground: Ground) -> None:
        name = ground.node()
        made = ground.bound("there", name)
        wait_until(lambda: ground.pods()[0].get("status", {}).get("phase") == "Running")
        with ground.connected(namespaces=("somewhere-else",)) as cluster:
            reach = NodeCordon(cluster).reach(Fault("node-cordon", node_of(cluster, name)))
            assert reach is not None
            (found,) = [target for target in cluster.find(reach) if target.scope == ground.scope]
            assert found.id == made["metadata"]["uid"]
            assert found.facts["phase"] == "Running"
            assert found.facts["mirror"] is False
            assert found.levels[-1].kind == "Namespace"
            assert cluster.find(POD) == []

    def test_the_cluster_says_who_it_is_and_what_we_may_do(self, ground: Ground) -> None:
        with ground.connected() as cluster:
            assert cluster.identities()[0].id == ground.api.get("/api/v1/namespaces/kube-system")["metadata"]["uid"]
            evidence = list(cluster.check([PodEvict(cluster), PodDelete(cluster), NodeCordon(cluster)]))
            assert [line.detail for line in evidence if not line.holds] == []

    def test_a_query_the_server_cannot_read_is_an_error_and_no_empty_list(self, ground: Ground) -> None:
        with ground.connected() as cluster:
            with pytest.raises(PlatformError, match="400"):
                cluster.find(Selector("pod", labels="a in ("))
            with pytest.raises(PlatformError, match="400"):
                cluster.find(Selector("pod", fields=(("spec.nosuch", "a"),)))
