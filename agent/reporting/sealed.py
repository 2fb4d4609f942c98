"""Sealed files: the same envelopes, carried by hand where there is no network between agent and collector."""

from __future__ import annotations

import errno
import os
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from agent import words
from agent.reporting.identity import Identity
from agent.reporting.outbox import Leased, Outbox
from agent.reporting.uplink import Settled, settle
from protocol import receipts
from protocol.receipts import Answer, Receipt

MAX_RECORDS = 20_000
MAX_LINES = 7 * 1024 * 1024
"""Bytes of records in one carried envelope: below the limit of 8 MiB even if they did not pack at all."""
RECEIPT_LIMIT = 64 * 1024


class SealedFileError(Exception):
    """A file that cannot be used. ``str()`` says which and what to do."""


@dataclass(frozen=True, slots=True)
class Exported:
    """One file written."""

    path: Path
    leased: Leased


def export(outbox: Outbox, identity: Identity, path: Path) -> list[Exported]:
    """Write everything that waits into sealed files, one envelope each; an empty list where nothing waits.

    The first is ``path``. More are needed only for what does not fit, and for envelopes that may have been
    delivered before and must stay as they were: ``name-2.ext``, ``name-3.ext`` … Files are written beside and
    renamed; one that exists is not replaced. Whether they can be written is tried before anything is sealed, and
    whether all of them have room before the first is written. Raises `SealedFileError`, `OutboxUnavailable`.
    """
    _try_out(path)
    leases = outbox.lease_all(identity, max_records=MAX_RECORDS, max_lines=MAX_LINES)
    _find_room(path.parent, sum(len(leased.raw) for leased in leases))
    written = []
    for number, leased in enumerate(leases, 1):
        to = path if number == 1 else path.with_name(f"{path.stem}-{number}{path.suffix}")
        try:
            _write(to, leased.raw)
        except OSError as error:
            raise SealedFileError(f"{to} cannot be written: {error.strerror}") from error
        written.append(Exported(to, leased))
    return written


def _try_out(path: Path) -> None:
    """Whether a file can be made there. Raises `SealedFileError`."""
    if path.exists():
        raise SealedFileError(f"{path} exists already; name another file")
    if not path.parent.is_dir():
        raise SealedFileError(f"{path.parent} is not a folder")
    try:
        os.close(_begin(_beside(path)))
        _beside(path).unlink()
    except OSError as error:
        raise SealedFileError(f"{path} cannot be written: {error.strerror}; nothing was sealed") from error


def _find_room(folder: Path, need: int) -> None:
    """Whether there is room for so many bytes. Raises `SealedFileError`."""
    disk = os.statvfs(folder)
    free = disk.f_bavail * disk.f_frsize
    if need > free:
        raise SealedFileError(
            f"{folder} has room for {words.size(free)}, the report needs {words.size(need)}: nothing was written; "
            "make room there or name another place"
        )


def take_receipt(outbox: Outbox, identity: Identity, path: Path) -> tuple[Receipt, Settled]:
    """Take a receipt that came back as a file. Raises `SealedFileError`, `OutboxUnavailable`."""
    try:
        with path.open("rb") as file:
            raw = file.read(RECEIPT_LIMIT + 1)
    except OSError as error:
        raise SealedFileError(f"{path} cannot be read: {error.strerror}") from error
    receipt, settled, _ = take_receipt_bytes(outbox, identity, path, raw)
    return receipt, settled


def take_receipt_bytes(outbox: Outbox, identity: Identity, path: Path, raw: bytes) -> tuple[Receipt, Settled, bool]:
    """The same for bytes already read; says besides whether its envelope still waited for it here."""
    if len(raw) > RECEIPT_LIMIT:
        raise SealedFileError(f"{path} is not a receipt: it is too large for one")
    try:
        receipt = receipts.open_receipt(raw, identity.collector_key)
    except receipts.ReceiptError as error:
        raise SealedFileError(f"{path}: {error}") from error
    if receipt.agent != identity.agent:
        raise SealedFileError(f"{path} is a receipt for another computer ({receipt.agent})")
    leased = outbox.find(receipt.digest)
    if leased is None and receipt.answer is Answer.REFUSED:
        return receipt, Settled.LATER, False
    return receipt, settle(outbox, receipt, leased), leased is not None


def _write(path: Path, data: bytes) -> None:
    """Write a new file completely or not at all; the medium is synced before we say it is done."""
    if path.exists():
        raise FileExistsError(errno.EEXIST, os.strerror(errno.EEXIST), path)
    beside = _beside(path)
    try:
        with os.fdopen(_begin(beside), "wb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
    except OSError:
        beside.unlink(missing_ok=True)
        raise
    try:
        os.link(beside, path)
    except FileExistsError:
        beside.unlink()
        raise
    except OSError:  # file systems without hard links, as on most sticks
        beside.rename(path)
    else:
        beside.unlink()
    folder = os.open(path.parent, os.O_RDONLY | os.O_DIRECTORY)
    try:
        with suppress(OSError):  # not every file system can; then the data above is all that can be synced
            os.fsync(folder)
    finally:
        os.close(folder)


def _beside(path: Path) -> Path:
    return path.with_name(path.name + ".part")


def _begin(beside: Path) -> int:
    """A new file. A name that somebody has put there meanwhile, a link to another above all, is not written through."""
    beside.unlink(missing_ok=True)
    return os.open(beside, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW, 0o600)
