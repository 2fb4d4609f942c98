"""Residual data on a raw device or image, before it is scrapped, repaired or given another class (DISPOSE-04).

`survey` reads the device, and only reads it; the checks hold its sums against what disposal asks for. Limits: what
was compressed or encrypted before it was written is not seen as text outside zip-based documents; remapped sectors
and the spare area of flash memory cannot be reached by any reading.
"""

from __future__ import annotations

import os
import stat
import time
import zlib
from collections.abc import Callable, Iterator
from pathlib import Path

from agent.checks.base import CONFIDENTIAL, Check, Context, Fact, Result, cannot, fact, verdict
from agent.checks.residual_carving import OVERLAP, Carver
from agent.checks.residual_deleted import deleted
from agent.checks.residual_signatures import ENCRYPTED, TABLES, file_systems, partitions
from agent.checks.survey import Survey
from signatures.controls import Text

MiB = 1024 * 1024
PIECE = 8 * MiB
BLOCK = 64 * 1024
_SAMPLE = 1024
_DISTINCT = 230
"""Of 1024 random bytes, 251 are distinct on the average, and fewer than 230 next to never."""
EVERYTHING_BELOW = 8 * 1024 * MiB
"""Devices up to this size are read whole; of larger ones a sample is, unless everything is asked for."""
SAMPLES = 512
"""Pieces of a sample, spread evenly, the first and the last among them: 4 GiB."""

Progress = Callable[[int, int, float], None]
"""Bytes read, bytes to read, seconds so far."""


class NotADevice(Exception):
    """Neither a block device nor an ordinary file; ``str()`` says so."""


def survey(path: Path, *, everything: bool = False, progress: Progress | None = None) -> Survey:
    """Read a device or image and sum up what lies on it. Raises `OSError`, `NotADevice`."""
    descriptor = os.open(path, os.O_RDONLY | os.O_CLOEXEC | os.O_NONBLOCK)
    try:
        mode = os.fstat(descriptor).st_mode
        if not (stat.S_ISBLK(mode) or stat.S_ISREG(mode)):
            raise NotADevice(f"{path} is neither a block device nor an image")
        return _survey(descriptor, os.lseek(descriptor, 0, os.SEEK_END), everything, progress)
    finally:
        os.close(descriptor)


def _survey(descriptor: int, size: int, everything: bool, progress: Progress | None) -> Survey:
    began = time.monotonic()
    found, carver = Survey(size=size), Carver()
    plan = list(_plan(size, everything))
    due = sum(count for _, count in plan)
    for offset, count in plan:
        before = min(OVERLAP, offset)
        piece = _read(descriptor, offset - before, count + before)
        found.bad += count + before - len(piece)
        found.read += max(0, len(piece) - before)
        carver.add(piece, offset - before, fresh=before)
        _class(piece[before:], found)
        if progress:
            progress(found.read + found.bad, due, time.monotonic() - began)
    found.documents, found.markings = dict(carver.documents), dict(carver.markings)

    def read(offset: int, count: int) -> bytes:
        return _read(descriptor, offset, count)

    tables, starts = partitions(read, size)
    for name in [*tables, *(name for start in starts for name in file_systems(read, start))]:
        found.signatures[name] = found.signatures.get(name, 0) + 1
    found.deleted, why = deleted(descriptor, starts)
    if why:
        found.not_walked[why] = len(starts)
    found.seconds = round(time.monotonic() - began, 1)
    return found


def _plan(size: int, everything: bool) -> Iterator[tuple[int, int]]:
    """Offsets and lengths to read: everything, or pieces spread evenly over the device."""
    if everything or size <= EVERYTHING_BELOW:
        for offset in range(0, size, PIECE):
            yield offset, min(PIECE, size - offset)
        return
    last = (size - PIECE) // PIECE
    for number in range(SAMPLES):
        offset = last * number // (SAMPLES - 1) * PIECE
        yield offset, min(PIECE, size - offset)


def _read(descriptor: int, offset: int, count: int) -> bytes:
    """What can be read there; a place that the device fails on ends it."""
    pieces = []
    while count > 0:
        try:
            piece = os.pread(descriptor, count, offset)
        except OSError:
            break
        if not piece:
            break
        pieces.append(piece)
        offset += len(piece)
        count -= len(piece)
    return b"".join(pieces)


def _class(data: bytes, found: Survey) -> None:
    """Class each block as constant, random-like or data."""
    for place in range(0, len(data), BLOCK):
        block = data[place : place + BLOCK]
        if _is_constant(block):
            found.constant += 1
        elif _is_random(block):
            found.random += 1
        else:
            found.data += 1


def _is_constant(block: bytes) -> bool:
    """Whether a block holds one value over and over."""
    return block[0] == block[-1] == block[len(block) // 2] and block.count(block[:1]) == len(block)


def _is_random(block: bytes) -> bool:
    """Whether samples of a block hold nearly every value of a byte, and one of them cannot be compressed."""
    samples = [block[place : place + _SAMPLE] for place in (0, len(block) // 2, max(0, len(block) - _SAMPLE))]
    if len(samples[0]) == _SAMPLE and any(len(set(sample)) < _DISTINCT for sample in samples):
        return False
    return len(zlib.compress(samples[0], 1)) >= len(samples[0])


def _told(look: Callable[[Context, Survey], Result]) -> Callable[[Context], Result]:
    """A look that needs a survey."""

    def run(context: Context) -> Result:
        if context.device is None:
            return cannot("没有指定设备：请用 --device", "no device was named: give --device")
        return look(context, context.device)

    return run


def extent(found: Survey) -> Fact:
    """How much was read, of how much, in what time."""
    share = 100 * found.read / found.size if found.size else 0.0
    zh, en = (
        ("逐块全盘读取", "every block was read")
        if found.complete
        else ("等距抽样读取", "evenly spread samples were read")
    )
    return fact(zh, en, f"{found.read} / {found.size} B ({share:.1f} %), {found.seconds} s", "")


def _erased(_context: Context, found: Survey) -> Result:
    """Shares of blocks that are constant, random-like, or hold data."""
    total = max(1, found.blocks)
    shares = [
        fact("全零或单一值的块", "blocks of one value", f"{100 * found.constant / total:.2f} %"),
        fact(
            "不可压缩的块（随机、加密或压缩）",
            "blocks that cannot be compressed (random, encrypted, compressed)",
            f"{100 * found.random / total:.2f} %",
        ),
        extent(found),
    ]
    wrong = []
    if found.data:
        wrong.append(
            fact("含有数据的块", "blocks that hold data", f"{100 * found.data / total:.2f} % ({found.data})", 0)
        )
    if found.bad:
        wrong.append(fact("无法读取的字节数", "bytes that could not be read", found.bad, 0))
    if found.size == 0:
        return cannot("设备大小为零", "the device has no size")
    return verdict(wrong, shares)


def _signatures(context: Context, found: Survey) -> Result:
    """Partition tables, file systems and encryption that are still there."""
    seen = [
        fact("分区表或文件系统", "partition table or file system", f"{name} × {count}", "-")
        for name, count in sorted(found.signatures.items())
    ]
    return verdict(seen, []) if context.computer_class in CONFIDENTIAL else verdict([], seen)


def _documents(_context: Context, found: Survey) -> Result:
    """Heads of documents at the start of sectors."""
    return verdict(
        [
            fact(f"文档文件头：{name}", f"heads of documents: {name}", count, 0)
            for name, count in sorted(found.documents.items())
        ],
        [extent(found)],
    )


def _markings(_context: Context, found: Survey) -> Result:
    """Bytes of markings, in UTF-8, UTF-16 and GB18030 and inside carved zip-based documents."""
    return verdict(
        [
            fact(f"密级标志（{name}）", f"markings ({name})", count, 0)
            for name, count in sorted(found.markings.items())
            if count
        ],
        [extent(found)],
    )


def _deleted(context: Context, found: Survey) -> Result:
    """Deleted files that can be read back, by file system."""
    if "missing" in found.not_walked:
        return cannot(
            "未安装恢复检查组件（pytsk3）", "the component that looks for deleted files (pytsk3) is not installed"
        )
    if found.not_walked:
        return cannot(
            "恢复检查中断：文件系统损坏或过大",
            "looking for deleted files ended early: the file system is damaged or too large",
        )
    bad = ("marked", "recoverable") if context.computer_class in CONFIDENTIAL else ("marked",)
    rows = [
        (name, fact(f"已删除文件：{name}", f"deleted files: {name}", count, 0 if name.split()[-1] in bad else ""))
        for name, count in sorted(found.deleted.items())
    ]
    return verdict(
        [one for name, one in rows if name.split()[-1] in bad],
        [one for name, one in rows if name.split()[-1] not in bad],
    )


def _encrypted(_context: Context, found: Survey) -> Result:
    """Whether the medium is encrypted as a whole or by partition."""
    names = set(found.signatures)
    seen = fact("签名", "signatures", ", ".join(sorted(names)) or "none", ", ".join(sorted(ENCRYPTED)))
    plain = names - ENCRYPTED - TABLES
    return verdict([], [seen]) if names & ENCRYPTED and not plain else verdict([seen])


_REMEDY = Text(
    zh="用经认可的工具全盘覆写或消磁后重新检查；不能清除的，按规定销毁。",
    en="Overwrite the whole device with an approved tool or degauss it, then check again; else destroy it.",
)
_SUMS = Text(zh="方法、读取范围、按类型的数量，不含数据", en="method, extent and counts by type, never data")


def _check(name: str, title: tuple[str, str], look: Callable[[Context, Survey], Result], *controls: str) -> Check:
    """A check of this family: what they share is said once."""
    return Check(
        everywhere=True,
        name=name,
        controls=controls or ("DISPOSE-04", "MEDIA-22"),
        in_part=("DISPOSE-03", "DISPOSE-07") if not controls else (),
        title=Text(zh=title[0], en=title[1]),
        remedy=_REMEDY,
        reads=("the raw device",),
        records=_SUMS,
        look=_told(look),
    )


CHECKS = (
    _check("device-erased", ("存储已清除", "The storage is erased"), _erased),
    _check("device-signatures", ("没有分区和文件系统", "No partition or file system is left"), _signatures),
    _check("device-documents", ("没有文档残留", "No documents are left"), _documents),
    _check(
        "device-markings", ("没有密级标志残留", "No markings are left"), _markings, "DISPOSE-04", "MEDIA-22", "MEDIA-05"
    ),
    _check("device-deleted", ("没有可恢复的已删除文件", "No deleted file can be recovered"), _deleted),
    _check("device-encrypted", ("介质已加密", "The medium is encrypted"), _encrypted, "MEDIA-17"),
)
