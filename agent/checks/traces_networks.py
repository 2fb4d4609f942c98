"""Networks this computer remembers: profiles, leases, wireless networks, paired devices.

NetworkManager (UOS, Kylin, Ubuntu desktop and Red Hat's kin), netplan, ifupdown, systemd-networkd, dhclient, dhcpcd,
connman, wpa_supplicant, iwd, BlueZ. A wired profile that was never used is a default and no trace.
"""

from __future__ import annotations

import configparser
import ipaddress
import re
from datetime import UTC, datetime

from agent.checks.traces_base import Search, moment
from agent.checks.tree import DAMAGED, Unreadable

PROFILES = (
    "etc/NetworkManager/system-connections/*",
    "run/NetworkManager/system-connections/*",
    "usr/lib/NetworkManager/system-connections/*",
)
TIMESTAMPS = "var/lib/NetworkManager/timestamps"
KINDS = {
    "802-11-wireless": "wifi",
    "gsm": "cellular",
    "cdma": "cellular",
    "wireguard": "vpn",
    "802-3-ethernet": "ethernet",
}
REMEMBERED = {"wifi", "cellular", "vpn", "bluetooth", "pppoe", "tun", "ip-tunnel", "vxlan", "wimax", "olpc-mesh"}
"""Kinds of profiles that somebody made on purpose, so that they are traces even if never used."""
DHCLIENT = ("var/lib/dhcp/*.lease*", "var/lib/dhclient/*.lease*", "var/lib/NetworkManager/dhclient*.lease")
KEYED = ("var/lib/NetworkManager/internal-*.lease", "run/systemd/netif/leases/*", "var/lib/systemd/network/leases/*")
DHCPCD = ("var/lib/dhcpcd/*.lease", "var/lib/dhcpcd5/*.lease", "var/lib/dhcpcd/*/*.lease")

_LEASED = re.compile(r"(?:fixed-address|iaaddr)\s+([0-9a-fA-F.:]+)")
_RENEW = re.compile(r"(?:renew|starts)\s+(?:\d\s+(\d{4}/\d\d/\d\d \d\d:\d\d:\d\d)|epoch\s+(\d+)|(\d{9,10});)")


def look(search: Search) -> None:
    """Gather all of them."""
    _profiles(search)
    _leases(search)
    _wireless(search)
    _paired(search)


def _profiles(search: Search) -> None:
    used: dict[str, datetime] = {}
    with search.each(TIMESTAMPS):
        for line in (search.tree.read(TIMESTAMPS) or "").splitlines():
            uuid, _, seconds = line.partition("=")
            at = moment(int(seconds)) if seconds.strip().isdigit() else None
            if at is not None:
                used[uuid.strip()] = at
    search.read_each(PROFILES, lambda path, text: _profile(search, path, text, used))
    left = {at for uuid, at in used.items()}
    for at in left:  # also of profiles that were deleted since: the time of use stays
        search.tell("trace:network-manager:used", at)


def _profile(search: Search, path: str, text: str, used: dict[str, datetime]) -> None:
    parser = configparser.ConfigParser(interpolation=None, strict=False, delimiters=("=",), comment_prefixes=("#",))
    try:
        parser.read_string(text)
    except configparser.Error as error:
        raise Unreadable(path, DAMAGED) from error
    about = parser["connection"] if parser.has_section("connection") else {}
    kind = KINDS.get(about.get("type", ""), about.get("type", ""))
    at = used.pop(about.get("uuid", ""), None)
    interface = about.get("interface-name", "")
    name = parser.get("wifi", "ssid", fallback="") or parser.get("802-11-wireless", "ssid", fallback="")
    if interface in search.settings.allowed_interfaces or _ssid(name) in search.settings.allowed_ssids:
        return
    given = [value for key, value in (parser["ipv4"].items() if parser.has_section("ipv4") else ()) if "address" in key]
    fixed = [one for one in (_first(value) for value in given) if one]
    if kind == "ethernet" and fixed and not any(search.is_outside(one) for one in fixed):
        return
    if kind in REMEMBERED:
        search.tell(f"trace:network-manager:{kind}", at or search.modified(path))
    elif at is not None and kind not in ("loopback", "bridge", "dummy"):
        search.tell("trace:network-manager:used", at)


def _ssid(given: str) -> str:
    """A name as NetworkManager writes it: text, or numbers with semicolons where it is not."""
    if re.fullmatch(r"(\d{1,3};)+", given):
        return bytes(int(one) & 255 for one in given.split(";") if one).decode("utf-8", "replace")
    return given


def _first(value: str) -> str:
    return re.split(r"[/;, ]", value.strip())[0]


def _leases(search: Search) -> None:
    search.read_each(DHCLIENT, lambda path, text: _dhclient(search, path, text), 4 << 20)
    search.read_each(KEYED, lambda path, text: _keyed(search, path, text))
    for path in search.glob(*DHCPCD):
        with search.each(path):
            data = search.tree.read_bytes(path, 1 << 16) or b""
            if len(data) >= 20:  # the packet as it was received (RFC 2131): the address stands at octet 16
                _leased(search, str(ipaddress.ip_address(data[16:20])), search.modified(path))


def _dhclient(search: Search, path: str, text: str) -> None:
    end = 0
    while (start := text.find("lease", end)) >= 0 and (end := text.find("}", start)) >= 0:
        block = text[start:end]
        address, renewed = _LEASED.search(block), _RENEW.search(block)
        at = search.modified(path)
        if renewed and renewed[1]:
            at = _written(renewed[1]) or at
        elif renewed:
            at = moment(int(renewed[2] or renewed[3])) or at
        if address:
            _leased(search, address[1], at)


def _written(given: str) -> datetime | None:
    try:
        return datetime.strptime(given, "%Y/%m/%d %H:%M:%S").replace(tzinfo=UTC)
    except ValueError:
        return None


def _keyed(search: Search, path: str, text: str) -> None:
    match = re.search(r"^ADDRESS=(\S+)", text, re.M)
    if match:
        _leased(search, match[1], search.modified(path))


def _leased(search: Search, address: str, at: datetime | None) -> None:
    if search.is_outside(address):
        search.tell("trace:lease", at)


def _wireless(search: Search) -> None:
    def supplicant(path: str, text: str) -> None:
        for name in re.findall(r"^[ \t]*(?:wpa-)?ssid[ \t=]+\"?([^\"\n]+)", text, re.M):
            if name.strip() not in search.settings.allowed_ssids:
                search.tell("trace:wireless", search.modified(path))

    search.read_each(("etc/wpa_supplicant/*.conf", "etc/wpa_supplicant.conf"), supplicant)
    search.read_each(("etc/network/interfaces", "etc/network/interfaces.d/*"), supplicant)
    for path in search.glob("var/lib/iwd/*.psk", "var/lib/iwd/*.open", "var/lib/iwd/*.8021x"):
        name = path.rpartition("/")[2].rpartition(".")[0]
        if name.startswith("="):  # names that are no plain text are written in hexadecimal
            name = bytes.fromhex(name[1:]).decode("utf-8", "replace") if _is_hex(name[1:]) else name
        if name not in search.settings.allowed_ssids:
            with search.each(path):
                search.tell("trace:wireless", search.modified(path))
    for path in search.glob("var/lib/connman/wifi_*/settings", "var/lib/connman/cellular_*/settings"):
        with search.each(path):
            search.tell("trace:wireless", search.modified(path))

    def netplan(path: str, text: str) -> None:
        if re.search(r"^[ \t]*(wifis|modems)[ \t]*:", text, re.M):
            search.tell("trace:wireless", search.modified(path))

    search.read_each(("etc/netplan/*.yaml",), netplan)


def _is_hex(text: str) -> bool:
    return len(text) % 2 == 0 and re.fullmatch(r"[0-9a-fA-F]*", text) is not None


def _paired(search: Search) -> None:
    for path in search.glob("var/lib/bluetooth/*/*/info"):
        with search.each(path):
            search.tell("trace:bluetooth-pairing", search.modified(path))
    for path in search.glob("etc/ppp/peers/*"):
        if path.rpartition("/")[2] not in ("provider", "README"):
            with search.each(path):
                search.tell("trace:dial-up", search.modified(path))
