"""NET-05: a classified computer has no wireless capability: wireless LAN, Bluetooth, cellular, wireless input devices.

A device that is switched off by software is still there and can be switched on again, so it is told like one that is
on; how it stands is in the signal. Words::

    radio:wlan:on   radio:bluetooth:blocked   radio:wwan:no-driver     device, and how it stands
    input:usb:046d:c52b                                              a receiver of wireless keyboards and mice

Limits: a receiver whose maker gives it neither a known id nor a telling name looks like a wired keyboard.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from agent.checks.base import CONFIDENTIAL, Check, Context, Result, not_applicable
from agent.checks.isolation_sysfs import BLUETOOTH, CELLULAR_DRIVERS
from agent.checks.isolation_talk import facts
from agent.checks.tree import Tree
from protocol.records import CheckOutcome, NetworkEvidence
from signatures.controls import Text

_RFKILL = {"wlan": "wlan", "bluetooth": "bluetooth", "wwan": "wwan", "wimax": "wwan", "uwb": "uwb", "nfc": "nfc"}
_PCI = {"0x0280": "wlan", "0x0d11": "bluetooth", "0x0d20": "wlan", "0x0d21": "wlan", "0x0d40": "wwan", "0x0d41": "wwan"}
"""Class and subclass of PCI devices that are radios (PCI code and ID assignment: 0280 is other network controller)."""
_NAMED = re.compile(r"wireless|2\.4 ?g|receiver|unifying|\bbolt\b|nano transceiver|dongle|无线|接收器", re.I)
_NAMED_WLAN = re.compile(r"802\.11|wi-?fi|wlan", re.I)
_NAMED_MODEM = re.compile(r"(?<![\d.])\b(lte|[345]g|umts|hspa|mobile broadband|wwan)\b", re.I)

RECEIVERS = {
    "046d": {"c517", "c51a", "c521", "c525", "c526", "c52b", "c52e", "c52f", "c531", "c532", "c534", "c537", "c539"}
    | {"c53a", "c53d", "c53f", "c541", "c542", "c545", "c547", "c548", "c54d", "c703", "c704", "c70e", "c714"},
    "045e": {"00db", "0719", "0730", "0745", "0750", "0752", "0768", "07a5", "07b2", "07fd", "0800", "0822", "0828"},
    "062a": {"3633", "4101", "4102", "4106", "4c01", "5918", "8251"},
    "24ae": {"1001", "1100", "1813", "2000", "2001", "2003", "2010", "2012", "2015", "4005"},
    "25a7": {"2402", "2410", "fa07", "fa10", "fa11", "fa23", "fa61", "fa67", "fa70"},
    "258a": {"1006", "2022"},
    "17ef": {"6032", "6044", "6057", "6059", "6060", "609b", "60ee"},
    "413c": {"2501", "2513", "2514"},
    "03f0": {"0641", "154a", "a407", "a707", "d407"},
    "1ea7": {"0066", "0064"},
    "3938": {"1031", "1032", "1047"},
    "248a": {"8366", "8367", "8514", "8564"},
}
"""USB ids of receivers of wireless keyboards and mice: maker → products."""


def radios(tree: Tree) -> tuple[str, ...]:
    """Every radio there is, as signals, sorted; a device seen in several places counts as it stands in the first."""
    found: dict[str, set[str]] = {}
    for kind, how in (*_switches(tree), *_interfaces(tree), *_adapters(tree)):
        found.setdefault(kind, set()).add(how)
    for kind, how in (*_of_pci(tree), *_of_usb(tree)):
        if kind not in found:
            found[kind] = {how}
    told = {f"radio:{kind}:{'on' if 'on' in how else min(how)}" for kind, how in found.items()}
    return tuple(sorted(told | set(_receivers(tree))))


def _switches(tree: Tree) -> Iterator[tuple[str, str]]:
    """Radios the kernel lets be switched (rfkill), running or as they were left at the last shutdown."""
    for folder in tree.glob("sys/class/rfkill/*"):
        kind = _RFKILL.get(_value(tree, f"{folder}/type"), "")
        if kind:
            blocked = _value(tree, f"{folder}/soft") == "1" or _value(tree, f"{folder}/hard") == "1"
            yield kind, "blocked" if blocked else "on"
    if not tree.exists("sys/class"):
        for file in tree.glob("var/lib/systemd/rfkill/*"):
            kind = _RFKILL.get(file.rpartition(":")[2], "")
            if kind:
                yield kind, "blocked" if _value(tree, file) == "1" else "on"


def _interfaces(tree: Tree) -> Iterator[tuple[str, str]]:
    for folder in tree.glob("sys/class/net/*"):
        about = tree.read(f"{folder}/uevent") or ""
        if "DEVTYPE=wlan" in about or tree.exists(f"{folder}/wireless") or tree.exists(f"{folder}/phy80211"):
            yield "wlan", _switched(tree, f"{folder}/phy80211")
        elif "DEVTYPE=wwan" in about or _driver(tree, folder) in CELLULAR_DRIVERS:
            yield "wwan", "on"
    for _ in tree.glob("sys/class/wwan/*"):
        yield "wwan", "on"


def _switched(tree: Tree, folder: str) -> str:
    states = [_value(tree, f"{one}/soft") + _value(tree, f"{one}/hard") for one in tree.glob(f"{folder}/rfkill*")]
    return "blocked" if states and all("1" in state for state in states) else "on"


def _adapters(tree: Tree) -> Iterator[tuple[str, str]]:
    for folder in tree.glob("sys/class/bluetooth/hci*"):
        yield "bluetooth", _switched(tree, folder)


def _of_pci(tree: Tree) -> Iterator[tuple[str, str]]:
    for folder in tree.glob("sys/bus/pci/devices/*"):
        kind = _PCI.get(_value(tree, f"{folder}/class")[:6])
        if kind:
            yield kind, "on" if _driver_of(tree, folder) else "no-driver"


def _of_usb(tree: Tree) -> Iterator[tuple[str, str]]:
    for folder in _usb_devices(tree):
        name = _value(tree, f"{folder}/product")
        bluetooth = _value(tree, f"{folder}/bDeviceClass") == "e0" and _value(tree, f"{folder}/bDeviceSubClass") == "01"
        if bluetooth and _value(tree, f"{folder}/bDeviceProtocol") in ("01", ""):
            yield "bluetooth", "on" if _has_driver(tree, folder, BLUETOOTH | {"btusb"}) else "no-driver"
        elif _NAMED_WLAN.search(name):
            yield "wlan", "no-driver"
        elif _NAMED_MODEM.search(name):
            yield "wwan", "on" if _has_driver(tree, folder, CELLULAR_DRIVERS) else "no-driver"


def _receivers(tree: Tree) -> Iterator[str]:
    for folder in _usb_devices(tree):
        maker, product = _value(tree, f"{folder}/idVendor"), _value(tree, f"{folder}/idProduct")
        input_device = any(_value(tree, f"{one}/bInterfaceClass") == "03" for one in tree.glob(f"{folder}/*:*"))
        named = input_device and _NAMED.search(_value(tree, f"{folder}/product"))
        if product in RECEIVERS.get(maker, ()) or named:
            yield f"input:usb:{_hexadecimal(maker)}:{_hexadecimal(product)}"


def _usb_devices(tree: Tree) -> list[str]:
    return [folder for folder in tree.glob("sys/bus/usb/devices/*") if ":" not in folder.rpartition("/")[2]]


def _has_driver(tree: Tree, folder: str, drivers: set[str]) -> bool:
    return any(_driver_of(tree, one) in drivers for one in tree.glob(f"{folder}/*:*"))


def _driver(tree: Tree, folder: str) -> str:
    return _driver_of(tree, f"{folder}/device")


def _driver_of(tree: Tree, folder: str) -> str:
    """The name of the driver a device is bound to; empty where none is."""
    about = (tree.read(f"{folder}/uevent") or "").splitlines()
    return next((line[7:] for line in about if line.startswith("DRIVER=")), "")


def _value(tree: Tree, path: str) -> str:
    return (tree.read(path, 4096) or "").strip()


def _hexadecimal(given: str) -> str:
    return given if re.fullmatch(r"[0-9a-f]{4}", given) else "?"


def look(context: Context) -> Result:
    """NET-05: whether a radio is there."""
    tree = context.tree
    if not tree.exists("sys/class") and not tree.exists("var/lib/systemd/rfkill"):
        return not_applicable("离线系统中没有硬件信息", "an offline tree says nothing of the hardware")
    signals = radios(tree)
    if not signals:
        return Result(outcome=CheckOutcome.PASS)
    return Result(outcome=CheckOutcome.FAIL, facts=facts(signals), network=NetworkEvidence(signals=signals))


CHECKS = (
    Check(
        name="radios",
        controls=("NET-05",),
        in_part=("CPC-12",),
        title=Text(zh="涉密计算机无无线功能", en="No wireless capability"),
        remedy=Text(
            zh="由专业人员拆除无线网卡、蓝牙和蜂窝模块；改用有线键盘和鼠标。",
            en="Have wireless, Bluetooth and cellular modules taken out; use a wired keyboard and mouse.",
        ),
        reads=(
            "sys/class/rfkill",
            "sys/class/net",
            "sys/class/bluetooth",
            "sys/class/wwan",
            "sys/bus/pci",
            "sys/bus/usb",
        ),
        records=Text(
            zh="设备种类及状态，接收器的 USB 编号", en="kinds of devices and how they stand; USB ids of receivers"
        ),
        look=look,
        classes=CONFIDENTIAL,
    ),
)
