"""Media and the register, through the whole service at a real HTTP collector."""

from __future__ import annotations

import os
import sqlite3
import uuid
from collections.abc import Callable
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from agent.housekeeping import WAIVERS
from agent.reporting.outbox import Outbox
from agent.requests import ask_for_scan
from agent.settings import MediaSettings, ScheduleSettings
from agent.watching import left
from protocol import keys
from protocol.policy import MediumStatus, RegisteredMedium, Waiver, sign
from protocol.records import MediaSessionSeen, MediumEvidence, ScanDone, ViolationSeen


def of_register(collector: Any, label: str = "") -> list[str]:
    """Controls broken by media being there; by those of a label, where others may be mounted meanwhile."""
    return [
        one.control
        for one in collector.records
        if isinstance(one, ViolationSeen)
        and isinstance(one.evidence, MediumEvidence)
        and one.medium
        and label in ("", one.medium.label)
    ]


def known_documents(state: Path) -> int:
    """How many documents on media for carrying the agent has seen."""
    try:
        with closing(sqlite3.connect(f"{(state / left.FILE).as_uri()}?mode=ro", uri=True)) as db:
            return int(db.execute("SELECT count(*) FROM lying").fetchone()[0])
    except sqlite3.OperationalError:  # there is no table yet
        return 0


def place(collector: Any) -> list[int]:
    """Where in the order of arrival the first violation of a file stands, and the last of the register before it."""
    kinds = [
        type(one.evidence).__name__ if isinstance(one, ViolationSeen) else type(one).__name__
        for one in collector.records
    ]
    return [kinds.index("MediumEvidence"), kinds.index("FileEvidence")]


@pytest.mark.root
def test_an_unregistered_medium_is_told_before_any_of_its_files_is_read(
    collector: Any,
    service_state: Path,
    running: Any,
    stick: Any,
    fill: Callable[[Path], None],
    wait_for: Any,
    quick: Any,
) -> None:
    label = f"UNK-{uuid.uuid4().hex[:8]}"  # others may have media mounted on this computer
    one = stick().format(label).insert()
    fill(one.path)
    one.remove()
    mine = collector.enrolled(service_state)
    collector.policy = collector.make_policy(mine.agent, register_in_force=True)
    service = running(quick(service_state, media=MediaSettings(loop_devices=True)))
    wait_for(lambda: "policy 1" in service.logs())
    one.insert()
    wait_for(lambda: [s for s in collector.records if isinstance(s, ScanDone) and s.medium and s.medium.label == label])
    assert of_register(collector, label) == ["MEDIA-03"]
    register, file = place(collector)
    assert register < file


@pytest.mark.root
def test_the_same_stick_back_again_is_a_session_and_a_violation_of_its_own(
    collector: Any, service_state: Path, running: Any, stick: Any, wait_for: Any, quick: Any
) -> None:
    label = f"TWI-{uuid.uuid4().hex[:8]}"  # others may have media mounted on this computer
    one = stick().format(label).insert()
    collector.enrolled(service_state)
    running(quick(service_state, media=MediaSettings(loop_devices=True, register_in_force=True)))
    sessions = lambda: [  # noqa: E731
        seen for seen in collector.records if isinstance(seen, MediaSessionSeen) and seen.medium.label == label
    ]
    wait_for(lambda: "MEDIA-03" in of_register(collector, label))
    one.remove()
    wait_for(lambda: [seen for seen in sessions() if seen.ending == "unmounted"])
    assert of_register(collector, label) == ["MEDIA-03"]
    one.insert()
    wait_for(lambda: len(of_register(collector, label)) == 2)
    assert len({seen.session for seen in sessions()}) == 2


def test_a_medium_declared_lost_while_it_is_in_use_is_told_at_once(
    collector: Any, service_state: Path, running: Any, tmp_path: Path, fill: Any, wait_for: Any, quick: Any
) -> None:
    mine = collector.enrolled(service_state)
    folder = tmp_path / "stick"
    fill(folder)
    running(quick(service_state, media=MediaSettings(declared=(str(folder),)), policy_seconds=0.2))
    wait_for(lambda: [one for one in collector.records if isinstance(one, ScanDone)])
    assert of_register(collector) == []
    (key,) = {one.medium.key for one in collector.records if isinstance(one, MediaSessionSeen)}
    lost = RegisteredMedium(key=key, status=MediumStatus.LOST, number="U-012")
    collector.policy = collector.make_policy(mine.agent, media=(lost,))
    wait_for(lambda: of_register(collector) == ["DISPOSE-08"])


def test_documents_still_on_a_medium_for_carrying_when_it_comes_back_are_told_with_their_number(
    collector: Any, service_state: Path, running: Any, tmp_path: Path, wait_for: Any, quick: Any
) -> None:
    mine, folder, away = collector.enrolled(service_state), tmp_path / "stick", tmp_path / "away"
    folder.mkdir()
    (folder / "方案.txt").write_bytes(b"hello")
    key = keys.keyed_hash(collector.organisation_key, b"mijian-medium/1\0declared\0" + os.fsencode(folder))
    policy = collector.make_policy(mine.agent, media=(RegisteredMedium(key=key, transfer=True),))
    (service_state / "policy.json").write_bytes(sign(policy, collector.signing))
    running(quick(service_state, media=MediaSettings(declared=(str(folder),), transfer_days=1e-9)))
    sessions = lambda: [one for one in collector.records if isinstance(one, MediaSessionSeen)]  # noqa: E731
    wait_for(lambda: known_documents(service_state))
    folder.rename(away)
    wait_for(lambda: sessions()[-1].ended_at)
    assert of_register(collector) == [], "nothing had been seen there before"
    away.rename(folder)
    wait_for(lambda: of_register(collector))
    (seen,) = [one for one in collector.records if isinstance(one, ViolationSeen)]
    assert (seen.control, seen.evidence.files, seen.session) == ("MEDIA-10", 1, sessions()[-1].session)


def test_a_waived_violation_is_told_as_approved_and_as_what_it_is_once_the_waiver_has_ended(
    collector: Any, service_state: Path, running: Any, tmp_path: Path, fill: Any, wait_for: Any, quick: Any
) -> None:
    mine = collector.enrolled(service_state)
    folder = tmp_path / "stick"
    fill(folder)

    def policy(serial: int, lasting: timedelta) -> Any:
        ends = datetime.now(UTC) + lasting
        waivers = (Waiver(id="w-1", control="MEDIA-05", expires=ends),)
        return collector.make_policy(mine.agent, serial=serial, waivers=waivers)

    (service_state / "policy.json").write_bytes(sign(policy(1, timedelta(days=1)), collector.signing))
    running(quick(service_state, media=MediaSettings(declared=(str(folder),)), policy_seconds=0.2))
    seen = lambda: [one for one in collector.records if isinstance(one, ViolationSeen)]  # noqa: E731
    wait_for(lambda: len(seen()) == 2)
    assert {one.waiver for one in seen()} == {"w-1"}
    collector.policy = policy(2, timedelta(seconds=1))
    wait_for(lambda: len(seen()) == 4)
    assert [one.waiver for one in seen()][2:] == ["", ""]
    causes = [one.cause for one in collector.records if isinstance(one, ScanDone)]
    assert causes[0] == "medium"
    wait_for(lambda: "rescan" in [one.cause for one in collector.records if isinstance(one, ScanDone)])


@pytest.mark.parametrize("ended", ["while no agent ran", "withdrawn by a policy"])
def test_the_end_of_a_waiver_has_what_schedules_scan_scanned_again(
    collector: Any, service_state: Path, running: Any, tmp_path: Path, fill: Any, wait_for: Any, quick: Any, ended: str
) -> None:
    mine = collector.enrolled(service_state)
    folder = tmp_path / "disk"
    fill(folder)
    withdrawn = ended == "withdrawn by a policy"
    ends = datetime.now(UTC) + timedelta(days=1 if withdrawn else -1)
    policy = collector.make_policy(mine.agent, waivers=(Waiver(id="w-1", control="NPC-01", expires=ends),))
    (service_state / "policy.json").write_bytes(sign(policy, collector.signing))
    outbox = Outbox(service_state)
    outbox.remember(WAIVERS, (datetime.now(UTC) - timedelta(days=2)).isoformat())  # when an agent ran last
    outbox.close()
    yearly = ScheduleSettings(cron="0 0 1 1 *", roots=(str(folder),))
    told = lambda: [one for one in collector.records if isinstance(one, ViolationSeen)]  # noqa: E731
    scans = lambda: [one for one in collector.records if isinstance(one, ScanDone)]  # noqa: E731
    running(quick(service_state, media=MediaSettings(watch=False), schedule=yearly, policy_seconds=0.2))
    if withdrawn:
        ask_for_scan(service_state, (str(folder),))
        wait_for(scans)
        assert [(one.control, one.waiver) for one in told()] == [("NPC-01", "w-1")] * 2
        collector.policy = collector.make_policy(mine.agent, serial=2)
    wait_for(lambda: len(scans()) == 1 + withdrawn)
    assert (scans()[-1].cause, scans()[-1].finding) == ("rescan", 2)
    news = ["NPC-01", "NPC-02"] if withdrawn else ["NPC-01"]  # what was never told as approved outlived no approval
    assert [(one.control, one.waiver) for one in told()[-2 * len(news) :]] == [(one, "") for one in news] * 2


def test_a_person_can_have_the_media_scanned_again(
    collector: Any, service_state: Path, running: Any, tmp_path: Path, fill: Any, wait_for: Any, quick: Any
) -> None:
    from agent.requests import leave_request

    collector.enrolled(service_state)
    folder = tmp_path / "stick"
    fill(folder)
    running(quick(service_state, media=MediaSettings(declared=(str(folder),))))
    scans = lambda: [one for one in collector.records if isinstance(one, ScanDone)]  # noqa: E731
    wait_for(scans)
    leave_request(service_state, "scan-media")
    wait_for(lambda: len(scans()) == 2)
    assert [one.cause for one in scans()] == ["medium", "person"]
    assert len([one for one in collector.records if isinstance(one, ViolationSeen)]) == 2  # told once in this session
