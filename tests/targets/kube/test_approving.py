"""Is the word that lets a run strike read as it was written, with a hint who wrote it."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest

from simian_army.errors import Forbidden, PlatformError
from simian_army.targets.kube.approving import LONGEST, Approving
from simian_army.waiting import APPROVE, Place, Word
from tests.targets.kube.stub import Obj, Reply, Request, connected, meta, serving

SHOP, NODE = Place("namespace", "shop"), Place("node", "n1")
HAND = {
    "manager": "kubectl-annotate",
    "operation": "Update",
    "time": "2026-03-04T12:00:05Z",
    "fieldsV1": {"f:metadata": {"f:annotations": {".": {}, f"f:{APPROVE}": {}}}},
}
OTHER = {**HAND, "manager": "helm", "fieldsV1": {"f:metadata": {"f:annotations": {"f:other": {}}}}}


def partial(annotations: Any, *hands: Obj) -> Obj:
    more: dict[str, Any] = {"managedFields": list(hands)} if hands else {}
    return {"kind": "PartialObjectMetadata", "metadata": meta("shop", annotations=annotations, **more)}


def asked(answer: Any, place: Place = SHOP, status: int = 200) -> tuple[Word | None, list[str]]:
    def talk(request: Request) -> Reply:
        return Reply(status, answer)

    with serving(talk) as server, connected(server.url) as cluster:
        return Approving(cluster.wire).approved(place), server.lines()


@pytest.mark.parametrize(
    ("said", "runs"),
    [
        ("abc", {"abc"}),
        (" abc ", {"abc"}),
        ("abc,def", {"abc", "def"}),
        ("abc, def\n\tghi,", {"abc", "def", "ghi"}),
        ("", set()),
        (",", set()),
        ("x" * (LONGEST - 1) + " abc", {"x" * (LONGEST - 1)}),
    ],
)
def test_it_names_runs_with_commas_or_blanks_between(said: str, runs: set[str]) -> None:
    word, _ = asked(partial({APPROVE: said}))
    assert word is not None
    assert word.runs == runs


def test_who_wrote_it_last_and_when_is_what_the_server_says() -> None:
    word, lines = asked(partial({APPROVE: "abc"}, OTHER, HAND))
    assert word == Word(frozenset({"abc"}), "kubectl-annotate", datetime(2026, 3, 4, 12, 0, 5, tzinfo=UTC))
    assert str(word) == "kubectl-annotate at 2026-03-04 12:00:05 UTC"
    assert lines == ["GET /api/v1/namespaces/shop"]
    unknown, _ = asked(partial({APPROVE: "abc"}, OTHER))
    assert str(unknown) == "somebody"


def test_a_node_is_asked_itself() -> None:
    word, lines = asked(partial({APPROVE: "abc"}), NODE)
    assert word is not None
    assert lines == ["GET /api/v1/nodes/n1"]


@pytest.mark.parametrize("annotations", [None, {}, {"simian-army/approved": "abc"}])
def test_without_the_annotation_there_is_no_word(annotations: Any) -> None:
    assert asked(partial(annotations))[0] is None


def test_what_is_not_there_says_nothing() -> None:
    assert asked({"kind": "Status", "message": "gone"}, status=404)[0] is None


def test_who_may_not_read_it_is_told_the_rule() -> None:
    with pytest.raises(Forbidden, match=r'resources: \["namespaces"\], verbs: \["get"\]'):
        asked({"kind": "Status", "message": "no"}, status=403)


@pytest.mark.parametrize(
    "answer", [b"<html>", {"kind": "Namespace", "metadata": {"name": "shop"}}, partial({APPROVE: 7})]
)
def test_an_answer_that_makes_no_sense_is_an_error(answer: Any) -> None:
    with pytest.raises(PlatformError, match="not an answer"):
        asked(answer)
