"""What traces of earlier contact with a network are, and the search that gathers them (NET-04).

A source is one module with a function that takes a `Search` and tells it what it found: a kind, how many, the newest
time. Never a URL, an address, a name of a network or of a file. One source that cannot be read costs that source, is
said, and makes a clean result impossible.
"""

from __future__ import annotations

import ipaddress
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime

from agent.checks.isolation_signals import Zones
from agent.checks.tree import DAMAGED, Tree, Unreadable
from agent.settings import IsolationSettings
from signatures.controls import Text

OUT_OF_TIME = Text(zh="数据量过大，限时内未读完", en="there is too much of it: not all was read in the time allowed")
ONLY_THE_END = Text(zh="文件过大，只读取了末尾", en="too large: only its end was read")
ONLY_A_PART = Text(zh="解压后过大，只读取了开头", en="expands to too much: only its beginning was read")
INSIDE_NAMES = (".local", ".lan", ".internal", ".intranet", ".localdomain", ".home.arpa", ".localhost", ".corp")
"""Endings of names that exist inside an organisation only (RFC 6762, RFC 8375, common use)."""
_MOST_HOSTS = 10_000
"""Hosts whose judgement is remembered: histories name the same ones again and again."""
PLACES = ("root", "home/*")
"""Where people have their files. Homes elsewhere are found by ``etc/passwd``."""


@dataclass(slots=True)
class Trace:
    """Traces of one kind."""

    count: int = 0
    newest: datetime | None = None
    oldest: datetime | None = None


@dataclass
class Search:
    """One search through a tree. ``since`` is the day of the last inspection: what is older is not told."""

    tree: Tree
    now: datetime
    settings: IsolationSettings = field(default_factory=IsolationSettings)
    since: datetime | None = None
    seconds: float = 2.0
    """Time that each source has for all that may be large: logs and databases."""
    found: dict[str, Trace] = field(default_factory=dict)
    troubles: list[tuple[str, Text]] = field(default_factory=list)
    """What could not be read, or not all of it: name below the root, and why."""

    def __post_init__(self) -> None:
        self.zones = Zones(self.settings)
        self._judged: dict[str, bool] = {}
        self.begin()

    def begin(self) -> None:
        """A source begins: its time is counted from now."""
        self.until = time.monotonic() + self.seconds

    def tell(self, kind: str, at: datetime | None, count: int = 1) -> None:
        """A trace was found. One that is known to be older than the last inspection is dropped."""
        if count <= 0 or (at is not None and self.since is not None and at < self.since):
            return
        trace = self.found.setdefault(kind, Trace())
        trace.count += count
        if at is not None:
            trace.newest = max(trace.newest or at, at)
            trace.oldest = min(trace.oldest or at, at)

    @contextmanager
    def each(self, path: str) -> Iterator[None]:
        """Work on one file; where it cannot be read or understood that is noted, and the search goes on."""
        try:
            yield
        except Unreadable as error:
            self.trouble(error.path, error.why)
        except (ValueError, OverflowError):  # a number or a time that is none
            self.trouble(path, DAMAGED)
        except OSError:
            self.trouble(path, Text(zh="读取时发生磁盘或系统错误", en="the system failed to read it"))

    def trouble(self, path: str, why: Text) -> None:
        """Something could not be read."""
        if (path, why) not in self.troubles:
            self.troubles.append((path, why))

    def late(self) -> bool:
        """Whether the time allowed is over."""
        return time.monotonic() > self.until

    def glob(self, *patterns: str) -> Iterator[str]:
        """Names that fit; a folder that cannot be read is noted."""
        for pattern in patterns:
            names: list[str] = []
            with self.each(pattern):
                names = self.tree.glob(pattern)
            yield from names

    def homes(self) -> list[str]:
        """Folders of people: the usual ones, and those that ``passwd`` names elsewhere."""
        found = dict.fromkeys(self.glob(*PLACES))
        with self.each("etc/passwd"):
            for line in (self.tree.read("etc/passwd") or "").splitlines():
                fields = line.split(":")
                if len(fields) == 7 and fields[2].isdigit() and int(fields[2]) >= 1000:
                    home = fields[5].strip("/")
                    if home and home not in found and self.tree.exists(home):
                        found[home] = None
        return list(found)

    def modified(self, path: str) -> datetime | None:
        """When a file was last written; None where it is not there."""
        status = self.tree.status(path)
        return None if status is None else datetime.fromtimestamp(max(0, min(status.st_mtime, 2**33)), UTC)

    def read_each(self, patterns: tuple[str, ...], act: Callable[[str, str], None], limit: int = 1 << 20) -> None:
        """Hand name and text of every file that fits to ``act``; one that cannot be read is noted."""
        for path in self.glob(*patterns):
            with self.each(path):
                text = self.tree.read(path, limit)
                if text is not None:
                    act(path, text)

    def is_outside(self, host: str) -> bool:
        """Whether a host, by address or name, is not one of the networks the computer may use."""
        if host not in self._judged:
            if len(self._judged) > _MOST_HOSTS:
                self._judged.clear()
            self._judged[host] = self._judge(host)
        return self._judged[host]

    def _judge(self, host: str) -> bool:
        host = host.strip("[]").lower().rstrip(".")
        try:
            address = ipaddress.ip_address(host.partition("%")[0])
        except ValueError:
            return "." in host and not host.endswith(INSIDE_NAMES)
        return not (self.zones.holds(address) or address.is_link_local or address.is_unspecified)


def moment(seconds: float) -> datetime | None:
    """A time from seconds since 1970; None where that is no time of a computer's life."""
    if not 0 < seconds < 2**33:
        return None
    return datetime.fromtimestamp(seconds, UTC)
