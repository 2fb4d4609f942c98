"""The live export: every change of a violation goes to a SIEM, in order, and goes on where it stopped.

CEF over syslog (RFC 5424; over TCP and TLS framed as in RFC 6587 by counting octets), or OCSF to a signed webhook. What
was not taken is sent again, so the other side may see an event twice. A webhook says what it has taken; syslog has no
receipts, and over UDP not even a connection.
"""

from __future__ import annotations

import contextlib
import logging
import re
import socket
import ssl
from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager, closing
from datetime import UTC, datetime, timedelta
from uuid import UUID

from django.conf import settings
from django.db.models import Q
from django.utils import timezone

from server.exports import cef, ocsf
from server.exports.rows import Row, rows
from server.notifications.models import Cursor
from server.outbound import web
from server.outbound.addresses import NotSent, connect, pinned
from server.outbound.settings import Siem
from server.violations.models import Group

BATCH = 200
NAME = "siem"
LAG = timedelta(seconds=30)
"""What changed less long ago waits: a transaction that is still open may bear an earlier time."""
LINGER = 3.0
"""Seconds to wait for the other side to hang up."""
FACILITY_AUTHPRIV = 10
LONGEST_DATAGRAM = 8192
"""Bytes of one UDP message; a longer one is cut (RFC 5424 section 6.1)."""
_LEVELS = {"critical": 2, "high": 3, "medium": 4, "low": 5, "info": 6}
_log = logging.getLogger(__name__)


def export_due() -> int:
    """Send what has changed since the last time; how many violations. Nothing where no SIEM is configured."""
    target: Siem | None = settings.MIJIAN_SIEM
    if target is None:
        return 0
    cursor, _made = Cursor.objects.get_or_create(
        name=NAME, defaults={"at": timezone.now(), "row": UUID(int=0)}
    )  # from now on: what was before is had by `mijian-server export`
    sent = 0
    try:
        while batch := _next(cursor):
            _send(target, batch)
            last = batch[-1]
            cursor.at, cursor.row, cursor.problem = last.updated, UUID(last.id), ""
            cursor.sent += len(batch)
            cursor.save(update_fields=("at", "row", "sent", "problem"))
            sent += len(batch)
            if len(batch) < BATCH:
                break
    except NotSent as error:
        _log.warning("the live export does not get through; it goes on later")
        Cursor.objects.filter(pk=cursor.pk).update(problem=str(error)[:200])
    return sent


def _next(cursor: Cursor) -> list[Row]:
    after = Q(updated_at__gt=cursor.at) | Q(updated_at=cursor.at, id__gt=cursor.row)
    within = Group.objects.filter(after, updated_at__gte=cursor.at, updated_at__lte=timezone.now() - LAG)
    found: list[Row] = []
    for row in rows(within=within.order_by("updated_at", "id")):
        found.append(row)
        if len(found) == BATCH:
            break
    return found


def _send(target: Siem, batch: Sequence[Row]) -> None:
    if target.kind == "webhook":
        body = b"".join(ocsf.lines(batch))
        event = f"{batch[0].id}-{batch[-1].id}-{batch[-1].updated.timestamp()}"
        web.post(
            target.url,
            body,
            secret=target.secret,
            media_type="application/x-ndjson",
            event=event,
            allowed=settings.MIJIAN_OUTBOUND,
            ca_file=target.ca_file,
        )
        return
    frames = [frame(row, line) for row, line in zip(batch, cef.lines(batch), strict=True)]
    try:
        with _opened(target) as connection:
            _senders[target.kind](connection, frames)
    except ssl.SSLError as error:
        raise NotSent("the certificate of the SIEM is not trusted") from error
    except OSError as error:
        raise NotSent(f"the SIEM did not take it ({type(error).__name__})") from error


def frame(row: Row, line: bytes) -> bytes:
    """One message of RFC 5424 around a line of CEF."""
    priority = FACILITY_AUTHPRIV * 8 + _LEVELS.get(row.severity, 6)
    at = row.updated.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
    host = re.sub(r"[^!-~]", "-", settings.MIJIAN_NAME)[:255] or "-"
    head = f"<{priority}>1 {at} {host} mijian-server - violation - "
    return head.encode() + b"\xef\xbb\xbf" + line.rstrip(b"\n")


def _opened(target: Siem) -> AbstractContextManager[socket.socket]:
    allowed = settings.MIJIAN_OUTBOUND
    if target.kind == "udp":
        address = pinned(target.host, target.port, allowed)
        plain = socket.socket(socket.AF_INET6 if ":" in address else socket.AF_INET, socket.SOCK_DGRAM)
        plain.connect((address, target.port))
        return closing(plain)
    plain = connect(target.host, target.port, allowed, web.TIMEOUT)
    if target.kind == "tcp":
        return closing(plain)
    try:
        return closing(web.context_for(target.ca_file).wrap_socket(plain, server_hostname=target.host))
    except BaseException:
        plain.close()
        raise


def _stream(connection: socket.socket, frames: Sequence[bytes]) -> None:
    for one in frames:
        connection.sendall(str(len(one)).encode() + b" " + one)
    # Whoever has read to the end hangs up, or says nothing; whoever was gone before answers with a reset.
    connection.settimeout(LINGER)
    if isinstance(connection, ssl.SSLSocket):
        with contextlib.suppress(OSError):  # many hang up without the word of parting that TLS asks for
            connection.unwrap()
        return
    with contextlib.suppress(TimeoutError):
        connection.shutdown(socket.SHUT_WR)
        connection.recv(1)


def _datagrams(connection: socket.socket, frames: Sequence[bytes]) -> None:
    for one in frames:
        connection.send(one[:LONGEST_DATAGRAM])


_senders: dict[str, Callable[[socket.socket, Sequence[bytes]], None]] = {
    "tcp": _stream,
    "tls": _stream,
    "udp": _datagrams,
}


def since(moment: datetime) -> None:
    """Begin the live export anew at a moment: what changed after it is sent (again)."""
    Cursor.objects.update_or_create(name=NAME, defaults={"at": moment, "row": UUID(int=0), "problem": ""})
