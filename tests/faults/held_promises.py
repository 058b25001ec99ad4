"""What is so of every fault that changes an object in place, on a server; test_held.py says on which."""

from __future__ import annotations

from typing import Any

import pytest

from simian_army import marks
from simian_army.errors import Refused
from simian_army.faults.k8s.config_fault import ConfigFault
from simian_army.faults.k8s.copies import PERMISSIONS
from simian_army.faults.k8s.pod_failure import PodFailure
from simian_army.faults.k8s.rollout_restart import RESTARTED, RolloutRestart
from simian_army.faults.k8s.scale_down import ScaleDown
from simian_army.faults.k8s.secret_fault import SecretFault
from simian_army.model import Fault, Mark, Selector, Target
from simian_army.targets.k8s import Kubernetes
from tests.faults.ways import (
    FLEET,
    KEY,
    KINDS,
    LATER,
    WAYS,
    Way,
    coded,
    each,
    end,
    made,
    path_of,
    plain,
    prepared,
    read,
    revisions,
    settle,
    target_of,
)
from tests.targets.kube.grounds import Ground, wait_until


class HeldPromises:
    """The promises; each subclass gives the ground."""

    @each
    def test_it_is_held_under_a_mark_found_by_it_and_wholly_undone(self, ground: Ground, way: Way) -> None:
        made(ground, way)
        with ground.connected(marked=KINDS) as cluster:
            kind, fault, mark = prepared(cluster, way)
            before = read(ground, way)
            kind.inject(fault, mark)
            wait_until(lambda: kind.observe(fault).holds)
            assert [(target.id, there) for target, there in cluster.marked()] == [(fault.target.id, mark)]
            with pytest.raises(Refused, match="another fault holds it"):
                kind.prepare(fault)
            end(kind, fault, mark)
            settle(ground, way)
            assert plain(read(ground, way)) == plain(before)
            assert list(cluster.marked()) == []
            assert not [one for one in revisions(ground) if marks.bears(one)]
            assert cluster.secrets().list_secrets(ground.scope, "simian-army/kept") == []

    @each
    def test_what_a_release_writes_meanwhile_is_kept(self, ground: Ground, way: Way) -> None:
        made(ground, way)
        with ground.connected() as cluster:
            kind, fault, mark = prepared(cluster, way)
            kind.inject(fault, mark)
            theirs: dict[str, Any] = {"spec": {"replicas": 3}} if "replicas" in way.owned[-1] else dict(way.obj)
            if way.strikes == "secret":
                theirs = {"data": {"a": coded("new")}}
            ground.api.patch(path_of(ground, way.strikes), theirs)
            end(kind, fault, mark)
            now = read(ground, way)
            assert not marks.bears(now)
            part, (name, value) = next(
                (part, next(iter(said.items()))) for part, said in theirs.items() if isinstance(said, dict)
            )
            assert now[part][name] == value

    def test_a_pod_keeps_its_name_and_place_and_has_its_image_again(self, ground: Ground) -> None:
        ground.deploy("web", 1)
        (pod,) = ground.pods()
        with ground.connected() as cluster:
            target = target_of(cluster, "pod", pod["metadata"]["name"])
            kind = PodFailure(cluster)
            fault = Fault(kind.name, target)
            fault = Fault(kind.name, target, undo=kind.prepare(fault))
            mark = marks.sign(KEY, FLEET, "run-1", fault, LATER)
            kind.inject(fault, mark)
            (held,) = ground.pods()
            assert held["spec"]["containers"][0]["image"] == "simian-army.invalid/pod-failure:1"
            assert [one for one, _ in cluster.marked()] == [target_without_facts(cluster, target)]
            assert kind.observe(fault).under_way, "no kubelet is there to take it down, so there is no effect"
            end(kind, fault, mark)
            (back,) = ground.pods()
            assert back["spec"]["containers"][0]["image"] == pod["spec"]["containers"][0]["image"]
            assert back["metadata"]["uid"] == pod["metadata"]["uid"]
            assert not marks.bears(back)

    def test_a_restart_makes_every_pod_anew_once(self, ground: Ground) -> None:
        ground.deploy("web", 2)
        before = {pod["metadata"]["uid"] for pod in ground.pods()}
        with ground.connected() as cluster:
            kind, target = RolloutRestart(cluster), target_of(cluster, "deployment", "web")
            assert kind.at_most(Fault(kind.name, target)) == 0, "25 % of two, rounded down"
            fault = Fault(kind.name, target, undo=kind.prepare(Fault(kind.name, target)))
            mark = Mark(FLEET, "run-1", kind.name, LATER, {}, "")
            kind.inject(fault, mark)
            wait_until(lambda: kind.observe(fault).holds)
            kind.inject(fault, mark)

            def anew() -> bool:
                now = {pod["metadata"]["uid"] for pod in ground.pods() if not pod["metadata"].get("deletionTimestamp")}
                return len(now) == 2 and not now & before

            wait_until(anew)
            made = ground.api.get(path_of(ground, "deployment", "web"))
            assert made["spec"]["template"]["metadata"]["annotations"] == {
                RESTARTED: f"run-1@{target.facts['generation']}"
            }
            assert kind.revert(fault, mark).holds

    def test_a_workload_and_what_its_pods_use_are_found_with_who_stands_above_and_below(self, ground: Ground) -> None:
        ground.deploy("web", 1)
        uses = {"envFrom": [{"configMapRef": {"name": "one"}}], "name": "app", "image": "example.invalid/app:1"}
        pods = f"/api/v1/namespaces/{ground.scope}/pods"
        ground.api.create(
            pods, {"apiVersion": "v1", "kind": "Pod", "metadata": {"name": "user"}, "spec": {"containers": [uses]}}
        )
        made(ground, WAYS["config-fault"])
        made(ground, WAYS["secret-fault"])
        with ground.connected() as cluster:
            web = target_of(cluster, "deployment", "web")
            assert [(level.kind, dict(level.labels or {}).get("simian-army/chaos")) for level in web.levels] == [
                ("PodTemplate", "enabled"),
                ("Namespace", None),
            ]
            assert web.group == f"{ground.scope}/Deployment/web"
            (found,) = cluster.find(Selector("deployment", names=("web",)))
            assert found.levels == web.levels
            config = target_of(cluster, "configmap")
            assert (config.group, [level.kind for level in config.levels]) == (
                f"{ground.scope}/ConfigMap/one",
                ["Namespace"],
            )
            reach = ConfigFault(cluster).reach(Fault("config-fault", config))
            assert [one.name for one in found_by(cluster, reach)] == ["user"], "in whatever phase"
            secret = Fault("secret-fault", target_of(cluster, "secret"))
            assert found_by(cluster, SecretFault(cluster).reach(secret)) == []
            down = ScaleDown(cluster).reach(Fault("scale-down", web))
            assert [one.group for one in found_by(cluster, down)] == [web.group]

    def test_a_copied_mark_is_never_taken_for_one(self, ground: Ground) -> None:
        way = WAYS["scale-down"]
        made(ground, way)
        with ground.connected(marked=KINDS) as cluster:
            kind, fault, mark = prepared(cluster, way)
            kind.inject(fault, mark)
            wait_until(lambda: kind.observe(fault).holds)
            other = {"labels": {marks.HELD: "true"}, "annotations": {marks.FAULT: marks.to_text(mark)}}
            made(ground, WAYS["config-fault"])
            ground.api.patch(path_of(ground, "configmap"), {"metadata": other})
            found = {target.kind: there for target, there in cluster.marked()}
            assert found == {"deployment": mark, "configmap": None}
            end(kind, fault, mark)

    def test_a_mark_on_a_kind_that_no_configured_fault_holds_is_not_looked_for(self, ground: Ground) -> None:
        way = WAYS["secret-fault"]
        made(ground, way)
        with ground.connected() as cluster:
            kind, fault, mark = prepared(cluster, way)
            kind.inject(fault, mark)
            assert list(cluster.marked()) == []
            end(kind, fault, mark)

    def test_an_autoscaler_that_would_undo_it_at_once_is_a_refusal(self, ground: Ground) -> None:
        way = WAYS["scale-down"]
        made(ground, way)
        whom = {"apiVersion": "apps/v1", "kind": "Deployment", "name": "one"}
        ground.api.create(
            f"/apis/autoscaling/v2/namespaces/{ground.scope}/horizontalpodautoscalers",
            {
                "apiVersion": "autoscaling/v2",
                "kind": "HorizontalPodAutoscaler",
                "metadata": {"name": "one"},
                "spec": {"scaleTargetRef": whom, "minReplicas": 2, "maxReplicas": 3},
            },
        )
        with ground.connected() as cluster, pytest.raises(Refused, match="HPA one keeps at least 2"):
            prepared(cluster, way)

    def test_what_it_may_do_is_asked_of_the_cluster_with_the_rest(self, ground: Ground) -> None:
        with ground.connected() as cluster:
            said = [one.detail for one in cluster.check([ScaleDown(cluster), SecretFault(cluster)])]
            for verb, plural in (("patch", "deployments"), ("create", "secrets"), ("delete", "secrets")):
                assert f"may {verb} {plural} in {ground.scope}" in said
            assert all(f"may {verb} {plural} in {ground.scope}" in said for verb, _, plural, _ in PERMISSIONS)


def found_by(cluster: Kubernetes, reach: Selector | None) -> list[Target]:
    assert reach is not None
    return cluster.find(reach)


def target_without_facts(cluster: Kubernetes, target: Target) -> Target:
    (found,) = cluster.find(Selector(target.kind, names=(target.name,)))
    return found
