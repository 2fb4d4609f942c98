"""Block devices: is it a removable medium, and which one. Asks udev (pyudev) and, where that is silent, sysfs."""

from __future__ import annotations

import os
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

import pyudev

from agent.watching import superblock
from protocol.policy import medium_hash
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
    locked: str = ""
    """Kind of the locked container it is, as udev would call it; empty where it is none."""

    def medium(self, organisation_key: bytes, filesystem: str) -> Medium:
        """The identity that travels: serial and UUID as keyed hashes, the serial's last four characters beside."""

        def hidden(kind: str, value: str) -> str:
            return medium_hash(organisation_key, kind, value)

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
    """Whether the device is still there: it is not, once a stick was pulled without being unmounted.

    An unlocked container outlives the stick it lies on for as long as it is not closed; nothing of it can be read.
    """
    folder = SYS_BLOCK / number
    if not (folder / "dm").exists():
        return folder.exists()
    return any(below.exists() for below in (folder / "slaves").glob("*"))


def count(number: str) -> str:
    """What tells one medium in a drive from the next: the kernel counts them. Empty where the device has gone.

    Kernels before 5.15 do not count: there the size has to do.
    """
    folder = SYS_BLOCK / number
    disk = folder.resolve().parent if (folder / "partition").exists() else folder
    return line(disk / "diskseq") or line(folder / "size")


def describe(number: str, *, loop_devices: bool = False) -> Device | None:
    """The device with this ``major:minor``; None where it is no block device or has gone."""
    folder = SYS_BLOCK / number
    try:
        real = folder.resolve(strict=True)
    except OSError:
        return None
    below = _hardware(real)
    disk = below.parent if (below / "partition").exists() else below
    properties = _udev(number)
    of_disk = properties if below == real else _udev(line(below / "dev"))
    names = ("vendor", "model", "name", "serial", "type")
    facts = Facts(
        node=disk.name,
        place=str(disk),
        filesystem=properties,
        disk=of_disk,
        removable=line(disk / "removable") == "1",
        sectors=line(disk / "size"),
        device={name: line(disk / "device" / name) for name in names},
        usb_serial=_usb_serial(disk),
    )
    name = superblock.FileSystemName()
    if not properties.get("ID_FS_UUID"):
        name = _own_look(properties.get("DEVNAME") or f"/dev/{real.name}")
    elif properties.get("ID_FS_TYPE") in superblock.LOCKED:
        name = superblock.FileSystemName(locked=properties["ID_FS_TYPE"])
    return identify(number, facts, name, loop_devices=loop_devices)


@dataclass(frozen=True, slots=True)
class Facts:
    """What udev and sysfs say of a block device and of the disk it lies on."""

    node: str
    """Kernel's name of the disk: ``sda``, ``mmcblk0``, ``sr0`` …"""
    place: str
    """Where it hangs in sysfs."""
    filesystem: Mapping[str, str]
    """udev's properties of what is mounted; of a mapped device where it is encrypted."""
    disk: Mapping[str, str]
    """udev's properties of the hardware below: the same where nothing is mapped."""
    removable: bool = False
    """By the disk's own word."""
    sectors: str = ""
    device: Mapping[str, str] = field(default_factory=dict)
    """Files of sysfs beside the disk: vendor, model, name, serial, type."""
    usb_serial: str = ""
    """Of the USB device it belongs to."""


def identify(number: str, facts: Facts, own: superblock.FileSystemName, *, loop_devices: bool = False) -> Device:
    """The device that the facts describe; ``own`` is the file system's name by our own look, where udev has none."""
    loop = facts.node.startswith("loop")
    bus = "loop" if loop else _bus_word(facts)
    card = facts.device.get("type") == "SD"  # an eMMC says MMC: soldered in
    vendor = facts.disk.get("ID_VENDOR") or facts.device.get("vendor", "")
    model = facts.disk.get("ID_MODEL") or facts.device.get("model") or facts.device.get("name", "")
    if bus == "mmc" and facts.disk.get("ID_NAME"):
        model = facts.disk["ID_NAME"]
    label = _unescaped(facts.filesystem.get("ID_FS_LABEL_ENC", ""))
    return Device(
        number=number,
        removable=loop_devices
        if loop
        else facts.removable or bus in ("usb", "ieee1394", "optical", "thunderbolt") or card,
        bus=bus,
        vendor=vendor.replace("_", " ").strip(),
        model=model.replace("_", " ").strip(),
        serial=facts.disk.get("ID_SERIAL_SHORT") or facts.usb_serial or facts.device.get("serial", ""),
        uuid=facts.filesystem.get("ID_FS_UUID") or own.uuid,
        label=label or own.label,
        capacity=int(facts.sectors) * 512 if facts.sectors.isdigit() else None,
        locked=own.locked,
    )


def _bus_word(facts: Facts) -> str:
    """The bus: optical drives and cards are what they are on whatever bus; a USB enclosure says ``ata`` of itself."""
    if facts.disk.get("ID_CDROM") == "1" or facts.node.startswith("sr"):
        return "optical"
    if "/usb" in facts.place:
        return "usb"
    return facts.disk.get("ID_BUS") or _bus(facts.node, facts.place)


def _hardware(block: Path) -> Path:
    """What an encrypted or mapped device lies on: the first device below, down to the hardware."""
    for _ in range(8):
        below = sorted((block / "slaves").glob("*"))
        if not below:
            break
        block = below[0].resolve()
    return block


def _bus(node: str, place: str) -> str:
    """The bus by where the disk hangs in sysfs."""
    for word, bus in (
        ("/mmc_host/", "mmc"),
        ("/nvme/", "nvme"),
        ("/virtio", "virtio"),
        ("/fw", "ieee1394"),
        ("/ata", "ata"),
    ):
        if word in place:
            return bus
    return "mmc" if node.startswith("mmcblk") else "unknown"


def _usb_serial(disk: Path) -> str:
    """Serial number of the USB device that a disk belongs to: the nearest parent that has one."""
    if "/usb" not in str(disk):
        return ""
    for parent in disk.parents:
        if (parent / "idVendor").exists():
            return line(parent / "serial")
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


def line(path: Path) -> str:
    """The one line of a file of sysfs; empty where it cannot be read."""
    try:
        return path.read_text("utf-8", "replace").strip()
    except OSError:
        return ""
