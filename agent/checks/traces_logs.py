"""Contact with networks in the logs: text logs, rotated and compressed ones, and the binary journal of systemd.

Also whether the clock was set back: lines that go back in time, journals whose numbers go on while their times do not,
entries of the future.
"""

from __future__ import annotations

import re
import stat
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

from agent.checks.traces_base import Search, moment
from agent.checks.traces_scan import Journal, lines

TEXT_LOGS = tuple(
    f"var/log/{name}" for name in ("syslog*", "messages*", "daemon.log*", "kern.log*", "NetworkManager*", "user.log*")
)
JOURNALS = ("var/log/journal/*/*.journal", "run/log/journal/*/*.journal")

ADDRESSED = (
    b"bound to ",
    b"new lease, address=",
    b"ip_address => ",
    b"DHCPv4 address ",
    b": leased ",
    b"local  IP address ",
)
LINKED = (b"Link is Up", b"carrier: link connected")
KINDS: dict[bytes, str] = {
    b"CONNECTED_GLOBAL": "internet",
    b"CTRL-EVENT-CONNECTED": "wireless",
    b"register 'rndis_host'": "usb-link",
    b"register 'cdc_ether'": "usb-link",
    b"register 'cdc_ncm'": "usb-link",
    b"register 'ipheth'": "usb-link",
    b"register 'cdc_mbim'": "cellular",
    b"register 'qmi_wwan'": "cellular",
    b"-> connected)": "cellular",
    b"Initialization Sequence Completed": "tunnel",
}
"""Literal → kind of trace. ``internet`` is NetworkManager's word that its test page was reached."""
LITERALS = (*ADDRESSED, *LINKED, *KINDS)

_ADDRESS = re.compile(
    r"(?:bound to |address=|ip_address => '?|DHCPv4 address |: leased |local  IP address )([0-9A-Fa-f.:]{3,45})"
)
_FULL = re.compile(r"(\d{4}-\d\d-\d\d[T ]\d\d:\d\d:\d\d)(?:[.,]\d+)?\s?(Z|[+-]\d\d:?\d\d)?")
_SHORT = re.compile(r"([A-Z][a-z]{2}) ([ \d]\d) (\d\d):(\d\d):(\d\d) ")
_MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")
_TOLERANCE = timedelta(hours=25)
"""Zones of time and summer time are not always told; less than a day back is no proof."""


def look(search: Search) -> None:
    """Gather all of them."""
    for line, at in events(search, LITERALS):
        kind = _kind(search, line)
        if kind:
            search.tell(f"trace:log:{kind}", at)
    _order(search)


def events(search: Search, literals: tuple[bytes, ...]) -> Iterator[tuple[str, datetime | None]]:
    """Every line and message of the logs with one of the literals, with its time. What cannot be read is noted."""
    for path in search.glob(*TEXT_LOGS):
        with search.each(path):
            status = search.tree.status(path)
            if status is None or stat.S_ISDIR(status.st_mode):
                continue
            written = moment(status.st_mtime) or search.now
            if search.since is None or written >= search.since:
                for line in lines(search, path, literals):
                    yield line, time_of(line, written)
    for path in search.glob(*JOURNALS):
        with search.each(path), search.tree.opened(path) as descriptor:
            if descriptor is not None:
                for text, seconds in Journal(path, descriptor).messages(search, literals):
                    yield text, moment(seconds)


def time_of(line: str, written: datetime) -> datetime | None:
    """The time a line begins with; its year, where the log tells none, is that of the last time it was written."""
    full = _FULL.match(line)
    try:
        if full:
            zone = (full[2] or "+00:00").replace("Z", "+00:00")
            return datetime.fromisoformat(full[1].replace(" ", "T") + zone)
        short = _SHORT.match(line)
        if short and short[1] in _MONTHS:
            day, hour, minute, second = (int(one) for one in short.groups()[1:])
            found = datetime(written.year, _MONTHS.index(short[1]) + 1, day, hour, minute, second, tzinfo=UTC)
            return found if found <= written + _TOLERANCE else found.replace(year=written.year - 1)
    except ValueError:  # 31 February
        return None
    return written  # a line without a time, as in the boot log


def _kind(search: Search, line: str) -> str:
    """The kind of trace a line is; empty where it tells of a network that may be used."""
    match = _ADDRESS.search(line)
    if match:
        return "lease" if search.is_outside(match[1].rstrip(".:")) else ""
    for literal, kind in KINDS.items():
        if literal.decode() in line and (kind != "cellular" or "register" in line or "odem" in line):
            return kind
    linked = any(one.decode() in line for one in LINKED)
    return "link" if linked and search.zones.knows_wires and not search.settings.allowed_interfaces else ""


def _order(search: Search) -> None:
    """Journals whose numbers go on while their times go back, and such as were written in the future."""
    told: dict[bytes, list[tuple[int, float, float]]] = {}
    for path in search.glob(*JOURNALS):
        with search.each(path), search.tree.opened(path) as descriptor:
            if descriptor is not None:
                journal = Journal(path, descriptor)
                if journal.first_number:
                    row = (journal.first_number, journal.first_time, journal.last_time)
                    told.setdefault(journal.sequence, []).append(row)
    for rows in told.values():
        rows.sort()
        for number, (_, first, last) in enumerate(rows):
            before = rows[number - 1][2] if number else first
            if last < first or first < before - _TOLERANCE.total_seconds():
                search.tell("trace:clock-set-back", moment(first))
            if last > (search.now + _TOLERANCE).timestamp():
                search.tell("trace:clock-set-back", search.now)
