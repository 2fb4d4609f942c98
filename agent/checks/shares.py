"""What the computer offers to the network: shared folders, open ports (NET-13, NET-18, NPC-20)."""

from __future__ import annotations

import re

from agent.checks import system
from agent.checks.base import CONFIDENTIAL, Check, Context, Fact, Result, fact, verdict
from agent.checks.tree import Tree
from agent.checks.windows import sharing as windows
from signatures.controls import Text

_STATE_LISTEN = "0A"
_UDP_OPEN = "07"


def _samba(tree: Tree) -> tuple[list[Fact], int]:
    """Shares that anybody may use, and how many shares there are."""
    parser = system.ini(tree, "etc/samba/smb.conf")
    wrong, count = [], 0
    on = system.enabled(tree, "smbd.service", "smb.service", "samba.service", "samba-ad-dc.service")
    for section in parser.sections() if parser and on else ():
        if section.lower() in {"global", "homes", "printers", "print$"}:
            continue
        count += 1
        if any(system.is_true(parser.get(section, key, fallback=None)) for key in ("guest ok", "public")):  # type: ignore[union-attr]
            wrong.append(
                fact(
                    f"任何人可访问的 Samba 共享：{section}",
                    f"Samba share that anybody may use: {section}",
                    "guest ok",
                    "no",
                )
            )
    for path in tree.glob("var/lib/samba/usershares/*"):
        count += 1
        if "guest_ok=y" in (tree.read(path) or ""):
            name = path.rsplit("/", 1)[-1]
            wrong.append(
                fact(
                    f"任何人可访问的个人共享：{name}", f"personal share that anybody may use: {name}", "guest_ok=y", "n"
                )
            )
    return wrong, count


def _nfs(tree: Tree) -> tuple[list[Fact], int]:
    """Directories exported to everybody, and how many are exported."""
    wrong, count = [], 0
    for path in ("etc/exports", *tree.glob("etc/exports.d/*.exports")):
        for line in tree.lines(path):
            words = line.split()
            count += 1
            if len(words) == 1 or any(re.match(r"\*|0\.0\.0\.0/0|::/0|\(", word) for word in words[1:]):
                wrong.append(fact("对任何主机开放的 NFS 导出", "NFS export to every host", words[0], "named hosts"))
    return wrong, count


def _ftp(tree: Tree) -> list[Fact]:
    for path in ("etc/vsftpd.conf", "etc/vsftpd/vsftpd.conf"):
        if re.search(r"^anonymous_enable=YES", tree.read(path) or "", re.MULTILINE | re.IGNORECASE):
            return [fact("匿名 FTP", "anonymous FTP", path, "off")]
    return []


def _shares(context: Context) -> Result:
    """Shared folders; on a confidential computer none at all."""
    tree = context.tree
    samba, samba_count = _samba(tree)
    nfs, nfs_count = _nfs(tree)
    wrong = [*samba, *nfs, *_ftp(tree)]
    count = fact(
        "共享目录数", "shared folders", samba_count + nfs_count, 0 if context.computer_class in CONFIDENTIAL else ""
    )
    if samba_count + nfs_count and context.computer_class in CONFIDENTIAL:
        return verdict([*wrong, count])
    return verdict(wrong, [count])


def _listening(context: Context) -> Result:
    """Ports that are open to the network, besides those that are allowed."""
    allowed = set(context.parameters.listening_allowed)
    found = set()
    for kind, name, state in (
        ("tcp", "tcp", _STATE_LISTEN),
        ("tcp", "tcp6", _STATE_LISTEN),
        ("udp", "udp", _UDP_OPEN),
        ("udp", "udp6", _UDP_OPEN),
    ):
        for line in (context.tree.read(f"proc/net/{name}", 16 * 1024 * 1024) or "").splitlines()[1:]:
            fields = line.split()
            if len(fields) > 3 and fields[3] == state and not _is_loopback(fields[1].rpartition(":")[0]):
                port = int(fields[1].rpartition(":")[2], 16)
                if kind == "tcp" or port < 32768:  # higher ports of UDP are the near ends of questions we asked
                    found.add((kind, port))
    wrong = [
        fact("对网络开放的端口", "port open to the network", f"{kind}/{port}", ", ".join(sorted(allowed)) or "-")
        for kind, port in sorted(found)
        if f"{kind}/{port}" not in allowed
    ]
    return verdict(wrong, [fact("允许的端口", "ports that are allowed", ", ".join(sorted(allowed)) or "-")])


def _is_loopback(address: str) -> bool:
    """Whether an address of ``/proc/net`` (hex, little-endian words) is the computer's own."""
    if len(address) == 8 or address.startswith("0000000000000000FFFF0000"):  # IPv4, also mapped into IPv6
        return address.endswith("7F")
    return address == "00000000000000000000000001000000"


_HOW = Text(
    zh="关闭不需要的共享和服务；确需开放的端口登记入 listening_allowed。",
    en="Stop shares and services that are not needed; name ports that must be open in listening_allowed.",
)

CHECKS = (
    Check(
        name="shares",
        controls=("NET-18", "NET-13", "NPC-20"),
        title=Text(zh="不对网络开放共享目录", en="No folder is open to everybody on the network"),
        remedy=_HOW,
        reads=("etc/samba/smb.conf", "var/lib/samba/usershares/*", "etc/exports", "etc/vsftpd.conf"),
        records=Text(zh="共享名", en="names of shares"),
        look=_shares,
        windows=windows.shares,
    ),
    Check(
        name="listening",
        controls=("NET-13",),
        title=Text(zh="不开放未经批准的网络服务", en="No service listens that was not approved"),
        remedy=_HOW,
        reads=("proc/net/tcp", "proc/net/tcp6", "proc/net/udp", "proc/net/udp6"),
        records=Text(zh="协议和端口号", en="protocol and number of ports"),
        look=_listening,
        live_only=True,
    ),
)
