"""The commands of an enrolled computer, run as people run them."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from agent import cli
from agent.reporting.outbox import FILE, Outbox
from protocol import receipts
from protocol.ids import uuid7
from protocol.records import CheckDone, CheckOutcome

Mijian = Callable[..., int]


@pytest.fixture
def mijian(state: Path, monkeypatch: pytest.MonkeyPatch) -> Mijian:
    """Runs `mijian` with the test's state folder, in English."""
    monkeypatch.setenv("LC_ALL", "C.UTF-8")

    def run(*arguments: str) -> int:
        return cli.main([*arguments, "--state", str(state)])

    return run


def check() -> CheckDone:
    return CheckDone(id=uuid7(), seen_at=datetime.now(UTC), control="NET-03", outcome=CheckOutcome.PASS)


def test_enrolling_tells_what_this_computer_is_now(
    collector: Any, mijian: Mijian, capsys: pytest.CaptureFixture[str]
) -> None:
    assert mijian("enroll", collector.url, "--token", "good-token") == 0
    assert "class: internal" in capsys.readouterr().out
    assert mijian("status", "--format", "json") == 0
    state = json.loads(capsys.readouterr().out)
    assert (state["class"], state["collector"]["url"], state["running"]) == ("internal", collector.url, False)
    assert state["agent"] in collector.agents
    assert set(state["waiting"].values()) == {0}


def test_a_refused_token_is_told_in_both_languages_with_status_2(
    collector: Any, mijian: Mijian, state: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert mijian("enroll", collector.url, "--token", "wrong") == 2
    assert "does not know this token" in capsys.readouterr().err
    assert mijian("--lang", "zh", "enroll", collector.url, "--token", "wrong") == 2
    assert "采集端不认识这个令牌" in capsys.readouterr().err
    assert list(state.iterdir()) == []


def test_a_token_can_be_kept_out_of_the_list_of_processes(collector: Any, mijian: Mijian, tmp_path: Path) -> None:
    (tmp_path / "token").write_text("good-token\n")
    assert mijian("enroll", collector.url, "--token-file", str(tmp_path / "token")) == 0


@pytest.mark.parametrize("command", ["status", "run", "export x", "import x"])
def test_a_computer_that_is_not_enrolled_is_told_what_to_do(
    mijian: Mijian, capsys: pytest.CaptureFixture[str], command: str
) -> None:
    assert mijian(*command.split()) == 2
    assert "mijian enroll" in capsys.readouterr().err


def test_a_mistake_in_the_settings_names_key_file_line_and_the_nearest(
    mijian: Mijian, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "mijian.yaml"
    path.write_text("outbx: {}\n")
    assert mijian("status", "--settings", str(path)) == 2
    assert f"{path}:1: unknown key 'outbx'; did you mean 'outbox'" in capsys.readouterr().err
    assert mijian("status", "--settings", str(tmp_path / "none.yaml")) == 2
    assert "none.yaml" in capsys.readouterr().err


def test_status_reads_and_changes_nothing(
    collector: Any, mijian: Mijian, state: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    collector.enrolled(state)
    outbox = Outbox(state)
    outbox.put(check(), check())
    outbox.close()
    before = (state / FILE).read_bytes()
    assert mijian("status") == 0
    assert "check 2" in capsys.readouterr().out
    assert (state / FILE).read_bytes() == before


def test_a_report_goes_out_as_a_file_and_its_receipt_comes_in(
    collector: Any, mijian: Mijian, state: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    collector.enrolled(state)
    Outbox(state).put(check())
    report, receipt = tmp_path / "report.mijian", tmp_path / "report.mijian.receipt"
    assert mijian("export", str(report)) == 0
    receipt.write_bytes(receipts.sign(collector.take(report.read_bytes()), collector.signing))
    assert mijian("import", str(receipt)) == 0
    assert "accepted" in capsys.readouterr().out
    assert mijian("export", str(tmp_path / "again")) == 0
    assert "nothing waits" in capsys.readouterr().out


def test_a_file_that_is_no_receipt_is_status_2(
    collector: Any, mijian: Mijian, state: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    collector.enrolled(state)
    (tmp_path / "x").write_text("hello")
    assert mijian("import", str(tmp_path / "x")) == 2
    assert "receipt" in capsys.readouterr().err


@pytest.mark.root
def test_media_lists_what_the_agent_would_recognise(
    mijian: Mijian, stick: Any, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    one = stick().format("LISTED").insert()
    settings = tmp_path / "mijian.yaml"
    settings.write_text("media: {loop_devices: true}\n")
    assert mijian("media", "--format", "json", "--settings", str(settings)) == 0
    rows = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    (row,) = [row for row in rows if row["path"] == str(one.path)]
    assert (row["medium"]["label"], row["medium"]["bus"]) == ("LISTED", "loop")


@pytest.mark.parametrize("computer_class", ["internet", "internal"])
def test_the_isolation_of_confidential_computers_is_not_asked_of_others(
    mijian: Mijian, capsys: pytest.CaptureFixture[str], computer_class: str
) -> None:
    assert mijian("check", "--class", computer_class, "--format", "jsonl") in (0, 1, 3)
    rows = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert "isolation" not in {row.get("check") for row in rows}


def test_check_without_a_known_class_says_so(mijian: Mijian, capsys: pytest.CaptureFixture[str]) -> None:
    assert mijian("check") == 3
    assert "--profile" in capsys.readouterr().out


def test_check_takes_the_class_of_the_enrolment(
    collector: Any, mijian: Mijian, state: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    collector.enrolled(state)
    mijian("check", "--format", "jsonl")
    head = json.loads(capsys.readouterr().out.splitlines()[0])["report"]
    assert (head["profile"], head["computer_class"]) == ("internal", "internal")


def test_run_ends_cleanly_when_told_and_shows_as_running_meanwhile(
    collector: Any, mijian: Mijian, state: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    collector.enrolled(state)
    settings = tmp_path / "mijian.yaml"
    settings.write_text("media: {watch: false}\n")
    child = subprocess.Popen(
        [sys.executable, "-m", "agent.cli", "run", "--settings", str(settings), "--state", str(state)],
        stdout=subprocess.PIPE,
        text=True,
        env={**os.environ, "LC_ALL": "C.UTF-8"},
    )
    assert child.stdout is not None
    assert "is up" in child.stdout.readline()
    assert mijian("status", "--format", "json") == 0
    assert json.loads(capsys.readouterr().out)["running"] is True
    child.terminate()
    out, _ = child.communicate(timeout=60)
    assert child.returncode == 0
    assert "agent stopped" in out


def test_a_self_check_is_put_into_the_outbox_and_reaches_the_collector_as_a_record_of_its_own(
    collector: Any, mijian: Mijian, state: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    collector.enrolled(state)
    assert mijian("check", "--format", "jsonl") == 1
    number = json.loads(capsys.readouterr().out.splitlines()[0])["report"]["number"]
    outbox = Outbox(state, read_only=True)
    assert outbox.waiting()["self-check"] == 1
    outbox.close()
    assert mijian("check", "--no-report", "--format", "jsonl") == 1
    outbox = Outbox(state, read_only=True)
    assert outbox.waiting()["self-check"] == 1
    outbox.close()
    assert number.startswith("MJ-")
