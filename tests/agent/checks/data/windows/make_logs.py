"""Writes event logs (``.evtx``) for the tests, by the layout that libevtx documents: one chunk, plain binary XML.

No program for Linux writes such files. What this writes is read alike by the reader that ships with the agent and by
libevtx (Debian: libevtx-utils, ``evtxexport``), which checks the sums as well; run it again after changing what stands
in it. Times are counted from the moment of the tests, 2026-11-20.
"""

from __future__ import annotations

import lzma
import struct
import zlib
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path

HERE = Path(__file__).parent
NOW = datetime(2026, 11, 20, 12, tzinfo=UTC)
CHUNK, HEAD = 65536, 512
Values = Mapping[str, str]
Record = tuple[float, str, int, Values]
"""Days before the moment of the tests, provider, number of the event, its named values."""


def _name(word: str, at: int) -> bytes:
    """A name that stands where it is used: its offset within the chunk, then itself."""
    number = 0
    for character in word:
        number = (number * 65599 + ord(character)) & 0xFFFFFFFF
    text = word.encode("utf-16-le")
    return struct.pack("<IIHH", at + 4, 0, number & 0xFFFF, len(word)) + text + b"\0\0"


def _text(word: str) -> bytes:
    return struct.pack("<BBH", 5, 1, len(word)) + word.encode("utf-16-le")


def _element(word: str, at: int, attributes: Values, inside: Sequence[object]) -> bytes:
    """An element at an offset of the chunk; what is inside is text, or elements as (name, attributes, inside)."""
    out = bytearray(struct.pack("<BhI", 0x41 if attributes else 1, -1, 0))
    out += _name(word, at + len(out))
    if attributes:
        where = len(out)
        out += b"\0\0\0\0"
        for number, (key, value) in enumerate(attributes.items(), 1):
            out += b"\x06" if number == len(attributes) else b"\x46"
            out += _name(key, at + len(out)) + _text(value)
        struct.pack_into("<I", out, where, len(out) - where - 4)
    out += b"\x02"
    for one in inside:
        if isinstance(one, str):
            out += _text(one)
        else:
            name, given, below = one  # type: ignore[misc]
            out += _element(name, at + len(out), given, below)
    out += b"\x04"
    struct.pack_into("<I", out, 3, len(out) - 7)
    return bytes(out)


def _record(number: int, at: int, log: str, record: Record) -> bytes:
    days, provider, event, values = record
    when = NOW - timedelta(days=days)
    head = (
        ("Provider", {"Name": provider}, ()),
        ("EventID", {}, (str(event),)),
        ("TimeCreated", {"SystemTime": f"{when:%Y-%m-%dT%H:%M:%S.%fZ}"}, ()),
        ("Channel", {}, (log,)),
    )
    data = tuple(("Data", {"Name": key}, (value,)) for key, value in values.items())
    # A template of its own, as Windows wraps all records in one, without a value to be put in.
    fragment, start = b"\x0f\x01\x01\x00", at + 24 + 4 + 10 + 24
    event_element = _element("Event", start + 4, {}, (("System", {}, head), ("EventData", {}, data)))
    template = fragment + event_element + b"\0"
    body = fragment + struct.pack("<BBII", 0x0C, 1, number, start - 24)
    body += struct.pack("<I16sI", 0, number.to_bytes(16, "little"), len(template)) + template + b"\0\0\0\0\0"
    ticks = int((when - datetime(1601, 1, 1, tzinfo=UTC)).total_seconds()) * 10_000_000
    size = (24 + len(body) + 4 + 7) // 8 * 8
    body += b"\0" * (size - 24 - len(body) - 4)
    return struct.pack("<4sIQQ", b"**\0\0", size, number, ticks) + body + struct.pack("<I", size)


def log_file(log: str, records: Sequence[Record]) -> bytes:
    """A whole log of one chunk."""
    data, last = bytearray(), HEAD
    for number, record in enumerate(records, 1):
        last = HEAD + len(data)
        data += _record(number, last, log, record)
    count = max(1, len(records))
    chunk = bytearray(CHUNK)
    free = HEAD + len(data)
    struct.pack_into("<8sQQQQIIII", chunk, 0, b"ElfChnk\0", 1, count, 1, count, 128, last, free, zlib.crc32(data))
    chunk[HEAD:free] = data
    struct.pack_into("<I", chunk, 124, zlib.crc32(chunk[:120] + chunk[128:HEAD]))
    head = bytearray(4096)
    struct.pack_into("<8sQQQIHHHH", head, 0, b"ElfFile\0", 0, 0, count + 1, 128, 1, 3, 4096, 1)
    struct.pack_into("<I", head, 124, zlib.crc32(head[:120]))
    return bytes(head + chunk)


def _clock(old: datetime, new: datetime) -> Values:
    return {"NewTime": f"{new:%Y-%m-%dT%H:%M:%S.%fZ}", "OldTime": f"{old:%Y-%m-%dT%H:%M:%S.%fZ}", "Reason": "1"}


def _disk(ids: str, capacity: str) -> Values:
    return {"DiskNumber": "1", "BusType": "7", "Capacity": capacity, "ParentId": f"USB\\{ids}"}


def _signed(name: str, sid: str, kind: str) -> Values:
    return {"TargetUserSid": sid, "TargetUserName": name, "LogonType": kind}


PERSON, SERVICE = "S-1-5-21-1-2-3-1001", "S-1-5-18"
GENERAL, AUDIT, CLEARED = (
    "Microsoft-Windows-Kernel-General",
    "Microsoft-Windows-Security-Auditing",
    "Microsoft-Windows-Eventlog",
)
STICK = "VID_0951&PID_1666\\60A44C3FAE22B0A1F8D50021"
GONE = "VID_0781&PID_5581\\4C530001230909117254"
"""A stick whose traces were taken out of the registry."""
LOGS: dict[str, dict[str, list[Record]]] = {
    "sound": {
        "System": [
            (3, GENERAL, 1, _clock(NOW - timedelta(days=3), NOW - timedelta(days=3, seconds=2))),
            (2, GENERAL, 12, {"MajorVersion": "10"}),
        ],
        "Security": [
            (2, AUDIT, 4624, _signed("zhang", PERSON, "2")),
            (2, AUDIT, 4624, _signed("SYSTEM", SERVICE, "5")),
            (1, AUDIT, 4624, _signed("zhang", PERSON, "7")),
        ],
        "Microsoft-Windows-Partition%4Diagnostic": [
            (2, "Microsoft-Windows-Partition", 1006, _disk(STICK, "31016853504")),
            (2, "Microsoft-Windows-Partition", 1006, _disk(STICK, "0")),
        ],
    },
    "faulty": {
        "System": [
            (40, GENERAL, 1, _clock(NOW - timedelta(days=30), NOW - timedelta(days=40))),
            (1, CLEARED, 104, {"SubjectUserName": "wang", "Channel": "System"}),
        ],
        "Security": [
            (5, AUDIT, 4624, _signed("wang", PERSON, "10")),
            (4, CLEARED, 1102, {"SubjectUserName": "wang"}),
        ],
        "Microsoft-Windows-Partition%4Diagnostic": [
            (9, "Microsoft-Windows-Partition", 1006, _disk(GONE, "62109253632")),
            (8, "Microsoft-Windows-Partition", 1006, _disk(GONE, "62109253632")),
            (8, "Microsoft-Windows-Partition", 1006, _disk(GONE, "0")),
        ],
        "Microsoft-Windows-NetworkProfile%4Operational": [
            (6, "Microsoft-Windows-NetworkProfile", 10000, {"Name": "某酒店", "State": "1"}),
        ],
        "Microsoft-Windows-WLAN-AutoConfig%4Operational": [
            (6, "Microsoft-Windows-WLAN-AutoConfig", 8001, {"SSID": "某酒店"}),
        ],
    },
}


def main() -> None:
    """Write them all."""
    for kind, logs in LOGS.items():
        for log, records in logs.items():
            (HERE / kind / f"{log.replace('%4', '-')}.evtx.xz").write_bytes(lzma.compress(log_file(log, records)))


if __name__ == "__main__":
    main()
