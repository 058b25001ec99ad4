"""A fault that cuts a Service off: it selects nobody, so whoever calls it finds nobody there."""

from collections.abc import Sequence

from simian_army import Conflict, Evidence, Fault, Gone, KubernetesPort, Mark, Refused, Selector

KEY, NOBODY = "example.com/cut", "nobody-bears-this"
PATH = "/spec/selector/example.com~1cut"
NONE: dict[str, str] = {}


class ServiceCut:
    """Adds a label that no pod bears to what a Service selects, and holds it so. Undone while it still says so."""

    name, platform, strikes, reversible, replaces, stops = "service-cut", "kubernetes", "service", True, False, "nobody"
    restores, params, undo = ("spec.selector",), NONE, NONE
    alone = "it does not: the next start of an agent, or `simian revert --all`, undoes it"
    permissions = (*((verb, "", "services", "") for verb in ("get", "list", "patch")), ("list", "", "pods", ""))
    reverting: Sequence[tuple[str, ...]] = (("get", "", "services", ""), ("patch", "", "services", ""))

    def __init__(self, port: KubernetesPort) -> None:
        self.port = port

    def reach(self, fault: Fault) -> Selector:  # nobody can tell who calls it: everybody in its namespace
        return Selector("pod", scopes=(fault.target.scope,))

    def prepare(self, fault: Fault) -> dict[str, str]:
        self.there(fault)
        return {}

    def inject(self, fault: Fault, mark: Mark) -> None:  # mark and harm in one write
        obj = self.there(fault)
        self.port.patch(fault.target, [*self.port.mark(obj, mark), {"op": "add", "path": PATH, "value": NOBODY}])

    def observe(self, fault: Fault) -> Evidence:
        return Evidence(selects(self.port.get(fault.target)).get(KEY) == NOBODY, "looked at what it selects")

    def revert(self, fault: Fault, mark: Mark) -> Evidence:
        for _ in range(5):
            obj = self.port.get(fault.target)
            left = self.port.unmark(obj, mark) if obj else []
            if not left:
                return Evidence(holds=True, detail="nothing of ours is there any more")
            ours = selects(obj).get(KEY) == NOBODY
            try:
                self.port.patch(fault.target, [*left, *([{"op": "remove", "path": PATH}] if ours else [])])
            except (Conflict, Gone):
                continue  # somebody was quicker: look again
            if not ours:
                return Evidence(holds=True, detail="what it selects was changed by someone: kept")
        return Evidence(holds=False, detail="it changed five times while we tried; try again")

    def there(self, fault: Fault) -> dict[str, object]:
        obj = self.port.get(fault.target)
        if not selects(obj) or obj is None or KEY in selects(obj):
            raise Refused(f"{fault.target}: it is gone, selects nobody, or is cut off already")
        return obj


def selects(obj: object) -> dict[str, str]:
    """What a Service selects; nothing if it is gone."""
    spec = obj.get("spec") if isinstance(obj, dict) else None
    return spec.get("selector") or {} if isinstance(spec, dict) else {}
