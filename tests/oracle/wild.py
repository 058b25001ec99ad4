"""What may be otherwise in a scene, a guard each: steered so that about every second one is a no."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import timedelta
from random import Random
from typing import Any

from simian_army.model import Halt, Identity, Phase
from simian_army.reading import Reading
from simian_army.standing import Attempt, Stopped
from tests.oracle import around
from tests.oracle.drafts import Draft, begun, healthy, members, some_time
from tests.oracle.neighbours import consenting, labelled, neighbour
from tests.oracle.settings import CALENDARS

HOUR, DAY = timedelta(hours=1), timedelta(days=1)
SPANS = [
    timedelta(0),
    5 * timedelta(minutes=1),
    HOUR,
    HOUR - timedelta(seconds=1),
    3 * HOUR,
    DAY,
    2 * DAY,
    3 * DAY,
    7 * DAY,
]


def opt_in(rng: Random, draft: Draft) -> None:
    if draft.kind == "proxy":
        draft.name = rng.choice(("shop-pay", "till-1", "shop-a", "else"))
        return
    if rng.random() < 0.7:
        draft.labels.pop(f"simian-army/{draft.use}", None)
    draft.labels |= labelled(rng, draft)
    draft.levels = [replace(one, labels=None if rng.random() < 0.03 else labelled(rng, draft)) for one in draft.levels]


def protected(rng: Random, draft: Draft) -> None:
    if draft.kind == "pod":
        draft.scope = rng.choice(("kube-system", "kube-public", "simian-apps", "shop-pay", "kube-systems"))


def min_age(rng: Random, draft: Draft) -> None:
    near = [timedelta(minutes=10), timedelta(minutes=90), 2 * DAY]
    draft.age = rng.choice((None, timedelta(0), -HOUR, *near, *(one - timedelta(seconds=1) for one in near)))


def myself(rng: Random, draft: Draft) -> None:
    which = rng.choice(("ours", "ours", "like"))
    if draft.kind == "pod" and rng.random() < 0.5:
        draft.id = "uid-us" if which == "ours" else "uid-us-2"
        draft.health = draft.health and healthy(draft, 4, 4)
    elif draft.kind == "pod":
        draft.scope = "simian" if which == "ours" else "simian-2"
    elif draft.kind == "node":
        draft.name = "node-us" if which == "ours" else "node-us-2"
        draft.facts["places"]["node"] = [draft.name]
    elif draft.kind == "instance":
        draft.name = "i-us" if which == "ours" else "i-us-2"
        draft.id = f"arn:aws:ec2:eu-west-1:123456789012:instance/{draft.name}"
        draft.health = draft.health and healthy(draft, 4, 4)
    if rng.random() < 0.2:
        draft.labels["app.kubernetes.io/name"] = rng.choice(("simian-army", "shop"))


def controlled(rng: Random, draft: Draft) -> None:
    draft.replaced = False
    if draft.kind != "deployment" and rng.random() < 0.7:
        draft.group, draft.health = "", None


def irreversible(rng: Random, draft: Draft) -> None:
    if draft.kind == "pod":
        draft.fault = rng.choice(("pod-poison", "pod-poison", "pod-unheard-of", "pod-evict"))
    elif draft.fault == "instance-terminate":
        draft.replaced = False
        draft.group, draft.health = rng.choice((("", None), (draft.group, draft.health)))


def blackout(rng: Random, draft: Draft) -> None:
    if rng.random() < 0.75:
        draft.now = some_time(rng)
    if rng.random() < 0.4 and draft.kind != "proxy":
        named = {"simian-army/calendar": rng.choice((*CALENDARS, CALENDARS[0], "holidays"))}
        spots = len(draft.levels) + 1
        spot = rng.randrange(spots)
        if spot:
            draft.levels[spot - 1] = replace(draft.levels[spot - 1], labels=named)
        else:
            draft.labels |= named


def budget(rng: Random, draft: Draft) -> None:
    """Faults before, here and elsewhere; a group smaller or larger."""
    draft.recent += [_before(rng, draft) for _ in range(rng.choice((1, 1, 2, 2, 3, 5, 9)))]
    draft.members = rng.choice((1, 2, 3, 3, 4, 6, 8, 12))
    if draft.kind == "node" and rng.random() < 0.3:
        draft.group = "pool-a"
    if draft.kind == "deployment":
        draft.at_most = rng.choice((None, 0, 1, 1, 2, 3))
        draft.health = rng.choice((draft.health, healthy(draft, *rng.choice(((6, 6), (12, 12), (0, 0), (3, 4))))))
    draft.crowd = rng.choice((None, 1, 3, 8, 10, 20, 40))
    if draft.kind == "proxy" or rng.random() < 0.7:
        return
    places = draft.facts["places"] = dict(draft.facts["places"])
    which = rng.choice(("node", "zone", "region"))
    if rng.random() < 0.5:
        places.pop(which, None)
    else:
        places[which] = rng.choice(([], ["zone-a", "zone-b"]))


def _before(rng: Random, draft: Draft) -> Attempt:
    still = rng.random() < 0.45
    ago = rng.choice(SPANS) if rng.random() < 0.6 else timedelta(minutes=rng.randint(0, 6000))
    near = rng.random() < 0.5
    other = rng.choice(members(draft.group)).id
    facts = draft.facts.get("places", {})
    places: dict[str, tuple[str, ...]] = {
        which: rng.choice((tuple(facts.get(which, ())), (), ("zone-b",), ("n9",)))
        for which in ("node", "zone", "region")
    }
    if rng.random() < 0.1:
        places.pop(rng.choice(sorted(places)))
    return begun(
        draft,
        ago,
        rng.choice((Phase.INJECTED, Phase.OBSERVED, Phase.INTENDED)) if still else rng.choice(OVER),
        still=still,
        entry=rng.choice((draft.entry, "drops", "nodes")),
        kind=rng.choice((draft.fault, "pod-evict", "node-cordon", "unheard-of")),
        target=rng.choice((draft.id, other, other, "uid-else")),
        group=draft.group if near else rng.choice(("team/Deployment/other", "", "pool-b")),
        scope=draft.scope if near or rng.random() < 0.4 else "team",
        places=places,
    )


OVER = (Phase.REVERTED, Phase.REVERTED, Phase.CLOSED, Phase.FAILED, Phase.UNKNOWN, Phase.DENIED)


def shared(rng: Random, draft: Draft) -> None:
    if rng.random() < 0.05:
        draft.reach = None
        return
    draft.reach = [neighbour(rng, draft, number) for number in range(rng.randint(1, 4))]


def identity(rng: Random, draft: Draft) -> None:
    draft.leashed = rng.random() < 0.5
    where = rng.choice(("5f1c", "6a2d", "123456789012", "210987654321", "999", "http://127.0.0.1:8474", ""))
    at = rng.choice(("https://there:443", "https://there:443", "https://elsewhere:443"))
    draft.identity = Identity(draft.platform, where, at, embedded=rng.random() < 0.2, clock=_clock(draft))
    if draft.platform == "aws" and rng.random() < 0.3:
        draft.scope = "123456789012/us-east-1"
    if rng.random() < 0.1:
        draft.identity = None


def _clock(draft: Draft) -> Reading:
    return Reading(draft.now, draft.now, timedelta(0), timedelta(0), 0.0)


def skew(rng: Random, draft: Draft) -> None:
    off = timedelta(seconds=rng.choice((0, 4.9, 5, 5.1, 7, 7.1, 60, 3600))) * rng.choice((1, -1))
    doubt, age = timedelta(seconds=rng.choice((0, 0, 2, 5, 5.1, 6))), timedelta(seconds=rng.choice((0, 0, 59, 60, 61)))
    reading = None if rng.random() < 0.1 else Reading(draft.now, draft.now + off, doubt, age, 0.0)
    draft.identity = draft.identity and replace(draft.identity, clock=reading)


def stuck(rng: Random, draft: Draft) -> None:
    for _ in range(rng.choice((1, 1, 2, 3))):
        kind = rng.choice((draft.fault, "node-cordon", "asg-suspend"))
        group = rng.choice((draft.group, "team/Deployment/other"))
        ago = rng.choice((3 * DAY, 30 * DAY))
        over = rng.random() < 0.25
        phase = Phase.REVERTED if over else Phase.STUCK
        draft.recent.append(begun(draft, ago, phase, still=not over, kind=kind, group=group))


def halt(rng: Random, draft: Draft) -> None:
    said = Halt("ann", "incident 7", draft.now, doubt=rng.random() < 0.3)
    if rng.random() < 0.5:
        draft.halt = said
    else:
        draft.teams = tuple(
            replace(said, scope=scope) for scope in rng.sample(("shop", draft.scope or "team", "till"), 2)
        )
        if rng.random() < 0.5:
            draft.reach = [consenting(rng, draft)]


def line(rng: Random, draft: Draft) -> None:
    stopped: Stopped | None = Stopped(draft.now - 20 * DAY, "not whole in time")
    where = rng.choice(("group", "group", "id", "reach", "else"))
    words: dict[str, Any] = {"group": "", "target": "uid-else"}
    if where == "group":
        words = {"group": draft.group, "target": rng.choice((draft.id, "uid-else"))}
    elif where == "id":
        words = {"group": "", "target": draft.id}
    elif where == "reach":
        draft.reach = [consenting(rng, draft)]
        words = {"group": draft.reach[0].group, "target": "uid-else"}
    if rng.random() < 0.15:
        stopped = None
    draft.recent.append(begun(draft, 20 * DAY, Phase.REVERTED, line=stopped, **words))


def segment(rng: Random, draft: Draft) -> None:
    draft.labels["version"] = rng.choice(("2.0", "1", "1.2", "20"))
    if rng.random() < 0.2:
        draft.labels.pop(rng.choice(("version", "app")))
    if draft.kind == "pod":
        draft.scope = rng.choice(("shop", "shop-eu", "shop-pay", "team-a"))
    if draft.group and rng.random() < 0.7:
        draft.group = f"{draft.group}-{rng.randint(1, 99)}"
        draft.name = draft.group.rpartition("/")[2] if draft.kind == "deployment" else draft.name
        draft.health = draft.health and healthy(draft, 4, 4)


def zone(rng: Random, draft: Draft) -> None:
    if draft.kind == "proxy":
        return
    places = draft.facts["places"] = dict(draft.facts["places"])
    places["zone"] = rng.choice((["zone-b"], ["zone-c"], ["zone-a", "zone-b"], ["zone-a", "zone-c"], [], ["else"]))
    if rng.random() < 0.15:
        del places["zone"]


WILD: Mapping[str, Callable[[Random, Draft], None]] = {
    "opt-in": opt_in,
    "protected": protected,
    "min-age": min_age,
    "myself": myself,
    "controlled": controlled,
    "irreversible": irreversible,
    "blackout": blackout,
    "budget": budget,
    "shared": shared,
    "identity": identity,
    "skew": skew,
    "behind": around.behind,
    "stuck": stuck,
    "halt": halt,
    "quorum": around.quorum,
    "look": around.look,
    "line": line,
    "segment": segment,
    "zone": zone,
}
"""What makes each guard's matter other than quiet. A guard that is new comes here, and into ``told.ORACLE``."""
