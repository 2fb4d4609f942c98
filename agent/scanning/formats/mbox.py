"""Mailboxes (.mbox): one message after another, each handed on as a member (RFC 4155)."""

from __future__ import annotations

from collections.abc import Iterator

from agent.scanning.formats.base import Member, MiB, NotExamined, Piece, Reading, Source
from protocol.records import Reason

NAME = "mbox"
MEDIA_TYPES = ("application/mbox",)
LIMITS = {"message bytes": 64 * MiB, "line bytes": 1 * MiB}
LIMITATIONS = ("Where a message ends is told by lines that begin with 'From ' after an empty line.",)


def pieces(source: Source, reading: Reading) -> Iterator[Piece]:
    """Yield each message as a `Member` named by its number; one that is too large comes without its bytes."""
    source.stream.seek(0)
    number = 0
    message = bytearray()
    size = 0
    empty = True
    while line := source.stream.readline(LIMITS["line bytes"]):
        if empty and line.startswith(b"From "):
            if number:
                yield _message(number, message, size, reading)
            number += 1
            message, size = bytearray(), 0
        else:
            size += len(line)
            if size <= LIMITS["message bytes"]:
                # A line of the text that looks like a boundary was marked when the box was written.
                message += line[1:] if line.startswith(b">From ") else line
            number = number or 1
        empty = not line.strip()
    if number:
        yield _message(number, message, size, reading)


def _message(number: int, message: bytearray, size: int, reading: Reading) -> Member:
    name = f"{number}.eml"
    if size > LIMITS["message bytes"]:
        return Member(name, None, size, NotExamined(Reason.TOO_LARGE, "a message is too large"))
    data = bytes(message)
    try:
        reading.budget.spend(len(data))
    except NotExamined as problem:
        return Member(name, None, size, problem)
    return Member(name, data, len(data))
