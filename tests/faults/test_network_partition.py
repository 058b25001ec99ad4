from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import pytest

from simian_army import marks
from simian_army.bearing import name_for
from simian_army.errors import Conflict, Forbidden, Refused, Unknown
from simian_army.faults.k8s.network_partition import LABEL, NetworkPartition
from simian_army.model import Fault, Json, Target
from tests.faults.enforcers import CALICO
from tests.faults.street import Street, street

POLICIES = "/apis/networking.k8s.io/v1/namespaces/shop/networkpolicies"


@pytest.fixture
def here() -> Iterator[Street]:
    with street() as made:
        yield made


def policy(name: str, selector: Json, *types: str) -> Json:
    return {"metadata": {"name": name}, "spec": {"podSelector": selector, "policyTypes": list(types)}}


def label(here: Street, target: Target) -> str | None:
    obj = here.cluster.get(target)
    assert obj is not None
    found = obj["metadata"]["labels"].get(LABEL)
    return found if found is None else str(found)


def spec(here: Street, params: Json) -> Any:
    kind = NetworkPartition(here.cluster)
    kind.inject(*here.prepared(kind, params))
    (made,) = here.objects("NetworkPolicy")
    return made["spec"]


def test_a_pod_is_cut_off_marked_and_wholly_given_back(here: Street) -> None:
    kind = NetworkPartition(here.cluster)
    fault, mark = here.prepared(kind)
    assert here.writes() == [], "preparing changes nothing"
    before = here.cluster.get(fault.target)
    kind.inject(fault, mark)
    (made,) = here.objects("NetworkPolicy")
    assert made["metadata"]["name"] == name_for(fault) == label(here, fault.target)
    assert made["metadata"]["ownerReferences"][0]["uid"] == fault.target.id
    assert made["spec"] == {
        "podSelector": {"matchLabels": {LABEL: name_for(fault)}},
        "policyTypes": ["Ingress", "Egress"],
        "ingress": [],
        "egress": [],
    }
    assert here.writes()[0] == "POST networkpolicies", "the policy first: it selects nobody yet"
    proof = kind.revert(fault, mark)
    assert (proof.holds, proof.detail) == (True, "label removed, mark removed; read back; networkpolicy deleted")
    assert here.objects("NetworkPolicy") == []
    after = here.cluster.get(fault.target)
    assert before is not None and after is not None
    for obj in (before, after):
        del obj["metadata"]["resourceVersion"]
    assert after == before


def test_all_but_some_pods_are_let_through(here: Street) -> None:
    said = spec(here, {"direction": "ingress", "peers": {"app": "cart", "tier": "db"}})
    assert said["policyTypes"] == ["Ingress"] and "egress" not in said
    assert said["ingress"] == [
        {
            "from": [
                {
                    "namespaceSelector": {},
                    "podSelector": {"matchExpressions": [{"key": k, "operator": "NotIn", "values": [v]}]},
                }
                for k, v in (("app", "cart"), ("tier", "db"))
            ]
        }
    ], "who lacks one of the labels is let through"


def test_all_but_some_addresses_are_let_through(here: Street) -> None:
    said = spec(here, {"direction": "egress", "cidrs": ["10.1.0.0/16", "fd00::/8"]})
    blocks = [
        {"ipBlock": {"cidr": "0.0.0.0/0", "except": ["10.1.0.0/16"]}},
        {"ipBlock": {"cidr": "::/0", "except": ["fd00::/8"]}},
    ]
    assert said["egress"] == [{"to": blocks}] and said["policyTypes"] == ["Egress"]


@pytest.mark.parametrize("how", ["label", "policy", "pod"])
def test_what_is_half_gone_has_no_effect(here: Street, how: str) -> None:
    here.server.apply(CALICO)
    assert here.server.settle(20)
    kind = NetworkPartition(here.cluster)
    fault, mark = here.prepared(kind)
    kind.inject(fault, mark)
    assert kind.observe(fault).holds
    if how == "label":
        here.patch(fault.target, {"metadata": {"labels": {LABEL: None}}})
    elif how == "policy":
        here.send("DELETE", f"{POLICIES}/{name_for(fault)}")
    else:
        here.send("DELETE", f"/api/v1/namespaces/shop/pods/{fault.target.name}", {"gracePeriodSeconds": 0})
    assert not kind.observe(fault).holds
    assert kind.revert(fault, mark).holds
    assert here.objects("NetworkPolicy") == []


def test_reverting_twice_is_reverting_once_and_what_never_was_is_not_touched(here: Street) -> None:
    kind = NetworkPartition(here.cluster)
    fault, mark = here.prepared(kind)
    assert kind.revert(fault, mark).holds and here.writes() == []
    kind.inject(fault, mark)
    assert kind.revert(fault, mark).holds
    done = len(here.writes())
    assert kind.revert(fault, mark).holds and len(here.writes()) == done


def test_a_policy_of_another_run_is_kept(here: Street) -> None:
    kind = NetworkPartition(here.cluster)
    fault, mark = here.prepared(kind)
    kind.inject(fault, mark)
    proof = kind.revert(fault, here.mark(fault, "run-2"))
    assert proof.holds and "kept" in proof.detail
    assert len(here.objects("NetworkPolicy")) == 1 and label(here, fault.target)


def test_a_policy_that_lost_its_mark_to_somebody_is_kept(here: Street) -> None:
    kind = NetworkPartition(here.cluster)
    fault, mark = here.prepared(kind)
    kind.inject(fault, mark)
    bare = {"metadata": {"labels": {marks.HELD: None}, "annotations": {marks.FAULT: None}}}
    here.send("PATCH", f"{POLICIES}/{name_for(fault)}", bare, "merge")
    assert kind.revert(fault, mark).holds
    assert len(here.objects("NetworkPolicy")) == 1 and label(here, fault.target) is None, "it is over nobody now"


def test_the_sweep_finds_the_fault_by_either_and_once(here: Street) -> None:
    kind = NetworkPartition(here.cluster)
    fault, mark = here.prepared(kind)
    kind.inject(fault, mark)
    assert [(one.id, found) for one, found in here.cluster.marked()] == [(fault.target.id, mark)]
    here.send("PATCH", f"{POLICIES}/{name_for(fault)}", {"metadata": {"ownerReferences": None}}, "merge")
    here.send("DELETE", f"/api/v1/namespaces/shop/pods/{fault.target.name}", {"gracePeriodSeconds": 0})
    ((target, found),) = here.cluster.marked()
    assert (target.id, target.group, found) == (fault.target.id, fault.target.group, mark)
    assert kind.revert(Fault(mark.kind, target, undo=mark.undo), mark).holds
    assert here.objects("NetworkPolicy") == []


def test_the_policy_goes_with_its_pod(here: Street) -> None:
    kind = NetworkPartition(here.cluster)
    fault, mark = here.prepared(kind)
    kind.inject(fault, mark)
    here.send("DELETE", f"/api/v1/namespaces/shop/pods/{fault.target.name}", {"gracePeriodSeconds": 0})
    assert here.server.settle(20)
    assert here.objects("NetworkPolicy") == []
    proof = kind.revert(fault, mark)
    assert proof.holds and "the pod is gone" in proof.detail


def test_a_copy_of_our_policy_is_none_of_ours(here: Street) -> None:
    kind = NetworkPartition(here.cluster)
    fault, mark = here.prepared(kind)
    kind.inject(fault, mark)
    (made,) = here.objects("NetworkPolicy")
    copied = {"name": "theirs", "labels": made["metadata"]["labels"], "annotations": made["metadata"]["annotations"]}
    here.send("POST", POLICIES, {"metadata": copied, "spec": made["spec"]})
    found = {target.name: signed for target, signed in here.cluster.marked()}
    assert found == {fault.target.name: mark, "theirs": None}
    kind.revert(fault, mark)
    assert [one["metadata"]["name"] for one in here.objects("NetworkPolicy")] == ["theirs"]


def test_where_a_policy_is_over_the_pod_already_ours_would_open_what_it_closes(here: Street) -> None:
    kind = NetworkPartition(here.cluster)
    here.send("POST", POLICIES, policy("closed", {"matchLabels": {"app": "web"}}, "Ingress"))
    for params in ({"peers": {"app": "cart"}}, {"direction": "ingress", "cidrs": ["10.0.0.0/8"]}):
        with pytest.raises(Refused, match="the policy closed is over it already"):
            here.prepared(kind, params)
    here.prepared(kind, {"direction": "egress", "peers": {"app": "cart"}})
    here.prepared(kind, {"direction": "both"})


def test_a_pod_that_changes_meanwhile_leaves_no_policy(here: Street) -> None:
    kind = NetworkPartition(here.cluster)
    fault, mark = here.prepared(kind)
    create = here.cluster.create

    class Port:
        def __getattr__(self, name: str) -> Any:
            return getattr(here.cluster, name)

        def create(self, kind: str, obj: Json) -> Any:
            made = create(kind, obj)
            here.patch(fault.target, {"metadata": {"labels": {"changed": "meanwhile"}}})
            return made

    with pytest.raises(Conflict):
        NetworkPartition(Port()).inject(fault, mark)
    assert here.objects("NetworkPolicy") == [] and label(here, fault.target) is None


def test_a_policy_that_could_not_be_taken_back_makes_a_doubt(here: Street) -> None:
    kind = NetworkPartition(here.cluster)
    fault, mark = here.prepared(kind)

    class Port:
        def __getattr__(self, name: str) -> Any:
            return getattr(here.cluster, name)

        def patch(self, *_: object) -> Any:
            raise Conflict("changed")

        def delete(self, *_: object) -> None:
            raise Forbidden("may not delete")

    with pytest.raises(Unknown, match="there still: may not delete"):
        NetworkPartition(Port()).inject(fault, mark)
    assert kind.revert(fault, mark).holds
    assert here.objects("NetworkPolicy") == []


def test_what_holds_the_pod_already_is_respected(here: Street) -> None:
    kind = NetworkPartition(here.cluster)
    fault, mark = here.prepared(kind)
    kind.inject(fault, mark)
    with pytest.raises(Refused, match="another fault holds it"):
        kind.prepare(fault)
    with pytest.raises(Refused, match="another fault holds it"):
        kind.inject(fault, mark)


@pytest.mark.parametrize(
    ("params", "why"),
    [
        ({"direction": "in"}, "direction is 'in', give ingress, egress, both"),
        ({"peers": "app=cart"}, "give labels"),
        ({"peers": {"app": "a b"}}, "give labels"),
        ({"cidrs": "10.0.0.0/8"}, "give a list of networks"),
        ({"cidrs": ["10.0.0.1/8"]}, "has host bits set"),
        ({"cidrs": ["0.0.0.0/0"]}, "to cut off all, leave it out"),
        ({"cidrs": ["10.0.0.0/8"], "peers": {"app": "x"}}, "exclude each other"),
        ({"enforcer": "calico"}, "give namespace/name"),
        ({"port": 80}, "knows no parameter port"),
    ],
)
def test_parameters_that_make_no_sense_are_refused(here: Street, params: Json, why: str) -> None:
    with pytest.raises(Refused, match=why):
        here.prepared(NetworkPartition(here.cluster), params)


def test_a_pod_on_its_nodes_network_is_refused(here: Street) -> None:
    spec = {"hostNetwork": True, "containers": [{"name": "c", "image": "c"}]}
    made = here.send("POST", "/api/v1/namespaces/shop/pods", {"metadata": {"name": "host"}, "spec": spec})
    target = replace(here.pod(), id=made["metadata"]["uid"], name="host")
    with pytest.raises(Refused, match="its node's own network"):
        NetworkPartition(here.cluster).prepare(Fault("network-partition", target))
