"""Established connections and the processes that hold them, from ``/proc/net`` of this thread's namespace.

Read here and not through psutil because that library only knows the namespace of the whole process, and looks through
every process even where there is no connection at all.
"""

from __future__ import annotations

import ipaddress
import struct
from dataclasses import dataclass
from pathlib import Path

Address = ipaddress.IPv4Address | ipaddress.IPv6Address

_ESTABLISHED = {"tcp": {"01"}, "udp": {"01"}, "udplite": {"01"}, "raw": {"01"}}
_MOST = 20_000
"""Sockets of one table that are looked at."""


@dataclass(frozen=True, slots=True)
class Peer:
    """The far end of an established connection, and the process that holds it (empty where we may not know)."""

    address: Address
    process: str
    local: Address | None = None
    """Our end."""


def peers(root: Path = Path("/")) -> tuple[Peer, ...]:
    """Far ends of established TCP connections and connected UDP sockets, loopback left out, sorted."""
    far: dict[str, tuple[Address, Address]] = {}
    for table in ("tcp", "tcp6", "udp", "udp6", "udplite", "udplite6", "raw", "raw6"):
        for inode, local, remote in _table(root / "proc/thread-self/net" / table, table.rstrip("6")):
            if not (remote.is_loopback or remote.is_unspecified or local == remote):
                far[inode] = local, remote
    holders = _holders(set(far), root) if far else {}
    found = {Peer(remote, holders.get(inode, ""), local) for inode, (local, remote) in far.items()}
    return tuple(sorted(found, key=lambda peer: (str(peer.address), peer.process, str(peer.local))))


def _table(path: Path, kind: str) -> list[tuple[str, Address, Address]]:
    """Inode, local and remote address of each connected socket of one table; none where there is no such table."""
    found = []
    try:
        with path.open("r", encoding="ascii", errors="replace") as file:
            next(file, "")
            for line in file:
                fields = line.split()  # slot local remote state queues timer retransmits uid timeout inode …
                if len(fields) < 10 or fields[3] not in _ESTABLISHED[kind]:
                    continue
                local, remote = _address(fields[1]), _address(fields[2])
                if local is not None and remote is not None:
                    found.append((fields[9], local, remote))
                if len(found) >= _MOST:
                    break
    except FileNotFoundError:
        return []
    return found


def _address(text: str) -> Address | None:
    """``0100007F:0016`` → 127.0.0.1; words stand in the byte order of the machine."""
    digits = text.partition(":")[0]
    try:
        words = [int(digits[at : at + 8], 16) for at in range(0, len(digits), 8)]
    except ValueError:
        return None
    if len(words) not in (1, 4):
        return None
    found = ipaddress.ip_address(struct.pack(f"={len(words)}I", *words))
    return found.ipv4_mapped or found if isinstance(found, ipaddress.IPv6Address) else found


def _holders(wanted: set[str], root: Path) -> dict[str, str]:
    """The process that holds each of these sockets, as far as we may look."""
    found: dict[str, str] = {}
    for pid in _names(root / "proc"):
        if not pid.isdigit():
            continue
        folder = root / "proc" / pid
        for descriptor in _names(folder / "fd"):
            inode = _link(folder / "fd" / descriptor)
            if inode.startswith("socket:[") and inode[8:-1] in wanted and inode[8:-1] not in found:
                found[inode[8:-1]] = process_name(folder)
        if len(found) == len(wanted):
            break
    return found


def process_name(folder: Path) -> str:
    """The name of the process whose folder in ``/proc`` this is; empty where it has gone."""
    try:
        return (folder / "comm").read_text("utf-8", "replace").strip()
    except OSError:  # it has ended meanwhile
        return ""


def _names(folder: Path) -> list[str]:
    try:
        return [path.name for path in folder.iterdir()]
    except OSError:  # ended meanwhile, or of another user: then its name stays unknown, and that is told
        return []


def _link(path: Path) -> str:
    try:
        return str(path.readlink())
    except OSError:
        return ""
