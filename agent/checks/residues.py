"""What work leaves behind: trash, thumbnails, recent lists, autosaves, core dumps. Told as counts, never as names.

Controls CPC-06, CPC-10, NPC-10, MEDIA-08, NPC-07 and PWD-04 (files that by their name hold passwords).
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from agent.checks import people
from agent.checks.base import CONFIDENTIAL, Check, Context, Fact, Result, fact, verdict
from agent.checks.tree import MiB, Tree
from agent.checks.windows import residues as windows
from agent.checks.windows.system import homes as windows_homes
from agent.checks.windows.system import is_windows
from signatures.controls import Text

TRASH = (".local/share/Trash/files",)
THUMBNAILS = (
    ".cache/thumbnails/large",
    ".cache/thumbnails/normal",
    ".cache/thumbnails/x-large",
    ".cache/thumbnails/xx-large",
    ".thumbnails/normal",
    ".thumbnails/large",
)
RECENT = (".local/share/recently-used.xbel", ".recently-used.xbel", ".local/share/RecentDocuments")
AUTOSAVES = (
    ".config/libreoffice/*/user/backup",
    ".config/onlyoffice/recover",
    ".local/share/onlyoffice/desktopeditors/recover",
    ".local/share/Kingsoft/office6/backup",
    ".local/share/Kingsoft/office6/data/backup",
    ".kingsoft/office6/data/backup",
    ".local/state/vim/swap",
    ".local/share/nvim/swap",
    ".local/share/kate/swap",
    "AppData/Local/Microsoft/Office/UnsavedFiles",
    "AppData/Roaming/kingsoft/office6/backup",
    "AppData/Roaming/kingsoft/wps/backup",
    "AppData/Roaming/LibreOffice/*/user/backup",
)
DUMPS = (
    "var/lib/systemd/coredump",
    "var/crash",
    "var/lib/apport/coredump",
    "var/spool/abrt",
    "var/log/deepin/coredump",
)
_LEFTOVER = re.compile(
    r"^(~\$|\.~lock\.).*|.*(\.swp|\.bak|~|\.wbk|\.asd|\.autosave|\.tmp\.(docx?|wps))$", re.IGNORECASE
)
_PASSWORDS = re.compile(
    r"(密码|口令|账号密码|passwords?|passwd|credentials?)[^/]*\.(txt|docx?|xlsx?|csv|wps|et|md)$", re.IGNORECASE
)
_PLACES = ("", "桌面", "Desktop", "文档", "Documents", "下载", "Downloads", ".cache", "tmp")
_ON_MEDIA = re.compile(r'href="file:///(?:media|run/media|mnt)/')


def _count(tree: Tree, folder: str) -> int:
    return len(tree.names(folder))


def _left_behind(context: Context) -> Result:
    """Numbers of files in trash folders, thumbnails and recent lists of everybody."""
    tree = context.tree
    found: list[Fact] = []
    for account in people.homes(tree):
        trash = sum(_count(tree, f"{account.home}/{name}") for name in TRASH)
        thumbnails = sum(_count(tree, f"{account.home}/{name}") for name in THUMBNAILS)
        recent = sum((tree.read(f"{account.home}/{name}", 8 * MiB) or "").count("<bookmark ") for name in RECENT[:2])
        recent += _count(tree, f"{account.home}/{RECENT[2]}")
        for zh, en, count in (
            ("回收站文件数", "files in the trash", trash),
            ("缩略图数", "thumbnails", thumbnails),
            ("最近文件条数", "recent files listed", recent),
        ):
            if count:
                found.append(fact(f"{zh}：{account.name}", f"{en}: {account.name}", count, 0))
    return verdict(found if context.computer_class in CONFIDENTIAL else _only(found, "trash"), [])


def _only(found: list[Fact], word: str) -> list[Fact]:
    return [one for one in found if word in one.what.en]


def _leftovers(tree: Tree) -> Iterator[tuple[str, int]]:
    """Account and number of autosaves and copies of editors in the usual places."""
    for account, home in _homes(tree):
        count = sum(_count(tree, folder) for name in AUTOSAVES for folder in tree.glob(f"{home}/{name}"))
        for place in _PLACES:
            count += sum(bool(_LEFTOVER.match(name)) for name in tree.names(f"{home}/{place}".rstrip("/")))
        if count:
            yield account, count


def _homes(tree: Tree) -> list[tuple[str, str]]:
    """Name and folder of everybody who works here, on Linux or Windows."""
    if is_windows(tree):
        return windows_homes(tree)
    return [(one.name, one.home) for one in people.homes(tree)]


def _autosaves(context: Context) -> Result:
    """Numbers of autosaves, lock files and backup copies of editors."""
    return verdict(
        [
            fact(f"编辑器自动保存和备份文件数：{name}", f"autosaves and backups of editors: {name}", count, 0)
            for name, count in _leftovers(context.tree)
        ]
    )


def _dumps(context: Context) -> Result:
    """Memory of programs that crashed, kept on the disk; and whether more will be."""
    tree = context.tree
    found = [(folder, _count(tree, folder)) for folder in DUMPS]
    wrong = [fact(f"核心转储文件数：{folder}", f"core dumps: {folder}", count, 0) for folder, count in found if count]
    off = any(
        re.search(r"^\s*Storage\s*=\s*none", tree.read(name) or "", re.MULTILINE)
        for name in ("etc/systemd/coredump.conf", *tree.glob("etc/systemd/coredump.conf.d/*.conf"))
    ) or any(
        re.search(r"\*\s+hard\s+core\s+0", tree.read(name) or "")
        for name in ("etc/security/limits.conf", *tree.glob("etc/security/limits.d/*.conf"))
    )
    return verdict(wrong, [fact("核心转储", "core dumps", "off" if off else "on", "off")])


def _from_media(context: Context) -> Result:
    """Files on removable media that recent lists name, as counts: signs that media were used for work here."""
    found = []
    for account in people.homes(context.tree):
        count = sum(
            len(_ON_MEDIA.findall(context.tree.read(f"{account.home}/{name}", 8 * MiB) or "")) for name in RECENT[:2]
        )
        if count:
            found.append(
                fact(
                    f"最近打开的移动介质文件数：{account.name}",
                    f"recent files on removable media: {account.name}",
                    count,
                    0,
                )
            )
    return verdict(found)


def _password_files(context: Context) -> Result:
    """Files in the usual places whose name says that they hold passwords; counts only."""
    found = []
    for account, home in _homes(context.tree):
        count = sum(
            bool(_PASSWORDS.search(name))
            for place in _PLACES[:7]
            for name in context.tree.names(f"{home}/{place}".rstrip("/"))
        )
        if count:
            found.append(
                fact(
                    f"疑似口令清单文件数：{account}",
                    f"files that seem to list passwords: {account}",
                    count,
                    0,
                )
            )
    return verdict(found)


_COUNTS = Text(zh="账户名和数量，不含文件名", en="names of accounts and counts, never names of files")

CHECKS = (
    Check(
        name="left-behind",
        controls=("CPC-06", "NPC-10"),
        title=Text(zh="清理回收站、缩略图和最近文件", en="Trash, thumbnails and recent lists are cleared"),
        remedy=Text(
            zh="清空回收站，删除缩略图和最近文件记录；涉密计算机用经认可的工具清除。",
            en="Empty the trash, delete thumbnails and recent lists; if confidential, with an approved erasing tool.",
        ),
        reads=("home/*/.local/share/Trash", "home/*/.cache/thumbnails", "home/*/.local/share/recently-used.xbel"),
        records=_COUNTS,
        look=_left_behind,
        windows=windows.left_behind,
        extent="part",
    ),
    Check(
        name="autosaves",
        controls=("CPC-10", "NPC-10"),
        title=Text(zh="清理自动保存和备份副本", en="Autosaves and backups of editors are cleared"),
        remedy=Text(
            zh="关闭编辑器后清除所列副本；含密的按规定处理。",
            en="Close the editors and clear these copies; handle secret ones as the rules demand.",
        ),
        reads=("home/*/.config/libreoffice/*/user/backup", "home/*/.local/share/Kingsoft/**", "home/*"),
        records=_COUNTS,
        look=_autosaves,
        windows=_autosaves,
        extent="part",
    ),
    Check(
        name="core-dumps",
        controls=("CPC-06",),
        title=Text(zh="没有核心转储", en="No core dumps"),
        remedy=Text(
            zh="删除核心转储，在 /etc/systemd/coredump.conf 中设 Storage=none。",
            en="Delete core dumps and set Storage=none in /etc/systemd/coredump.conf.",
        ),
        reads=(*DUMPS, "etc/systemd/coredump.conf", "etc/security/limits.conf"),
        records=_COUNTS,
        look=_dumps,
        windows=windows.dumps,
        extent="part",
    ),
    Check(
        name="recent-on-media",
        controls=("MEDIA-08",),
        title=Text(zh="移动介质使用痕迹", en="Signs of work on removable media"),
        remedy=Text(
            zh="核对这些介质是否登记，检查其内容，然后清除最近文件记录。",
            en="Find out whether these media are registered, scan them, then clear the recent lists.",
        ),
        reads=("home/*/.local/share/recently-used.xbel",),
        records=_COUNTS,
        look=_from_media,
        windows=windows.from_media,
        extent="part",
    ),
    Check(
        name="password-files",
        controls=("PWD-04", "NPC-07"),
        title=Text(zh="没有明文口令清单", en="No lists of passwords in the clear"),
        remedy=Text(
            zh="删除口令清单，改用口令管理器，并更换其中的口令。",
            en="Delete such lists, use a password manager and change the passwords in them.",
        ),
        reads=("home/*", "home/*/Desktop", "home/*/Documents"),
        records=_COUNTS,
        look=_password_files,
        windows=_password_files,
        extent="part",
    ),
)
