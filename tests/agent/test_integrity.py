from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from agent.integrity import PACKAGES, Integrity, program_digest
from agent.reporting.outbox import Outbox
from agent.reporting.policies import Policies
from protocol.records import AgentEvidence, ViolationSeen
from signatures.controls import load_controls


class Clocks:
    """Clocks that a test can set, and one that it cannot."""

    def __init__(self) -> None:
        self.now, self.up, self.boots = 1_800_000_000.0, 5000.0, "boot-1"

    def wall(self) -> float:
        return self.now

    def running(self) -> float:
        return self.up

    def boot(self) -> str:
        return self.boots

    def pass_(self, seconds: float) -> None:
        self.now += seconds
        self.up += seconds


class Computer:
    def __init__(self, state: Path, collector: Any) -> None:
        self.state = state
        self.clocks = Clocks()
        self.mine = collector.enrolled(state)
        self.outbox = Outbox(state)
        self.told: list[tuple[tuple[str, ...], int]] = []

    def agent(self, version: str = "1") -> Integrity:
        def report(seen: ViolationSeen) -> None:
            assert isinstance(seen.evidence, AgentEvidence)
            assert (seen.control, seen.severity) == ("SEC-13", "high")
            self.told.append((seen.evidence.signals, seen.evidence.seconds))

        policies = Policies(self.state, self.mine)
        made = Integrity(self.outbox, policies, load_controls()["SEC-13"], version, report, self.clocks)  # type: ignore[arg-type]
        made.begin()
        return made


@pytest.fixture
def computer(state: Path, collector: Any) -> Computer:
    return Computer(state, collector)


def test_an_agent_that_runs_all_the_time_has_nothing_to_tell(computer: Computer) -> None:
    agent = computer.agent()
    for _ in range(100):
        computer.clocks.pass_(30)
        agent.step()
    computer.clocks.pass_(20)
    computer.agent()  # restarted at once, as by an update of the system
    assert computer.told == []


@pytest.mark.parametrize(("seconds", "signal"), [(-86_400, "clock-set-back"), (7200, "clock-set-forward")])
def test_a_clock_that_was_set_is_told_once(computer: Computer, seconds: int, signal: str) -> None:
    agent = computer.agent()
    computer.clocks.now += seconds
    agent.step()
    computer.clocks.pass_(100)
    agent.step()
    assert computer.told == [((signal,), abs(seconds))]


def test_a_clock_brought_forward_by_the_network_after_start_is_no_reproach(computer: Computer) -> None:
    computer.clocks.up = 30.0
    agent = computer.agent()
    computer.clocks.now += 50_000_000
    agent.step()
    assert computer.told == []


def test_a_clock_that_drifts_is_not_one_that_was_set(computer: Computer) -> None:
    agent = computer.agent()
    for _ in range(50):
        computer.clocks.pass_(60)
        computer.clocks.now += 0.5
        agent.step()
    assert computer.told == []


def test_a_time_without_the_agent_while_the_computer_ran_is_told(computer: Computer) -> None:
    computer.agent()
    computer.clocks.pass_(4000)
    computer.agent()
    assert computer.told == [(("not-running",), 4000)]


def test_an_agent_started_long_after_the_computer_was_is_told(computer: Computer) -> None:
    computer.agent()
    computer.clocks.boots, computer.clocks.up = "boot-2", 40.0
    computer.clocks.now += 86_400
    computer.agent()  # it was switched off over night: nothing to tell
    assert computer.told == []
    computer.clocks.boots, computer.clocks.up = "boot-3", 3600.0
    computer.clocks.now += 3600
    computer.agent()
    assert computer.told == [(("not-running",), 3600)]


def test_a_clock_set_back_while_the_computer_was_off_is_told(computer: Computer) -> None:
    computer.agent()
    computer.clocks.boots, computer.clocks.up = "boot-2", 40.0
    computer.clocks.now -= 86_400
    computer.agent()
    assert computer.told == [(("clock-set-back",), 86_400)]


def test_a_program_altered_under_the_same_version_is_told_and_an_update_is_not(
    computer: Computer, monkeypatch: pytest.MonkeyPatch
) -> None:
    computer.agent("1")
    monkeypatch.setattr("agent.integrity.program_digest", lambda: "altered")
    computer.agent("2")
    assert computer.told == []
    monkeypatch.setattr("agent.integrity.program_digest", lambda: "altered again")
    agent = computer.agent("2")
    assert computer.told == [(("program-changed",), 0)]
    monkeypatch.setattr("agent.integrity.program_digest", lambda: "while it ran")
    assert not agent.check_program()
    assert agent.check_program()
    assert len(computer.told) == 2


def test_one_altered_byte_of_the_program_changes_its_digest(tmp_path: Path) -> None:
    for package in PACKAGES:
        (tmp_path / package).mkdir()
        (tmp_path / package / "x.py").write_text("a = 1\n")
    before = program_digest(tmp_path)
    assert program_digest(tmp_path) == before
    (tmp_path / "agent" / "x.py").write_text("a = 2\n")
    assert program_digest(tmp_path) != before


def test_a_policy_altered_on_the_computer_is_told_once(computer: Computer, collector: Any) -> None:
    from protocol.policy import sign

    (computer.state / "policy.json").write_bytes(
        sign(collector.make_policy(computer.mine.agent), collector.signing)[:-9] + b'AAAAAAA"}'
    )
    agent = computer.agent()
    agent.step()
    agent.step()
    assert computer.told == [(("policy-altered",), 0)]
