"""Packages that were fetched over a network: apt, dnf and yum, zypper, snap, flatpak. Counts and times, no names."""

from __future__ import annotations

import re
from datetime import datetime

import msgspec

from agent.checks.traces_base import Search
from agent.checks.tree import DAMAGED, Unreadable

APT_LISTS = "var/lib/apt/lists"
APT_STAMPS = ("var/lib/apt/periodic/update-success-stamp", "var/lib/apt/periodic/download-upgradeable-stamp")
DNF_LOGS = ("var/log/dnf.librepo.log*", "var/log/dnf5.log*", "var/log/zypper.log", "var/log/zypp/history")
SNAP = "var/lib/snapd/state.json"

_TIME = re.compile(r"(\d{4}-\d\d-\d\d[T |]\d\d:\d\d:\d\d)(Z|[+-]\d\d:?\d\d)?")
_FROM = re.compile(r"(?:https?|ftp)://(?:[^/\s:@]{0,256}@)?(\[[^\]]{1,64}\]|[^/\s:]{1,256})")


class _SnapData(msgspec.Struct):
    refreshed: datetime | None = msgspec.field(name="last-refresh", default=None)


class _SnapState(msgspec.Struct):
    data: _SnapData = msgspec.field(default_factory=_SnapData)


def look(search: Search) -> None:
    """Gather all of them."""
    _apt(search)
    search.read_each(DNF_LOGS, lambda _, text: _dnf(search, text), 16 << 20)
    _snap(search)
    for path in search.glob("var/lib/flatpak/repo/refs/remotes/*"):
        with search.each(path):
            search.tell("trace:packages:flatpak", search.modified(path))


def _apt(search: Search) -> None:
    """Lists of packages carry the host they came from in their name; media and folders have none."""
    with search.each(APT_LISTS):
        outside = 0
        for name in search.tree.names(APT_LISTS):
            host = name.partition("_")[0]
            if name.endswith(("_InRelease", "_Release")) and host not in ("", "cdrom") and search.is_outside(host):
                outside += 1
        times = [search.modified(path) for path in (APT_LISTS, *APT_STAMPS)]
        search.tell("trace:packages:apt", max((one for one in times if one), default=None), outside)


def _dnf(search: Search, text: str) -> None:
    for line in text.splitlines():
        at, host = _TIME.match(line), _FROM.search(line)
        if at and host and "ownload" in line and search.is_outside(host[1]):
            zone = (at[2] or "+00:00").replace("Z", "+00:00")
            search.tell("trace:packages:dnf", datetime.fromisoformat(at[1].replace("|", " ") + zone))


def _snap(search: Search) -> None:
    with search.each(SNAP):
        data = search.tree.read_bytes(SNAP, 64 << 20)
        if data is None:
            return
        try:
            state = msgspec.json.decode(data, type=_SnapState)
        except (msgspec.DecodeError, UnicodeDecodeError) as error:
            raise Unreadable(SNAP, DAMAGED) from error
        if state.data.refreshed is not None and state.data.refreshed.tzinfo:
            search.tell("trace:packages:snap", state.data.refreshed)
