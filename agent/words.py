"""Texts for people, in Chinese and English, side by side where they are used.

``words.text("没有结果", "no results")`` gives the one for the language in force: that of ``--lang`` where it was
given, else of the first of LC_ALL, LC_MESSAGES, LANG that is set, as POSIX has it.
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    from protocol.records import Finding

Language = Literal["zh", "en"]

_chosen: Language | None = None


def language() -> Language:
    """The language in force: ``zh`` or ``en``."""
    if _chosen is not None:
        return _chosen
    for name in ("LC_ALL", "LC_MESSAGES", "LANG"):
        value = os.environ.get(name)
        if value:
            return "zh" if value.lower().startswith("zh") else "en"
    return "en"


SYSTEM_FILES = (Path("/etc/locale.conf"), Path("/etc/default/locale"))
"""Where systems say in which language they speak; a service gets no LANG from its manager."""


def of_system(files: Iterable[Path] = SYSTEM_FILES) -> Language | None:
    """The language of the system, where the environment names none; None leaves it to the environment."""
    if any(os.environ.get(name) for name in ("LC_ALL", "LC_MESSAGES", "LANG")):
        return None
    for file in files:
        try:
            lines = file.read_text("utf-8", "replace").splitlines()
        except OSError:
            continue
        for line in lines:
            name, _, value = line.strip().partition("=")
            if name == "LANG":
                return "zh" if value.strip("\"'").lower().startswith("zh") else "en"
    return None


def use(chosen: Language | None) -> None:
    """Choose the language for this process; None goes back to the environment's."""
    global _chosen
    _chosen = chosen


def text(zh: str, en: str) -> str:
    """The one of two wordings that is in the language in force."""
    return zh if language() == "zh" else en


_UNPRINTABLE = re.compile("[\x00-\x1f\x7f-\x9f\u061c\u200e\u200f\u2028\u2029\u202a-\u202e\u2066-\u2069\ud800-\udfff]")


def printable(name: str) -> str:
    """A name of unknown origin made fit for a terminal: control, bidi and undecodable characters are escaped.

    A file name may hold escape sequences that would otherwise be obeyed by the terminal.
    """
    return _UNPRINTABLE.sub(_escape, name)


def _escape(match: re.Match[str]) -> str:
    code = ord(match.group())
    if 0xDC80 <= code <= 0xDCFF:
        return f"\\x{code - 0xDC00:02x}"
    return f"\\x{code:02x}" if code < 0x100 else f"\\u{code:04x}"


def size(count: float) -> str:
    """A number of bytes for people: ``1.2 GB`` (powers of ten)."""
    for unit in ("B", "kB", "MB", "GB"):
        if count < 1000:
            return f"{count:.0f} {unit}" if unit == "B" else f"{count:.1f} {unit}"
        count /= 1000
    return f"{count:.1f} TB"


REASONS: dict[str, tuple[str, str]] = {
    "encrypted": ("加密", "encrypted"),
    "damaged": ("损坏", "damaged"),
    "unsupported": ("不支持的格式", "unsupported"),
    "too-large": ("过大", "too large"),
    "too-deep": ("嵌套过深", "nested too deep"),
    "bomb": ("压缩炸弹", "decompression bomb"),
    "timeout": ("超时", "timed out"),
    "crashed": ("解析崩溃", "parser crashed"),
    "unreadable": ("无法读取", "unreadable"),
    "vanished": ("扫描时消失", "vanished"),
    "special-file": ("特殊文件", "special file"),
    "placeholder": ("未下载的占位文件", "placeholder"),
}
"""How a file was not examined, for people; keys as in `protocol.records.Reason`."""

ACCESS: dict[str, tuple[str, str]] = {
    "unmounted": ("介质未登记，检查通过或批准之前不可用", "medium unmounted until it was scanned or approved"),
    "read-only": ("介质未登记，检查通过或批准之前只读", "medium read-only until it was scanned or approved"),
    "writable": ("介质可读写", "medium can be read and written"),
}
"""How a medium that policy holds was found to stand, for people."""

SEVERITIES: dict[str, tuple[str, str]] = {
    "critical": ("特别严重", "critical"),
    "high": ("严重", "high"),
    "medium": ("中等", "medium"),
    "low": ("较轻", "low"),
    "info": ("提示", "info"),
}
"""Severities for people; keys as in `protocol.records.Severity`."""


RECORDS: dict[str, tuple[str, str]] = {
    "violation": ("违规", "violations"),
    "media-session": ("介质会话", "media sessions"),
    "scan": ("检查", "scans"),
    "check": ("检查项", "checks"),
    "self-check": ("自查", "self-checks"),
    "started": ("启动", "starts"),
    "dropped": ("丢弃记录", "records given up"),
    "heartbeat": ("心跳", "heartbeats"),
}
"""Types of records for people; keys as the tags in `protocol.records`."""


def record(kind: str) -> str:
    """A type of records in the language in force; what is not known is given back as it is."""
    return text(*RECORDS[kind]) if kind in RECORDS else kind


STANDINGS: dict[str, tuple[str, str]] = {
    "valid": ("有效", "valid"),
    "expires-soon": ("即将到期", "expires soon"),
    "due-for-review": ("已到期, 待解密审核", "due for declassification review"),
    "unknown": ("无法推算", "unknown"),
}
"""How a marking stands with its period, for people; keys as in `signatures.markings.periods.Status`."""


def standing(finding: Finding) -> str:
    """How a marking stands with its period, and its last day where that is known, in the language in force."""
    if finding.status not in STANDINGS:
        return finding.status
    said = text(*STANDINGS[finding.status])
    if finding.expires is None:
        return said
    about = text("约至", "about") if finding.assumed or finding.issued_from == "file-time" else text("至", "until")
    return f"{said} ({about} {finding.expires.isoformat()})"


def reason(value: str) -> str:
    """A reason in the language in force; what is not known is given back as it is."""
    return text(*REASONS[value]) if value in REASONS else value


def severity(value: str) -> str:
    """A severity in the language in force; what is not known is given back as it is."""
    return text(*SEVERITIES[value]) if value in SEVERITIES else value
