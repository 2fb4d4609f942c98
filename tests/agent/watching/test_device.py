from __future__ import annotations

from pathlib import Path

import pytest

from agent.watching import device
from agent.watching.device import Device

KEY = bytes(32)


def stick(**more: str) -> Device:
    fields = {"vendor": "Maker", "model": "Flash", "serial": "0123456789ABCDEF", "uuid": "AAAA-BBBB", **more}
    return Device(number="8:16", removable=True, bus="usb", **fields)  # type: ignore[arg-type]


def test_the_serial_travels_only_as_hash_and_last_four() -> None:
    medium = stick().medium(KEY, "vfat")
    assert medium.serial_tail == "CDEF"
    assert "0123456789" not in repr(medium)
    assert "AAAA-BBBB" not in repr(medium)


def test_a_short_serial_is_not_told_at_all() -> None:
    assert stick(serial="1234").medium(KEY, "vfat").serial_tail == ""


def test_a_stick_keeps_its_key_when_it_is_formatted_anew() -> None:
    assert stick().medium(KEY, "vfat").key == stick(uuid="CCCC-DDDD").medium(KEY, "ext4").key


def test_a_stick_without_a_serial_is_known_by_its_file_system() -> None:
    one = stick(serial="").medium(KEY, "vfat").key
    assert one == stick(serial="").medium(KEY, "vfat").key
    assert one != stick(serial="", uuid="CCCC-DDDD").medium(KEY, "vfat").key


def test_another_organisation_cannot_recognise_the_stick() -> None:
    assert stick().medium(KEY, "vfat").key != stick().medium(b"x" * 32, "vfat").key


def test_a_device_that_is_not_there_is_none() -> None:
    assert device.describe("4095:7") is None
    assert not device.exists("4095:7")


def test_an_unlocked_container_is_gone_with_the_stick_it_lies_on(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A tree as the kernel makes it; the whole of it is seen in an emulated computer (tests/deploy/emulated.py)."""
    monkeypatch.setattr(device, "SYS_BLOCK", tmp_path)
    stick, mapped = tmp_path / "8:16", tmp_path / "254:0"
    stick.mkdir()
    (mapped / "slaves").mkdir(parents=True)
    (mapped / "dm").mkdir()
    (mapped / "slaves" / "sdb").symlink_to(stick)
    assert device.exists("254:0")
    stick.rmdir()
    assert not device.exists("8:16")
    assert not device.exists("254:0")
