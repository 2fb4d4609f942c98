"""``mijian scan --explain``: what was read of a file, from which zones, how long it took, and what was cut off."""

from __future__ import annotations

import sys
from collections.abc import Iterator, Sequence
from itertools import islice

import msgspec

from agent.commands import UsageError
from agent.commands.scan_output import Target
from agent.scanning.cage import Cage, CageBroken
from agent.scanning.opening import SLOWEST, Done
from agent.scanning.picture_desk import start_seeing
from agent.scanning.pipeline import ScanOptions, start_of
from agent.scanning.walk import Found, Walk, shown
from agent.scanning.wire import OCR, Explained, Part
from agent.words import printable, size, text
from agent.words import reason as in_words
from protocol.records import Verdict

MOST = 100
"""Files that are explained at once: it is for looking at one that came out otherwise than expected."""


def explain(options: ScanOptions, paths: Sequence[str], *, as_json: bool, target: Target) -> int:
    """Explain each file below ``paths``; the exit status is that of a scan of them. Raises `UsageError`."""
    files = list(islice((one for one in Walk(paths) if isinstance(one, Found)), MOST + 1))
    if not files or len(files) > MOST:
        raise UsageError(
            text(
                f"--explain 用于 1 至 {MOST} 个普通文件, 这里{'更多' if files else '没有'}",
                f"--explain is for 1 to {MOST} regular files; there {'are more' if files else 'is none'} here",
            )
        )
    verdicts = set()
    for done, cage, memory, patience in _examined(options, files):
        verdicts |= {row.verdict for row in done.reply.rows}
        limits = {"memory": memory, "seconds": round(patience + done.status.st_size / SLOWEST)}
        told = _as_json(done, cage, limits) if as_json else _as_text(done, cage, limits)
        target.stream.write(told.encode("utf-8", "backslashreplace"))
    target.stream.flush()
    if target.stream is sys.stdout.buffer:
        sys.stdout.flush()
    return 1 if Verdict.FINDING in verdicts else 3 if Verdict.NOT_EXAMINED in verdicts else 0


def _examined(options: ScanOptions, files: Sequence[Found]) -> Iterator[tuple[Done, str, int, float]]:
    """Each file with the cage it was in and the memory and time it had; those with pictures last, as a scan does it."""
    start, held = start_of(options), []
    with Cage(start, 1, patience=options.patience, explain=True) as cage:
        for done in cage.examine(iter(files)):
            if any(row.pictures for row in done.reply.rows):
                held.append(done)
            else:
                yield done, cage.word, options.memory, options.patience
        word = cage.word
    if not held:
        return
    patience = options.patience + 4 * options.picture_seconds  # pictures are read twice: to scan and to explain
    seeing = start_seeing(start, options.picture_seconds)
    left = {id(done.file): done for done in held}
    try:
        with Cage(seeing, 1, patience=patience, explain=True, first=OCR) as cage:
            for done in cage.examine(done.file for done in held):
                del left[id(done.file)]
                yield done, cage.word, seeing.memory, patience
    except CageBroken:
        pass  # pictures cannot be read on this computer: the others' word for it stands
    for done in left.values():
        yield done, word, options.memory, options.patience


def _as_json(done: Done, cage: str, limits: dict[str, int]) -> str:
    """One object a file."""
    row = done.reply.rows[0]
    value = {
        "path": shown(done.file.path),
        "verdict": row.verdict,
        "reason": row.reason,
        "cage": cage,
        "limits": limits,
        "explained": done.reply.explained,
    }
    return msgspec.json.encode(value).decode() + "\n"


def _as_text(done: Done, cage: str, limits: dict[str, int]) -> str:
    row, told = done.reply.rows[0], done.reply.explained
    lines = [printable(shown(done.file.path))]
    lines.append(
        text(
            f"  隔离: {cage}; 内存上限 {size(limits['memory'])}, 时间上限 {limits['seconds']} 秒",
            f"  cage: {cage}; memory at most {size(limits['memory'])}, time at most {limits['seconds']} s",
        )
    )
    if told is None:
        why = in_words(str(row.reason)) if row.reason else ""
        lines.append(text(f"  未能检查: {why}", f"  not examined: {why}"))
        return "\n".join(lines) + "\n"
    lines.append(_sum(told))
    for part in told.parts:
        lines += _part(part)
    return "\n".join(lines) + "\n"


def _sum(told: Explained) -> str:
    limits = ", ".join(f"{name} ≤ {value:,}" for name, value in told.limits.items())
    scanned, read = f"{told.scanned * 1000:.1f}", f"{told.read * 1000:.1f}"
    return text(
        f"  检查用时 {scanned} 毫秒; 全部读出用时 {read} 毫秒; 解出 {size(told.expanded)}\n  每文件限额: {limits}",
        f"  scanned in {scanned} ms; all of it read in {read} ms; {size(told.expanded)} unpacked\n"
        f"  limits for one file: {limits}",
    )


def _part(part: Part) -> list[str]:
    """The lines about one file or member."""
    name = printable(part.member) if part.member else text("文件本身", "the file itself")
    reader = part.format or text("仅名称", "its name alone")
    milliseconds = f"{part.seconds * 1000:.1f}"
    lines = [
        text(
            f"  {name}: {part.media_type}, {size(part.size)}, 读取方式 {reader}, {milliseconds} 毫秒, {part.verdict}",
            f"  {name}: {part.media_type}, {size(part.size)}, read by {reader}, {milliseconds} ms, {part.verdict}",
        )
    ]
    for zone, (passages, characters) in sorted(part.zones.items()):
        lines.append(
            text(
                f"    {zone}: {passages} 段, {characters} 字",
                f"    {zone}: {passages} passages, {characters} characters",
            )
        )
    if part.cut:
        lines.append(text(f"    未读完: {part.cut}", f"    cut: {part.cut}"))
    if part.limits:
        limits = ", ".join(f"{name} ≤ {value:,}" for name, value in part.limits.items())
        lines.append(text(f"    格式限额: {limits}", f"    limits of the format: {limits}"))
    return lines
