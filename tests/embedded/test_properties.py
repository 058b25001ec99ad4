"""What holds of the embedded server whatever it is given."""

from __future__ import annotations

import copy
import os
import threading
from contextlib import suppress
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from simian_army.embedded.kube import KubeServer
from simian_army.embedded.kube.patches import json_patch, merge
from simian_army.embedded.kube.selectors import labels_match
from simian_army.embedded.kube.status import Problem
from simian_army.embedded.kube.store import Change, Key, Store
from simian_army.model import Selector
from simian_army.targets.k8s import Kubernetes
from simian_army.targets.kube.place import Place
from tests.cluster.world import namespace
from tests.targets.kube.grounds import OpenApi

KEYS, VALUES = st.sampled_from("abc"), st.sampled_from("xyz")
LABELS = st.dictionaries(KEYS, VALUES)
TERMS = st.one_of(
    st.tuples(KEYS, st.sampled_from(["=", "!="]), VALUES),
    st.tuples(KEYS, st.sampled_from(["in", "notin"]), st.lists(VALUES, min_size=1, max_size=3)),
    st.tuples(KEYS, st.sampled_from(["there", "gone"]), st.just("")),
)
PLAIN = st.recursive(
    st.none() | st.integers() | st.text("ab", max_size=2), lambda of: st.dictionaries(KEYS, of), max_leaves=6
)
OBJECTS = st.dictionaries(KEYS, PLAIN)
OPERATIONS = st.lists(
    st.fixed_dictionaries(
        {
            "op": st.sampled_from(["add", "remove", "replace", "test"]),
            "path": st.sampled_from(["/a", "/b", "/a/b", "/c/a"]),
        },
        optional={"value": PLAIN},
    ),
    max_size=5,
)


def written(term: tuple[str, str, Any]) -> str:
    key, word, value = term
    if word in ("in", "notin"):
        return f"{key} {word} ({','.join(value)})"
    return {"there": key, "gone": f"!{key}"}.get(word, f"{key}{word}{value}")


def holds(term: tuple[str, str, Any], labels: dict[str, str]) -> bool:
    """The meaning of one term, as the documentation of Kubernetes tells it."""
    key, word, value = term
    values = value if isinstance(value, list) else [value]
    if word in ("=", "in"):
        return labels.get(key) in values
    if word in ("!=", "notin"):
        return labels.get(key) not in values
    return (key in labels) == (word == "there")


@given(terms=st.lists(TERMS, max_size=4), labels=LABELS)
def test_a_selector_means_all_of_its_terms(terms: list[tuple[str, str, Any]], labels: dict[str, str]) -> None:
    match = labels_match(",".join(map(written, terms)))
    assert match(labels) == all(holds(term, labels) for term in terms)


@given(obj=OBJECTS, operations=OPERATIONS)
def test_a_json_patch_that_fails_has_changed_nothing(obj: dict[str, Any], operations: list[dict[str, Any]]) -> None:
    before = copy.deepcopy(obj)
    with suppress(Problem):
        json_patch(obj, operations)
    assert obj == before


@given(obj=OBJECTS, change=OBJECTS)
def test_a_merge_patch_put_twice_is_put_once_and_leaves_no_null_of_its_own(
    obj: dict[str, Any], change: dict[str, Any]
) -> None:
    once = merge(obj, change)
    assert merge(once, change) == once
    assert [key for key, value in change.items() if value is None and key in once] == []


@given(steps=st.lists(st.tuples(st.sampled_from(["put", "remove"]), KEYS, LABELS), max_size=30))
def test_versions_rise_and_the_history_replays_to_what_is_there(steps: list[tuple[str, str, dict[str, str]]]) -> None:
    store, heard = Store(), list[Change]()
    versions = [store.version]
    store.listen(heard.append)
    for what, name, labels in steps:
        key = Key("configmaps", "shop", name)
        if what == "put":
            store.put(key, {"metadata": {"name": name, "namespace": "shop", "labels": labels}})
        else:
            store.remove(key)
        versions.append(store.version)
    assert versions == sorted(versions)
    assert [change.version for change in heard] == sorted({change.version for change in heard})
    replayed: dict[str, Any] = {}
    for change in store.since(versions[0]):
        replayed[change.key.name] = change.obj
        if change.type == "DELETED":
            del replayed[change.key.name]
    assert [replayed[name] for name in sorted(replayed)] == store.rows("configmaps", "shop")


@settings(deadline=None)
@given(text=st.text(max_size=30))
def test_any_selector_is_understood_or_refused_and_never_breaks_the_server(text: str) -> None:
    codes = [400]
    try:
        labels_match(text)({})
    except Problem as said:
        codes.append(said.code)
    assert set(codes) == {400}


def test_many_writers_at_once_lose_nothing() -> None:
    with KubeServer([namespace("shop", {})], startup=0.01) as server:
        path = "/api/v1/namespaces/shop/configmaps"

        def write(writer: int) -> None:
            api = OpenApi(server.url)
            for number in range(10):
                api.create(path, {"metadata": {"name": f"c-{writer}-{number}"}})

        threads = [threading.Thread(target=write, args=(n,)) for n in range(8)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert len([one for one in server.objects("ConfigMap") if one["metadata"]["name"].startswith("c-")]) == 80


def test_a_closed_server_leaves_no_thread_and_it_listens_on_loopback_alone() -> None:
    before = {thread.name for thread in threading.enumerate()}
    with KubeServer([namespace("shop", {})]) as server:
        assert server.url.startswith("http://127.0.0.1:")
        assert server._http.server_address[0] == "127.0.0.1"
    left = {thread.name for thread in threading.enumerate() if thread.is_alive()} - before
    assert not {name for name in left if name.startswith(("kube", "controllers", "manager"))}, left


def test_the_users_own_kubeconfig_is_never_read(monkeypatch: pytest.MonkeyPatch, tmp_path: Any) -> None:
    poison = tmp_path / "config"
    poison.write_text("this: [is, no kubeconfig")
    monkeypatch.setenv("KUBECONFIG", str(poison))
    monkeypatch.setenv("HOME", str(tmp_path / "nowhere"))
    with KubeServer([namespace("shop", {})]) as server:
        cluster = Kubernetes.connect(Place(url=server.url, embedded=True))
        assert cluster.find(Selector("namespace"))
        assert cluster.identities()[0].embedded
        cluster.close()
    assert os.environ["KUBECONFIG"] == str(poison)
