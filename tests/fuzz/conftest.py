"""A small mutation fuzzer over the formats' readers: deterministic, in a child process, within a time.

Every reader must end on any bytes whatsoever with pieces or with `NotExamined`: no other error, no crash of a
library, no hang. In the suite each reader gets a moment; ``MIJIAN_FUZZ_SECONDS=600 pytest tests/fuzz`` gives it ten
minutes of a processor, ``MIJIAN_FUZZ_SEED`` another course, ``MIJIAN_FUZZ_CORPUS`` a folder with more files to begin
from, and ``MIJIAN_FUZZ_KEEP`` a folder in which what broke a reader is left, and a line for each run in ``runs.txt``.
Seconds are those a processor worked, so that a busy computer neither shortens a run nor makes a hang.
"""

from __future__ import annotations

import hashlib
import io
import mmap
import os
import random
import select
import signal
import struct
import time
import traceback
import zipfile
import zlib
from collections.abc import Callable, Sequence
from functools import cache
from itertools import islice
from pathlib import Path
from typing import NamedTuple

import pytest

from agent.scanning.formats import FORMATS, format_for
from agent.scanning.formats.base import Budget, Drawn, Format, Member, NotExamined, Picture, Reading, Source
from agent.scanning.identify import identify
from agent.scanning.ocr import decode
from signatures.passages import Passage

SECONDS = float(os.environ.get("MIJIAN_FUZZ_SECONDS", "0.15"))
COURSE = os.environ.get("MIJIAN_FUZZ_SEED", "0")
CORPUS = os.environ.get("MIJIAN_FUZZ_CORPUS", "")
KEEP = os.environ.get("MIJIAN_FUZZ_KEEP", "")
CRASHES = Path(__file__).parent / "crashes"
_LONGEST_INPUT = 256 * 1024
HANG, ENDED = "a hang", "ended with status"
_PATIENCE = 20
"""Seconds of a processor after which one input counts as a hang."""
_BREATH = 0.05
"""Seconds of a processor after which a child says that it is alive."""
_HEAD = struct.Struct("<QQ")
"""Before an input: which one it is, and its size."""
_STALLED = 60 * _PATIENCE
"""Seconds after which one counts as a hang that waits for something and does nothing."""
MAY_END = frozenset({"pdf"})
"""Readers by a library that ends the process on some damaged input, as is known: the cage has a worker for that."""
MAY_HANG = frozenset({"disk"})
"""Readers by a library that does not end on some damaged input, as is known: the cage ends it, with its worker."""
_SPEAKS = (b"<", b"{", b"[", b"\xef", b"%")
"""First bytes of what is written in words: markup, JSON, rich text, PDF."""
_VALUES = (
    b"",
    b"0",
    b"-1",
    b"1",
    b"65536",
    b"4294967296",
    b"1e400",
    b"NaN",
    b"true",
    b"&#xD800;",
    b"&#0;",
    b"\xff",
    b"A1",
)
_VALUES += (b"../../x", b"rId1", b"%s", b"#REF!", "机密★10年".encode(), b"a:b", b"{}", b"*", b"\xe6\x9c")
_OPENS, _CLOSES = (b"<", b"<", b"</", b"{", b"["), (b">", b">", b"/>", b"}", b"]")
_NUMBERS = [0, 1, 2, 0x7F, 0x80, 0xFF, 0x7FFF, 0x8000, 0xFFFF, 0x7FFFFFFF, 0x80000000, 0xFFFFFFFE, 0xFFFFFFFF]


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """A long run is asked for: what stops a test that does not end is not to stop it."""
    if SECONDS > _PATIENCE:
        for item in items:
            if Path(__file__).parent in item.path.parents:
                item.add_marker(pytest.mark.timeout(0))


class Everything:
    """A sieve that finds a literal in every line, so that no reader can take the short way home."""

    def worth(self, data: bytes | memoryview, *, encodings: frozenset[str] | None = None) -> bool:
        return True

    def spans(self, data: bytes | memoryview, *, encodings: frozenset[str] | None = None) -> list[tuple[int, int, str]]:
        found, place = [], 0
        for line in bytes(data).split(b"\n"):
            if line.strip():
                found.append((place, place + 1, "utf-8"))
            place += len(line) + 1
        return found


def read_whole(module: Format, data: bytes) -> None:
    """Run a reader to its end; anything but pieces and `NotExamined` is raised."""
    budget = Budget(expanded=64 * 1024 * 1024, members=2_000)
    reading = Reading(Everything(), budget, name="outer.gz")
    try:
        for piece in module.pieces(Source(io.BytesIO(data), len(data)), reading):
            if isinstance(piece, Picture):
                _seen(piece)
                continue
            assert isinstance(piece, Passage | Member)
            if isinstance(piece, Passage):
                piece.text.encode("utf-8")
            else:
                piece.name.encode("utf-8", "backslashreplace")
    except NotExamined:
        return


def _seen(picture: Picture) -> None:
    """A picture's pixels, as a worker with OCR has them; what it would read in them is not asked."""
    content = picture.load()
    if isinstance(content, Drawn):
        decode.drawn(content)
        return
    for frame in islice(decode.frames(content), 3):
        assert frame.ndim == 3


def mutated(data: bytes, seeds: Sequence[bytes], chance: random.Random) -> bytes:
    """Some bytes of the input changed, or, in a zip, of one of its members, most often."""
    if data.startswith(b"PK\3\4") and chance.random() < 0.75:
        inside = in_zip(data, chance, lambda part, parts: _changed(part, parts, chance))
        if inside is not None:
            return inside
    return _changed(data, seeds, chance)


def in_zip(data: bytes, chance: random.Random, change: Callable[[bytes, list[bytes]], bytes]) -> bytes | None:
    """The zip with one of its members changed; None where it is none. ``change`` gets the member and all of them."""
    out = io.BytesIO()
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as old, zipfile.ZipFile(out, "w") as new:
            parts = [(info.filename, old.read(info)) for info in old.infolist()]
            if not parts:
                return None
            chosen = chance.choice(parts)[0]
            for name, content in parts:
                new.writestr(name, change(content, [each for _, each in parts]) if name == chosen else content)
    except (
        zipfile.BadZipFile,
        OSError,
        ValueError,
        NotImplementedError,
        RuntimeError,
        struct.error,
        KeyError,
        zlib.error,
    ):
        return None
    return out.getvalue()


def _changed(data: bytes, seeds: Sequence[bytes], chance: random.Random) -> bytes:
    raw = bytearray(data or b"\0")
    for _ in range(chance.choice((1, 1, 1, 2, 3, 8, 20))):
        at = _somewhere(raw, chance)
        if raw[:1] in _SPEAKS and chance.random() < 0.5:
            _other_words(raw, at, chance)
            continue
        match chance.randrange(8):
            case 0:
                raw[at : at + 1] = bytes([chance.randrange(256)])
            case 1:
                raw[at : at + 4] = struct.pack("<I", chance.choice(_NUMBERS))
            case 2:
                raw[at : at + 2] = struct.pack(">H", chance.choice(_NUMBERS) & 0xFFFF)
            case 3:
                del raw[at : at + chance.choice((1, 2, 8, 100))]
            case 4:
                end = at + chance.choice((1, 8, 64, 512))
                raw[at:at] = raw[at:end] * chance.choice((1, 2, 30))
            case 5:
                other = chance.choice(seeds)
                begin = chance.randrange(len(other) or 1)
                raw[at:at] = other[begin : begin + chance.choice((4, 32, 300))]
            case 6:
                del raw[at + 1 :]
            case _:
                raw[at : at + 16] = bytes(len(raw[at : at + 16]))
        if not raw:
            raw = bytearray(b"\0")
    return bytes(raw[: max(_LONGEST_INPUT, len(data))])


def _other_words(raw: bytearray, at: int, chance: random.Random) -> None:
    """In markup and the like: another value, or an element (or what stands in braces) gone, doubled or moved."""
    quote = raw.find(chance.choice((b'"', b'"', b"'", b">", b" ")), at)
    end = min((found for mark in (b'"', b"'", b"<", b" ") if (found := raw.find(mark, quote + 1)) > 0), default=-1)
    if quote >= 0 and quote < end <= quote + 400 and chance.random() < 0.6:
        raw[quote + 1 : end] = chance.choice(_VALUES)
        return
    begin = raw.rfind(chance.choice(_OPENS), 0, at + 1)
    end = raw.find(chance.choice(_CLOSES), at)
    if begin < 0 or end < 0:
        return
    part = raw[begin : end + 1][:20_000]
    match chance.randrange(3):
        case 0:
            del raw[begin : end + 1]
        case 1:
            raw[begin:begin] = part * chance.choice((1, 2, 50))
        case _:
            place = raw.find(b"<", chance.randrange(len(raw)))
            raw[max(place, 0) : max(place, 0)] = part


def _somewhere(raw: bytearray, chance: random.Random) -> int:
    """A place in the input, by preference where something is: images of disks are nothing for the most part."""
    for _ in range(30):
        at = chance.randrange(len(raw) or 1)
        if raw[at : at + 64].strip(b"\0"):
            break
    return at


@cache
def _more_seeds() -> dict[str, list[bytes]]:
    """Files of a folder by their format, for those who want to dig deeper."""
    found: dict[str, list[bytes]] = {}
    for path in sorted(Path(CORPUS).rglob("*")) if CORPUS else ():
        if path.is_file() and path.stat().st_size <= _LONGEST_INPUT:
            data = path.read_bytes()
            name = FORMATS.get(identify(Source.of(data), path.name).media_type)
            if name is not None:
                found.setdefault(name, []).append(data)
    return found


def _child(module: Format, seeds: list[bytes], shared: mmap.mmap, report: int, left: float, attempt: int) -> None:
    """Go on until the time is over; what is tried, and which one it is, stands in ``shared`` while it is."""
    chance = random.Random(f"{module.NAME} {COURSE} {attempt or ''}".rstrip())  # noqa: S311 - no secret hangs on it
    pool = list(seeds)
    now = said = time.process_time()
    until, tried = now + left, 0
    while now < until:
        data = mutated(chance.choice(pool), pool, chance)[: len(shared) - _HEAD.size]
        tried += 1
        _HEAD.pack_into(shared, 0, tried, len(data))
        shared[_HEAD.size : _HEAD.size + len(data)] = data
        read_whole(module, data)
        if chance.random() < 0.02 and len(pool) < 500:
            pool.append(data)  # changes upon changes
        now = time.process_time()
        if now - said > _BREATH:
            said = now
            os.write(report, b".")


class _Run(NamedTuple):
    """What one child did: what went wrong (empty: nothing), with which input, and what it had tried by then."""

    trouble: str
    data: bytes
    tried: int
    seconds: float


def _watched(module: Format, seeds: list[bytes]) -> tuple[str, bytes]:
    """Run children until the time is over. What went wrong (empty: nothing) and the input that did it."""
    runs: list[_Run] = []
    while True:
        left = SECONDS - sum(run.seconds for run in runs)
        if runs and left <= 0:
            break
        runs.append(_once(module, seeds, left, len(runs)))
        if not runs[-1].trouble or not _known(module.NAME, runs[-1].trouble):
            break
    if KEEP:
        tried, seconds = sum(run.tried for run in runs), sum(run.seconds for run in runs)
        with (Path(KEEP) / "runs.txt").open("a") as told:
            told.write(f"{module.NAME} {seconds:.0f} s, {tried} inputs, {len(runs)} processes, {len(seeds)} seeds\n")
    last = runs[-1]
    return ("", last.data) if _known(module.NAME, last.trouble) else (last.trouble, last.data)


def _known(name: str, trouble: str) -> bool:
    return name in MAY_HANG if trouble == HANG else name in MAY_END and trouble.startswith(ENDED)


def _worked(child: int) -> float:
    """The seconds of a processor that a child has had."""
    fields = Path(f"/proc/{child}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def _once(module: Format, seeds: list[bytes], left: float, attempt: int) -> _Run:
    """Run one child."""
    patience = 0.5 if module.NAME in MAY_HANG else _PATIENCE
    shared = mmap.mmap(-1, 16 + 2 * _LONGEST_INPUT + 8 * 1024 * 1024)
    read_end, write_end = os.pipe()
    child = os.fork()
    if child == 0:
        os.close(read_end)
        try:
            _child(module, seeds, shared, write_end, left, attempt)
        except Exception:  # noqa: BLE001 - whatever it is, it is what is looked for
            os.write(write_end, traceback.format_exc().encode()[-4000:])
            os._exit(1)
        finally:
            os._exit(0)
    os.close(write_end)
    said, trouble = b"", ""
    heard, worked = time.monotonic(), 0.0
    while True:
        ready, _, _ = select.select([read_end], [], [], patience)
        if not ready:
            if _worked(child) - worked < patience and time.monotonic() - heard < _STALLED:
                continue
            os.kill(child, signal.SIGKILL)
            trouble = HANG
            break
        more = os.read(read_end, 65536)
        if not more:
            break
        heard, worked = time.monotonic(), _worked(child)
        said = (said + more.lstrip(b"."))[-8000:]
    os.close(read_end)
    _, status, used = os.wait4(child, 0)
    if not trouble and status:
        trouble = said.decode("utf-8", "replace") or f"{ENDED} {status}"
    tried, size = _HEAD.unpack_from(shared)
    return _Run(trouble, shared[_HEAD.size : _HEAD.size + size], tried, used.ru_utime + used.ru_stime)


@pytest.fixture
def fuzz(tmp_path: Path) -> Callable[[str, list[bytes]], list[str]]:
    """Give a reader its moment; what went wrong, with the file that broke it."""

    def run(name: str, seeds: list[bytes]) -> list[str]:
        module = format_for(next(media_type for media_type, each in FORMATS.items() if each == name))
        assert module is not None
        assert name == module.NAME
        seeds = seeds + [path.read_bytes() for path in sorted(CRASHES.glob(f"{name}-*"))]
        for seed in seeds:
            read_whole(module, seed)
        seeds += _more_seeds().get(name, [])
        trouble, data = _watched(module, seeds)
        if not trouble:
            return []
        kept = (Path(KEEP) if KEEP else tmp_path) / f"{name}-{hashlib.sha256(data).hexdigest()[:12]}"
        kept.write_bytes(data)
        return [f"{name} broke on {kept}:\n{trouble}"]

    return run
