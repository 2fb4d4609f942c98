"""Hives written by libhivex are read as they were written, and broken ones end with a reason."""

from __future__ import annotations

import lzma
import os
import random
import struct
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path

import pytest

from agent.checks.tree import Unreadable
from agent.checks.windows.hive import Hive, Key, filetime

DATA = Path(__file__).parents[1] / "data" / "windows"


@contextmanager
def opened(path: Path) -> Iterator[Hive]:
    descriptor = os.open(path, os.O_RDONLY)
    try:
        yield Hive(path.name, descriptor)
    finally:
        os.close(descriptor)


@pytest.fixture
def hive_file(tmp_path: Path) -> Callable[[str], Path]:
    def unpacked(name: str) -> Path:
        path = tmp_path / "hive"
        path.write_bytes(lzma.decompress((DATA / f"{name}.xz").read_bytes()))
        return path

    return unpacked


def everything(hive: Hive, key: Key, depth: int = 0) -> int:
    """Reads every key and value below one; how many keys there were."""
    hive.values(key)
    return 1 + sum(everything(hive, one, depth + 1) for one in hive.keys(key) if depth < 30)


def test_every_type_of_value_is_read(hive_file: Callable[[str], Path]) -> None:
    with opened(hive_file("faulty/SYSTEM")) as hive:
        assert hive.number("Select", "Current") == 1
        shares = hive.value(r"ControlSet001\Services\LanmanServer\Shares", "资料")
        assert isinstance(shares, tuple)
        assert "ShareName=资料" in shares
        stick = hive.key(r"controlset001\enum\usb\vid_0951&pid_1666\60A44C3FAE22B0A1F8D50021")
        assert stick is not None
        assert hive.text(stick, "service") == "USBSTOR"
    with opened(hive_file("sound/SOFTWARE")) as hive:
        raw = hive.value(r"Microsoft\Windows Defender\Signature Updates", "SignaturesLastUpdated")
        assert isinstance(raw, bytes)
        assert filetime(int.from_bytes(raw, "little")) == datetime(2026, 11, 19, 12, tzinfo=UTC)
    with opened(hive_file("sound/NTUSER.DAT")) as hive:
        long = hive.value(r"Software\Microsoft\Windows\CurrentVersion\Explorer", "Long")
        assert long == bytes(range(256)) * 80


def test_what_is_not_there_is_nothing_and_no_error(hive_file: Callable[[str], Path]) -> None:
    with opened(hive_file("sound/SAM")) as hive:
        assert hive.key(r"SAM\Domains\Nobody") is None
        assert hive.values(r"SAM\Nobody") == {}
        assert hive.number(r"SAM\Domains\Account", "Nothing") is None
        assert list(hive.keys("Nothing")) == []


def test_lists_of_lists_and_data_in_segments_are_read(tmp_path: Path) -> None:
    with opened(handmade(tmp_path / "hive")) as hive:
        assert [one.name for one in hive.keys("")] == ["one", "两"]
        assert hive.value("两", "") == b"A" * 16344 + b"B" * 1000


def test_a_list_that_leads_in_a_circle_ends_with_a_reason(tmp_path: Path) -> None:
    path = handmade(tmp_path / "hive")
    data = bytearray(path.read_bytes())
    at = data.index(b"ri\1\0")
    struct.pack_into("<I", data, at + 4, at - 4 - 4096)  # the list of lists names itself
    path.write_bytes(data)
    with opened(path) as hive, pytest.raises(Unreadable, match="damaged"):
        list(hive.keys(""))


def test_a_count_that_lies_costs_nothing(tmp_path: Path) -> None:
    path = handmade(tmp_path / "hive")
    data = bytearray(path.read_bytes())
    nk = data.index(b"nk")
    struct.pack_into("<II", data, nk + 0x24, 0x3FFF_FFFF, 0x20)
    path.write_bytes(data)
    with opened(path) as hive, pytest.raises(Unreadable):
        hive.values("")


def test_bytes_that_were_changed_anywhere_end_as_unreadable_or_are_read(hive_file: Callable[[str], Path]) -> None:
    path = hive_file("faulty/SYSTEM")
    whole = path.read_bytes()
    dice = random.Random(7)  # noqa: S311
    read = refused = 0
    for _ in range(150):
        spoiled = bytearray(whole)
        for _ in range(dice.randrange(1, 40)):
            spoiled[dice.randrange(4096, len(spoiled))] = dice.randrange(256)
        path.write_bytes(spoiled[: dice.randrange(4096, len(spoiled) + 1)])
        try:
            with opened(path) as hive:
                root = hive.key("")
                assert root is not None
                everything(hive, root)
                read += 1
        except Unreadable as error:
            assert error.why.zh
            refused += 1
    assert read + refused == 150
    assert refused > 0


def test_a_hive_that_was_not_fully_written_says_so(hive_file: Callable[[str], Path]) -> None:
    path = hive_file("sound/SAM")
    data = bytearray(path.read_bytes())
    with opened(path) as hive:
        assert not hive.unfinished
    struct.pack_into("<I", data, 4, struct.unpack_from("<I", data, 8)[0] + 1)
    path.write_bytes(data)
    with opened(path) as hive:
        assert hive.unfinished


def handmade(path: Path) -> Path:
    """A hive with what libhivex does not write: a list of lists (``ri``), and data in several cells (``db``)."""
    body = bytearray(b"hbin" + b"\0" * 28)

    def cell(content: bytes) -> int:
        at = len(body)
        size = (len(content) + 4 + 7) // 8 * 8
        body.extend(struct.pack("<i", -size) + content.ljust(size - 4, b"\0"))
        return at

    def key(name: bytes, flags: int, subkeys: tuple[int, int], values: tuple[int, int]) -> bytes:
        nk = bytearray(0x4C) + name
        struct.pack_into("<2sHQ", nk, 0, b"nk", flags, 0)
        struct.pack_into("<6I", nk, 0x14, subkeys[0], 0, subkeys[1], 0, *values)
        struct.pack_into("<H", nk, 0x48, len(name))
        return bytes(nk)

    root = cell(key(b"root", 0x20, (2, 0), (0, 0)))
    segments = [cell(b"A" * 16344), cell(b"B" * 1000)]
    big = cell(struct.pack("<2sHI", b"db", 2, cell(struct.pack("<2I", *segments))))
    value = cell(struct.pack("<2sHIIIHH", b"vk", 0, 17344, big, 3, 0, 0))
    values = cell(struct.pack("<I", value))
    one = cell(key(b"one", 0x20, (0, 0), (0, 0)))
    two = cell(key("两".encode("utf-16-le"), 0, (0, 0), (1, values)))
    leaf = cell(struct.pack("<2sHII", b"li", 2, one, two))
    lists = cell(struct.pack("<2sHI", b"ri", 1, leaf))
    struct.pack_into("<I", body, root + 4 + 0x1C, lists)
    head = bytearray(4096)
    struct.pack_into("<4sII", head, 0, b"regf", 1, 1)
    struct.pack_into("<I", head, 0x24, root)
    path.write_bytes(bytes(head) + bytes(body).ljust(40960, b"\0"))
    return path
