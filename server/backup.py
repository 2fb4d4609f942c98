"""Backups of a collector: keys, settings and databases in one file, sealed with a passphrase, checked on the way back.

Database and spool are of one moment, whoever writes meanwhile: what was receipted is in the backup as an envelope that
waits, or as its records; never as neither, and no record is without its envelope.

The file is a line of JSON (the header), then a tar with the fixed members below in chunks, each sealed with AES-256-GCM
under a key that scrypt makes of the passphrase (RFC 7914). A chunk's number and whether it is the last are bound into
it: chunks that are missing, moved or cut off are found out. Without a passphrase the tar follows as it is.
"""

from __future__ import annotations

import hashlib
import io
import os
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
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.kdf.scrypt import Scrypt

from server import home, keys
from server.locks import between_commits

MAGIC = "mijian-backup"
CHUNK = 1 << 20
DATABASE = "database"
SPOOL = "spool"
FORMAT = 2
"""Of backups made here; 1 had no spool of its own."""
MANIFEST = "manifest"
SETTINGS = home.SETTINGS_FILE
KEYS = tuple(f"keys/{name}" for name in keys.FILES)
MEMBERS = (MANIFEST, SETTINGS, *KEYS, DATABASE, SPOOL)
"""All that a backup may hold, by name; nothing else is taken from one."""
_SMALL = 1 << 20
_COST = 1 << 15


class BackupError(Exception):
    """A backup that cannot be made or used. ``str()`` is one of `REASONS`."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


REASONS: dict[str, tuple[str, str]] = {
    "not-a-backup": ("this file is no backup of a collector", "该文件不是收集端备份"),
    "newer": ("this backup was made by a newer version: update first", "该备份由更新的版本生成:请先升级"),
    "passphrase-missing": ("this backup is sealed: give its passphrase", "该备份已加密:请提供口令"),
    "damaged": (
        "the passphrase is wrong, or the file was altered or cut off: nothing was restored",
        "口令错误,或文件被改动、截断:未恢复任何内容",
    ),
    "incomplete": ("the backup lacks a part: nothing was restored", "备份缺少内容:未恢复任何内容"),
    "not-empty": (
        "there is a collector in this home already: restore into an empty folder (--home)",
        "该目录已有收集端:请恢复到空目录(--home)",
    ),
    "database-unsound": ("the database in the backup is damaged: nothing was restored", "备份中的数据库已损坏:未恢复"),
}
"""Each reason in English and Chinese."""


class Header(msgspec.Struct, frozen=True, kw_only=True):
    """The first line of a backup."""

    kind: str
    format: int = 1
    salt: str = ""
    """For scrypt, hex; empty where the backup is not sealed."""
    nonce: str = ""
    """The first seven bytes of each chunk's nonce, hex."""


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
    draft = target.with_name(f".{target.name}.{secrets.token_hex(4)}.part")
    try:
        with tempfile.TemporaryDirectory(dir=target.parent, prefix=".mijian-backup-") as folder:
            files = {name: place / name for name in (SETTINGS, *KEYS) if (place / name).is_file()}
            files |= _snapshots(place, Path(folder))
            manifest = Manifest(
                made=datetime.now(UTC),
                version=version("mijian"),
                sha256={name: _sha256(path) for name, path in files.items()},
                sizes={name: path.stat().st_size for name, path in files.items()},
            )
            _write(draft, files, manifest, passphrase)
        # A link instead of a rename: nobody's file is replaced.
        os.link(draft, target)
    finally:
        draft.unlink(missing_ok=True)
    return manifest


def restore(source: Path, place: Path, passphrase: str | None) -> Manifest:
    """Put a backup's content into the home ``place``, which must not be one yet, after all of it was checked.

    Raises `BackupError` with nothing changed, or `OSError`.
    """
    database = home.database(place)
    there = (place / "keys", database, home.spool(place), place / SETTINGS)
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
        if (folder / SETTINGS).exists():
            (folder / SETTINGS).rename(place / SETTINGS)
        (folder / "keys").rename(place / "keys")  # last: with it, the home is one
    return manifest


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


def _write(draft: Path, files: dict[str, Path], manifest: Manifest, passphrase: str | None) -> None:
    header = Header(kind=MAGIC, format=FORMAT)
    if passphrase is not None:
        header = Header(kind=MAGIC, format=FORMAT, salt=secrets.token_hex(16), nonce=secrets.token_hex(7))
    handle = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(handle, "wb") as out:
        head = msgspec.json.encode(header) + b"\n"
        out.write(head)
        body = _Sealing(out, _key(passphrase, header.salt), header, head) if passphrase is not None else out
        with tarfile.open(fileobj=body, mode="w|", format=tarfile.PAX_FORMAT) as tar:
            _add(tar, MANIFEST, io.BytesIO(encoded := msgspec.json.encode(manifest)), len(encoded))
            for name, path in files.items():
                with path.open("rb") as file:
                    _add(tar, name, file, manifest.sizes[name])
        if isinstance(body, _Sealing):
            body.finish()
        out.flush()
        os.fsync(out.fileno())


def _add(tar: tarfile.TarFile, name: str, file: IO[bytes], size: int) -> None:
    entry = tarfile.TarInfo(name)
    entry.size, entry.mode = size, 0o600
    tar.addfile(entry, file)


def _key(passphrase: str, salt: str) -> bytes:
    return Scrypt(salt=bytes.fromhex(salt), length=32, n=_COST, r=8, p=1).derive(passphrase.encode())


def _nonce(header: Header, number: int, last: bool) -> bytes:
    """Twelve bytes that no two chunks of a backup share."""
    return bytes.fromhex(header.nonce) + number.to_bytes(4, "big") + bytes([last])


class _Sealing(io.RawIOBase):
    """A file that seals what is written to it, chunk by chunk."""

    def __init__(self, out: IO[bytes], key: bytes, header: Header, head: bytes) -> None:
        self._out, self._seal, self._header, self._head = out, AESGCM(key), header, head
        self._waiting = bytearray()
        self._number = 0

    def writable(self) -> bool:
        """Yes."""
        return True

    def write(self, data: object) -> int:
        """Take bytes; they are written as whole chunks."""
        piece = bytes(data)  # type: ignore[call-overload]
        self._waiting += piece
        while len(self._waiting) > CHUNK:
            self._chunk(bytes(self._waiting[:CHUNK]), last=False)
            del self._waiting[:CHUNK]
        return len(piece)

    def finish(self) -> None:
        """Write the last chunk."""
        self._chunk(bytes(self._waiting), last=True)

    def _chunk(self, data: bytes, *, last: bool) -> None:
        self._out.write(self._seal.encrypt(_nonce(self._header, self._number, last), data, self._head))
        self._number += 1


def _unsealed(file: IO[bytes], key: bytes, header: Header, head: bytes) -> Iterator[bytes]:
    seal, size, number = AESGCM(key), CHUNK + 16, 0
    data = file.read(size)
    while True:
        following = file.read(size)
        try:
            yield seal.decrypt(_nonce(header, number, not following), data, head)
        except InvalidTag:
            raise BackupError("damaged") from None
        if not following:
            return
        data, number = following, number + 1


class _Chunks(io.RawIOBase):
    """Chunks as a file to read."""

    def __init__(self, chunks: Iterator[bytes]) -> None:
        self._chunks = chunks
        self._waiting = b""

    def readable(self) -> bool:
        """Yes."""
        return True

    def readinto(self, buffer: object) -> int:
        """Fill a buffer."""
        view = memoryview(buffer)  # type: ignore[arg-type]
        while not self._waiting:
            chunk = next(self._chunks, None)
            if chunk is None:
                return 0
            self._waiting = chunk
        count = min(len(view), len(self._waiting))
        view[:count], self._waiting = self._waiting[:count], self._waiting[count:]
        return count


def _header(head: bytes) -> Header:
    try:
        header = msgspec.json.decode(head, type=Header)
    except msgspec.MsgspecError:
        raise BackupError("not-a-backup") from None
    if header.kind != MAGIC:
        raise BackupError("not-a-backup")
    if header.format > FORMAT:
        raise BackupError("newer")
    return header


def _unpack(source: Path, folder: Path, passphrase: str | None) -> Manifest:
    """Write the members into a folder under their fixed names. Raises `BackupError`."""
    (folder / "keys").mkdir(mode=0o700)
    with source.open("rb") as file:
        head = file.readline(4096)
        header = _header(head)
        body: IO[bytes] = file
        if header.salt:
            if passphrase is None:
                raise BackupError("passphrase-missing")
            chunks = _unsealed(file, _key(passphrase, header.salt), header, head)
            body = io.BufferedReader(_Chunks(chunks), CHUNK)
        manifest = None
        try:
            with tarfile.open(fileobj=body, mode="r|") as tar:
                for entry in tar:
                    content = tar.extractfile(entry) if entry.isreg() and entry.name in MEMBERS else None
                    if content is None:
                        raise BackupError("not-a-backup")
                    if entry.name == MANIFEST:
                        manifest = msgspec.json.decode(content.read(_SMALL), type=Manifest)
                        continue
                    _copy(content, folder / next(name for name in MEMBERS if name == entry.name))
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
    for name in (*KEYS, DATABASE, *(name for name in manifest.sha256 if name in (SETTINGS, SPOOL))):
        if name not in manifest.sha256 or not (folder / name).is_file():
            raise BackupError("incomplete")
        if _sha256(folder / name) != manifest.sha256[name]:
            raise BackupError("damaged")
    for name in (DATABASE, SPOOL):
        if (folder / name).is_file() and not _sound(folder / name):
            raise BackupError("database-unsound")


def _sound(database: Path) -> bool:
    with suppress(sqlite3.Error), closing(sqlite3.connect(f"{database.as_uri()}?mode=ro", uri=True)) as connection:
        return bool(connection.execute("PRAGMA integrity_check").fetchall() == [("ok",)])
    return False
