"""Windows event logs (``.evtx``) of an offline system, read through a descriptor and within bounds.

Told are numbers, times and the named values of single events; the sentences that Windows makes of them are never built.
"""

from __future__ import annotations

import os
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import msgspec
from evtx import PyEvtxParser

from agent.checks.tree import DAMAGED, TOO_LARGE, Tree, Unreadable
from agent.checks.windows import system

LOGS = "Windows/System32/winevt/Logs"
"""Where Windows keeps its logs from Vista on."""
MOST_BYTES = 512 << 20
"""Of one log: Windows gives each 1 to 20 MB unless told otherwise."""
_HEAD, _CHUNK = 4096, 65536
_COUNT_AT = 42
"""Where the header of a log holds the number of its chunks, two bytes."""

SYSTEM, SECURITY = "System", "Security"
PARTITIONS = "Microsoft-Windows-Partition%4Diagnostic"
"""Each disk that came or went, from Windows 10 on."""
NETWORKS = "Microsoft-Windows-NetworkProfile%4Operational"
WIRELESS = "Microsoft-Windows-WLAN-AutoConfig%4Operational"


@dataclass(frozen=True, slots=True)
class Event:
    """One record of a log."""

    number: int
    provider: str
    at: datetime
    values: Mapping[str, Any]
    """Its named values, as Windows names them."""

    def text(self, name: str) -> str:
        """A value as text; empty where there is none."""
        value = self.values.get(name)
        return "" if value is None else str(value)

    def time(self, name: str) -> datetime | None:
        """A value that is a time; None where it is none."""
        return _time(self.text(name))


def exists(tree: Tree, log: str) -> bool:
    """Whether the system has a log of this name. Raises `Unreadable`."""
    return system.found(tree, f"{LOGS}/{log}.evtx") is not None


def events(tree: Tree, log: str, numbers: Collection[int]) -> Iterator[Event]:
    """The events of these numbers in a log, in its order; none where there is no such log.

    Raises `Unreadable` for a log that is damaged, cut short or too large, after what could be read of it.
    """
    path = system.found(tree, f"{LOGS}/{log}.evtx")
    if path is None:
        return
    with tree.opened(path) as descriptor:
        if descriptor is None:
            return
        size = os.fstat(descriptor).st_size
        if size > MOST_BYTES:
            raise Unreadable(path, TOO_LARGE)
        chunks = int.from_bytes(os.pread(descriptor, 2, _COUNT_AT), "little")
        with os.fdopen(os.dup(descriptor), "rb") as file:
            try:
                for record in PyEvtxParser(file, 1).records_json():
                    event = _event(record, numbers)
                    if event is not None:
                        yield event
            except (RuntimeError, OSError, ValueError) as error:
                raise Unreadable(path, DAMAGED) from error
        if size < _HEAD + chunks * _CHUNK:  # what is missing at its end is passed over in silence
            raise Unreadable(path, DAMAGED)


def _event(record: Any, numbers: Collection[int]) -> Event | None:
    """The event of a record; None where it is another's. Raises `ValueError` for one that cannot be understood."""
    told = msgspec.json.decode(record["data"], type=_Told).event
    head = told.system
    number = head.number.get("#text") if isinstance(head.number, dict) else head.number
    if not isinstance(number, int | str) or int(number) not in numbers:
        return None
    at = _time(record["timestamp"].removesuffix(" UTC"))
    if at is None:
        return None
    values = told.event_data or next((one for one in (told.user_data or {}).values() if isinstance(one, dict)), {})
    return Event(int(number), head.provider.attributes.get("Name", ""), at, values)


class _Provider(msgspec.Struct):
    attributes: dict[str, Any] = msgspec.field(default_factory=dict, name="#attributes")


class _Head(msgspec.Struct):
    number: int | str | dict[str, Any] | None = msgspec.field(default=None, name="EventID")
    provider: _Provider = msgspec.field(default_factory=_Provider, name="Provider")


class _Body(msgspec.Struct):
    system: _Head = msgspec.field(default_factory=_Head, name="System")
    event_data: dict[str, Any] | None = msgspec.field(default=None, name="EventData")
    user_data: dict[str, Any] | None = msgspec.field(default=None, name="UserData")


class _Told(msgspec.Struct):
    """A record as the reader renders it: elements by name, attributes under ``#attributes``."""

    event: _Body = msgspec.field(default_factory=_Body, name="Event")


def _time(word: str) -> datetime | None:
    """A time as logs write it, with up to nine digits of a second."""
    whole, _, part = word.strip().removesuffix("Z").partition(".")
    try:
        at = datetime.fromisoformat(f"{whole}.{part[:6]:0<6}" if part else whole)
    except ValueError:
        return None
    return at if at.tzinfo else at.replace(tzinfo=UTC)
