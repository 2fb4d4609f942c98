"""What a Windows system offers to others: shared folders, printers, remote control (NET-13, -14, -18, DOC-09)."""

from __future__ import annotations

import re

from agent.checks.base import CONFIDENTIAL, Context, Fact, Result, fact, not_applicable, verdict
from agent.checks.windows import system

TOOLS: dict[str, tuple[str, ...]] = {
    "TeamViewer": ("teamviewer",),
    "AnyDesk": ("anydesk",),
    "ToDesk": ("todesk",),
    "向日葵 (Sunlogin)": ("sunlogin", "向日葵", "oray"),
    "RustDesk": ("rustdesk",),
    "RayLink/网易UU": ("raylink", "uuremote", "uu远程"),
    "NoMachine": ("nomachine", "nxservice"),
    "Chrome Remote Desktop": ("chrome remote desktop", "chromoting"),
    "frp/ngrok": ("frpc", "ngrok"),
    "花生壳 (Phddns)": ("phddns", "花生壳"),
    "VNC": ("winvnc", "tvnserver", "uvnc_service", "vncserver", "realvnc", "tightvnc", "ultravnc"),
    "Radmin": ("rserver3", "radmin"),
    "telnet": ("tlntsvr",),
}
"""Tool → beginnings of the names of its services, or words in those of its programs."""
_DISK = 0
_SHARED = 0x8
"""PRINTER_ATTRIBUTE_SHARED."""
_NETWORK = 0x10
"""PRINTER_ATTRIBUTE_NETWORK."""


def shares(context: Context) -> Result:
    """Folders that are shared, and the hidden shares of whole disks for administrators."""
    wrong: list[Fact] = []
    with system.hive(context.tree, "SYSTEM") as hive:
        start = system.service(hive, "LanmanServer")
        if start is None or start == system.DISABLED:
            return verdict([], [fact("文件共享服务", "service of shared folders", "off")])
        server = system.control(hive, r"Services\LanmanServer")
        for told in hive.values(rf"{server}\Shares").values():
            about = dict(part.partition("=")[::2] for part in told) if isinstance(told, tuple) else {}
            if about.get("Type", "0").strip() == str(_DISK) and about.get("Path"):
                wrong.append(fact("共享文件夹", "shared folder", about.get("ShareName", "?"), "-"))
        parameters = hive.values(rf"{server}\Parameters")
    hidden = parameters.get("autosharewks", 1) != 0
    right = [fact("管理共享（C$）", "shares of administrators (C$)", "on" if hidden else "off", "off")]
    if hidden and context.computer_class in CONFIDENTIAL:
        wrong, right = [*wrong, *right], []
    if parameters.get("smb1") == 1:
        wrong.append(fact("SMB 1 协议", "protocol SMB 1", "on", "off"))
    return verdict(wrong, right)


def remote_control(context: Context) -> Result:
    """Remote desktop, remote assistance, and tools of remote control."""
    with system.hive(context.tree, "SYSTEM") as hive, system.hive(context.tree, "SOFTWARE") as software:
        control = system.control(hive, "Control")
        policy = software.number(r"Policies\Microsoft\Windows NT\Terminal Services", "fDenyTSConnections")
        own = hive.number(rf"{control}\Terminal Server", "fDenyTSConnections")
        desktop = (policy if policy is not None else own) == 0
        assistance = hive.number(rf"{control}\Remote Assistance", "fAllowToGetHelp") == 1
        started = system.services(hive)
    wrong: list[Fact] = []
    if desktop:
        wrong.append(fact("远程桌面", "remote desktop", "on", "off"))
    if assistance:
        wrong.append(fact("远程协助", "remote assistance", "on", "off"))
    names = [name.lower() for name in system.programs(context.tree)]
    for tool, words in TOOLS.items():
        if any(service.startswith(words) for service in started) or any(
            word in name for name in names for word in words
        ):
            wrong.append(fact("远程控制软件", "tool of remote control", tool, "-"))
    return verdict(wrong)


def printers(context: Context) -> Result:
    """Printers over a network, shared ones, and those that were not approved."""
    allowed = set(context.parameters.printers_allowed)
    wrong: list[Fact] = []
    right: list[Fact] = []
    with system.hive(context.tree, "SYSTEM") as hive:
        for key in hive.keys(system.control(hive, r"Control\Print\Printers")):
            attributes = hive.number(key, "Attributes") or 0
            scheme = _scheme(hive.text(key, "Port"), attributes)
            one = fact(
                f"打印队列：{key.name}", f"print queue: {key.name}", scheme, ", ".join(sorted(allowed)) or "local"
            )
            local = context.computer_class not in CONFIDENTIAL or scheme == "local"
            (right if (key.name in allowed if allowed else local) else wrong).append(one)
            if attributes & _SHARED:
                wrong.append(
                    fact(
                        f"共享的打印队列：{key.name}", f"print queue shared on the network: {key.name}", "shared", "no"
                    )
                )
    return verdict(wrong, right) if wrong or right else not_applicable("没有打印队列", "there is no print queue")


def _scheme(port: str, attributes: int) -> str:
    if attributes & _NETWORK or re.match(r"(\\\\|ip_|wsd|\d+\.\d+\.|https?:)", port, re.IGNORECASE):
        return "network"
    return "local"
