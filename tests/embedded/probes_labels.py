"""Probes: which objects a label selector finds, and which queries are none."""

from __future__ import annotations

from urllib.parse import quote

from tests.embedded.probes import Json, Table
from tests.embedded.scene import Scene

probe = Table()
THERE = {
    "a": {"app": "x", "tier": "front"},
    "b": {"app": "y", "rank": "7"},
    "c": {"tier": ""},
    "d": {"shop.example/part": "x", "rank": "12", "app": "in"},
}
ALL = ["a", "b", "c", "d"]
NO = [400, "BadRequest"]

FINDS: dict[str, Json] = {
    "": ALL,
    "app=x": ["a"],
    "app==x": ["a"],
    " app = x ": ["a"],
    "app!=x": ["b", "c", "d"],
    "app=in": ["d"],
    "app=x,tier=front": ["a"],
    "app=x,tier=back": [],
    "app=x,app=y": [],
    "app": ["a", "b", "d"],
    "!app": ["c"],
    "! app": ["c"],
    "app,!tier": ["b", "d"],
    "app in (x,y)": ["a", "b"],
    "app in(x)": ["a"],
    "app in ( x , y )": ["a", "b"],
    "app notin (x)": ["b", "c", "d"],
    "app notin (x,y,in)": ["c"],
    "app,app notin (x)": ["b", "d"],
    "app in (x),tier in (front,back)": ["a"],
    "tier=": ["c"],
    "tier!=": ["a", "b", "d"],
    "tier in ()": ["c"],
    "tier in (front,)": ["a", "c"],
    "tier in (,front)": ["a", "c"],
    "shop.example/part=x": ["d"],
    "shop.example/part": ["d"],
    "rank>7": ["d"],
    "rank>6": ["b", "d"],
    "rank<12": ["b"],
    "rank<7": [],
    "app>1": [],
    "rank > 7": ["d"],
    "in=x": [],
    "notin": [],
}
MALFORMED = (
    "app in (x",
    "app in x",
    "app in",
    "app x",
    "app in (x y)",
    "app in ((x))",
    "app=x,",
    ",app=x",
    "app=x,,tier",
    "=x",
    "!",
    "!!app",
    "app!",
    "app=x tier=front",
    "app=x=y",
    "app=x/y",
    "app=-x",
    "app=x-",
    "app=(x)",
    "()",
    "-app=x",
    "a/b/c=x",
    "/app=x",
    "shop_example/part=x",
    "Shop.example/part=x",
    ".shop/part=x",
    "rank>x",
    "rank>",
    "rank>=7",
    "app=" + "x" * 64,
    "a" * 64 + "=x",
    "app in (x,y-)",
    "app~x",
    "app\\=x",
)


def _finds(query: str) -> Json:
    def act(at: Scene) -> Json:
        for name, labels in THERE.items():
            at.make("leases", name, labels=labels)
        return at.names(f"leases?labelSelector={quote(query)}")

    return act


def _refuses(query: str) -> Json:
    return lambda at: at.names(f"leases?labelSelector={quote(query)}")


for text, found in FINDS.items():
    probe.add(f"the label selector '{text}' finds {', '.join(found) or 'nothing'}", _finds(text), found)
for text in MALFORMED:
    probe.add(f"'{text}' is no label selector", _refuses(text), NO)


@probe("a malformed label selector is refused in a watch too", NO)
def _(at: Scene) -> Json:
    answer = at.watch("leases?watch=true&labelSelector=a%20in%20(")
    return getattr(answer, "said", answer)


@probe("a malformed label selector is refused in a deletecollection too, and nothing goes", [NO, ["a"]])
def _(at: Scene) -> Json:
    at.make("leases", "a")
    return [at.delete("leases?labelSelector=a%20in%20(").said, at.names("leases")]
