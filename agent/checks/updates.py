"""Updates: when the system was last brought up to date, and whether its maker still mends it (SEC-03)."""

from __future__ import annotations

import re
from datetime import UTC, datetime

from agent.checks import system
from agent.checks.base import Check, Context, Result, age_in_days, cannot, fact, manual, verdict
from agent.checks.lifecycles import DISTRO_INFO, end_of_linux
from agent.checks.tree import Tree
from agent.checks.windows import updates as windows
from protocol.records import ComputerClass
from signatures.controls import Text

STAMPS = (
    "var/log/dpkg.log",
    "var/log/apt/history.log",
    "var/log/dnf.rpm.log",
    "var/log/yum.log",
    "var/lib/dnf/history.sqlite",
    "var/lib/rpm/rpmdb.sqlite",
    "var/lib/rpm/Packages",
    "usr/lib/sysimage/rpm/rpmdb.sqlite",
)
_DPKG = re.compile(r"^(\d{4})-(\d\d)-(\d\d) \S+ (?:upgrade|install|status installed) ")


def _last_update(context: Context) -> Result:
    """Days since a package was last installed or upgraded."""
    tree = context.tree
    most = context.parameters.update_max_days * (2 if context.computer_class is ComputerClass.CONFIDENTIAL else 1)
    days = _from_dpkg(tree, context.now)
    if days is None:
        ages = [age_in_days(status, context.now) for name in STAMPS if (status := tree.status(name))]
        if not ages:
            return cannot("没有软件包管理器的记录", "there is no record of a package manager")
        days = min(ages)
    one = fact("距上次系统更新天数", "days since the last update of the system", days, f"≤ {most}")
    return verdict([one] if days > most else [], [] if days > most else [one])


def _from_dpkg(tree: Tree, now: datetime) -> int | None:
    for name in ("var/log/dpkg.log", "var/log/dpkg.log.1"):
        for line in reversed(tree.tail(name)):
            match = _DPKG.match(line)
            if match:
                try:
                    at = datetime(int(match[1]), int(match[2]), int(match[3]), tzinfo=UTC)
                except ValueError:
                    continue
                return max(0, (now - at).days)
    return None


def _support(context: Context) -> Result:
    """Whether the maker of the system still mends it."""
    told = system.release(context.tree)
    if not told:
        return cannot("系统中没有 os-release", "the tree has no os-release")
    name, version = told.get("ID", "").lower(), told.get("VERSION_ID", "")
    shown = told.get("PRETTY_NAME", f"{name} {version}")
    known = end_of_linux(context.tree, told)
    if known is None:
        return manual(
            "不掌握该系统的停止维护日期：请向厂商确认",
            "the end of support of this system is not known here: ask its maker",
            fact("操作系统", "operating system", shown),
        )
    end, source = known
    facts = [fact("操作系统", "operating system", shown, end.isoformat()), fact("日期来源", "date told by", source)]
    return verdict(facts, []) if context.now.date() > end else verdict([], facts)


CHECKS = (
    Check(
        name="updates",
        controls=("SEC-03",),
        title=Text(zh="及时安装系统更新", en="The system is updated in time"),
        remedy=Text(
            zh="安装安全更新；不联网的计算机用离线更新介质。",
            en="Install security updates; use update media on computers without a network.",
        ),
        reads=STAMPS,
        records=Text(zh="距上次更新天数", en="days since the last update"),
        look=_last_update,
        windows=windows.last_update,
        extent="part",
    ),
    Check(
        name="supported-system",
        controls=("SEC-03",),
        title=Text(zh="操作系统在维护期内", en="The system is still mended by its maker"),
        remedy=Text(zh="升级到仍在维护期内的版本。", en="Move to a version that is still supported."),
        reads=("etc/os-release", f"{DISTRO_INFO}/*.csv"),
        records=Text(zh="系统名称和版本、日期来源", en="name and version of the system, and who told the date"),
        look=_support,
        windows=windows.support,
        extent="part",
    ),
)
