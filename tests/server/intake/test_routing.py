"""The spool in a database of its own: nothing holds it up."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from django.db import connections, transaction

from protocol.receipts import Answer
from server.intake import fanout
from server.intake.fanout import drain, work_once
from server.intake.models import SpoolEntry
from server.intake.routing import apart, spool_alias
from server.violations.models import Group, Occurrence

Deliver = Callable[..., Any]
Seen = Callable[..., Any]


def test_an_envelope_is_taken_while_the_database_is_being_written_to(
    deliver: Deliver, sender: Any, file_seen: Seen
) -> None:
    with transaction.atomic():
        assert deliver(sender.next(file_seen()), work=False).decision.answer == Answer.ACCEPTED
        assert SpoolEntry.objects.filter(state=SpoolEntry.State.WAITING).count() == 1


def test_a_crash_between_the_two_commits_counts_nothing_twice(
    deliver: Deliver, sender: Any, file_seen: Seen, monkeypatch: pytest.MonkeyPatch
) -> None:
    deliver(sender.next(file_seen(), file_seen()), work=False)
    real = fanout.chunks
    with monkeypatch.context() as broken:
        broken.setattr(fanout, "chunks", lambda _: (_ for _ in ()).throw(KeyboardInterrupt))
        with pytest.raises(KeyboardInterrupt):
            work_once()
    assert fanout.chunks is real
    # With one database there is but one commit; with two, the records are there and their envelope waits on.
    assert Occurrence.objects.count() == (2 if apart() else 0)
    assert SpoolEntry.objects.get().state == SpoolEntry.State.WAITING
    drain()
    assert (Occurrence.objects.count(), Group.objects.get().occurrence_count) == (2, 2)
    assert SpoolEntry.objects.get().state == SpoolEntry.State.DONE


@pytest.mark.django_db
def test_the_spools_tables_stand_in_its_own_file_and_nowhere_else() -> None:
    kept_apart = {"intake_spoolentry", "intake_sequence"}
    tables = {alias: set(connections[alias].introspection.table_names()) for alias in connections}
    assert kept_apart <= tables[spool_alias()]
    if apart():
        assert not kept_apart & tables["default"]
        assert tables["spool"] - kept_apart == {"django_migrations"}
