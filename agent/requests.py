"""What a person at the computer asks of the running agent: small files in a folder that only root can write.

The agent listens nowhere; a command leaves a request in ``STATE/requests`` and the agent takes it within a second. A
scan that was asked for stays there until it has been made, so that an agent that was killed makes it at its next start;
its answer, the sum of the scan, lies beside it until whoever asked has read it.
"""

from __future__ import annotations

import logging
from contextlib import suppress
from pathlib import Path
from typing import Annotated

import msgspec

from agent.reporting.identity import make_private
from agent.reporting.live import Scan
from protocol.ids import uuid7

FOLDER = "requests"
KNOWN = ("scan-media", "release-media")
"""What can be asked for in a word."""
SCAN, ANSWER = ".scan", ".answer"
"""How the names of a request for a scan and of its answer end."""
LIMIT = 1_000_000
"""Bytes of a request at most."""

log = logging.getLogger(__name__)


class ScanRequest(msgspec.Struct, frozen=True, kw_only=True):
    """A scan that somebody at the computer asks for."""

    id: str
    paths: Annotated[tuple[str, ...], msgspec.Meta(min_length=1)]
    """Full paths; undecodable bytes as surrogates are refused by the command."""


class ScanAnswer(msgspec.Struct, frozen=True, kw_only=True):
    """What came of it."""

    scans: tuple[Scan, ...]
    """The sums: of the computer's own disks, and of each medium on which something of it lies."""
    trouble: str = ""
    """Why it could not be made, as in `agent.sweep.Sweep.broken`; empty where it could."""


def leave_request(state: Path, what: str) -> None:
    """Ask the agent for something. Raises `OSError`, `ValueError` for what is not known."""
    if what not in KNOWN:
        raise ValueError(f"{what!r} is nothing the agent can be asked for")
    make_private(state / FOLDER)
    (state / FOLDER / what).touch(mode=0o600)


def take_requests(state: Path) -> list[str]:
    """What was asked for since the last look; each is told once."""
    taken = []
    for what in KNOWN:
        try:
            (state / FOLDER / what).unlink()
        except OSError:
            continue
        taken.append(what)
    return taken


def ask_for_scan(state: Path, paths: tuple[str, ...]) -> str:
    """Ask for a scan; the id under which it is answered. Raises `OSError`."""
    request = ScanRequest(id=uuid7(), paths=paths)
    make_private(state / FOLDER)
    _write(state / FOLDER / (request.id + SCAN), msgspec.json.encode(request))
    return request.id


def scan_requests(state: Path, known: set[str]) -> list[ScanRequest]:
    """The scans that are asked for and not yet ``known``, oldest first. What cannot be read is removed, and logged."""
    found = []
    for file in sorted((state / FOLDER).glob("*" + SCAN)):
        if file.stem in known:
            continue
        try:
            with file.open("rb") as lines:
                found.append(msgspec.json.decode(lines.read(LIMIT), type=ScanRequest))
        except (OSError, msgspec.DecodeError) as error:
            log.warning("a request for a scan could not be read: %s", type(error).__name__)
            with suppress(OSError):
                file.unlink()
    return found


def answer_scan(state: Path, id_: str, answer: ScanAnswer) -> None:
    """Say what came of a scan; a request that nobody waits for any more is only ended."""
    request = state / FOLDER / (id_ + SCAN)
    with suppress(OSError):  # on a full disk who asked goes on waiting, and can see why in `mijian status`
        if request.exists():
            _write(request.with_suffix(ANSWER), msgspec.json.encode(answer))
        request.unlink(missing_ok=True)


def take_answer(state: Path, id_: str) -> ScanAnswer | None:
    """The answer, once there is one; it is told once. Raises `OSError`, `msgspec.DecodeError`."""
    file = state / FOLDER / (id_ + ANSWER)
    try:
        data = file.read_bytes()
    except FileNotFoundError:
        return None
    file.unlink()
    return msgspec.json.decode(data, type=ScanAnswer)


def withdraw(state: Path, id_: str) -> None:
    """Whoever asked waits no longer; a scan under way goes on."""
    with suppress(OSError):
        (state / FOLDER / (id_ + SCAN)).unlink(missing_ok=True)
        (state / FOLDER / (id_ + ANSWER)).unlink(missing_ok=True)


def _write(file: Path, data: bytes) -> None:
    """Write a file whole, under another name first: half a request is none."""
    beside = file.with_name(file.name + ".new")
    beside.touch(mode=0o600)
    beside.write_bytes(data)
    beside.replace(file)
