"""Remote control: programs and services by which somebody else works on this computer (NET-14, NET-13)."""

from __future__ import annotations

import re

from agent.checks import system
from agent.checks.base import Check, Context, Result, fact, verdict
from agent.checks.windows import sharing as windows
from signatures.controls import Text

TOOLS: dict[str, tuple[str, ...]] = {
    "TeamViewer": ("teamviewer", "/opt/teamviewer"),
    "AnyDesk": ("anydesk", "/usr/lib/anydesk"),
    "ToDesk": ("todesk", "/opt/todesk", "/opt/apps/com.todesk"),
    "向日葵 (Sunlogin)": ("sunloginclient", "/usr/local/sunlogin", "/opt/apps/com.oray.sunlogin.client"),
    "RustDesk": ("rustdesk", "/usr/lib/rustdesk", "/usr/share/rustdesk"),
    "RayLink/网易UU": ("/opt/apps/com.raylink", "/opt/raylink", "/opt/apps/com.netease.uuremote"),
    "NoMachine": ("nxserver", "/usr/NX"),
    "Chrome Remote Desktop": ("/opt/google/chrome-remote-desktop",),
    "DWService": ("/usr/share/dwagent",),
    "frp/ngrok": ("frpc", "ngrok"),
    "花生壳 (Phddns)": ("phddns", "/opt/apps/com.oray.phddns", "/usr/orayapp"),
    "QQ/腾讯远程 (ToDesk SDK)": ("/opt/apps/com.tencent.remote",),
    "AweSun": ("awesun", "/usr/local/awesun"),
}
"""Tool → programs or folders that prove it."""

SERVICES = {
    "xrdp.service": "xrdp",
    "vncserver@.service": "VNC",
    "x11vnc.service": "x11vnc",
    "tigervncserver.service": "TigerVNC",
    "gnome-remote-desktop.service": "GNOME remote desktop",
    "vino-server.service": "Vino",
    "telnet.socket": "telnet",
    "rlogin.socket": "rlogin",
    "cockpit.socket": "Cockpit",
}


def _tools(context: Context) -> Result:
    """Tools of remote control that are installed, and services of that kind that start with the system."""
    tree = context.tree
    wrong = [
        fact("远程控制软件", "tool of remote control", name, "-")
        for name, places in TOOLS.items()
        if system.program(tree, *places)
    ]
    wrong += [
        fact("远程控制服务", "service of remote control", name, "off")
        for unit, name in SERVICES.items()
        if system.enabled(tree, unit)
    ]
    return verdict(wrong)


def _ssh(context: Context) -> Result:
    """Whether root or an empty password may come in through SSH."""
    tree = context.tree
    if system.enabled(tree, "ssh.service", "sshd.service", "ssh.socket", "sshd.socket") is None:
        return verdict([], [fact("SSH 服务", "SSH service", "off")])
    text = "\n".join(
        tree.read(name) or "" for name in (*tree.glob("etc/ssh/sshd_config.d/*.conf"), "etc/ssh/sshd_config")
    )
    wrong = []
    for key, bad, default in (
        ("PermitRootLogin", {"yes"}, "prohibit-password"),
        ("PermitEmptyPasswords", {"yes"}, "no"),
    ):
        found = re.search(rf"^\s*{key}\s+(\S+)", text, re.MULTILINE | re.IGNORECASE)  # the first one counts
        value = found[1].lower() if found else default
        if value in bad:
            wrong.append(fact(f"SSH {key}", f"SSH {key}", value, "no"))
    return verdict(wrong, [fact("SSH 服务", "SSH service", "on")])


CHECKS = (
    Check(
        name="remote-control",
        controls=("NET-14", "NET-13"),
        title=Text(zh="没有远程控制软件", en="No tool of remote control"),
        remedy=Text(zh="卸载所列软件、停用所列服务。", en="Remove the tools listed and turn the services listed off."),
        reads=("usr/bin", "opt/*", "etc/systemd/system/*.wants"),
        records=Text(zh="软件名、服务名", en="names of tools and services"),
        look=_tools,
        windows=windows.remote_control,
        extent="part",
    ),
    Check(
        name="ssh",
        controls=("NET-14", "PWD-10"),
        title=Text(zh="SSH 登录受限", en="SSH lets in neither root nor an empty password"),
        remedy=Text(
            zh="在 sshd_config 中设 PermitRootLogin no、PermitEmptyPasswords no，或停用 SSH。",
            en="Set PermitRootLogin no and PermitEmptyPasswords no in sshd_config, or turn SSH off.",
        ),
        reads=("etc/ssh/sshd_config", "etc/ssh/sshd_config.d/*.conf"),
        records=Text(zh="设置名与取值", en="names and values of settings"),
        look=_ssh,
        extent="part",
    ),
)
