"""Devices on USB: what is attached, against what is registered, and whether storage is let in at all.

Controls CPC-11, CPC-17, MEDIA-03, MEDIA-04, NET-13. Traces of devices that were attached before are another family's.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from agent.checks import system
from agent.checks.base import CONFIDENTIAL, Check, Context, Fact, Result, fact, verdict
from agent.checks.tree import Tree
from agent.checks.windows import usb as windows
from signatures.controls import Text

PHONE_MAKERS = frozenset(
    {
        "05ac",
        "18d1",
        "04e8",
        "12d1",
        "2717",
        "22d9",
        "2a70",
        "0bb4",
        "0fce",
        "19d2",
        "1bbb",
        "2ae5",
        "2a45",
        "2b4c",
        "339b",
        "22b8",
        "0421",
    }
)
"""Vendor ids of makers whose devices on USB are telephones when they speak MTP, PTP or tethering."""
KINDS: dict[str, tuple[str, str]] = {
    "storage": ("存储设备", "storage"),
    "phone": ("手机或媒体播放器", "phone or media player"),
    "camera": ("摄像头", "camera"),
    "audio": ("录音设备", "audio capture"),
    "wireless": ("无线网卡或蓝牙", "wireless adapter or Bluetooth"),
    "modem": ("调制解调器或手机网络共享", "modem or tethering"),
    "printer": ("打印机", "printer"),
    "reader": ("读卡器", "smart-card reader"),
    "other": ("其他设备", "other"),
}
_DRIVES_OUT = ("usb-storage", "usb_storage", "uas")


@dataclass(frozen=True, slots=True)
class Device:
    """One device on USB, as the kernel lists it."""

    vendor: str
    product: str
    serial: str
    kind: str

    @property
    def mark(self) -> str:
        """``vendor:product:serial``, as registered in ``media_allowed``."""
        return f"{self.vendor}:{self.product}:{self.serial}".rstrip(":")

    @property
    def shown(self) -> str:
        """The same with the last four characters of the serial alone (E-DEV)."""
        return f"{self.vendor}:{self.product}" + (f":…{self.serial[-4:]}" if self.serial else "")


def attached(tree: Tree) -> list[Device]:
    """Devices on USB but hubs and controllers, in the order of their ports."""
    found = []
    for folder in tree.glob("sys/bus/usb/devices/*"):
        name = folder.rsplit("/", 1)[-1]
        if ":" in name or name.startswith("usb"):
            continue
        vendor, product = _word(tree, folder, "idVendor"), _word(tree, folder, "idProduct")
        if not vendor or _word(tree, folder, "bDeviceClass") == "09":
            continue
        classes = {
            tuple(_word(tree, part, key) for key in ("bInterfaceClass", "bInterfaceSubClass", "bInterfaceProtocol"))
            for part in tree.glob(f"{folder}/{name}:*")
        }
        found.append(Device(vendor, product, _word(tree, folder, "serial"), _kind(vendor, classes)))
    return found


def _word(tree: Tree, folder: str, name: str) -> str:
    return (tree.read(f"{folder}/{name}", 4096) or "").strip().lower()


def _kind(vendor: str, classes: set[tuple[str, ...]]) -> str:
    """What a device is by the classes of its interfaces (USB-IF class codes)."""
    main = {one[0] for one in classes}
    if {("06", "01", "01")} & classes or (vendor in PHONE_MAKERS and main & {"06", "ff", "02", "e0"}):
        return "phone"
    for code, kind in (
        ("08", "storage"),
        ("0e", "camera"),
        ("01", "audio"),
        ("07", "printer"),
        ("0b", "reader"),
        ("0a", "modem"),
        ("02", "modem"),
    ):
        if code in main:
            return kind
    if "e0" in main:
        return "modem" if any(one[:2] == ("e0", "01") and one[2] == "03" for one in classes) else "wireless"
    return "other"


def _devices(context: Context) -> Result:
    """Storage, phones, cameras and radios on USB that are not registered."""
    allowed = {mark.lower() for mark in context.parameters.media_allowed}
    strict = context.computer_class in CONFIDENTIAL
    wrong_kinds = (
        {"storage", "phone", "camera", "audio", "wireless", "modem"} if strict else {"storage", "phone", "modem"}
    )
    wrong: list[Fact] = []
    right: list[Fact] = []
    for device in attached(context.tree):
        zh, en = KINDS[device.kind]
        known = device.mark in allowed or f"{device.vendor}:{device.product}" in allowed
        one = fact(f"USB 设备：{zh}", f"device on USB: {en}", device.shown, "registered")
        (wrong if device.kind in wrong_kinds and not known else right).append(one)
    return verdict(wrong, right)


def _storage_policy(context: Context) -> Result:
    """Whether storage on USB is refused by the kernel, by USBGuard or by a protection suite."""
    tree = context.tree
    for path in (*tree.glob("etc/modprobe.d/*.conf"), *tree.glob("usr/lib/modprobe.d/*.conf")):
        for line in tree.lines(path):
            match = re.match(r"(?:blacklist|install)\s+(\S+)(?:\s+(\S+))?", line)
            if match and match[1] in _DRIVES_OUT and (match[2] is None or match[2].endswith(("true", "false"))):
                return verdict([], [fact("USB 存储驱动", "driver of USB storage", f"off ({path})")])
    if system.enabled(tree, "usbguard.service"):
        return verdict([], [fact("USBGuard", "USBGuard", "on")])
    for path in tree.glob("etc/udev/rules.d/*.rules"):
        text = tree.read(path) or ""
        if re.search(r'(usb|DRIVERS=="usb-storage").*(authorized\}="0"|UDISKS_IGNORE\}="1")', text):
            return verdict([], [fact("udev 规则", "rule of udev", path)])
    suite = [path for path in context.parameters.protection_programs if tree.exists(path)]
    if suite:
        return verdict([], [fact("防护软件", "protection suite", ", ".join(suite))])
    return verdict([fact("USB 存储管控", "policy for USB storage", "none", "on")])


CHECKS = (
    Check(
        name="devices",
        controls=("CPC-11", "MEDIA-03"),
        in_part=("MEDIA-04", "CPC-17", "NET-05"),
        title=Text(zh="没有未登记的外接设备", en="No device that is not registered is attached"),
        remedy=Text(
            zh="未登记设备交保密员；批准的登记入 media_allowed。",
            en="Unplug what is not registered and hand it to the secrecy officer; name approved ones in media_allowed.",
        ),
        reads=("sys/bus/usb/devices/*",),
        records=Text(zh="厂商、产品编号，序列号末四位", en="ids of vendor and product, last four of the serial"),
        look=_devices,
        live_only=True,
    ),
    Check(
        name="usb-storage-policy",
        controls=("NET-13", "MEDIA-03"),
        title=Text(zh="管控 USB 存储接口", en="Storage on USB is under control"),
        remedy=Text(
            zh="启用 USBGuard 或单位规定的防护软件，或在 /etc/modprobe.d 中禁用 usb-storage 和 uas。",
            en="Turn USBGuard or the prescribed suite on, or blacklist usb-storage and uas in /etc/modprobe.d.",
        ),
        reads=("etc/modprobe.d/*", "etc/udev/rules.d/*", "etc/systemd/system/*.wants"),
        records=Text(zh="设置所在文件", en="file of the setting"),
        look=_storage_policy,
        windows=windows.storage_policy,
        extent="part",
    ),
)
