"""What a hostile computer that is enrolled can send: every page still shows, nobody else loses anything."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from protocol import envelope as envelopes
from protocol import records
from protocol.ids import uuid7
from server.intake.fanout import drain
from server.intake.models import SpoolEntry
from server.ledger.models import Computer
from server.violations.models import Group, Occurrence

EVIL = "<script>alert(1)</script>\"'\0\u202e\n{{ 7|add:7 }}%s{% load x %}"
LONG = "机" * 64_000
HUGE = 10**4000
TIMES = [
    datetime(1, 1, 1, tzinfo=UTC),
    datetime(9999, 12, 31, 23, 59, 59, tzinfo=UTC),
    datetime(1970, 1, 1, tzinfo=UTC),
]

FINDING = {
    "rule": "cn-state.starred",
    "family": "state",
    "level": "机密",
    "period": "P10Y",
    "zone": "header",
    "confidence": 95,
    "severity": "critical",
    "marking": "机密★10年",
    "codes": [],
    "place": {"page": 1},
}
FINDINGS: dict[str, dict[str, Any]] = {
    "markup in every word": dict.fromkeys(("rule", "family", "level", "period", "zone", "marking"), EVIL),
    "long words": dict.fromkeys(("rule", "family", "level", "period", "zone", "marking"), LONG),
    "a long marking": {"marking": LONG},
    "codes that do not exist": {"codes": [EVIL, "X" * 5000] * 50},
    "a confidence beyond all bounds": {"confidence": HUGE},
    "a negative confidence": {"confidence": -HUGE},
    "odd periods": {"period": "P" + "9" * 5000 + "Y"},
    "a period of nothing": {"period": "P"},
    "odd numbers of pages": {"place": {"page": HUGE, "sheet": -1, "cell": EVIL, "part": LONG, "line": 10**18}},
}
EVIDENCE: dict[str, dict[str, Any]] = {
    "a negative size": {"size": -1},
    "a size beyond all bounds": {"size": HUGE},
    "a size of a quintillion": {"size": 10**18},
    "a depth beyond all bounds": {"depth": HUGE},
    "markup for a type": {"media_type": EVIL, "extension": EVIL},
    "long types": {"media_type": LONG, "extension": LONG},
    "changed in year 1": {"modified": "0001-01-01T00:00:00+14:00"},
    "changed in year 9999": {"modified": "9999-12-31T23:59:59-12:00"},
    "changed without a zone": {"modified": "2026-01-01T00:00:00"},
    "a place that is none": {"sealed_place": EVIL},
    "a place of a megabyte": {"sealed_place": "A" * 1_000_000},
    "no finding at all": {"findings": []},
    "a thousand findings": {"findings": [FINDING] * 1000},
    "twenty long findings": {"findings": [FINDING | {"marking": LONG}] * 20},
}
RECORDS: dict[str, dict[str, Any]] = {
    "seen in year 1": {"seen_at": "0001-01-01T00:00:00+14:00"},
    "seen in year 9999": {"seen_at": "9999-12-31T23:59:59-12:00"},
    "seen in 1970": {"seen_at": "1970-01-01T00:00:00Z"},
    "a control that does not exist": {"control": "NONE-99"},
    "the mildest severity": {"severity": "info"},
    "a session nobody opened": {"session": "{0190c5a8-0000-7000-8000-000000000000}"},
    "a medium full of markup": {
        "medium": {
            "key": "66" * 32,
            **dict.fromkeys(("bus", "vendor", "model", "serial_tail", "filesystem", "label"), EVIL),
            "capacity": 2**61,
        }
    },
    "a medium of long words": {
        "medium": {"key": "67" * 32, **dict.fromkeys(("bus", "vendor", "model", "label"), LONG), "capacity": 0}
    },
    "a network of nonsense": {
        "evidence": {
            "type": "network",
            "signals": [EVIL, LONG, "peer:" + LONG] * 400,
            "interfaces": [EVIL] * 400,
            "since": "9999-12-31T23:59:59-12:00",
        }
    },
    "a network of nothing": {"evidence": {"type": "network", "signals": []}},
}


def crafted(honest: records.ViolationSeen, **changes: Any) -> dict[str, Any]:
    row = json.loads(records.encode_record(honest))
    row["id"] = uuid7()
    return row | changes


def rows(honest: records.ViolationSeen) -> dict[str, dict[str, Any]]:
    """Every hostile record, by what is wrong with it."""
    evidence = crafted(honest)["evidence"]
    made = {name: crafted(honest, **change) for name, change in RECORDS.items()}
    for name, change in EVIDENCE.items():
        made[name] = crafted(honest, evidence=evidence | change)
    for name, change in FINDINGS.items():
        made[name] = crafted(honest, evidence=evidence | {"findings": [FINDING | change]})
    for number, row in enumerate(made.values()):
        if "content_hash" in row["evidence"]:
            row["evidence"] = row["evidence"] | {"content_hash": f"{number:064x}"}
    return made


@pytest.fixture
def as_sent(monkeypatch: pytest.MonkeyPatch) -> None:
    """Lets a test put any line into an envelope."""
    monkeypatch.setattr("protocol.envelope.encode_record", lambda line: line)


@pytest.fixture
def boss(seat: Callable[..., Client], person: Callable[..., Any]) -> Client:
    from server.accounts.models import Role

    return seat(person(Role.ADMIN))


def spooled(sender: Any, line: bytes) -> None:
    """An envelope that was let in and waits for the fan-out."""
    envelope = envelopes.parse(sender.next(line))
    SpoolEntry.objects.create(
        digest=envelope.digest,
        agent_id=sender.computer_id,
        sequence=envelope.header.sequence,
        previous=envelope.header.previous,
        received_at=timezone.now(),
        raw=envelope.raw,
        size=len(envelope.raw),
        road="network",
        state=SpoolEntry.State.WAITING,
    )


def look_everywhere(client: Client) -> None:
    """Open every page there is; each must show, and none may hold markup that came from outside."""
    pages = ["/", "/violations/?state=all", "/computers/", "/imports/", "/imports/?tab=bad", "/imports/?tab=taken"]
    pages += ["/imports/?tab=refused", "/imports/?tab=held"]
    pages += [f"/violations/?state=all&sort={sort}" for sort in ("last", "first", "count")]
    pages += [f"/violations/{pk}/" for pk in Group.objects.values_list("pk", flat=True)]
    for address in pages:
        answer = client.get(address)
        assert answer.status_code == 200, address
        assert b"<script>alert" not in answer.content, address
        assert len(answer.content) < 1_000_000, (address, len(answer.content))


@pytest.mark.parametrize("name", [*RECORDS, *EVIDENCE, *FINDINGS])
def test_a_hostile_record_costs_nobody_else_anything_and_every_page_shows(
    name: str,
    boss: Client,
    sender: Any,
    make_sender: Callable[..., Any],
    agent_key: Any,
    file_seen: Callable[..., Any],
    as_sent: None,
) -> None:
    honest = file_seen(content="honest")
    spooled(sender, json.dumps(rows(honest)[name]).encode())
    other = Computer.objects.create(name="other", enrolled_at=timezone.now(), public_key=b"")
    spooled(make_sender(other, agent_key), records.encode_record(honest))
    drain()
    assert Occurrence.objects.filter(pk=honest.id).exists()
    look_everywhere(boss)
