"""Which pods use a ConfigMap or a Secret."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from simian_army.targets.kube.users import uses

CONFIG, SECRET = "configmap/a", "secret/a"


def with_container(part: str = "containers", **said: Any) -> dict[str, Any]:
    return {"spec": {part: [{"name": "app", **said}]}}


def mounted(**volume: Any) -> dict[str, Any]:
    return {"spec": {"volumes": [{"name": "other"}, {"name": "v", **volume}]}}


USED = {
    CONFIG: [
        mounted(configMap={"name": "a"}),
        mounted(projected={"sources": [{"downwardAPI": {}}, {"configMap": {"name": "a"}}]}),
        with_container(envFrom=[{"configMapRef": {"name": "a"}}]),
        with_container(
            "initContainers", env=[{"name": "X", "valueFrom": {"configMapKeyRef": {"name": "a", "key": "k"}}}]
        ),
        with_container("ephemeralContainers", envFrom=[{"configMapRef": {"name": "a"}}]),
    ],
    SECRET: [
        mounted(secret={"secretName": "a"}),
        mounted(projected={"sources": [{"secret": {"name": "a"}}]}),
        mounted(csi={"nodePublishSecretRef": {"name": "a"}}),
        mounted(flexVolume={"secretRef": {"name": "a"}}),
        with_container(envFrom=[{"secretRef": {"name": "a"}}]),
        with_container(env=[{"name": "X", "valueFrom": {"secretKeyRef": {"name": "a", "key": "k"}}}]),
        {"spec": {"imagePullSecrets": [{"name": "a"}]}},
    ],
}


@pytest.mark.parametrize(("what", "pod"), [(what, pod) for what, pods in USED.items() for pod in pods])
def test_wherever_kubernetes_reads_it_from_it_is_used(what: str, pod: dict[str, Any]) -> None:
    assert uses(pod, what)
    assert not uses(pod, SECRET if what == CONFIG else CONFIG), "one of that name and another kind is not meant"
    assert not uses(pod, what[:-1] + "b")


@pytest.mark.parametrize(
    "pod", [{}, {"spec": {}}, {"spec": {"volumes": None, "containers": "x"}}, mounted(), with_container(env=[{}])]
)
def test_what_uses_none_uses_none(pod: dict[str, Any]) -> None:
    assert not uses(pod, CONFIG)
    assert not uses(pod, SECRET)


JSON = st.recursive(
    st.none() | st.booleans() | st.text(max_size=3),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(["spec", "volumes", "secret", "containers", "env", "name"]), inner, max_size=3
        )
    ),
    max_leaves=12,
)


@given(JSON.filter(lambda obj: isinstance(obj, dict)))
def test_no_odd_pod_breaks_it(pod: Any) -> None:
    assert isinstance(uses(pod, SECRET), bool)
