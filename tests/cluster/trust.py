"""Whose certificates the real node's parts trust: an authority made anew for each node, and what it signs."""

from __future__ import annotations

import ipaddress
from datetime import timedelta
from typing import TYPE_CHECKING

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from cryptography.x509.oid import ExtendedKeyUsageOID as Use
from cryptography.x509.oid import NameOID

from simian_army.clock import SystemClock

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

AGE = timedelta(days=2)
USAGES = ("content_commitment", "data_encipherment", "key_agreement", "encipher_only", "decipher_only")


class Authority:
    """Signs what is written to ``folder`` as NAME.crt and NAME.key; its own certificate is ``file``."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._key = ec.generate_private_key(ec.SECP256R1())
        self._name = _name("simian-real-authority", "")
        self.file = folder / "authority.crt"
        constraints = x509.BasicConstraints(ca=True, path_length=0)
        made = self._builder(self._name, self._key.public_key()).add_extension(constraints, critical=True)
        self.file.write_bytes(self._sign(made.add_extension(_usage(signs=True), critical=True)))

    def issue(self, name: str, organization: str = "", hosts: Sequence[str] = ()) -> tuple[Path, Path]:
        """A certificate for a user, or for a server that answers to ``hosts`` (names and addresses); it and its key."""
        key = ec.generate_private_key(ec.SECP256R1())
        use = x509.ExtendedKeyUsage([Use.SERVER_AUTH if hosts else Use.CLIENT_AUTH])
        made = self._builder(_name(name, organization), key.public_key()).add_extension(use, critical=False)
        made = made.add_extension(_usage(signs=False), critical=True)
        if hosts:
            made = made.add_extension(x509.SubjectAlternativeName([_host(one) for one in hosts]), critical=False)
        cert, secret = self._folder / f"{name}.crt", self._folder / f"{name}.key"
        cert.write_bytes(self._sign(made))
        secret.touch(mode=0o600)
        secret.write_bytes(key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()))
        return cert, secret

    def _builder(self, subject: x509.Name, key: ec.EllipticCurvePublicKey) -> x509.CertificateBuilder:
        now = SystemClock().now()
        mine = x509.AuthorityKeyIdentifier.from_issuer_public_key(self._key.public_key())
        return (
            x509.CertificateBuilder(self._name, subject, key, x509.random_serial_number(), now - AGE, now + AGE)
            .add_extension(x509.SubjectKeyIdentifier.from_public_key(key), critical=False)
            .add_extension(mine, critical=False)
        )

    def _sign(self, made: x509.CertificateBuilder) -> bytes:
        return made.sign(self._key, hashes.SHA256()).public_bytes(Encoding.PEM)


def _usage(*, signs: bool) -> x509.KeyUsage:
    return x509.KeyUsage(
        digital_signature=not signs,
        key_encipherment=False,
        key_cert_sign=signs,
        crl_sign=signs,
        **dict.fromkeys(USAGES, False),
    )


def _name(common: str, organization: str) -> x509.Name:
    parts = [x509.NameAttribute(NameOID.COMMON_NAME, common)]
    if organization:
        parts.append(x509.NameAttribute(NameOID.ORGANIZATION_NAME, organization))
    return x509.Name(parts)


def _host(text: str) -> x509.GeneralName:
    try:
        return x509.IPAddress(ipaddress.ip_address(text))
    except ValueError:
        return x509.DNSName(text)
