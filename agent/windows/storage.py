"""Identity of a drive from what Windows tells of it, such that a stick has the same key as on Linux.

Bytes are those of ``IOCTL_STORAGE_QUERY_PROPERTY`` (STORAGE_DEVICE_DESCRIPTOR); numbers as in winioctl.h.
"""

from __future__ import annotations

import struct
from dataclasses import dataclass

from agent.watching.device import Device

REMOVABLE, FIXED, REMOTE, CDROM = 2, 3, 4, 5
"""Kinds of drives, as GetDriveTypeW tells them."""
_BUSES = {1: "scsi", 2: "atapi", 3: "ata", 4: "ieee1394", 7: "usb", 8: "raid", 9: "iscsi", 10: "sas", 11: "ata"}
_BUSES |= {12: "mmc", 13: "mmc", 14: "virtual", 15: "virtual", 17: "nvme"}
_SD = 12
_HEADER = struct.Struct("<IIBB??IIIIII")
_NOWHERE = (0, 0xFFFFFFFF)


@dataclass(frozen=True, slots=True)
class Drive:
    """One drive letter, as the system tells it."""

    root: str
    """``E:\\``."""
    kind: int
    """As GetDriveTypeW."""
    volume: str
    """Its lasting name (``\\\\?\\Volume{…}\\``): another for another medium in the same drive."""
    label: str
    serial: int
    """Of the file system, 32 bits."""
    filesystem: str
    """``FAT32``, ``exFAT``, ``NTFS`` …"""
    capacity: int | None
    descriptor: bytes
    """STORAGE_DEVICE_DESCRIPTOR; empty where the device told none."""


@dataclass(frozen=True, slots=True)
class Descriptor:
    """What a storage device says of itself."""

    removable: bool = False
    bus: int = 0
    vendor: str = ""
    product: str = ""
    serial: str = ""


def descriptor(data: bytes) -> Descriptor:
    """Read a STORAGE_DEVICE_DESCRIPTOR; empty where it is cut short."""
    if len(data) < _HEADER.size:
        return Descriptor()
    fields = _HEADER.unpack_from(data)
    removable, (vendor, product, _, serial), bus = fields[4], fields[6:10], fields[10]
    return Descriptor(removable, bus, _text(data, vendor), _text(data, product), _text(data, serial))


def identify(drive: Drive) -> Device:
    """The device under a drive letter, as `agent.watching.device.identify` has it on Linux."""
    told = descriptor(drive.descriptor)
    bus = "optical" if drive.kind == CDROM else _BUSES.get(told.bus, "unknown")
    removable = drive.kind in (REMOVABLE, CDROM) or bus in ("usb", "ieee1394") or told.bus == _SD or told.removable
    # Linux and Windows both know this number of FAT and exFAT; NTFS has a longer one that Windows does not tell.
    short = drive.filesystem.upper().startswith(("FAT", "EXFAT"))
    return Device(
        number=drive.volume,
        removable=removable and drive.kind != REMOTE,
        bus=bus,
        vendor=told.vendor,
        model=told.product,
        serial=told.serial,
        uuid=f"{drive.serial >> 16:04X}-{drive.serial & 0xFFFF:04X}" if short and drive.serial else "",
        label=drive.label,
        capacity=drive.capacity,
    )


def _text(data: bytes, at: int) -> str:
    if at in _NOWHERE or at >= len(data):
        return ""
    return data[at:].split(b"\0")[0].decode("ascii", "replace").strip()
