"""The last heartbeat of each agent: which rules and policy it follows, and how it fares (control SEC-13)."""

from __future__ import annotations

import uuid
from collections.abc import Iterable

from protocol.records import Heartbeat
from server.intake.records import Delivery
from server.intake.refusals import printable
from server.intake.sql import update_by_pk
from server.ledger.models import Computer
from server.rules.models import AgentState

MOST_REASONS = 20
LARGEST = 2**53
"""Numbers beyond it are no serials and no counts of ours."""


def store_heartbeats(deliveries: Iterable[Delivery]) -> None:
    """Keep the newest heartbeat of each agent; one that comes late changes nothing."""
    latest: dict[uuid.UUID, Heartbeat] = {}
    for delivery in deliveries:
        for record in delivery.records:
            if isinstance(record, Heartbeat):
                before = latest.get(delivery.agent)
                if before is None or record.seen_at >= before.seen_at:
                    latest[delivery.agent] = record
    if not latest:
        return
    known = dict(AgentState.objects.filter(pk__in=list(latest)).values_list("computer_id", "seen_at"))
    newer = {agent: one for agent, one in latest.items() if agent not in known or one.seen_at > known[agent]}
    AgentState.objects.bulk_create(
        [
            AgentState(
                computer_id=agent,
                seen_at=one.seen_at,
                policy=min(max(one.policy, 0), LARGEST),
                health=one.health,
                reasons=[printable(reason, 64) for reason in one.reasons[:MOST_REASONS]],
                waiting=min(max(one.waiting, 0), LARGEST),
                rules_version=min(max(one.rules_version, 0), LARGEST),
            )
            for agent, one in newer.items()
        ],
        update_conflicts=True,
        unique_fields=["computer"],
        update_fields=["seen_at", "policy", "health", "reasons", "waiting", "rules_version"],
    )
    update_by_pk(
        Computer, [{"pk": agent, "rules": printable(one.rules, 100)} for agent, one in newer.items() if one.rules]
    )
