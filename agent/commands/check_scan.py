"""What a scan found, as counts for the checks of markings: from folders scanned now, or from a scan's JSON Lines."""

from __future__ import annotations

import os
import re
from collections import Counter
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from pathlib import Path

import msgspec

from agent.checks.base import Marked
from agent.commands import UsageError
from agent.judging.judge import Context, Judge
from agent.words import text
from protocol.records import ComputerClass, Finding, Level, Verdict

PLACES = {
    "mail": re.compile(
        r"(thunderbird|/Maildir/|/evolution/|claws-mail|foxmail|\.mbox\b|\.eml\b|\.msg\b|\.pst\b)", re.IGNORECASE
    ),
    "sync": re.compile(
        r"(onedrive|dropbox|baidunetdisk|百度网盘|nutstore|坚果云|wpsdrive|wps云|adrive|xwechat_files|wechat files"
        r"|weixin|tencent files|dingtalk|larkshell|telegram|nextcloud|syncthing)",
        re.IGNORECASE,
    ),
    "share": re.compile(
        r"^(/srv/(samba|nfs|ftp)|/var/ftp|/home/[^/]+/(公共|公共的|Public)/|/usershare)", re.IGNORECASE
    ),
    "trash": re.compile(r"(/Trash/|/\.Trash-\d+/|\$Recycle\.Bin)", re.IGNORECASE),
    "temporary": re.compile(r"(^/tmp/|^/var/tmp/|/\.cache/|/backup/|/recover/)", re.IGNORECASE),
}
"""Kinds of folders, by the way to the file."""
_DRAFT = re.compile(
    r"(草稿|征求意见稿|讨论稿|送审稿|draft|autosave|^~\$|\.asd$|\.wbk$|\.tmp$|\.dotx?$|\.wpt$)", re.IGNORECASE
)


class Row(msgspec.Struct, frozen=True, kw_only=True):
    """What of a row of ``mijian scan --format jsonl`` counts here."""

    path: str = ""
    member: str | None = None
    findings: tuple[Finding, ...] = ()
    summary: dict[str, object] | None = None


class Tally:
    """Counts what a scan finds, judged for one class of computer and level."""

    def __init__(self, computer_class: ComputerClass, level: Level | None) -> None:
        """Raises `strict_yaml.FileMistake` where the judging table has a mistake."""
        self._judge = Judge()
        self._context = Context(computer_class, level, b"", b"")
        self._controls: Counter[str] = Counter()
        self._places: Counter[str] = Counter()
        self._codes: Counter[str] = Counter()
        self._families: Counter[str] = Counter()
        self._top_secret = self._drafts = self._exposed = 0

    def add(self, path: str, findings: Sequence[Finding]) -> None:
        """Count one file. Its path is used here and kept nowhere."""
        if not findings:
            return
        broken = {found[0] for one in findings if (found := self._judge.broken(one, self._context))}
        self._controls.update(broken)
        self._families.update({one.family for one in findings})
        self._codes.update({code for one in findings for code in one.codes})
        kinds = {one.family for one in findings}
        if kinds == {"notation"}:
            return
        place = next((name for name, pattern in PLACES.items() if pattern.search(path)), "other")
        self._places[place] += 1
        self._top_secret += any(
            one.level == Level.TOP_SECRET and one.family in {"state", "level_only"} for one in findings
        )
        self._drafts += bool(broken) and (_DRAFT.search(path.rsplit("/", 1)[-1]) is not None or place == "temporary")
        self._exposed += _everybody_may_read(path)

    def marked(self, files: int, not_examined: int, at: datetime) -> Marked:
        """The sum."""
        return Marked(
            at=at,
            files=files,
            not_examined=not_examined,
            by_control=dict(self._controls),
            by_place=dict(self._places),
            codes=dict(self._codes),
            families=dict(self._families),
            top_secret=self._top_secret,
            drafts=self._drafts,
            exposed=self._exposed,
        )


def _everybody_may_read(path: str) -> bool:
    """Whether a file and every folder above it let everybody in; False for a file that is not here any more."""
    try:
        if not os.lstat(path).st_mode & 0o004:
            return False
        return all(folder.stat().st_mode & 0o001 for folder in Path(path).resolve().parents)
    except OSError:
        return False


def marked(paths: Sequence[Path], computer_class: ComputerClass, level: Level | None) -> tuple[Marked, str]:
    """What lies below the folders (or stands in a scan's result), and the digest of the rules. Raises `UsageError`."""
    tally = Tally(computer_class, level)
    if len(paths) == 1 and paths[0].suffix == ".jsonl":
        return _from_file(paths[0], tally)
    return _scan(paths, tally)


def _scan(paths: Sequence[Path], tally: Tally) -> tuple[Marked, str]:
    from agent.commands.scan import cache_folder
    from agent.scanning.cage import CageBroken, RulesMistake
    from agent.scanning.pipeline import Scanner, ScanOptions
    from agent.scanning.walk import MissingPath

    folder = cache_folder()
    scanner = Scanner(ScanOptions(ledger=folder / "ledger.sqlite" if folder else None, cache=folder))
    try:
        summary = scanner.run(paths, lambda result: tally.add(result.path, result.findings))
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
