"""An offline Windows system goes through the same checks; what cannot be read there is for a person, never a pass."""

from __future__ import annotations

import os
import struct
from collections.abc import Callable
from pathlib import Path

import msgspec
import pytest

from agent.checks.base import NOT_ON_WINDOWS, Context
from agent.checks.families import checks
from agent.checks.selfcheck import run
from agent.checks.windows import residues, sam, system
from agent.checks.windows.remedies import REMEDIES
from agent.settings import IsolationSettings, Settings
from protocol.records import CheckOutcome
from signatures.profiles import load_profiles

Make = Callable[..., Context]


def test_devices_that_were_attached_are_told_with_the_last_of_their_serial(make: Make) -> None:
    context = make("windows-7", computer_class="confidential")
    result = checks()["usb-history"].run(context)
    told = [one.seen for one in result.facts if one.expected == "registered"]
    assert result.outcome is CheckOutcome.FAIL
    assert told[0].startswith("0951:1666:…0021 ×1 2026-08-22 – 2026-11-17")
    assert any("12d1:107e" in one for one in told)  # a telephone that shared its network
    assert not any("046d" in one and "storage" in one for one in told)


def test_registered_devices_pass(make: Make) -> None:
    allowed = {"media_allowed": ["0951:1666:60A44C3FAE22B0A1F8D50021"]}
    context = make("windows-11", computer_class="confidential", parameters=allowed)
    assert checks()["usb-history"].run(context).outcome is CheckOutcome.PASS


def test_networks_that_were_joined_are_traces(make: Make) -> None:
    context = make("windows-7", computer_class="confidential")
    result = checks()["network-traces"].run(context)
    assert result.outcome is CheckOutcome.FAIL
    assert result.network is not None
    assert {"trace:lease", "trace:network-list:wifi", "trace:typed-addresses"} <= set(result.network.signals)
    newest = result.network.newest["trace:network-list:wifi"]
    assert f"{newest:%Y-%m-%d %H:%M}" == "2026-11-18 21:30"
    assert "某咖啡馆" not in str(result)
    assert "example.com" not in str(result)


def test_a_closed_network_that_is_allowed_leaves_no_traces(make: Make) -> None:
    settings = Settings(isolation=IsolationSettings(allowed_networks=("10.20.0.0/16",)))
    context = make("windows-11", computer_class="confidential", settings=settings)
    result = checks()["network-traces"].run(context)
    assert result.outcome is CheckOutcome.PASS, result


def test_what_is_not_read_on_windows_is_for_a_person(make: Make) -> None:
    context = make("windows-11", computer_class="confidential")
    unread = [one for one in checks().values() if one.windows is None and not one.everywhere and not one.live_only]
    assert unread
    for check in unread:
        if "confidential" in check.classes:
            result = check.run(context)
            assert result.outcome is CheckOutcome.MANUAL, check.name
            assert result.why == NOT_ON_WINDOWS


@pytest.mark.parametrize("name", ["SAM", "SYSTEM", "SOFTWARE"])
@pytest.mark.parametrize("kind", ["pipe", "noise", "absent"])
def test_a_hive_that_cannot_be_read_is_an_error_with_its_reason(name: str, kind: str, make: Make) -> None:
    context = make("windows-11", computer_class="confidential")
    path = context.tree.root / f"Windows/System32/config/{name}"
    path.unlink()
    if kind == "pipe":
        os.mkfifo(path)
    elif kind == "noise":
        path.write_bytes(b"regf" + b"\xff" * 9000)
    if (name, kind) == ("SYSTEM", "absent"):
        assert not system.is_windows(context.tree)
        return
    errors = 0
    for check in checks().values():
        if check.windows is not None and "confidential" in check.classes:
            result = check.run(context)
            errors += result.outcome is CheckOutcome.ERROR
            assert result.outcome is not CheckOutcome.ERROR or result.why
    assert errors >= 5


def test_hashes_of_passwords_are_never_told(make: Make) -> None:
    context = make("windows-7")
    assert {one.name: one.empty for one in sam.accounts(context.tree)} == {
        "Administrator": False,
        "Guest": True,
        "zhang": False,
        "游客": True,
    }


def test_recent_files_on_removable_media_are_counted(make: Make, tmp_path: Path) -> None:
    context = make("windows-11")
    folder = context.tree.root / "Users/zhang/AppData/Roaming/Microsoft/Windows/Recent"
    folder.mkdir(parents=True)
    (folder / "方案.lnk").write_bytes(shortcut(2))
    (folder / "local.lnk").write_bytes(shortcut(3))
    (folder / "damaged.lnk").write_bytes(shortcut(2)[:90])
    result = checks()["recent-on-media"].run(context)
    assert result.outcome is CheckOutcome.FAIL
    assert [one.seen for one in result.facts] == ["1"]
    assert "方案" not in str(result)


def test_no_recent_files_on_media_passes(make: Make) -> None:
    assert checks()["recent-on-media"].run(make("windows-11")).outcome is CheckOutcome.PASS


def test_bytes_that_are_no_shortcut_have_no_drive() -> None:
    assert residues.drive(b"") is None
    assert residues.drive(b"\x4c\0\0\0" + b"\xff" * 200) is None


def shortcut(kind: int) -> bytes:
    """A shortcut (MS-SHLLINK) to a file on a drive of a kind."""
    head = bytes.fromhex("4c0000000114020000000000c000000000000046") + struct.pack("<I", 3) + b"\0" * 52
    items = struct.pack("<H", 4) + b"\4\0ab"
    volume = struct.pack("<IIII", 17, kind, 0x1234, 16) + b"\0"
    place = struct.pack("<IIIIIII", 28 + len(volume), 28, 1, 28, 0, 0, 0) + volume
    return head + items + place


def test_what_to_do_on_windows_is_told_in_its_own_words(make: Make) -> None:
    assert set(REMEDIES) <= {name for name, check in checks().items() if check.windows}
    profile = msgspec.structs.replace(load_profiles()["internal"], checks=("firewall", "guests", "users"))
    lines = {
        line.check: line.remedy for line in run(profile, make("windows-7", parameters={"authorised_users": ["a"]}))
    }
    assert lines["firewall"] == REMEDIES["firewall"]
    assert lines["users"] == checks()["users"].remedy


def test_what_to_do_on_linux_is_told_as_it_was(make: Make) -> None:
    profile = msgspec.structs.replace(load_profiles()["internal"], checks=("firewall",))
    (line,) = run(profile, make("debian-12"))
    assert line.remedy == checks()["firewall"].remedy
