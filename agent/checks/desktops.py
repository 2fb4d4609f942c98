"""What desktops are set to: the screen lock (PWD-11, NPC-12), and media that are mounted by themselves (NET-13).

Settings are read from the files in which desktops keep them, the binary database of dconf included; nothing is run.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from agent.checks import gvdb, people, system
from agent.checks.base import CONFIDENTIAL, Check, Context, Fact, Result, fact, manual, not_applicable, verdict
from agent.checks.tree import Tree
from agent.checks.windows import accounts, usb
from signatures.controls import Text

PROGRAMS = (
    *("Xorg", "gnome-shell", "ukui-session", "startdde", "kwin_wayland", "kwin_x11", "xfce4-session", "Xwayland"),
    *("mate-session", "cinnamon-session"),
)
"""Any of these proves a desktop."""
DESKTOPS: dict[str, float] = {
    "/org/gnome/desktop/session/": 1 / 60,
    "/org/gnome/desktop/screensaver/": 1 / 60,
    "/org/cinnamon/desktop/session/": 1 / 60,
    "/org/cinnamon/desktop/screensaver/": 1 / 60,
    "/org/mate/desktop/session/": 1,
    "/org/mate/screensaver/": 1,
    "/org/ukui/desktop/session/": 1,
    "/org/ukui/screensaver/": 1,
    "/com/deepin/dde/power/": 1 / 60,
}
"""Folder of settings → minutes that one step of its delay means."""
_DELAYS = ("idle-delay", "line-power-lock-delay")
_SWITCHES = ("lock-enabled", "idle-activation-enabled")
_MOUNTS = (
    "/org/gnome/desktop/media-handling/",
    "/org/ukui/desktop/media-handling/",
    "/org/mate/desktop/media-handling/",
    "/org/cinnamon/desktop/media-handling/",
)

_DCONF_IDLE = re.compile(r"^idle-(?:delay|activation-delay)\s*=\s*(?:uint32\s+)?(\d+)", re.MULTILINE)


def _screens(tree: Tree) -> Iterator[tuple[str, float, bool]]:
    """Every setting of a screen lock: the file, minutes until it locks, and whether it locks at all."""
    for path in (*tree.glob("etc/dconf/db/*.d/*"), *tree.glob("usr/share/glib-2.0/schemas/*.gschema.override")):
        text = tree.read(path) or ""
        delay = _DCONF_IDLE.search(text)
        if "screensaver" in text and re.search(
            r"^(lock-enabled|idle-activation-enabled)\s*=\s*false", text, re.MULTILINE
        ):
            yield path, 0.0, False
        elif delay:  # UKUI counts minutes, GNOME seconds
            minutes = int(delay[1]) if "ukui" in text else int(delay[1]) / 60
            yield path, minutes, minutes > 0
    for account in people.homes(tree):
        for name in (".config/kscreenlockerrc", ".config/xfce4/xfconf/xfce-perchannel-xml/xfce4-screensaver.xml"):
            text = tree.read(f"{account.home}/{name}") or ""
            if not text:
                continue
            if name.endswith("rc"):
                timeout = re.search(r"^Timeout=(\d+)", text, re.MULTILINE)
                locks = not re.search(r"^Autolock=false", text, re.MULTILINE)
                yield f"{account.name}: {name}", int(timeout[1]) if timeout else 5.0, locks
            else:
                delay = re.search(r'name="delay" type="int" value="(\d+)"', text)
                locks = 'name="enabled" type="bool" value="false"' not in text
                yield f"{account.name}: {name.rsplit('/', 1)[-1]}", int(delay[1]) if delay else 5.0, locks


def _own(tree: Tree) -> Iterator[tuple[str, float, bool]]:
    """What people have set themselves in the binary database of their desktop: as `_screens` tells it."""
    for account, own in _databases(tree):
        for folder, unit in DESKTOPS.items():
            delay = next((own[name] for name in (f"{folder}{key}" for key in _DELAYS) if name in own), None)
            off = any(own.get(f"{folder}{key}") is False for key in _SWITCHES)
            if off:
                yield account, 0.0, False
            elif isinstance(delay, int) and not isinstance(delay, bool):
                yield account, delay * unit, delay > 0


def _databases(tree: Tree) -> Iterator[tuple[str, dict[str, gvdb.Setting]]]:
    """Each person's own settings, and those of the computer, by who or what they belong to."""
    for account in people.homes(tree):
        own = gvdb.settings(tree, f"{account.home}/.config/dconf/user")
        if own is not None:
            yield f"{account.name}: dconf", own


def _screen_lock(context: Context) -> Result:
    """Minutes until the screen locks itself."""
    tree, most = context.tree, context.parameters.lock_minutes
    if system.program(tree, *PROGRAMS) is None:
        return not_applicable("没有图形桌面", "there is no desktop here")
    wrong: list[Fact] = []
    right: list[Fact] = []
    for path, minutes, locks in (*_screens(tree), *_own(tree)):
        one = fact(
            f"锁屏等待（{path}）",
            f"time until the screen locks ({path})",
            f"{minutes:g} min" if locks else "off",
            f"≤ {most} min",
        )
        (right if locks and 0 < minutes <= most else wrong).append(one)
    if not wrong and not right:
        return manual(
            "未找到锁屏设置（使用桌面的默认值）：请在桌面设置中确认",
            "no setting of the screen lock was found (the desktop's default is in force): look in its settings",
            fact("要求", "asked for", f"≤ {most} min"),
        )
    return verdict(wrong, right)


def _auto_mount(context: Context) -> Result:
    """Whether media are mounted, or started, as soon as they are plugged in."""
    tree = context.tree
    if system.program(tree, *PROGRAMS) is None:
        return not_applicable("没有图形桌面", "there is no desktop here")
    wrong: list[Fact] = []
    right: list[Fact] = []
    for whose, own in (*_of_computer(tree), *_databases(tree)):
        for folder in _MOUNTS:
            value = own.get(f"{folder}automount")
            if isinstance(value, bool):
                told = "on" if value else "off"
                one = fact(f"自动挂载介质（{whose}）", f"media are mounted by themselves ({whose})", told, "off")
                (wrong if value else right).append(one)
    if not wrong and not right:
        return verdict([fact("自动挂载介质", "media are mounted by themselves", "default (on)", "off")])
    return verdict(wrong, right)


def _of_computer(tree: Tree) -> Iterator[tuple[str, dict[str, gvdb.Setting]]]:
    """Settings of the whole computer, as text in the folders from which its database is made."""
    for path in tree.glob("etc/dconf/db/*.d/*"):
        found: dict[str, gvdb.Setting] = {}
        section = ""
        for line in tree.lines(path) if not path.endswith("/locks") else ():
            key, sign, value = line.partition("=")
            if line.startswith("["):
                section = line.strip("[]")
            elif sign and value.strip() in ("true", "false"):
                found[f"/{section}/{key.strip()}"] = value.strip() == "true"
        if found:
            yield path, found


_NAMES = Text(zh="设置名与取值", en="names and values of settings")

CHECKS = (
    Check(
        name="screen-lock",
        controls=("PWD-11", "NPC-12"),
        title=Text(zh="离开时自动锁屏", en="The screen locks itself"),
        remedy=Text(
            zh="在桌面设置中开启自动锁屏，并设定等待时间。",
            en="Turn the screen lock on in the desktop's settings and set its time.",
        ),
        reads=(
            "home/*/.config/dconf/user",
            "etc/dconf/db/*.d/*",
            "usr/share/glib-2.0/schemas/*.gschema.override",
            "home/*/.config/kscreenlockerrc",
        ),
        records=_NAMES,
        look=_screen_lock,
        windows=accounts.screen_lock,
        extent="part",
    ),
    Check(
        name="auto-mount",
        controls=("NET-13",),
        title=Text(zh="不自动挂载移动介质", en="Media are not mounted by themselves"),
        remedy=Text(
            zh="在 /etc/dconf/db/local.d 中设 org/gnome/desktop/media-handling 的 automount=false 并锁定。",
            en="Set automount=false of org/gnome/desktop/media-handling in /etc/dconf/db/local.d, and lock it.",
        ),
        reads=("home/*/.config/dconf/user", "etc/dconf/db/*.d/*"),
        records=_NAMES,
        look=_auto_mount,
        windows=usb.auto_run,
        classes=CONFIDENTIAL,
        extent="part",
    ),
)
