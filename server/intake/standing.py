"""Where computers' rows of envelopes stand, with PostgreSQL: two questions for a whole batch, under the rows' locks.

Batches are small there, because several processes take envelopes in: what a batch costs by itself counts most.
"""

from __future__ import annotations

import uuid
from collections.abc import Sequence

from protocol.envelope import FIRST_PREVIOUS
from server.intake import postgresql
from server.intake.models import Sequence as SequenceRow
from server.intake.senders import MOST, Arrival, Sender
from server.intake.sequence import Row
from server.intake.sql import connection_of, insert_prepared

_begun: set[str] = set()
"""Computers that have a row to lock, as far as this process has seen."""
_LOCK = """
    SELECT CAST(agent_id AS text), sequence, digest FROM intake_sequence
    WHERE agent_id = ANY(%s::uuid[]) ORDER BY agent_id FOR NO KEY UPDATE
"""
# Asked when the locks are held, not with them: a statement sees what was there when it began to wait.
_KNOWN = """
    SELECT 'stored', CAST(agent_id AS text), digest, NULL::bytea, false FROM intake_spoolentry
    WHERE digest = ANY(%s::varchar[])
    UNION ALL
    SELECT 'held', CAST(agent_id AS text), NULL, NULL, false FROM intake_spoolentry
    WHERE agent_id = ANY(%s::uuid[]) AND state = 'held'
    UNION ALL
    SELECT 'sender', CAST(id AS text), level, public_key, revoked_at IS NOT NULL FROM ledger_computer
    WHERE id = ANY(%s::uuid[])
"""


def locked(arrivals: Sequence[Arrival]) -> tuple[dict[uuid.UUID, Row], dict[uuid.UUID, Sender]]:
    """Where every computer of these envelopes stands, and what the ledger says of it, under its row's lock.

    To be called in a transaction. Raises `django.db.DatabaseError`.
    """
    connection = connection_of(SequenceRow)
    agents = {str(agent): agent for agent in sorted({arrival.agent for arrival in arrivals})}
    digests = {arrival.envelope.digest: arrival.agent for arrival in arrivals}
    asked = postgresql.array(list(agents))
    _begin([agent for agent in agents if agent not in _begun])
    rows: dict[uuid.UUID, Row] = {}
    while len(rows) < len(agents):
        for id_, sequence, digest in postgresql.execute(connection, _LOCK, [asked]):
            rows[agents[id_]] = Row(sequence, digest)
        _begin([id_ for id_, agent in agents.items() if agent not in rows])  # its row was deleted, or never committed
    senders: dict[uuid.UUID, Sender] = {}
    found = postgresql.execute(connection, _KNOWN, [postgresql.array(list(digests)), asked, asked])
    for what, id_, word, key, revoked in found:
        if what == "stored":
            rows[digests[word]].known.add(word)
        elif what == "held":
            rows[agents[id_]].held += 1
        elif key:
            senders[agents[id_]] = Sender(bytes(key), word, revoked)
    return rows, senders


def _begin(agents: Sequence[str]) -> None:
    """See to it that these computers have a row to lock; ask in order."""
    if agents:
        insert_prepared(
            SequenceRow, ("agent_id", "sequence", "digest"), [(agent, 0, FIRST_PREVIOUS) for agent in agents]
        )
        if len(_begun) > MOST:
            _begun.clear()
        _begun.update(agents)
