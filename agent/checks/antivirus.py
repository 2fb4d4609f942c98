"""Anti-virus: is a product there and running, and how old are its signatures (SEC-01, SEC-02, NPC-11, NPC-12)."""

from __future__ import annotations

import re
from datetime import UTC, datetime

from agent.checks import system
from agent.checks.base import Check, Context, Result, age_in_days, fact, manual, verdict
from agent.checks.tree import Tree
from agent.checks.windows import antivirus as windows
from protocol.records import ComputerClass
from signatures.controls import Text

PRODUCTS: dict[str, tuple[tuple[str, ...], tuple[str, ...]]] = {
    "ClamAV": (("clamd", "clamscan"), ("clamav-daemon.service", "clamd@scan.service", "clamav-clamonacc.service")),
    "奇安信天擎": (
        ("/opt/qaxsafe", "/opt/qianxin", "/opt/apps/com.qianxin.tianqing"),
        ("qaxsafe.service", "qaxsafed.service"),
    ),
    "360": (("/opt/360epp", "/opt/360safe", "/opt/apps/com.360.epp"), ("360epp.service", "s360safe.service")),
    "瑞星": (("/opt/rising", "/opt/RisingAV", "/opt/apps/com.rising.net"), ("ravd.service", "rising.service")),
    "江民": (("/opt/jiangmin", "/opt/apps/com.jiangmin.kv"), ("kvdaemon.service",)),
    "安天智甲": (("/opt/antiy", "/opt/apps/com.antiy.iep"), ("antiyiep.service",)),
    "金山": (("/opt/kingsoft/kav", "/opt/kingsoft-security"), ("kavd.service",)),
    "火绒": (("/opt/apps/huorong", "/opt/huorong"), ("hrsd.service", "huorong.service")),
    "亚信安全": (("/opt/asiainfo-sec", "/opt/ds_agent"), ("ds_agent.service",)),
    "Microsoft Defender": (("/opt/microsoft/mdatp",), ("mdatp.service",)),
    "ESET": (("/opt/eset",), ("eea.service", "efs.service")),
    "Kaspersky": (("/opt/kaspersky/kesl",), ("kesl.service", "kesl-supervisor.service")),
    "Sophos": (("/opt/sophos-spl", "/opt/sophos-av"), ("sophos-spl.service", "sav-protect.service")),
}
"""Product → (programs or folders that prove it, services that make it watch)."""

FOLDERS_OF_SIGNATURES = (
    "opt/qaxsafe/data",
    "opt/qianxin/data",
    "opt/360epp/data",
    "opt/rising/data",
    "opt/antiy/data",
    "opt/eset/RogueDetectionSensor",
    "var/opt/eset/eea/lib",
    "var/opt/kaspersky/kesl/common/updates",
    "var/opt/microsoft/mdatp/definitions.noindex",
    "opt/sophos-av/lib/sav",
)
_CVD = re.compile(rb"^ClamAV-VDB:([^:]{5,40}):(\d+):")
_MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")


def _present(context: Context) -> Result:
    """Which product is installed, and whether one of its services starts with the system."""
    tree = context.tree
    installed = [name for name, (programs, _) in PRODUCTS.items() if system.program(tree, *programs)]
    own = [path for path in context.parameters.antivirus_programs if tree.exists(path)]
    watching = [name for name in installed if system.enabled(tree, *PRODUCTS[name][1])]
    if not installed and not own:
        return verdict([fact("防病毒软件", "anti-virus product", "none", "one")])
    here = fact("防病毒软件", "anti-virus product", ", ".join([*installed, *own]))
    if not watching and not own:
        return verdict([fact("实时防护服务", "service of real-time protection", "off", "on")], [here])
    return verdict([], [here, fact("实时防护服务", "service of real-time protection", ", ".join([*watching, *own]))])


def _current(context: Context) -> Result:
    """Days since the virus signatures were made or last brought up to date."""
    tree = context.tree
    most = context.parameters.antivirus_max_days
    if context.computer_class is ComputerClass.CONFIDENTIAL:
        most *= 4  # brought by hand on media: SEC-02 allows computers without a network longer
    ages = [
        (name, age)
        for name in tree.glob("var/lib/clamav/daily.c*")
        if (age := _clamav_age(tree, name, context.now)) is not None
    ]
    for folder in FOLDERS_OF_SIGNATURES:
        status = tree.status(folder)
        if status is not None:
            newest = max(
                [status, *filter(None, (tree.status(f"{folder}/{name}") for name in tree.names(folder)))],
                key=lambda one: one.st_mtime,
            )
            ages.append((folder, age_in_days(newest, context.now)))
    if not ages:
        if not any(system.program(tree, *programs) for programs, _ in PRODUCTS.values()):
            return verdict([fact("病毒库", "virus signatures", "none", f"≤ {most}")])
        return manual(
            "未找到该产品的病毒库：请在其界面中查看日期",
            "the signatures of this product were not found: look at their date in its window",
        )
    name, age = min(ages, key=lambda one: one[1])
    one = fact(f"病毒库天数（{name}）", f"age of the virus signatures in days ({name})", age, f"≤ {most}")
    return verdict([one] if age > most else [], [] if age > most else [one])


def _clamav_age(tree: Tree, path: str, now: datetime) -> int | None:
    """The age in days by the head of a ClamAV database, else by the file's own time."""
    status = tree.status(path)
    if status is None:
        return None
    match = _CVD.match(tree.head(path, 512) or b"")
    made = _date(match[1].decode("ascii", "replace")) if match else None
    return max(0, (now - made).days) if made else age_in_days(status, now)


def _date(text: str) -> datetime | None:
    """``24 Feb 2026 03-21 +0000`` of a database's head; None where it is none."""
    words = text.split()
    if len(words) < 3 or not words[0].isdigit() or words[1] not in _MONTHS or not words[2].isdigit():
        return None
    try:
        return datetime(int(words[2]), _MONTHS.index(words[1]) + 1, int(words[0]), tzinfo=UTC)
    except ValueError:
        return None


CHECKS = (
    Check(
        name="antivirus",
        controls=("SEC-01", "NPC-12"),
        title=Text(zh="安装并开启防病毒软件", en="Anti-virus is installed and watches"),
        remedy=Text(
            zh="安装经认可的防病毒软件并开启实时防护；其他产品可在 antivirus_programs 中登记。",
            en="Install an approved product and turn its real-time protection on; name others in antivirus_programs.",
        ),
        reads=("opt/*", "usr/bin", "etc/systemd/system/*.wants"),
        records=Text(zh="产品名、服务名", en="names of products and services"),
        look=_present,
        windows=windows.present,
    ),
    Check(
        name="antivirus-signatures",
        controls=("SEC-02",),
        title=Text(zh="病毒库及时更新", en="Virus signatures are up to date"),
        remedy=Text(
            zh="更新病毒库；不联网的计算机用经检查的介质导入离线病毒库。",
            en="Update the signatures; bring them to computers without a network on media that were checked.",
        ),
        reads=("var/lib/clamav/*", *FOLDERS_OF_SIGNATURES),
        records=Text(zh="病毒库天数", en="age of the signatures in days"),
        look=_current,
        windows=windows.current,
    ),
)
