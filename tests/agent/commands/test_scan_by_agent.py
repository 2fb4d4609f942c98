"""``mijian scan --by-agent``, asked of an agent that runs."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import msgspec
import pytest

from agent import cli, requests
from agent.settings import MediaSettings
from agent.watching.presence import Presence, Watcher
from protocol.records import AgentStarted, ScanDone, ViolationSeen

MARKED = "机密★10年\n\n关于召开会议的通知\n".encode()
Mijian = Callable[..., int]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Two documents, one of them marked."""
    made = tmp_path / "文件"
    made.mkdir()
    (made / "密件.txt").write_bytes(MARKED)
    (made / "平常.txt").write_text("请按时参加。\n", "utf-8")
    return made


@pytest.fixture
def mijian(service_state: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Mijian:
    """Runs `mijian` as on the computer of the agent, in English."""
    monkeypatch.setenv("LC_ALL", "C.UTF-8")
    monkeypatch.setenv("MIJIAN_SETTINGS", str(tmp_path / "mijian.yaml"))
    (tmp_path / "mijian.yaml").write_text(json.dumps({"state_dir": str(service_state)}))
    return lambda *arguments: cli.main(list(arguments))


def of(collector: Any, kind: type[Any]) -> list[Any]:
    return [one for one in collector.records if isinstance(one, kind)]


def test_the_agent_scans_what_it_is_asked_for_and_tells_the_collector(
    collector: Any,
    service_state: Path,
    running: Any,
    quick: Any,
    wait_for: Any,
    folder: Path,
    mijian: Mijian,
    capsys: Any,
) -> None:
    collector.enrolled(service_state)
    running(quick(service_state, media=MediaSettings(watch=False)))
    assert mijian("scan", "--by-agent", "--format", "jsonl", str(folder)) == 1
    told = json.loads(capsys.readouterr().out)["summary"]
    assert [told[name] for name in ("enumerated", "clean", "finding", "not_examined", "complete")] == [2, 1, 1, 0, True]
    wait_for(lambda: of(collector, ViolationSeen) and of(collector, ScanDone))
    assert [seen.control for seen in of(collector, ViolationSeen)] == ["NPC-01"]
    assert [scan.cause for scan in of(collector, ScanDone)] == ["person"]
    assert list((service_state / requests.FOLDER).iterdir()) == []
    (folder / "密件.txt").unlink()
    assert mijian("scan", "--by-agent", str(folder)) == 0
    assert "1 seen = 1 clean + 0 with findings + 0 not examined" in capsys.readouterr().out


@pytest.mark.root
def test_of_a_path_on_a_medium_the_medium_is_scanned_under_its_session(
    collector: Any,
    service_state: Path,
    running: Any,
    quick: Any,
    wait_for: Any,
    stick: Any,
    folder: Path,
    mijian: Mijian,
) -> None:
    collector.enrolled(service_state)
    one = stick().format("ASKED").insert()
    (one.path / "密件.txt").write_bytes(MARKED)
    running(quick(service_state, media=MediaSettings(loop_devices=True, phones=False)))
    mine = lambda: [scan for scan in of(collector, ScanDone) if not scan.medium or scan.medium.label == "ASKED"]  # noqa: E731
    wait_for(lambda: len(mine()) == 1)
    assert mijian("scan", "--by-agent", str(one.path / "密件.txt"), str(folder)) == 1
    wait_for(lambda: len(mine()) == 3)
    assert sorted((scan.cause, scan.medium is not None) for scan in mine()) == [
        ("medium", True),
        ("person", False),
        ("person", True),
    ]
    one.remove()


def test_a_scan_that_was_asked_for_before_the_agent_was_killed_is_made_when_it_is_back(
    collector: Any, service_state: Path, running: Any, quick: Any, wait_for: Any, folder: Path
) -> None:
    collector.enrolled(service_state)
    id_ = requests.ask_for_scan(service_state, (str(folder),))
    (service_state / requests.FOLDER / "0.scan").write_text("nonsense")
    running(quick(service_state, media=MediaSettings(watch=False)))
    answers: list[requests.ScanAnswer] = []
    wait_for(lambda: answers.extend(filter(None, [requests.take_answer(service_state, id_)])) or answers)
    assert [scan.finding for scan in answers[0].scans] == [1]
    assert list((service_state / requests.FOLDER).iterdir()) == []


def test_where_no_agent_runs_or_the_options_are_its_own_affair_that_is_said(
    collector: Any, service_state: Path, folder: Path, mijian: Mijian, capsys: Any
) -> None:
    collector.enrolled(service_state)
    assert mijian("scan", "--by-agent", str(folder)) == 2
    assert "no agent is running" in capsys.readouterr().err
    assert mijian("scan", "--by-agent", "--class", "internet", str(folder)) == 2
    assert "by the agent's own settings" in capsys.readouterr().err
    assert mijian("scan", "--by-agent", str(folder / "none")) == 2
    assert "no such file" in capsys.readouterr().err


def test_what_is_held_back_while_somebody_works_stands_in_status_with_its_end(
    collector: Any,
    service_state: Path,
    running: Any,
    quick: Any,
    wait_for: Any,
    mijian: Mijian,
    capsys: Any,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Somebody typed a minute ago, or the computer runs from its battery: neither can be had for real in a test."""
    now = Presence(working=True, on_battery=False, idle_seconds=60.0)
    monkeypatch.setattr(Watcher, "now", lambda _: now)
    collector.enrolled(service_state)
    first = running(quick(service_state, media=MediaSettings(watch=False)))
    wait_for(lambda: of(collector, AgentStarted) and (service_state / "live.json").exists())
    assert mijian("status") == 0
    assert "processor 10% (somebody works: until nobody has for 5 minutes, " in capsys.readouterr().out
    assert mijian("status", "--format", "json") == 0
    limits = json.loads(capsys.readouterr().out)["agent_now"]["limits"]
    assert (limits["limited"], limits["why"], limits["until"] is not None) == (True, "working", True)
    first.end()
    now = Presence(working=False, on_battery=True)
    (service_state / "live.json").unlink()
    running(msgspec.structs.replace(first.settings))
    wait_for((service_state / "live.json").exists)
    assert mijian("status") == 0
    assert "on battery: until on the charger" in capsys.readouterr().out
