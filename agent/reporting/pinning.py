"""Trusting a collector's own certificate by its fingerprint: seen once at enrolment, and no other afterwards."""

from __future__ import annotations

import hashlib
import os
import socket
import ssl
from pathlib import Path
from urllib.parse import urlsplit

import msgspec

from agent.settings import CollectorSettings, Settings

FILE = "collector.pem"
"""The pinned certificate, in the state folder."""


class NotTheOne(Exception):
    """The collector showed another certificate, or none; ``str()`` says what to do."""


def pin(state: Path, url: str, fingerprint: str, timeout: float = 30) -> Path:
    """Fetch the collector's certificate, hold it against the fingerprint and keep it. Raises `NotTheOne`, `OSError`.

    ``fingerprint`` is SHA-256 in hex; colons and spaces may stand in it. Nothing is sent but the handshake.
    """
    wanted = "".join(fingerprint.split()).replace(":", "").lower()
    if len(wanted) != 64 or set(wanted) - set("0123456789abcdef"):
        raise NotTheOne("the fingerprint has 64 digits from 0 to f: “mijian-server serve --tls” prints it")
    shown = _shown(url, timeout)
    if hashlib.sha256(shown).hexdigest() != wanted:
        raise NotTheOne(
            "the collector shows another certificate than the one with this fingerprint: "
            "ask for the fingerprint again; if it is right, somebody stands between this computer and the collector"
        )
    state.mkdir(mode=0o700, parents=True, exist_ok=True)
    file, draft = state / FILE, state / (FILE + ".new")
    draft.unlink(missing_ok=True)
    with os.fdopen(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w", encoding="ascii") as out:
        out.write(ssl.DER_cert_to_PEM_cert(shown))
        out.flush()
        os.fsync(out.fileno())
    draft.replace(file)
    return file


def trusting(settings: Settings) -> CollectorSettings:
    """How the collector is reached, with the pinned certificate where there is one and no authority is named."""
    file = settings.state / FILE
    if settings.collector.ca_file or not file.is_file():
        return settings.collector
    return msgspec.structs.replace(settings.collector, ca_file=str(file.absolute()))


def _shown(url: str, timeout: float) -> bytes:
    """The certificate (DER) that the collector shows, trusted or not."""
    parts = urlsplit(url)
    if parts.scheme != "https" or not parts.hostname:
        raise NotTheOne("a fingerprint goes with an address that begins with https://")
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    # Looked at, not trusted: what is kept is held against the fingerprint first, and verified ever after.
    context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    try:
        with (
            socket.create_connection((parts.hostname, parts.port or 443), timeout) as plain,
            context.wrap_socket(plain, server_hostname=parts.hostname) as secured,
        ):
            shown = secured.getpeercert(binary_form=True)
    except (OSError, ValueError) as error:
        raise NotTheOne(f"{url}: the collector did not answer ({type(error).__name__})") from error
    if not shown:
        raise NotTheOne(f"{url}: the collector showed no certificate")
    return shown
