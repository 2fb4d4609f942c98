"""Block devices: is it a removable medium, and which one. Asks udev (pyudev) and, where that is silent, sysfs."""

from __future__ import annotations

import os
import re
from dataclasses import dataclass
from pathlib import Path

import pyudev

from agent.watching import superblock
from protocol import keys
from protocol.records import Medium

SYS_BLOCK = Path("/sys/dev/block")


@dataclass(frozen=True, slots=True)
class Device:
    """A block device under a mounted file system, described as far as the system knows it. Stays on the computer."""

    number: str
    """``major:minor``."""
    removable: bool
    bus: str
    vendor: str = ""
    model: str = ""
    serial: str = ""
    uuid: str = ""
    label: str = ""
    capacity: int | None = None

    def medium(self, organisation_key: bytes, filesystem: str) -> Medium:
        """The identity that travels: serial and UUID as keyed hashes, the serial's last four characters beside."""

        def hidden(kind: str, value: str) -> str:
            return keys.keyed_hash(organisation_key, f"mijian-medium/1\0{kind}\0{value}".encode())

        stable = ("serial", "\0".join((self.vendor, self.model, self.serial))) if self.serial else ("uuid", self.uuid)
        return Medium(
            key=hidden(*stable) if stable[1] else hidden("device", "\0".join((self.bus, self.vendor, self.model))),
            bus=self.bus,
            vendor=self.vendor,
            model=self.model,
            serial_hash=hidden("serial", self.serial) if self.serial else None,
            serial_tail=self.serial[-4:] if len(self.serial) > 4 else "",
            filesystem=filesystem,
            filesystem_uuid_hash=hidden("uuid", self.uuid) if self.uuid else None,
            label=self.label[:64],
            capacity=self.capacity,
        )


def exists(number: str) -> bool:
    """Whether the device is still there: it is not, once a stick was pulled without being unmounted."""
    return (SYS_BLOCK / number).exists()


def describe(number: str, *, loop_devices: bool = False) -> Device | None:
    """The device with this ``major:minor``; None where it is no block device or has gone."""
    folder = SYS_BLOCK / number
    try:
        real = folder.resolve(strict=True)
    except OSError:
        return None
    below = _hardware(real)
    disk = below.parent if (below / "partition").exists() else below
    udev = _udev(number)
    loop = disk.name.startswith("loop")
    bus = "loop" if loop else udev.get("ID_BUS") or _bus(disk)
    name = superblock.FileSystemName(udev.get("ID_FS_UUID", ""), _unescaped(udev.get("ID_FS_LABEL_ENC", "")))
    if not name.uuid:
        name = _own_look(udev.get("DEVNAME") or f"/dev/{real.name}")
    size = _line(disk / "size")
    return Device(
        number=number,
        removable=loop_devices if loop else _removable(disk, bus),
        bus=bus,
        vendor=(udev.get("ID_VENDOR") or _line(disk / "device/vendor")).replace("_", " ").strip(),
        model=(udev.get("ID_MODEL") or _line(disk / "device/model") or _line(disk / "device/name")).replace("_", " "),
        serial=udev.get("ID_SERIAL_SHORT") or _usb_serial(disk) or _line(disk / "device/serial"),
        uuid=name.uuid,
        label=name.label,
        capacity=int(size) * 512 if size.isdigit() else None,
    )


def _hardware(block: Path) -> Path:
    """What an encrypted or mapped device lies on: the first device below, down to the hardware."""
    for _ in range(8):
        below = sorted((block / "slaves").glob("*"))
        if not below:
            break
        block = below[0].resolve()
    return block


def _removable(disk: Path, bus: str) -> bool:
    """Removable by its own word, behind USB, FireWire or a card reader, or an optical drive."""
    card = _line(disk / "device/type") == "SD"  # an eMMC says MMC: soldered in
    return _line(disk / "removable") == "1" or bus in ("usb", "ieee1394", "optical") or card


def _bus(disk: Path) -> str:
    """The bus by where the disk hangs in sysfs."""
    if disk.name.startswith("sr"):
        return "optical"
    for word, bus in (
        ("/usb", "usb"),
        ("/mmc_host/", "mmc"),
        ("/nvme/", "nvme"),
        ("/virtio", "virtio"),
        ("/ata", "ata"),
    ):
        if word in str(disk):
            return bus
    return "unknown"


def _usb_serial(disk: Path) -> str:
    """Serial number of the USB device that a disk belongs to: the nearest parent that has one."""
    if "/usb" not in str(disk):
        return ""
    for parent in disk.parents:
        if (parent / "idVendor").exists():
            return _line(parent / "serial")
    return ""


def _udev(number: str) -> dict[str, str]:
    try:
        major, minor = (int(part) for part in number.split(":"))
        device = pyudev.Devices.from_device_number(pyudev.Context(), "block", os.makedev(major, minor))
        return dict(device.properties)
    except (pyudev.DeviceNotFoundError, OSError, ImportError, ValueError):
        return {}


def _own_look(node: str) -> superblock.FileSystemName:
    try:
        return superblock.read(Path(node))
    except OSError:
        return superblock.FileSystemName()


def _unescaped(label: str) -> str:
    r"""A label as udev encodes it (``\x20`` for a space), decoded."""
    if "\\x" not in label:
        return label
    plain = re.sub(rb"\\x([0-9a-fA-F]{2})", lambda match: bytes.fromhex(match[1].decode()), label.encode())
    return plain.decode("utf-8", "replace")


def _line(path: Path) -> str:
    try:
        return path.read_text("utf-8", "replace").strip()
    except OSError:
        return ""
