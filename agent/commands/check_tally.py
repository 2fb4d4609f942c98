"""Counts what a scan finds for the checks of markings: by control, kind of folder, code, account. No path is kept."""

from __future__ import annotations

import os
import re
from collections import Counter, defaultdict
from collections.abc import Sequence
from datetime import datetime
from pathlib import Path

from agent.checks.base import Marked
from agent.judging.judge import Context, Judge
from agent.judging.stores import is_draft
from protocol.records import ComputerClass, Finding, Level
from signatures.profiles import Parameters

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
_RECORDING = re.compile(
    r"\.(mp3|wav|m4a|aac|flac|ogg|wma|amr|opus|mp4|avi|mov|mkv|wmv|flv|3gp|m4v|mpe?g|ts|vob|heic)$", re.IGNORECASE
)
_COPY = re.compile(r"( ?[-_(（【]* ?(副本|复件|复制|拷贝|copy|copie)[^.]*|[(（]\d{1,3}[)）])+(?=\.|$)", re.IGNORECASE)
"""What programs add to the name of a copy: ``方案 - 副本.docx``, ``方案(2).docx``, ``Copy``."""
_HOME = re.compile(r"^/(?:home|Users)/([^/]+)/")
_MOST_NAMES = 200_000
"""Names of marked files that are remembered, as short digests, to tell copies."""


class Tally:
    """Counts what a scan finds, judged for one class of computer and level."""

    def __init__(self, computer_class: ComputerClass, level: Level | None, parameters: Parameters) -> None:
        """Raises `strict_yaml.FileMistake` where the judging table has a mistake."""
        self._designated = tuple(f"{folder.rstrip('/')}/" for folder in parameters.marked_folders)
        self._outside = self._recordings = 0
        self._accounts: defaultdict[str, Counter[str]] = defaultdict(Counter)
        self._named: dict[int, str] = {}
        self._unlike: set[int] = set()
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
            self._recordings += _RECORDING.search(path) is not None
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
        self._drafts += bool(broken) and (is_draft(path) or place == "temporary")
        self._exposed += _everybody_may_read(path)
        self._outside += bool(self._designated) and not str(Path(path).absolute()).startswith(self._designated)
        strongest = findings[0]
        home = _HOME.match(path)
        if home and strongest.level:
            self._accounts[home[1]][strongest.level] += 1
        self._compare(path, f"{strongest.family} {strongest.level} {strongest.period}")

    def _compare(self, path: str, marking: str) -> None:
        """Remember the marking of a name without what a copy adds to it, and whether another of it differs."""
        name = hash(_COPY.sub("", path.rsplit("/", 1)[-1]).lower())
        if self._named.get(name, marking) != marking:
            self._unlike.add(name)
        elif len(self._named) < _MOST_NAMES:
            self._named[name] = marking

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
            outside=self._outside,
            unlike_copies=len(self._unlike),
            recordings=self._recordings,
            by_account={name: dict(levels) for name, levels in self._accounts.items()},
        )


def _everybody_may_read(path: str) -> bool:
    """Whether a file and every folder above it let everybody in; False for a file that is not here any more."""
    try:
        if not os.lstat(path).st_mode & 0o004:
            return False
        return all(folder.stat().st_mode & 0o001 for folder in Path(path).resolve().parents)
    except OSError:
        return False
