"""What udev and the kernel say of real devices, recorded, and what the agent makes of it."""

from __future__ import annotations

from dataclasses import dataclass, field

import pytest

from agent.watching.device import Facts, identify
from agent.watching.superblock import FileSystemName
from protocol.policy import serial_hash

KEY = bytes(range(32))
PCI = "/sys/devices/pci0000:00/0000:00:14.0"


@dataclass(frozen=True)
class Recorded:
    """One device as recorded, and what is expected of it."""

    node: str
    place: str
    disk: dict[str, str]
    expected: tuple[bool, str, str, str, str]
    """Whether it is a removable medium; bus, vendor, model, serial."""
    filesystem: dict[str, str] | None = None
    removable: bool = False
    device: dict[str, str] = field(default_factory=dict)
    usb_serial: str = ""


USB_STICK = {
    "ID_BUS": "usb",
    "ID_VENDOR": "SanDisk",
    "ID_MODEL": "Ultra_Fit",
    "ID_SERIAL": "SanDisk_Ultra_Fit_4C530001150612114371-0:0",
    "ID_SERIAL_SHORT": "4C530001150612114371",
    "ID_TYPE": "disk",
    "ID_USB_DRIVER": "usb-storage",
    "ID_FS_UUID": "4D5C-12FA",
    "ID_FS_TYPE": "vfat",
    "ID_FS_LABEL_ENC": "\\xe8\\xb5\\x84\\xe6\\x96\\x99",
}

DEVICES = {
    "USB stick with a Chinese label": Recorded(
        "sdb",
        f"{PCI}/usb1/1-4/1-4:1.0/host6/target6:0:0/6:0:0:0/block/sdb",
        USB_STICK,
        (True, "usb", "SanDisk", "Ultra Fit", "4C530001150612114371"),
        removable=True,
    ),
    "stick of Kingston": Recorded(
        "sdc",
        f"{PCI}/usb2/2-1/2-1:1.0/host7/target7:0:0/7:0:0:0/block/sdc",
        {
            "ID_BUS": "usb",
            "ID_VENDOR": "Kingston",
            "ID_MODEL": "DataTraveler_3.0",
            "ID_SERIAL_SHORT": "E0D55EA573F4F4C0B9440A5C",
            "ID_USB_DRIVER": "usb-storage",
        },
        (True, "usb", "Kingston", "DataTraveler 3.0", "E0D55EA573F4F4C0B9440A5C"),
        removable=True,
    ),
    "portable disk that calls itself fixed and ata (UAS)": Recorded(
        "sdd",
        f"{PCI}/usb2/2-2/2-2:1.0/host8/target8:0:0/8:0:0:0/block/sdd",
        {
            "ID_BUS": "ata",
            "ID_ATA": "1",
            "ID_MODEL": "WDC_WD20SDRW-11VUUS0",
            "ID_SERIAL_SHORT": "WD-WX12D7098765",
            "ID_USB_DRIVER": "uas",
        },
        (True, "usb", "WD", "WDC WD20SDRW-11VUUS0", "WD-WX12D7098765"),
        device={"vendor": "WD", "model": "My Passport 25E2"},
    ),
    "enclosure without a serial of its own": Recorded(
        "sde",
        "/sys/devices/platform/scb/fd500000.pcie/pci0000:00/usb2/2-2/2-2:1.0/host1/target1:0:0/1:0:0:0/block/sde",
        {"ID_BUS": "usb", "ID_VENDOR": "External", "ID_MODEL": "USB3.0_DISK02", "ID_SERIAL_SHORT": "20170331000C3"},
        (True, "usb", "External", "USB3.0 DISK02", "20170331000C3"),
    ),
    "SD card in a reader on PCI": Recorded(
        "mmcblk0",
        "/sys/devices/pci0000:00/0000:00:1d.0/0000:02:00.0/rtsx_pci_sdmmc.0/mmc_host/mmc0/mmc0:aaaa/block/mmcblk0",
        {"ID_NAME": "SL32G", "ID_SERIAL": "0x0f3a1b2c", "ID_PART_TABLE_TYPE": "dos"},
        (True, "mmc", "", "SL32G", "0x0f3a1b2c"),
        device={"type": "SD", "name": "SL32G", "serial": "0x0f3a1b2c"},
    ),
    "eMMC soldered into a tablet": Recorded(
        "mmcblk1",
        "/sys/devices/pci0000:00/0000:00:1c.0/mmc_host/mmc1/mmc1:0001/block/mmcblk1",
        {"ID_NAME": "DF4064", "ID_SERIAL": "0x46f0e3d1"},
        (False, "mmc", "", "DF4064", "0x46f0e3d1"),
        device={"type": "MMC", "name": "DF4064", "serial": "0x46f0e3d1"},
    ),
    "SD card in a USB reader": Recorded(
        "sdf",
        f"{PCI}/usb1/1-3/1-3:1.0/host9/target9:0:0/9:0:0:1/block/sdf",
        {
            "ID_BUS": "usb",
            "ID_VENDOR": "Generic-",
            "ID_MODEL": "USB3.0_CRW_-SD",
            "ID_SERIAL_SHORT": "201404081410",
            "ID_INSTANCE": "0:1",
        },
        (True, "usb", "Generic-", "USB3.0 CRW -SD", "201404081410"),
        removable=True,
    ),
    "DVD writer inside": Recorded(
        "sr0",
        "/sys/devices/pci0000:00/0000:00:17.0/ata2/host1/target1:0:0/1:0:0:0/block/sr0",
        {
            "ID_BUS": "ata",
            "ID_CDROM": "1",
            "ID_CDROM_MEDIA_DVD_R": "1",
            "ID_MODEL": "HL-DT-ST_DVDRAM_GU90N",
            "ID_SERIAL_SHORT": "KLYG9OF1234",
            "ID_FS_TYPE": "udf",
            "ID_FS_UUID": "5f3c2a1b00000000",
        },
        (True, "optical", "HL-DT-ST", "HL-DT-ST DVDRAM GU90N", "KLYG9OF1234"),
        removable=True,
        device={"vendor": "HL-DT-ST"},
    ),
    "floppy drive on USB": Recorded(
        "sdg",
        f"{PCI}/usb1/1-5/1-5:1.0/host10/target10:0:0/10:0:0:0/block/sdg",
        {"ID_BUS": "usb", "ID_VENDOR": "TEAC", "ID_MODEL": "FD-05PUB", "ID_TYPE": "floppy"},
        (True, "usb", "TEAC", "FD-05PUB", ""),
        removable=True,
    ),
    "NVMe disk inside": Recorded(
        "nvme0n1",
        "/sys/devices/pci0000:00/0000:00:1d.4/0000:04:00.0/nvme/nvme0/nvme0n1",
        {"ID_MODEL": "SAMSUNG_MZVLB512HBJQ", "ID_SERIAL_SHORT": "S4GENX0R123456"},
        (False, "nvme", "", "SAMSUNG MZVLB512HBJQ", "S4GENX0R123456"),
    ),
    "SATA disk inside": Recorded(
        "sda",
        "/sys/devices/pci0000:00/0000:00:17.0/ata1/host0/target0:0:0/0:0:0:0/block/sda",
        {"ID_BUS": "ata", "ID_MODEL": "ST1000DM010-2EP102", "ID_SERIAL_SHORT": "ZN1A2B3C"},
        (False, "ata", "ATA", "ST1000DM010-2EP102", "ZN1A2B3C"),
        device={"vendor": "ATA"},
    ),
    "NVMe in a USB enclosure": Recorded(
        "sdh",
        f"{PCI}/usb2/2-4/2-4:1.0/host11/target11:0:0/11:0:0:0/block/sdh",
        {"ID_BUS": "usb", "ID_VENDOR": "Realtek", "ID_MODEL": "RTL9210B-CG", "ID_SERIAL_SHORT": "012345678906"},
        (True, "usb", "Realtek", "RTL9210B-CG", "012345678906"),
    ),
    "disk of a virtual machine": Recorded(
        "vda",
        "/sys/devices/pci0000:00/0000:00:04.0/virtio1/block/vda",
        {},
        (False, "virtio", "", "", ""),
    ),
    "stick on a computer without udev": Recorded(
        "sdb",
        f"{PCI}/usb1/1-4/1-4:1.0/host6/target6:0:0/6:0:0:0/block/sdb",
        {},
        (True, "usb", "SanDisk", "Ultra Fit", "4C530001150612114371"),
        removable=True,
        device={"vendor": "SanDisk", "model": "Ultra Fit"},
        usb_serial="4C530001150612114371",
    ),
}


def facts(one: Recorded) -> Facts:
    filesystem = one.disk if one.filesystem is None else one.filesystem
    return Facts(one.node, one.place, filesystem, one.disk, one.removable, "60062500", one.device, one.usb_serial)


@pytest.mark.parametrize("name", DEVICES)
def test_each_recorded_device_is_known_for_what_it_is(name: str) -> None:
    one = DEVICES[name]
    device = identify("8:16", facts(one), FileSystemName())
    assert (device.removable, device.bus, device.vendor, device.model, device.serial) == one.expected
    assert device.capacity == 60_062_500 * 512


def test_a_stick_is_the_same_medium_with_and_without_udev() -> None:
    mediums = [
        identify("8:16", facts(DEVICES[name]), FileSystemName("4D5C-12FA", "资料")).medium(KEY, "vfat")
        for name in ("USB stick with a Chinese label", "stick on a computer without udev")
    ]
    assert mediums[0] == mediums[1]
    assert mediums[0].label == "资料"
    assert mediums[0].serial_hash == serial_hash(KEY, "4C530001150612114371")
    assert mediums[0].serial_tail == "4371"


def test_an_unlocked_container_on_a_stick_is_the_stick_with_the_file_system_inside() -> None:
    inside = {"DM_NAME": "luks-4d5c", "ID_FS_TYPE": "ext4", "ID_FS_UUID": "9b2e-inside", "ID_FS_LABEL_ENC": "safe"}
    stick = DEVICES["USB stick with a Chinese label"]
    locked = Recorded(stick.node, stick.place, stick.disk, stick.expected, filesystem=inside, removable=True)
    device = identify("253:0", facts(locked), FileSystemName())
    assert (device.removable, device.bus, device.serial) == (True, "usb", "4C530001150612114371")
    assert (device.uuid, device.label) == ("9b2e-inside", "safe")
    plain = identify("8:17", facts(stick), FileSystemName())
    assert device.medium(KEY, "ext4").key == plain.medium(KEY, "vfat").key


def test_a_loop_device_is_a_medium_only_where_the_settings_say_so() -> None:
    loop = Facts("loop0", "/sys/devices/virtual/block/loop0", {}, {})
    assert not identify("7:0", loop, FileSystemName()).removable
    assert identify("7:0", loop, FileSystemName(), loop_devices=True).removable
