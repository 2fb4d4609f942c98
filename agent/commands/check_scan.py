"""What a scan found, as counts for the checks of markings: from folders scanned now, or from a scan's JSON Lines."""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from pathlib import Path

import msgspec

from agent.checks.base import Marked
from agent.commands import UsageError
from agent.commands.check_tally import Tally
from agent.words import text
from protocol.records import ComputerClass, Finding, Level, Verdict
from signatures.profiles import Parameters


class Row(msgspec.Struct, frozen=True, kw_only=True):
    """What of a row of ``mijian scan --format jsonl`` counts here."""

    path: str = ""
    member: str | None = None
    findings: tuple[Finding, ...] = ()
    summary: dict[str, object] | None = None


def marked(
    paths: Sequence[Path], computer_class: ComputerClass, level: Level | None, parameters: Parameters
) -> tuple[Marked, str]:
    """What lies below the folders (or stands in a scan's result), and the digest of the rules. Raises `UsageError`."""
    tally = Tally(computer_class, level, parameters)
    if len(paths) == 1 and paths[0].suffix == ".jsonl":
        return _from_file(paths[0], tally)
    return _scan(paths, tally)


def _scan(paths: Sequence[Path], tally: Tally) -> tuple[Marked, str]:
    from agent.commands.scan import cache_folder
    from agent.commands.scan_progress import Watch
    from agent.scanning.cage import CageBroken, RulesMistake
    from agent.scanning.pipeline import Scanner, ScanOptions
    from agent.scanning.walk import MissingPath

    folder = cache_folder()
    scanner = Scanner(ScanOptions(ledger=folder / "ledger.sqlite" if folder else None, cache=folder))
    try:
        with Watch([str(path) for path in paths], scanner.options.cross_file_systems, shown=True) as watch:
            summary = scanner.run(paths, lambda result: tally.add(result.path, result.findings), watch.progress)
    except MissingPath as error:
        raise UsageError(
            text(f"--scan {error.path}：没有这个文件或文件夹", f"--scan {error.path}: there is no such file or folder")
        ) from error
    except (RulesMistake, CageBroken) as error:
        raise UsageError(text(f"无法扫描：{error}", f"the scan cannot work here: {error}")) from error
    return tally.marked(summary.enumerated, summary.not_examined, datetime.now(UTC)), summary.rules


def _from_file(path: Path, tally: Tally) -> tuple[Marked, str]:
    decode: Callable[[bytes], Row] = msgspec.json.Decoder(Row).decode
    summary: dict[str, object] = {}
    number = 0
    try:
        with path.open("rb") as stream:
            for line in stream:
                number += 1
                row = decode(line)
                if row.summary is not None:
                    summary = row.summary
                else:
                    tally.add(row.path, row.findings)
            at = datetime.fromtimestamp(os.fstat(stream.fileno()).st_mtime, UTC)
    except OSError as error:
        raise UsageError(f"--scan {path}: {error.strerror}") from error
    except (msgspec.MsgspecError, UnicodeDecodeError) as error:
        what = text("不是 mijian scan --format jsonl 的结果", "is no result of mijian scan --format jsonl")
        raise UsageError(f"--scan {path}:{number}: {what}") from error
    if not summary:
        raise UsageError(
            text(
                f"--scan {path}：缺少总计行，扫描未完成；请重新扫描",
                f"--scan {path}: its last line, the sum, is missing: that scan did not end; scan again",
            )
        )
    files, missed = summary.get("enumerated"), summary.get(str(Verdict.NOT_EXAMINED).replace("-", "_"))
    return (
        tally.marked(files if isinstance(files, int) else 0, missed if isinstance(missed, int) else 0, at),
        str(summary.get("rules", "")),
    )
