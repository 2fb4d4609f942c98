"""Open Cybersecurity Schema Framework 1.6.0, one event a line.

What rests on a file is a Data Security Finding (class 2006); everything else a Compliance Finding (class 2003).
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import datetime
from importlib.metadata import version
from typing import Any

import msgspec

from server.exports.rows import Row

SCHEMA = "1.6.0"
CATEGORY, DATA_SECURITY, COMPLIANCE = 2, 2006, 2003
SEVERITIES = {"info": 1, "low": 2, "medium": 3, "high": 4, "critical": 5}
STATUSES = {
    "new": 1,
    "assigned": 2,
    "rectified": 2,
    "verified": 4,
    "closed": 4,
    "false_alarm": 3,
    "waived": 3,
}
"""New, in progress, suppressed, resolved."""
CREATE, UPDATE, CLOSE = 1, 2, 3
_CLOSED = frozenset({"verified", "closed", "false_alarm"})
_COMPLIANCE_FAIL, _COMPLIANCE_PASS = 3, 1


def lines(rows: Iterable[Row]) -> Iterator[bytes]:
    """The export, piece by piece."""
    encoder, program = msgspec.json.Encoder(), version("mijian")
    for row in rows:
        yield encoder.encode(event(row, program)) + b"\n"


def event(row: Row, program: str) -> dict[str, Any]:
    """One violation as an event; ``program`` is our version."""
    class_uid = DATA_SECURITY if row.marking else COMPLIANCE
    activity = CLOSE if row.state in _CLOSED else CREATE if row.state == "new" and row.sightings == 1 else UPDATE
    made: dict[str, Any] = {
        "category_uid": CATEGORY,
        "class_uid": class_uid,
        "activity_id": activity,
        "type_uid": class_uid * 100 + activity,
        "time": _milliseconds(row.updated),
        "start_time": _milliseconds(row.first_seen),
        "end_time": _milliseconds(row.last_seen),
        "count": row.sightings,
        "severity_id": SEVERITIES.get(row.severity, 0),
        "status_id": STATUSES.get(row.state, 0),
        "status": row.state,
        "message": row.title,
        "metadata": {
            "version": SCHEMA,
            "uid": row.id,
            "event_code": row.control,
            "product": {"name": "mijian-server", "vendor_name": "Mijian", "version": program},
            "profiles": ["host"],
        },
        "device": {"uid": row.computer_id, "hostname": row.computer, "type_id": 0},
        "finding_info": {
            "uid": row.id,
            "title": row.title,
            "desc": row.remedy,
            "types": [row.family] if row.family else [],
            "first_seen_time": _milliseconds(row.first_seen),
            "last_seen_time": _milliseconds(row.last_seen),
            "modified_time": _milliseconds(row.updated),
        },
        "unmapped": {"computer_class": row.computer_class, "medium": row.medium, "zone": row.zone},
    }
    compliance = {
        "control": row.control,
        "requirements": [row.clause] if row.clause else [],
        "status_id": _COMPLIANCE_PASS if row.state in ("verified", "closed") else _COMPLIANCE_FAIL,
    }
    if class_uid == COMPLIANCE:
        return made | {"compliance": compliance}
    return made | {
        "data_security": {
            "pattern_match": row.marking,
            "confidentiality": row.level,
            "detection_system_id": 1,
            "data_lifecycle_state_id": 1,
        },
        "unmapped": made["unmapped"] | {"compliance": compliance, "extension": row.extension},
    }


def _milliseconds(moment: datetime) -> int:
    return int(moment.timestamp() * 1000)
