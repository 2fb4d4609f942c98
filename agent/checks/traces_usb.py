"""What was attached over USB since the last inspection, from kernel logs and journals, against what is registered.

Controls CPC-11, NPC-01, MEDIA-07. The serial is told by its last four characters (E-DEV).
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from datetime import datetime

from agent.checks.base import Check, Context, Fact, Result, fact
from agent.checks.traces_logs import events
from agent.checks.traces_told import search_of
from agent.checks.usb_history import Attached, judged
from agent.checks.windows import usb as windows
from signatures.controls import Text

LITERALS = (
    *(b"New USB device found, idVendor=", b" SerialNumber: ", b"USB Mass Storage device detected"),
    *(b"register 'rndis_host'", b"register 'cdc_ether'", b"register 'ipheth'", b"register 'cdc_ncm'"),
    *(b"scsi host", b"register 'cdc_mbim'", b"register 'qmi_wwan'"),
)
_FOUND = re.compile(r"usb (\d+-[\d.]+): New USB device found, idVendor=([0-9a-f]{4}), idProduct=([0-9a-f]{4})")
_SERIAL = re.compile(r"usb (\d+-[\d.]+): SerialNumber: (\S{1,128})")
_STORAGE = re.compile(r"usb-storage (\d+-[\d.]+):\S+ USB Mass Storage|scsi host\d+: (?:uas|usb-storage) (\d+-[\d.]+):")
_NETWORK = re.compile(
    r"(?<![\d.-])(\d+-[\d.]+):\d+\.\d+ \S+: register '(?:rndis_host|cdc_ether|cdc_ncm|ipheth|cdc_mbim|qmi_wwan)'"
)
_HUBS = {"1d6b"}
"""The kernel's own root hubs."""
GVFS = (".local/share/gvfs-metadata/*", ".gvfs-metadata/*")


def history(told: Iterable[tuple[str, datetime | None]]) -> list[Attached]:
    """Every device of which the lines tell, in the order in which each was seen first."""
    devices: dict[str, Attached] = {}
    ports: dict[str, Attached] = {}
    for line, at in told:
        found, serial = _FOUND.search(line), _SERIAL.search(line)
        storage, network = _STORAGE.search(line), _NETWORK.search(line)
        if found and found[2] not in _HUBS:
            ports[found[1]] = _seen(devices, Attached(found[2], found[3]), at)
        elif serial and serial[1] in ports and not ports[serial[1]].serial:
            ports[serial[1]] = _named(devices, ports[serial[1]], serial[2], at)
        elif storage and (port := storage[1] or storage[2]) in ports:
            ports[port].kind = "storage"
        elif network and network[1] in ports:
            ports[network[1]].kind = "network"
    return [one for one in devices.values() if one.times > 0]


def _seen(devices: dict[str, Attached], device: Attached, at: datetime | None) -> Attached:
    known = devices.setdefault(device.mark, device)
    known.times += 1
    if at is not None:
        known.first = min(known.first or at, at)
        known.last = max(known.last or at, at)
    return known


def _named(devices: dict[str, Attached], bare: Attached, serial: str, at: datetime | None) -> Attached:
    """The serial comes one line after the device: what was counted without it is counted with it."""
    bare.times -= 1
    if not bare.times:
        bare.first = bare.last = None
    return _seen(devices, Attached(bare.vendor, bare.product, serial), at)


def look(context: Context) -> Result:
    """CPC-11: whether storage or network devices were attached that are not registered."""
    search = search_of(context)
    told = [(line, at) for line, at in events(search, LITERALS) if not (at and search.since and at < search.since)]
    devices = history(sorted(told, key=lambda one: (one[1] or context.now).timestamp()))
    volumes = sum(
        1 for home in search.homes() for path in search.glob(*(f"{home}/{one}" for one in GVFS)) if _volume(path)
    )
    zh, en = "文件管理器记录的外部卷数", "external volumes the file manager remembers"
    remembered = [fact(zh, en, volumes)] if volumes else []
    return judged(context, devices, remembered, [_trouble(path, why) for path, why in search.troubles])


def _volume(path: str) -> bool:
    name = path.rpartition("/")[2]
    return name.startswith(("uuid-", "label-", "mtp", "gphoto2", "afc")) and not name.endswith(".log")


def _trouble(path: str, why: Text) -> Fact:
    return Fact(what=Text(zh=f"无法读取：{why.zh}", en=f"cannot be read: {why.en}"), seen=path)


CHECKS = (
    Check(
        name="usb-history",
        controls=("CPC-11", "NPC-01", "MEDIA-07"),
        in_part=("CPC-12",),
        title=Text(zh="曾接入的 USB 存储和手机均已登记", en="Storage and telephones that were attached are registered"),
        remedy=Text(
            zh="逐一查明设备去向，与介质台帐核对；登记经批准的设备，其余报告保密员。",
            en="Find each device, compare with the register, and tell the secrecy officer of those not registered.",
        ),
        reads=("var/log", "var/log/journal", "home/*/.local/share/gvfs-metadata"),
        records=Text(zh="厂商、产品编号，序列号末四位，次数和日期", en="ids, last four of the serial, how often, days"),
        look=look,
        windows=windows.history,
        extent="part",
    ),
)
