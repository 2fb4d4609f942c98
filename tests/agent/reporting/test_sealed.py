from __future__ import annotations

import subprocess
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import msgspec
import pytest

from agent.reporting import sealed
from agent.reporting.identity import Identity
from agent.reporting.outbox import Outbox
from agent.reporting.uplink import Uplink
from agent.settings import Settings
from protocol import keys, receipts
from protocol.ids import uuid7
from protocol.receipts import Answer
from protocol.records import CheckDone, CheckOutcome


def check() -> CheckDone:
    return CheckDone(id=uuid7(), seen_at=datetime.now(UTC), control="NET-03", outcome=CheckOutcome.PASS)


@pytest.fixture
def mine(collector: Any, state: Path) -> Identity:
    return collector.enrolled(state)  # type: ignore[no-any-return]


@pytest.fixture
def outbox(state: Path) -> Outbox:
    return Outbox(state)


def carry(collector: Any, path: Path) -> Path:
    """Take a sealed file to the collector and bring its receipt."""
    receipt = path.with_name(path.name + ".receipt")
    receipt.write_bytes(receipts.sign(collector.take(path.read_bytes()), collector.signing))
    return receipt


def test_a_report_goes_by_hand_and_its_receipt_comes_back(
    collector: Any, mine: Identity, outbox: Outbox, tmp_path: Path
) -> None:
    records = [check() for _ in range(700)]
    outbox.put(*records)
    (written,) = sealed.export(outbox, mine, tmp_path / "report.mijian")
    receipt, _ = sealed.take_receipt(outbox, mine, carry(collector, written.path))
    assert receipt.answer is Answer.ACCEPTED
    assert collector.ids == [record.id for record in records]
    assert outbox.waiting() == {}


def test_what_never_left_by_network_fits_into_the_one_file(
    collector: Any, mine: Identity, outbox: Outbox, tmp_path: Path
) -> None:
    collector.stop()
    outbox.put(check())
    Uplink(outbox, mine, Settings()).step()  # nobody there
    outbox.put(check())
    (written,) = sealed.export(outbox, mine, tmp_path / "report.mijian")
    sealed.take_receipt(outbox, mine, carry(collector, written.path))
    assert len(collector.ids) == 2


def test_what_may_have_been_delivered_keeps_its_bytes(
    collector: Any, mine: Identity, outbox: Outbox, tmp_path: Path
) -> None:
    first, second = check(), check()
    outbox.put(first)
    sealed.export(outbox, mine, tmp_path / "one.mijian")
    outbox.put(second)
    files = sealed.export(outbox, mine, tmp_path / "two.mijian")
    assert [one.path.name for one in files] == ["two.mijian", "two-2.mijian"]
    assert files[0].path.read_bytes() == (tmp_path / "one.mijian").read_bytes()
    for name in ("one.mijian", "two.mijian", "two-2.mijian"):
        sealed.take_receipt(outbox, mine, carry(collector, tmp_path / name))
    assert collector.ids == [first.id, second.id]
    assert outbox.waiting() == {}


def test_nothing_to_tell_writes_no_file(mine: Identity, outbox: Outbox, tmp_path: Path) -> None:
    assert sealed.export(outbox, mine, tmp_path / "report.mijian") == []
    assert not (tmp_path / "report.mijian").exists()


def test_a_file_that_exists_is_not_replaced(mine: Identity, outbox: Outbox, tmp_path: Path) -> None:
    outbox.put(check())
    path = tmp_path / "report.mijian"
    path.write_bytes(b"precious")
    with pytest.raises(sealed.SealedFileError, match="exists already"):
        sealed.export(outbox, mine, path)
    assert path.read_bytes() == b"precious"


def test_a_folder_that_is_not_there_is_told(mine: Identity, outbox: Outbox, tmp_path: Path) -> None:
    outbox.put(check())
    with pytest.raises(sealed.SealedFileError, match="not a folder"):
        sealed.export(outbox, mine, tmp_path / "none" / "report.mijian")


@pytest.mark.parametrize("content", [b"", b"{}", b"\xff" * 100, b"x" * 100_000])
def test_a_file_that_is_no_receipt_is_told_and_changes_nothing(
    mine: Identity, outbox: Outbox, tmp_path: Path, content: bytes
) -> None:
    outbox.put(check())
    path = tmp_path / "receipt"
    path.write_bytes(content)
    with pytest.raises(sealed.SealedFileError, match="receipt"):
        sealed.take_receipt(outbox, mine, path)
    assert outbox.waiting() == {"check": 1}


def test_a_receipt_of_a_stranger_or_for_another_computer_is_not_taken(
    collector: Any, mine: Identity, outbox: Outbox, tmp_path: Path
) -> None:
    outbox.put(check())
    (written,) = sealed.export(outbox, mine, tmp_path / "report.mijian")
    receipt = collector.take(written.leased.raw)
    path = tmp_path / "receipt"
    path.write_bytes(receipts.sign(receipt, keys.Ed25519PrivateKey.generate()))
    with pytest.raises(sealed.SealedFileError, match="not signed"):
        sealed.take_receipt(outbox, mine, path)
    path.write_bytes(receipts.sign(msgspec.structs.replace(receipt, agent="other"), collector.signing))
    with pytest.raises(sealed.SealedFileError, match="another computer"):
        sealed.take_receipt(outbox, mine, path)
    assert outbox.waiting() == {"check": 1}


def test_a_refusal_that_comes_back_by_hand_keeps_the_records_and_falls_in(
    collector: Any, mine: Identity, outbox: Outbox, tmp_path: Path
) -> None:
    outbox.rebase(5, "0" * 64)  # an agent whose disk was restored
    record = check()
    outbox.put(record)
    (written,) = sealed.export(outbox, mine, tmp_path / "a.mijian")
    receipt, _ = sealed.take_receipt(outbox, mine, carry(collector, written.path))
    assert receipt.answer is Answer.REFUSED
    (again,) = sealed.export(outbox, mine, tmp_path / "b.mijian")
    sealed.take_receipt(outbox, mine, carry(collector, again.path))
    assert collector.ids == [record.id]


def test_a_link_laid_in_the_way_is_not_written_through(mine: Identity, outbox: Outbox, tmp_path: Path) -> None:
    outbox.put(check())
    precious = tmp_path / "precious"
    precious.write_bytes(b"precious")
    (tmp_path / "report.mijian.part").symlink_to(precious)
    (written,) = sealed.export(outbox, mine, tmp_path / "report.mijian")
    assert precious.read_bytes() == b"precious"
    assert written.path.read_bytes() == written.leased.raw
    assert written.path.stat().st_mode & 0o077 == 0
    assert not (tmp_path / "report.mijian.part").is_symlink()


def test_a_second_file_of_an_export_replaces_none_that_exists(
    mine: Identity, outbox: Outbox, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sealed, "MAX_RECORDS", 1)
    monkeypatch.setattr("os.link", lambda *_: (_ for _ in ()).throw(PermissionError))  # as on FAT
    outbox.put(check(), check())
    (tmp_path / "report-2.mijian").write_bytes(b"precious")
    with pytest.raises(sealed.SealedFileError, match="report-2"):
        sealed.export(outbox, mine, tmp_path / "report.mijian")
    assert (tmp_path / "report-2.mijian").read_bytes() == b"precious"
    assert outbox.waiting() == {"check": 2}


@pytest.fixture
def small(tmp_path: Path) -> Iterator[Path]:
    """A medium with room for 64 kB."""
    place = tmp_path / "medium"
    place.mkdir()
    subprocess.run(["mount", "-t", "tmpfs", "-o", "size=64k", "mijian-test", place], check=True)
    yield place
    subprocess.run(["umount", "--lazy", place], check=True)


@pytest.mark.root
def test_a_medium_that_cannot_be_written_is_told_before_anything_is_sealed(
    mine: Identity, outbox: Outbox, small: Path
) -> None:
    outbox.put(check())
    subprocess.run(["mount", "-o", "remount,ro", small], check=True)
    with pytest.raises(sealed.SealedFileError, match="Read-only file system; nothing was sealed"):
        sealed.export(outbox, mine, small / "report.mijian")
    subprocess.run(["mount", "-o", "remount,rw", small], check=True)
    (written,) = sealed.export(outbox, mine, small / "report.mijian")
    assert written.leased.sequence == 1, "the first attempt used up no number"


@pytest.mark.root
def test_a_medium_without_room_is_told_with_how_much_is_needed_and_left_as_it_was(
    collector: Any, mine: Identity, outbox: Outbox, small: Path, tmp_path: Path
) -> None:
    records = [check() for _ in range(4000)]  # ids do not pack: some 90 kB sealed
    outbox.put(*records)
    with pytest.raises(sealed.SealedFileError, match=r"has room for 65\.5 kB, the report needs"):
        sealed.export(outbox, mine, small / "report.mijian")
    assert list(small.iterdir()) == []
    for written in sealed.export(outbox, mine, tmp_path / "report.mijian"):
        sealed.take_receipt(outbox, mine, carry(collector, written.path))
    assert collector.ids == [record.id for record in records]
