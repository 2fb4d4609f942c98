"""The spool in a database of its own: nothing holds it up, and what older versions kept elsewhere moves into it."""

from __future__ import annotations

import os
import sqlite3
import subprocess
import sys
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
from django.db import transaction

from protocol.receipts import Answer
from server.intake import fanout
from server.intake.fanout import drain, work_once
from server.intake.models import SpoolEntry
from server.intake.routing import apart
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


def run(place: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    environment = {name: value for name, value in os.environ.items() if not name.startswith(("MIJIAN_", "DJANGO_"))}
    environment |= {"MIJIAN_HOME": str(place), "LC_ALL": "C.UTF-8", "DJANGO_SETTINGS_MODULE": "server.settings"}
    return subprocess.run([sys.executable, *arguments], capture_output=True, text=True, env=environment, check=False)


@pytest.mark.timeout(600)  # two processes that load and migrate everything
def test_what_an_older_version_spooled_moves_into_the_spools_own_file(tmp_path: Path) -> None:
    home = tmp_path / "home"
    done = run(home, "-c", _AN_OLDER_VERSION)
    assert done.returncode == 0, done.stderr
    with closing(sqlite3.connect(home / "collector.sqlite3")) as database, database:
        database.execute(_OLD_SPOOL)
        database.execute(
            "INSERT INTO intake_spoolentry VALUES (7, ?, ?, 3, ?, '2026-01-02 03:04:05.000006', x'0102', 2, 'network',"
            " 'waiting', '', '')",
            ("ab" * 32, "cd" * 16, "ef" * 32),
        )
        database.execute(_OLD_COMPUTER, ("cd" * 16, "ab" * 32))
    done = run(home, "-m", "server", "init")
    assert done.returncode == 0, done.stderr
    with closing(sqlite3.connect(home / "collector-spool.sqlite3")) as spool:
        assert spool.execute("SELECT id, digest, agent_id, sequence, raw, state FROM intake_spoolentry").fetchall() == [
            (7, "ab" * 32, "cd" * 16, 3, b"\x01\x02", "waiting")
        ]
        assert spool.execute("SELECT agent_id, sequence, digest FROM intake_sequence").fetchall() == [
            ("cd" * 16, 3, "ab" * 32)
        ]
    with closing(sqlite3.connect(home / "collector.sqlite3")) as database:
        tables = {name for (name,) in database.execute("SELECT name FROM sqlite_master")}
        assert not {"intake_spoolentry", "intake_sequence"} & tables


_AN_OLDER_VERSION = """
from server import home, keys
home.place().mkdir(mode=0o700)
keys.create(home.place())
import django
django.setup()
from django.core.management import call_command
for app, step in (("ledger", "0002_scope_and_ledgers"), ("intake", "0002_token_of_a_computer")):
    call_command("migrate", app, step, verbosity=0)
"""
_OLD_SPOOL = """
CREATE TABLE intake_spoolentry (id integer PRIMARY KEY AUTOINCREMENT, digest varchar(64) UNIQUE, agent_id char(32),
 sequence bigint, previous varchar(64), received_at datetime, raw BLOB, size integer, road varchar(8),
 state varchar(8), reason varchar(32), message varchar(300))
"""
_OLD_COMPUTER = """
INSERT INTO ledger_computer (id, name, number, computer_class, level, place, serial, status, public_key,
 machine_id_hash, agent_version, rules, cage, platform, policy_serial, policy_digest, last_sequence, last_digest)
 VALUES (?, 'pc', '', 'internal', '', '', '', 'in-use', x'00', '', '', '', '', '', 0, '', 3, ?)
"""
