"""Logins that came over a network, from the record of logins (``wtmp``): how many and when last, never from where."""

from __future__ import annotations

import ipaddress
import struct

from agent.checks.traces_base import Search, moment
from agent.checks.traces_scan import content
from agent.checks.tree import DAMAGED, Unreadable

FILES = ("var/log/wtmp", "var/log/wtmp.*", "var/log/wtmp-*", "var/log/btmp", "var/log/btmp.*")
RECORD = struct.Struct("<hxxi32s4s32s256shhiii16s20x")
"""struct utmp of glibc (utmp(5)): the same on x86-64 and arm64."""
_USER, _LOGIN = 7, 6
_MOST = 32 << 20


def look(search: Search) -> None:
    """Gather all of them."""
    for pattern in FILES:
        for path in search.glob(pattern):
            with search.each(path):
                _records(search, path, content(search, path, _MOST))


def _records(search: Search, path: str, data: bytes) -> None:
    if len(data) % RECORD.size:
        raise Unreadable(path, DAMAGED)
    for kind, _, _, _, _, _, _, _, _, seconds, _, address in RECORD.iter_unpack(data):
        if kind not in (_USER, _LOGIN) or not any(address):
            continue
        four = not any(address[4:])
        far = ipaddress.ip_address(address[:4] if four else address)
        if not far.is_loopback and search.is_outside(str(far)):
            search.tell("trace:remote-login", moment(seconds))
