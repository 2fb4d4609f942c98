"""Traces of networks in a Windows system (NET-04, CPC-03): profiles, leases, dial-up, addresses, browsers, logs.

Told are kinds, counts and the newest time; never a name of a network, an address or a URL.
"""

from __future__ import annotations

import re
import struct
from datetime import UTC, datetime

from agent.checks.base import Context, Result
from agent.checks.traces_base import Search
from agent.checks.traces_browsers import read_histories
from agent.checks.traces_told import search_of, told
from agent.checks.tree import Unreadable
from agent.checks.windows import system
from agent.checks.windows.events import NETWORKS, WIRELESS, events
from agent.checks.windows.hive import Hive, Key

_PROFILES = rf"{system.CURRENT_VERSION}\NetworkList\Profiles"
_KINDS = {0x17: "vpn", 0x47: "wifi", 0xF3: "gsm", 0x06: "used"}
"""Kind of interface (IANA ifType, as the Network List Manager keeps it) → the word of the trace."""
_BROWSERS = (
    *("AppData/Local/*/*/User Data/*/History", "AppData/Local/*/User Data/*/History"),
    *("AppData/Roaming/*/User Data/*/History", "AppData/Roaming/Mozilla/Firefox/Profiles/*/places.sqlite"),
)
_CONNECTED, _ASSOCIATED = 10000, 8001
"""A network was connected, as the Network List Manager logs it; a wireless network was joined."""
_URL = re.compile(r"(?:https?|ftp)://(?:[^/@\s]*@)?(\[[0-9A-Fa-f:.%]+\]|[^/:?#\s]+)", re.IGNORECASE)


def traces(context: Context) -> Result:
    """What is left of contact with networks since the last inspection."""
    search = search_of(context)
    for source in (_profiles, _wireless, _leases, _people, _browsers, _logged):
        search.begin()
        try:
            source(search)
        except Unreadable as error:
            search.trouble(error.path, error.why)
    return told(search)


def _profiles(search: Search) -> None:
    with system.hive(search.tree, "SOFTWARE") as software:
        for key in software.keys(_PROFILES):
            kind = _KINDS.get(software.number(key, "NameType") or 0, "used")
            name = software.text(key, "ProfileName")
            if kind == "wifi" and name in search.settings.allowed_ssids:
                continue
            if kind == "used" and search.settings.allowed_networks:
                continue  # a cable: which network it was is told by its address, among the leases
            search.tell(f"trace:network-list:{kind}", _date(software, key) or key.written)


def _date(software: Hive, key: Key) -> datetime | None:
    """When it was last connected: a SYSTEMTIME of the computer's own clock, told as if it were UTC."""
    value = software.value(key, "DateLastConnected")
    if not isinstance(value, bytes) or len(value) != 16:
        return None
    year, month, _, day, hour, minute, second, _ = struct.unpack("<8H", value)
    try:
        return datetime(year, month, day, hour, minute, second, tzinfo=UTC)
    except ValueError:
        return None


def _wireless(search: Search) -> None:
    folder = system.found(search.tree, "ProgramData/Microsoft/Wlansvc/Profiles/Interfaces")

    def profile(path: str, text: str) -> None:
        name = re.search(r"<SSID>.*?<name>([^<]{1,64})</name>", text, re.DOTALL)
        if not (name and name[1] in search.settings.allowed_ssids):
            search.tell("trace:wireless", search.modified(path))

    if folder:
        search.read_each((f"{folder}/*/*.xml",), profile)
    for _, home in system.homes(search.tree):
        book = system.found(search.tree, f"{home}/AppData/Roaming/Microsoft/Network/Connections/Pbk/rasphone.pbk")
        if book:
            with search.each(book):
                entries = (search.tree.read(book) or "").count("[")
                search.tell("trace:dial-up", search.modified(book), entries)


def _leases(search: Search) -> None:
    with system.hive(search.tree, "SYSTEM") as hive:
        for key in hive.keys(system.control(hive, r"Services\Tcpip\Parameters\Interfaces")):
            values = hive.values(key)
            fixed = values.get("ipaddress", ())
            addresses = [values.get("dhcpipaddress"), *(fixed if isinstance(fixed, tuple) else ())]
            obtained = values.get("leaseobtainedtime")
            at = datetime.fromtimestamp(obtained, UTC) if isinstance(obtained, int) and obtained else key.written
            for address in addresses:
                if isinstance(address, str) and address and search.is_outside(address):
                    search.tell("trace:lease", at)


def _people(search: Search) -> None:
    """Addresses typed into the browser of the system and its file manager."""
    for _, own in system.users(search.tree):
        key = own.key(r"Software\Microsoft\Internet Explorer\TypedURLs")
        for value in own.values(key).values() if key else ():
            host = _URL.match(value) if isinstance(value, str) else None
            if key and host and search.is_outside(host[1]):
                search.tell("trace:typed-addresses", key.written)
        times = own.values(r"Software\Microsoft\Windows\CurrentVersion\Internet Settings")
        if times.get("proxyenable") == 1 and isinstance(server := times.get("proxyserver"), str):
            host_of = server.rpartition("=")[2].partition(":")[0]
            if host_of and search.is_outside(host_of):
                search.tell("trace:proxy:registry", None)


def _browsers(search: Search) -> None:
    for _, home in system.homes(search.tree):
        read_histories(search, *(f"{home}/{pattern}" for pattern in _BROWSERS))


def _logged(search: Search) -> None:
    """What the event logs tell of networks, also where profiles were deleted afterwards."""
    if not search.settings.allowed_networks:  # which network it was is told by its address, among the leases
        for event in events(search.tree, NETWORKS, {_CONNECTED}):
            search.tell("trace:network-list:log", event.at)
    for event in events(search.tree, WIRELESS, {_ASSOCIATED}):
        if event.text("SSID") not in search.settings.allowed_ssids:
            search.tell("trace:wireless:log", event.at)
