"""What an agent's last heartbeat said."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from protocol.ids import uuid7
from protocol.records import Heartbeat
from server.intake.heartbeats import store_heartbeats
from server.intake.records import Delivery, delivery_of
from server.intake.sql import Prepared
from server.ledger.models import Computer
from server.rules.models import AgentState
from server.violations.models import Occurrence

pytestmark = pytest.mark.django_db
NOW = datetime(2026, 11, 21, 9, 0, tzinfo=UTC)


def beat(computer: Computer, seen_at: datetime, **more: Any) -> Delivery:
    told: dict[str, Any] = {"id": uuid7(), "seen_at": seen_at, "sequence": 1, "uptime": 5, "program": "p"}
    return delivery_of(1, computer.pk, NOW, (Heartbeat(**(told | more)),), Prepared(Occurrence))


def test_the_newest_one_is_kept_whatever_the_order_they_come_in(computer: Computer) -> None:
    store_heartbeats([beat(computer, NOW, policy=7, rules="sha256:new")])
    store_heartbeats([beat(computer, NOW - timedelta(hours=1), policy=6, rules="sha256:old")])
    store_heartbeats([beat(computer, NOW, policy=5, rules="sha256:old")])
    computer.refresh_from_db()
    assert (computer.agent_state.policy, computer.rules) == (7, "sha256:new")
    later = beat(computer, NOW + timedelta(hours=1), policy=8, health="limited", reasons=("keywords-refused",))
    store_heartbeats([later, beat(computer, NOW)])
    state = AgentState.objects.get()
    assert (state.policy, state.health, state.reasons) == (8, "limited", ["keywords-refused"])


def test_what_a_hostile_agent_says_fits_the_table(computer: Computer) -> None:
    store_heartbeats([beat(computer, NOW, policy=2**62, waiting=-4, rules="\x1b" * 900, reasons=("x" * 999,) * 99)])
    state = AgentState.objects.get()
    computer.refresh_from_db()
    assert (state.policy, state.waiting, len(state.reasons), len(state.reasons[0])) == (2**53, 0, 20, 64)
    assert len(computer.rules) <= 100
    assert "\x1b" not in computer.rules
