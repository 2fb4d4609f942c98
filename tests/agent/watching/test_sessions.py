from __future__ import annotations

import dataclasses
from pathlib import Path

import msgspec

from agent.reporting.outbox import Outbox
from agent.reporting.reporter import Reporter
from agent.watching.media import Attached
from agent.watching.sessions import Sessions
from protocol.records import MediaSessionSeen, Medium

STICK = Attached("7:0", "boot 7:0 42 k", "/media/stick", Medium(key="k"))


def told(outbox: Outbox) -> list[MediaSessionSeen]:
    rows = outbox._db.execute("SELECT line FROM records WHERE type = 'media-session' ORDER BY number").fetchall()
    return [msgspec.json.decode(line, type=MediaSessionSeen) for (line,) in rows]


def test_a_session_is_told_at_its_start_and_its_end_under_one_id(state: Path) -> None:
    outbox = Outbox(state)
    sessions = Sessions(Reporter(outbox))
    session = sessions.begin(STICK)
    assert sessions.find(STICK) is session
    sessions.end(session, "unmounted")
    first, last = told(outbox)
    assert (first.session, first.ending, first.ended_at) == (session.id, "", None)
    assert (last.session, last.ending, last.mounted_at) == (session.id, "unmounted", first.mounted_at)
    assert last.ended_at is not None
    assert session.gone.is_set()
    assert first.id != last.id


def test_a_session_goes_on_after_a_crash_where_the_medium_is_still_there(state: Path) -> None:
    before = Sessions(Reporter(Outbox(state))).begin(STICK)
    outbox = Outbox(state)
    sessions = Sessions(Reporter(outbox))
    after = sessions.begin(STICK)
    sessions.end_left_over()
    assert after.id == before.id
    assert len(told(outbox)) == 1


def test_a_session_whose_medium_went_while_the_agent_was_down_is_ended(state: Path) -> None:
    before = Sessions(Reporter(Outbox(state))).begin(STICK)
    outbox = Outbox(state)
    sessions = Sessions(Reporter(outbox))
    after = sessions.begin(dataclasses.replace(STICK, mark="another boot"))
    sessions.end_left_over()
    assert after.id != before.id
    assert [(one.session, one.ending) for one in told(outbox)] == [
        (before.id, ""),
        (after.id, ""),
        (before.id, "removed"),
    ]


def test_a_session_moves_with_its_medium_and_ends_the_scan_of_the_old_place(state: Path) -> None:
    sessions = Sessions(Reporter(Outbox(state)))
    first = sessions.begin(STICK)
    moved = sessions.move(dataclasses.replace(STICK, path="/mnt/other"))
    assert moved is not None
    before, now = moved
    assert before is first
    assert first.moved.is_set()
    assert not now.gone.is_set()
    assert now.id == first.id
    assert sessions.move(dataclasses.replace(STICK, key="8:1")) is None
