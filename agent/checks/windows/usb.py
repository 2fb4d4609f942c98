"""What was attached over USB to a Windows system, and whether storage is let in at all (CPC-11, NPC-01, MEDIA-03)."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import datetime

from agent.checks.base import Context, Fact, Result, fact, verdict
from agent.checks.tree import Tree, Unreadable
from agent.checks.usb_history import Attached, judged
from agent.checks.windows import system
from agent.checks.windows.events import PARTITIONS, events
from agent.checks.windows.hive import Hive, Key, filetime

_DISK = 1006
"""A disk came or went (Partition/Diagnostic)."""
_STORAGE = {"usbstor", "uaspstor", "wudfwpdmtp"}
"""Drivers of sticks and disks, and of what is reached by MTP: telephones and players."""
_NETWORK = {"usb_rndisx", "usbrndis6", "usb_rndis", "rndismp", "rndismp6", "netaapl", "netaapl64", "usbncm"}
_IDS = re.compile(r"VID_([0-9A-F]{4})&PID_([0-9A-F]{4})(&MI_[0-9A-F]{2})?", re.IGNORECASE)
_DATES = "{83da6326-97a6-4088-9453-a1923f573b29}"
_FIRST, _ARRIVED = "0064", "0066"
"""DEVPKEY_Device_InstallDate and DEVPKEY_Device_LastArrivalDate, from Windows 8 on."""


def history(context: Context) -> Result:
    """Storage and network devices that were attached and are not registered."""
    with system.hive(context.tree, "SYSTEM") as hive:
        devices = {device.mark: device for device in _devices(hive)}
    troubles: list[Fact] = []
    try:
        for logged in _logged(context.tree):
            _merged(devices, logged)
    except Unreadable as error:
        troubles.append(Fact(what=error.why, seen=error.path))
    since = context.settings.isolation.inspected_at
    recent = [one for one in devices.values() if not (since and one.last and one.last < since)]
    remembered = sum(_mount_points(context.tree))
    right = [fact("资源管理器记录的外部卷数", "external volumes the file manager remembers", remembered)]
    return judged(context, recent, right if remembered else [], troubles)


def _logged(tree: Tree) -> Iterator[Attached]:
    """Disks that came over USB, as the log tells: also those taken out of the registry. Raises `Unreadable`."""
    found: dict[str, Attached] = {}
    for event in events(tree, PARTITIONS, {_DISK}):
        parent = event.text("ParentId").split("\\")
        ids = _IDS.match(parent[1]) if len(parent) == 3 and parent[0].upper() == "USB" else None
        if ids is None or event.text("Capacity") in ("", "0"):  # without a capacity: it was taken away
            continue
        one = Attached(ids[1].lower(), ids[2].lower(), _serial(parent[2]), "storage")
        device = found.setdefault(one.mark, one)
        device.times += 1
        device.first = min(device.first or event.at, event.at)
        device.last = max(device.last or event.at, event.at)
    yield from found.values()


def _merged(devices: dict[str, Attached], logged: Attached) -> None:
    device = devices.setdefault(logged.mark, logged)
    device.kind, device.times = "storage", logged.times
    device.first = min(filter(None, (device.first, logged.first)), default=None)
    device.last = max(filter(None, (device.last, logged.last)), default=None)


def _serial(name: str) -> str:
    """The serial of a device by its name; Windows makes one up, with & as its second character, where it has none."""
    return "" if name[1:2] == "&" else name


def _devices(hive: Hive) -> Iterator[Attached]:
    """Every device in ``Enum/USB``, the functions of one device taken together."""
    for model in hive.keys(system.control(hive, r"Enum\USB")):
        ids = _IDS.match(model.name)
        if ids is None or ids[3]:
            continue
        functions = {_driver(hive, key) for key in _functions(hive, ids)}
        for device in hive.keys(model):
            drivers = {_driver(hive, device), *functions}
            kind = "storage" if drivers & _STORAGE else "network" if drivers & _NETWORK else "other"
            first, last = _date(hive, device, _FIRST), _date(hive, device, _ARRIVED)
            yield Attached(ids[1].lower(), ids[2].lower(), _serial(device.name), kind, first, last or device.written, 1)


def _functions(hive: Hive, ids: re.Match[str]) -> Iterator[Key]:
    """The entries of the functions (``&MI_00`` …) of a device that has several."""
    for model in hive.keys(system.control(hive, r"Enum\USB")):
        other = _IDS.match(model.name)
        if other and other[3] and other.groups()[:2] == ids.groups()[:2]:
            yield from hive.keys(model)


def _driver(hive: Hive, device: Key) -> str:
    return hive.text(device, "Service").lower()


def _date(hive: Hive, device: Key, number: str) -> datetime | None:
    """A date among the properties of a device; None where it has none."""
    key = hive.key_below(device, rf"Properties\{_DATES}\{number}")
    value = hive.value(key, "") if key else None
    if isinstance(value, int):
        return filetime(value)
    return filetime(int.from_bytes(value[:8], "little")) if isinstance(value, bytes) else None


def _mount_points(tree: Tree) -> Iterator[int]:
    for _, own in system.users(tree):
        path = r"Software\Microsoft\Windows\CurrentVersion\Explorer\MountPoints2"
        yield sum(key.name.startswith("{") for key in own.keys(path))


def storage_policy(context: Context) -> Result:
    """Whether the driver of USB storage is off, or removable storage is refused by policy."""
    with system.hive(context.tree, "SYSTEM") as hive:
        start = system.service(hive, "USBSTOR")
    with system.hive(context.tree, "SOFTWARE") as software:
        path = r"Policies\Microsoft\Windows\RemovableStorageDevices"
        refused = software.number(path, "Deny_All") == 1
    if start == system.DISABLED or refused:
        told = "USBSTOR Start=4" if start == system.DISABLED else "Deny_All=1"
        return verdict([], [fact("USB 存储", "USB storage", told)])
    return verdict([fact("USB 存储", "USB storage", f"USBSTOR Start={start}", "Start=4")])


def auto_run(context: Context) -> Result:
    """Whether programs on media are started as soon as they are plugged in."""
    with system.hive(context.tree, "SOFTWARE") as software:
        mask = software.number(rf"{system.POLICIES}\Explorer", "NoDriveTypeAutoRun")
    off = mask is not None and mask & 0xFF == 0xFF
    one = fact("自动播放", "programs on media are started by themselves", "off" if off else "on", "off")
    return verdict([] if off else [one], [one] if off else [])
