"""The collector's own TLS certificate: made at the first start that needs one, trusted by its fingerprint."""

from __future__ import annotations

import ipaddress
import os
import socket
from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

CERTIFICATE = Path("keys") / "tls-certificate.pem"
KEY = Path("keys") / "tls-key.pem"
LIFE = timedelta(days=5 * 365)
"""Nobody but our own agents pins it, and they pin this very certificate: a short life would only shut them out."""


def ensure(home: Path, hosts: Iterable[str]) -> tuple[Path, Path]:
    """Certificate and key of this home, made where there are none. Raises `OSError`."""
    certificate, key = home / CERTIFICATE, home / KEY
    if not (certificate.is_file() and key.is_file()):
        made, secret = make([*hosts, socket.gethostname(), "localhost", "127.0.0.1", "::1"])
        _write(key, secret)
        _write(certificate, made)
    return certificate, key


def make(hosts: Iterable[str], *, now: datetime | None = None) -> tuple[bytes, bytes]:
    """A self-signed certificate for these names and addresses, and its private key (P-256), both PEM."""
    now = now or datetime.now(UTC)
    secret = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "Mijian collector")])
    usage = x509.KeyUsage(
        digital_signature=True,
        content_commitment=False,
        key_encipherment=False,
        data_encipherment=False,
        key_agreement=False,
        key_cert_sign=False,
        crl_sign=False,
        encipher_only=False,
        decipher_only=False,
    )
    made = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(secret.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(hours=1))
        .not_valid_after(now + LIFE)
        .add_extension(x509.SubjectAlternativeName(_names(hosts)), critical=False)
        .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
        .add_extension(usage, critical=True)
        .add_extension(x509.ExtendedKeyUsage([ExtendedKeyUsageOID.SERVER_AUTH]), critical=False)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(secret.public_key()), critical=False)
        .add_extension(x509.AuthorityKeyIdentifier.from_issuer_public_key(secret.public_key()), critical=False)
        .sign(secret, hashes.SHA256())
    )
    private = secret.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    return made.public_bytes(serialization.Encoding.PEM), private


def fingerprint(certificate: bytes) -> str:
    """SHA-256 over the first certificate of a PEM file, hex: what ``mijian enroll --fingerprint`` takes."""
    return x509.load_pem_x509_certificate(certificate).fingerprint(hashes.SHA256()).hex()


def known_fingerprint(home: Path) -> str:
    """The fingerprint of this home's own certificate; empty where there is none."""
    file = home / CERTIFICATE
    return fingerprint(file.read_bytes()) if file.is_file() else ""


def _names(hosts: Iterable[str]) -> list[x509.GeneralName]:
    names: list[x509.GeneralName] = []
    for host in dict.fromkeys(host.strip("[]") for host in hosts if host and "*" not in host):
        try:
            names.append(x509.IPAddress(ipaddress.ip_address(host)))
        except ValueError:
            if host.isascii():
                names.append(x509.DNSName(host))
    return names


def _write(file: Path, content: bytes) -> None:
    """Write a file of mode 0600 whole, or not at all."""
    draft = file.with_name(file.name + ".part")
    draft.unlink(missing_ok=True)
    with os.fdopen(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as out:
        out.write(content)
        out.flush()
        os.fsync(out.fileno())
    draft.replace(file)
