"""The verb rbac: the rights that a config takes, to be applied."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from simian_army import wiring
from simian_army.cli import show
from simian_army.errors import UsageError


@dataclass(frozen=True, slots=True)
class Wish:
    """What was typed. ``faults`` are struck by hand besides those of config's monkeys; ``owners`` are GROUP/RESOURCE;
    ``leaver`` is the account that takes all away, empty for none."""

    namespace: str
    agent: str
    undertaker: str
    leaver: str = ""
    faults: Sequence[str] = ()
    owners: Sequence[str] = ()
    as_json: bool = False


def rbac(config: Path, wish: Wish) -> None:
    """Print ServiceAccounts, Roles, ClusterRoles and their bindings; asks no cluster."""
    loaded = wiring.read_config(config)
    asked = wiring.Asked(
        wish.namespace, tuple(wish.faults), tuple(map(_owner, wish.owners)), (wish.agent, wish.undertaker)
    )
    accounts = [
        wiring.Account("agent", wish.namespace, wish.agent),
        wiring.Account("undertaker", wish.namespace, wish.undertaker),
        *([wiring.Account("leaver", wish.namespace, wish.leaver)] if wish.leaver else ()),
    ]
    made = wiring.manifests(loaded, asked, accounts)
    if wish.as_json:
        show.dump({"apiVersion": "v1", "kind": "List", "items": made})
        return
    print(wiring.as_yaml(made), end="")


def _owner(said: str) -> tuple[str, str]:
    group, slash, resource = said.partition("/")
    if not slash or not resource or "*" in said:
        raise UsageError(f"--owner {said}: write group and plural of one kind, for instance argoproj.io/rollouts")
    return group, resource
