"""What ``mijian scan`` prints: JSON lines for programs, tables for people; to standard output or whole into a file."""

from __future__ import annotations

import errno
import os
import secrets
import stat
import sys
import time
from collections.abc import Callable
from contextlib import suppress
from io import TextIOWrapper
from pathlib import Path
from typing import IO, TYPE_CHECKING, Protocol

import msgspec

from agent import words
from agent.words import printable, text
from protocol.records import Finding, Verdict

if TYPE_CHECKING:
    from rich.table import Table as RichTable

    from agent.scanning.results import FileResult, Summary

Judged = Callable[[Finding], tuple[str, str | None]]
"""Severity of a finding, and the control it breaks where the class of the computer is known and one is broken."""


class Target:
    """Where output goes. A file appears whole or not at all, readable by its owner alone."""

    def __init__(self, path: Path | None) -> None:
        """Raises OSError where the file cannot be written."""
        self._path = path
        self._part: Path | None = None
        self.stream: IO[bytes]
        if path is None:
            if sys.stdout is None:  # it was closed before we began
                raise OSError(errno.EBADF, os.strerror(errno.EBADF))
            self.stream = sys.stdout.buffer
        elif path.exists() and not path.is_file():
            self.stream = path.open("wb")  # a pipe or device: nothing that could be put in its place
        else:
            self._part = path.with_name(f".{path.name[:200]}.{secrets.token_hex(4)}.part")
            flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC | os.O_NOFOLLOW
            self.stream = os.fdopen(os.open(self._part, flags, 0o600), "wb")

    @property
    def identity(self) -> tuple[int, int] | None:
        """Device and inode of the regular file that is being written, to be left out of the scan."""
        status = None if self._path is None else os.fstat(self.stream.fileno())
        return (status.st_dev, status.st_ino) if status and stat.S_ISREG(status.st_mode) else None

    def close(self) -> None:
        """Put the file in its place."""
        self.stream.flush()
        if self._path is None:
            return
        if self._part is not None:
            os.fsync(self.stream.fileno())
        self.stream.close()
        if self._part is not None:
            self._part.replace(self._path)

    def abandon(self) -> None:
        """Leave nothing behind."""
        if self._path is not None:
            with suppress(OSError):  # what could not be written is given up
                self.stream.close()
        if self._part is not None:
            self._part.unlink(missing_ok=True)


class Output(Protocol):
    """What a scan is told to."""

    def result(self, result: FileResult) -> None:
        """Take one result."""

    def summary(self, summary: Summary) -> None:
        """Take the sum, which comes last."""


class Jsonl:
    """One object a line: every file that is not clean, or every file; the sum last (design.md 4)."""

    def __init__(self, target: Target, *, everything: bool, judged: Judged | None) -> None:
        self._target = target
        self._everything = everything
        self._judged = judged
        self._flushed = time.monotonic()

    def result(self, result: FileResult) -> None:
        """Print one file, at once or within the second."""
        if result.verdict is Verdict.CLEAN and not self._everything:
            return
        if self._judged is not None and result.findings:
            result = _rejudged(result, self._judged)
        self._target.stream.write(result.to_json() + b"\n")
        if time.monotonic() - self._flushed > 0.5:
            self._flushed = time.monotonic()
            self._target.stream.flush()

    def summary(self, summary: Summary) -> None:
        """Print the sum."""
        self._target.stream.write(msgspec.json.encode({"summary": summary_keys(summary)}) + b"\n")


def summary_keys(summary: Summary) -> dict[str, object]:
    """The sum as the contract has it; ``complete`` stands in it only where it is false."""
    keys: dict[str, object] = {
        "enumerated": summary.enumerated,
        "clean": summary.clean,
        "finding": summary.finding,
        "not_examined": summary.not_examined,
        "reasons": dict(sorted(summary.reasons.items())),
        "bytes": summary.bytes,
        "seconds": summary.seconds,
        "rules": summary.rules,
        "cage": summary.cage,
    }
    if not summary.complete:
        keys["complete"] = False
    return keys


class Table:
    """Tables for people: what was found, what could not be examined, and how it adds up."""

    def __init__(self, target: Target, *, everything: bool, judged: Judged | None) -> None:
        self._target = target
        self._everything = everything
        self._judged = judged
        self._kept: dict[Verdict, list[FileResult]] = {verdict: [] for verdict in Verdict}

    def result(self, result: FileResult) -> None:
        """Keep what will be printed."""
        if result.verdict is not Verdict.CLEAN or self._everything:
            self._kept[result.verdict].append(result)

    def summary(self, summary: Summary) -> None:
        """Print it all."""
        from rich.console import Console

        stream = TextIOWrapper(self._target.stream, "utf-8", errors="backslashreplace", write_through=True)
        try:
            terminal = self._target.stream.isatty()
            console = Console(file=stream, width=None if terminal else 200, soft_wrap=False)
            if self._kept[Verdict.FINDING]:
                console.print(self._findings())
            if self._kept[Verdict.NOT_EXAMINED]:
                console.print(self._not_examined())
            if self._kept[Verdict.CLEAN]:
                console.print(self._clean())
            console.print(coverage(summary), markup=False, highlight=False)
        finally:
            with suppress(OSError):  # where the disk is full, printing has said so
                stream.detach()

    def _findings(self) -> RichTable:
        columns = [
            text("文件", "file"),
            text("成员", "member"),
            text("密级", "level"),
            text("标志", "marking"),
            text("期限", "period"),
            text("位置", "zone"),
            text("置信度", "confidence"),
            text("严重程度", "severity"),
        ]
        table = _table(text("发现", "findings"), columns + [text("违反", "breaks")] * bool(self._judged))
        for result in _in_order(self._kept[Verdict.FINDING]):
            for finding in result.findings:
                severity, control = self._judged(finding) if self._judged else (finding.severity.value, None)
                cells = [result.path, result.member or "", finding.level or finding.family, finding.marking]
                cells += [words.standing(finding)]
                cells += [finding.zone, str(finding.confidence), words.severity(severity)]
                _row(table, cells + [control or "—"] * bool(self._judged))
        return table

    def _not_examined(self) -> RichTable:
        columns = [text("文件", "file"), text("成员", "member"), text("原因", "reason"), text("类型", "type")]
        table = _table(text("未能检查", "not examined"), columns)
        for result in _in_order(self._kept[Verdict.NOT_EXAMINED]):
            _row(table, [result.path, result.member or "", words.reason(str(result.reason)), result.media_type])
        return table

    def _clean(self) -> RichTable:
        table = _table(text("无发现", "clean"), [text("文件", "file"), text("成员", "member"), text("类型", "type")])
        for result in _in_order(self._kept[Verdict.CLEAN]):
            _row(table, [result.path, result.member or "", result.media_type])
        return table


def coverage(summary: Summary) -> str:
    """How the sum adds up, in one line, and in another that the scan was cut short where it was."""
    reasons = ", ".join(f"{count} {words.reason(reason)}" for reason, count in summary.reasons.most_common())
    told = f" ({reasons})" if reasons else ""
    speed = words.size(summary.bytes / summary.seconds) if summary.seconds else "0 B"
    line = text(
        f"共 {summary.enumerated} = {summary.clean} 无发现 + {summary.finding} 有发现 "
        f"+ {summary.not_examined} 未能检查{told}; "
        f"{words.size(summary.bytes)}, {summary.seconds:.1f} 秒, {speed}/秒",
        f"{summary.enumerated} seen = {summary.clean} clean + {summary.finding} with findings "
        f"+ {summary.not_examined} not examined{told}; "
        f"{words.size(summary.bytes)} in {summary.seconds:.1f} s, {speed}/s",
    )
    if not summary.cage.startswith("full"):
        line += "\n" + text(f"检查进程的隔离: {summary.cage}", f"confinement of what reads files: {summary.cage}")
    if summary.complete:
        return line
    return (
        line
        + "\n"
        + text("扫描被中断: 以上只是已完成的部分。", "The scan was cut short: this is what was done until then.")
    )


def _table(title: str, columns: list[str]) -> RichTable:
    from rich.table import Table as RichTable

    table = RichTable(title=title, title_justify="left", title_style="bold")
    for column in columns:
        table.add_column(column, overflow="fold")
    return table


def _row(table: RichTable, cells: list[str]) -> None:
    from rich.text import Text

    table.add_row(*(Text(printable(cell)) for cell in cells))


def _in_order(results: list[FileResult]) -> list[FileResult]:
    """By path, each file's members after it in their own order: workers finish in any order."""
    return sorted(results, key=lambda result: result.path)


def _rejudged(result: FileResult, judged: Judged) -> FileResult:
    findings = tuple(msgspec.structs.replace(finding, severity=judged(finding)[0]) for finding in result.findings)
    return msgspec.structs.replace(result, findings=findings)
