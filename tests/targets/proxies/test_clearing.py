"""What becomes of many toxics of one server at once, when it says no, lies, breaks or falls silent."""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from typing import Any

import pytest

from simian_army.model import Mark, Target
from simian_army.ports import Removal
from simian_army.targets.proxies import clearing
from simian_army.targets.toxi import Toxiproxy
from tests.cluster.process import free_port
from tests.targets.kube.stub import QuickClock, Reply, Request, Stub, serving
from tests.targets.proxies.stub import MARK, at, connected, listed, no, said

RUNS = ["aaaaaaaaa2", "aaaaaaaaa3", "aaaaaaaaa4", "aaaaaaaaa5"]


@dataclass
class Shop:
    """A server with the proxies ``p0`` ...; ``moods`` say how it takes the removal from one of them, ``lists`` what it
    answers in place of a list, from the second one on."""

    toxics: dict[str, list[str]] = field(default_factory=dict)
    moods: dict[str, Callable[[str, str], Reply | None]] = field(default_factory=dict)
    lists: list[Reply | None] = field(default_factory=list)
    guard: threading.Lock = field(default_factory=threading.Lock)

    def __call__(self, request: Request) -> Reply:
        with self.guard:
            if request.method == "GET":
                return self._list()
            _, _, proxy, _, toxic = request.path.split("/")
            mood = self.moods.get(proxy)
            reply = mood(proxy, toxic) if mood else None
            return reply or self.take(proxy, toxic)

    def take(self, proxy: str, toxic: str) -> Reply:
        if toxic not in self.toxics.get(proxy, []):
            return no(404, "toxic not found")
        self.toxics[proxy].remove(toxic)
        return Reply(204, b"")

    def _list(self) -> Reply:
        reply = self.lists.pop(0) if self.lists else None
        return reply or listed(*(said(name, *toxics) for name, toxics in self.toxics.items()))


def struck(toxiproxy: Toxiproxy, stub: Stub, shop: Shop) -> list[tuple[Target, Mark]]:
    """A toxic of ours on each of four proxies, beside one of a stranger."""
    wanted = [(at(stub.url, f"p{number}"), replace(MARK, run=run)) for number, run in enumerate(RUNS)]
    for target, mark in wanted:
        shop.toxics[target.name] = ["theirs", toxiproxy.toxic(target, mark)]
    return wanted


def cleared(shop: Shop, before: Callable[[Toxiproxy, Stub], object] = lambda *_: None) -> tuple[list[Removal], Stub]:
    with serving(shop) as stub, connected(stub.url, clock=QuickClock()) as toxiproxy:
        wanted = struck(toxiproxy, stub, shop)
        before(toxiproxy, stub)
        return toxiproxy.remove_all(wanted), stub


def test_it_takes_one_list_before_one_after_and_one_request_for_each_toxic_of_ours() -> None:
    shop = Shop()
    removals, stub = cleared(shop)
    assert [(one.removed, one.trouble) for one in removals] == [(True, "")] * 4
    assert [[toxic["name"] for toxic in one.proxy["toxics"]] for one in removals if one.proxy] == [["theirs"]] * 4
    lines = stub.lines()
    assert [lines[0], lines[-1]] == ["GET /proxies"] * 2
    assert len(lines) == 6
    assert all(line.startswith("DELETE /proxies/p") and "/toxics/simian-" in line for line in lines[1:-1])


def test_where_nothing_of_ours_is_there_one_list_is_proof_and_nothing_is_sent() -> None:
    shop = Shop()

    def others_were_quicker(*_: object) -> None:
        shop.toxics.update(p0=["theirs"], p1=[], p2=["simian-shop-eu-bbbbbbbbbb-1893456000-0123456789abcdef"])
        del shop.toxics["p3"]

    removals, stub = cleared(shop, others_were_quicker)
    assert stub.lines() == ["GET /proxies"]
    assert [(one.removed, one.trouble, one.proxy is None) for one in removals] == [
        (False, "", n == 3) for n in range(4)
    ]


@pytest.mark.parametrize(
    ("mood", "words"),
    [
        (lambda *_: no(400, "not now"), "DELETE .*/p1/toxics/simian-.*: 400 not now"),
        (lambda *_: no(500, "broken"), "DELETE .*/p1/toxics/simian-.*: 500 broken; it may have happened"),
        (lambda *_: no(403, "who are you"), "403 who are you"),
        (lambda *_: Reply(204, b""), "p1: the server was asked to remove simian-.*, but still has it"),
        (lambda *_: Reply(302, b"", {"Location": "/reset"}), "302 .*is the endpoint right"),
    ],
)
def test_one_that_does_not_go_keeps_back_none_of_the_others(mood: Callable[..., Reply], words: str) -> None:
    shop = Shop(moods={"p1": mood})
    removals, _ = cleared(shop)
    assert [one.removed for one in removals] == [True, False, True, True]
    assert [bool(one.trouble) for one in removals] == [False, True, False, False]
    with pytest.raises(AssertionError, match=words):
        raise AssertionError(removals[1].trouble)
    assert [name for name, toxics in shop.toxics.items() if toxics != ["theirs"]] == ["p1"]


def test_an_act_that_broke_and_happened_all_the_same_is_proved_by_the_list() -> None:
    shop = Shop()

    def takes_and_breaks(proxy: str, toxic: str) -> Reply:
        shop.take(proxy, toxic)
        return no(500, "broken")

    shop.moods["p1"] = takes_and_breaks
    removals, _ = cleared(shop)
    assert [(one.removed, one.trouble) for one in removals] == [(True, "")] * 4


def test_a_proxy_that_goes_with_its_toxic_is_gone_and_the_toxic_with_it() -> None:
    shop = Shop()

    def forgets(proxy: str, _: str) -> Reply:
        del shop.toxics[proxy]
        return no(404, "proxy not found")

    shop.moods["p1"] = forgets
    removals, _ = cleared(shop)
    assert [(one.proxy is None, one.removed, one.trouble) for one in removals] == [(n == 1, True, "") for n in range(4)]


@pytest.mark.parametrize("bad", [no(500, "broken"), Reply(200, b"<html>"), Reply(200, []), Reply(302, b"")])
def test_without_the_list_before_nothing_is_sent_and_nothing_proved(bad: Reply) -> None:
    shop = Shop(lists=[bad] * 3)
    removals, stub = cleared(shop)
    assert all(one.trouble and not one.removed and not one.under_way for one in removals)
    assert not [line for line in stub.lines() if line.startswith("DELETE")]
    assert all("GET http://127.0.0.1" in one.trouble for one in removals)


def test_without_the_list_after_only_what_was_not_there_before_is_proved() -> None:
    shop = Shop(lists=[None, *[no(500, "broken")] * 3])
    removals, _ = cleared(shop, lambda *_: shop.toxics.update(p2=["theirs"]))
    assert [bool(one.trouble) for one in removals] == [True, True, False, True]
    assert "asked away, but nobody can say with what effect" in removals[0].trouble


def test_a_proxy_that_makes_no_sense_is_never_taken_for_one_that_is_gone() -> None:
    broken = said("p1", enabled="yes")
    before = [said("p0"), broken, said("p2"), said("p3")]
    shop = Shop(lists=[listed(*before)])
    removals, _ = cleared(shop)
    assert [bool(one.trouble) for one in removals] == [False, True, False, False]
    assert "the proxy p1 makes no sense: no enabled" in removals[1].trouble


def test_a_proxy_that_makes_no_sense_only_afterwards_proves_nothing_either() -> None:
    shop = Shop(lists=[None, listed(said("p0"), said("p1", toxics=[7]), said("p2"), said("p3"))])
    removals, _ = cleared(shop)
    assert [bool(one.trouble) for one in removals] == [False, True, False, False]


def test_when_time_is_up_what_is_done_is_proved_and_the_rest_is_left_for_the_next_time(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(clearing, "SIDE_BY_SIDE", 1)
    clock, shop = QuickClock(), Shop()

    def slowly(*_: object) -> None:
        clock.ticks += clearing.SENDING / 2 + 0.1

    shop.moods = dict.fromkeys(["p0", "p1", "p2", "p3"], slowly)
    with serving(shop) as stub, connected(stub.url, clock=clock, timeout=60.0) as toxiproxy:
        wanted = struck(toxiproxy, stub, shop)
        first, again = toxiproxy.remove_all(wanted), toxiproxy.remove_all(wanted)
    assert [one.removed for one in first] == [True, True, False, False]
    assert [one.under_way for one in first] == [False, False, True, True]
    assert "p2: not asked away yet, others took 10 s" in first[2].trouble
    assert [(one.removed, one.trouble) for one in again] == [(False, ""), (False, ""), (True, ""), (True, "")]


def test_one_server_that_is_away_or_not_ours_keeps_back_none_of_another() -> None:
    nobody, shop = f"http://127.0.0.1:{free_port()}", Shop()
    with serving(shop) as stub, connected(nobody, stub.url, clock=QuickClock()) as toxiproxy:
        wanted = struck(toxiproxy, stub, shop)
        away, strange = at(nobody, "p"), at("http://127.0.0.1:1", "p")
        mixed = [(away, MARK), wanted[0], (strange, MARK), *wanted[1:3], (wanted[3][0], replace(MARK, run="no run"))]
        removals = toxiproxy.remove_all(mixed)
    words = ["cannot be reached", "", "is on no endpoint of config", "", "", "is no name for a toxic"]
    assert all((word in one.trouble) if word else not one.trouble for word, one in zip(words, removals, strict=True))
    assert [one.removed for one in removals] == [False, True, False, True, True, False]
    assert len(shop.toxics["p3"]) == 2


def test_nothing_is_asked_for_nothing() -> None:
    with serving(Shop()) as stub, connected(stub.url) as toxiproxy:
        assert toxiproxy.remove_all([]) == []
        assert stub.lines() == []


def test_removals_go_side_by_side_over_connections_that_stay() -> None:
    together, ports = threading.Barrier(4, timeout=20), set[Any]()
    shop = Shop()

    def wait(request: Request) -> Reply:
        if request.method == "DELETE":
            together.wait()
        ports.add(request.headers.get("connection"))
        return shop(request)

    with serving(wait) as stub, connected(stub.url) as toxiproxy:
        removals = toxiproxy.remove_all(struck(toxiproxy, stub, shop))
    assert all(one.removed for one in removals)
    assert ports == {"keep-alive"}
