from __future__ import annotations

import pytest
import structlog

from simian_army.errors import PlatformError
from simian_army.targets.kube.call import Call
from simian_army.targets.kube.kinds import POD
from tests.targets.kube.stub import Reply, Request, connected, page, pod, serving, status

CALL = Call("list", POD, "shop", partial=True)
PAGES = {"": page([pod("a", "shop")], "2"), "2": page([pod("b", "shop")], "3"), "3": page([pod("c", "shop")])}


def test_all_pages_are_read() -> None:
    with serving(lambda r: PAGES[r.query.get("continue", "")]) as server, connected(server.url, page_size=1) as cluster:
        assert [entry.metadata.name for entry in cluster.finder.lists.all(CALL)] == ["a", "b", "c"]
        assert {request.query["limit"] for request in server.requests} == {"1"}
        assert {request.headers["accept"] for request in server.requests} == {
            "application/json;as=PartialObjectMetadataList;v=v1;g=meta.k8s.io"
        }


def test_a_list_whose_snapshot_is_gone_begins_again_and_counts_nothing_twice() -> None:
    gone = iter([True, True, False])

    def talk(request: Request) -> Reply:
        token = request.query.get("continue", "")
        if token == "3" and next(gone):
            return status(410, "The provided continue parameter is too old")
        return PAGES[token]

    with serving(talk) as server, connected(server.url) as cluster, structlog.testing.capture_logs() as logs:
        assert [entry.metadata.name for entry in cluster.finder.lists.all(CALL)] == ["a", "b", "c"]
        assert len(server.requests) == 9
    assert [log["event"] for log in logs] == ["restarted", "restarted"]


def test_a_list_that_never_gets_to_its_end_gives_up() -> None:
    with serving(lambda r: PAGES[""] if not r.query.get("continue") else status(410, "too old")) as server:
        with connected(server.url) as cluster, pytest.raises(PlatformError, match="too old"):
            cluster.finder.lists.all(CALL)
        assert len(server.requests) == 8


def test_a_page_that_points_to_itself_ends_the_list_with_an_error() -> None:
    with (
        serving(lambda _: page([], "same")) as server,
        connected(server.url) as cluster,
        pytest.raises(PlatformError, match="never ends"),
    ):
        cluster.finder.lists.all(CALL)


def test_bad_objects_are_counted_and_named_in_the_log() -> None:
    bad = page([pod("a", "shop"), pod("b", "shop", labels=[]), None])
    with serving(lambda _: bad) as server, connected(server.url) as cluster:
        with structlog.testing.capture_logs() as logs:
            assert len(cluster.finder.lists.all(CALL)) == 1
        assert cluster.unreadable == 2
    assert [(log["event"], log["name"]) for log in logs] == [("unreadable", "shop/b"), ("unreadable", "item 2")]


def test_lists_side_by_side_keep_their_order() -> None:
    def talk(request: Request) -> Reply:
        return page([pod("x", request.path.split("/")[4])])

    calls = [Call("list", POD, f"ns{number}", partial=True) for number in range(9)]
    with serving(talk) as server, connected(server.url) as cluster:
        found = cluster.finder.lists.each(calls, lambda entry: entry)
        assert [entries[0].metadata.namespace for entries in found] == [call.scope for call in calls]
        assert cluster.finder.lists.each([], lambda entry: entry) == []
