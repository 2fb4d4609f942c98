"""What is committed comes from the log into the file beside the one that writes; a pile's own settings end with it."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
from django.db import connection, connections

from server.intake import checkpoints
from server.intake.fanout import FanOut
from server.ledger.models import Computer


@pytest.fixture(autouse=True)
def _sqlite(transactional_db: None) -> Iterator[None]:
    if connection.vendor != "sqlite":
        pytest.skip("PostgreSQL moves its log by itself")
    yield
    connections.close_all()


def setting(name: str) -> int:
    with connection.cursor() as cursor:
        cursor.execute(f"PRAGMA {name}")
        return int(cursor.fetchone()[0])


def file_holds(text: str) -> bool:
    """Whether a text stands in the database's file itself, its log aside."""
    return text.encode() in Path(str(connection.settings_dict["NAME"])).read_bytes()


def test_what_was_committed_is_in_the_file_after_it_was_moved(computer: Computer) -> None:
    Computer.objects.filter(pk=computer.pk).update(number="moved-by-nobody-else")
    assert not file_holds("moved-by-nobody-else")
    other = threading.Thread(target=lambda: (checkpoints.move(), connections.close_all()))
    other.start()
    other.join(60)
    assert file_holds("moved-by-nobody-else")


def test_a_log_that_cannot_be_moved_just_now_ends_nobody(
    monkeypatch: pytest.MonkeyPatch, computer: Computer, caplog: pytest.LogCaptureFixture
) -> None:
    done, move = threading.Event(), checkpoints.move

    def once_without_luck() -> None:
        monkeypatch.setattr(checkpoints, "move", lambda: (move(), connections.close_all(), done.set()))
        with connection.cursor() as cursor:
            cursor.execute("SELECT no_such_thing")

    monkeypatch.setattr(checkpoints, "move", once_without_luck)
    mover = checkpoints.Checkpoints()
    mover.start()
    Computer.objects.filter(pk=computer.pk).update(number="moved-the-second-time")
    while not done.wait(0.05):
        mover.ask()
    assert file_holds("moved-the-second-time")
    assert "the log is not moved" in caplog.text


def test_the_settings_of_a_pile_end_with_its_connection() -> None:
    before = setting("cache_size"), setting("wal_autocheckpoint")
    checkpoints.prepare_for_pile()
    assert (setting("cache_size"), setting("wal_autocheckpoint")) == (-checkpoints.CACHE, checkpoints.PAGES)
    connections.close_all()
    assert (setting("cache_size"), setting("wal_autocheckpoint")) == before


def test_who_works_the_spool_off_keeps_more_of_the_database_than_the_many_who_answer(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    kept: list[int] = []

    def work(worker: FanOut) -> None:
        kept.append(-setting("cache_size"))
        worker.ask_to_stop()

    monkeypatch.setattr(FanOut, "_work_while_locked", work)
    worker = FanOut()
    worker.start()
    worker.join(60)
    connections.close_all()
    kept.append(-setting("cache_size"))
    assert kept == [checkpoints.USUAL, 4096]
