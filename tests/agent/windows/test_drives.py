"""Drives as Windows tells them, recorded: descriptors are bytes of STORAGE_DEVICE_DESCRIPTOR."""

from __future__ import annotations

import struct
from collections.abc import Sequence

import pytest

from agent.watching.device import Facts
from agent.watching.device import identify as on_linux
from agent.watching.media import MediumGone, MediumMounted
from agent.watching.superblock import FileSystemName
from agent.windows.drives import DriveWatch
from agent.windows.storage import CDROM, FIXED, REMOTE, REMOVABLE, Drive, descriptor, identify

KEY = bytes(range(32))
USB, SATA, NVME, SD = 7, 11, 17, 12


def told(bus: int, vendor: str, product: str, serial: str, *, removable: bool) -> bytes:
    """A descriptor as drivers lay it out: a header of 40 bytes, then texts ended by a zero."""
    texts, offsets = b"", []
    for text in (vendor, product, "1.00", serial):
        offsets.append(40 + len(texts) if text else 0)
        texts += text.encode("ascii") + b"\0" if text else b""
    return struct.pack("<IIBB??6I", 40, 40 + len(texts), 0, 0, removable, False, *offsets, bus, 0) + bytes(4) + texts


STICK = Drive(
    "E:\\",
    REMOVABLE,
    "\\\\?\\Volume{5e7c1a2b-0000-0000-0000-100000000000}\\",
    "资料",
    0x4D5C12FA,
    "FAT32",
    30_752_636_928,
    told(USB, "SanDisk ", "Ultra Fit       ", "4C530001150612114371", removable=True),
)
PORTABLE = Drive(
    "F:\\", FIXED, "\\\\?\\Volume{2}\\", "BACKUP", 0xAABBCCDD, "NTFS", 10**12,
    told(USB, "WD      ", "My Passport 25E2", "575854314138353", removable=False),
)  # fmt: skip
INSIDE = Drive(
    "C:\\", FIXED, "\\\\?\\Volume{3}\\", "", 0x12345678, "NTFS", 5 * 10**11,
    told(NVME, "", "Samsung SSD 970 EVO", "0025_3854_91B0_4D12.", removable=False),
)  # fmt: skip
DISC = Drive(
    "D:\\",
    CDROM,
    "\\\\?\\Volume{4}\\",
    "ARCHIVE",
    7,
    "UDF",
    4 * 10**9,
    told(SATA, "HL-DT-ST", "DVDRAM", "", removable=True),
)
CARD = Drive(
    "G:\\",
    REMOVABLE,
    "\\\\?\\Volume{5}\\",
    "DCIM",
    0x01020304,
    "exFAT",
    64 * 10**9,
    told(SD, "", "SD Card", "", removable=True),
)
SILENT = Drive("H:\\", REMOVABLE, "\\\\?\\Volume{6}\\", "", 0x0A0B0C0D, "FAT", 10**6, b"")
NETWORK = Drive("N:\\", REMOTE, "", "share", 1, "NTFS", 10**12, b"")


class Letters:
    """A computer with these drives."""

    def __init__(self, *drives: Drive) -> None:
        self.drives: Sequence[Drive] = drives

    def letters(self) -> int:
        return sum(1 << (ord(drive.root[0]) - 65) for drive in self.drives)

    def all(self) -> Sequence[Drive]:
        return self.drives


@pytest.mark.parametrize(
    ("drive", "removable", "bus"),
    [
        (STICK, True, "usb"),
        (PORTABLE, True, "usb"),
        (INSIDE, False, "nvme"),
        (DISC, True, "optical"),
        (CARD, True, "mmc"),
        (SILENT, True, "unknown"),
        (NETWORK, False, "unknown"),
    ],
    ids=["stick", "portable disk", "inside", "disc", "card", "a device that tells nothing", "network drive"],
)
def test_each_recorded_drive_is_known_for_what_it_is(drive: Drive, removable: bool, bus: str) -> None:
    device = identify(drive)
    assert (device.removable, device.bus) == (removable, bus)


def test_a_stick_is_the_same_medium_on_windows_and_on_linux() -> None:
    disk = {"ID_VENDOR": "SanDisk", "ID_MODEL": "Ultra_Fit", "ID_SERIAL_SHORT": "4C530001150612114371"}
    facts = Facts(node="sdb", place="/sys/devices/usb1/1-4", filesystem={"ID_FS_UUID": "4D5C-12FA"}, disk=disk)
    linux = on_linux("8:17", facts, FileSystemName()).medium(KEY, "vfat")
    windows = identify(STICK).medium(KEY, "fat32")
    assert (windows.key, windows.serial_hash) == (linux.key, linux.serial_hash)
    assert windows.filesystem_uuid_hash == linux.filesystem_uuid_hash
    assert windows.serial_tail == "4371"


@pytest.mark.parametrize("data", [b"", b"\0" * 39, b"\xff" * 40, b"\xff" * 64])
def test_a_descriptor_of_any_shape_is_read(data: bytes) -> None:
    assert descriptor(data).serial == ""


def test_what_is_there_is_told_at_the_start_and_a_drive_inside_never() -> None:
    events = DriveWatch(Letters(INSIDE, STICK, NETWORK), KEY).step()
    assert [(type(event), event.attached.path) for event in events] == [(MediumMounted, "E:\\")]


def test_a_drive_that_goes_is_told_and_another_in_its_place_is_another_medium() -> None:
    computer = Letters(INSIDE, STICK)
    watch = DriveWatch(computer, KEY)
    (first,) = watch.step()
    assert watch.step() == []
    computer.drives = (INSIDE,)
    (gone,) = watch.step()
    assert isinstance(gone, MediumGone)
    assert (gone.attached, gone.ending) == (first.attached, "removed")
    computer.drives = (INSIDE, PORTABLE)
    (second,) = watch.step()
    assert second.attached.medium.key != first.attached.medium.key


def test_a_disc_taken_out_of_a_drive_that_stays_was_unmounted() -> None:
    computer = Letters(DISC)
    watch = DriveWatch(computer, KEY)
    watch.step()
    computer.all = list  # type: ignore[method-assign]
    (gone,) = watch.step()
    assert isinstance(gone, MediumGone)
    assert gone.ending == "unmounted"
