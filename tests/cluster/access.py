"""Who may speak to the real ground: tokens, keys and kubeconfigs, made anew for each cluster."""

from __future__ import annotations

import json
import secrets
from dataclasses import dataclass
from typing import TYPE_CHECKING

from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

from tests.cluster.audit import PARTS

if TYPE_CHECKING:
    from pathlib import Path

CONTEXT = "simian-real"
PEOPLE = {"admin": "system:masters", "simian": "", "tenant": "", "nobody": ""}
"""The users of every cluster. Only admin may do anything; the others may what a test's RBAC objects give them."""


@dataclass(frozen=True, slots=True)
class Tokens:
    """The token of each user."""

    of: dict[str, str]

    @classmethod
    def fresh(cls) -> Tokens:
        """New ones for all people and parts."""
        return cls({name: secrets.token_hex(16) for name in [*PEOPLE, *(f"part:{part}" for part in PARTS)]})

    def write(self, file: Path) -> None:
        """The API server's static token file."""
        rows = [f'{token},{user},{user},"{PEOPLE.get(user, "system:masters")}"' for user, token in self.of.items()]
        file.write_text("\n".join(rows) + "\n")


def signing_key(file: Path) -> None:
    """A key to sign service account tokens with."""
    key = ec.generate_private_key(ec.SECP256R1())
    file.write_bytes(key.private_bytes(Encoding.PEM, PrivateFormat.TraditionalOpenSSL, NoEncryption()))
    file.chmod(0o600)


def kubeconfig(file: Path, server: str, ca: Path, token: str) -> Path:
    """A kubeconfig whose one context is CONTEXT; JSON is YAML."""
    parts = {
        "apiVersion": "v1",
        "kind": "Config",
        "clusters": [{"name": CONTEXT, "cluster": {"server": server, "certificate-authority": str(ca)}}],
        "users": [{"name": CONTEXT, "user": {"token": token}}],
        "contexts": [{"name": CONTEXT, "context": {"cluster": CONTEXT, "user": CONTEXT}}],
        "current-context": CONTEXT,
    }
    file.write_text(json.dumps(parts, indent=1))
    file.chmod(0o600)
    return file
