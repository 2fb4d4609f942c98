"""Phones on a tree of sysfs as the kernel makes it, with the descriptors of real devices."""

from __future__ import annotations

from pathlib import Path

import pytest

from agent.watching.phones import PhoneGone, PhoneSeen, PhoneWatch, speaks

KEY = bytes(range(32))
MASS_STORAGE, STILL_IMAGE, HID, VENDOR = ("08", "06", "50"), ("06", "01", "01"), ("03", "01", "01"), ("ff", "ff", "00")

DEVICES = {
    "Android phone, files over MTP": ("18d1", "4ee1", "Google", "Pixel 7", [(STILL_IMAGE, "MTP")], "mtp"),
    "Android phone with adb": ("2717", "ff48", "Xiaomi", "Mi 10", [(VENDOR, "MTP"), (("ff", "42", "01"), "")], "mtp"),
    "Android phone, pictures only": ("12d1", "107e", "HUAWEI", "P30", [(STILL_IMAGE, "PTP")], "ptp"),
    "iPhone": ("05ac", "12a8", "Apple Inc.", "iPhone", [(STILL_IMAGE, "PTP"), (("ff", "fe", "02"), "")], "ptp"),
    "camera": ("04a9", "32b4", "Canon Inc.", "Canon Digital Camera", [(STILL_IMAGE, "")], "ptp"),
    "music player": ("054c", "0e6e", "Sony", "WALKMAN", [(VENDOR, "MTP")], "mtp"),
    "e-reader": ("1949", "0262", "Amazon", "Fire", [(VENDOR, "MTP")], "mtp"),
    "phone that only charges": ("18d1", "4ee0", "Google", "Pixel 7", [(VENDOR, "")], ""),
    "stick": ("0781", "5583", "SanDisk", "Ultra Fit", [(MASS_STORAGE, "")], ""),
    "keyboard": ("046d", "c31c", "Logitech", "USB Keyboard", [(HID, "")], ""),
}


def plug(usb: Path, port: str, name: str, devnum: int = 5, serial: str = "A1B2C3D4E5") -> None:
    vendor_id, product_id, maker, product, interfaces, _ = DEVICES[name]
    device = usb / port
    device.mkdir(parents=True)
    values = {
        "idVendor": vendor_id,
        "idProduct": product_id,
        "manufacturer": maker,
        "product": product,
        "serial": serial,
        "devnum": str(devnum),
    }
    for file, value in values.items():
        (device / file).write_text(value + "\n")
    for number, ((major, minor, protocol), says) in enumerate(interfaces):
        interface = device / f"{port}:1.{number}"
        interface.mkdir()
        (usb / interface.name).mkdir()  # the kernel lists interfaces beside the devices
        for file, value in (
            ("bInterfaceClass", major),
            ("bInterfaceSubClass", minor),
            ("bInterfaceProtocol", protocol),
        ):
            (interface / file).write_text(value + "\n")
        if says:
            (interface / "interface").write_text(says + "\n")


def unplug(usb: Path, port: str) -> None:
    for path in sorted(usb.rglob("*"), reverse=True):
        if path.name == port or port in path.parts or path.name.startswith(f"{port}:"):
            path.unlink() if path.is_file() else path.rmdir()


@pytest.mark.parametrize("name", DEVICES)
def test_what_a_device_says_of_itself_is_what_it_is_taken_for(tmp_path: Path, name: str) -> None:
    plug(tmp_path, "1-4", name)
    assert speaks(tmp_path / "1-4") == DEVICES[name][5]


def test_a_phone_is_told_when_it_comes_and_when_it_goes_and_nothing_else_is(tmp_path: Path) -> None:
    (tmp_path / "usb1").mkdir()  # a root hub
    watch = PhoneWatch(KEY, tmp_path)
    plug(tmp_path, "1-1", "stick", 2)
    plug(tmp_path, "1-2", "keyboard", 3)
    assert watch.step() == []
    plug(tmp_path, "1-4", "Android phone, files over MTP", 4)
    (seen,) = watch.step()
    assert isinstance(seen, PhoneSeen)
    medium = seen.attached.medium
    assert (medium.bus, medium.vendor, medium.model, medium.serial_tail) == ("mtp", "Google", "Pixel 7", "D4E5")
    assert seen.attached.path == ""
    assert watch.step() == []
    unplug(tmp_path, "1-4")
    (gone,) = watch.step()
    assert isinstance(gone, PhoneGone)
    assert gone.attached == seen.attached


def test_the_same_phone_has_the_same_key_on_another_port_and_no_serial_leaves(tmp_path: Path) -> None:
    watch = PhoneWatch(KEY, tmp_path)
    plug(tmp_path, "1-4", "iPhone", 4, serial="00008030001A2B3C")
    (first,) = watch.step()
    unplug(tmp_path, "1-4")
    plug(tmp_path, "2-1.3", "iPhone", 5, serial="00008030001A2B3C")
    events = watch.step()
    assert {type(event) for event in events} == {PhoneSeen, PhoneGone}
    (second,) = [event for event in events if isinstance(event, PhoneSeen)]
    assert first.attached.medium.key == second.attached.medium.key
    assert "00008030001A2B3C" not in repr(second)


def test_a_device_swapped_for_another_on_the_same_port_within_a_second_is_noticed(tmp_path: Path) -> None:
    watch = PhoneWatch(KEY, tmp_path)
    plug(tmp_path, "1-4", "camera", 4)
    watch.step()
    unplug(tmp_path, "1-4")
    plug(tmp_path, "1-4", "iPhone", 5)
    assert sorted(type(event).__name__ for event in watch.step()) == ["PhoneGone", "PhoneSeen"]


def test_a_phone_whose_interfaces_the_kernel_makes_after_the_device_is_told_once_they_are_there(tmp_path: Path) -> None:
    watch = PhoneWatch(KEY, tmp_path)
    (tmp_path / "1-4").mkdir()
    (tmp_path / "1-4" / "devnum").write_text("4\n")
    assert watch.step() == []
    unplug(tmp_path, "1-4")
    plug(tmp_path, "1-4", "iPhone", 4)
    (seen,) = watch.step()
    assert isinstance(seen, PhoneSeen)
    assert watch.step() == []


def test_a_computer_without_usb_has_no_phones(tmp_path: Path) -> None:
    assert PhoneWatch(KEY, tmp_path / "none").step() == []
