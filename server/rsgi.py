"""What granian calls: reads a request's body whole and within bounds, then lets a thread answer it.

A sender that opens a request and sends its body a byte at a time, or never, costs a little memory and no thread: a
few dozen of them would otherwise keep every thread there is, and the collector would be deaf.
"""

from __future__ import annotations

import asyncio
import io
import logging
import sys
from collections.abc import Awaitable, Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from typing import Any
from wsgiref.types import WSGIApplication

import msgspec
from django.db import DatabaseError, connections

from protocol.enrolment import Refusal
from protocol.envelope import MAX_ENVELOPE
from server import headers

THREADS = 32
"""Requests one worker works on at once."""
LARGEST_FORM = 1024 * 1024
"""Bytes of the body of a page's form."""
LARGEST_TABLE = 2_500 * 1024
"""Bytes of the form that brings a ledger: some 30,000 rows of a workbook. Django keeps so much in memory (2.5 MiB)."""
TABLES = "/ledger/"
"""How the addresses of these forms begin."""
BUDGET = 256 * 1024 * 1024
"""Bytes of all bodies that are held at the same time."""
LARGEST_UPLOAD = 64 * 1024 * 1024
"""Bytes of the form that brings many sealed files at once, or a bundle of rules."""
UPLOADS = frozenset({"/imports/take/", "/rules/take/"})
"""Addresses of forms that bring files; their bodies count against the budget as envelopes do."""
FORMS = 32 * 1024 * 1024
"""The part of the budget that is kept for the pages' forms."""
LONGEST_QUERY = 8192
"""Characters of a query string; pages tell theirs back in many links."""
PATIENCE = 15.0
"""Seconds in which something must come."""
SLOWEST = 1024
"""Bytes a second that a body must come at, within each span of `PATIENCE`."""

_log = logging.getLogger(__name__)


Answer = tuple[int, list[tuple[str, str]], bytes]
"""Status, headers and body."""
ShortRoad = Callable[[bytes], Awaitable[tuple[int, bytes] | None]]
"""Answers an envelope with status and receipt at once, or not at all."""
ENVELOPES = "/api/v1/envelopes"
"""Where computers send envelopes (contract)."""


class NotRead(Exception):
    """A body that is not taken: ``status`` and ``reason`` say why."""

    def __init__(self, status: int, reason: str, message: str) -> None:
        super().__init__(message)
        self.status = status
        self.reason = reason


class Budget:
    """Counts the bytes of bodies that are held. Used by one thread, that of the event loop."""

    def __init__(self, total: int = BUDGET, forms: int = FORMS) -> None:
        self._total = total
        self._forms = forms
        self.held = 0

    def take(self, count: int, *, form: bool) -> None:
        """Count bytes in. Raises `NotRead` where there is no room: nothing is stored, the sender tries again."""
        if self.held + count > self._total - (0 if form else self._forms):
            raise NotRead(503, "busy", "the collector is taking in too much at once; try again")
        self.held += count


class Gate:
    """An RSGI application around a WSGI one, which it hands whole bodies, held in memory."""

    def __init__(
        self, application: WSGIApplication, *, patience: float = PATIENCE, envelopes: ShortRoad | None = None
    ) -> None:
        self._application = application
        self._envelopes = envelopes
        self._patience = patience
        self._budget = Budget()
        self._threads = ThreadPoolExecutor(THREADS, thread_name_prefix="request")

    async def __rsgi__(self, scope: Any, protocol: Any) -> None:
        """Answer one request."""
        told = _headers(scope)
        body = b""
        try:
            body = await self._body(scope, protocol, told)
            answer = await self._short_road(scope, body)
            if answer is None:
                environ = _environ(scope, told, body)
                answer = await asyncio.get_running_loop().run_in_executor(self._threads, self._answer, environ)
        except NotRead as error:
            answer = _refusal(error)
        except Exception as error:  # noqa: BLE001 (the edge: the sender gets an answer, the log a type and no more)
            _log.error("a request could not be answered: %s", type(error).__name__)
            answer = _refusal(NotRead(500, "failed", "the collector could not answer this"))
        finally:
            self._budget.held -= len(body)
        protocol.response_bytes(*answer)

    async def _short_road(self, scope: Any, body: bytes) -> Answer | None:
        """The answer to an envelope that can be stored without further ado, with no thread of its own; else None."""
        if self._envelopes is None or not body or scope.method != "POST" or scope.path != ENVELOPES:
            return None
        if (found := await self._envelopes(body)) is None:
            return None
        status, receipt = found
        return status, _bare_headers(), receipt

    async def _body(self, scope: Any, protocol: Any, told: Mapping[str, str]) -> bytes:
        """The body as far as it came, at most what was announced; empty where no view would read it."""
        if len(scope.query_string) > LONGEST_QUERY:
            raise NotRead(414, "too-long", "the address is too long")
        length = _length(told)
        upload = scope.path in UPLOADS
        form = not upload and not scope.path.startswith("/api/")
        if not length or (not form and not upload and length > MAX_ENVELOPE):
            return b""  # of no known length, or far too long: the view says no without reading
        most = LARGEST_TABLE if scope.path.startswith(TABLES) else LARGEST_FORM
        if (form and length > most) or (upload and length > LARGEST_UPLOAD):
            raise NotRead(413, "too-large", "the body is too large for a form")
        pieces: list[bytes] = []
        come = 0
        try:
            source = aiter(protocol)
            while come < length:
                piece = await self._next(source, length - come)
                if not piece:
                    break
                self._budget.take(len(piece), form=form)
                pieces.append(piece)
                come += len(piece)
        except BaseException:
            self._budget.held -= come
            raise
        body = b"".join(pieces)[:length]
        self._budget.held += len(body) - come
        return body

    async def _next(self, source: Any, missing: int) -> bytes:
        """What comes within the next span of time; empty at the end. Raises `NotRead` for a body that hardly comes."""
        pieces: list[bytes] = []
        come, least = 0, min(missing, int(SLOWEST * self._patience))
        try:
            async with asyncio.timeout(self._patience):
                while come < least:
                    piece = bytes(await anext(source))
                    pieces.append(piece)
                    come += len(piece)
        except TimeoutError:
            raise NotRead(408, "too-slow", "the body did not come in time") from None
        except StopAsyncIteration:
            pass
        except Exception as error:  # noqa: BLE001 (whatever the server says of a connection that broke off)
            _log.debug("a body broke off: %s", type(error).__name__)
        return b"".join(pieces)

    def _answer(self, environ: dict[str, Any]) -> Answer:
        """Run the WSGI application in this thread."""
        started: list[Any] = []

        def start(status: str, sent: list[tuple[str, str]], _error: Any = None, /) -> Any:
            started[:] = [int(status[:3]), sent]
            return None

        rows = self._application(environ, start)
        try:
            body = b"".join(rows)
        finally:
            close = getattr(rows, "close", None)
            if close is not None:
                close()
        return started[0], started[1], body


def _headers(scope: Any) -> dict[str, str]:
    """The headers by lower-case name; those that come several times joined. Names with _ could pose as others."""
    told: dict[str, str] = {}
    for name, value in scope.headers.items():
        if "_" not in name:
            told[name] = value if name not in told else f"{told[name]}{'; ' if name == 'cookie' else ','}{value}"
    return told


def _length(told: Mapping[str, str]) -> int:
    text = told.get("content-length", "")
    return int(text) if text.isascii() and text.isdigit() and len(text) < 19 else 0


def _environ(scope: Any, told: Mapping[str, str], body: bytes) -> dict[str, Any]:
    """The WSGI environment (PEP 3333) of one request."""
    host, _, port = scope.server.rpartition(":")
    environ: dict[str, Any] = {
        "REQUEST_METHOD": scope.method,
        "SCRIPT_NAME": "",
        "PATH_INFO": scope.path.encode("utf-8").decode("latin-1"),
        "QUERY_STRING": scope.query_string,
        "SERVER_NAME": host.strip("[]") or "localhost",
        "SERVER_PORT": port,
        "SERVER_PROTOCOL": f"HTTP/{scope.http_version}",
        "REMOTE_ADDR": scope.client.rpartition(":")[0].strip("[]"),
        "wsgi.version": (1, 0),
        "wsgi.url_scheme": scope.scheme,
        "wsgi.input": io.BytesIO(body),
        "wsgi.errors": sys.stderr,
        "wsgi.multithread": True,
        "wsgi.multiprocess": True,
        "wsgi.run_once": False,
    }
    for name, value in told.items():
        key = name.upper().replace("-", "_")
        environ[key if key in ("CONTENT_TYPE", "CONTENT_LENGTH") else f"HTTP_{key}"] = value
    return environ


def _refusal(error: NotRead) -> Answer:
    body = msgspec.json.encode(Refusal(reason=error.reason, message=str(error)))
    return error.status, [*_bare_headers(), ("Retry-After", "5"), ("Connection", "close")], body


def _bare_headers() -> list[tuple[str, str]]:
    """Headers of an answer that no middleware has seen."""
    return [
        ("Content-Type", "application/json"),
        ("Cache-Control", "no-store"),
        ("Content-Security-Policy", headers.POLICY),
        ("X-Content-Type-Options", "nosniff"),
    ]


def application() -> Gate:
    """The collector, for one worker process; the process that makes it also works the spool off."""
    from server.wsgi import application as inner
    from server.intake.senders import keys  # isort: skip (models can be imported only now)
    from server.intake.views.envelopes import at_once

    try:
        keys.learn()
    except DatabaseError as error:  # it may come back: each key is then asked for when it is needed
        _log.warning("the keys of computers cannot be read just now: %s", type(error).__name__)
    finally:
        connections.close_all()
    return Gate(inner, envelopes=at_once)
