"""The audit log: complete, in order, and any change to it shows."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

import pytest
from django.db import connections, transaction

from server import audit
from server.accounts.models import Role, User
from server.audit.log import FIRST_PREVIOUS, verify_chain
from server.audit.models import Entry


@pytest.fixture
def acts(person: Callable[..., User]) -> list[Entry]:
    """Three acts, the first two of a person."""
    user = person(Role.OFFICER)
    return [
        audit.record("violation.assign", actor=user, obj=user, assignee="李强"),
        audit.record("place.reveal", actor=user, reason="核查"),
        audit.record("collector.init"),
    ]


def test_every_entry_names_the_one_before_it(acts: list[Entry]) -> None:
    first, second, third = acts
    assert first.previous == FIRST_PREVIOUS
    assert (second.previous, third.previous) == (first.hash, second.hash)
    verdict = verify_chain()
    assert (verdict.whole, verdict.entries, verdict.head) == (True, 3, third.hash)


@pytest.mark.parametrize(
    "change",
    [
        {"action": "violation.close"},
        {"detail": {"reason": "别的"}},
        {"actor": None},
        {"object_id": "7"},
        {"at": "2020-01-01T00:00:00Z"},
        {"previous": "1" * 64},
        {"hash": "2" * 64},
    ],
)
def test_an_entry_that_was_changed_is_found(acts: list[Entry], change: dict[str, object]) -> None:
    Entry.objects.filter(pk=acts[1].pk).update(**change)
    verdict = verify_chain()
    assert (verdict.whole, verdict.broken_at, verdict.entries) == (False, acts[1].pk, 1)


def test_an_entry_that_was_removed_is_found(acts: list[Entry]) -> None:
    Entry.objects.filter(pk=acts[1].pk).delete()
    assert verify_chain().broken_at == acts[2].pk


def test_an_entry_is_never_saved_again_or_deleted(acts: list[Entry]) -> None:
    stored = Entry.objects.get(pk=acts[0].pk)
    with pytest.raises(TypeError):
        stored.save()
    with pytest.raises(TypeError):
        stored.delete()


@pytest.mark.django_db(transaction=True)
def test_an_act_that_was_undone_leaves_no_entry() -> None:
    with pytest.raises(RuntimeError), transaction.atomic():
        audit.record("violation.assign")
        raise RuntimeError
    assert not Entry.objects.exists()


@pytest.mark.django_db(transaction=True)
def test_acts_of_many_at_once_form_one_chain() -> None:
    def act(number: int) -> None:
        try:
            audit.record("place.reveal", number=number)
        finally:
            connections.close_all()

    with ThreadPoolExecutor(6) as pool:
        list(pool.map(act, range(30)))
    verdict = verify_chain()
    assert (verdict.whole, verdict.entries) == (True, 30)
