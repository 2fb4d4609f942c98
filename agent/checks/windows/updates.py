"""Updates of a Windows system: when one was last installed, and whether Microsoft still mends this build (SEC-03)."""

from __future__ import annotations

import re
from datetime import datetime

from agent.checks.base import Context, Fact, Result, cannot, fact, manual, verdict
from agent.checks.lifecycles import end_of_windows
from agent.checks.windows import system
from agent.checks.windows.hive import Hive, Key, filetime
from protocol.records import ComputerClass

_PACKAGES = r"Microsoft\Windows\CurrentVersion\Component Based Servicing\Packages"
_UPDATE = re.compile(r"^Package_for_(RollupFix|KB\d+|DotNetRollup|ServicingStack)", re.IGNORECASE)
_INSTALLED = 0x70
"""CBS: the package is installed (0x20 is staged, 0x50 superseded and so on)."""


def last_update(context: Context) -> Result:
    """Days since an update of the system was last installed."""
    most = context.parameters.update_max_days * (2 if context.computer_class is ComputerClass.CONFIDENTIAL else 1)
    with system.hive(context.tree, "SOFTWARE") as software:
        times = [
            at for key in software.keys(_PACKAGES) if _UPDATE.match(key.name) and (at := _installed(software, key))
        ]
    if not times:
        return cannot("没有已安装更新的记录", "there is no record of an installed update")
    days = max(0, (context.now - max(times)).days)
    one = fact("距上次系统更新天数", "days since the last update of the system", days, f"≤ {most}")
    return verdict([one] if days > most else [], [] if days > most else [one])


def _installed(software: Hive, key: Key) -> datetime | None:
    values = software.values(key)
    high, low = values.get("installtimehigh"), values.get("installtimelow")
    if values.get("currentstate", _INSTALLED) != _INSTALLED or not isinstance(high, int) or not isinstance(low, int):
        return None
    return filetime(high << 32 | low)


def support(context: Context) -> Result:
    """Whether the maker of the system still mends this build of it."""
    with system.hive(context.tree, "SOFTWARE") as software:
        about = {name: one for name, one in software.values(system.CURRENT_VERSION).items() if isinstance(one, str)}
    build = about.get("currentbuild") or about.get("currentbuildnumber") or ""
    edition = about.get("editionid", "")
    shown = f"{about.get('productname', 'Windows')} {about.get('displayversion', '')} ({build}, {edition})"
    end = end_of_windows(int(build), edition) if build.isascii() and build.isdigit() else None
    late = [
        fact("注册表未完全写盘，最近的更改未读到", "registry not fully written: its last changes were not read", name)
        for name in system.unfinished(context.tree)
    ]
    if end is None:
        return manual(
            "不掌握该系统的停止维护日期：请向厂商确认",
            "the end of support of this system is not known here: ask its maker",
            fact("操作系统", "operating system", shown),
            *late,
        )
    one: list[Fact] = [fact("操作系统", "operating system", shown, end.isoformat())]
    return verdict(one, late) if context.now.date() > end else verdict([], [*one, *late])
