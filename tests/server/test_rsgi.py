"""The gate for bodies: whole ones come through as they are, slow and oversized ones do not come at all."""

from __future__ import annotations

import asyncio
import io
from collections.abc import AsyncIterator, Callable, Iterable
from types import SimpleNamespace
from typing import Any

import pytest

from server.rsgi import Budget, Gate, NotRead


class Wire:
    """A connection, as the server hands it in: the body comes in pieces, each after a pause."""

    def __init__(self, *pieces: bytes, pause: float = 0.0) -> None:
        self.pieces = pieces
        self.pause = pause
        self.status = 0
        self.headers: dict[str, str] = {}
        self.answer = b""

    async def __aiter__(self) -> AsyncIterator[bytes]:
        for piece in self.pieces:
            await asyncio.sleep(self.pause)
            yield piece
        await asyncio.sleep(self.pause)

    def response_bytes(self, status: int, headers: list[tuple[str, str]], body: bytes) -> None:
        self.status, self.headers, self.answer = status, dict(headers), body


def echo(environ: dict[str, Any], start: Callable[..., Any]) -> Iterable[bytes]:
    """Says what it was given."""
    source: io.BytesIO = environ["wsgi.input"]
    body = source.read()
    start("200 OK", [("X-Path", environ["PATH_INFO"]), ("X-Cookie", environ.get("HTTP_COOKIE", ""))])
    return [body, str(environ.get("HTTP_X_REAL", "")).encode()]


def ask(
    wire: Wire,
    *,
    path: str = "/api/v1/envelopes",
    patience: float = 0.2,
    gate: Gate | None = None,
    headers: tuple[tuple[str, str], ...] = (),
    length: int | None = None,
) -> Gate:
    whole = sum(map(len, wire.pieces)) if length is None else length
    told = (("content-length", str(whole)), *headers)
    scope = SimpleNamespace(
        method="POST",
        path=path,
        query_string="",
        http_version="1.1",
        scheme="http",
        server="[::1]:8000",
        client="[2001:db8::1]:4711",
        headers=SimpleNamespace(items=lambda: told),
    )
    gate = gate or Gate(echo, patience=patience)  # type: ignore[arg-type]
    asyncio.run(gate.__rsgi__(scope, wire))
    return gate


def test_a_body_in_many_pieces_arrives_as_it_was_sent() -> None:
    wire = Wire(*[bytes([number]) * 1000 for number in range(50)])
    ask(wire)
    assert (wire.status, wire.answer) == (200, b"".join(wire.pieces))


def test_an_envelope_that_can_be_stored_at_once_takes_no_thread_and_every_other_request_the_usual_road() -> None:
    seen: list[bytes] = []

    async def at_once(body: bytes) -> tuple[int, bytes] | None:
        seen.append(body)
        return (200, b"receipt") if body == b"good" else None

    def gate() -> Gate:
        return Gate(echo, envelopes=at_once)  # type: ignore[arg-type]

    good, odd, elsewhere = Wire(b"good"), Wire(b"odd"), Wire(b"good")
    ask(good, gate=gate())
    ask(odd, gate=gate())
    ask(elsewhere, gate=gate(), path="/api/v1/enroll")
    assert (good.status, good.answer, good.headers["Cache-Control"]) == (200, b"receipt", "no-store")
    assert (odd.answer, elsewhere.answer) == (b"odd", b"good")
    assert seen == [b"good", b"odd"]


def test_a_body_that_stalls_is_given_up_and_its_bytes_are_no_longer_counted() -> None:
    wire = Wire(b"x" * 5000, b"y", pause=0.15)
    gate = ask(wire, length=10_000, patience=0.1)
    assert wire.status == 408
    assert gate._budget.held == 0


def test_a_body_that_trickles_is_given_up_though_something_always_comes() -> None:
    wire = Wire(*[b"x"] * 100, pause=0.05)
    ask(wire, length=5000, patience=0.2)
    assert wire.status == 408


def test_a_body_shorter_than_announced_comes_as_far_as_it_came() -> None:
    wire = Wire(b"half")
    gate = ask(wire, length=5000)
    assert (wire.status, wire.answer, gate._budget.held) == (200, b"half", 0)


def test_what_comes_beyond_the_announced_length_is_cut_off() -> None:
    wire = Wire(b"four and more")
    ask(wire, length=4)
    assert wire.answer == b"four"


def test_a_large_form_is_refused_and_a_large_envelope_is_left_to_its_view() -> None:
    form, envelope = Wire(), Wire()
    ask(form, path="/sign-in/", length=2 * 1024 * 1024)
    ask(envelope, length=9 * 1024 * 1024)
    assert (form.status, envelope.status, envelope.answer) == (413, 200, b"")


def test_reports_cannot_take_the_room_that_is_kept_for_forms() -> None:
    budget = Budget(total=100, forms=20)
    budget.take(80, form=False)
    with pytest.raises(NotRead):
        budget.take(1, form=False)
    budget.take(20, form=True)
    with pytest.raises(NotRead):
        budget.take(1, form=True)


def test_several_cookie_headers_become_one_and_names_with_underscores_are_dropped() -> None:
    wire = Wire(b"")
    ask(wire, headers=(("cookie", "a=1"), ("cookie", "b=2"), ("x_real", "forged")), path="/路")
    assert wire.headers["X-Cookie"] == "a=1; b=2"
    assert wire.headers["X-Path"].encode("latin-1").decode() == "/路"
    assert wire.answer == b""


def test_a_fault_of_ours_is_answered_and_told_by_its_type_only(caplog: pytest.LogCaptureFixture) -> None:
    def breaks(environ: dict[str, Any], start: Callable[..., Any]) -> Iterable[bytes]:
        raise RuntimeError("/media/plan.docx")

    wire = Wire(b"x")
    gate = ask(wire, gate=Gate(breaks, patience=1))  # type: ignore[arg-type]
    assert (wire.status, gate._budget.held) == (500, 0)
    assert "RuntimeError" in caplog.text and "plan" not in caplog.text
