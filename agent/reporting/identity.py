"""Who this agent is: its own key, made here and never leaving, and what it learnt when it was enrolled.

On disk: ``STATE/identity/agent.key`` (32 raw bytes, mode 0600) and ``STATE/identity/enrolment.json`` (0600) in a
folder of mode 0700. Both appear at once or not at all.
"""

from __future__ import annotations

import os
import shutil
from datetime import datetime
from pathlib import Path

import msgspec

from protocol import envelope, keys
from protocol.enrolment import EnrolAnswer
from protocol.records import RECORDS_VERSION, ComputerClass, Record

FOLDER = "identity"
KEY_FILE = "agent.key"
ENROLMENT_FILE = "enrolment.json"


class IdentityError(Exception):
    """The identity is missing, damaged or open to others. ``str()`` says what to do."""


class NotEnrolled(IdentityError):
    """There is no identity here yet."""


class _Enrolment(msgspec.Struct, frozen=True, kw_only=True):
    answer: EnrolAnswer
    url: str
    enrolled_at: datetime
    insecure_http: bool = False


class Identity:
    """An enrolled agent: its name, class and level, its signing key and the keys pinned at enrolment."""

    def __init__(self, enrolment: _Enrolment, signing_key: keys.Ed25519PrivateKey) -> None:
        answer = enrolment.answer
        self.agent = answer.agent
        self.computer_class = answer.computer_class
        self.level = answer.level
        self.collector_name = answer.collector_name
        self.url = enrolment.url
        """Base address of the collector, without a slash at the end."""
        self.enrolled_at = enrolment.enrolled_at
        self.signing_key = signing_key
        self.collector_key = keys.unb64(answer.signing_key)
        self.sealing_key = keys.unb64(answer.sealing_key)
        self.reveal_key = keys.unb64(answer.reveal_key)
        self.organisation_key = keys.unb64(answer.organisation_key)

    def envelope(self, sequence: int, previous: str, created: datetime, records: list[Record]) -> bytes:
        """Sign and seal one envelope of this agent's."""
        header = envelope.Header(
            format=envelope.FORMAT,
            records=RECORDS_VERSION,
            agent=self.agent,
            sequence=sequence,
            previous=previous,
            created=created,
            computer_class=ComputerClass(self.computer_class),
            level=self.level,
            recipient=keys.key_id(self.sealing_key),
        )
        return envelope.build(header, records, signing_key=self.signing_key, recipient=self.sealing_key)


def is_enrolled(state: Path) -> bool:
    """Whether an identity stands in this state folder."""
    return (state / FOLDER).exists()


def store(
    state: Path,
    signing_key: keys.Ed25519PrivateKey,
    answer: EnrolAnswer,
    *,
    url: str,
    enrolled_at: datetime,
    insecure_http: bool = False,
) -> Identity:
    """Write a new identity. Raises `IdentityError` where there is one already, `OSError` where it cannot be written.

    Written into a folder beside, made durable, then renamed: a crash leaves no half of an identity.
    """
    if is_enrolled(state):
        raise IdentityError(f"this computer is enrolled already; its identity is in {state / FOLDER}")
    make_private(state)
    beside = state / (FOLDER + ".new")
    shutil.rmtree(beside, ignore_errors=True)
    beside.mkdir(mode=0o700)
    enrolment = _Enrolment(answer=answer, url=url.rstrip("/"), enrolled_at=enrolled_at, insecure_http=insecure_http)
    _write_private(beside / KEY_FILE, keys.private_bytes(signing_key))
    _write_private(beside / ENROLMENT_FILE, msgspec.json.format(msgspec.json.encode(enrolment)))
    _sync_folder(beside)
    beside.rename(state / FOLDER)
    _sync_folder(state)
    return Identity(enrolment, signing_key)


def load(state: Path) -> Identity:
    """Read the identity. Raises `NotEnrolled` or `IdentityError`."""
    folder = state / FOLDER
    if not folder.exists():
        raise NotEnrolled(f"this computer is not enrolled (no identity in {state}): run `mijian enroll URL --token T`")
    try:
        for file in (folder / KEY_FILE, folder / ENROLMENT_FILE):
            if file.stat().st_mode & 0o077:
                raise IdentityError(
                    f"others may read {file}; its secret must be taken as known: enrol this computer anew"
                )
        key = keys.Ed25519PrivateKey.from_private_bytes((folder / KEY_FILE).read_bytes())
        enrolment = msgspec.json.decode((folder / ENROLMENT_FILE).read_bytes(), type=_Enrolment)
        return Identity(enrolment, key)
    except OSError as error:
        raise IdentityError(f"the identity in {folder} cannot be read: {error.strerror}") from error
    except (ValueError, msgspec.DecodeError) as error:
        raise IdentityError(
            f"the identity in {folder} is damaged; move it away and enrol this computer anew"
        ) from error


def make_private(folder: Path) -> None:
    """Make a folder that only its owner may enter, or close an existing one to others."""
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    if folder.stat().st_mode & 0o077:
        folder.chmod(0o700)


def _write_private(path: Path, data: bytes) -> None:
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW, 0o600)
    with os.fdopen(descriptor, "wb") as file:
        file.write(data)
        file.flush()
        os.fsync(file.fileno())


def _sync_folder(folder: Path) -> None:
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
