"""What work leaves behind on a Windows system: recycle bins, recent lists, paging file, dumps (CPC-06, MEDIA-08).

Told as counts, never as names. What ``$Recycle.Bin`` and the shortcuts of ``Recent`` are is published by Microsoft
(MS-SHLLINK).
"""

from __future__ import annotations

import struct
from collections.abc import Iterator

from agent.checks.base import CONFIDENTIAL, Context, Fact, Result, fact, verdict
from agent.checks.tree import Tree
from agent.checks.windows import system

_RECENT = "AppData/Roaming/Microsoft/Windows/Recent"
_THUMBNAILS = "AppData/Local/Microsoft/Windows/Explorer"
_LINK = bytes.fromhex("4c0000000114020000000000c000000000000046")
_HAS_ITEMS, _HAS_PLACE = 0x1, 0x2
_REMOVABLE, _OPTICAL = 2, 5
"""Kinds of drives (MS-SHLLINK 2.3.1)."""


def left_behind(context: Context) -> Result:
    """Files in recycle bins, entries of recent lists, thumbnails."""
    tree = context.tree
    found: list[Fact] = []
    bin_of = system.found(tree, "$Recycle.Bin")
    deleted = sum(name.upper().startswith("$R") for path in _below(tree, bin_of) for name in tree.names(path))
    if deleted:
        found.append(fact("回收站文件数", "files in the trash", deleted, 0))
    if context.computer_class in CONFIDENTIAL:
        for name, home in system.homes(tree):
            recent = sum(one.lower().endswith(".lnk") for one in _names(tree, f"{home}/{_RECENT}"))
            thumbnails = sum(one.lower().startswith("thumbcache_") for one in _names(tree, f"{home}/{_THUMBNAILS}"))
            if recent:
                found.append(fact(f"最近文件条数：{name}", f"recent files listed: {name}", recent, 0))
            if thumbnails:
                found.append(fact(f"缩略图库数：{name}", f"stores of thumbnails: {name}", thumbnails, 0))
    return verdict(found)


def from_media(context: Context) -> Result:
    """Recent files that lay on removable media or optical discs."""
    wrong = []
    for name, home in system.homes(context.tree):
        count = sum(kind in (_REMOVABLE, _OPTICAL) for kind in _drives(context.tree, home))
        if count:
            zh, en = f"最近打开过的移动介质文件数：{name}", f"recent files on removable media: {name}"
            wrong.append(fact(zh, en, count, 0))
    return verdict(wrong)


def _drives(tree: Tree, home: str) -> Iterator[int]:
    """The kind of drive on which the target of each shortcut in the recent list lay."""
    folder = system.found(tree, f"{home}/{_RECENT}")
    for name in tree.names(folder) if folder else ():
        if name.lower().endswith(".lnk"):
            kind = drive(tree.head(f"{folder}/{name}", 1 << 16) or b"")
            if kind is not None:
                yield kind


def drive(link: bytes) -> int | None:
    """The kind of drive a shortcut leads to; None where it does not say, or is no shortcut."""
    if not link.startswith(_LINK) or len(link) < 0x4E:
        return None
    flags = struct.unpack_from("<I", link, 0x14)[0]
    at = 0x4C
    if flags & _HAS_ITEMS:
        at += 2 + struct.unpack_from("<H", link, at)[0]
    if not flags & _HAS_PLACE or at + 16 > len(link):
        return None
    _, _, local, volume = struct.unpack_from("<4I", link, at)
    if not local & 1 or at + volume + 8 > len(link):
        return None
    return int(struct.unpack_from("<I", link, at + volume + 4)[0])


def swap(context: Context) -> Result:
    """Whether the paging file and the image of hibernation keep memory in the clear when the computer is off."""
    with system.hive(context.tree, "SYSTEM") as hive:
        manager = system.control(hive, r"Control\Session Manager\Memory Management")
        paging = hive.value(manager, "PagingFiles")
        wiped = hive.number(manager, "ClearPageFileAtShutdown") == 1
        encrypted = hive.number(system.control(hive, r"Control\FileSystem"), "NtfsEncryptPagingFile") == 1
    wrong = []
    if paging and not (wiped or encrypted):
        wrong.append(fact("未加密且关机不清除的页面文件", "paging file neither encrypted nor wiped", "on", "wiped"))
    if system.found(context.tree, "hiberfil.sys"):
        wrong.append(fact("休眠文件", "image of hibernation", "hiberfil.sys", "-"))
    return verdict(wrong)


def dumps(context: Context) -> Result:
    """Memory dumps that lie there, and whether they are made."""
    tree = context.tree
    with system.hive(tree, "SYSTEM") as hive:
        made = hive.number(system.control(hive, r"Control\CrashControl"), "CrashDumpEnabled") or 0
    there = len(_names(tree, "Windows/Minidump")) + (system.found(tree, "Windows/MEMORY.DMP") is not None)
    wrong = [fact("内存转储文件数", "memory dumps", there, 0)] if there else []
    setting = fact("生成内存转储", "memory dumps are made", made, 0)
    if made and context.computer_class in CONFIDENTIAL:
        return verdict([*wrong, setting])
    return verdict(wrong, [setting])


def _below(tree: Tree, folder: str | None) -> list[str]:
    return [f"{folder}/{name}" for name in tree.names(folder)] if folder else []


def _names(tree: Tree, path: str) -> list[str]:
    folder = system.found(tree, path)
    return tree.names(folder) if folder else []
