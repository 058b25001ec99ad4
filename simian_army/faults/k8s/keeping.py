"""Where the true value of a Secret is while it is held: in a Secret of ours beside it, and nowhere else."""

from __future__ import annotations

import hashlib
import hmac
from typing import Any

from simian_army.faults.k8s.in_place import value_at
from simian_army.model import Mark, Target
from simian_army.ports import SecretsPort

KEPT = "simian-army/kept"
"""The label of such a Secret; its value is the run."""

BY = "simian-army/kept-by"
"""The label that tells whose it is; its value is the fleet."""

OF = "simian-army/kept-of"
"""The annotation that tells people whose value it is: NAME/KEY of the Secret that is struck. Nobody acts on it."""

_VALUE = "value"
_COST = {"n": 2**14, "r": 8, "p": 1}


def name_of(target: Target, mark: Mark) -> str:
    """What the Secret of one fault is called: nobody needs to remember it."""
    return f"simian-army-kept-{mark.run}-{target.id}"


def digest(target: Target, key: str, value: str) -> str:
    """By what a value is known again: slow to make, and another one for each Secret and key, so that nobody finds a
    short value by trying."""
    salt = f"{target.id}/{key}".encode()
    return hashlib.scrypt(value.encode(), salt=salt, dklen=16, **_COST).hex()


def keep(shelf: SecretsPort, target: Target, mark: Mark, key: str, value: str) -> None:
    """Put the value of ``key`` (base64, as Secrets hold it) away. It goes with its Secret, should that be deleted.

    Raises:
        Conflict: it is there already; Forbidden, PlatformError: it could not be put away, or nobody can say.
    """
    owner = {"apiVersion": "v1", "kind": "Secret", "name": target.name, "uid": target.id}
    labels, notes = {KEPT: mark.run, BY: mark.fleet}, {OF: f"{target.name}/{key}"}
    metadata = {"name": name_of(target, mark), "labels": labels, "annotations": notes, "ownerReferences": [owner]}
    secret: dict[str, Any] = {"apiVersion": "v1", "kind": "Secret", "type": "Opaque", "immutable": True}
    shelf.create_secret(target.scope, {**secret, "metadata": metadata, "data": {_VALUE: value}})


def kept(shelf: SecretsPort, target: Target, mark: Mark, key: str, known: str) -> str | None:
    """The value that was put away; None when it is gone, or is not the one with the digest ``known``."""
    value = value_at(shelf.get_secret(target.scope, name_of(target, mark)) or {}, ("data", _VALUE))
    if not isinstance(value, str) or not hmac.compare_digest(digest(target, key, value), known):
        return None
    return value


def drop(shelf: SecretsPort, target: Target, mark: Mark) -> None:
    """Throw it away; nothing when it is not there."""
    shelf.delete_secret(target.scope, name_of(target, mark))
