from __future__ import annotations

from datetime import UTC, datetime

import pytest

from simian_army.errors import Gone, PlatformError
from simian_army.model import Target
from tests.targets.kube.stub import Reply, connected, serving, status

NODE = Target("kubernetes", "node", "uid-node-0", "node-0", "", "", datetime(2026, 1, 1, tzinfo=UTC), {})
STRANGE = {
    "a proxy's 404": Reply(404, b"default backend - 404"),
    "a 404 in JSON of somebody else": Reply(404, {"message": "no route"}),
    "the 404 for a path that is not served": Reply(404, b"404 page not found\n"),
    "a proxy's 410": Reply(410, b"<html>gone</html>"),
    "a 410 as the server words that of lists": status(410, "too old resource version"),
}


@pytest.mark.parametrize("reply", STRANGE.values(), ids=STRANGE.keys())
def test_an_object_counts_as_gone_only_by_the_servers_own_word_for_it(reply: Reply) -> None:
    with serving(lambda _: reply) as server, connected(server.url) as cluster:
        with pytest.raises(PlatformError, match=str(reply.status)) as raised:
            cluster.get(NODE)
        assert not isinstance(raised.value, Gone)


def test_an_object_is_gone_when_the_server_says_so() -> None:
    with serving(lambda _: status(404, 'nodes "node-0" not found')) as server, connected(server.url) as cluster:
        assert cluster.get(NODE) is None
