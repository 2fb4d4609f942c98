"""What kind of wire an interface has, from ``/sys``, and the name of the wireless network it is in."""

from __future__ import annotations

import array
import fcntl
import socket
import struct
from pathlib import Path

TETHER_DRIVERS = {"rndis_host", "cdc_ether", "cdc_ncm", "cdc_eem", "cdc_subset", "ipheth", "rndis_wlan", "cdc_phonet"}
"""Drivers by which a telephone (or an adapter that looks like one) gives a network over USB."""
CELLULAR_DRIVERS = {
    "qmi_wwan",
    "cdc_mbim",
    "huawei_cdc_ncm",
    "sierra_net",
    "hso",
    "iosm",
    "mtk_t7xx",
    "mhi_net",
    "option",
}
BLUETOOTH = {"bnep", "bluetooth"}

_SIOCGIWESSID = 0x8B1B
_MOST = 32
"""Bytes of a name of a wireless network (IEEE 802.11)."""


def medium_of(name: str, root: Path = Path("/")) -> str:
    """``wired``, ``wireless``, ``cellular``, ``bluetooth`` or ``usb-link``."""
    folder = root / "sys/class/net" / name
    kind = device_type(folder)
    if kind == "wlan" or (folder / "wireless").exists() or (folder / "phy80211").exists():
        return "wireless"
    driver = _last(folder / "device/driver")
    if kind == "wwan" or driver in CELLULAR_DRIVERS or name.startswith("wwan"):
        return "cellular"
    if kind == "bluetooth" or driver in BLUETOOTH or name.startswith("bnep"):
        return "bluetooth"
    return "usb-link" if driver in TETHER_DRIVERS else "wired"


def device_type(folder: Path) -> str:
    """``DEVTYPE`` of an interface's ``uevent``: ``wlan``, ``wwan``, ``bridge`` …; empty where it says none."""
    try:
        lines = (folder / "uevent").read_text("ascii", "replace").splitlines()
    except OSError:  # virtual, or of another namespace
        return ""
    return next((line.partition("=")[2] for line in lines if line.startswith("DEVTYPE=")), "")


def ssid(name: str) -> str:
    """The wireless network an interface is in, by the wireless extensions; empty where none or not to be known."""
    buffer = array.array("B", bytes(_MOST))
    place, size = buffer.buffer_info()
    request = struct.pack("16sPHH", name.encode()[:15], place, size, 0)
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as handle:  # only a handle for the question; sends nothing
        try:
            answer = fcntl.ioctl(handle, _SIOCGIWESSID, request)
        except OSError:
            return ""
    length = struct.unpack_from("H", answer, 16 + struct.calcsize("P"))[0]
    return bytes(buffer[:length]).decode("utf-8", "replace").rstrip("\0")


def _last(link: Path) -> str:
    try:
        return link.readlink().name
    except OSError:
        return ""
