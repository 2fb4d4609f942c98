"""Words for folders of everybody who uses the computer, and the folders they stand for now.

What programs people use is found by where these programs keep what they receive (as of their Linux versions), and the
desktop and download folders by what the desktop itself says (``user-dirs.dirs``).
"""

from __future__ import annotations

import os
import pwd
import stat
from collections.abc import Iterable
from pathlib import Path

LEAST_UID = 1000
"""Accounts of people begin here (login.defs UID_MIN); root is one of them where it has a home with a desktop."""

_DIRS = {"desktop": "XDG_DESKTOP_DIR", "documents": "XDG_DOCUMENTS_DIR", "downloads": "XDG_DOWNLOAD_DIR"}
_USUAL = {
    "desktop": ("Desktop", "桌面"),
    "documents": ("Documents", "文档"),
    "downloads": ("Downloads", "下载"),
    "chat": (
        "xwechat_files/*/msg/file",  # WeChat 4 for Linux
        "Documents/xwechat_files/*/msg/file",
        "文档/xwechat_files/*/msg/file",
        "Documents/WeChat_Data/*/msg/file",  # WeChat of UOS and Kylin
        "文档/WeChat_Data/*/msg/file",
        ".deepinwine/Deepin-WeChat/drive_c/users/*/My Documents/WeChat Files/*/FileStorage",
        ".deepinwine/Deepin-WXWork/drive_c/users/*/My Documents/WXWork/*/Cache/File",  # WeCom
        ".deepinwine/*/drive_c/users/*/*/WXWork/*/Cache/File",
        ".config/DingTalk/*/resource_cache",  # DingTalk
        "Downloads/DingTalk",
        "下载/DingTalk",
        ".config/QQ/nt_qq_*/nt_data/File",  # QQ NT
        ".config/QQ/nt_qq_*/Pic",
        "Documents/Tencent Files/*/FileRecv",
        ".config/LarkShell/sdk_storage/*/resources",  # Feishu
        "Downloads/Feishu",
        "下载/飞书",
    ),
    "mail": (
        ".thunderbird/*/Mail",
        ".thunderbird/*/ImapMail",
        ".local/share/evolution/mail",
        ".local/share/deepin/deepin-mail",
        "Maildir",
        ".config/coremail",
    ),
}


def homes(passwd: Iterable[pwd.struct_passwd] | None = None) -> list[Path]:
    """Home folders of the people who have accounts here."""
    accounts = pwd.getpwall() if passwd is None else passwd
    found = {
        Path(account.pw_dir)
        for account in accounts
        if account.pw_uid == 0 or (account.pw_uid >= LEAST_UID and account.pw_name != "nobody")
    }
    return sorted(home for home in found if home.is_absolute() and home != Path("/") and home.is_dir())


def resolve(wanted: Iterable[str], of: Iterable[Path] | None = None) -> list[str]:
    """The folders that words and full paths stand for now, those alone that are there, none inside another."""
    found: set[Path] = set()
    people = list(homes() if of is None else of)
    for word in wanted:
        if word.startswith("/"):
            found.add(Path(word))  # also where it is not there: that is told as not watched
        elif word == "home":
            found.update(people)
        else:
            for home in people:
                found.update(_folders(word, home))
    return sorted(str(path) for path in found if not any(parent in found for parent in path.parents))


def _folders(word: str, home: Path) -> list[Path]:
    named = _said(home).get(_DIRS.get(word, ""))
    candidates = [named] if named else []
    for pattern in _USUAL.get(word, ()):
        try:
            candidates += home.glob(pattern) if "*" in pattern else [home / pattern]
        except OSError:
            continue
    return [path for path in candidates if path != home and _is_folder(path)]


def _said(home: Path) -> dict[str, Path]:
    """What the desktop's own file says of its folders (xdg-user-dirs): those alone that lie in the person's home."""
    try:
        file = os.open(home / ".config/user-dirs.dirs", os.O_RDONLY | os.O_NONBLOCK | os.O_NOFOLLOW | os.O_CLOEXEC)
    except OSError:
        return {}
    try:
        text = os.read(file, 65536) if stat.S_ISREG(os.fstat(file).st_mode) else b""
    except OSError:
        text = b""
    finally:
        os.close(file)
    lines = text.decode("utf-8", "replace").splitlines()
    said = {}
    for line in lines:
        name, equals, value = line.strip().partition("=")
        value = value.strip('"')
        if equals and value.startswith("$HOME/") and ".." not in Path(value).parts:
            said[name] = home / value.removeprefix("$HOME/")
    return said


def _is_folder(path: Path) -> bool:
    try:
        return path.is_dir() and not path.is_symlink()
    except OSError:
        return False
