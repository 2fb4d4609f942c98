"""Radios are found wherever the kernel shows them, switched on or off, with a driver or without."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from agent.checks import isolation_radio
from agent.checks.base import Context, Result
from agent.checks.tree import Tree
from protocol.records import CheckOutcome, ComputerClass

Plant = Callable[[dict[str, str | bytes]], Path]
(CHECK,) = isolation_radio.CHECKS

BARE = {
    "sys/class/net/eth0/uevent": "INTERFACE=eth0\nIFINDEX=2\n",
    "sys/class/net/lo/uevent": "INTERFACE=lo\n",
    "sys/bus/pci/devices/0000:00:1f.6/class": "0x020000\n",
    "sys/bus/pci/devices/0000:00:1f.6/uevent": "DRIVER=e1000e\n",
    "sys/bus/usb/devices/usb1/idVendor": "1d6b\n",
    "sys/bus/usb/devices/usb1/bDeviceClass": "09\n",
    "sys/bus/usb/devices/1-1/idVendor": "413c\n",
    "sys/bus/usb/devices/1-1/idProduct": "2113\n",
    "sys/bus/usb/devices/1-1/product": "Dell KB216 Wired Keyboard\n",
    "sys/bus/usb/devices/1-1/1-1:1.0/bInterfaceClass": "03\n",
}
"""A desktop with a wired card and a wired keyboard."""


def run(root: Path) -> Result:
    return CHECK.run(Context(tree=Tree(root), computer_class=ComputerClass.CONFIDENTIAL))


def usb(vendor: str, product: str, name: str, **more: str) -> dict[str, str | bytes]:
    folder = "sys/bus/usb/devices/1-5"
    return {
        f"{folder}/idVendor": vendor,
        f"{folder}/idProduct": product,
        f"{folder}/product": name,
        **{f"{folder}/{key.replace('__', '1-5:1.0/')}": value for key, value in more.items()},
    }


def test_a_desktop_without_any_radio_passes(plant: Plant) -> None:
    assert run(plant(dict(BARE))).outcome is CheckOutcome.PASS


@pytest.mark.parametrize(
    ("files", "signal"),
    [
        ({"sys/class/rfkill/rfkill0/type": "wlan\n", "sys/class/rfkill/rfkill0/soft": "0\n"}, "radio:wlan:on"),
        ({"sys/class/rfkill/rfkill0/type": "wlan\n", "sys/class/rfkill/rfkill0/soft": "1\n"}, "radio:wlan:blocked"),
        (
            {
                "sys/class/rfkill/rfkill1/type": "bluetooth\n",
                "sys/class/rfkill/rfkill1/soft": "0\n",
                "sys/class/rfkill/rfkill1/hard": "1\n",
            },
            "radio:bluetooth:blocked",
        ),
        ({"sys/class/net/wlp2s0/uevent": "DEVTYPE=wlan\nINTERFACE=wlp2s0\n"}, "radio:wlan:on"),
        ({"sys/class/net/wwan0/uevent": "DEVTYPE=wwan\n"}, "radio:wwan:on"),
        ({"sys/class/bluetooth/hci0/uevent": "DEVTYPE=host\n"}, "radio:bluetooth:on"),
        ({"sys/bus/pci/devices/0000:02:00.0/class": "0x028000\n"}, "radio:wlan:no-driver"),
        (usb("0bda", "8179", "802.11n NIC"), "radio:wlan:no-driver"),
        (usb("2c7c", "0125", "EC25 LTE modem"), "radio:wwan:no-driver"),
        (
            usb("0a12", "0001", "CSR8510 A10", bDeviceClass="e0", bDeviceSubClass="01", bDeviceProtocol="01"),
            "radio:bluetooth:no-driver",
        ),
        (usb("046d", "c52b", "USB Receiver", __bInterfaceClass="03"), "input:usb:046d:c52b"),
        (usb("1234", "5678", "2.4G Wireless Mouse", __bInterfaceClass="03"), "input:usb:1234:5678"),
        (usb("046d", "c534", ""), "input:usb:046d:c534"),
    ],
)
def test_each_kind_of_radio_is_found(plant: Plant, files: dict[str, str | bytes], signal: str) -> None:
    result = run(plant({**BARE, **files}))
    assert result.outcome is CheckOutcome.FAIL
    assert result.network is not None
    assert result.network.signals == (signal,)
    assert result.facts[0].what.zh


def test_a_receiver_s_words_on_a_device_that_is_no_input_device_are_no_receiver(plant: Plant) -> None:
    files = usb("1234", "5678", "Card Receiver", __bInterfaceClass="0b")
    assert run(plant({**BARE, **files})).outcome is CheckOutcome.PASS


def test_an_offline_tree_tells_what_was_switched_at_its_last_shutdown(plant: Plant) -> None:
    root = plant({"var/lib/systemd/rfkill/pci-0000:02:00.0:wlan": "0\n"})
    result = run(root)
    assert result.network is not None
    assert result.network.signals == ("radio:wlan:on",)


def test_a_tree_without_any_word_of_hardware_is_not_called_clean(plant: Plant) -> None:
    assert run(plant({"etc/os-release": "ID=debian\n"})).outcome is CheckOutcome.NOT_APPLICABLE


@pytest.mark.skipif(
    not Path("/sys/module/mac80211_hwsim").exists(),
    reason="the kernel has no simulated wireless cards: modprobe mac80211_hwsim",
)
def test_a_simulated_wireless_card_is_told_by_the_running_kernel() -> None:
    result = run(Path("/"))
    assert result.outcome is CheckOutcome.FAIL
    assert result.network is not None
    assert any(signal.startswith("radio:wlan:") for signal in result.network.signals)
