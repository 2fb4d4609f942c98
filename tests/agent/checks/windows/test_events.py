"""Event logs of Windows: what is told of them, and that a log which is damaged, cut short or huge is never a pass."""

from __future__ import annotations

import lzma
from collections.abc import Callable
from datetime import date
from pathlib import Path

import pytest

from agent.checks.base import Context
from agent.checks.families import checks
from agent.checks.tree import DAMAGED, TOO_LARGE, Tree, Unreadable
from agent.checks.windows.events import LOGS, MOST_BYTES, SECURITY, events
from agent.settings import IsolationSettings, Settings
from protocol.records import CheckOutcome

Make = Callable[..., Context]
DATA = Path(__file__).parents[1] / "data" / "windows"


@pytest.fixture
def security(tmp_path: Path) -> Path:
    """The audit's log in a tree of its own."""
    path = tmp_path / LOGS / "Security.evtx"
    path.parent.mkdir(parents=True)
    path.write_bytes(lzma.decompress((DATA / "sound/Security.evtx.xz").read_bytes()))
    return path


def read(path: Path, *numbers: int) -> list[str]:
    return [event.text("TargetUserName") for event in events(Tree(path.parents[4]), SECURITY, numbers)]


def test_events_of_a_number_are_read_in_order_with_their_values(security: Path) -> None:
    assert read(security, 4624) == ["zhang", "SYSTEM", "zhang"]
    assert read(security, 1102) == []


def test_a_log_that_is_not_there_has_no_events(tmp_path: Path) -> None:
    assert list(events(Tree(tmp_path), SECURITY, {4624})) == []


def test_a_log_that_was_cut_short_is_damaged(security: Path) -> None:
    security.write_bytes(security.read_bytes()[:9000])
    with pytest.raises(Unreadable) as told:
        read(security, 4624)
    assert told.value.why == DAMAGED


@pytest.mark.parametrize(("at", "what"), [(0, b"no log"), (4096 + 512 + 24, b"\xff" * 300)])
def test_a_log_with_bytes_of_something_else_is_damaged(at: int, what: bytes, security: Path) -> None:
    content = bytearray(security.read_bytes())
    content[at : at + len(what)] = what
    security.write_bytes(content)
    with pytest.raises(Unreadable) as told:
        read(security, 4624)
    assert told.value.why == DAMAGED


def test_a_huge_log_is_told_and_not_read(security: Path) -> None:
    with security.open("r+b") as file:
        file.truncate(MOST_BYTES + 1)
    with pytest.raises(Unreadable) as told:
        read(security, 4624)
    assert told.value.why == TOO_LARGE


def test_a_stick_that_was_taken_out_of_the_registry_is_still_told(make: Make) -> None:
    context = make("windows-7", computer_class="confidential")
    told = [one.seen for one in checks()["usb-history"].run(context).facts]
    assert "0781:5581:…7254 ×2 2026-11-11 – 2026-11-12" in told


def test_networks_are_told_by_the_log_without_their_names(make: Make) -> None:
    result = checks()["network-traces"].run(make("windows-7", computer_class="confidential"))
    assert result.network is not None
    assert {"trace:network-list:log", "trace:wireless:log"} <= set(result.network.signals)
    assert "某酒店" not in str(result)


def test_what_was_logged_before_the_last_inspection_counts_no_more(make: Make) -> None:
    settings = Settings(isolation=IsolationSettings(inspected_on=date(2026, 11, 20)))
    context = make("windows-7", computer_class="confidential", settings=settings)
    assert checks()["logs-kept"].run(context).outcome is CheckOutcome.PASS
    assert checks()["clock-set-back"].run(context).outcome is CheckOutcome.PASS


@pytest.mark.parametrize("name", ["users", "clock-set-back", "logs-kept", "usb-history", "network-traces"])
def test_no_check_passes_on_a_log_that_cannot_be_read(name: str, make: Make) -> None:
    allowed = {"media_allowed": ["0951:1666:60A44C3FAE22B0A1F8D50021"]}
    context = make("windows-11", computer_class="confidential", parameters=allowed)
    for path in (context.tree.root / LOGS).iterdir():
        path.write_bytes(path.read_bytes()[:5000])
    (context.tree.root / LOGS / "Microsoft-Windows-WLAN-AutoConfig%4Operational.evtx").write_bytes(b"x")
    assert checks()[name].run(context).outcome is not CheckOutcome.PASS
