"""What was attached over USB is told from kernel logs, rotated logs and journals, and held against the register."""

from __future__ import annotations

import gzip
import lzma
import os
from collections.abc import Callable
from datetime import UTC, date, datetime
from pathlib import Path

import pytest

from agent.checks import traces_usb
from agent.checks.base import Context, Result
from agent.checks.tree import Tree
from agent.settings import IsolationSettings, Settings
from protocol.records import CheckOutcome, ComputerClass
from signatures.profiles import Parameters

Plant = Callable[[dict[str, str | bytes]], Path]
DATA = Path(__file__).parent / "data"
NOW = datetime(2026, 11, 21, 12, tzinfo=UTC)
(CHECK,) = traces_usb.CHECKS

STICK = """\
Mar  4 10:00:00 desk kernel: [  100.0] usb 1-2: new high-speed USB device number 5 using xhci_hcd
Mar  4 10:00:00 desk kernel: [  100.1] usb 1-2: New USB device found, idVendor=0781, idProduct=5567, bcdDevice= 1.00
Mar  4 10:00:00 desk kernel: [  100.1] usb 1-2: New USB device strings: Mfr=1, Product=2, SerialNumber=3
Mar  4 10:00:00 desk kernel: [  100.1] usb 1-2: Product: Cruzer Blade
Mar  4 10:00:00 desk kernel: [  100.1] usb 1-2: SerialNumber: 4C530001230718117392
Mar  4 10:00:00 desk kernel: [  100.2] usb-storage 1-2:1.0: USB Mass Storage device detected
"""
MOUSE = """\
Mar  5 10:00:00 desk kernel: [  200.0] usb 1-4: New USB device found, idVendor=413c, idProduct=301a, bcdDevice= 1.00
"""
PHONE = """\
2026-03-06T10:00:00+08:00 desk kernel: usb 1-3: New USB device found, idVendor=2717, idProduct=ff80, bcdDevice= 4.19
2026-03-06T10:00:00+08:00 desk kernel: usb 1-3: SerialNumber: abcdef123456
2026-03-06T10:00:01+08:00 desk kernel: rndis_host 1-3:1.0 usb0: register 'rndis_host' at usb-0000:00:14.0-3, RNDIS
"""


def run(
    root: Path, *allowed: str, since: date | None = None, kind: ComputerClass = ComputerClass.CONFIDENTIAL
) -> Result:
    settings = Settings(isolation=IsolationSettings(inspected_on=since))
    parameters = Parameters(media_allowed=allowed)
    return CHECK.run(Context(tree=Tree(root), computer_class=kind, settings=settings, parameters=parameters, now=NOW))


def shown(result: Result) -> dict[str, str]:
    return {fact.seen: fact.what.en.rpartition(": ")[2] for fact in result.facts}


def test_sticks_and_tethered_phones_of_the_logs_are_told_with_days_and_the_end_of_their_serial(plant: Plant) -> None:
    root = plant({"var/log/kern.log.2.gz": gzip.compress(STICK.encode()), "var/log/kern.log": MOUSE + PHONE})
    os.utime(root / "var/log/kern.log.2.gz", (NOW.timestamp(), NOW.timestamp()))
    os.utime(root / "var/log/kern.log", (NOW.timestamp(), NOW.timestamp()))
    result = run(root)
    assert result.outcome is CheckOutcome.FAIL
    assert shown(result) == {
        "0781:5567:…7392 ×1 2026-03-04": "storage",
        "2717:ff80:…3456 ×1 2026-03-06": "tethering telephone or modem",
        "413c:301a ×1 2026-03-05": "other device",
    }
    assert "4C530001230718117392" not in repr(result)


def test_what_is_registered_passes(plant: Plant) -> None:
    root = plant({"var/log/kern.log": STICK + MOUSE})
    assert run(root, "0781:5567:4C530001230718117392").outcome is CheckOutcome.PASS
    assert run(root, "0781:5567:another").outcome is CheckOutcome.FAIL


def test_an_open_computer_without_a_register_is_left_to_a_person(plant: Plant) -> None:
    root = plant({"var/log/kern.log": STICK})
    assert run(root, kind=ComputerClass.INTERNAL).outcome is CheckOutcome.MANUAL


def test_what_was_attached_before_the_last_inspection_is_not_told_again(plant: Plant) -> None:
    root = plant({"var/log/kern.log": PHONE})
    assert run(root, since=date(2026, 3, 6)).outcome is CheckOutcome.FAIL
    assert run(root, since=date(2026, 3, 7)).outcome is CheckOutcome.PASS


@pytest.mark.parametrize("kind", ["compact", "regular"])
def test_a_stick_in_the_journal_is_told(plant: Plant, kind: str) -> None:
    journal = lzma.decompress((DATA / f"{kind}.journal.xz").read_bytes())
    result = run(plant({"var/log/journal/0/system.journal": journal}))
    assert {told.split()[0]: what for told, what in shown(result).items()} == {"0781:5567:…7392": "storage"}


def test_two_sticks_in_one_port_stay_two(plant: Plant) -> None:
    other = STICK.replace("4C530001230718117392", "AA00000000000001").replace("Mar  4", "Mar  9")
    result = run(plant({"var/log/kern.log": STICK + other + STICK.replace("Mar  4", "Mar 11")}))
    assert len([one for one in shown(result).values() if one == "storage"]) == 2
    assert any("×2" in one for one in shown(result))


def test_a_log_that_cannot_be_read_is_an_error_with_its_reason(plant: Plant) -> None:
    root = plant({"var/log/syslog": MOUSE})
    os.mkfifo(root / "var/log/kern.log")
    result = run(root)
    assert result.outcome is CheckOutcome.ERROR
    assert result.facts[0].seen == "var/log/kern.log"
