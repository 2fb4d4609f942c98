"""Posting to a webhook: signed, to a pinned address, without following redirects."""

from __future__ import annotations

import hashlib
import hmac
import http.client
import socket
import ssl
import time
import uuid
from collections.abc import Collection
from urllib.parse import urlsplit

from server.outbound.addresses import NotSent, connect

TIMEOUT = 15.0
LONGEST_ANSWER = 65536


def post(
    url: str,
    body: bytes,
    *,
    secret: str,
    media_type: str = "application/json",
    event: str = "",
    allowed: Collection[str] = (),
    ca_file: str = "",
    timeout: float = TIMEOUT,
) -> None:
    """POST a signed body; returns when the other side has said 2xx. Raises `NotSent`.

    ``Mijian-Signature: t=SECONDS,v1=HEX`` is the HMAC-SHA256 of ``SECONDS.BODY``; ``Mijian-Event`` is the same for
    the same event, however often it comes.
    """
    parts = urlsplit(url)
    host, secured = parts.hostname or "", parts.scheme == "https"
    port = parts.port or (443 if secured else 80)
    sock = connect(host, port, allowed, timeout)
    try:
        if secured:
            sock = context_for(ca_file).wrap_socket(sock, server_hostname=host)
        status = _exchange(sock, parts.netloc, f"{parts.path or '/'}{'?' if parts.query else ''}{parts.query}", body, {
            "Content-Type": media_type,
            "Mijian-Event": event or str(uuid.uuid4()),
            "Mijian-Signature": signature(secret, body),
        })  # fmt: skip
    except ssl.SSLError as error:
        raise NotSent("the certificate of the host is not trusted") from error
    except (OSError, http.client.HTTPException) as error:
        raise NotSent(f"the exchange broke off ({type(error).__name__})") from error
    finally:
        sock.close()
    if not 200 <= status < 300:
        raise NotSent(f"the host answered with status {status}")


def signature(secret: str, body: bytes, at: int | None = None) -> str:
    """The value of ``Mijian-Signature``."""
    seconds = int(time.time()) if at is None else at
    told = hmac.new(secret.encode(), f"{seconds}.".encode() + body, hashlib.sha256).hexdigest()
    return f"t={seconds},v1={told}"


def context_for(ca_file: str) -> ssl.SSLContext:
    """TLS with verification, by the system's authorities or by the one that is named. Raises `NotSent`."""
    try:
        return ssl.create_default_context(cafile=ca_file or None)
    except OSError as error:
        raise NotSent("the file named with ca_file cannot be used") from error


def _exchange(sock: socket.socket, host: str, path: str, body: bytes, headers: dict[str, str]) -> int:
    """One request over a connection that is there; the status of its answer."""
    exchange = http.client.HTTPConnection(host)
    exchange.sock = sock
    exchange.request("POST", path, body, {"Host": host, "Connection": "close", "User-Agent": "mijian", **headers})
    answer = exchange.getresponse()
    answer.read(LONGEST_ANSWER)
    return answer.status
