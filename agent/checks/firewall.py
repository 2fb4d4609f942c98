"""Firewall and intrusion detection (SEC-04, NET-18)."""

from __future__ import annotations

import re

from agent.checks import system
from agent.checks.base import Check, Context, Fact, Result, fact, verdict
from agent.checks.tree import Tree
from agent.checks.windows import firewall as windows
from signatures.controls import Text

DETECTORS: dict[str, tuple[tuple[str, ...], tuple[str, ...]]] = {
    "AIDE": (("aide", "aide.wrapper"), ("dailyaidecheck.timer", "aidecheck.timer", "aide.timer")),
    "Wazuh/OSSEC": (
        ("/var/ossec/bin/wazuh-agentd", "/var/ossec/bin/ossec-agentd"),
        ("wazuh-agent.service", "ossec.service"),
    ),
    "Suricata": (("suricata",), ("suricata.service",)),
    "Snort": (("snort",), ("snort.service",)),
    "fail2ban": (("fail2ban-server",), ("fail2ban.service",)),
    "USBGuard": (("usbguard-daemon",), ("usbguard.service",)),
    "Falco": (("falco",), ("falco.service", "falco-modern-bpf.service")),
    "奇安信天擎": (("/opt/qaxsafe", "/opt/qianxin"), ("qaxsafe.service", "qaxsafed.service")),
    "安天智甲": (("/opt/antiy",), ("antiyiep.service",)),
    "Kylin/UOS KSC": (
        ("ksc-defender", "kysec_daemon", "deepin-defender"),
        ("kysec-daemon.service", "ksc-defender.service", "deepin-defender.service"),
    ),
}
"""Host intrusion detection: product → (programs, services or timers)."""


def _firewall(context: Context) -> Result:
    """Which firewall starts with the system, and whether it refuses what it was not told to let in."""
    tree = context.tree
    found = [one for one in (_firewalld(tree), _ufw(tree), _nftables(tree), _iptables(tree)) if one is not None]
    on = [one for one, good in found if good]
    if on:
        return verdict([], on)
    if found:
        return verdict([one for one, _ in found])
    return verdict([fact("防火墙", "firewall", "none", "on")])


def _firewalld(tree: Tree) -> tuple[Fact, bool] | None:
    if not system.enabled(tree, "firewalld.service"):
        return None
    zone = next(
        (
            line.partition("=")[2].strip()
            for line in tree.lines("etc/firewalld/firewalld.conf")
            if line.startswith("DefaultZone=")
        ),
        "public",
    )
    return fact("firewalld 默认区域", "default zone of firewalld", zone, "not trusted"), zone != "trusted"


def _ufw(tree: Tree) -> tuple[Fact, bool] | None:
    text = tree.read("etc/ufw/ufw.conf")
    if text is None:
        return None
    on = re.search(r"^ENABLED=yes", text, re.MULTILINE) is not None
    policy = re.search(r'^DEFAULT_INPUT_POLICY="?(\w+)', tree.read("etc/default/ufw") or "", re.MULTILINE)
    good = on and (policy is None or policy[1] in {"DROP", "REJECT"})
    return fact(
        "ufw", "ufw", f"{'on' if on else 'off'}, input {policy[1] if policy else 'DROP'}", "on, input DROP"
    ), good


def _nftables(tree: Tree) -> tuple[Fact, bool] | None:
    text = tree.read("etc/nftables.conf") or tree.read("etc/sysconfig/nftables.conf")
    if text is None:
        return None
    on = system.enabled(tree, "nftables.service") is not None
    chain = re.search(r"hook\s+input[^}]*", text, re.DOTALL)
    rules = "".join(tree.read(name) or "" for name in tree.glob("etc/nftables/*.nft")) if chain is None else chain[0]
    refuses = re.search(r"policy\s+drop|^\s*(drop|reject)\b", rules, re.MULTILINE) is not None
    told = f"{'on' if on else 'off'}, input {'drop' if refuses else 'accept'}"
    return fact("nftables", "nftables", told, "on, input drop"), on and refuses


def _iptables(tree: Tree) -> tuple[Fact, bool] | None:
    name = tree.first("etc/iptables/rules.v4", "etc/sysconfig/iptables")
    if name is None:
        return None
    on = system.enabled(tree, "netfilter-persistent.service", "iptables.service") is not None
    text = tree.read(name) or ""
    refuses = re.search(r"^:INPUT DROP|^-A INPUT .*-j (DROP|REJECT)", text, re.MULTILINE) is not None
    told = f"{'on' if on else 'off'}, input {'drop' if refuses else 'accept'}"
    return fact("iptables", "iptables", told, "on, input drop"), on and refuses


def _detection(context: Context) -> Result:
    """Which host intrusion detection is installed and starts with the system."""
    tree = context.tree
    here = [name for name, (programs, _) in DETECTORS.items() if system.program(tree, *programs)]
    running = [name for name in here if system.enabled(tree, *DETECTORS[name][1])]
    own = [path for path in context.parameters.protection_programs if tree.exists(path)]
    if running or own:
        return verdict([], [fact("入侵防护", "intrusion detection", ", ".join([*running, *own]))])
    return verdict(
        [fact("入侵防护", "intrusion detection", ", ".join(f"{name} (off)" for name in here) or "none", "on")]
    )


CHECKS = (
    Check(
        name="firewall",
        controls=("SEC-04", "NET-18"),
        title=Text(zh="启用防火墙", en="A firewall is on"),
        remedy=Text(
            zh="启用 firewalld、ufw 或 nftables，默认拒绝入站连接。",
            en="Turn firewalld, ufw or nftables on and refuse what comes in by default.",
        ),
        reads=("etc/firewalld", "etc/ufw", "etc/nftables.conf", "etc/iptables", "etc/systemd/system/*.wants"),
        records=Text(zh="防火墙名称和默认策略", en="name and default policy of the firewall"),
        look=_firewall,
        windows=windows.firewall,
    ),
    Check(
        name="intrusion-detection",
        controls=("SEC-04",),
        title=Text(zh="入侵检测或主机防护", en="Intrusion detection or host protection"),
        remedy=Text(
            zh="启用主机入侵检测或单位规定的防护软件（protection_programs）。",
            en="Turn host intrusion detection on, or the protection suite prescribed (protection_programs).",
        ),
        reads=("usr/bin", "opt/*", "etc/systemd/system/*.wants"),
        records=Text(zh="产品名", en="names of products"),
        look=_detection,
    ),
)
