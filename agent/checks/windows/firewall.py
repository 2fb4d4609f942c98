"""The firewall of Windows: on for every kind of network, refusing what comes in (SEC-04, NET-18)."""

from __future__ import annotations

from agent.checks.base import Context, Fact, Result, fact, verdict
from agent.checks.windows import system

PROFILES = {
    "DomainProfile": ("域网络", "domain networks"),
    "StandardProfile": ("专用网络", "private networks"),
    "PublicProfile": ("公用网络", "public networks"),
}
"""Key of a kind of network → what people call it."""


def firewall(context: Context) -> Result:
    """Each profile by policy, else by the computer's own setting; and whether its service starts."""
    wrong: list[Fact] = []
    right: list[Fact] = []
    with system.hive(context.tree, "SYSTEM") as hive, system.hive(context.tree, "SOFTWARE") as software:
        start = system.service(hive, "MpsSvc")
        own = system.control(hive, r"Services\SharedAccess\Parameters\FirewallPolicy")
        if start is None or start == system.DISABLED:
            wrong.append(fact("防火墙服务", "service of the firewall", "off", "on"))
        for name, (zh, en) in PROFILES.items():
            # Policies call the private profile both names, by the version of Windows that wrote them.
            names = (name, "PrivateProfile") if name == "StandardProfile" else (name,)
            values = hive.values(rf"{own}\{name}")
            for one in names:
                values |= software.values(rf"Policies\Microsoft\WindowsFirewall\{one}")
            is_on, lets_in = values.get("enablefirewall", 1) == 1, values.get("defaultinboundaction", 1) == 0
            told = f"{'on' if is_on else 'off'}, input {'accept' if lets_in else 'drop'}"
            row = fact(f"防火墙：{zh}", f"firewall: {en}", told, "on, input drop")
            (right if is_on and not lets_in else wrong).append(row)
    return verdict(wrong, right)
