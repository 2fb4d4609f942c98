from __future__ import annotations

import hashlib
import io
import os
import signal
import subprocess
import sys
import threading
import time
import uuid
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from agent import words
from agent.alone import AlreadyRunning
from agent.commands import status
from agent.reporting import identity
from agent.reporting.notice import Notice
from agent.reporting.outbox import Outbox
from agent.service import Service
from agent.settings import (
    FilesSettings,
    IsolationSettings,
    MediaSettings,
    RulesSettings,
)
from protocol import keys
from protocol.places import SealedPlace, unseal
from protocol.records import (
    AgentStarted,
    CheckDone,
    CheckOutcome,
    ComputerClass,
    FileEvidence,
    Heartbeat,
    MediaSessionSeen,
    NetworkEvidence,
    RecordsDropped,
    ScanDone,
    ViolationSeen,
)
from signatures import bundles
from signatures.rules import PACKS

MARKED = "机密★10年\n\n关于召开会议的通知\n\n各处室：请按时参加。\n".encode()


def of(collector: Any, kind: type[Any]) -> list[Any]:
    return [record for record in collector.records if isinstance(record, kind)]


def test_a_medium_is_scanned_and_its_violations_arrive_once(
    collector: Any, service_state: Path, running: Any, tmp_path: Path, fill: Any, quick: Any, wait_for: Any
) -> None:
    collector.enrolled(service_state)
    folder = tmp_path / "stick"
    service = running(quick(service_state, media=MediaSettings(declared=(str(folder),))))
    fill(folder)
    wait_for(lambda: of(collector, ScanDone))
    seen = of(collector, ViolationSeen)
    places = {unseal(one.evidence.sealed_place, collector.reveal) for one in seen}
    assert places == {SealedPlace("通知.txt"), SealedPlace("资料.zip", "内层.zip!深处.txt")}
    assert len(seen) == 2
    assert {(one.control, one.severity) for one in seen} == {("MEDIA-05", "critical")}
    (scan,) = of(collector, ScanDone)
    assert scan.complete
    assert (scan.enumerated, scan.finding) == (scan.clean + scan.finding + scan.not_examined, 2)
    (session,) = of(collector, MediaSessionSeen)
    assert {one.session for one in seen} | {scan.session} == {session.session}
    assert {one.medium.key for one in seen} == {session.medium.key}
    (started,) = of(collector, AgentStarted)
    assert started.rules.startswith("sha256:")
    service.end()
    assert service.status == 0
    assert "通知" not in service.screen.getvalue()
    assert "MEDIA-05" in service.screen.getvalue()


def test_what_was_seen_while_the_collector_was_down_arrives_when_it_is_back(
    collector: Any, service_state: Path, running: Any, tmp_path: Path, fill: Any, quick: Any, wait_for: Any
) -> None:
    collector.enrolled(service_state)
    collector.stop()
    folder = tmp_path / "stick"
    fill(folder)
    service = running(quick(service_state, media=MediaSettings(declared=(str(folder),))))
    wait_for(lambda: "MEDIA-05" in service.screen.getvalue())
    collector.start()
    wait_for(lambda: of(collector, ScanDone))
    assert len(of(collector, ViolationSeen)) == 2
    assert len(collector.ids) == len(set(collector.ids))


@pytest.mark.root
def test_a_real_mount_is_one_session_and_the_medium_is_free_again(
    collector: Any, service_state: Path, running: Any, stick: Any, fill: Any, quick: Any, wait_for: Any
) -> None:
    label = f"SVC-{uuid.uuid4().hex[:8]}"  # others may have media mounted on this computer
    one = stick().format(label).insert()
    fill(one.path)
    one.remove()
    collector.enrolled(service_state)
    running(quick(service_state, media=MediaSettings(loop_devices=True)))
    one.insert()
    mine = lambda records: [r for r in records if r.medium and r.medium.label == label]  # noqa: E731
    wait_for(lambda: mine(of(collector, ScanDone)))
    one.remove()  # fails where anything is still open on it
    wait_for(lambda: len(mine(of(collector, MediaSessionSeen))) == 2)
    first, last = mine(of(collector, MediaSessionSeen))
    assert (first.session, last.ending) == (last.session, "unmounted")
    assert len(mine(of(collector, ViolationSeen))) == 2


def test_stopping_ends_the_session_and_says_so(
    collector: Any, service_state: Path, running: Any, tmp_path: Path, fill: Any, quick: Any, wait_for: Any
) -> None:
    collector.enrolled(service_state)
    folder = tmp_path / "stick"
    fill(folder)
    settings = quick(service_state, media=MediaSettings(declared=(str(folder),)))
    service = running(settings)
    wait_for(lambda: of(collector, ScanDone))
    service.end()
    running(settings)
    wait_for(lambda: len({one.session for one in of(collector, MediaSessionSeen)}) == 2)
    assert [one.ending for one in of(collector, MediaSessionSeen)] == ["", "agent-stopped", ""]


def test_a_confidential_computer_tells_its_network_once(
    collector: Any, service_state: Path, running: Any, quick: Any, wait_for: Any
) -> None:
    collector.enrolled(service_state, ComputerClass.CONFIDENTIAL, "机密")
    settings = IsolationSettings(poll_seconds=0.05, interval_seconds=3600)
    running(quick(service_state, "http", media=MediaSettings(watch=False), isolation=settings))
    wait_for(lambda: of(collector, CheckDone) and of(collector, AgentStarted))
    time.sleep(0.5)
    checks, seen = of(collector, CheckDone), of(collector, ViolationSeen)
    if checks[0].outcome is CheckOutcome.PASS:  # a machine without any network
        assert seen == []
    else:
        assert [one.control for one in seen] == ["NET-03"] * len(checks)
        assert all(isinstance(one.evidence, NetworkEvidence) for one in seen)
        assert len({one.evidence.signals for one in seen}) == len(seen)


def test_a_confidential_computer_sends_nothing_unless_its_settings_say_so(
    collector: Any, service_state: Path, running: Any, quick: Any, wait_for: Any
) -> None:
    collector.enrolled(service_state, ComputerClass.CONFIDENTIAL, "机密")
    settings = IsolationSettings(poll_seconds=0.05, interval_seconds=3600)
    running(quick(service_state, media=MediaSettings(watch=False), isolation=settings))
    wait_for(lambda: Outbox(service_state, read_only=True).waiting().keys() >= {"check", "started"})
    time.sleep(0.5)
    assert collector.records == []


def test_a_changed_file_in_a_watched_folder_is_told_once(
    collector: Any, service_state: Path, running: Any, tmp_path: Path, quick: Any, wait_for: Any
) -> None:
    collector.enrolled(service_state)
    folder = tmp_path / "work"
    folder.mkdir()
    files = FilesSettings(watch=(str(folder),), settle_seconds=0.2)
    running(quick(service_state, media=MediaSettings(watch=False), files=files))
    wait_for(lambda: of(collector, AgentStarted))
    (folder / "文稿.txt").write_bytes(MARKED)
    wait_for(lambda: of(collector, ViolationSeen))
    (folder / "文稿.txt").write_bytes(MARKED)
    (folder / "别的.txt").write_bytes(MARKED.replace(b"10", b"15"))
    wait_for(lambda: len(of(collector, ViolationSeen)) == 2)
    seen = of(collector, ViolationSeen)
    assert {one.control for one in seen} == {"NPC-01"}
    assert len({one.evidence.content_hash for one in seen if isinstance(one.evidence, FileEvidence)}) == 2


def test_a_fault_of_ours_in_sending_ends_the_service_instead_of_sending_nothing_for_ever(
    collector: Any, service_state: Path, running: Any, monkeypatch: pytest.MonkeyPatch, quick: Any, wait_for: Any
) -> None:
    collector.enrolled(service_state)
    monkeypatch.setattr("agent.reporting.uplink.Uplink.step", lambda _: 1 // 0)
    service = running(quick(service_state, media=MediaSettings(watch=False)))
    wait_for(lambda: service.status is not None)
    assert service.status == 1


def test_an_agent_with_a_damaged_outbox_comes_up_and_tells_the_collector(
    collector: Any, service_state: Path, running: Any, quick: Any, wait_for: Any
) -> None:
    collector.enrolled(service_state)
    (service_state / "outbox.sqlite3").write_bytes(b"a dying disk" * 1000)
    running(quick(service_state, media=MediaSettings(watch=False)))
    wait_for(lambda: of(collector, AgentStarted) and of(collector, RecordsDropped))
    assert of(collector, RecordsDropped)[0].counts == {"outbox-damaged": 1}
    assert len(list(service_state.glob("outbox.damaged-*.sqlite3"))) == 1


def test_what_changed_in_a_watched_folder_while_no_agent_ran_is_told_at_its_next_start(
    collector: Any, service_state: Path, running: Any, tmp_path: Path, quick: Any, wait_for: Any
) -> None:
    collector.enrolled(service_state)
    folder = tmp_path / "work"
    folder.mkdir()
    (folder / "早先.txt").write_bytes(MARKED.replace(b"10", b"5"))
    past = time.time() - 3600
    os.utime(folder / "早先.txt", (past, past))
    Outbox(service_state).remember("files-scanned-until", str(time.time() - 1))
    (folder / "文稿.txt").write_bytes(MARKED)
    files = FilesSettings(watch=(str(folder),), settle_seconds=0.2)
    settings = quick(service_state, media=MediaSettings(watch=False), files=files)
    first = running(settings)
    wait_for(lambda: of(collector, ViolationSeen))
    first.end()
    running(settings)
    wait_for(lambda: len(of(collector, AgentStarted)) == 2)
    (folder / "新的.txt").write_bytes(MARKED.replace(b"10", b"20"))
    wait_for(lambda: any("20" in one.evidence.findings[0].marking for one in of(collector, ViolationSeen)))
    told = [one.evidence.content_hash for one in of(collector, ViolationSeen)]
    assert len(told) == len(set(told))
    assert float(Outbox(service_state, read_only=True).word("files-scanned-until")) > past


def test_a_second_agent_on_the_same_state_is_refused(
    collector: Any, service_state: Path, running: Any, quick: Any, wait_for: Any
) -> None:
    collector.enrolled(service_state)
    settings = quick(service_state, media=MediaSettings(watch=False))
    running(settings)
    wait_for(lambda: of(collector, AgentStarted))
    with pytest.raises(AlreadyRunning):
        Service(settings, Notice(io.StringIO())).run(threading.Event())


def test_an_agent_killed_in_mid_scan_tells_each_file_once(
    collector: Any, service_state: Path, tmp_path: Path, wait_for: Any
) -> None:
    """Killed with SIGKILL as soon as the first violation is told, again and again; then left to finish."""
    collector.enrolled(service_state)
    folder = tmp_path / "stick"
    folder.mkdir()
    for number in range(60):
        (folder / f"{number}.txt").write_bytes(MARKED.replace(b"10", str(number + 1).encode()))
    settings = tmp_path / "mijian.yaml"
    settings.write_text(
        f"state_dir: {service_state}\nmedia: {{declared: [{folder}]}}\nscan: {{workers: 1}}\n"
        "uplink: {first_retry_seconds: 0.05, last_retry_seconds: 0.2}\n",
        "utf-8",
    )
    command = [sys.executable, "-m", "agent.cli", "run", "--settings", str(settings)]
    environment = {**os.environ, "LC_ALL": "C.UTF-8"}
    for _ in range(2):
        child = subprocess.Popen(command, stdout=subprocess.PIPE, text=True, env=environment)
        assert child.stdout is not None
        for line in child.stdout:
            if "MEDIA-05" in line or "scan done" in line:
                break
        child.send_signal(signal.SIGKILL)
        child.wait()
        child.stdout.close()
    child = subprocess.Popen(command, stdout=subprocess.DEVNULL, env=environment)
    wait_for(lambda: of(collector, ScanDone))
    child.send_signal(signal.SIGTERM)
    assert child.wait(30) == 0
    seen = of(collector, ViolationSeen)
    assert len(seen) == 60
    assert len({one.evidence.content_hash for one in seen}) == 60
    assert len({one.session for one in seen}) == 1
    assert len(collector.ids) == len(set(collector.ids))


def test_the_lines_are_in_the_language_that_was_chosen(
    collector: Any, service_state: Path, running: Any, quick: Any, wait_for: Any
) -> None:
    collector.enrolled(service_state)
    words.use("zh")
    try:
        service = running(quick(service_state, media=MediaSettings(watch=False)))
        wait_for(lambda: of(collector, AgentStarted))
        service.end()
    finally:
        words.use(None)
    assert "客户端已启动" in service.screen.getvalue()
    assert "签名回执" in service.screen.getvalue()


def test_rules_and_keywords_come_into_force_while_it_runs_and_a_bad_bundle_never(
    collector: Any, service_state: Path, running: Any, tmp_path: Path, quick: Any, wait_for: Any
) -> None:
    collector.enrolled(service_state)
    words_file = tmp_path / "words.txt"
    words_file.write_text("蓝鲸计划\n")
    folder = tmp_path / "work"
    folder.mkdir()
    service = running(
        quick(
            service_state,
            media=MediaSettings(watch=False),
            files=FilesSettings(watch=(str(folder),), settle_seconds=0.1),
            rules=RulesSettings(keywords=str(words_file)),
        )
    )
    wait_for(lambda: of(collector, AgentStarted))
    (folder / "a.txt").write_text("本周讨论蓝鲸计划。\n")
    wait_for(lambda: len(of(collector, ViolationSeen)) == 1)
    words_file.write_text("白象工程\n")
    (folder / "b.txt").write_text("本周讨论白象工程。\n")
    wait_for(lambda: len(of(collector, ViolationSeen)) == 2)
    words_file.write_text("字\n")
    pack = PACKS / "tlp.yaml"
    bundle = tmp_path / "rules.bundle"
    key = keys.Ed25519PrivateKey.generate()
    bundle.write_bytes(bundles.build({pack.name: pack.read_bytes()}, key, version=1, created=datetime.now(UTC)))
    done = bundles.install(bundle, service_state / "rules", keys.public_bytes(key), now=datetime.now(UTC))
    (done.folder / pack.name).write_bytes(b"pack: tlp\n")
    (folder / "c.txt").write_bytes(MARKED)
    (folder / "d.txt").write_text("下周讨论白象工程。\n")
    wait_for(lambda: len(of(collector, ViolationSeen)) == 4)
    (check,) = (one for one in of(collector, CheckDone) if one.control == "SEC-13")
    assert check.outcome is CheckOutcome.ERROR
    assert "damaged or were altered" in check.why
    assert "list of keywords has a mistake" in check.why
    assert "damaged or were altered" in service.screen.getvalue()
    told = status.collect(service.settings)["rules"]
    assert (told["origin"], told["keywords"]) == ("shipped", True)
    assert [one["trouble"] for one in told["troubles"]] == ["keywords-refused", "rules-altered"]


def test_rules_that_the_collector_released_come_into_force_at_once_and_it_is_told_so(
    collector: Any, service_state: Path, running: Any, tmp_path: Path, quick: Any, wait_for: Any
) -> None:
    collector.enrolled(service_state)
    agent = identity.load(service_state).agent
    folder = tmp_path / "work"
    folder.mkdir()
    files = FilesSettings(watch=(str(folder),), settle_seconds=0.1)
    service = running(quick(service_state, policy_seconds=0.3, media=MediaSettings(watch=False), files=files))
    wait_for(lambda: of(collector, AgentStarted))
    key, pack = keys.Ed25519PrivateKey.generate(), PACKS / "tlp.yaml"
    collector.rules = bundles.build({pack.name: pack.read_bytes()}, key, version=9, created=datetime.now(UTC))
    collector.policy = collector.make_policy(
        agent,
        rules="sha256:" + hashlib.sha256(collector.rules).hexdigest(),
        rules_version=9,
        rules_key=keys.b64(keys.public_bytes(key)),
    )
    (started,) = of(collector, AgentStarted)
    assert started.rules.startswith("sha256:")
    wait_for(lambda: any(one.rules_version == 9 and one.rules != started.rules for one in of(collector, Heartbeat)))
    (folder / "a.txt").write_bytes(MARKED)
    (folder / "b.txt").write_text("TLP:RED\n\nNot for disclosure.\n")
    wait_for(lambda: of(collector, ViolationSeen))
    seen = [one.evidence.findings[0].rule for one in of(collector, ViolationSeen)]
    assert all(rule.startswith("tlp.") for rule in seen)
    told = status.collect(service.settings)
    assert (told["rules"]["version"], told["policy"]["rules_version"]) == (9, 9)
