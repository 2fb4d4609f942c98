"""Where installed rules lie, and how one set takes the place of another.

In a folder of the agent's state::

    in-force           one line of JSON: version and name of the folder in force
    trusted            the public key that the last one was verified with
    7-3f9c…/           the packs of version 7 as ``*.yaml``, and the bundle they came in, ``bundle``

A new set is written beside, made durable, renamed to its own name, and comes into force when the small file
``in-force`` is replaced by one rename. At every instant either the old or the new set is whole and in force.
"""

from __future__ import annotations

import logging
import os
import re
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

import msgspec

from signatures import lints
from signatures.bundles.form import MAX_BUNDLE, Bundle, BundleRefused, Header, open_bundle, peek
from signatures.lints import Source
from signatures.rules import RuleSet, load_rules
from signatures.strict_yaml import FileMistake

try:
    import fcntl
except ImportError:  # not on Windows; there one service writes here, and no other
    fcntl = None  # type: ignore[assignment]

log = logging.getLogger(__name__)

POINTER = "in-force"
BUNDLE = "bundle"
TRUSTED = "trusted"
_KEY = 32
"""Bytes of a public key."""
_FOLDER = re.compile(r"(?P<version>[1-9]\d{0,15})-[0-9a-f]{16}")
_BESIDE = ".new-"


class _Pointer(msgspec.Struct, frozen=True, kw_only=True):
    version: int
    folder: str


@dataclass(frozen=True, slots=True)
class Installed:
    """The rules in force from a bundle."""

    folder: Path
    """The packs, for `signatures.rules.load_rules`."""
    header: Header

    def expired(self, now: datetime) -> bool:
        """Whether its time is over. It stays in force until a newer one comes, and that is to be told."""
        return self.header.expires is not None and now >= self.header.expires


def current(directory: Path) -> Path | None:
    """The folder of packs in force, for `signatures.rules.load_rules`; None where none was ever installed.

    Raises `BundleRefused` ``damaged`` where there was one and it is not whole.
    """
    found = installed(directory)
    return None if found is None else found.folder


def installed(directory: Path, trusted: bytes | None = None) -> Installed | None:
    """What is in force; None where nothing was ever installed.

    With the ``trusted`` key the bundle's signature is verified anew and every pack is held against it, so that what
    was altered on this computer since is noticed. Raises `BundleRefused`, ``damaged`` where it is not whole.
    """
    pointer = _pointer(directory)
    if pointer is None:
        return None
    folder = directory / pointer.folder
    if trusted is not None:
        return _verified(folder, trusted)
    try:
        return Installed(folder, peek((folder / BUNDLE).read_bytes()))
    except OSError as error:
        raise BundleRefused("damaged", f"the rules in force cannot be read: {error.strerror}") from error


def _verified(folder: Path, trusted: bytes) -> Installed:
    """The set in a folder, with its signature verified and every pack held against it. Raises `BundleRefused`."""
    try:
        raw = (folder / BUNDLE).read_bytes()
        bundle = open_bundle(raw, trusted)
        there = {path.name: path.read_bytes() for path in folder.glob("*.yaml")}
    except OSError as error:
        raise BundleRefused("damaged", f"the rules in force cannot be read: {error.strerror}") from error
    if there != bundle.packs:
        raise BundleRefused("damaged", "the packs in force are not those of their bundle; install it again")
    return Installed(folder, bundle.header)


def install(path: Path, directory: Path, trusted: bytes, *, now: datetime) -> Installed:
    """Verify a bundle and put it in force. Raises `BundleRefused`; then what was in force before stays.

    Raises `OSError` where the bundle cannot be read or the directory cannot be written.
    """
    return install_bytes(read_bundle(path), directory, trusted, now=now)


def install_bytes(raw: bytes, directory: Path, trusted: bytes, *, now: datetime) -> Installed:
    """The same for a bundle that did not come as a file. Raises `BundleRefused`, `OSError`."""
    bundle = open_bundle(raw, trusted)
    refuse_expired(bundle.header, now)
    _refuse_older(bundle, directory)
    check_rules(bundle)
    done = put_in_force(bundle, directory)
    _remember(directory, trusted)
    return done


def remembered_key(directory: Path) -> bytes | None:
    """The key that was trusted at the last installation: what is in force is held against it when none is named."""
    try:
        key = (directory / TRUSTED).read_bytes()
    except OSError:
        return None
    return key if len(key) == _KEY else None


def newest_whole(directory: Path, trusted: bytes) -> Installed | None:
    """The newest set here that is whole and signed: what to go on with where the one in force is damaged.

    None where there is none.
    """
    try:
        names = [found for path in directory.iterdir() if (found := _FOLDER.fullmatch(path.name))]
    except OSError:
        return None
    for name in sorted(names, key=lambda found: -int(found["version"])):
        with suppress(BundleRefused):
            return _verified(directory / name[0], trusted)
    return None


def read_bundle(path: Path) -> bytes:
    """The bytes of a file, no more than a bundle may have. Raises `BundleRefused` ``too-large`` and `OSError`."""
    with path.open("rb") as file:
        raw = file.read(MAX_BUNDLE + 1)
    if len(raw) > MAX_BUNDLE:
        raise BundleRefused("too-large", f"the file has more than {MAX_BUNDLE} bytes")
    return raw


def refuse_expired(header: Header, now: datetime) -> None:
    """Raise `BundleRefused` ``expired`` where the bundle's time is over."""
    if header.expires is not None and now >= header.expires:
        raise BundleRefused("expired", f"the bundle expired at {header.expires.isoformat()}; ask for a newer one")


def check_rules(bundle: Bundle) -> RuleSet:
    """The rules of a bundle. Raises `BundleRefused` where its packs are not sound, or could stop the scanner.

    ``bad-rules`` for packs that `load_rules` would not take, ``unsafe-rules`` for what the linter refuses for the
    sake of the scanner. The names of rules are told, as those of a signed bundle.
    """
    with tempfile.TemporaryDirectory(prefix="mijian-rules-") as name:
        folder = Path(name)
        for file, data in bundle.packs.items():
            (folder / file).write_bytes(data)
        try:
            rules = load_rules(folder)
        except FileMistake as mistake:
            where = Path(mistake.path).name
            raise BundleRefused("bad-rules", f"{where}:{mistake.line}: {mistake.message}") from mistake
    sources = [lints.read_source(file, data) for file, data in bundle.packs.items()]
    for fault in lints.unsafe(source for source in sources if isinstance(source, Source)):
        raise BundleRefused("unsafe-rules", f"{fault.file}:{fault.line}: {fault.rule}: {fault.wrong.en}")
    return rules


def put_in_force(bundle: Bundle, directory: Path) -> Installed:
    """Let a verified and checked bundle take the place of the one in force. Raises `BundleRefused`, `OSError`."""
    directory.mkdir(mode=0o700, parents=True, exist_ok=True)
    with _alone(directory):
        _refuse_older(bundle, directory)
        before = _pointer_or_none(directory)
        target = directory / _name(bundle.header)
        shutil.rmtree(target, ignore_errors=True)  # left by an installation that was cut off before it came into force
        beside = Path(tempfile.mkdtemp(prefix=_BESIDE, dir=directory))
        for name, data in {**bundle.packs, BUNDLE: bundle.raw}.items():
            _write(beside / name, data)
        _sync(beside)
        beside.rename(target)
        _sync(directory)
        pointer = directory / (_BESIDE + POINTER)
        pointer.unlink(missing_ok=True)
        _write(pointer, msgspec.json.encode(_Pointer(version=bundle.header.version, folder=target.name)) + b"\n")
        pointer.replace(directory / POINTER)
        _sync(directory)
        _tidy(directory, {target.name, before.folder if before else ""})
    return Installed(target, bundle.header)


def _refuse_older(bundle: Bundle, directory: Path) -> None:
    """Raise `BundleRefused` where this version, or a newer one, is in force and whole.

    Where the pointer is damaged, the folders tell, of which the newest may be installed again: whoever can spoil the
    one must not gain a way back.
    """
    version = bundle.header.version
    try:
        pointer = _pointer(directory)
    except BundleRefused:
        names = (_FOLDER.fullmatch(path.name) for path in directory.iterdir())
        newest = max((int(found["version"]) for found in names if found), default=0)
        again = True
    else:
        newest = 0 if pointer is None else pointer.version
        again = pointer is not None and _mends(bundle, directory / pointer.folder)
    if version < newest:
        raise BundleRefused("older", f"version {version} is older than version {newest}, which is in force")
    if version == newest and not again:
        raise BundleRefused("same-version", f"version {newest} is in force already; give a new bundle a higher one")


def _mends(bundle: Bundle, folder: Path) -> bool:
    """Whether this is the very bundle that is in force, and what lies there of it is no longer whole."""
    if folder.name != _name(bundle.header):
        return False
    try:
        there = {path.name: path.read_bytes() for path in folder.iterdir()}
    except OSError:
        return True
    return there != {**bundle.packs, BUNDLE: bundle.raw}


def _name(header: Header) -> str:
    return f"{header.version}-{header.digest.removeprefix('sha256:')[:16]}"


def _pointer(directory: Path) -> _Pointer | None:
    try:
        told = (directory / POINTER).read_bytes()
    except FileNotFoundError:
        return None
    except OSError as error:
        raise BundleRefused("damaged", f"the rules in force cannot be read: {error.strerror}") from error
    try:
        pointer = msgspec.json.decode(told, type=_Pointer)
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise BundleRefused(
            "damaged", "the note of which rules are in force is damaged; install a bundle again"
        ) from error
    name = _FOLDER.fullmatch(pointer.folder)
    if name is None or int(name["version"]) != pointer.version:
        raise BundleRefused("damaged", "the note of which rules are in force is damaged; install a bundle again")
    return pointer


def _pointer_or_none(directory: Path) -> _Pointer | None:
    with suppress(BundleRefused):
        return _pointer(directory)
    return None


def _tidy(directory: Path, kept: set[str]) -> None:
    """Remove sets that are no longer of use. The last one stays: a worker may be reading it at this moment."""
    for path in directory.iterdir():
        useless = path.name.startswith(_BESIDE) or _FOLDER.fullmatch(path.name)
        if useless and path.name not in kept:
            shutil.rmtree(path, ignore_errors=True) if path.is_dir() else path.unlink(missing_ok=True)


@contextmanager
def _alone(directory: Path) -> Iterator[None]:
    """While this holds, no other process installs here. The lock ends with the process, however it ends."""
    with (directory / ".lock").open("a+") as lock:
        if fcntl is not None:
            fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def _remember(directory: Path, trusted: bytes) -> None:
    new = directory / (_BESIDE + TRUSTED)
    with _alone(directory):
        new.unlink(missing_ok=True)
        _write(new, trusted)
        new.replace(directory / TRUSTED)
        _sync(directory)


def _write(path: Path, data: bytes) -> None:
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | getattr(os, "O_NOFOLLOW", 0), 0o600)
    with os.fdopen(descriptor, "wb") as file:
        file.write(data)
        file.flush()
        os.fsync(file.fileno())


def _sync(folder: Path) -> None:
    """Make the names in a folder durable, where the system has a way to."""
    if os.name != "posix":
        return
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
