"""Probes: what toxics do to what passes through, in time."""

from __future__ import annotations

from statistics import median

from tests.embedded.toxi.probes import Table
from tests.embedded.toxi.scene import PATIENCE, Client, Json, Scene, near

probe = Table()


def quickest(client: Client) -> float:
    """Seconds there and back, without what a busy machine adds now and then."""
    return min(client.trip() for _ in range(5))


@probe("nothing but a proxy adds next to nothing", 0.0)
def _(at: Scene) -> Json:
    at.proxy()
    with at.client() as client:
        client.trip()
        return near(min(client.trip() for _ in range(20)), 0.0, 0.05)


@probe("much data passes whole", True)
def _(at: Scene) -> Json:
    at.proxy()
    with at.client() as client:
        return all(client.trip(b"y" * 100_000) < PATIENCE for _ in range(20))


@probe("latency strikes a connection that was open before, and ends when it is taken off", [0.0, 0.2, 0.0])
def _(at: Scene) -> Json:
    at.proxy()
    with at.client() as client:
        before = quickest(client)
        at.toxic("latency", latency=200)
        during = quickest(client)
        at.untoxic()
        return [near(before, 0.0, 0.15), near(during, 0.2), near(quickest(client), 0.0, 0.15)]


@probe("latency both ways adds up", 0.3)
def _(at: Scene) -> Json:
    at.proxy()
    at.toxic("latency", name="up", stream="upstream", latency=200)
    at.toxic("latency", name="down", latency=100)
    with at.client() as client:
        return near(min(client.trip() for _ in range(3)), 0.3)


@probe("two latencies on one way add up", 0.3)
def _(at: Scene) -> Json:
    at.proxy()
    at.toxic("latency", name="a", latency=200)
    at.toxic("latency", name="b", latency=100)
    with at.client() as client:
        return near(min(client.trip() for _ in range(3)), 0.3)


@probe("latency delays what follows no more than what leads", 0.2)
def _(at: Scene) -> Json:
    at.proxy()
    at.toxic("latency", latency=200)
    with at.client() as client:
        return near(min(client.trip(b"z" * 300_000) for _ in range(3)), 0.2)


@probe("jitter goes up and down around the latency", [True, True, True])
def _(at: Scene) -> Json:
    at.proxy()
    at.toxic("latency", latency=60, jitter=40)
    with at.client() as client:
        times = [client.trip() for _ in range(30)]
    return [min(times) >= 0.019, max(times) - min(times) > 0.03, 0.045 < median(times) < 0.1]


@probe("a negative latency is none", 0.0)
def _(at: Scene) -> Json:
    at.proxy()
    at.toxic("latency", latency=-500)
    with at.client() as client:
        return near(min(client.trip() for _ in range(3)), 0.0)


@probe("taking latency off lets go at once what it kept back", [0.0, 0.0])
def _(at: Scene) -> Json:
    at.proxy()
    at.toxic("latency", latency=30_000)
    with at.client() as client:
        client.say(b"k" * 5)
        client.say(b"k" * 5)
        assert client.end(0.2)[0] == "open"
        at.untoxic()
        return [near(client.hear(10), 0.0), near(client.trip(), 0.0)]


@probe("changing latency lets go of what it kept back and is the new one after", [0.0, 0.1])
def _(at: Scene) -> Json:
    at.proxy()
    at.toxic("latency", latency=30_000)
    with at.client() as client:
        client.say()
        assert client.end(0.2)[0] == "open"
        assert at.ask("PATCH", "/proxies/p/toxics/t", {"attributes": {"latency": 100}})[0] == 200
        return [near(client.hear(), 0.0), near(client.trip(), 0.1)]


@probe("toxicity is thrown for each connection", [True, True])
def _(at: Scene) -> Json:
    at.proxy()
    at.toxic("latency", toxicity=0.5, latency=120)
    late, same = [], []
    for _ in range(40):
        with at.client() as client:
            client.trip()
            first, second = client.trip() > 0.11, client.trip() > 0.11
        late.append(first)
        same.append(first == second)
    return [6 < sum(late) < 34, sum(same) > 36]


@probe("a toxicity of nought strikes nothing", 0.0)
def _(at: Scene) -> Json:
    at.proxy()
    at.toxic("latency", toxicity=0.0, latency=500)
    with at.client() as client:
        return near(client.trip(), 0.0)


@probe("bandwidth lets so much through", 1.0)
def _(at: Scene) -> Json:
    at.proxy()
    at.toxic("bandwidth", rate=100)
    with at.client() as client:
        return near(client.trip(b"b" * 100_000), 1.0)


@probe("bandwidth lets a part through before the whole", True)
def _(at: Scene) -> Json:
    at.proxy()
    at.toxic("bandwidth", rate=100)
    with at.client() as client:
        client.say(b"b" * 400_000)
        return client.hear(20_000) < 3.0


@probe("taking bandwidth off lets go at once what it kept back", 0.0)
def _(at: Scene) -> Json:
    at.proxy()
    at.toxic("bandwidth", rate=1)
    with at.client() as client:
        client.say(b"b" * 20_000)
        client.hear(50)
        at.untoxic()
        return near(client.hear(19_000), 0.0)


@probe("a bandwidth of nought lets nothing through", ["open", 0.0])
def _(at: Scene) -> Json:
    at.proxy()
    at.toxic("bandwidth", rate=0)
    with at.client() as client:
        client.say()
        how = client.end(0.5)[0]
        at.untoxic()
        return [how, near(client.hear(), 0.0)]


@probe("a timeout swallows data and ends the connection when it is over", ["closed", 0.3])
def _(at: Scene) -> Json:
    at.proxy()
    at.toxic("timeout", timeout=300)
    with at.client() as client:
        how, after = client.end(since=client.born)
        return [how, near(after, 0.3)]


@probe("data starts a timeout anew", ["closed", 1.5])
def _(at: Scene) -> Json:
    at.proxy()
    at.toxic("timeout", stream="upstream", timeout=1500)
    with at.client() as client:
        for _ in range(3):
            assert client.end(0.6)[0] == "open"
            client.say()
        how, after = client.end(since=client.spoke)
        return [how, near(after, 1.5)]


@probe("a timeout of nought swallows data for ever", "open")
def _(at: Scene) -> Json:
    at.proxy()
    at.toxic("timeout", timeout=0)
    with at.client() as client:
        client.say()
        return client.end(0.6)[0]


@probe("taking a timeout off ends the connections it held, new ones are whole", [True, 0.0, 0.0])
def _(at: Scene) -> Json:
    at.proxy()
    at.toxic("timeout", timeout=0)
    with at.client() as client:
        client.say()
        assert client.end(0.2)[0] == "open"
        at.untoxic()
        how, after = client.end()
    with at.client() as fresh:
        return [how in ("closed", "reset"), near(after, 0.0), near(fresh.trip(), 0.0)]


@probe("a reset_peer resets at the first data", ["reset", 0.0])
def _(at: Scene) -> Json:
    at.proxy()
    at.toxic("reset_peer")
    with at.client() as client:
        client.say()
        how, after = client.end()
        return [how, near(after, 0.0)]


@probe("a reset_peer waits for its time", ["reset", 0.3])
def _(at: Scene) -> Json:
    at.proxy()
    at.toxic("reset_peer", timeout=300)
    with at.client() as client:
        client.say()
        how, after = client.end(since=client.spoke)
        return [how, near(after, 0.3)]


@probe("a reset_peer on a connection that was open before", True)
def _(at: Scene) -> Json:
    at.proxy()
    with at.client() as client:
        client.trip()
        at.toxic("reset_peer")
        client.say()
        return client.end()[0] in ("closed", "reset")
