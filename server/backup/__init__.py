"""Backups of a collector: keys, settings, databases and reports in one file, sealed, and checked on the way back.

Database and spool are of one moment, whoever writes meanwhile: what was receipted is in the backup as an envelope that
waits, or as its records; never as neither, and no record is without its envelope.

The file is a line of JSON (the header), then a tar with the members below, sealed in chunks (`server.backup.sealing`).
Without a passphrase the tar follows as it is.
"""

from __future__ import annotations

import hashlib
import io
import os
import re
import secrets
import sqlite3
import tarfile
import tempfile
from collections.abc import Iterator
from contextlib import ExitStack, closing, contextmanager, suppress
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path
from typing import IO

import msgspec

from server import home, keys
from server.backup.reasons import REASONS, BackupError
from server.backup.sealing import CHUNK, FORMAT, MAGIC, Chunks, Header, Sealing, key_of, read_header, unsealed
from server.locks import between_commits
from server.newfile import new_file

DATABASE = "database"
SPOOL = "spool"
MANIFEST = "manifest"
SETTINGS = home.SETTINGS_FILE
KEYS = tuple(f"keys/{name}" for name in keys.FILES)
MEMBERS = (MANIFEST, SETTINGS, *KEYS, DATABASE, SPOOL)
MADE, TRIED = "backup.made", "backup.tried"
"""Acts of the audit log: that there is a backup, and that one could be restored."""
REPORTS = "reports"
"""Folder of the files of numbered reports (`server.reports.shelf`)."""
_REPORT = re.compile(r"reports/([0-9]{4}-[0-9]{4,9})\.(pdf|docx|xlsx)")
"""These and `MEMBERS` are all that a backup may hold; nothing else is taken from one."""
_SMALL = 1 << 20


class Manifest(msgspec.Struct, frozen=True, kw_only=True):
    """What a backup holds."""

    made: datetime
    version: str
    """Of the program that made it."""
    sha256: dict[str, str]
    """Of each member, by its name."""
    sizes: dict[str, int]
    """Bytes of each."""


def make(place: Path, target: Path, passphrase: str | None) -> Manifest:
    """Write a backup of the home ``place`` to a new file of mode 0600; the collector may be running meanwhile.

    The file appears whole or not at all. Raises `OSError`, `sqlite3.Error`.
    """
    with tempfile.TemporaryDirectory(dir=target.parent, prefix=".mijian-backup-") as folder:
        files = {name: place / name for name in (SETTINGS, *KEYS) if (place / name).is_file()}
        files |= _snapshots(place, Path(folder))
        # After the database: every report that it knows is there, and none is written over in the meantime.
        files |= _reports(place, Path(folder))
        manifest = Manifest(
            made=datetime.now(UTC),
            version=version("mijian"),
            sha256={name: _sha256(path) for name, path in files.items()},
            sizes={name: path.stat().st_size for name, path in files.items()},
        )
        with new_file(target) as out:
            _write(out, files, manifest, passphrase)
    return manifest


def restore(source: Path, place: Path, passphrase: str | None) -> Manifest:
    """Put a backup's content into the home ``place``, which must not be one yet, after all of it was checked.

    Raises `BackupError` with nothing changed, or `OSError`.
    """
    database = home.database(place)
    there = (place / "keys", database, home.spool(place), place / SETTINGS, place / REPORTS)
    if any(path.exists() for path in there):
        raise BackupError("not-empty")
    place.mkdir(parents=True, exist_ok=True, mode=0o700)
    with tempfile.TemporaryDirectory(dir=place, prefix=".restore-") as name:
        folder = Path(name)
        manifest = _unpack(source, folder, passphrase)
        _check(folder, manifest)
        (folder / "keys").chmod(0o700)
        if (folder / SPOOL).exists():
            (folder / SPOOL).rename(home.spool(place))
        (folder / DATABASE).rename(database)
        if any((folder / REPORTS).iterdir()):
            (folder / REPORTS).rename(place / REPORTS)
        if (folder / SETTINGS).exists():
            (folder / SETTINGS).rename(place / SETTINGS)
        (folder / "keys").rename(place / "keys")  # last: with it, the home is one
    return manifest


class Trial(msgspec.Struct, frozen=True, kw_only=True):
    """What a backup that was tried out turned out to hold."""

    manifest: Manifest
    entry: int
    """Number of the last entry of its audit log; 0 for none."""
    head: str
    """Hash of that entry: it is in the log of the collector that the backup is of."""


def try_out(source: Path, scratch: Path, passphrase: str | None) -> Trial:
    """Do all of a restore but the putting into place: unpack a backup into ``scratch``, check it, throw it away.

    Raises `BackupError`, `OSError`.
    """
    with tempfile.TemporaryDirectory(dir=scratch, prefix=".try-") as name:
        folder = Path(name)
        manifest = _unpack(source, folder, passphrase)
        _check(folder, manifest)
        with closing(sqlite3.connect(f"{(folder / DATABASE).as_uri()}?mode=ro", uri=True)) as connection:
            try:
                last = connection.execute("SELECT id, hash FROM audit_entry ORDER BY id DESC LIMIT 1").fetchone()
            except sqlite3.Error:
                raise BackupError("database-unsound") from None
    entry, head = last or (0, "")
    return Trial(manifest=manifest, entry=entry, head=head)


def _snapshots(place: Path, folder: Path) -> dict[str, Path]:
    """Copies of spool and database, by member name."""
    copies: dict[str, Path] = {}
    with ExitStack() as reading:
        with between_commits(place):
            # The spool first: a computer is in the database before its first envelope is in the spool.
            sources = {SPOOL: home.spool(place), DATABASE: home.database(place)}
            opened = {name: reading.enter_context(_frozen(file)) for name, file in sources.items() if file.exists()}
        for name, source in opened.items():
            copies[name] = folder / name
            os.close(os.open(copies[name], os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600))
            with closing(sqlite3.connect(copies[name])) as target:
                source.backup(target, pages=4096)
    return copies


def _reports(place: Path, folder: Path) -> dict[str, Path]:
    """Copies of the files of reports, by member name."""
    copies: dict[str, Path] = {}
    (folder / REPORTS).mkdir(mode=0o700)
    for file in sorted((place / REPORTS).glob("*.*")):
        if (name := _member(f"{REPORTS}/{file.name}")) and file.is_file() and not file.is_symlink():
            copies[name] = folder / name
            with file.open("rb") as source:
                _copy(source, copies[name])
    return copies


def _member(name: str) -> str:
    """The member of this name; empty where a backup has none such. It is put together here, not taken from the file."""
    if report := _REPORT.fullmatch(name):
        return f"{REPORTS}/{report[1]}.{report[2]}"
    return next((member for member in MEMBERS if member == name), "")


@contextmanager
def _frozen(database: Path) -> Iterator[sqlite3.Connection]:
    """A connection that goes on seeing the database as it is now."""
    with closing(sqlite3.connect(f"{database.as_uri()}?mode=ro", uri=True, isolation_level=None)) as connection:
        connection.execute("BEGIN")
        connection.execute("SELECT count(*) FROM sqlite_master").fetchone()  # the reading begins with the first look
        yield connection


def _sha256(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _write(out: IO[bytes], files: dict[str, Path], manifest: Manifest, passphrase: str | None) -> None:
    header = Header(kind=MAGIC, format=FORMAT)
    if passphrase is not None:
        header = Header(kind=MAGIC, format=FORMAT, salt=secrets.token_hex(16), nonce=secrets.token_hex(7))
    head = msgspec.json.encode(header) + b"\n"
    out.write(head)
    body = Sealing(out, key_of(passphrase, header.salt), header, head) if passphrase is not None else out
    with tarfile.open(fileobj=body, mode="w|", format=tarfile.PAX_FORMAT) as tar:
        _add(tar, MANIFEST, io.BytesIO(encoded := msgspec.json.encode(manifest)), len(encoded))
        for name, path in files.items():
            with path.open("rb") as file:
                _add(tar, name, file, manifest.sizes[name])
    if isinstance(body, Sealing):
        body.finish()


def _add(tar: tarfile.TarFile, name: str, file: IO[bytes], size: int) -> None:
    entry = tarfile.TarInfo(name)
    entry.size, entry.mode = size, 0o600
    tar.addfile(entry, file)


def _unpack(source: Path, folder: Path, passphrase: str | None) -> Manifest:
    """Write the members into a folder under their fixed names. Raises `BackupError`."""
    for name in ("keys", REPORTS):
        (folder / name).mkdir(mode=0o700)
    with source.open("rb") as file:
        head = file.readline(4096)
        header = read_header(head)
        body: IO[bytes] = file
        if header.salt:
            if passphrase is None:
                raise BackupError("passphrase-missing")
            chunks = unsealed(file, key_of(passphrase, header.salt), header, head)
            body = io.BufferedReader(Chunks(chunks), CHUNK)
        manifest = None
        try:
            with tarfile.open(fileobj=body, mode="r|") as tar:
                for entry in tar:
                    member = _member(entry.name)
                    content = tar.extractfile(entry) if entry.isreg() and member else None
                    if content is None:
                        raise BackupError("not-a-backup")
                    if member == MANIFEST:
                        manifest = msgspec.json.decode(content.read(_SMALL), type=Manifest)
                        continue
                    _copy(content, folder / member)
            while body.read(CHUNK):
                pass  # to the last chunk: only then is nothing cut off
        except (tarfile.TarError, msgspec.MsgspecError, EOFError):
            raise BackupError("damaged") from None
    if manifest is None:
        raise BackupError("incomplete")
    return manifest


def _copy(content: IO[bytes], target: Path) -> None:
    handle = os.open(target, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(handle, "wb") as out:
        while data := content.read(CHUNK):
            out.write(data)
        out.flush()
        os.fsync(out.fileno())


def _check(folder: Path, manifest: Manifest) -> None:
    """Whether every part is there, is what was backed up, and the database is sound."""
    for name in {*KEYS, DATABASE, *filter(_member, manifest.sha256)}:
        if name not in manifest.sha256 or not (folder / name).is_file():
            raise BackupError("incomplete")
        if _sha256(folder / name) != manifest.sha256[name]:
            raise BackupError("damaged")
    if {f"{REPORTS}/{file.name}" for file in (folder / REPORTS).iterdir()} - set(manifest.sha256):
        raise BackupError("damaged")
    for name in (DATABASE, SPOOL):
        if (folder / name).is_file() and not _sound(folder / name):
            raise BackupError("database-unsound")


def _sound(database: Path) -> bool:
    with suppress(sqlite3.Error), closing(sqlite3.connect(f"{database.as_uri()}?mode=ro", uri=True)) as connection:
        return bool(connection.execute("PRAGMA integrity_check").fetchall() == [("ok",)])
    return False


__all__ = ["CHUNK", "MADE", "REASONS", "TRIED", "BackupError", "Manifest", "Trial", "make", "restore", "try_out"]
