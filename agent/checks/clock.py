"""The clock: is it kept right, and by whom; has it been set back (SEC-13)."""

from __future__ import annotations

import ipaddress
import re

from agent.checks import system
from agent.checks.base import Check, Context, Fact, Result, fact, verdict
from agent.checks.tree import Tree
from agent.checks.windows import logs as windows
from protocol.records import ComputerClass
from signatures.controls import Text

SERVICES = (
    "systemd-timesyncd.service",
    "chronyd.service",
    "chrony.service",
    "ntpd.service",
    "ntp.service",
    "ntpsec.service",
    "openntpd.service",
)
SETTINGS = (
    "etc/systemd/timesyncd.conf",
    "etc/systemd/timesyncd.conf.d/*.conf",
    "etc/chrony.conf",
    "etc/chrony/chrony.conf",
    "etc/chrony/sources.d/*.sources",
    "etc/ntp.conf",
    "etc/ntpsec/ntp.conf",
)
WITNESSES = (
    "var/log/dpkg.log",
    "var/log/wtmp",
    "var/log/lastlog",
    "var/log/syslog",
    "var/log/messages",
    "var/log/kern.log",
    "var/log/auth.log",
    "var/log/secure",
    "var/lib/systemd/timesync/clock",
    "var/lib/systemd/random-seed",
    "var/log/cron",
    "var/log/boot.log",
    "var/lib/dhcp",
)
"""What a system writes to from day to day: none of it can be of tomorrow."""


def _servers(tree: Tree) -> list[str]:
    found: list[str] = []
    for pattern in SETTINGS:
        for path in tree.glob(pattern):
            for line in tree.lines(path):
                match = re.match(r"(?:NTP|FallbackNTP)\s*=\s*(.+)|(?:server|pool|peer)\s+(\S+)", line)
                if match:
                    found += (match[1] or match[2]).split()
    return found


def _is_outside(server: str) -> bool:
    """Whether a time server is one of the internet's: a public address, or a name outside local domains."""
    try:
        return ipaddress.ip_address(server).is_global
    except ValueError:
        return "." in server and not server.endswith((".local", ".lan", ".internal", ".localdomain", ".home.arpa"))


def _synchronised(context: Context) -> Result:
    """Whether a service keeps the clock, and that a confidential computer asks no server of the internet."""
    tree = context.tree
    service = system.enabled(tree, *SERVICES)
    servers = _servers(tree)
    if context.computer_class is ComputerClass.CONFIDENTIAL:
        outside = [one for one in servers if _is_outside(one)]
        return verdict(
            [fact("互联网时间服务器", "time server of the internet", one, "-") for one in outside] if service else [],
            [fact("对时服务", "service that keeps the clock", service or "off")],
        )
    one = fact("对时服务", "service that keeps the clock", service or "off", "on")
    return verdict([] if service else [one], [one] if service else [])


def _sanity(context: Context) -> Result:
    """Files of the system that lie in the future, and logs whose lines go back in time."""
    tree = context.tree
    limit = context.now.timestamp() + context.parameters.clock_max_skew_days * 86400
    wrong: list[Fact] = []
    for name in WITNESSES:
        status = tree.status(name)
        if status is not None and status.st_mtime > limit:
            days = int((status.st_mtime - context.now.timestamp()) // 86400)
            wrong.append(
                fact(f"文件时间在未来：{name}", f"time of a file in the future: {name}", f"+{days} d", "≤ now")
            )
    back = _back_steps(tree)
    if back:
        wrong.append(fact("软件包日志时间倒退次数", "times the log of packages goes back", back, 0))
    return verdict(wrong)


def _back_steps(tree: Tree) -> int:
    """How often the time in the log of packages steps back by more than a day."""
    steps, last = 0, ""
    for line in tree.tail("var/log/dpkg.log"):
        day = line[:10]
        if re.fullmatch(r"\d{4}-\d\d-\d\d", day):
            steps += _days(last) - _days(day) > 1 if last else False
            last = day
    return steps


def _days(day: str) -> int:
    year, month, date = (int(part) for part in day.split("-"))
    return year * 372 + month * 31 + date


CHECKS = (
    Check(
        name="clock",
        controls=("SEC-13",),
        title=Text(zh="时钟同步", en="The clock is kept right"),
        remedy=Text(
            zh="启用对时服务；涉密计算机只使用本单位内部的时间服务器。",
            en="Turn a time service on; a confidential computer asks a server of its own closed network only.",
        ),
        reads=SETTINGS,
        records=Text(zh="服务名、时间服务器名", en="names of the service and its servers"),
        look=_synchronised,
        extent="part",
    ),
    Check(
        name="clock-set-back",
        controls=("SEC-13", "NET-04"),
        title=Text(zh="时钟未被回拨", en="The clock was not set back"),
        remedy=Text(
            zh="校正时钟，报告保密员，核查回拨期间的操作。",
            en="Set the clock right, tell the secrecy officer and find out what was done meanwhile.",
        ),
        reads=WITNESSES,
        records=Text(zh="日志文件名和相差天数", en="names of logs and days of difference"),
        look=_sanity,
        windows=windows.clock_set_back,
        extent="part",
    ),
)
