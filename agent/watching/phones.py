"""Phones, cameras and players on USB: told within seconds of being plugged in, though their files cannot be read.

They speak MTP or PTP and appear as no block device. Recognised by what they say of themselves in sysfs: an interface
of class 06/01/01 (still image: PTP, and MTP of Android), or one that calls itself MTP.
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from agent.watching.media import BOOT_ID, Attached
from agent.watching.uevents import Uevents
from protocol.policy import medium_hash
from protocol.records import Medium

USB = Path("/sys/bus/usb/devices")
TICK_SECONDS, FALLBACK_SECONDS = 60.0, 1.0
"""How often devices are looked at although the kernel told of none, and where it never tells."""
STILL_IMAGE = ("06", "01", "01")


@dataclass(frozen=True, slots=True)
class PhoneSeen:
    """A phone, camera or player was plugged in, or was there when the watch began."""

    attached: Attached


@dataclass(frozen=True, slots=True)
class PhoneGone:
    """It was unplugged."""

    attached: Attached


PhoneEvent = PhoneSeen | PhoneGone


class PhoneWatch:
    """Looks at the USB devices and tells which phones came and went."""

    def __init__(self, organisation_key: bytes, usb: Path = USB) -> None:
        self._organisation_key = organisation_key
        self._usb = usb
        self._boot = BOOT_ID.read_text("ascii").strip() if BOOT_ID.exists() else ""
        self._known: dict[tuple[str, str], Attached | None] = {}
        self._interfaces: dict[tuple[str, str], frozenset[str]] = {}

    def run(self, tell: Callable[[PhoneEvent], None], stop: threading.Event) -> None:
        """Tell what is there, then every change, until ``stop`` is set."""
        uevents = Uevents("usb")
        while not stop.is_set():
            for event in self.step():
                tell(event)
            uevents.wait(stop, TICK_SECONDS if uevents.told else FALLBACK_SECONDS)

    def step(self) -> list[PhoneEvent]:
        """What changed since the last step."""
        now = self._devices()
        events: list[PhoneEvent] = [
            PhoneGone(attached) for key, attached in self._known.items() if attached and key not in now
        ]
        known: dict[tuple[str, str], Attached | None] = {}
        for key, interfaces in now.items():
            attached = self._known.get(key)
            if attached is None and interfaces != self._interfaces.get(key):  # the kernel makes them one by one
                attached = self._look(*key)
                events += [PhoneSeen(attached)] if attached else []
            known[key] = attached
        self._known, self._interfaces = known, now
        return events

    def _devices(self) -> dict[tuple[str, str], frozenset[str]]:
        """USB devices as (name of the port, number given by the kernel) with the names of their interfaces.

        A device put in again has another number.
        """
        try:
            names = [entry.name for entry in self._usb.iterdir()]
        except OSError:
            return {}
        devices = [name for name in names if ":" not in name and "-" in name]
        return {
            (name, _line(self._usb / name / "devnum")): frozenset(one for one in names if one.startswith(f"{name}:"))
            for name in devices
        }

    def _look(self, name: str, number: str) -> Attached | None:
        device = self._usb / name
        bus = speaks(device)
        if not bus:
            return None
        vendor = _line(device / "manufacturer") or _line(device / "idVendor")
        model = _line(device / "product") or _line(device / "idProduct")
        serial = _line(device / "serial")

        def hidden(kind: str, value: str) -> str:
            return medium_hash(self._organisation_key, kind, value)

        ids = (_line(device / "idVendor"), _line(device / "idProduct"))
        medium = Medium(
            key=hidden("serial", "\0".join((*ids, serial))) if serial else hidden("device", "\0".join((bus, *ids))),
            bus=bus,
            vendor=vendor[:64],
            model=model[:64],
            serial_hash=hidden("serial", serial) if serial else None,
            serial_tail=serial[-4:] if len(serial) > 4 else "",
        )
        return Attached(f"usb {name} {number}", f"{self._boot} usb {name} {number} {medium.key}", "", medium)


def speaks(device: Path) -> str:
    """``mtp`` or ``ptp`` for a USB device whose files a computer may take; empty for any other."""
    found = ""
    for interface in sorted(device.glob(f"{device.name}:*")):
        says = _line(interface / "interface").upper()
        if "MTP" in says:
            return "mtp"
        names = ("bInterfaceClass", "bInterfaceSubClass", "bInterfaceProtocol")
        if tuple(_line(interface / name) for name in names) == STILL_IMAGE:
            found = "ptp"
    return found


def _line(path: Path) -> str:
    try:
        return path.read_text("utf-8", "replace").strip()
    except OSError:
        return ""
