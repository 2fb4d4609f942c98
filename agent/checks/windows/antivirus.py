"""Anti-virus of a Windows system: which product starts with it, and the age of Defender's signatures (SEC-01, -02)."""

from __future__ import annotations

from agent.checks.base import Context, Result, fact, manual, verdict
from agent.checks.windows import system
from agent.checks.windows.hive import Hive, filetime
from protocol.records import ComputerClass

PRODUCTS: dict[str, tuple[str, ...]] = {
    "火绒": ("hipsdaemon",),
    "360": ("zhudongfangyu", "360rp", "360eppservice"),
    "腾讯电脑管家": ("qqpcrtp",),
    "金山毒霸": ("kxescore",),
    "瑞星": ("rsravmon", "ravservice"),
    "江民": ("kvsrvxp",),
    "ESET": ("ekrn",),
    "Kaspersky": ("avp", "kavfs", "klnagent"),
    "Sophos": ("savservice", "sophos endpoint defense service"),
    "Symantec": ("sepmasterservice",),
    "Trellix/McAfee": ("mcshield", "mfemms"),
    "Trend Micro": ("ntrtscan", "tmlisten"),
}
"""Product → services that make it watch."""
_DEFENDER = "windefend"
_SETTINGS = r"Microsoft\Windows Defender"
_SIGNATURES = rf"{_SETTINGS}\Signature Updates"


def present(context: Context) -> Result:
    """Which product starts with the system; Defender only where it is not switched off."""
    tree = context.tree
    with system.hive(tree, "SYSTEM") as hive:
        started = system.services(hive)
    with system.hive(tree, "SOFTWARE") as software:
        watches = _DEFENDER in started and not _is_off(software)
    watching = [name for name, words in PRODUCTS.items() if any(word in started for word in words)]
    watching += ["Microsoft Defender"] if watches else []
    watching += [path for path in context.parameters.antivirus_programs if system.found(tree, path.strip("/"))]
    if not watching:
        return verdict([fact("防病毒软件", "anti-virus product", "none, or off", "one")])
    return verdict([], [fact("实时防护服务", "service of real-time protection", ", ".join(watching))])


def _is_off(software: Hive) -> bool:
    for base in (_SETTINGS, rf"Policies\{_SETTINGS}"):
        if software.number(base, "DisableAntiSpyware") == 1 or software.number(base, "DisableAntiVirus") == 1:
            return True
        if software.number(rf"{base}\Real-Time Protection", "DisableRealtimeMonitoring") == 1:
            return True
    return False


def current(context: Context) -> Result:
    """Days since the signatures of Defender were brought up to date; those of other products are not known."""
    most = context.parameters.antivirus_max_days * (4 if context.computer_class is ComputerClass.CONFIDENTIAL else 1)
    with system.hive(context.tree, "SYSTEM") as hive:
        started = system.services(hive)
    others = [name for name, words in PRODUCTS.items() if any(word in started for word in words)]
    if others:
        return manual(
            "未找到该产品的病毒库：请在其界面中查看日期",
            "the signatures of this product were not found: look at their date in its window",
            fact("防病毒软件", "anti-virus product", ", ".join(others)),
        )
    with system.hive(context.tree, "SOFTWARE") as software:
        values = software.values(_SIGNATURES)
    raw = values.get("signatureslastupdated") or values.get("avsignatureapplied")
    at = filetime(int.from_bytes(raw[:8], "little")) if isinstance(raw, bytes) else None
    days = None if at is None else max(0, (context.now - at).days)
    told = "none" if days is None else days
    one = fact("病毒库天数（Defender）", "age of the virus signatures in days (Defender)", told, f"≤ {most}")
    good = days is not None and days <= most
    return verdict([] if good else [one], [one] if good else [])
