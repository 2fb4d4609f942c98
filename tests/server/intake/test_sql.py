"""Many rows at once, by plain SQL: what is stored is what was given, with SQLite and with PostgreSQL."""

from __future__ import annotations

import uuid
from datetime import UTC, datetime, timedelta, timezone
from typing import Any

import pytest
from django.db import IntegrityError, connection, transaction
from django.db.utils import DatabaseError
from django.utils.timezone import now as right_now

from server.intake.models import Sequence
from server.intake.sql import Overtaken, Prepared, insert_prepared, rows_of, update_prepared, upsert_prepared
from server.violations.models import Group, Occurrence, State, Step

pytestmark = pytest.mark.django_db(transaction=True)
ODD = ("plain", "", 'a "quoted" word', "back\\slash", "{a,b}", "NULL", "a,b", "机密★10年", "line\nbreak\ttab")


@pytest.fixture
def group(deliver: Any, sender: Any, file_seen: Any) -> Group:
    """A violation that was seen once."""
    deliver(sender.next(file_seen()))
    return Group.objects.get()


def test_words_of_every_kind_are_stored_as_they_are(group: Group) -> None:
    now = Prepared(Step).moment(right_now())
    id_ = Prepared(Step).uuid(group.pk)
    names = ("group", "at", "actor", "from_state", "to_state", "assignee", "note")
    insert_prepared(Step, names, [(id_, now, None, "new", "new", None, word) for word in ODD])
    assert tuple(Step.objects.order_by("id").values_list("note", flat=True)) == ODD
    assert {step.group_id for step in Step.objects.all()} == {group.pk}


def test_several_steps_of_one_violation_are_all_kept(group: Group) -> None:
    as_stored = Prepared(Step)
    row = (as_stored.uuid(group.pk), as_stored.moment(right_now()), State.NEW.value, State.ASSIGNED.value, "")
    insert_prepared(Step, ("group", "at", "from_state", "to_state", "note"), [row, row])
    assert group.steps.count() == 2


def test_what_is_written_over_a_row_twice_is_what_was_said_last(db: None) -> None:
    one, other = (Prepared(Sequence).uuid(uuid.uuid4()) for _ in range(2))
    names = ("agent_id", "sequence", "digest")
    insert_prepared(Sequence, names, [(one, 1, "a"), (one, 2, "b")])
    assert rows_of(Sequence, names, "agent_id", [one]) == [(one, 1, "a")]
    upsert_prepared(Sequence, names, [(one, 3, "c"), (other, 1, "z"), (one, 4, "d")])
    update_prepared(Sequence, ("digest",), [("y", other), ("x", other)])
    assert sorted(rows_of(Sequence, names[1:], "agent_id", [one, other])) == [(1, "x"), (4, "d")]


def test_rows_that_must_be_new_and_are_not_are_stored_by_nobody(group: Group) -> None:
    stored = Occurrence.objects.get()
    as_stored = Prepared(Occurrence)
    names = ("id", "group", "computer", "seen_at", "received_at", "session_id", "evidence", "sealed_place")
    ids = (as_stored.uuid(group.pk), as_stored.uuid(stored.computer_id))
    now = as_stored.moment(right_now())
    rows = [(as_stored.uuid(id_), *ids, now, now, None, "{}", "") for id_ in (uuid.uuid4(), stored.pk)]
    with pytest.raises((Overtaken, IntegrityError)), transaction.atomic():
        insert_prepared(Occurrence, names, rows, all_new=True)
    assert Occurrence.objects.count() == 1
    insert_prepared(Occurrence, names, rows[:1], all_new=True)
    assert Occurrence.objects.count() == 2


@pytest.mark.skipif(connection.vendor == "sqlite", reason="SQLite knows no lengths")
def test_a_word_that_is_too_long_is_refused_and_never_cut(group: Group) -> None:
    row = ("9" * 65, Prepared(Group).uuid(group.pk))
    with pytest.raises(DatabaseError), transaction.atomic():
        update_prepared(Group, ("content_hash",), [row])
    group.refresh_from_db()
    assert len(group.content_hash) <= 64


def test_a_moment_is_read_as_it_is_written_and_sorts_by_time(group: Group) -> None:
    as_stored, id_ = Prepared(Group), Prepared(Group).uuid(group.pk)
    beijing = timezone(timedelta(hours=8))
    later = [datetime(2026, 11, 21, 8, 0, tzinfo=beijing), datetime(2026, 11, 21, 0, 0, 0, 250_000, tzinfo=UTC)]
    told = [as_stored.moment(moment) for moment in later]
    for moment, text in zip(later, told, strict=True):
        update_prepared(Group, ("last_seen_at",), [(text, id_)])
        assert rows_of(Group, ("last_seen_at",), "id", [id_]) == [(text,)]
        assert Group.objects.get().last_seen_at == moment
    assert told == sorted(told)
