"""Writes the hives beside it, with libhivex: run it with a Python that has ``hivex`` (Debian: python3-hivex).

An empty hive (one root key and its security descriptor) is written by hand; every key, list and value is then added by
libhivex, so that the reader is tested on what another program wrote. The two computers are sound and faulty alike in
shape: the same keys, other values. Times are counted from the moment of the tests, 2026-11-20.
"""

from __future__ import annotations

import lzma
import struct
import sys
import tempfile
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import hivex

HERE = Path(__file__).parent
NOW = datetime(2026, 11, 20, 12, tzinfo=UTC)
SZ, EXPAND, BINARY, DWORD, MULTI = 1, 2, 3, 4, 7
NEVER = 0x7FFF_FFFF_FFFF_FFFF


def ago(days: float) -> int:
    """A FILETIME so many days before the moment of the tests."""
    return int((NOW - timedelta(days=days) - datetime(1601, 1, 1, tzinfo=UTC)).total_seconds()) * 10_000_000


def empty() -> bytes:
    """A hive with nothing but its root."""
    security = b"sk\0\0" + struct.pack("<IIII", 0, 0, 1, 20) + b"\1\0\0\x80" + b"\0" * 16
    nk = bytearray(0x4C + 4)
    struct.pack_into("<2sHQ", nk, 0, b"nk", 0x2C, ago(100))
    struct.pack_into("<I", nk, 0x10, 0xFFFFFFFF)
    for at in (0x1C, 0x20, 0x28, 0x30):
        struct.pack_into("<I", nk, at, 0xFFFFFFFF)
    struct.pack_into("<HH", nk, 0x48, 4, 0)
    nk[0x4C:] = b"root"
    root = 32
    first = struct.pack("<i", -((len(nk) + 4 + 7) // 8 * 8)) + nk
    first += b"\0" * (-len(first) % 8)
    sk_at = root + len(first)
    first = bytearray(first)
    struct.pack_into("<I", first, 4 + 0x2C, sk_at)
    struct.pack_into("<II", sk := bytearray(security), 4, sk_at, sk_at)
    second = struct.pack("<i", -((len(sk) + 4 + 7) // 8 * 8)) + sk
    second += b"\0" * (-len(second) % 8)
    used = 32 + len(first) + len(second)
    free = struct.pack("<i", 4096 - used) + b"\0" * (4096 - used - 4)
    page = struct.pack("<4sII8xQI", b"hbin", 0, 4096, ago(100), 0) + first + second + free
    head = bytearray(4096)
    struct.pack_into("<4sIIQIIIIII", head, 0, b"regf", 1, 1, ago(1), 1, 5, 0, 1, root, 4096)
    struct.pack_into("<I", head, 0x2C, 1)
    total = 0
    for (word,) in struct.iter_unpack("<I", head[:0x1FC]):
        total ^= word
    struct.pack_into("<I", head, 0x1FC, total)
    return bytes(head) + page


def packed(name: str, value: object) -> dict[str, Any]:
    """A value as hivex takes it: text, number, bytes, or a list of texts."""
    if isinstance(value, str):
        return {"key": name, "t": SZ, "value": (value + "\0").encode("utf-16-le")}
    if isinstance(value, int):
        return {"key": name, "t": DWORD, "value": struct.pack("<I", value)}
    if isinstance(value, bytes):
        return {"key": name, "t": BINARY, "value": value}
    return {"key": name, "t": MULTI, "value": ("\0".join([*value, "", ""])).encode("utf-16-le")}


def written(tree: dict[str, Any]) -> bytes:
    """A hive with these keys (whose values are dictionaries) and values."""
    with tempfile.NamedTemporaryFile(suffix=".hive") as file:
        file.write(empty())
        file.flush()
        hive = hivex.Hivex(file.name, write=True)

        def add(node: int, below: dict[str, Any]) -> None:
            values = [packed(name, one) for name, one in below.items() if not isinstance(one, dict)]
            if values:
                hive.node_set_values(node, values)
            for path, one in below.items():
                if isinstance(one, dict):
                    place = node
                    for part in path.split("\\"):
                        place = hive.node_get_child(place, part) or hive.node_add_child(place, part)
                    add(place, one)

        add(hive.root(), tree)
        hive.commit(None)
        return Path(file.name).read_bytes()


def user(name: str, rid: int, *, flags: int = 0x10, changed: float = 7, hash_length: int = 0x38) -> dict[str, Any]:
    """One account of SAM: its fixed and its varied part."""
    fixed = bytearray(0x50)
    struct.pack_into("<QQQQ", fixed, 8, ago(1), 0, ago(changed), NEVER)
    struct.pack_into("<II", fixed, 0x30, rid, 513)
    struct.pack_into("<H", fixed, 0x38, flags)
    varied = bytearray(0xCC) + name.encode("utf-16-le")
    struct.pack_into("<II", varied, 0x0C, 0, 2 * len(name))
    struct.pack_into("<I", varied, 0xAC, hash_length)
    return {rf"SAM\Domains\Account\Users\{rid:08X}": {"F": bytes(fixed), "V": bytes(varied)}}


def policy(days: int | None, length: int, *, strong: bool, lockout: int) -> bytes:
    """The fixed part of the domain of this computer's own accounts."""
    fixed = bytearray(0xF0)
    struct.pack_into("<q", fixed, 0x18, -NEVER - 1 if days is None else -days * 86400 * 10_000_000)
    struct.pack_into("<IHHH", fixed, 0x4C, int(strong), length, 0, lockout)
    return bytes(fixed)


def members(*ids: int) -> bytes:
    """The administrators: a fixed part, then SIDs one after the other."""
    sids = b"".join(struct.pack("<BB6s5I", 1, 5, b"\0\0\0\0\0\5", 21, 11, 22, 33, rid) for rid in ids)
    head = bytearray(0x34)
    struct.pack_into("<III", head, 0x28, 0, len(sids), len(ids))
    return bytes(head) + sids


def sam(*, sound: bool) -> dict[str, Any]:
    """Accounts and policy."""
    tree: dict[str, Any] = {
        r"SAM\Domains\Account": {
            "F": policy(30, 10, strong=True, lockout=5) if sound else policy(None, 0, strong=False, lockout=0)
        },
        r"SAM\Domains\Builtin\Aliases\00000220": {"C": members(500, 1001) if sound else members(500, 1001, 1002)},
        **user("Administrator", 500, flags=0x11),
        **user("Guest", 501, flags=0x11 if sound else 0x14, hash_length=0x18),
        **user("zhang", 1001, changed=7 if sound else 200, flags=0x10 if sound else 0x210),
    }
    if not sound:
        tree |= user("游客", 1002, hash_length=0x18)
    return tree


def system(*, sound: bool) -> dict[str, Any]:
    """Services, devices, networks."""
    now = "ControlSet001"
    stick = rf"{now}\Enum\USB\VID_0951&PID_1666\60A44C3FAE22B0A1F8D50021"
    services = rf"{now}\Services"
    on_or_off = {"EnableFirewall": int(sound), "DefaultInboundAction": 1}
    tree: dict[str, Any] = {
        "Select": {"Current": 1, "Default": 1},
        stick: {"Service": "USBSTOR", "DeviceDesc": "USB Mass Storage Device"},
        rf"{stick}\Properties\{{83da6326-97a6-4088-9453-a1923f573b29}}\0064": {"": struct.pack("<Q", ago(90))},
        rf"{stick}\Properties\{{83da6326-97a6-4088-9453-a1923f573b29}}\0066": {"": struct.pack("<Q", ago(3))},
        rf"{now}\Enum\USB\VID_046D&PID_C31C\6&2a3b": {"Service": "HidUsb"},
        rf"{now}\Enum\USB\ROOT_HUB30\4&1": {"Service": "USBHUB3"},
        rf"{services}\MpsSvc": {"Start": 2 if sound else 4},
        rf"{services}\WinDefend": {"Start": 2},
        rf"{services}\USBSTOR": {"Start": 4 if sound else 3},
        rf"{services}\LanmanServer": {"Start": 2},
        rf"{services}\LanmanServer\Parameters": {"AutoShareWks": 0},
        rf"{services}\SharedAccess\Parameters\FirewallPolicy\DomainProfile": on_or_off,
        rf"{services}\SharedAccess\Parameters\FirewallPolicy\StandardProfile": on_or_off,
        rf"{services}\SharedAccess\Parameters\FirewallPolicy\PublicProfile": on_or_off,
        rf"{services}\Tcpip\Parameters\Interfaces\{{a1}}": {
            "DhcpIPAddress": "10.20.3.4" if sound else "192.168.1.7",
            "LeaseObtainedTime": int((NOW - timedelta(days=2)).timestamp()),
        },
        rf"{now}\Control\Terminal Server": {"fDenyTSConnections": int(sound)},
        rf"{now}\Control\Remote Assistance": {"fAllowToGetHelp": int(not sound)},
        rf"{now}\Control\Print\Printers\HP": {"Port": "USB001", "Attributes": 0x40 if sound else 0x48},
        rf"{now}\Control\Session Manager\Memory Management": {
            "PagingFiles": ["?:\\pagefile.sys"],
            "ClearPageFileAtShutdown": int(sound),
        },
        rf"{now}\Control\CrashControl": {"CrashDumpEnabled": 0 if sound else 7},
    }
    if not sound:
        tree[rf"{services}\LanmanServer\Shares"] = {
            "资料": ["CSCFlags=0", "MaxUses=4294967295", "Path=D:\\资料", "Permissions=0", "ShareName=资料", "Type=0"]
        }
        tree[rf"{services}\ToDesk_Service"] = {"Start": 2}
        tree[rf"{now}\Enum\USB\VID_12D1&PID_107E\ABC123"] = {"Service": "usbccgp"}
        tree[rf"{now}\Enum\USB\VID_12D1&PID_107E&MI_00\7&1"] = {"Service": "usbrndis6"}
    return tree


def software(*, sound: bool) -> dict[str, Any]:
    """Version, updates, programs, networks that were joined."""
    version = r"Microsoft\Windows NT\CurrentVersion"
    installed = ago(10 if sound else 400)
    package = "Package_for_RollupFix~31bf3856ad364e35~amd64~~26100.7171.1.20"
    uninstall = r"Microsoft\Windows\CurrentVersion\Uninstall"
    tree: dict[str, Any] = {
        version: {
            "ProductName": "Windows 10 Enterprise LTSC" if sound else "Windows 7 Professional",
            "CurrentBuild": "26100" if sound else "7601",
            "EditionID": "EnterpriseS" if sound else "Professional",
            "DisplayVersion": "24H2" if sound else "",
        },
        rf"{version}\Winlogon": {"AutoAdminLogon": "0" if sound else "1"},
        r"Microsoft\Windows\CurrentVersion\Policies\Explorer": {"NoDriveTypeAutoRun": 0xFF if sound else 0x91},
        r"Microsoft\Windows\CurrentVersion\Policies\System": {
            "InactivityTimeoutSecs": 300 if sound else 0,
            "legalnoticecaption": "机密级涉密计算机，严禁联网" if sound else "",
        },
        rf"Microsoft\Windows\CurrentVersion\Component Based Servicing\Packages\{package}": {
            "CurrentState": 0x70,
            "InstallTimeHigh": installed >> 32,
            "InstallTimeLow": installed & 0xFFFFFFFF,
        },
        r"Microsoft\Windows Defender\Signature Updates": {
            "SignaturesLastUpdated": struct.pack("<Q", ago(1 if sound else 300))
        },
        r"Microsoft\Windows Defender\Real-Time Protection": {"DisableRealtimeMonitoring": int(not sound)},
        rf"{uninstall}\{{1}}": {"DisplayName": "7-Zip 24.09 (x64)"},
    }
    if sound:  # a network over a cable, in a network that is allowed
        joined, kind, name = (2026, 11, 3, 18, 9, 30, 0, 0), 6, "网络"
    else:
        joined, kind, name = (2026, 11, 3, 18, 21, 30, 0, 0), 0x47, "某咖啡馆"
        for number, title in enumerate(("微信", "百度网盘", "Steam", "TeamViewer")):
            tree[rf"{uninstall}\{{{number + 2}}}"] = {"DisplayName": title}
    tree[rf"{version}\NetworkList\Profiles\{{b2}}"] = {
        "ProfileName": name,
        "NameType": kind,
        "DateLastConnected": struct.pack("<8H", *joined),
    }
    return tree


def person(*, sound: bool) -> dict[str, Any]:
    """What one person has set and done."""
    tree: dict[str, Any] = {
        r"Control Panel\Desktop": {
            "ScreenSaveActive": "1",
            "ScreenSaverIsSecure": "1" if sound else "0",
            "ScreenSaveTimeOut": "300",
        },
        r"Software\Microsoft\Windows\CurrentVersion\Explorer": {"Long": bytes(range(256)) * 80},
    }
    if not sound:
        tree[r"Software\Microsoft\Internet Explorer\TypedURLs"] = {"url1": "http://www.example.com/"}
        tree[r"Software\Microsoft\Windows\CurrentVersion\Explorer\MountPoints2"] = {"{d4}": {"BaseClass": "Drive"}}
    return tree


def main() -> None:
    """Write the hives of both computers, compressed."""
    for sound in (True, False):
        folder = HERE / ("sound" if sound else "faulty")
        folder.mkdir(exist_ok=True)
        for name, tree in (
            ("SAM", sam(sound=sound)),
            ("SYSTEM", system(sound=sound)),
            ("SOFTWARE", software(sound=sound)),
            ("NTUSER.DAT", person(sound=sound)),
        ):
            data = lzma.compress(written(tree), preset=9)
            (folder / f"{name}.xz").write_bytes(data)
            sys.stdout.write(f"{folder.name}/{name}.xz {len(data)}\n")


if __name__ == "__main__":
    main()
