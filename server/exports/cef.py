"""Common Event Format, version 0, as syslog collectors take it: one line a violation."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from importlib.metadata import version

from server.exports.rows import Row

SEVERITIES = {"critical": 10, "high": 8, "medium": 5, "low": 3, "info": 1}


def lines(rows: Iterable[Row]) -> Iterator[bytes]:
    """The export, piece by piece."""
    program = version("mijian")
    for row in rows:
        head = ("CEF:0", "Mijian", "mijian-server", program, row.control, row.title)
        line = "|".join([*(_head(part) for part in head), str(SEVERITIES.get(row.severity, 0)), _extension(row)])
        yield line.encode() + b"\n"


def _extension(row: Row) -> str:
    """The keys of the format's dictionary as far as they fit, the rest as custom strings with labels."""
    custom = (
        ("marking", row.marking),
        ("level", row.level),
        ("zone", row.zone),
        ("state", row.state),
        ("clause", row.clause),
    )
    pairs = {
        "externalId": row.id,
        "rt": _milliseconds(row.updated),
        "start": _milliseconds(row.first_seen),
        "end": _milliseconds(row.last_seen),
        "cnt": str(row.sightings),
        "cat": row.family,
        "dvchost": row.computer,
        "deviceExternalId": row.computer_id,
        "fileType": row.extension,
    }
    for number, (label, value) in enumerate(custom, start=1):
        if value:
            pairs[f"cs{number}Label"], pairs[f"cs{number}"] = label, value
    return " ".join(f"{name}={_value(value)}" for name, value in pairs.items() if value)


def _milliseconds(moment: object) -> str:
    return str(int(moment.timestamp() * 1000)) if hasattr(moment, "timestamp") else ""


def _head(text: str) -> str:
    return _one_line(text).replace("\\", "\\\\").replace("|", "\\|")


def _value(text: str) -> str:
    return _one_line(text.replace("\\", "\\\\").replace("=", "\\="))


def _one_line(text: str) -> str:
    """A line end in a name would begin an event of its own."""
    return "".join(" " if character < " " or character in "\x7f\x85\u2028\u2029" else character for character in text)
