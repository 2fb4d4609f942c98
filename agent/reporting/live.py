"""How the running agent stands, for `mijian status`: a small file in the state folder, written by the agent alone.

Health is one word: ``well``; ``limited`` where something is done less well than it should be; ``ill`` where something
is not done at all. Each comes with its reasons. No path and no content stands here.
"""

from __future__ import annotations

import errno
import os
from contextlib import suppress
from datetime import datetime
from pathlib import Path
from typing import Literal

import msgspec

from agent import words

FILE = "live.json"
LEAST_FREE = 1_000_000
"""Bytes of free room below which a disk is called full."""

Health = Literal["well", "limited", "ill"]

ILL: dict[str, tuple[str, str]] = {
    "outbox-unavailable": ("待报库无法写入（磁盘已满？）", "the outbox cannot be written (is the disk full?)"),
    "disk-full": ("状态目录所在磁盘已满", "the disk with the state folder is full: nothing can be kept"),
    "state-read-only": ("状态目录只读", "the state folder cannot be written: it is read-only"),
    "workers-broken": ("检查进程无法启动", "workers cannot be started: nothing is scanned"),
    "rules-mistake": ("规则有误，无法检查", "the rules cannot be read: nothing is scanned"),
    "policy-altered": ("策略文件被改动", "the policy was altered on this computer"),
    "policy-removed": ("策略文件被删除", "the policy was removed on this computer"),
}
"""Reasons that make the agent ill, for people."""
LIMITED: dict[str, tuple[str, str]] = {
    "outbox-nearly-full": ("待报库将满", "the outbox is nearly full: carry it or let it be sent"),
    "files-not-watched": ("有文件夹无法监视", "some folders cannot be watched"),
    "left-unknown": ("中间介质上文件的存放时间无法记录", "how long documents lie on media for carrying is not known"),
    "watches-used-up": (
        "内核监视数用尽，改为定时查看",
        "the kernel has no watches left: folders are polled",
    ),
    "no-contact": ("超过一天未与采集端联系", "no contact with the collector for more than a day"),
    "refused": ("采集端拒收", "the collector refuses what is sent"),
    "memory-over-budget": ("占用内存超出预算", "more memory is taken than the budget allows"),
    "records-in-memory": ("有记录只在内存中", "records wait in memory"),
    "rules-refused": ("采集端发布的规则未被采用", "the rules that the collector released are not taken"),
    "rules-altered": ("规则包损坏或被改动", "the installed rules are damaged or were altered"),
    "rules-no-key": ("没有核验规则包的公钥", "there is no key to verify the installed rules with"),
    "rules-in-part": ("部分规则有误，未采用", "a part of the rules has a mistake and is left out"),
    "rules-expired": ("规则包已过期", "the installed rules have expired"),
    "keywords-refused": ("关键词表有误，沿用上一份", "the list of keywords has a mistake: the last good one is used"),
}
"""Reasons that limit it, for people."""


class Job(msgspec.Struct, frozen=True, kw_only=True):
    """A scan under way."""

    cause: str
    session: str | None
    started_at: datetime
    files: int
    bytes: int


class Scan(msgspec.Struct, frozen=True, kw_only=True):
    """The sum of a scan that was made."""

    cause: str
    schedule: str
    started_at: datetime
    seconds: float
    enumerated: int
    clean: int
    finding: int
    not_examined: int
    complete: bool


class Limits(msgspec.Struct, frozen=True, kw_only=True):
    """What the agent may take now, and why."""

    limited: bool
    why: Literal["", "working", "battery"] = ""
    until: datetime | None = None
    """When it ends at the earliest, to the minute: where nothing more is typed or moved. None: once on the charger."""
    idle_minutes: float = 0.0
    """How long nothing must have been typed or moved for it to end."""
    processor_percent: float = 100.0
    memory_mb: int = 0
    memory_used_mb: int = 0
    """Of the whole service, workers included."""


class Live(msgspec.Struct, frozen=True, kw_only=True):
    """How it stands."""

    written_at: datetime
    started_at: datetime
    health: Health
    reasons: tuple[str, ...]
    cage: str
    rules: str
    policy: int
    policy_problem: str
    rules_problem: str = ""
    """Why the rules that the policy names are not in force; empty where they are, or none is named."""
    program: str
    heartbeat: int
    job: Job | None
    queue: dict[str, int]
    limits: Limits
    scans: tuple[Scan, ...]
    next_waiver_end: datetime | None = None


def health(reasons: tuple[str, ...]) -> Health:
    """One word for reasons."""
    if any(reason in ILL for reason in reasons):
        return "ill"
    return "limited" if reasons else "well"


def state_troubles(state: Path, *, trying: bool = True) -> list[str]:
    """What keeps the state folder from being written, as fixed words: seen also while no agent can say it itself.

    ``trying``: by making a file without a name too, for a file system that a fault has made read-only may not say so.
    """
    try:
        disk = os.statvfs(state)
    except OSError:
        return []
    if disk.f_flag & os.ST_RDONLY or (trying and not _takes_files(state)):
        return ["state-read-only"]
    full = disk.f_bavail * disk.f_frsize < LEAST_FREE or (disk.f_files and not disk.f_favail)
    return ["disk-full"] if full else []


def _takes_files(state: Path) -> bool:
    """Whether a file can be made; True also where that cannot be tried, or fails for want of room or rights."""
    try:
        os.close(os.open(state, os.O_TMPFILE | os.O_RDWR | os.O_CLOEXEC, 0o600))
    except OSError as error:
        return error.errno not in (errno.EROFS, errno.EIO)
    return True


def why(reason: str) -> str:
    """A reason for people, in the language in force."""
    known = ILL.get(reason) or LIMITED.get(reason)
    return words.text(*known) if known else reason


def write(state: Path, live: Live) -> None:
    """Write the file whole; a disk that is full must not stop the agent."""
    beside = state / (FILE + ".new")
    with suppress(OSError):
        descriptor = os.open(beside, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_NOFOLLOW, 0o600)
        with os.fdopen(descriptor, "wb") as file:
            file.write(msgspec.json.encode(live))
        beside.replace(state / FILE)


def read(state: Path) -> Live | None:
    """What the agent last wrote; None where it never did, or wrote something else."""
    try:
        return msgspec.json.decode((state / FILE).read_bytes(), type=Live)
    except (OSError, msgspec.DecodeError):
        return None
